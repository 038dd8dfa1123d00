"""The colours that scenes are to have, as planned: which are matched, and which stay as they are on purpose."""

from __future__ import annotations

from studio.planning.plan import Plan
from tests.support.planned import FOOTAGE, film, plan, scene

MATCH = {"film": {"colors": "match"}}


def colors_of(drawn: Plan) -> list[str]:
    return [cut.colors for cut in drawn.cuts]


def notes_of(drawn: Plan) -> list[str]:
    return [str(note) for note in drawn.notes if "colours" in str(note) or "colors" in str(note)]


def test_a_film_keeps_its_colours_unless_it_is_asked() -> None:
    """By default nothing is matched; a film matches all of its scenes but those that say no, a scene itself alone. The
    orders are the same."""
    scenes = scene("a"), scene("b", continue_from="a"), scene("c", continue_from="b", colors="keep")
    plain, matched = (plan(film(*scenes, **more)) for more in ({}, MATCH))
    assert colors_of(plain) == ["keep", "keep", "keep"]
    assert colors_of(matched) == ["match", "match", "keep"]
    assert [shot.key for shot in plain.shots] == [shot.key for shot in matched.shots]
    assert notes_of(plain) == notes_of(matched) == []
    alone = plan(film(scene("a"), scene("b", continue_from="a", colors="match")))
    assert colors_of(alone) == ["keep", "match"]


def test_a_scene_that_looks_otherwise_on_purpose() -> None:
    """Another style is meant: the scene has colours of its own, and what goes on from it is matched to it."""
    grey = {"style": "black and white"}
    scenes = scene("a"), scene("b", continue_from="a", **grey), scene("c", continue_from="b", **grey)
    drawn = plan(film(*scenes, **MATCH))
    assert colors_of(drawn) == ["match", "own", "match"]
    assert notes_of(drawn) == [
        "scene 'b' keeps its colours: footage is changed on purpose, or the scene before has another style"
    ]


def test_changed_footage_meets_its_source_at_a_cut() -> None:
    """There nothing is matched, and nothing need be said."""
    drawn = plan(film(scene("a", model="ray-2"), scene("b", modify="a", model="ray-2"), **MATCH))
    assert not drawn.continues(*drawn.cuts)
    assert notes_of(drawn) == []


def test_a_scene_that_goes_on_from_nothing_says_so() -> None:
    """A scene that asks for it, and follows on a cut."""
    drawn = plan(film(scene("a"), scene("b", colors="match"), scene("c", colors="match", modify=FOOTAGE)))
    assert notes_of(drawn) == [
        "scenes 'b', 'c' say `colors: match`: the scene before does not lead there, so only the clips of one scene are "
        "matched"
    ]
