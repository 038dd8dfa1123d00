"""Seed assets as values: an image or footage by its content, and how well its shape fits a frame.

Without the decoders: a plan needs these, and decodes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Protocol

#: Limit of an asset's file: Luma reads no more.
MAX_BYTES = 100 * 1024**2
#: A picture's shape may differ from the film's by this ratio before a note is made.
SAME_SHAPE = 0.02


@dataclass(frozen=True)
class SeedImage:
    """An image by its content. ``url`` may be signed: it is sent, and never shown.

    ``sha256`` is of the source's own bytes, and names it in purchases. All other fields describe the file that is sent:
    ``path``, ``media_type`` and ``suffix``, ``width`` and ``height`` in pixels. ``url`` is the producer's own, where
    the image is sent by it; None where ``path`` has to be published. ``notes`` say what was changed in the file that is
    sent; ``changed`` is that file's SHA-256 then.
    """

    name: str
    sha256: str
    media_type: str
    suffix: str
    width: int
    height: int
    path: Path | None = None
    url: str | None = field(default=None, repr=False)
    notes: tuple[str, ...] = ()
    changed: str = ""
    transparent: bool = False  # some of it is seen through

    @property
    def content(self) -> str:
        """SHA-256 of the file that is sent."""
        return self.changed or self.sha256


@dataclass(frozen=True)
class SeedFootage:
    """Footage by its content, fully decoded once. ``url`` may be signed: it is sent, and never shown.

    ``sha256`` is of the source's own bytes, and names it in purchases. All other fields describe the file that is sent,
    which is ``path``: ``width`` and ``height`` in pixels as shown, ``frames`` as many as are shown and stored, ``fps``
    frames per second (the average of a variable rate), ``seconds`` from the first frame's start to the last one's end.
    ``url`` is the producer's own, where the footage is sent by it. ``notes`` say what was changed in the file that is
    sent; ``changed`` is that file's SHA-256 then. ``audio`` describes its sound; empty where it has none.
    """

    name: str
    sha256: str
    media_type: str
    suffix: str
    width: int
    height: int
    frames: int
    fps: Fraction
    seconds: Fraction
    bytes: int
    path: Path | None = None
    url: str | None = field(default=None, repr=False)
    notes: tuple[str, ...] = ()
    changed: str = ""
    audio: str = ""

    @property
    def content(self) -> str:
        """SHA-256 of the file that is sent."""
        return self.changed or self.sha256


class Sized(Protocol):
    """Anything with a name, and a width and height in pixels."""

    @property
    def name(self) -> str: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...


def ratio_note(asset: Sized, aspect_ratio: str, called: str = "") -> str | None:
    """A note on how much of an asset is lost in a frame of ``aspect_ratio`` (``16:9``); None for about the same shape.

    ``called`` replaces the asset's name in the note. Luma does not document whether it cuts or adds bars: the note says
    both.
    """
    across, down = (int(part) for part in aspect_ratio.split(":"))
    own, wanted = asset.width / asset.height, across / down
    lost = 1 - min(own, wanted) / max(own, wanted)
    if lost <= SAME_SHAPE:
        return None
    side, bars = ("width", "above and below") if own > wanted else ("height", "left and right")
    named = called or f"'{asset.name}'"
    return (
        f"asset {named} is {asset.width}×{asset.height}: at {aspect_ratio}, {lost:.0%} of its {side} is cut "
        f"off, or bars stand {bars}"
    )
