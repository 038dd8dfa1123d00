"""Plans of films that show finished files, and what is said of sounds and existing generations. Pure."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from studio.assets import SeedFootage
from studio.assets.own_clips import OwnClip
from studio.errors import BadInput
from studio.planning import as_draft, finished_draft, reframed
from studio.planning.existing import Facts
from studio.planning.plan import Plan, ShotState
from studio.planning.seams import SeamKind, expected_seams
from studio.providers.shot_request import FrameOf
from tests.support.planned import FOOTAGE, PARENT, SEEDS, film, plan, scene

FILE = OwnClip("opening.mp4", "c" * 64, 1280, 720, 96, Fraction(24), Fraction(4), "aac 48000 Hz stereo")
OTHER = "123e4567-e89b-12d3-a456-426614174001"
PATH = "https://x.example/opening.mp4"


def clip(name: str = "opening", **fields: Any) -> dict[str, Any]:
    return {"id": name, "clip": PATH, **fields}


def planned(
    *scenes: dict[str, Any], file: OwnClip = FILE, options: dict[str, Any] | None = None, **fields: Any
) -> Plan:
    return plan(film(*scenes, **fields), own_clips={PATH: file}, **(options or {}))


def test_a_finished_clip_is_there_and_costs_nothing() -> None:
    """It is a shot of $0.00 without an API, whose length the plan knows; the film shows the part that is written."""
    drawn = planned(clip(**{"in": 1.5, "out": 3}))
    shot, cut = drawn.shots[0], drawn.cuts[0]
    assert (shot.state, shot.api, shot.quote.usd, shot.seconds) == (ShotState.OWN, "", Decimal(0), Fraction(3, 2))
    assert (drawn.total, drawn.to_pay, drawn.to_buy) == (0, 0, 0)
    assert (cut.part, cut.fit) == ((36, 36), "pad")


@pytest.mark.parametrize("model", ["ray-flash-2", "ray-3"])
def test_scenes_go_on_from_it_lead_into_it_and_bridge_by_its_frames(model: str) -> None:
    """The last used frame begins a scene that continues it, the first one ends a scene that leads into it."""
    drawn = planned(
        clip(**{"in": 1, "out": 3}), scene("on", continue_from="opening", model=model),
        scene("into", lead_into="opening", model=model),
        scene("bridge", continue_from="opening", lead_into="opening", model=model),
    )  # fmt: skip
    last, first = FrameOf("c" * 64, 71, "opening").source, FrameOf("c" * 64, 24, "opening").source
    ends = {s.id: (s.start, s.end) for s in drawn.shots if s.own is None}
    assert ends == {"on": (last, None), "into": (None, first), "bridge": (last, first)}
    assert drawn.shot("bridge").parents == ("opening",)
    assert [drawn.continues(a, b) for a, b in zip(drawn.cuts, drawn.cuts[1:], strict=False)] == [True, False, False]


def test_an_order_is_named_by_the_frame_that_is_seen() -> None:
    """The key of a scene that goes on from a clip depends on the file's content and the frame's number alone: another
    beginning of the part, name, or sound changes nothing; another end, or another file, does."""

    def key(file: OwnClip = FILE, name: str = "opening", **fields: Any) -> str:
        drawn = planned(clip(name, **fields), scene("on", continue_from=name), file=file)
        return drawn.shot("on").key

    same = key(out=3)
    assert same == key(out=3, **{"in": 1}) == key(out=3, sound="none") == key(out=3, name="other")
    assert same == key(replace(FILE, name="renamed.mp4"), out=3)
    assert len({same, key(), key(out=2), key(replace(FILE, sha256="d" * 64), out=3)}) == 4


@pytest.mark.parametrize(
    ("fields", "field", "told"),
    [
        ({"in": 7}, "in", "7 s is after the end of opening.mp4, which lasts 4.00 s"),
        ({"out": 4.2}, "out", "4.2 s is after the end"),
        ({"in": 4}, "in", "nothing of opening.mp4 is left"),
        ({"in": 1, "out": 1.01}, "in", "nothing of opening.mp4 is left"),
    ],
)
def test_a_part_that_is_not_in_the_file(fields: dict[str, Any], field: str, told: str) -> None:
    """A part outside the file is refused with scene, field and remedy."""
    with pytest.raises(BadInput, match=told) as refused:
        planned(clip(**fields))
    assert refused.value.where == f"scene 'opening', field '{field}'"
    assert refused.value.hint


def test_frames_of_an_uneven_clip_are_found_by_their_times() -> None:
    """If frames are not evenly spaced, in and out are at the frames that begin nearest."""
    times = tuple(Fraction(n, 10) for n in (0, 1, 2, 12, 13))
    uneven = replace(FILE, frames=5, fps=Fraction(25, 7), seconds=Fraction(14, 10), starts=times)
    cut = planned(clip(**{"in": 0.2, "out": 1.3}), file=uneven)
    assert (cut.cuts[0].part, cut.shots[0].seconds) == ((2, 2), Fraction(11, 10))


def test_a_finished_clip_in_another_shape_is_fitted_here() -> None:
    """Nothing of it is reframed or upscaled for money: it is cropped to the frame, or padded where that is written."""
    drawn = plan(
        reframed(film(clip(), clip("whole", fit="pad"), scene("a"), upscale="1080p"), "9:16"), own_clips={PATH: FILE}
    )
    assert [s.id for s in drawn.shots] == ["opening", "whole", "a", "a.9x16", "a.9x16.large"]
    assert [c.fit for c in drawn.cuts] == ["crop", "pad", "pad"]
    told = [n for n in map(str, drawn.notes) if "opening.mp4" in n]
    assert "scene 'opening': opening.mp4 is 1280×720: for 9:16 it is cut to fill the frame, at no cost" in told[0]
    assert "scene 'opening': opening.mp4 is a finished clip: it is scaled to the film's size at no cost" in told[1]
    assert "shown whole, with bars, at no cost (fit: crop" in told[2]
    upright = replace(FILE, width=720, height=1280)
    assert not plan(reframed(film(clip()), "9:16"), own_clips={PATH: upright}).notes


def test_drafts_keep_finished_clips_as_they_are() -> None:
    """A draft, a final from it, and the same film in another shape are valid productions with the same clip."""
    written = film(clip(sound="none"), scene("a", sound="gulls"))
    for version in (as_draft(written), finished_draft(written), reframed(as_draft(written), "1:1")):
        assert version.scenes[0].clip == PATH
        assert (version.scenes[0].sound, version.scenes[0].model) == ("none", None)


@pytest.mark.parametrize(
    ("scenes", "fields", "told"),
    [
        ([clip(sound="none")], {}, "scene 'opening': the sound of opening.mp4 (aac 48000 Hz stereo) is dropped (sound"),
        ([clip()], {"film": {"audio": "none"}}, "is dropped: the film has none (audio: none)"),
        ([scene("m", modify=FOOTAGE, sound="none")], {}, "scene 'm': the sound of its footage (aac) is dropped (sound"),
        ([scene("m", modify=FOOTAGE, sound="rain")], {}, "is dropped: the sound that is made takes its place"),
        ([scene("m", modify=FOOTAGE), scene("n", modify="m", sound="none")], {}, "scene 'n': the sound of its footage"),
        ([clip()], {}, ""), ([clip(sound="keep")], {}, ""), ([scene("m", modify=FOOTAGE)], {}, ""),
        ([scene("a", sound="none")], {}, ""),
    ],
)  # fmt: skip
def test_a_sound_that_is_dropped_is_told(scenes: list[dict[str, Any]], fields: dict[str, Any], told: str) -> None:
    """A note names the scene, the sound and why it is not heard; where it is kept, nothing is said."""
    footage = SEEDS[FOOTAGE]
    assert isinstance(footage, SeedFootage)
    images = SEEDS | {FOOTAGE: replace(footage, audio="aac")}
    notes = [str(n) for n in planned(*scenes, options={"images": images}, **fields).notes if "sound of" in str(n)]
    assert len(notes) == bool(told)
    assert told in "".join(notes)


def test_values_of_sound_change_no_key() -> None:
    """keep and none ask for nothing; words in a group are the same purchase as the words alone."""
    keys = {
        sound: [s.key for s in plan(film(scene("a", **({"sound": sound} if sound else {})))).shots]
        for sound in ("", "keep", "none", "rain")
    }
    assert keys[""] == keys["keep"] == keys["none"]
    assert keys["rain"] == [s.key for s in plan(film(scene("a", sound={"generate": "rain"}))).shots]
    assert len(keys["rain"]) == 2


def test_an_existing_generation_is_shown_as_it_is_and_costs_nothing() -> None:
    """It is at $0.00 in price and total; what was looked up is shown, and changes the price of what is made from it by
    its real length, and no key."""
    written = film(
        scene("a", generation=PARENT, resolution="540p"), scene("b", modify="a", model="ray-flash-2"),
        scene("c", generation=OTHER, upscale="1080p"), resolution="720p",
    )  # fmt: skip
    facts = {
        ("dream-machine", PARENT): Facts("completed", "ray-2", "1080p", Fraction(9), 1920, 1080),
        ("dream-machine", OTHER): Facts("queued", "ray-2", "720p", Fraction(9)),
    }
    blind, seen = plan(written), plan(written, existing=facts)
    assert blind.shot("a").quote.usd == seen.shot("a").quote.usd == 0
    assert (blind.shot("a").form, seen.shot("a").form) == ("ray-flash-2 540p", "ray-2 1920×1080")
    assert (blind.shot("a").seconds, seen.shot("a").seconds) == (5, 9)
    assert seen.shot("c").form == "ray-2 720p"
    assert [s.key for s in blind.shots] == [s.key for s in seen.shots]
    assert seen.shot("b").quote.usd > blind.shot("b").quote.usd
    assert seen.shot("c.large").quote.usd > blind.shot("c.large").quote.usd
    assert seen.total == seen.shot("b").quote.usd + seen.shot("c.large").quote.usd


def test_a_bought_bridge_that_is_named_stays() -> None:
    """A bridge whose generation is named costs nothing, and is joined as before, though a clip beside it is another."""
    there = "123e4567-e89b-12d3-a456-426614174000"
    bridge = scene("bridge", continue_from="opening", lead_into="end", generation=there)
    for file in (FILE, replace(FILE, sha256="e" * 64)):
        drawn = planned(clip(), bridge, clip("end"), file=file)
        assert (drawn.to_pay, drawn.shot("bridge").generation) == (0, there)
        assert [seam.kind for seam in expected_seams(drawn)] == [SeamKind.CONTINUED, SeamKind.BRIDGED]
