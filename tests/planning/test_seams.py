"""The seams that a plan expects, and scenes that are tied to one which does not stand next to them."""

from __future__ import annotations

from typing import Any

import pytest

from studio.planning.overview import buying_order, in_film_order, overview_of
from studio.planning.seams import expected_seams
from tests.support.planned import MAYA, PARENT, PICTURE, film, plan, scene


def seams_of(*scenes: dict[str, Any], **fields: Any) -> list[str]:
    return [seam.kind.value for seam in expected_seams(plan(film(*scenes, **fields)))]


@pytest.mark.parametrize(
    ("scenes", "kinds"),
    [
        ([scene("a"), scene("b")], ["cut"]),
        ([scene("a"), scene("b", continue_from="a")], ["continued"]),
        ([scene("a", duration=7), scene("b", continue_from="a")], ["continued"]),
        ([scene("a", duration=7, start_image=PICTURE), scene("b", continue_from="a")], ["frame"]),
        ([scene("a", duration=7, start_image=PICTURE), scene("b", continue_from="a", join="whole")], ["continued"]),
        ([scene("a", duration=7, start_image=PICTURE), scene("b", continue_from="a", join="generation")], ["jumps"]),
        ([scene("a"), scene("b", continue_from="a", lead_into="c"), scene("c")], ["continued", "bridged"]),
        ([scene("a"), scene("b", duration=4, continue_from="a", lead_into="c"), scene("c")], ["continued", "jumps"]),
        ([scene("a", lead_into="b"), scene("b", duration=4)], ["bridged"]),
        ([scene("a", end_image=PICTURE), scene("b", start_image=PICTURE)], ["picture"]),
        ([scene("a", generation=PARENT), scene("b", continue_from=PARENT)], ["continued"]),
        ([scene("a"), scene("b", continue_from=PARENT)], ["cut"]),
        ([scene("a"), scene("b", continue_from="a", model="ray-3")], ["continued"]),
    ],
)
def test_the_kind_of_a_seam(scenes: list[dict[str, Any]], kinds: list[str]) -> None:
    """Each seam is told as what it will be: one that the film cuts into jumps, whatever the producer meant."""
    assert seams_of(*scenes) == kinds


def test_a_tie_to_a_scene_elsewhere_is_told() -> None:
    """A scene that leads into one that is not next, or goes on from one that is not before, is a cut, and noted."""
    drawn = plan(film(scene("a"), scene("b", lead_into="d"), scene("c", continue_from="a"), scene("d")))
    assert [note for note in drawn.notes if "the film cuts there" in note] == [
        "scene 'c' goes on from 'a', but stands after 'b': the film cuts there",
        "scene 'b' leads into 'd', but stands before 'c': the film cuts there",
    ]
    ends = plan(film(scene("a", continue_from="b"), scene("b"), scene("c", lead_into="a")))
    assert [n for n in ends.notes if "'a' goes on from 'b', but stands first" in n]
    assert [n for n in ends.notes if "'c' leads into 'a', but stands last" in n]
    assert not plan(film(scene("a"), scene("b", continue_from="a"), chain=True)).notes


def test_many_ties_to_scenes_elsewhere_are_counted() -> None:
    """Of many such scenes the first six are named."""
    drawn = plan(film(scene("a"), scene("z"), *(scene(f"s{n}", continue_from="a") for n in range(9))))
    notes = [note for note in drawn.notes if "stand" in note]
    assert (len(notes), notes[-1]) == (7, "3 more scenes go on from a scene that does not stand before them")


def test_the_film_of_a_plan() -> None:
    """Its length in frames, each scene's place, its forms by frequency, its seams by kind."""
    drawn = plan(film(
        scene("a", character="maya", duration=4), scene("b", continue_from="a", duration=12),
        scene("c", model="ray-3", resolution="540p"), characters=[MAYA], resolution="540p",
    ))  # fmt: skip
    found = overview_of(drawn)
    assert (found.frames, found.seconds, found.exact, found.ratio) == (504, 21, True, "16:9")
    assert [(s.scene, s.start, s.frames, s.whole) for s in found.scenes] == [
        ("a", 0, 96, 120), ("b", 96, 288, 336), ("c", 384, 120, 120),
    ]  # fmt: skip
    assert found.forms == ("ray-flash-2 540p", "ray-3 540p")
    assert {kind.value: count for kind, count in found.seams.items()} == {"frame": 1, "cut": 1}
    assert not overview_of(plan(film(scene("a", generation=PARENT)))).exact


def test_rows_stand_in_the_film_s_order_and_purchases_in_theirs() -> None:
    """A scene that leads into a later one is bought after it, and shown before it; equal shots are bought once."""
    drawn = plan(film(scene("a", lead_into="b"), scene("b"), scene("c", generation=PARENT), scene("d", prompt="same"),
                      scene("e", prompt="same")))  # fmt: skip
    assert [shot.id for shot in drawn.shots] == ["b", "a", "c", "d", "e"]
    assert [shot.id for shot in in_film_order(drawn)] == ["a", "b", "c", "d", "e"]
    assert buying_order(drawn) == {"b": 1, "a": 2, "d": 3, "e": 3}


def test_a_join_that_does_nothing_is_told() -> None:
    """A scene that says how it joins, and goes on from no scene, is noted; one that does go on is not."""
    drawn = plan(film(scene("a", join="frame"), scene("b", continue_from="a", join="frame")))
    assert drawn.notes == ("scene 'a' says `join: frame`, which does nothing: it goes on from no scene",)
