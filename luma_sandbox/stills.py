"""Stills: a painted scene with its references in it, and stills in another shape.

Used by other routes: ``still(score)`` gives the finished RGB image of a score with ``make`` ``image`` or
``reframe_image``.

image           prompt, width, height, format; inputs ``image_ref.N``, ``style_ref.N``, ``character.N`` and
                ``modify_image_ref.0``, each ``{kind: image | clip, path, weight}``: of a clip its last frame
reframe_image   prompt, width, height, format, placement; inputs ``source``
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from luma_sandbox import footage
from luma_sandbox.picture import gallery, scenery, stage
from luma_sandbox.picture.ground import Ground
from luma_sandbox.picture.look import look
from luma_sandbox.picture.outpaint import Outpaint, place
from luma_sandbox.picture.planes import Picture, cover
from luma_sandbox.reader import FORMATS

QUALITY = 92


def make(score: Mapping[str, Any], out: Path, on_frame: Callable[[], None]) -> Picture:
    """Write the still of a score, and return its picture."""
    image = still(score)
    on_frame()
    if score["format"] == "png":
        image.save(out, "PNG")
    else:
        image.save(out, "JPEG", quality=QUALITY)
    return Picture.from_rgb(image)


def still(score: Mapping[str, Any]) -> Image.Image:
    """The image of a score."""
    size = (score["width"], score["height"])
    if score["make"] == "reframe_image":
        source = opened(score["inputs"]["source"], ground_of(score))
        spot = place(source.size, size, score.get("placement", {}))
        around = Outpaint(size, spot, score["prompt"], take=take_of(score))
        whole = cover(source, footage.even(*source.size))
        return around.over(Picture.from_rgb(whole)).to_rgb()
    ground, characters = _role(score, "modify_image_ref"), [image for image, _ in _role(score, "character")]
    if ground:
        image, weight = ground[0]
        repaint = look(score["prompt"], min(1.0, max(0.05, 1 - weight * 0.9)), size, take=take_of(score))
        picture = repaint.over(Picture.from_rgb(cover(image, size))).to_rgb()
    else:
        scene = scenery.paint(score["prompt"], size, take=take_of(score), figure=bool(characters))
        picture = stage.at_rest(scene).to_rgb()
    picture = gallery.in_the_style_of(picture, _role(score, "style_ref"))
    picture = gallery.stand(picture, characters)
    return gallery.hang(picture, _role(score, "image_ref"))


def take_of(score: Mapping[str, Any]) -> int:
    """The number of a score's take, from 1."""
    return int(score.get("take", 1))


def ground_of(score: Mapping[str, Any]) -> Ground:
    """The ground of a score's pictures with transparent parts."""
    return Ground(score.get("prompt", ""), take_of(score))


def opened(reference: Mapping[str, Any], ground: Ground) -> Image.Image:
    """An input as an RGB image, upright, its transparent parts on a ground; of a clip its last frame."""
    path = Path(reference["path"])
    if reference["kind"] == "clip":
        return footage.edge_frame(path, last=True).to_rgb()
    with Image.open(path, formats=FORMATS) as image:
        image.load()
        return cover(image, upright(image), ground)


def upright(image: Image.Image) -> tuple[int, int]:
    """Width and height of an image as shown, however it is stored."""
    turned = image.getexif().get(0x0112, 1) in (5, 6, 7, 8)
    return (image.height, image.width) if turned else image.size


def _role(score: Mapping[str, Any], role: str) -> list[tuple[Image.Image, float]]:
    """The inputs of a role, in order, with their weights."""
    inputs: Mapping[str, Any] = score.get("inputs", {})
    names = sorted((name for name in inputs if name.startswith(f"{role}.")), key=lambda name: int(name.split(".")[-1]))
    ground = ground_of(score)
    return [(opened(inputs[name], ground), float(inputs[name].get("weight", 0.85))) for name in names]
