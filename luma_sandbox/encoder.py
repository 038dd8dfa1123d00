"""Encoding of pictures into an MP4."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import ffmpeg as graph

from luma_sandbox import ffmpeg
from luma_sandbox.errors import FfmpegError
from luma_sandbox.picture.planes import Picture

FPS = 24
QUIET = ["-hide_banner", "-nostdin", "-v", "error", "-y"]
LOG_TAIL = 4000


def encode(
    pictures: Iterable[Picture], drawn: tuple[int, int], size: tuple[int, int], out: Path, *, quick: bool = False
) -> None:
    """Encode as H.264 for editing programs. One thread and no version strings: the bytes depend on the pictures alone.

    ``quick``: faster, with a larger file.
    """
    source = graph.input("pipe:", format="rawvideo", pix_fmt="yuv420p", s=f"{drawn[0]}x{drawn[1]}", framerate=FPS)
    if drawn != size:
        source = source.filter("scale", *size, flags="bicubic+accurate_rnd+bitexact")
    source = source.filter(
        "setparams", range="tv", color_primaries="bt709", color_trc="bt709", colorspace="bt709"
    ).filter("setsar", 1)
    command: list[str] = source.output(
        str(out),
        format="mp4",
        vcodec="libx264",
        preset="ultrafast" if quick or size[0] * size[1] > 1920 * 1080 else "superfast",
        crf=17,
        pix_fmt="yuv420p",
        r=FPS,
        g=2 * FPS,
        bf=2,
        threads=1,
        video_track_timescale=12288,
        movflags="+faststart",
        fflags="+bitexact",
        map_metadata=-1,
        **{"profile:v": "high", "flags:v": "+bitexact"},
    ).compile(cmd=[ffmpeg.binary(), *QUIET])
    feed(command, (picture.to_bytes() for picture in pictures))


def feed(command: list[str], chunks: Iterable[bytes]) -> None:
    """Run ffmpeg with chunks on its standard input. Raises FfmpegError with the tail of its log."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=log)
        if process.stdin is None:
            raise RuntimeError("ffmpeg without a pipe")
        try:
            with process.stdin as pipe:
                for chunk in chunks:
                    pipe.write(chunk)
        except BrokenPipeError:
            pass  # its log, below, gives the reason
        except BaseException:
            process.kill()
            process.wait()
            raise
        if process.wait():
            log.seek(0)
            text = log.read().decode("utf-8", "replace")[-LOG_TAIL:]
            raise FfmpegError(f"ffmpeg ended with status {process.returncode}", log=text)


def watched(pictures: Iterable[Picture], on_frame: Callable[[], None]) -> Iterator[Picture]:
    """The same pictures; ``on_frame`` is called before each one and may raise."""
    for picture in pictures:
        on_frame()
        yield picture
