"""Reference images in a still: as prints in the scene, as its colours, and as a character."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from luma_sandbox.picture.noise import chance
from luma_sandbox.picture.planes import cover

Weighted = tuple[Image.Image, float]
FINE = 2


def hang(still: Image.Image, references: list[Weighted]) -> Image.Image:
    """Show the references as small paintings along the foot of the picture; the heavier, the larger."""
    unit, left = min(still.size), still.width * 0.045
    room = still.width * 0.91 / max(1, len(references))
    for number, (image, weight) in enumerate(references):
        upright = cover(image, image.size)
        ratio = min(1.6, max(0.65, upright.width / upright.height))
        tall = unit * (0.15 + 0.19 * weight)
        tall = min(tall, room * 0.86 / ratio)
        size = (max(8, round(tall * ratio)), max(8, round(tall)))
        card = _framed(_painted(cover(upright, size)), round(unit * 0.010))
        turned = card.rotate(float(chance("hang", number).uniform(-3.5, 3.5)), Image.Resampling.BICUBIC, expand=True)
        place = (round(left), round(still.height * 0.955 - turned.height))
        _drop(still, turned, place, unit)
        left += turned.width + unit * 0.03
    return still


def stand(still: Image.Image, faces: list[Image.Image]) -> Image.Image:
    """Show the character: a half-length figure in front, painted from the first image, the others as medallions
    beside it."""
    if not faces:
        return still
    unit = min(still.size)
    tall = round(min(unit * 0.78, still.height * 0.6))
    wide = round(tall * 0.82)
    mask = _bust((wide, tall), round(unit * 0.004) + 1)
    figure = _painted(cover(faces[0], (wide, tall)))
    # Lit as the picture is: with a little of its mean colour.
    air = Image.new("RGB", figure.size, still.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0)))
    figure = Image.blend(figure, air, 0.12)
    place = (round(still.width * 0.63 - wide / 2), still.height - tall)
    shade = Image.new("L", still.size, 0)
    shade.paste(mask.point([level // 2 for level in range(256)]), (place[0] - unit // 60, place[1]))
    still.paste((8, 8, 14), (0, 0, *still.size), shade.filter(ImageFilter.GaussianBlur(unit * 0.02)))
    rim = Image.new("L", still.size, 0)
    rim.paste(mask, (place[0] + max(2, unit // 220), place[1] - max(1, unit // 300)))
    still.paste((255, 236, 204), (0, 0, *still.size), rim.point([level * 5 // 8 for level in range(256)]))
    still.paste(figure, place, mask)
    size = round(unit * 0.13)
    for number, face in enumerate(faces[1:]):
        round_mask = Image.new("L", (size * FINE, size * FINE), 0)
        ImageDraw.Draw(round_mask).ellipse((2, 2, size * FINE - 3, size * FINE - 3), fill=255)
        ring = round(size * 1.08)
        spot = (round(still.width - size * 1.5), round(still.height * 0.12 + number * size * 1.25))
        gap = (ring - size) // 2
        still.paste((244, 226, 184), (spot[0] - gap, spot[1] - gap), round_mask.resize((ring, ring)))
        still.paste(_painted(cover(face, (size, size))), spot, round_mask.reduce(FINE))
    return still


def in_the_style_of(still: Image.Image, references: list[Weighted]) -> Image.Image:
    """The picture with the colours of the references: mean and spread of each channel, by their weights."""
    for image, weight in references:
        model = np.asarray(cover(image, (256, 256)).convert("YCbCr"), np.float32).reshape(-1, 3)
        pixels = np.asarray(still.convert("YCbCr"), np.float32)
        mean, spread = pixels.mean((0, 1)), pixels.std((0, 1)) + 1e-3
        gain = np.clip((model.std(0) + 2) / spread, 0.4, 2.2)
        moved = (pixels - mean) * gain + model.mean(0)
        share = weight * np.array([0.55, 1.0, 1.0], np.float32)
        mixed = np.clip(pixels + share * (moved - pixels) + 0.5, 0, 255).astype(np.uint8)
        still = Image.fromarray(mixed, "YCbCr").convert("RGB")
    return still


def _painted(image: Image.Image) -> Image.Image:
    """An image with the sandbox's soft brush."""
    broad = max(1, min(image.size) // 260)
    small = image.reduce(broad) if broad > 1 else image
    return small.filter(ImageFilter.MedianFilter(3)).resize(image.size, Image.Resampling.BICUBIC)


def _framed(image: Image.Image, edge: int) -> Image.Image:
    """A print on white card with a dark slim frame."""
    mat = max(2, edge)
    slim = max(1, edge // 3)
    card = Image.new("RGBA", (image.width + 2 * (mat + slim), image.height + 2 * (mat + slim)), (34, 26, 22, 255))
    card.paste((246, 242, 232, 255), (slim, slim, card.width - slim, card.height - slim))
    card.paste(image, (mat + slim, mat + slim))
    return card


def _drop(still: Image.Image, card: Image.Image, place: tuple[int, int], unit: int) -> None:
    """Place a card on the picture, with its shadow."""
    cover_mask = card.getchannel("A")
    shadow = Image.new("L", still.size, 0)
    shadow.paste(
        cover_mask.point([level * 5 // 9 for level in range(256)]), (place[0] + unit // 90, place[1] + unit // 70)
    )
    still.paste((6, 6, 10), (0, 0, *still.size), shadow.filter(ImageFilter.GaussianBlur(unit * 0.012)))
    still.paste(card.convert("RGB"), place, cover_mask)


def _bust(size: tuple[int, int], soft: int) -> Image.Image:
    """Head and shoulders."""
    width, height = size[0] * FINE, size[1] * FINE
    mask = Image.new("L", (width, height), 0)
    draw = ImageDraw.Draw(mask)
    draw.ellipse((width * 0.30, height * 0.03, width * 0.70, height * 0.56), fill=255)
    draw.rectangle((width * 0.40, height * 0.45, width * 0.60, height * 0.70), fill=255)
    draw.rounded_rectangle((width * 0.06, height * 0.64, width * 0.94, height * 1.5), radius=width * 0.24, fill=255)
    return mask.reduce(FINE).filter(ImageFilter.GaussianBlur(soft))
