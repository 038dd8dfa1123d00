"""Rendering of a score to a file.

A score is a plain dictionary. ``make`` is the kind of file (``video`` where it is missing), ``out`` and ``poster`` are
the paths to write to, ``inputs`` are the media it is made from, each as ``{kind: image | clip, path}``. The same score
makes the same bytes; it holds no ids and no URLs. Fields by kind:

video          prompt, model, resolution, width, height, frames, concepts, loop, and the keyframes start and end;
               ``extension: parent_plus_new`` puts the parent's footage in front of (or behind) the new;
               ``coarse``: drawn small and enlarged, for a third of the work;
               ``drift``: by how much the colours are off those of the frame that it begins on;
               ``told``, in a keyframe: the prompts of its clip and of those before that;
               ``take``, from 2 on: the same once more, placed otherwise by chance (see takes.py)
image          see luma_sandbox/stills.py
modify, reframe_video, upscale, audio    see luma_sandbox/edits.py
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from PIL import Image

from luma_sandbox import edits, footage, render_cache, stills
from luma_sandbox.atomic import atomic
from luma_sandbox.encoder import encode, watched
from luma_sandbox.picture import drift, film, mood, motion, planes, scenery, stage
from luma_sandbox.picture.caption import caption, not_drawn
from luma_sandbox.picture.ground import Ground
from luma_sandbox.picture.planes import Picture
from luma_sandbox.reader import FORMATS

DRAWN_AT_MOST = 2560 * 1440  # pixels; a larger clip is drawn at half its size and enlarged
COARSE_AT_MOST = 256 * 144  # the same for a coarse clip, which is halved until it fits
POSTER_WIDTH = 640


def render(score: Mapping[str, Any], on_frame: Callable[[], None] = lambda: None) -> str:
    """Make the file of a score, and return its SHA-256. ``on_frame`` is called before each frame and may raise."""
    out, poster = Path(score["out"]), Path(score["poster"])
    key = render_cache.key_of(score) if render_cache.folder() is not None else None
    if not out.exists() and not (key and render_cache.fetch(key, score)):
        with atomic(out) as part:
            _keep_poster(MAKERS[score.get("make", "video")](score, part, on_frame), poster)
        if key:
            render_cache.keep(key, score)
    return hashlib.sha256(out.read_bytes()).hexdigest()


def clip(score: Mapping[str, Any], out: Path, on_frame: Callable[[], None]) -> Picture:
    """Make a new clip, and return a picture of it."""
    work = compose(score)
    on_frame()
    size = work.acts[0].stage.size
    run: Iterable[Picture] = work.run()
    if score.get("extension") == "parent_plus_new":
        start, end = score["start"], score["end"]
        parents = [frame is not None and frame["kind"] == "clip" for frame in (start, end)]
        if parents == [True, False]:
            run = itertools.chain(_filling(Path(start["path"]), size), run)
        elif parents == [False, True]:
            run = itertools.chain(run, _filling(Path(end["path"]), size))
    encode(watched(run, on_frame), size, (score["width"], score["height"]), out, quick=_coarse(score))
    return work.frame(round(work.frames * 0.6), captioned=False)


def compose(score: Mapping[str, Any]) -> film.Film:
    """The film of a clip, ready to be drawn."""
    size = _drawn(score)
    take, move = stills.take_of(score), motion.combine(score["concepts"])
    before = told_before(score["start"]) or told_before(score["end"])
    ground = Ground(score["prompt"], take)
    start = _keyframe(score["start"], size, ground, last=True)
    end = _keyframe(score["end"], size, ground, last=False)
    # An image to be animated stays the picture; a continuation moves on to a scene of its own.
    scene, note = None, ""
    if paints(score["start"], score["end"]):
        scene = scenery.paint(score["prompt"], size, loop=score["loop"], take=take, before=before)
        note = not_drawn(mood.read(score["prompt"], take, before).left)
    facts = " · ".join([score["model"], score["resolution"], *(key.replace("_", " ") for key in score["concepts"])])
    facts += f" · take {take}" if take > 1 else ""
    acts = film.acts(start, scene, end, loop=score["loop"])
    amount = float(score.get("drift", 0)) if score["start"] is not None else 0.0
    if amount:  # what a continuation shows later has the colours that its chain has come to
        of_chain = tuple(drift.of_chain(amount, told_before(score["start"])))
        acts = tuple(replace(act, drifts=of_chain) if act.stage is scene else act for act in acts)
    return film.Film(
        acts=acts,
        move=motion.varied(move, take) if scene is None else move,
        frames=score["frames"],
        loop=score["loop"],
        caption=caption(size, score["prompt"], facts.upper(), note),
        wash=film.wash(size, take),
        drift=drift.drift(amount, *told_before(score["start"])[-1:], score["prompt"]) if amount else None,
    )


def paints(start: Mapping[str, Any] | None, end: Mapping[str, Any] | None) -> bool:
    """True if a new clip shows a scene of its prompt: not where a picture, or two clips, decide what is seen."""
    return start is None or (start["kind"] == "clip" and end is None)


def told_before(frame: Mapping[str, Any] | None) -> tuple[str, ...]:
    """The prompts of the clip that a frame belongs to, and of those that it continues, the oldest first."""
    return tuple(frame.get("told", ())) if frame is not None else ()


def _coarse(score: Mapping[str, Any]) -> bool:
    return bool(score.get("coarse"))


def _drawn(score: Mapping[str, Any]) -> tuple[int, int]:
    """The size at which a clip is drawn: its own, or halved once or more; even, for the half-size planes."""
    width, height = score["width"], score["height"]
    most = COARSE_AT_MOST if _coarse(score) else DRAWN_AT_MOST
    while width * height > most:
        width, height = width // 4 * 2, height // 4 * 2
    return width, height


def _keyframe(
    frame: Mapping[str, Any] | None, size: tuple[int, int], ground: Ground, *, last: bool
) -> stage.Stage | None:
    if frame is None:
        return None
    path = Path(frame["path"])
    if frame["kind"] == "image":
        with Image.open(path, formats=FORMATS) as image:
            return stage.flat(Picture.from_rgb(planes.cover(image, size, ground)))
    picture = footage.edge_frame(path, last=last)
    if picture.size != size:
        picture = _fitted(picture, size)
    return stage.flat(picture)


def _fitted(picture: Picture, size: tuple[int, int]) -> Picture:
    """A frame of another size, scaled to fill this one and cropped."""
    width, height = picture.size
    scale = min(width / size[0], height / size[1])
    left, top = (width - size[0] * scale) / 2, (height - size[1] * scale) / 2
    return picture.view((left, top, left + size[0] * scale, top + size[1] * scale), size)


def _filling(path: Path, size: tuple[int, int]) -> Iterable[Picture]:
    """A parent's footage, scaled to fill a frame of that size."""
    for picture in footage.pictures(path):
        yield picture if picture.size == size else _fitted(picture, size)


def _keep_poster(picture: Picture, place: Path) -> None:
    image = picture.to_rgb()
    image.thumbnail((POSTER_WIDTH, POSTER_WIDTH))
    with atomic(place) as part:
        image.save(part, "JPEG", quality=86)


Maker = Callable[[Mapping[str, Any], Path, Callable[[], None]], Picture]
MAKERS: dict[str, Maker] = {
    "video": clip,
    "image": stills.make,
    "reframe_image": stills.make,
    "modify": edits.modify,
    "reframe_video": edits.reframe,
    "upscale": edits.upscale,
    "audio": edits.add_sound,
}
