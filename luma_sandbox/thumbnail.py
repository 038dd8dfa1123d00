"""The thumbnail of a clip: its first frame as a JPEG, made when it is first asked for."""

from __future__ import annotations

import uuid
from pathlib import Path

from luma_sandbox import footage

QUALITY = 86


def keep(clip: Path, place: Path) -> None:
    """Write the first frame of a clip to ``place``, in one piece. Raises BadClip for a file without a frame."""
    part = place.with_name(f"{place.stem}.{uuid.uuid4().hex}.part.jpg")  # two clients may ask at once
    try:
        footage.edge_frame(clip, last=False).to_rgb().save(part, "JPEG", quality=QUALITY)
        part.replace(place)
    finally:
        part.unlink(missing_ok=True)
