"""Tiny clips of many forms, rendered by ffmpeg's own test sources."""

from __future__ import annotations

import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from studio.media.ffmpeg import binary

H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-threads", "1")


def ffmpeg(*arguments: str | Path) -> None:
    """Run ffmpeg with these arguments."""
    subprocess.run([binary(), "-v", "error", "-nostdin", "-y", *map(str, arguments)], check=True, timeout=240)


def make(
    path: Path,
    *,
    frames: int = 24,
    size: str = "320x180",
    rate: str = "24",
    start: int = 0,
    look: str = "null",
    source: str = "",
    sound: bool = False,
    encode: tuple[str, ...] = H264,
    options: tuple[str, ...] = (),
) -> Path:
    """A clip of a moving test picture. `start` skips frames of it, `look` is a filter over it."""
    picture = source or f"testsrc2=s={size}:r={rate}"
    chain = f"{picture},trim=start_frame={start}:end_frame={start + frames},setpts=PTS-STARTPTS,{look}"
    inputs: list[str] = ["-f", "lavfi", "-i", chain]
    if sound:
        seconds = float(frames / Fraction(rate))
        inputs += ["-f", "lavfi", "-i", f"sine=f=440:r=44100:d={seconds:.6f}", "-c:a", "aac"]
    ffmpeg(*inputs, *encode, *options, "-movflags", "+faststart", path)
    return path


def write_frames(path: Path, frames: NDArray[np.uint8], *, rate: str = "24", crf: int = 12) -> Path:
    """A clip of these RGB frames, an array of (count, height, width, 3)."""
    height, width = frames.shape[1:3]
    command = [
        binary(),
        "-v",
        "error",
        "-y",
        "-f",
        "rawvideo",
        "-pix_fmt",
        "rgb24",
        "-s",
        f"{width}x{height}",
        "-r",
        rate,
    ]
    command += ["-i", "pipe:0", *H264, "-crf", str(crf), "-movflags", "+faststart", str(path)]
    subprocess.run(command, input=frames.tobytes(), check=True, timeout=240)
    return path


def moving(count: int, *, start: int = 0, seed: int = 1, width: int = 192, height: int = 108) -> NDArray[np.uint8]:
    """Frames of a camera that pans over a large soft picture: natural enough, and different at every frame."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, size=(16, 160, 3)).astype(np.float32)
    rows = np.linspace(0, 14.99, height)
    top, share = rows.astype(int), (rows % 1)[:, None, None]
    wide = np.repeat(coarse[top] * (1 - share) + coarse[top + 1] * share, 12, axis=1)
    shots = [wide[:, (start + n) * 3 : (start + n) * 3 + width] for n in range(count)]
    return np.stack(shots).astype(np.uint8)
