"""Titles in a plan: where cards stand, the seconds that they add, and texts and fades that cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from studio.errors import BadInput
from studio.media.overlap import Overlap
from studio.planning.film_items import items_of, name_of
from studio.planning.overview import overview_of
from studio.planning.plan import Plan
from studio.planning.seams import SeamKind
from studio.planning.title_edits import TextEdit
from studio.report.plan_json import plan_json
from studio.report.plan_text import length_line
from tests.support.planned import film, plan, scene

TITLES = {"opening": "A Film", "closing": {"text": "The End", "seconds": 2}, "credits": ["Ann", "Bob"]}


def drawn(*scenes: dict[str, Any], **fields: Any) -> Plan:
    return plan(film(*scenes, **fields))


def notes(found: Plan) -> str:
    return "\n".join(map(str, found.notes))


def test_cards_have_their_places_and_their_seconds() -> None:
    """They stand where they are written, the film is longer by them, and its wished length counts them."""
    found = drawn(scene("a"), scene("b", card="Later"), film={"titles": TITLES}, length=21)
    assert [name_of(item) for item in items_of(found)] == [
        "the opening card", "a", "the card before 'b'", "b", "the closing card", "the credits",
    ]  # fmt: skip
    overview = overview_of(found)
    assert [placed.start for placed in overview.cards] == [0, 192, 384, 432]
    assert [placed.start for placed in overview.scenes] == [72, 264]
    assert overview.frames == 432 + 77  # 2 s and 0.6 s for each line
    assert "cards add 11.208 s to the film: the opening card 3 s, the card before 'b' 3 s" in notes(found)
    assert length_line(found, overview).startswith("21.208 s (509 frames) of 21 s wished")
    cards = plan_json(found)["film"]["titles"]
    assert [(card["kind"], card["start_frame"], card["frames"]) for card in cards] == [
        ("opening", 0, 72), ("card", 192, 72), ("closing", 384, 48), ("credits", 432, 77),
    ]  # fmt: skip


def test_cards_that_overlap_add_less() -> None:
    """The seconds that cards add are those of each, less those in which a transition shows two things at once."""
    found = drawn(scene("a"), scene("b", card="Later"), film={"transition": "crossfade 0.5"})
    assert "cards add 2.5 s to the film: the card before 'b' 3.5 s, less 1 s in which" in notes(found)


def test_a_font_that_is_gone_when_it_is_planned() -> None:
    """It is one clear error also where the production comes from a program, and was never checked as a file."""
    with pytest.raises(BadInput, match="a font cannot be read any more") as refused:
        drawn(scene("a", card="Later"), film={"titles": {"font": "/there/is/none.ttf"}})
    assert refused.value.where == "field 'film.titles.font'"


def test_titles_change_no_purchase() -> None:
    """Every shot has the key that it has without them."""
    plain = drawn(scene("a", duration=4), scene("b", continue_from="a"))
    found = drawn(
        scene("a", duration=4, lower_third="Ann"), scene("b", continue_from="a", card="Later"),
        film={"titles": TITLES, "fade_in": 1, "fade_out": 1},
    )  # fmt: skip
    assert [shot.key for shot in found.shots] == [shot.key for shot in plain.shots]
    assert found.total == plain.total


def test_a_card_is_seen_alone_for_its_seconds() -> None:
    """It is made longer by its transitions; the film's transition is for cards too, and a card's own wins."""
    found = drawn(
        scene("a"), scene("b", continue_from="a", card={"text": "Later", "transition": "crossfade 1"}),
        film={"transition": "fadeblack 0.5", "titles": {"closing": "End"}},
    )  # fmt: skip
    intos = {name_of(item): item.into for item in items_of(found)}
    assert intos == {
        "a": None, "the card before 'b'": Overlap("fade", 24), "b": Overlap("fadeblack", 12),
        "the closing card": Overlap("fadeblack", 12),
    }  # fmt: skip
    assert [card.frames for card in found.titles.cards] == [72 + 12 + 6, 72 + 6]
    assert "transition into the card before 'b': crossfade 1 s" in notes(found)


def test_a_card_between_two_scenes_is_no_seam_of_theirs() -> None:
    """They do not meet: neither continued nor in a transition."""
    found = drawn(scene("a"), scene("b", continue_from="a", card="Later"), scene("c", continue_from="b"))
    assert overview_of(found).seams == {SeamKind.CARD: 1, SeamKind.CONTINUED: 1}


def test_a_transition_that_is_longer_than_its_card() -> None:
    """The error is at the card."""
    with pytest.raises(BadInput, match="its transitions take 4 s") as refused:
        drawn(scene("a"), scene("b", transition="crossfade 2", card={"text": "A", "seconds": 0.5,
                                                                      "transition": "crossfade 2"}))  # fmt: skip
    assert refused.value.where == "scene 'b', field 'card.transition'"
    assert "make the card longer" in str(refused.value.hint)


def test_a_lower_third_has_its_frames() -> None:
    """From half a second on for four, or as written, and never for longer than the scene."""
    texts = [
        cut.lower_third
        for cut in drawn(
            scene("a", lower_third="Ann"), scene("b", lower_third={"text": "Bob", "from": 3}),
            scene("c", lower_third={"text": "Cy", "from": 0, "seconds": 5}), scene("d"),
        ).cuts
    ]  # fmt: skip
    assert texts == [TextEdit("Ann", 12, 96, 6), TextEdit("Bob", 72, 48, 6), TextEdit("Cy", 0, 120, 6), None]


@pytest.mark.parametrize(
    ("third", "told"),
    [
        ({"text": "A", "from": 4.75}, "comes at 4.75 s, and the scene lasts 5 s"),
        ({"text": "A", "from": 2, "seconds": 4}, "comes at 2 s for 4 s, and the scene lasts 5 s"),
    ],
)
def test_a_text_after_its_scene(third: dict[str, Any], told: str) -> None:
    """What nobody would see is refused, before anything is bought."""
    with pytest.raises(BadInput, match=told) as refused:
        drawn(scene("a", lower_third=third))
    assert refused.value.where == "scene 'a', field 'lower_third'"


def test_fades_belong_to_what_is_seen_alone() -> None:
    """A fade is no longer than the first or last scene or card without its transitions."""
    found = drawn(scene("a"), scene("b"), film={"fade_in": 1, "fade_out": 5})
    assert (found.titles.fade_in, found.titles.fade_out) == (24, 120)
    for options, told in (
        ({"fade_in": 4, "titles": {"opening": "A"}}, "the opening card is seen alone for 3 s"),
        ({"fade_out": 4.8, "transition": "crossfade 0.5"}, "'b' is seen alone for 4.5 s"),
    ):
        with pytest.raises(BadInput, match=told):
            drawn(scene("a"), scene("b"), film=options)
    with pytest.raises(BadInput, match="fades take 6 s, and 'a' is seen alone for 5 s"):
        drawn(scene("a"), film={"fade_in": 3, "fade_out": 3})


def test_some_scenes_alone_have_no_opening_and_no_credits() -> None:
    """A scene that is tried out is shown with its own card."""
    production = film(scene("a"), scene("b", card="Later"), film={"titles": TITLES})
    found = plan(production, only=("b",))
    assert [card.kind for card in found.titles.cards] == ["card"]
    assert "no cards at its start and end" in notes(found)


def test_one_scene_alone_is_planned_whatever_its_titles_take() -> None:
    """A retake plans its scene alone, which is shorter then, and has both fades: it is no reason to refuse it."""
    production = film(
        scene("a", duration=2, lower_third={"text": "Ann", "from": 0, "seconds": 2.25}), scene("b", duration=2),
        film={"fade_in": 1.5, "fade_out": 1.5, "transition": "crossfade 0.5"},
    )  # fmt: skip
    assert plan(production).cuts[0].lower_third == TextEdit("Ann", 0, 54, 6)
    assert plan(production, only=("a",)).cuts[0].frames == 48
