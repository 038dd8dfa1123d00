"""Sound for a clip, made from words: chords, and the sounds of the prompt's place. The same words give the same sound.

Used by other routes: ``compose(prompt, without, seconds)`` gives 16-bit stereo at 48 kHz; ``add(clip, sound, out)``
muxes it as AAC under a clip whose video is copied.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from luma_sandbox import ffmpeg
from luma_sandbox.encoder import QUIET, feed
from luma_sandbox.picture import mood
from luma_sandbox.picture.noise import chance, cloud, of_take

RATE = 48_000
LOUD = 0.5  # peak of the sound, as a share of full scale
FADE = 0.25  # seconds
CHUNK = 1 << 16
Sound = NDArray[np.float32]

# A noise: the words that call for it, its band in Hz, its loudness, and how fast it swells in Hz.
NOISES: dict[str, tuple[str, float, float, float, float]] = {
    "rain": ("rain rainy raining drizzle downpour storm stormy", 1200, 9000, 0.30, 1.5),
    "waves": (
        "sea ocean beach coast waves wave shore harbor harbour boat ship sail sailing island",
        90,
        1400,
        0.45,
        0.18,
    ),
    "wind": (
        "wind windy mountain mountains snow desert dune dunes storm valley field hill hills",
        120,
        700,
        0.35,
        0.35,
    ),
    "city": ("city street traffic downtown tokyo neon cars car subway market crowd", 40, 320, 0.45, 0.5),
    "room": ("room cafe coffee shop kitchen office bar restaurant library diner", 180, 1100, 0.14, 0.9),
    "fire": ("fire fireplace campfire flames burning crackle", 300, 5000, 0.22, 6.0),
    "engine": ("engine motor starship spaceship space spacecraft train hum drone", 30, 140, 0.55, 0.25),
}
BIRDS = "bird birds forest meadow morning garden dawn spring trees"
# The notes of the chords, in half-tones over the ground note: bright and dark.
BRIGHT, DARK = ((0, 7, 12, 16, 19), (0, 7, 9, 16, 21)), ((0, 7, 12, 15, 19), (-4, 3, 8, 12, 15))
SILENCING = {"music": "music melody pad chords song score", "birds": BIRDS}


def compose(prompt: str, without: str, seconds: float, take: int = 1) -> bytes:
    """Compose the sound of this many seconds, different in each take."""
    words, refused = _words(prompt), _words(without)
    length = max(1, round(seconds * RATE))
    rng = chance("sound", prompt, without, *of_take(take))
    total = np.zeros((2, length), np.float32)
    for name, (called, low, high, loud, swell) in NOISES.items():
        if words & _words(called) and not refused & _words(f"{name} {called}"):
            total += loud * _noise(rng, length, low, high, swell)
    if words & _words(BIRDS) and not refused & _words(f"{BIRDS} chirping"):
        total += 0.25 * _birds(rng, length)
    if not refused & _words(SILENCING["music"]):
        total += 0.4 * _chords(rng, length, mood.read(prompt).light in ("dawn", "day"))
    peak = float(np.abs(total).max())
    if peak > 0:
        total *= LOUD / peak
    edge = min(length, round(FADE * RATE))
    ramp = np.linspace(0, 1, edge, dtype=np.float32)
    total[:, :edge] *= ramp
    total[:, length - edge :] *= ramp[::-1]
    return (total.T * 32767).astype("<i2").tobytes()


def add(clip: Path, sound: bytes, out: Path) -> None:
    """Write the clip, its video copied, with that sound. Raises FfmpegError."""
    command = [ffmpeg.binary(), *QUIET, "-f", "mp4", "-i", f"file:{clip.absolute()}"]
    command += ["-f", "s16le", "-ar", str(RATE), "-ac", "2", "-i", "pipe:", "-c:a", "aac", "-b:a", "160k"]
    feed([*command, *_muxed(out)], (sound[at : at + CHUNK] for at in range(0, len(sound), CHUNK)))


def carry_over(clip: Path, source: Path, out: Path) -> None:
    """Write the clip with the sound of another one, both copied. Raises FfmpegError."""
    command = [ffmpeg.binary(), *QUIET, "-f", "mp4", "-i", f"file:{clip.absolute()}"]
    command += ["-f", "mp4", "-i", f"file:{source.absolute()}", "-c:a", "copy"]
    feed([*command, *_muxed(out)], ())


def _muxed(out: Path) -> list[str]:
    mapping = [
        "-map",
        "0:v:0",
        "-map",
        "1:a:0",
        "-c:v",
        "copy",
        "-map_metadata",
        "-1",
        "-video_track_timescale",
        "12288",
    ]
    exact = ["-fflags", "+bitexact", "-flags:a", "+bitexact", "-movflags", "+faststart"]
    return [*mapping, *exact, "-f", "mp4", f"file:{out.absolute()}"]


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+", text.lower()))


def _swell(rng: np.random.Generator, length: int, hertz: float, floor: float) -> Sound:
    """A slow rise and fall from ``floor`` to 1."""
    cells = max(2.0, length / RATE * hertz)
    wave = cloud(rng, (2, max(64, length // 480)), cells=cells, octaves=2)[:, 0]
    at = np.linspace(0, len(wave) - 1, length)
    risen: Sound = (floor + (1 - floor) * np.interp(at, np.arange(len(wave)), wave)).astype(np.float32)
    return risen


def _noise(rng: np.random.Generator, length: int, low: float, high: float, swell: float) -> Sound:
    """Noise of one band, a little different in each ear."""
    hertz = np.fft.rfftfreq(length, 1 / RATE)
    band = np.exp(-((np.log(np.maximum(hertz, 1) / np.sqrt(low * high)) / (0.5 * np.log(high / low))) ** 2))
    sides = []
    for _ in range(2):
        side = np.fft.irfft(np.fft.rfft(rng.standard_normal(length)) * band, length)
        sides.append(side / (np.abs(side).max() + 1e-9))
    return (np.stack(sides) * _swell(rng, length, swell, 0.35)).astype(np.float32)


def _birds(rng: np.random.Generator, length: int) -> Sound:
    """Chirps, here and there."""
    total = np.zeros((2, length), np.float32)
    for _ in range(max(2, round(length / RATE * 1.6))):
        long = round(RATE * float(rng.uniform(0.06, 0.16)))
        start, pitch, side = int(rng.integers(0, max(1, length - long))), float(rng.uniform(2400, 4600)), rng.random()
        second = np.arange(long) / RATE
        phase = 2 * np.pi * (pitch * second + 9000 * second**2 * (0.5 - rng.random()))
        chirp = (np.sin(phase) * np.sin(np.pi * np.arange(long) / long) ** 2).astype(np.float32)[: length - start]
        total[0, start : start + len(chirp)] += chirp * (1 - 0.7 * side)
        total[1, start : start + len(chirp)] += chirp * (0.3 + 0.7 * side)
    return total


def _chords(rng: np.random.Generator, length: int, bright: bool) -> Sound:
    """Two soft chords, blending into each other and back."""
    ground = 110.0 * 2 ** (float(rng.integers(-3, 4)) / 12)
    second = np.arange(length) / RATE
    share = (0.5 - 0.5 * np.cos(2 * np.pi * second / max(5.0, length / RATE))).astype(np.float32)
    sides = np.zeros((2, length), np.float64)
    for weight, notes in zip((1 - share, share), BRIGHT if bright else DARK, strict=True):
        for number, note in enumerate(notes):
            pitch = ground * 2 ** (note / 12)
            for ear in range(2):
                drift = 1 + float(rng.uniform(-0.0012, 0.0012))
                phase = 2 * np.pi * (pitch * drift * second + rng.random())
                tone = np.sin(phase) + 0.28 * np.sin(2 * phase) + 0.1 * np.sin(3 * phase)
                sides[ear] += weight * tone / (1.6 + number)
    together: Sound = (sides / (np.abs(sides).max() + 1e-9)).astype(np.float32)
    return together
