"""Clips made from clips: restyled, in another shape, larger, or with a sound.

Used by other routes: ``modify``, ``reframe``, ``upscale`` and ``add_sound`` each write the clip of a score to ``out``
and return a picture of it. Every score has ``inputs.source`` (``{kind: clip, path}``); in addition it needs

modify          prompt, mode (one of look.MODES), at_most (a tier); inputs.first_frame may show the look
reframe_video   prompt, aspect_ratio, placement, at_most; inputs.first_frame may show the area outside
upscale         width, height
audio           sound (what to hear), not (what to leave out)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from luma_sandbox import footage, sizes, soundtrack
from luma_sandbox.encoder import encode, watched
from luma_sandbox.footage import Facts
from luma_sandbox.picture import look
from luma_sandbox.picture.outpaint import Outpaint, place
from luma_sandbox.picture.planes import Picture
from luma_sandbox.stills import ground_of, opened, take_of

OnFrame = Callable[[], None]


def modify(score: Mapping[str, Any], out: Path, on_frame: OnFrame) -> Picture:
    """The source's footage and motion in another look; later modes change it more."""
    source, facts = _source(score)
    size = sizes.edited((facts.width, facts.height), score["at_most"])
    hand = look.look(score["prompt"], look.strength(score["mode"]), size, _first_frame(score), take=take_of(score))
    return _written(map(hand.over, footage.pictures(source, size)), size, facts, out, on_frame)


def reframe(score: Mapping[str, Any], out: Path, on_frame: OnFrame) -> Picture:
    """The source's footage in another shape, painted on beyond its edges."""
    source, facts = _source(score)
    shape = footage.even(facts.width, facts.height)
    size = sizes.of(sizes.tier_of(shape, score["at_most"]), score["aspect_ratio"])
    around = Outpaint(
        size, place(shape, size, score["placement"]), score["prompt"], _first_frame(score), take=take_of(score)
    )
    return _written(map(around.over, footage.pictures(source)), size, facts, out, on_frame)


def upscale(score: Mapping[str, Any], out: Path, on_frame: OnFrame) -> Picture:
    """The same footage with more pixels, and with its sound where it has one."""
    source, facts = _source(score)
    size, target = footage.even(facts.width, facts.height), (score["width"], score["height"])
    silent = out.with_suffix(f".silent{out.suffix}") if facts.sound else out
    kept = _Kept(footage.pictures(source), facts)
    try:
        encode(watched(kept.pictures(), on_frame), size, target, silent)
        if facts.sound:
            soundtrack.carry_over(silent, source, out)
    finally:
        if silent != out:
            silent.unlink(missing_ok=True)
    return kept.picture()


def add_sound(score: Mapping[str, Any], out: Path, on_frame: OnFrame) -> Picture:
    """The same footage, unchanged to the bit, with a sound made for it."""
    source, facts = _source(score)
    on_frame()
    soundtrack.add(source, soundtrack.compose(score["sound"], score["not"], facts.seconds, take_of(score)), out)
    kept = _Kept(footage.pictures(source), facts)
    for _ in kept.pictures():
        on_frame()
    return kept.picture()


class _Kept:
    """An iterator over pictures that keeps one of them as the poster."""

    def __init__(self, pictures: Iterator[Picture], facts: Facts) -> None:
        self._pictures = pictures
        self._wanted = round(facts.frames * 0.6)
        self._picture: Picture | None = None

    def pictures(self) -> Iterator[Picture]:
        for number, picture in enumerate(self._pictures):
            if number <= self._wanted:
                self._picture = picture
            yield picture

    def picture(self) -> Picture:
        if self._picture is None:
            raise ValueError("a clip without a picture")
        return self._picture


def _written(pictures: Iterator[Picture], size: tuple[int, int], facts: Facts, out: Path, on_frame: OnFrame) -> Picture:
    kept = _Kept(pictures, facts)
    encode(watched(kept.pictures(), on_frame), size, size, out)
    return kept.picture()


def _source(score: Mapping[str, Any]) -> tuple[Path, Facts]:
    path = Path(score["inputs"]["source"]["path"])
    return path, footage.examine(path)


def _first_frame(score: Mapping[str, Any]) -> Image.Image | None:
    reference = score["inputs"].get("first_frame")
    return opened(reference, ground_of(score)) if reference is not None else None
