"""The measures of a clip from its packets and its first frame: known long before every frame of it is decoded."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from av import VideoFrame

from studio.errors import BadClip
from studio.media.boxes import check_boxes
from studio.media.container import opened
from studio.media.packets import packet, track


@dataclass(frozen=True)
class FirstLook:
    """Width and height of a clip in pixels, as shown, and its length in seconds."""

    width: int
    height: int
    seconds: Fraction


def first_look(path: Path) -> FirstLook:
    """Measure a clip without decoding more than its first frame.

    The measures are those of ``examine``, but nothing is known of damage further on. Raises BadClip.
    """
    check_boxes(path)
    with opened(path) as (container, stream):
        read = track(stream, (packet(p) for p in container.demux(stream) if p.size))
        container.seek(0)
        first = next((frame for frame in container.decode(stream) if isinstance(frame, VideoFrame)), None)
        if first is None:
            raise BadClip("has no picture", path=str(path))
        turned = round(first.rotation) % 180 != 0
    size = (read.height, read.width) if turned else (read.width, read.height)
    return FirstLook(*size, read.duration)
