"""Finished films for tests of deliveries: small, with the colour tags that films have, and measured."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from studio.atomic import digest
from studio.delivery.making import Finished
from tests.media.clips import H264, make

BT709 = "range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
PQ = "range=tv:color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc"


def film(
    path: Path, *, frames: int = 36, size: str = "320x180", sound: bool = True, tags: str = BT709,
    encode: tuple[str, ...] = H264, look: str = "null",
) -> Finished:  # fmt: skip
    """A film of a moving test picture, with a tone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = encode[encode.index("-pix_fmt") + 1]
    look = f"{look},format={pixels},setparams={tags}"
    make(path, frames=frames, size=size, sound=sound, encode=encode, look=look)
    return Finished(path, digest(path), frames, Fraction(24))
