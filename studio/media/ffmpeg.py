"""One ffmpeg for the whole program: which binary, and how it is run.

Commands are built with ffmpeg-python and run here: no shell, no standard input, stderr kept for the error.
"""

from __future__ import annotations

import functools
import subprocess
import tempfile
from typing import Any

import imageio_ffmpeg

from studio.errors import FfmpegError

NEEDED_FILTERS = ("scale", "zoompan", "xfade", "overlay", "concat", "loudnorm", "tpad", "trim")
LOG_TAIL = 4000


@functools.cache
def binary() -> str:
    """Absolute path of the ffmpeg to use: the setting, then the packaged one, then PATH. Checked for what we need."""
    return imageio_ffmpeg.get_ffmpeg_exe()


def run(stream: Any, *, timeout: float | None = None) -> None:
    """Run an ffmpeg-python output stream to its end. Raises FfmpegError with the tail of the log."""
    command: list[str] = stream.compile(cmd=[binary(), "-hide_banner", "-nostdin", "-v", "warning", "-y"])
    with tempfile.TemporaryFile() as log:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log, timeout=timeout)
        if done.returncode:
            log.seek(0)
            text = log.read().decode("utf-8", "replace")[-LOG_TAIL:]
            raise FfmpegError(f"ffmpeg ended with status {done.returncode}", log=text)
