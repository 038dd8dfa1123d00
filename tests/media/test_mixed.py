"""Finished clips between clips of other encoders: copied frame for frame, or encoded where that cannot be."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import pytest

from studio.errors import BadClip
from studio.media.clip import examine
from studio.media.film import Film, FilmSpec, Segment, concatenate
from studio.media.frames import frame_at, picture
from studio.media.parameter_sets import ParameterSets, replace_sets
from tests.media.clips import ffmpeg, make

#: Encoders as differ: in profile, entropy coding, references and frames between.
BT709 = ("-color_range", "tv", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709")
EDITOR = (
    "-c:v",
    "libx264",
    "-preset",
    "medium",
    "-profile:v",
    "high",
    "-bf",
    "3",
    "-pix_fmt",
    "yuv420p",
    "-crf",
    "20",
    *BT709,
)
CAMERA = (
    "-c:v",
    "libx264",
    "-preset",
    "fast",
    "-profile:v",
    "main",
    "-bf",
    "0",
    "-refs",
    "2",
    "-pix_fmt",
    "yuv420p",
    *BT709,
)
PHONE = ("-c:v", "libx264", "-preset", "medium", "-bf", "1", "-pix_fmt", "yuv420p", *BT709)
PLAIN = ("-c:v", "libx264", "-preset", "ultrafast", "-profile:v", "baseline", "-pix_fmt", "yuv420p", *BT709)


def digests(path: Path) -> list[str]:
    """The digest of every frame, as decoded."""
    with av.open(str(path)) as container:
        return [hashlib.sha256(f.to_ndarray().tobytes()).hexdigest() for f in container.decode(video=0)]


def joined(tmp_path: Path, *segments: Segment) -> Film:
    spec = FilmSpec(segments[0].clip.width, segments[0].clip.height)
    return concatenate(segments, tmp_path / "film.mp4", spec=spec, pieces=tmp_path / "pieces")


def segment(path: Path, *, keep: bool = True, start: int = 0, frames: int | None = None) -> Segment:
    return Segment(path, examine(path), start, frames, keep=keep)


@pytest.mark.parametrize("encode", [EDITOR, CAMERA, PHONE, PLAIN], ids=["editor", "camera", "phone", "plain"])
@pytest.mark.parametrize("first", [True, False], ids=["kept-first", "encoded-first"])
def test_a_finished_clip_is_unchanged_between_others(tmp_path: Path, encode: tuple[str, ...], first: bool) -> None:
    """Every frame of it is in the film as it is in its file, whoever encoded it, and wherever it stands."""
    kept = make(tmp_path / "kept.mp4", frames=30, encode=encode, sound=True)
    cut = make(tmp_path / "cut.mp4", frames=40, start=60)
    other = make(tmp_path / "other.mp4", frames=20, size="640x480", rate="25")
    parts = [segment(cut, keep=False, start=4, frames=20), segment(other, keep=False)]
    film = joined(tmp_path, *([segment(kept), *parts] if first else [parts[0], segment(kept), parts[1]]))
    begin = 0 if first else 20
    assert film.method == "mixed"
    assert digests(film.path)[begin : begin + 30] == digests(kept)
    assert (film.frames, len(digests(film.path)), film.has_audio) == (30 + 20 + 19, 69, True)
    assert any("kept is copied, frame for frame" in note for note in film.notes)
    assert not any("kept" in note and "scaled" in note for note in film.notes)
    ffmpeg("-xerror", "-i", film.path, "-f", "null", "-")  # another decoder finds no fault with it


def test_the_encoder_of_most_frames_is_kept(tmp_path: Path) -> None:
    """Of finished clips of two encoders whose sets have the same ids, those with most frames are copied."""
    long = make(tmp_path / "long.mp4", frames=40, encode=EDITOR)
    short = make(tmp_path / "short.mp4", frames=20, encode=CAMERA)
    film = joined(tmp_path, segment(short), segment(long))
    assert film.method == "mixed"
    assert digests(film.path)[20:] == digests(long)
    assert digests(film.path)[:20] != digests(short)


@pytest.mark.parametrize("keep", [True, False])
def test_clips_of_the_service_are_encoded_as_before(tmp_path: Path, keep: bool) -> None:
    """If no clip is a finished one, or none has the film's form, every clip is encoded."""
    one = make(tmp_path / "one.mp4", frames=24, encode=EDITOR)
    two = make(tmp_path / "two.mp4", frames=24, encode=CAMERA, size="300x180")
    film = joined(tmp_path, segment(one, keep=False), segment(two, keep=keep))
    assert film.method == "normalise"


