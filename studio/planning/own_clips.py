"""Scenes that show a finished clip of the producer's: nothing is bought for them, and others may go on from them."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

from studio.assets import ratio_note, source_key
from studio.assets.own_clips import OwnClip, OwnPart
from studio.assets.seeds import SAME_SHAPE
from studio.errors import BadInput
from studio.money import ZERO
from studio.planning.context import PlanningContext
from studio.planning.plan import OWN_CLIP, Shot, ShotState
from studio.production import Scene
from studio.providers.pricing import Quote
from studio.providers.shot_request import FrameOf

LEAST = Fraction(1, 24)  # seconds; a part that is shorter is no frame of the film


def own_clip(context: PlanningContext, scene: Scene) -> Shot:
    """The shot of a scene that shows a finished file, or a part of it. Raises BadInput where that part is not in it."""
    asset = context.production.clip_of(scene)
    assert asset is not None  # noqa: S101 - the production was checked
    part = part_of(context.own_clips[source_key(asset)], scene)
    file = part.file
    shape = Fraction(file.width, file.height)
    return context.add(Shot(
        id=scene.id, scene=scene.id, model=OWN_CLIP, resolution=f"{file.width}×{file.height}",
        aspect_ratio=f"{shape.numerator}:{shape.denominator}", seconds=part.seconds, prompt=scene.prompt, start=None,
        end=None, take=1, realm=context.realm, quote=Quote(ZERO, ""), request={}, api="", own=part,
        state=ShotState.OWN,
    ))  # fmt: skip


def part_of(file: OwnClip, scene: Scene) -> OwnPart:
    """The part of a file that a scene shows, in whole frames. Raises BadInput where the file has no such part."""
    for field, moment in (("in", scene.in_), ("out", scene.out)):
        if moment is not None and moment > file.seconds + LEAST:
            raise BadInput(
                f"{float(moment):g} s is after the end of {file.name}, which lasts {float(file.seconds):.2f} s",
                where=f"scene '{scene.id}', field '{field}'",
                hint=f"choose a moment in it, or remove {field}: the {'start' if field == 'in' else 'end'} of the file",
            )  # fmt: skip
    start = 0 if scene.in_ is None else file.frame(scene.in_)
    end = file.frames if scene.out is None else file.frame(scene.out)
    if start >= end:
        raise BadInput(
            f"nothing of {file.name} is left: of its {file.frames} frames, the part goes from {start} to {end}",
            where=f"scene '{scene.id}', field '{'in' if scene.in_ is not None else 'out'}'",
            hint="a part has one frame at least",
        )
    return OwnPart(file, start, end - start)


def notes_on_own_clips(context: PlanningContext) -> tuple[str, ...]:
    """A note for each scene of which a finished clip loses something: its sound, its shape, or an enlargement."""
    production, notes = context.production, list[str]()
    for scene in production.scenes:
        shot = context.made[scene.id][0] if scene.id in context.made else None
        if shot is None or shot.own is None:
            continue
        file, place = shot.own.file, f"scene '{scene.id}'"
        notes += [f"{place}: {file.name}: {note}" for note in file.notes]
        if production.reframe and production.reframe != production.aspect_ratio:
            crop = fit_of(context, scene) == "crop"
            way, other = ("cut to fill the frame", "pad") if crop else ("shown whole, with bars", "crop")
            across, down = map(int, production.reframe.split(":"))
            if abs(file.width * down / (file.height * across) - 1) >= SAME_SHAPE:
                notes.append(
                    f"{place}: {file.name} is {file.width}×{file.height}: for {production.reframe} it is {way}, at no "
                    f"cost (fit: {other} is the other way)"
                )
        if production.upscale:
            notes.append(
                f"{place}: {file.name} is a finished clip: it is scaled to the film's size at no cost, not upscaled"
            )
        notes += _frames_of(context, shot)
    return tuple(notes)


def _frames_of(context: PlanningContext, clip: Shot) -> list[str]:
    """A note for each shape of clips that begin or end on a frame of a finished clip of another shape."""
    assert clip.own is not None  # noqa: S101 - asked for its shots alone
    users: dict[str, list[str]] = {}
    for shot in context.shots.values():
        if any(s.kind == "frame" and FrameOf.of(s).shot == clip.id for s in shot.sources):
            users.setdefault(shot.aspect_ratio, []).append(f"'{shot.scene}'")
    told = (
        ratio_note(clip.own.file, ratio, f"'{clip.own.file.name}' (a frame for {', '.join(dict.fromkeys(scenes))})")
        for ratio, scenes in users.items()
    )
    return [note for note in told if note]


def fit_of(context: PlanningContext, scene: Scene) -> Literal["pad", "crop"]:
    """The fitting of a clip of another shape: as written, or crop where the film is reframed, else pad."""
    production = context.production
    reframed = production.reframe is not None and production.reframe != production.aspect_ratio
    return scene.fit or ("crop" if reframed else "pad")
