"""Re-encoding of a picture for sending: turned, scaled, in 8-bit colours, without metadata, within a number of
bytes."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

from PIL import Image, ImageCms, ImageOps

from studio.assets.derived_files import is_made, write_made
from studio.assets.metadata import strip

SUFFIXES = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp"}
QUALITIES = (95, 90, 85)
SHRINK = 0.8


def render(image: Image.Image, kind: str, stem: Path, *, size: tuple[int, int], most: int) -> Path:
    """Write the file that is sent of a loaded ``image`` to ``stem`` plus a suffix: scaled into ``size`` (as stored,
    before it is turned), at most ``most`` bytes. A file made before is used again if it is undamaged.

    The format stays if the bytes allow; a larger file becomes a JPEG, its transparent parts white.
    """
    for suffix in SUFFIXES.values():
        if is_made(done := stem.with_name(stem.name + suffix)):
            return done
    data, kind = _encoded(image, kind, size, most)
    return write_made(stem.with_name(stem.name + SUFFIXES[kind]), data)


def bare(image: Image.Image, kind: str, stem: Path, part: Path, *, most: int) -> Path:
    """Write the picture in ``part`` without its metadata, named as by ``render``; nothing is encoded."""
    goal = stem.with_name(stem.name + SUFFIXES[kind])
    if is_made(goal):
        return goal
    try:
        data = strip(part.read_bytes(), kind)
        with Image.open(io.BytesIO(data)) as stripped:
            stripped.load()
            sound = stripped.size == image.size and not stripped.getexif()
    except (OSError, ValueError, SyntaxError):
        sound = False  # an odd file that Pillow could read nevertheless
    return write_made(goal, data) if sound else render(image, kind, stem, size=image.size, most=most)


def _encoded(image: Image.Image, kind: str, size: tuple[int, int], most: int) -> tuple[bytes, str]:
    picture = _upright(image, size)
    if kind != "JPEG":
        data = _save(picture, kind, QUALITIES[0])
        if len(data) <= most:
            return data, kind
    picture = _flat(picture)
    while True:
        for quality in QUALITIES:
            data = _save(picture, "JPEG", quality)
            if len(data) <= most:
                return data, "JPEG"
        smaller = (max(1, int(picture.width * SHRINK)), max(1, int(picture.height * SHRINK)))
        picture = picture.resize(smaller, Image.Resampling.LANCZOS)


def _upright(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    picture = _in_eight_bits(image)
    if picture.size != size:
        if picture.mode in ("1", "P") or "transparency" in picture.info:
            picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
        picture = picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    # After scaling, which is faster; the orientation is that of the file.
    orientation = Image.Exif()
    orientation[0x0112] = image.getexif().get(0x0112, 1)
    turned = picture.copy()
    turned.info = {name: picture.info[name] for name in ("icc_profile", "transparency") if name in picture.info}
    turned.info["exif"] = orientation.tobytes()
    turned = ImageOps.exif_transpose(turned)
    turned.info.pop("exif", None)
    return turned


def _in_eight_bits(image: Image.Image) -> Image.Image:
    """The picture in RGB, grey or with a palette. CMYK colours are converted by their own profile."""
    if image.mode in ("1", "L", "LA", "P", "RGB", "RGBA"):
        return image
    if image.mode.startswith("I;16"):
        return image.point(lambda value: value * (1 / 256) + 0).convert("L")
    if image.mode in ("I", "F"):
        return image.point(lambda value: value * (1 / 256) + 0).convert("L")
    profile = image.info.get("icc_profile")
    if image.mode == "CMYK" and profile:
        with contextlib.suppress(ImageCms.PyCMSError, OSError):
            own, screen = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(image, own, screen, outputMode="RGB")
            if converted is not None:
                converted.info = {}
                return converted
    converted = image.convert("RGBA" if image.has_transparency_data else "RGB")
    converted.info.pop("icc_profile", None)
    return converted


def _flat(picture: Image.Image) -> Image.Image:
    """The picture without transparency, on white."""
    if picture.has_transparency_data:
        above = picture.convert("RGBA")
        ground = Image.new("RGBA", above.size, "white")
        ground.alpha_composite(above)
        flat = ground.convert("RGB")
    else:
        flat = picture if picture.mode in ("L", "RGB") else picture.convert("RGB")
    if "icc_profile" in picture.info:
        flat.info["icc_profile"] = picture.info["icc_profile"]
    return flat


def _save(picture: Image.Image, kind: str, quality: int) -> bytes:
    out = io.BytesIO()
    options: dict[str, object] = {"icc_profile": picture.info.get("icc_profile")}
    if kind == "JPEG":
        # An empty comment: otherwise Pillow would write the source's own.
        options |= {"quality": quality, "subsampling": 0, "comment": b"", "exif": b""}
    elif kind == "WEBP":
        options |= {"quality": quality}
    picture.save(out, kind, **options)
    return out.getvalue()
