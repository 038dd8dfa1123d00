"""The nearest known word: a slip of the pen is near, another word or another number is not."""

from __future__ import annotations

import pytest

from studio.production.rules import suggestion
from studio.production.synonyms import meant_by
from studio.spelling import nearest, slips

FIELDS = ["id", "prompt", "duration", "camera", "continue_from", "start_image", "aspect_ratio", "resolution", "notes"]


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("promt", "prompt"), ("promtp", "prompt"), ("Prompt", "prompt"), ("durration", "duration"),
        ("continue-from", "continue_from"), ("contineu_form", "continue_from"), ("aspect", "aspect_ratio"),
        ("ratio", "aspect_ratio"), ("resolutoin", "resolution"), ("start image", "start_image"), ("note", "notes"),
    ],
)  # fmt: skip
def test_a_slip_is_near(word: str, meant: str) -> None:
    """Letters left out, added, replaced or exchanged, other separators, and a part of one word alone."""
    assert nearest(word, FIELDS) == meant


@pytest.mark.parametrize(
    ("word", "known"),
    [
        ("close up", ["crane_up", "crane_down"]), ("1440p", ["360p", "540p", "720p", "1080p", "4k"]),
        ("ray-4", ["ray-2", "ray-3"]), ("s4", ["s1", "s2"]), ("image", ["start_image", "end_image"]),
        ("zzz", FIELDS), ("", FIELDS), ("--", FIELDS), ("walk", ["wake_boat", "talk_show"]),
    ],
)  # fmt: skip
def test_another_word_is_not_near(word: str, known: list[str]) -> None:
    """Words that only look alike are not suggested, nor other numbers, nor one of several that are as near."""
    assert nearest(word, known) == ""


def test_the_hint_lists_all_where_none_is_near() -> None:
    """An unknown resolution is answered with those that there are."""
    assert suggestion("1440p", ["540p", "720p"], "one of") == "one of: 540p, 720p"


@pytest.mark.parametrize(
    ("word", "field"),
    [("seconds", "duration"), ("first frame", "start_image"), ("remarks", "notes"), ("what", "prompt")],
)
def test_another_word_for_a_field_names_it(word: str, field: str) -> None:
    """A word that means a field leads to it, though it is spelt otherwise."""
    assert meant_by(word, FIELDS) == field
    assert suggestion(word, FIELDS, "fields") == f"did you mean '{field}'?"


@pytest.mark.parametrize(
    ("one", "other", "count"), [("", "abc", 3), ("abc", "acb", 1), ("abc", "abd", 1), ("a", "a", 0)]
)
def test_slips_are_counted(one: str, other: str, count: int) -> None:
    """Neighbours that are exchanged are one slip."""
    assert slips(one, other) == slips(other, one) == count
