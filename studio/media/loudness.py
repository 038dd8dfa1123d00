"""The loudness of a file's sound, by EBU R 128, as ffmpeg's filter ebur128 measures it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.media import ffmpeg
from studio.media.ffmpeg import Stop

SILENT = -70.0  # LUFS: what is at this or below is not heard, and the filter counts it as nothing
TAIL = 8192  # bytes of what is printed that hold the last values: of a long film it is many megabytes
_KEYS = {"lavfi.r128.I": "integrated", "lavfi.r128.LRA": "range", "lavfi.r128.true_peak": "peak"}


@dataclass(frozen=True)
class Loudness:
    """``integrated`` in LUFS, ``range`` in LU, ``peak`` (the true peak) in dBTP."""

    integrated: float
    range: float
    peak: float


def loudness(path: Path, *, stop: Stop | None = None) -> Loudness | None:
    """Measure the first sound track of an MP4, which is decoded once; None for silence.

    Raises FfmpegError, also for a file without sound.
    """
    measured = printed(ffmpeg.clip_input(path)["a:0"])
    return read_loudness(ffmpeg.capture(measured.output("-", f="null"), timeout=3600, stop=stop))


def printed(sound: Any) -> Any:
    """A sound of ffmpeg-python whose loudness is printed, for ``read_loudness``."""
    measured = sound.filter("ebur128", peak="true", metadata=1, framelog="quiet")
    return measured.filter("ametadata", mode="print", file="-")


def read_loudness(printed_: bytes) -> Loudness | None:
    """The loudness in what ``printed`` wrote; None for silence, and for less than a tenth of a second."""
    lines = printed_[-TAIL:].decode("ascii", "replace").splitlines()
    last = {_KEYS[name]: value for name, _, value in (line.partition("=") for line in lines) if name in _KEYS}
    if len(last) < len(_KEYS):  # shorter than the tenth of a second of which it tells
        return None
    integrated, span, peak = float(last["integrated"]), float(last["range"]), float(last["peak"])
    if integrated <= SILENT or peak <= 0:
        return None
    return Loudness(round(integrated, 2), round(span, 2), round(20 * math.log10(peak), 2))
