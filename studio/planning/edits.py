"""Modified footage: clips of an asset, or of another scene, made again in another look."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import ceil

from studio.assets import SeedFootage, source_key
from studio.errors import BadInput
from studio.planning.context import PlanningContext
from studio.planning.plan import FPS, Shot
from studio.planning.shots import dynamic_of, guides_of, shot_of
from studio.planning.stills import anchored_start
from studio.production import Scene
from studio.providers.models import TIER_PIXELS, VideoModel, smaller, tier_of
from studio.providers.shot_request import Operation, Source

DEFAULT_STRENGTH = "flex_1"


def edited(context: PlanningContext, scene: Scene) -> tuple[Shot, ...]:
    """The modified clips of a scene: one for each clip of its source, of the same length."""
    model = context.model(scene)
    start = context.image(context.production.start_image_of(scene)) or anchored_start(context, scene)
    guides, plain = guides_of(context, scene), not (scene.auto_controls or scene.controls)
    strength = scene.strength or (DEFAULT_STRENGTH if plain else "")
    shots = []
    sources = _footage(context, scene)
    for number, (source, seconds, tier) in enumerate(sources, 1):
        _check_length(scene, model, seconds)
        _check_guides(scene, len(sources), seconds)
        name = scene.id if len(sources) == 1 else f"{scene.id}.{number}"
        # Where no resolution can be asked for, the result has its source's size.
        asked = tier if model.edit_most else context.production.resolution_of(scene)
        price = context.prices.of(model.api).quote_edit(
            model.name, asked, ceil(seconds * FPS), dynamic=dynamic_of(scene)
        )
        resolution = smaller(asked, model.edit_most) if model.edit_most else asked
        shot = shot_of(context, scene, name, seconds, price)
        options = replace(
            shot.options, strength=strength, auto_controls=scene.auto_controls,
            controls=None if scene.controls is None else scene.controls.as_asked(),
        )  # fmt: skip
        shots.append(context.add(replace(
            shot, operation=Operation.MODIFY, source=source, start=start, resolution=resolution, guides=guides,
            options=options,
        )))  # fmt: skip
    return tuple(shots)


def _footage(context: PlanningContext, scene: Scene) -> list[tuple[Source, Fraction, str]]:
    """The clips that a scene modifies: each one's source, seconds and tier."""
    asset = context.production.footage_of(scene)
    if asset is not None:
        seed = context.seeds[source_key(asset)]
        assert isinstance(seed, SeedFootage)  # noqa: S101 - looked at as footage
        return [(Source("footage", seed.sha256), seed.seconds, tier_of(seed.width, seed.height))]
    found = []
    model = context.model(scene)
    for shot in context.made[scene.modify or ""]:
        by_id = model.edits_by_id and shot.api == model.api and not shot.generation
        tier = shot.tier if shot.tier in TIER_PIXELS else "540p"
        found.append((Source("shot" if by_id else "clip", shot.id), shot.seconds, tier))
    return found


def _check_guides(scene: Scene, clips: int, seconds: Fraction) -> None:
    """Raises BadInput where a guide lies outside the footage, or the footage is several clips."""
    for number, guide in enumerate(scene.guides, 1):
        where = f"scene '{scene.id}', field 'guides', number {number}"
        if clips > 1:
            raise BadInput(
                f"its footage is {clips} clips, and guides name frames of one clip",
                where=where,
                hint="modify a shorter scene",
            )
        if guide.at > seconds:
            raise BadInput(
                f"{float(guide.at):g} s is after the end of its footage, which lasts {float(seconds):.2f} s",
                where=where, hint="choose a moment in it",
            )  # fmt: skip


def _check_length(scene: Scene, model: VideoModel, seconds: Fraction) -> None:
    if seconds > model.edit_seconds + Fraction(1, FPS):
        raise BadInput(
            f"its footage lasts {float(seconds):.2f} s, and {model.name} changes {model.edit_seconds} s at most",
            where=f"scene '{scene.id}', field 'modify'", hint="cut it shorter first, or choose another model",
        )  # fmt: skip
