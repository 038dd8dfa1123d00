"""Clips of which each frame says which one it is, and in which clip; and what a film of them shows and lets hear."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from studio.media.clip import Clip, examine
from studio.media.ffmpeg import binary

WIDTH, HEIGHT = 96, 64
COLUMNS, ROWS = 4, 4  # of fields, each one bit: black or white
CLIP_BITS = 6  # the others are the frame's
RATE = 16_000  # samples a second, of what is heard: one channel
NOTHING = (-1, -1)


@dataclass(frozen=True)
class Coded:
    """A clip: its number, and its samples, where it has any."""

    number: int
    clip: Clip
    samples: NDArray[np.float32] | None


def coded_clip(folder: Path, number: int, *, frames: int, fps: Fraction = Fraction(24), sound: bool = False) -> Coded:
    """Make the clip of this number."""
    path = folder / f"coded-{number}.mp4"
    pictures = np.stack([drawn(number, frame) for frame in range(frames)])
    command = [binary(), "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{WIDTH}x{HEIGHT}"]
    command += ["-r", f"{fps.numerator}/{fps.denominator}", "-i", "pipe:0"]
    samples = None
    if sound:
        samples = _noise(number, round(frames / fps * RATE))
        heard = path.with_suffix(".f32")
        samples.tofile(heard)
        command += ["-f", "f32le", "-ar", str(RATE), "-ac", "1", "-i", str(heard), "-c:a", "aac", "-b:a", "128k"]
    command += ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "12", "-pix_fmt", "yuv420p", "-threads", "1"]
    subprocess.run([*command, str(path)], input=pictures.tobytes(), check=True, timeout=60)
    return Coded(number, examine(path), samples)


def pictures_of(film: Path) -> list[NDArray[np.uint8]]:
    """The pictures of a film, in grey."""
    with av.open(str(film), format="mp4") as container:
        return [picture.to_ndarray(format="gray") for picture in container.decode(video=0)]


def levels(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The brightness in the middle of each field of a picture."""
    fields = picture.reshape(ROWS, picture.shape[0] // ROWS, COLUMNS, picture.shape[1] // COLUMNS)
    return np.asarray(fields[:, 4:-4, :, 6:-6].mean(axis=(1, 3)), np.float64)


def painted(number: int, frame: int) -> NDArray[np.float64]:
    """The brightness of each field of a clip's frame, as it was made."""
    return levels(drawn(number, frame))


def read(picture: NDArray[np.uint8]) -> tuple[int, int]:
    """Clip and frame of a picture; NOTHING for one that is no frame of a coded clip."""
    value = int(sum(1 << place for place, bit in enumerate((levels(picture) > 128).ravel()) if bit))
    number = value & (1 << CLIP_BITS) - 1
    return (number, value >> CLIP_BITS) if number else NOTHING


def heard(film: Path, seconds: Fraction) -> NDArray[np.float32]:
    """The samples of a film, from its first picture on; silence where it has no sound."""
    samples = np.zeros(round(seconds * RATE) + RATE, np.float32)
    with av.open(str(film), format="mp4") as container:
        if not container.streams.audio:
            return samples
        resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
        for frame in container.decode(audio=0):
            assert frame.time is not None
            for part in resampler.resample(frame):
                assert part.pts is not None
                values = part.to_ndarray()[0]
                at = part.pts
                begin = max(0, -at)
                end = min(len(values), len(samples) - at)
                if end > begin:
                    samples[at + begin : at + end] = values[begin:end]
    return samples


def drawn(number: int, frame: int) -> NDArray[np.uint8]:
    """The picture of a clip's frame, as it was made."""
    value = number | frame << CLIP_BITS
    bits = np.array([value >> place & 1 for place in range(COLUMNS * ROWS)], np.uint8).reshape(ROWS, COLUMNS)
    return np.kron(bits * 195 + 30, np.ones((HEIGHT // ROWS, WIDTH // COLUMNS), np.uint8)).astype(np.uint8)


def _noise(number: int, count: int) -> NDArray[np.float32]:
    """Noise below 2 kHz, which compressed sound keeps well."""
    random = np.random.default_rng(number)
    spectrum = np.fft.rfft(random.standard_normal(count))
    spectrum[np.fft.rfftfreq(count, 1 / RATE) > 2000] = 0
    values = np.fft.irfft(spectrum, count)
    return np.asarray(values / np.abs(values).max() * 0.5, np.float32)
