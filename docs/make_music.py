"""Write the music of the examples, ``productions/examples/music.ogg``: slow chords, made by numpy, free for any use.

python docs/make_music.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import ffmpeg as build
import numpy as np

from studio.media import ffmpeg

OUT = Path(__file__).parents[1] / "productions" / "examples" / "music.ogg"
RATE, SECONDS, FADE = 48_000, 6, 2
A = 110.0  # Hz
#: Semitones above A, for each chord: A minor, F, C, E minor.
CHORDS = ((0, 7, 12, 15, 19), (-4, 8, 12, 15, 20), (3, 7, 15, 19, 22), (-5, 7, 10, 14, 19))


def chord(tones: tuple[int, ...]) -> np.ndarray:
    """A chord that comes and goes, in two channels that differ by a little."""
    at = np.arange((SECONDS + FADE) * RATE) / RATE
    shape = np.clip(at / FADE, 0, 1) * np.clip((SECONDS + FADE - at) / FADE, 0, 1)
    made = np.zeros((len(at), 2))
    for n, tone in enumerate(tones):
        for channel, off in enumerate((-0.12, 0.12)):
            hertz = A * 2 ** ((tone + off * 0.3) / 12)
            slow = 0.75 + 0.25 * np.sin(2 * np.pi * (0.1 + 0.03 * n) * at + n + channel)
            made[:, channel] += slow * sum(np.sin(2 * np.pi * hertz * k * at) / k**2.2 for k in (1, 2, 3))
    return made * (shape * np.pi / 2)[:, None] * np.sin(shape * np.pi / 2)[:, None] / len(tones)


def main() -> None:
    """Write the file."""
    whole = np.zeros(((len(CHORDS) * SECONDS + FADE) * RATE, 2))
    for n, tones in enumerate(CHORDS):
        begin = n * SECONDS * RATE
        made = chord(tones)
        whole[begin : begin + len(made)] += made
    whole *= 0.5 / np.max(np.abs(whole))
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "music.raw"
        raw.write_bytes((whole * 32767).astype("<i2").tobytes())
        sound = build.input(str(raw), f="s16le", ar=RATE, ac=2)
        ffmpeg.run(sound.output(str(OUT), acodec="libvorbis", **{"q:a": 2}, map_metadata=-1, fflags="+bitexact"))
    print(f"{OUT.name}: {OUT.stat().st_size // 1024} KB, {len(whole) / RATE:.0f} s")


if __name__ == "__main__":
    main()
