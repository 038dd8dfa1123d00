"""Sound stays with its pictures."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from studio.media.clip import Clip, examine
from studio.media.film import FilmSpec, Segment, concatenate
from studio.media.segments import Target
from studio.media.sound import soundtrack
from tests.media.clips import H264, ffmpeg, make

Shelf = Callable[..., Clip]
RATE = 48_000


@pytest.fixture(scope="module")
def beep(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    """Two seconds; a white flash and a beep together at 1.0 s, for a quarter of a second."""
    path = tmp_path_factory.mktemp("beep") / "beep.mp4"
    ffmpeg(
        *("-f", "lavfi", "-i", "color=black:s=160x90:r=24:d=2,geq=lum='if(between(N,24,29),235,16)':cb=128:cr=128"),
        *("-f", "lavfi", "-i", "aevalsrc='0.5*sin(2*PI*1000*t)*between(t,1,1.25)':s=44100:d=2"),
        *(*H264, "-c:a", "aac", "-b:a", "128k", path),
    )
    return examine(path)


@pytest.fixture(scope="module")
def mute(beep: Clip, tmp_path_factory: pytest.TempPathFactory) -> Clip:
    """The same pictures without sound."""
    path = tmp_path_factory.mktemp("mute") / "mute.mp4"
    ffmpeg("-i", beep.path, "-an", "-c", "copy", path)
    return examine(path)


def join(tmp_path: Path, *parts: Clip | Segment, spec: FilmSpec | None = None) -> Path:
    """A film of these."""
    segments = [p if isinstance(p, Segment) else Segment(p.path, p) for p in parts]
    return concatenate(segments, tmp_path / "film.mp4", spec=spec, pieces=tmp_path / "pieces").path


def samples(path: Path) -> NDArray[np.float32]:
    """The film's sound as a player hears it: one channel, 48 kHz, from time 0."""
    with av.open(str(path)) as container:
        resampler = av.AudioResampler("fltp", "mono", RATE)
        track = np.zeros(RATE * 600, dtype=np.float32)
        end = 0
        for frame in container.decode(audio=0):
            for part in resampler.resample(frame):
                data = part.to_ndarray()[0]
                start = round(float(part.pts * part.time_base) * RATE)
                skipped = max(0, -start)
                start, end = start + skipped, start + len(data)
                track[start:end] = data[skipped:]
    return track[:end]


def beginnings(path: Path) -> list[float]:
    """The times in seconds at which a beep begins."""
    loud = np.abs(samples(path)) > 0.1
    return [float(n / RATE) for n in np.flatnonzero(loud) if not loud[max(0, n - 4800) : n].any()]


def flashes(path: Path) -> list[float]:
    """The times in seconds at which the picture turns white."""
    found, dark = [], True
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            bright = frame.to_ndarray()[:90].mean() > 128
            if bright and dark:
                found.append(float(frame.pts * frame.time_base))
            dark = not bright
    return found


def test_sound_and_silence(tmp_path: Path, beep: Clip, mute: Clip) -> None:
    """A scene without sound is silent, and those around it keep theirs, each with its own flash."""
    film = join(tmp_path, beep, mute, beep)
    assert flashes(film) == pytest.approx([1, 3, 5])
    assert beginnings(film) == pytest.approx([1, 5], abs=0.01)


def test_sound_as_long_as_the_film(tmp_path: Path, beep: Clip, mute: Clip) -> None:
    """The track ends with the pictures, within a frame, also where the last scenes are silent."""
    film = join(tmp_path, beep, mute, mute)
    assert len(samples(film)) / RATE == pytest.approx(6, abs=1 / 24)


def test_trimmed_scene_takes_its_own_sound(tmp_path: Path, beep: Clip) -> None:
    """Of a segment's sound that part is heard that belongs to its frames."""
    part = Segment(beep.path, beep, start_frame=18, frames=12)
    film = join(tmp_path, part, Segment(beep.path, beep, start_frame=30), part)
    assert flashes(film) == pytest.approx([0.25, 0.25 + 0.5 + 0.75], abs=0.001)
    assert beginnings(film) == pytest.approx([0.25, 1.5], abs=0.01)


