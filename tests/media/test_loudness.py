"""The loudness of sound, held against signals whose loudness is known."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.errors import FfmpegError
from studio.media.loudness import loudness
from tests.media.clips import ffmpeg, make

#: Of a sine in both channels the loudness in LUFS is its peak in dBFS (EBU Tech 3341, test signal 1).
AMPLITUDE = 10 ** (-23 / 20)


def sounding(path: Path, source: str) -> Path:
    """An MP4 of six seconds with this sound."""
    picture = ["-f", "lavfi", "-i", "color=s=64x36:r=24:d=6", "-f", "lavfi", "-i", source]
    ffmpeg(*picture, "-shortest", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", "-b:a", "256k", path)
    return path


def test_a_tone_is_as_loud_as_it_was_made(tmp_path: Path) -> None:
    """A tone of -23 dBFS is measured as -23 LUFS with that peak, and no range; twice as loud, 6 dB more of both."""
    found = {}
    for name, times in (("one", 1), ("two", 2)):
        wave = f"{AMPLITUDE * times:.6f}*sin(2*PI*1000*t)"
        found[name] = loudness(sounding(tmp_path / f"{name}.mp4", f"aevalsrc={wave}|{wave}:s=48000:d=6"))
    one, two = found["one"], found["two"]
    assert one is not None
    assert two is not None
    assert one.integrated == pytest.approx(-23, abs=0.2)
    assert one.peak == pytest.approx(-23, abs=0.4)
    assert one.range == pytest.approx(0, abs=0.1)
    assert two.integrated - one.integrated == pytest.approx(6, abs=0.2)
    assert two.peak - one.peak == pytest.approx(6, abs=0.4)


def test_a_sound_that_changes_has_a_range(tmp_path: Path) -> None:
    """Three seconds 20 dB softer than the other three make a range of 20 LU, within what the norm leaves open."""
    wave = "0.25*sin(2*PI*1000*t)*if(lt(t\\,3)\\,0.1\\,1)"
    found = loudness(sounding(tmp_path / "steps.mp4", f"aevalsrc={wave}|{wave}:s=48000:d=6"))
    assert found is not None
    assert found.range > 3


def test_silence_and_no_sound(tmp_path: Path) -> None:
    """Silence has no loudness; a file without a sound track is an error."""
    assert loudness(sounding(tmp_path / "silent.mp4", "anullsrc=r=48000:d=6")) is None
    with pytest.raises(FfmpegError):
        loudness(make(tmp_path / "mute.mp4"))
