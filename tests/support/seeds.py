"""Seed assets for tests: pictures built by Pillow, and sources as a production names them."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from PIL import ExifTags, Image

from studio.assets import SeedFootage, SeedImage, look_at

RED, BLUE = (220, 20, 20), (20, 20, 220)


@dataclass(frozen=True)
class Source:
    """An asset as a production names it."""

    id: str = "seed"
    path: str | None = None
    url: str | None = None
    kind: str | None = None


def halves(width: int = 160, height: int = 90, mode: str = "RGB") -> Image.Image:
    """A picture that is red on its left and blue on its right."""
    picture = Image.new("RGB", (width, height), RED)
    picture.paste(BLUE, (width // 2, 0, width, height))
    return picture.convert(mode)


def encoded(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def phone_exif(orientation: int = 1) -> Image.Exif:
    """The EXIF of a telephone: orientation, maker, and place."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Make] = "Camera Works"
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    gps[ExifTags.GPS.GPSLatitudeRef] = "N"
    gps[ExifTags.GPS.GPSLatitude] = (52.0, 31.0, 12.0)
    return exif


async def look(source: Source, folder: Path, *, footage: bool = False, answer: Any = None) -> SeedImage | SeedFootage:
    """Look at one asset. ``answer``: a server's answer for its URL."""
    transport = None if answer is None else httpx.MockTransport(answer)
    async with httpx.AsyncClient(transport=transport, trust_env=False) as client:
        wanted = {"it"} if footage else set()
        return (await look_at({"it": source}, client=lambda: client, folder=folder, footage=wanted))["it"]


async def look_at_bytes(data: bytes, tmp_path: Path, *, name: str = "seed.bin", footage: bool = False) -> Any:
    """Look at a local file of these bytes, whose name tells nothing."""
    file = tmp_path / name
    file.write_bytes(data)
    return await look(Source(path=str(file)), tmp_path / "kept", footage=footage)
