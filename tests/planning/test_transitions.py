"""Transitions in a plan: where they stand, what they take of their scenes, and what cannot be done."""

from __future__ import annotations

import pytest

from studio.errors import BadInput
from studio.media import ffmpeg
from studio.media.overlap import Overlap
from studio.planning.overview import overview_of
from studio.planning.plan import Plan
from studio.planning.seams import SeamKind
from studio.production.transitions import XFADE
from tests.support.planned import film, plan, scene

HALF = Overlap("fade", 12)


def intos(drawn: Plan) -> list[Overlap | None]:
    return [cut.into for cut in drawn.cuts]


def frames_of(drawn: Plan) -> list[int]:
    return [planned.frames for planned in overview_of(drawn).scenes]


def test_every_kind_is_one_of_ffmpegs() -> None:
    """A production may ask for all that the packaged ffmpeg can do, and for nothing else."""
    assert set(XFADE) == ffmpeg.transitions() - {"custom"}


def test_a_films_transition_is_for_its_cuts() -> None:
    """A seam that is continued stays a cut; a scene's own transition is used there, too, and instead of the film's."""
    scenes = scene("a"), scene("b", continue_from="a"), scene("c"), scene("d", transition="cut")
    drawn = plan(film(*scenes, film={"transition": "crossfade 0.5"}))
    assert intos(drawn) == [None, None, HALF, None]
    assert overview_of(drawn).seams == {SeamKind.CONTINUED: 1, SeamKind.TRANSITION: 1, SeamKind.CUT: 1}
    own = plan(film(scene("a"), scene("b", continue_from="a", transition={"kind": "fadeblack", "seconds": 1})))
    assert intos(own) == [None, Overlap("fadeblack", 24)]
    assert [str(note) for note in own.notes if "transition into" in str(note)] == [
        "transition into scene 'b': fadeblack 1 s"
    ]


def test_a_film_is_shorter_by_its_transitions() -> None:
    """Whole clips overlap; where a scene is cut to its length, what is cut off is shown instead, at no cost."""
    whole = plan(film(scene("a"), scene("b"), scene("c"), film={"transition": "crossfade 0.5"}))
    assert frames_of(whole) == [120, 120, 120]
    assert [planned.start for planned in overview_of(whole).scenes] == [0, 108, 216]
    assert overview_of(whole).frames == 336
    assert any("overlap for 1 s in their transitions: the film is 1 s shorter" in str(note) for note in whole.notes)
    cut = plan(film(scene("a", duration=4), scene("b", duration=4), film={"transition": "crossfade 0.5"}))
    assert frames_of(cut) == [102, 102]
    assert overview_of(cut).frames == 192
    assert [shot.key for shot in cut.shots] == [
        shot.key for shot in plan(film(scene("a", duration=4), scene("b", duration=4))).shots
    ]


def test_a_cut_that_another_scene_goes_on_from_stays_where_it_is() -> None:
    """A clip that was bought from the frame of a cut is not bought again: no transition shows more of its parent."""
    scenes = scene("a", duration=4), scene("b", continue_from="a"), scene("c", duration=4)
    plain, drawn = (plan(film(*scenes, film={"transition": kind})) for kind in ("cut", "crossfade 0.5"))
    assert [shot.key for shot in drawn.shots] == [shot.key for shot in plain.shots]
    assert frames_of(drawn)[0] == frames_of(plain)[0] == 96


def test_a_loop_is_played_for_as_much_longer() -> None:
    """A loop that is repeated has as many frames as its transitions take."""
    drawn = plan(film(scene("a", loop=True, duration=12), scene("b"), film={"transition": "crossfade 1"}))
    assert (drawn.cuts[0].repeat, drawn.cuts[0].frames) == (True, 12 * 24 + 12)


def test_a_scene_is_made_long_enough() -> None:
    """One second of a five second clip is shown longer, where its transition is longer than it was to be."""
    drawn = plan(film(scene("a"), scene("b", duration=1, transition="crossfade 1.5")))
    assert frames_of(drawn) == [120, 42]


@pytest.mark.parametrize(
    ("scenes", "told"),
    [
        (
            (scene("a"), scene("b", transition="wipeleft 3"), scene("c", transition="fade 3")),
            "lasts 5 s, and its transitions take 6 s (wipeleft 3 into 'b' and crossfade 3 into 'c')",
        ),
        (
            (
                scene("a"),
                scene("b", duration=1, continue_from="a", transition="fade 1.5"),
                scene("c", continue_from="b"),
            ),
            "lasts 1 s, and its transitions take 1.5 s (crossfade 1.5 into 'b')",
        ),
    ],
)
def test_a_transition_that_is_longer_than_its_scene(scenes: tuple[dict[str, object], ...], told: str) -> None:
    """It is refused before anything is bought, with what its scene lasts."""
    with pytest.raises(BadInput) as refused:
        plan(film(*scenes))
    assert "scene 'b', field 'transition'" in str(refused.value)
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("card", "where"),
    [
        ({"text": "Later", "transition": "crossfade 5"}, "scene 'b', field 'card.transition'"),
        ({"text": "Later", "seconds": 1, "transition": "cut"}, "scene 'b', field 'transition'"),
    ],
)
def test_the_longer_transition_is_the_one_that_is_named(card: dict[str, object], where: str) -> None:
    """Where a transition at a scene's or a card's end is too long, the error is at the field that it is written in."""
    with pytest.raises(BadInput) as refused:
        plan(film(scene("a"), scene("b", card=card, transition="crossfade 6")))
    assert str(refused.value).startswith(where)
