"""A film with guide frames: each is shown unchanged at its place, and between them one blends into the next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PIL import Image

from luma_sandbox.picture import film, mood, motion, planes, scenery, stage
from luma_sandbox.picture.caption import caption, not_drawn
from luma_sandbox.picture.motion import STILL, Move, View
from luma_sandbox.picture.planes import Picture
from luma_sandbox.stills import take_of

NEAR = 0.02  # share of the length: a guide frame before it opens the film


def film_of(score: Mapping[str, Any], size: tuple[int, int], guides: list[tuple[int, Image.Image]]) -> film.Film:
    """The film of a score with guide frames at the given frame numbers."""
    frames, take = score["frames"], take_of(score)
    # The grid has one place more than there are frames: its last place is the last frame.
    by_frame = {min(index, frames - 1): image for index, image in sorted(guides, key=lambda guide: guide[0])}
    placed = [(index / (frames - 1), image) for index, image in by_frame.items()]
    acts: list[film.Act] = []
    before, note = 0.0, ""
    if placed[0][0] > NEAR:
        note = not_drawn(mood.read(score["prompt"], take).left)
        acts.append(film.Act(scenery.paint(score["prompt"], size, take=take), motion.across))
    for at, image in placed:
        picture = stage.flat(Picture.from_rgb(planes.cover(image, size)))
        acts.append(film.Act(picture, _resting_at(at), (before, at) if acts else None))
        before = at
    facts = f"{score['model']} · {score['resolution']} · {len(guides)} guide frames"
    facts += f" · take {take}" if take > 1 else ""
    return film.Film(
        acts=tuple(acts),
        move=motion.varied(motion.combine(score["concepts"]), take),
        frames=frames,
        loop=False,
        caption=caption(size, score["prompt"], facts.upper(), note),
        wash=film.wash(size, take),
    )


def _resting_at(at: float) -> Callable[[Move, float], View]:
    """A camera move that shows the picture unmoved at that time, and moves on from there."""

    def path(move: Move, time: float) -> View:
        return motion.from_rest(move, (time - at) / (1 - at)) if time > at else STILL

    return path
