"""Seed images by content, and the file that is sent of each: upright, without metadata, within Luma's limits."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from pathlib import Path

from PIL import ExifTags, Image

from studio.assets.derived_files import keep
from studio.assets.metadata import has_end
from studio.assets.reencode import bare, render
from studio.assets.seeds import SeedImage
from studio.atomic import digest
from studio.errors import AssetError
from studio.file_types import HEAD, FileType, content_of

#: Limits of the image that is sent. A larger one is scaled down and encoded again.
SENT_BYTES = 20 * 1024**2
SENT_SIDE = 8192
SENT_PIXELS = 40_000_000
#: Limit of the image that is decoded: a photograph of the largest cameras takes half a gigabyte of memory.
DECODED_PIXELS = 120_000_000
MIN_SIDE = 64
#: Longer side to shorter side. Luma's widest format is 21:9; of a longer strip almost everything would be cut off.
MAX_RATIO = 5

KINDS = {"PNG": ("image/png", ".png"), "JPEG": ("image/jpeg", ".jpg"), "WEBP": ("image/webp", ".webp")}
PLAIN_MODES = ("1", "L", "LA", "P", "RGB", "RGBA")
#: The entries of a picture's file that stay, since they say how to show it. All others are metadata.
HARMLESS = {
    "jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi", "adobe", "adobe_transform", "progressive",
    "progression", "icc_profile", "gamma", "chromaticity", "srgb", "transparency", "interlace", "aspect",
    "default_image", "loop", "background", "timestamp", "duration",
}  # fmt: skip
BARED = "without its metadata"
EIGHT_BITS = "converted to 8-bit RGB"
USE = "use a PNG, JPEG or WebP image"
PNG_DEPTH = 24  # offset of the byte with a PNG's bits per colour


def examine_image(part: Path, *, where: str, name: str, sha256: str, folder: Path, url: str | None) -> SeedImage:
    """Check the picture in ``part`` and store it, or the file that is sent of it, in ``folder``. May move ``part``.

    Raises AssetError that says what is wrong with it.
    """
    with _opened(part, where) as image:
        kind = "JPEG" if image.format == "MPO" else image.format or ""  # a camera's JPEG with a second picture in it
        width, height = image.size
        _check(image, kind, where)
        size = fitted(width, height)
        if size != (width, height):
            image.draft(None, size)  # a JPEG is decoded at half its size where that is enough
        image.load()
        if kind == "JPEG" and not has_end(part.read_bytes()):
            raise OSError("no end")  # its decoder fills in missing data without an error
        deep = kind == "PNG" and _depth(part) == 16
        if deep:
            _shallow_key(image)
        seen_through = _is_transparent(image)
        turned = image.getexif().get(ExifTags.Base.Orientation, 1) in range(2, 9)
        changes = [
            *(["turned as its EXIF says"] if turned else []),
            *([f"scaled down from {width}×{height}"] if size != (width, height) else []),
            *([f"made smaller than {SENT_BYTES >> 20} MB"] if part.stat().st_size > SENT_BYTES else []),
            *([EIGHT_BITS] if deep or image.mode not in PLAIN_MODES else []),
        ]
        # A picture that is public already has nothing to hide.
        if url is None and (_metadata(image) or image.format == "MPO"):
            changes.append(BARED)
        media_type, suffix = KINDS[kind]
        if not changes:
            kept = keep(part, folder / f"{sha256}{suffix}", sha256)
            return SeedImage(
                name, sha256, media_type, suffix, width, height, kept, url, transparent=seen_through
            )  # fmt: skip
        # Its own file name: earlier versions stored such a picture with 16 bits under the plain one.
        stem = folder / "sent" / (f"{sha256}.8bit" if deep else sha256)
        if changes == [BARED]:
            sent = bare(image, kind, stem, part, most=SENT_BYTES)
        else:
            sent = render(image, kind, stem, size=size, most=SENT_BYTES)
    with Image.open(sent) as made:
        width, height = made.size
        media_type, suffix = KINDS[made.format or ""]
    return SeedImage(
        name, sha256, media_type, suffix, width, height, sent, None, tuple(changes), digest(sent), seen_through
    )  # fmt: skip


def fitted(width: int, height: int) -> tuple[int, int]:
    """The size in pixels at which a picture of this size is sent."""
    share = min(1.0, SENT_SIDE / max(width, height), (SENT_PIXELS / (width * height)) ** 0.5)
    return max(1, int(width * share)), max(1, int(height * share))


def _is_transparent(image: Image.Image) -> bool:
    """True for a picture of which something is seen through, not only could be."""
    if not image.has_transparency_data:
        return False
    least, _ = image.convert("RGBA").getchannel("A").getextrema()
    return isinstance(least, int | float) and least < 255


def _check(image: Image.Image, kind: str, where: str) -> None:
    width, height = image.size
    if kind not in KINDS:
        raise AssetError(f"is a {kind} image", where=where, hint=USE)
    if width * height > DECODED_PIXELS:
        most = f"more than {DECODED_PIXELS // 10**6} million pixels"
        raise AssetError(f"is {width}×{height}: {most}", where=where, hint="scale it down")
    if min(width, height) < MIN_SIDE:
        raise AssetError(
            f"is {width}×{height}: smaller than {MIN_SIDE} pixels", where=where, hint="use a larger picture"
        )
    if max(width, height) > MAX_RATIO * min(width, height):
        raise AssetError(
            f"is {width}×{height}: longer than {MAX_RATIO}:1, which fits no frame of Luma's", where=where,
            hint="cut it to the film's shape",
        )  # fmt: skip
    if image.format != "MPO" and getattr(image, "is_animated", False):
        raise AssetError("is animated", where=where, hint="use one still picture")


def _depth(part: Path) -> int:
    """Bits per colour of a PNG. Pillow opens 16-bit colours as 8-bit ones without saying so."""
    with part.open("rb") as file:
        return file.read(PNG_DEPTH + 1)[PNG_DEPTH]


def _shallow_key(image: Image.Image) -> None:
    """Scale the transparent colour of a 16-bit PNG to the 8 bits in which its colours are read."""
    key = image.info.get("transparency")
    if isinstance(key, int):
        image.info["transparency"] = key >> 8
    elif isinstance(key, tuple):
        image.info["transparency"] = tuple(value >> 8 for value in key)


def picture_name(part: Path) -> str:
    """The name of a kind of picture that Luma does not read (``a PCX image``); empty where the file is no picture."""
    try:
        with warnings.catch_warnings(), Image.open(part) as image:
            return f"a {image.format} image" if image.format else ""
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError):
        return ""


def _cut_short(part: Path) -> bool:
    """True if a picture's file ends before its picture does, as far as its kind shows."""
    data = part.read_bytes()
    type_ = content_of(data[:HEAD]).type
    if type_ is FileType.WEBP:
        return int.from_bytes(data[4:8], "little") + 8 > len(data)
    if type_ is FileType.PNG:
        return b"IEND" not in data[-(1 << 16) :]
    return not has_end(data) or b"\xff\xd9" not in data[-(1 << 16) :]


def _metadata(image: Image.Image) -> bool:
    return bool(set(image.info) - HARMLESS) or bool(image.getexif())


@contextlib.contextmanager
def _opened(part: Path, where: str) -> Iterator[Image.Image]:
    """Open the picture. Errors inside the block become AssetError."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # we check the limit ourselves
        try:
            with Image.open(part) as image:
                yield image
        except Image.DecompressionBombError:
            most = f"has more than {DECODED_PIXELS // 10**6} million pixels"
            raise AssetError(most, where=where, hint="scale it down") from None
        except (
            OSError,
            ValueError,
            SyntaxError,
            EOFError,
        ):  # also where Pillow raised UnidentifiedImageError, if the head is a picture's
            if _cut_short(part):
                fault, hint = (
                    "is a damaged picture: it is cut short",
                    "its download or copy was not finished: fetch it again",
                )
            else:
                fault, hint = "is a damaged picture", "put it there again, or save it anew"
            raise AssetError(fault, where=where, hint=hint) from None
