"""Later versions of a scene's clips for the film: reframed, upscaled, with sound, each a shot of its own."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from studio.errors import BadInput
from studio.planning.context import PlanningContext
from studio.planning.durations import frames_of
from studio.planning.plan import FPS, Shot
from studio.production import Scene
from studio.production.sounds import words_of
from studio.providers.models import TIER_PIXELS, smaller
from studio.providers.registry import video_models
from studio.providers.shot_request import ALL_OFF, FrameOf, Operation, ShotOptions, Source

#: Shapes that differ by a smaller share are equal: frame sizes are whole, even numbers.
SAME_SHAPE = 0.02


def finished(context: PlanningContext, scene: Scene, clips: tuple[Shot, ...]) -> tuple[Shot, ...]:
    """The last version of each clip: it is reframed first, then upscaled, then given its sound. Where the enlarged
    clips are to be reframed, the first two change places."""
    if clips[0].own:
        return clips  # a finished file is fitted to the film where it is joined
    first, then = _reframed, _upscaled
    if context.production.reframe_from == "enlarged":
        first, then = _upscaled, _reframed
    return tuple(_sound(context, scene, then(context, scene, first(context, scene, clip))) for clip in clips)


def _reframed(context: PlanningContext, scene: Scene, clip: Shot) -> Shot:
    ratio = context.production.reframe
    if ratio is None or ratio == context.production.aspect_ratio:
        return clip
    model = context.model(scene)
    if clip.seconds > model.reframe_seconds + Fraction(1, FPS):
        raise BadInput(
            f"a clip of {float(clip.seconds):g} s, and {model.name} reframes {model.reframe_seconds} s at most",
            where=f"scene '{scene.id}', field 'reframe'", hint="make the scene of shorter clips, or with another model",
        )  # fmt: skip
    resolution = smaller(clip.resolution, model.edit_most) if model.edit_most else clip.resolution
    if _alike(_shape(context, clip), ratio):
        context.notes.append(f"scene '{scene.id}': '{clip.id}' has the shape {ratio} already, and is not reframed")
        return clip
    tier = clip.tier if model.edit_most else clip.resolution  # what is asked for is billed; else what is there
    price = context.prices.of(model.api).quote_reframe(model.name, tier, frames_of(clip.seconds, FPS))
    position = context.production.position_of(scene) if model.placed else None
    by_id = model.edits_by_id and clip.api == model.api and not clip.generation
    return context.add(replace(
        _next(clip, ratio.replace(":", "x")), operation=Operation.REFRAME, aspect_ratio=ratio,
        resolution=resolution, source=Source("shot" if by_id else "clip", clip.id), quote=price,
        options=ShotOptions(position=None if position is None else position.as_asked()),
    ))  # fmt: skip


def _shape(context: PlanningContext, clip: Shot) -> float:
    """Width to height of a clip: an edit has that of its source, and a new clip that of its first picture, if its
    model does so."""
    while True:
        frame = clip.source or (clip.start or clip.end if _is_framed(clip) else None)
        if frame is None or clip.generation:
            width, height = map(int, clip.aspect_ratio.split(":"))
            return width / height
        if frame.kind in ("image", "footage") and frame.ref in context.by_hash:
            return context.by_hash[frame.ref].width / context.by_hash[frame.ref].height
        if frame.kind == "frame" and (own := context.shots[FrameOf.of(frame).shot].own) is not None:
            return own.file.width / own.file.height
        if frame.ref not in context.shots:
            width, height = map(int, clip.aspect_ratio.split(":"))
            return width / height
        clip = context.shots[frame.ref]


def _is_framed(clip: Shot) -> bool:
    """True for a clip that takes the shape of its first picture; a still has the shape that was asked for."""
    model = video_models().get(clip.model)
    return model is not None and model.framed


def _alike(shape: float, ratio: str) -> bool:
    width, height = map(int, ratio.split(":"))
    return abs(shape * height / width - 1) < SAME_SHAPE


def _upscaled(context: PlanningContext, scene: Scene, clip: Shot) -> Shot:
    wanted = context.production.upscale_of(scene)
    if wanted is not None and not context.model(scene).upscales:
        context.notes.append(
            f"scene '{scene.id}': clips of {clip.model} cannot be upscaled: it stays {clip.resolution}"
        )
        return clip
    if wanted is None or TIER_PIXELS[wanted] <= TIER_PIXELS[clip.resolution]:
        return clip
    price = context.prices.of(clip.api).quote_upscale(wanted, frames_of(clip.seconds, FPS))
    return context.add(replace(
        _next(clip, "large"), operation=Operation.UPSCALE, resolution=wanted, source=_of(clip), quote=price,
        prompt=clip.prompt,
    ))  # fmt: skip


def _sound(context: PlanningContext, scene: Scene, clip: Shot) -> Shot:
    if not words_of(scene.sound):
        return clip
    price = context.prices.of(clip.api).quote_audio(frames_of(clip.seconds, FPS))
    return context.add(
        replace(
            _next(clip, "sound"), operation=Operation.SOUND, source=_of(clip), prompt=words_of(scene.sound), quote=price
        )
    )


def _next(clip: Shot, step: str) -> Shot:
    """A later version of a clip, before its operation is filled in."""
    return replace(
        clip, id=f"{clip.id}.{step}", finishes=clip.id, start=None, end=None, references=(), guides=(),
        options=ALL_OFF, generation=None, facts=None,
    )  # fmt: skip


def _of(clip: Shot) -> Source:
    return Source("generation", clip.generation) if clip.generation else Source("shot", clip.id)
