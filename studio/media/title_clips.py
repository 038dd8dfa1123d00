"""Clips of cards and credits: pictures that stand or roll, in the form of a film's pieces, without sound."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg as build
from PIL import Image

from studio.atomic import atomic
from studio.media import ffmpeg
from studio.media.encoding import h264, rate_text, tagged


def make_pages(out: Path, pages: Sequence[Image.Image], *, frames: int, fps: Fraction) -> None:
    """Write a clip of ``frames`` frames at ``out``, in which each picture stands for the same time. Raises
    FfmpegError."""
    shown = pages[:frames]  # of more pages than frames, none could be read anyhow
    each = -(-frames // len(shown))
    with tempfile.TemporaryDirectory() as folder:
        for n, page in enumerate(shown):
            page.save(Path(folder, f"page-{n:05d}.png"), compress_level=1)
        # Named without its folder, whose name may have a % in it.
        picture = build.input("page-%05d.png", f="image2", start_number=0, framerate=rate_text(fps / each))
        picture = _yuv(picture).filter("fps", fps=rate_text(fps), round="near")
        _write(picture.filter("tpad", stop=each, stop_mode="clone"), out, frames, fps, Path(folder))


def make_roll(out: Path, tall: Image.Image, *, height: int, frames: int, fps: Fraction) -> None:
    """Write a clip of ``frames`` frames at ``out``, in which a tall picture moves up through a frame of ``height``
    pixels: from its upper end to its lower one. Raises FfmpegError."""
    way = max(0, tall.height - height)
    with tempfile.TemporaryDirectory() as folder:
        tall.save(Path(folder, "roll.png"), compress_level=1)
        picture = build.input("roll.png", f="image2", pattern_type="none", framerate=rate_text(fps))
        picture = (
            picture.filter("loop", loop=-1, size=1)
            .filter("setpts", f"N*{fps.denominator}/{fps.numerator}/TB")
            .filter("crop", tall.width, height, 0, f"trunc(n*{way}/{max(1, frames - 1)})")
        )
        _write(_yuv(picture), out, frames, fps, Path(folder))


def _yuv(picture: Any) -> Any:
    return picture.filter("scale", out_color_matrix="bt709", out_range="tv", flags="accurate_rnd+full_chroma_int")


def _write(picture: Any, out: Path, frames: int, fps: Fraction, folder: Path) -> None:
    with atomic(out.absolute()) as part:
        output = tagged(picture, fps).output(f"file:{part}", **{"frames:v": frames}, **h264(fps))
        ffmpeg.run(output, timeout=120 + 2 * frames, cwd=folder)
