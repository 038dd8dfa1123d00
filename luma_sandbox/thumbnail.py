"""The thumbnail of a clip: its first frame as a JPEG, made when it is first asked for."""

from __future__ import annotations

from pathlib import Path

from luma_sandbox import footage
from luma_sandbox.atomic import atomic

QUALITY = 86


def keep(clip: Path, place: Path) -> None:
    """Write the first frame of a clip to ``place``, atomically. Raises BadClip for a file without a frame."""
    with atomic(place) as part:  # two clients may ask at the same time
        footage.edge_frame(clip, last=False).to_rgb().save(part, "JPEG", quality=QUALITY)
