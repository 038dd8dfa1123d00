"""The times of films that are joined by copy: shown and decoded one frame a step, whoever encoded their clips."""

from __future__ import annotations

import subprocess
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

from studio.media.ffmpeg import binary
from studio.media.film import FilmSpec, concatenate
from studio.media.packets import scan
from tests.media.clips import ffmpeg, make
from tests.media.test_mixed import BT709, digests, joined, segment

X264 = ("-c:v", "libx264", "-preset", "medium", "-pix_fmt", "yuv420p", *BT709)
X265 = ("-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-tag:v", "hvc1", *BT709)
#: Options of encoders, and the bitstream filter and options of a copy that is made of their clip afterwards.
KINDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "no B-frames": (("-bf", "0"), ()),
    "one": (("-bf", "1"), ()),
    "two": (("-bf", "2"), ()),
    "two, none of them a reference": (("-bf", "2", "-x264-params", "b-pyramid=none"), ()),
    "three": (("-bf", "3"), ()),
    "open groups": (("-bf", "3", "-g", "8", "-x264-params", "open-gop=1"), ()),
    "decoded earlier than needed": (("-bf", "2"), ("-bsf:v", "setts=pts=PTS:dts=DTS-2/24/TB")),
    "decoded unevenly": (("-bf", "2"), ("-bsf:v", "setts=pts=PTS:dts=DTS-mod(N\\,3)/96/TB")),
    "times to show that are negative": (("-bf", "2"), ("-movflags", "negative_cts_offsets")),
}


def own(path: Path, kind: str, *, frames: int = 30, rate: str = "24", encode: tuple[str, ...] = X264) -> Path:
    options, copy = KINDS[kind]
    if not copy:
        return make(path, frames=frames, rate=rate, encode=(*encode, *options))
    before = make(path.with_suffix(".before.mp4"), frames=frames, rate=rate, encode=(*encode, *options))
    ffmpeg("-i", before, "-c", "copy", *copy, path)
    return path


def see_even(film: Path, frames: int, rate: Fraction = Fraction(24)) -> None:
    """Every frame is shown and decoded one step after the one before it, from 0 on, and players at a constant rate
    neither repeat nor drop one."""
    track = scan(film)
    step = 1 / (rate * track.tick)
    assert track.shown == [n * step for n in range(frames)]
    assert {(b.dts or 0) - (a.dts or 0) for a, b in pairwise(track.packets)} <= {step}
    assert all((p.dts or 0) <= (p.pts or 0) for p in track.packets)
    command = [binary(), "-v", "warning", "-i", str(film), "-fps_mode", "cfr", "-an", "-f", "framecrc", "-"]
    played = subprocess.run(command, capture_output=True, text=True, check=True, timeout=240)
    assert len([line for line in played.stdout.splitlines() if not line.startswith("#")]) == frames
    assert played.stderr == ""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("first", [True, False], ids=["kept-first", "encoded-first"])
def test_a_film_with_a_finished_clip_is_even(tmp_path: Path, kind: str, first: bool) -> None:
    """However many frames a finished clip is decoded before it is shown, the film has one delay for all its parts."""
    kept = segment(own(tmp_path / "kept.mp4", kind))
    cut = segment(make(tmp_path / "cut.mp4", frames=40, start=60), keep=False, start=4, frames=20)
    parts = [kept, cut, kept] if first else [cut, kept, cut]
    film = joined(tmp_path, *parts)
    assert film.method == "mixed"
    see_even(film.path, sum(part.length for part in parts))
    begin = 0 if first else 20
    assert digests(film.path)[begin : begin + 30] == digests(kept.path)


@pytest.mark.parametrize("rate", ["25", "30000/1001"])
def test_films_of_other_rates_are_even(tmp_path: Path, rate: str) -> None:
    """At a rate whose frames are no whole milliseconds as well."""
    kept = segment(own(tmp_path / "kept.mp4", "three", rate=rate))
    cut = segment(make(tmp_path / "cut.mp4", frames=40, rate=rate), keep=False, start=4, frames=21)
    spec = FilmSpec(320, 180, Fraction(rate))
    film = concatenate([cut, kept, cut], tmp_path / "film.mp4", spec=spec, pieces=tmp_path / "pieces")
    assert film.method == "mixed"
    see_even(film.path, 72, Fraction(rate))


@pytest.mark.parametrize(
    ("encode", "beside"),
    [(X264, True), (X264, False), (X265, False)],  # HEVC is not copied beside pieces
    ids=["h264-beside-pieces", "h264", "hevc"],
)
@pytest.mark.parametrize("other", ["decoded earlier than needed", "decoded unevenly"])
def test_finished_clips_of_different_delays_are_even(
    tmp_path: Path, encode: tuple[str, ...], beside: bool, other: str
) -> None:
    """Two clips of one encoder whose files have different delays are copied, and the film has the greater."""
    one, two = own(tmp_path / "one.mp4", "two", encode=encode), own(tmp_path / "two.mp4", other, encode=encode)
    cut = segment(make(tmp_path / "cut.mp4", frames=40), keep=False, start=4, frames=20)
    film = joined(tmp_path, segment(one), segment(two), *([cut] if beside else []), segment(one))
    assert film.method == ("mixed" if beside else "copy")
    see_even(film.path, 110 if beside else 90)
    assert digests(film.path)[:60] == digests(one) + digests(two)
