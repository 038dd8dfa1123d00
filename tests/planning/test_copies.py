"""Finished clips that a film encodes again: a plan tells them, the reason, and the command that mends it. Pure."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from studio.assets.own_clips import OwnClip
from studio.media.form import Form
from studio.planning.plan import Plan
from tests.support.planned import film, plan, scene

FORM = Form(
    "h264", "avc1", "High", "a" * 64, 960, 540, "yuv420p", Fraction(1), Fraction(1, 12288), Fraction(24),
    (0, 2, 2, 2), 0, 0,
)  # fmt: skip
TAGGED = (1, 1, 1, 1)
FILE = OwnClip("one.mp4", "c" * 64, 960, 540, 96, Fraction(24), Fraction(4), form=FORM)


def planned(*files: OwnClip, more: tuple[dict[str, Any], ...] = (scene("on"),), **fields: Any) -> Plan:
    """A film of finished clips a, b, …, and of more scenes."""
    urls = {f"https://x.example/{name}.mp4": file for name, file in zip("abcdef", files, strict=False)}
    clips = [{"id": url[-5], "clip": url} | fields for url in urls]
    return plan(film(*clips, *more, model="ray-flash-2", resolution="540p"), own_clips=urls)


def told(drawn: Plan) -> list[str]:
    return [str(note) for note in drawn.notes if "encoded again" in str(note)]


def changed(file: OwnClip = FILE, **form: Any) -> OwnClip:
    return replace(file, form=replace(FORM, **form), name="two.mp4")


def test_clips_that_are_alike_stay_as_they_are() -> None:
    """Finished clips of the film's size and rate are copied, whatever their tags: the film takes their colours."""
    assert told(planned(FILE, FILE)) == []
    assert told(planned(changed(colors=TAGGED, extradata="b" * 64))) == []
    assert told(planned(changed(pix_fmt="yuv420p10le"), changed(pix_fmt="yuv420p10le"), more=())) == []


@pytest.mark.parametrize(
    ("file", "reason", "remedy"),
    [
        (changed(pix_fmt="yuv420p10le"), "its pictures are yuv420p10le, not yuv420p (8 bit)", "format=yuv420p"),
        (changed(codec="hevc", tag="hvc1"), "its codec is hevc (hvc1), not h264 (avc1)", "-c:v libx264"),
        (changed(colors=(2, 1, 1, 1)), "its values are in full range, not in video range", "ffmpeg -i two.mp4"),
        (changed(replace(FILE, fps=Fraction(25))), "its rate is 25 frames a second, the film's 24", "fps=24"),
        (changed(replace(FILE, irregular="it is to be shown rotated")), "it is to be shown rotated", "-fit.mp4"),
    ],
)  # fmt: skip
def test_a_clip_that_cannot_stay_as_it_is_is_told(file: OwnClip, reason: str, remedy: str) -> None:
    """The plan names its scene, the reason, and the command for its file."""
    (note,) = told(planned(file))
    assert note.startswith(f"a is encoded again: {reason}. To keep its frames: ")
    assert remedy in note


def test_another_size_or_a_part_is_told() -> None:
    """A clip of another size, or of which a part is shown, has the film's form in its command."""
    large = replace(FILE, width=1280, height=720, form=replace(FORM, width=1280, height=720))
    (note,) = told(planned(large, more=(scene("on"), scene("and"))))
    assert "its size is 1280×720, the film's 960×540" in note
    assert "scale=960:540" in note
    (note,) = told(planned(FILE, out=2))
    assert "only a part of it is shown" in note
    assert "-ss IN -to OUT" in note


def test_tags_that_differ_are_mended_without_encoding() -> None:
    """Of clips that differ in their colour tags alone, the fewer are told, with a command that only tags them."""
    (note,) = told(planned(FILE, changed(colors=TAGGED, extradata="b" * 64), FILE))
    assert note.startswith("b is encoded again: its colour tags differ from those of a. To keep its frames: if its ")
    assert "ffmpeg -i two.mp4 -c copy -bsf:v h264_metadata=colour_primaries=2:" in note


def test_clips_of_several_encoders_are_told_in_one_line() -> None:
    """Clips that have the same reason stand in one line, with their remedy."""
    other = changed(extradata="b" * 64)
    (note,) = told(planned(FILE, other, FILE, FILE, other))
    assert note.startswith("b and e are encoded again: each: its encoder settings differ from those of a. To keep ")
    assert "with the settings of a, or put both through ffmpeg -i two.mp4" in note


def test_what_is_not_known_is_not_told() -> None:
    """If the size of a shot is known only when its clip is here, nothing is said of sizes, but of all else."""
    there = {"id": "there", "generation": "123e4567-e89b-12d3-a456-426614174000"}
    large = replace(FILE, width=1280, height=720)
    assert told(planned(large, FILE, FILE, more=(there,))) == []
    assert "yuv420p10le" in told(planned(FILE, changed(pix_fmt="yuv420p10le"), more=(there,)))[0]
    assert told(planned(replace(FILE, form=None))) == []