def test_many_scenes_do_not_drift(tmp_path: Path, beep: Clip, mute: Clip) -> None:
    """After thirty scenes the sound is still within 10 ms of its flash."""
    film = join(tmp_path, *([beep, mute, beep] * 10))
    seen = [t for n, t in enumerate(flashes(film)) if n % 3 != 1]
    heard = beginnings(film)
    assert len(heard) == len(seen) == 20
    assert max(abs(a - b) for a, b in zip(seen, heard, strict=True)) < 0.010


def test_converted_rate_keeps_sound(tmp_path: Path, beep: Clip) -> None:
    """Flash and beep still come together where pictures are converted to another rate."""
    film = join(tmp_path, beep, beep, spec=FilmSpec(160, 90, Fraction(30000, 1001)))
    for seen, heard in zip(flashes(film), beginnings(film), strict=True):
        assert abs(seen - heard) < 1001 / 30000


@pytest.mark.parametrize("delay", ["0.5", "-0.5"])
def test_late_or_early_sound_stays_where_it_was(tmp_path: Path, beep: Clip, delay: str) -> None:
    """A clip whose sound begins after or before its pictures is heard as a player plays it."""
    path = tmp_path / "late.mp4"
    ffmpeg("-i", beep.path, "-itsoffset", delay, "-i", beep.path, "-map", "0:v", "-map", "1:a", "-c", "copy", path)
    late = examine(path)
    film = join(tmp_path, beep, late)
    assert beginnings(film) == pytest.approx([1, 3 + float(delay)], abs=0.03)


def test_no_sound_anywhere_no_track(tmp_path: Path, mute: Clip) -> None:
    """A film of silent clips has no sound track at all."""
    with av.open(str(join(tmp_path, mute, mute))) as container:
        assert not container.streams.audio


def test_sound_can_be_left_out(tmp_path: Path, beep: Clip) -> None:
    """With audio `none` the film is silent though its clips are not."""
    film = join(tmp_path, beep, beep, spec=FilmSpec(160, 90, audio="none"))
    with av.open(str(film)) as container:
        assert not container.streams.audio


def test_short_sound_does_not_pull_the_next_scene_forward(tmp_path: Path, beep: Clip) -> None:
    """A clip whose sound ends early, or runs on, does not move what follows."""
    path = tmp_path / "short.mp4"
    ffmpeg("-i", beep.path, "-c:v", "copy", "-af", "atrim=end=1.5", "-c:a", "aac", path)
    long = tmp_path / "long.mp4"
    ffmpeg("-i", beep.path, "-c:v", "copy", "-af", "apad=pad_dur=1", "-c:a", "aac", long)
    film = join(tmp_path, examine(path), examine(long), beep)
    assert beginnings(film) == pytest.approx([1, 3, 5], abs=0.01)
    assert flashes(film) == pytest.approx([1, 3, 5])


def test_a_clip_that_is_heard_again_for_a_shorter_time(tmp_path: Path) -> None:
    """Its sound is decoded once, and ends where its second use ends: a loop that is cut has it twice."""
    path = make(tmp_path / "loop.mp4", frames=24, sound=True)
    clip = examine(path)
    segments = [Segment(path, clip), Segment(path, clip, 0, 10), Segment(path, clip, 0, 18)]
    track = soundtrack(segments, Target(320, 180, Fraction(24)), tmp_path)
    samples = np.frombuffer(track.read_bytes(), np.int16).reshape(-1, 2)
    assert len(samples) == 52 * 2000
    second, third = samples[48_000:68_000], samples[68_000:]
    assert np.array_equal(second, samples[:20_000])
    assert np.array_equal(third, samples[:36_000])
    assert np.abs(second).max() > 1000