@pytest.mark.parametrize(
    "encode",
    [
        ("-c:v", "libx264", "-pix_fmt", "yuv420p10le", *BT709),
        ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-colorspace", "bt2020nc"),
        ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-color_range", "pc", "-colorspace", "bt709"),
        ("-c:v", "libx265", "-pix_fmt", "yuv420p", "-tag:v", "hvc1", *BT709),
    ],
    ids=["10 bit", "other colours", "full range", "hevc"],
)
def test_what_a_film_cannot_hold_is_encoded(tmp_path: Path, encode: tuple[str, ...]) -> None:
    """A finished clip of another kind of picture, or of colours that players show otherwise, is encoded."""
    deep = make(tmp_path / "deep.mp4", frames=24, encode=encode)
    plain = make(tmp_path / "plain.mp4", frames=24)
    film = joined(tmp_path, segment(plain, keep=False, start=2), segment(deep))
    assert film.method == "normalise"
    assert any(note.startswith("deep is encoded again: its ") and "ffmpeg -i deep" in note for note in film.notes)


def colours(path: Path, number: int) -> tuple[Any, ...]:
    """The mean colour of a frame, as a player shows it, and its tags."""
    frame = frame_at(path, number)
    return picture(frame).resize((1, 1)).getpixel((0, 0)), frame.colorspace, frame.color_range


@pytest.mark.parametrize(
    "tags",
    [(), ("-colorspace", "smpte170m"), ("-color_range", "tv", "-colorspace", "bt470bg", "-color_primaries", "bt470bg")],
    ids=["untagged", "matrix alone", "PAL"],
)
def test_a_film_takes_the_colours_of_the_clips_that_it_copies(tmp_path: Path, tags: tuple[str, ...]) -> None:
    """A small clip without colour tags, or in BT.601, is copied; those beside it get its tags, and look as alone."""
    red = ("-vf", "drawbox=c=0xC03020:t=fill,format=yuv420p", "-c:v", "libx264")
    kept = make(tmp_path / "kept.mp4", frames=24, encode=("-c:v", "libx264", "-pix_fmt", "yuv420p", *tags))
    beside = make(tmp_path / "beside.mp4", frames=24, encode=(*red, *BT709))
    film = joined(tmp_path, segment(kept), segment(beside, keep=False))
    assert film.method == "mixed"
    assert digests(film.path)[:24] == digests(kept)
    (own, *told), (shown, *same) = colours(film.path, 3), colours(film.path, 30)
    assert own == colours(kept, 3)[0]
    assert told == same == list(colours(kept, 3)[1:])
    alone = colours(beside, 6)[0]
    assert max(abs(a - b) for a, b in zip(shown, alone, strict=True)) <= 3
    assert film.notes == ("kept is copied, frame for frame; all else is encoded to fit",)


def test_all_copied_clips_are_named(tmp_path: Path) -> None:
    """The note names every clip that was copied, so that each can be checked."""
    one = segment(make(tmp_path / "one.mp4", frames=24, encode=EDITOR))
    other = make(tmp_path / "other.mp4", frames=24, encode=CAMERA)
    names = ["aa", "bb", "cc", "dd", "ee", "ff"]
    film = joined(tmp_path, *(replace(one, name=name) for name in names), segment(other, keep=False))
    assert "aa, bb, cc, dd, ee and ff are copied, frame for frame; all else is encoded to fit" in film.notes


def test_sets_are_read_and_written(tmp_path: Path) -> None:
    """All that is read is written as it was; sets with the same id, and a file without an index at its end, are
    refused."""
    path = make(tmp_path / "one.mp4", encode=EDITOR)
    sets = ParameterSets.of(path)
    with av.open(str(path)) as container:
        assert sets.written() == container.streams.video[0].codec_context.extradata
    assert (sets.ids, sets.free_id) == ({0}, 1)
    with pytest.raises(ValueError, match="do not go together"):
        sets.beside(sets)
    with pytest.raises(BadClip, match="no index at its end"):
        replace_sets(path, sets)
    with pytest.raises((ValueError, IndexError)):
        ParameterSets.read(b"\x01\x02")
