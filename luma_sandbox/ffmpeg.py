"""The sandbox's ffmpeg: the one of ``STUDIO_FFMPEG``, the packaged one, or the one on the path."""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import subprocess

import imageio_ffmpeg

from luma_sandbox.errors import FfmpegError, SettingsError

SETTING = "STUDIO_FFMPEG"


@functools.cache
def binary() -> str:
    """Path of the ffmpeg to use. Raises SettingsError if the setting names none, FfmpegError if there is none."""
    if setting := os.environ.get(SETTING, ""):
        chosen = shutil.which(setting)
        if chosen is None:
            raise SettingsError(
                f"no program is at {setting}", where=SETTING, hint=f"unset {SETTING} to use the packaged ffmpeg"
            )
        return os.path.abspath(chosen)  # noqa: PTH100  # a worker runs in a folder of its own
    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError:
        found = shutil.which("ffmpeg")
    if found is None:
        raise FfmpegError("there is no ffmpeg", hint=f"pip install --upgrade imageio-ffmpeg, or name one in {SETTING}")
    return found


@functools.cache
def identity() -> str:
    """A digest that identifies this build of ffmpeg, over everything it prints about its version and libraries."""
    said = subprocess.run([binary(), "-version"], stdin=subprocess.DEVNULL, capture_output=True, timeout=30)
    return hashlib.sha256(said.stdout).hexdigest()[:16]
