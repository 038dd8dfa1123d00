"""Checks of a scene against the abilities of its model, before anything is priced or paid."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from studio.production.field_types import generation_in, shown
from studio.production.locations import Finding
from studio.production.sounds import words_of
from studio.providers.models import VideoModel
from studio.providers.registry import spec_of, still_model, video_model, video_models
from studio.providers.shot_request import Operation

if TYPE_CHECKING:
    from studio.production.model import Production
    from studio.production.scene import Character, Scene

LARGER = ("360p", "540p", "720p", "1080p", "4k")


def abilities(production: Production, scene: Scene) -> Iterator[Finding]:
    """Every setting of a scene that its model, or another field of the scene, does not allow."""
    model = video_model(production.model_of(scene))
    yield from _shape(production, scene, model)
    yield from _offered(scene, model)
    if model.hdr:
        yield from _dynamic_range(production, scene, model)
    if model.guides:
        yield from _guides(production, scene, model)
    if model.controls:
        yield from _controls(scene)
    yield from _reframed(production, scene, model)
    yield from _modified(scene, model)
    yield from _character(production, scene, model)
    yield from _upscale(production, scene)


def generation_ids(production: Production, scene: Scene) -> Iterator[Finding]:
    """Each existing generation that a scene names by a text that is no id of the service that sells its model."""
    spec = spec_of(video_model(production.model_of(scene)).api)
    named = {
        "generation": scene.generation or "", "continue_from": generation_in(scene.continue_from),
        "lead_into": generation_in(scene.lead_into),
    }  # fmt: skip
    for field, said in named.items():
        if said and not spec.may_have(said):
            hint = (
                "write all of it, such as 123e4567-e89b-12d3-a456-426614174000: it is in the report, in costs.csv and "
                "in manifest.json"
            )
            yield Finding((field,), f"{shown(said)} is no id of a generation of {spec.title}", hint)


def _shape(production: Production, scene: Scene, model: VideoModel) -> Iterator[Finding]:
    resolution = production.resolution_of(scene)
    field = "resolution" if scene.resolution or not scene.model else "model"
    if resolution not in model.resolutions:
        able = ", ".join(model.resolutions)
        yield Finding((field,), f"{model.name} makes no {resolution}", f"it makes {able}")
    for ratio in {production.aspect_ratio, production.reframe or production.aspect_ratio} - set(model.aspect_ratios):
        able = ", ".join(model.aspect_ratios)
        yield Finding(("model",), f"{model.name} makes no {ratio} pictures", f"it makes {able}")


def _offered(scene: Scene, model: VideoModel) -> Iterator[Finding]:
    """Checks of fields that only some models support."""
    wants = {
        "guides": bool(scene.guides) > bool(model.guides),
        "auto_controls": scene.auto_controls > model.controls,
        "controls": (scene.controls is not None) > model.controls,
        "source_position": (scene.source_position is not None) > model.placed,
        "hdr": scene.hdr > model.hdr,
        "exr": scene.exr > model.hdr,
        "loop": scene.loop > model.loops,
        "sound": bool(words_of(scene.sound)) > model.sound,
        "upscale": bool(scene.upscale) > model.upscales,
        "modify": bool(scene.modify) > _sells(model, Operation.MODIFY),
    }
    for field in (name for name, missing in wants.items() if missing):
        others = " or ".join(models_with(field))
        yield Finding((field,), f"{model.name} does not do that", f"write model: {others}; or remove it")


def models_with(field: str) -> tuple[str, ...]:
    """The names of the models that support a field of a scene: all of them, unless it takes an ability."""
    able = ABLE.get(field)
    return tuple(model.name for model in video_models().values() if able is None or able(model))


def _sells(model: VideoModel, operation: Operation) -> bool:
    return operation in spec_of(model.api).endpoints


#: Fields of a scene that take an ability of its model.
ABLE: Mapping[str, Callable[[VideoModel], object]] = {
    "guides": lambda model: model.guides, "auto_controls": lambda model: model.controls,
    "controls": lambda model: model.controls, "source_position": lambda model: model.placed,
    "hdr": lambda model: model.hdr, "exr": lambda model: model.hdr, "loop": lambda model: model.loops,
    "sound": lambda model: model.sound, "upscale": lambda model: model.upscales,
    "modify": lambda model: _sells(model, Operation.MODIFY),
}  # fmt: skip


def _dynamic_range(production: Production, scene: Scene, model: VideoModel) -> Iterator[Finding]:
    if scene.exr and not scene.hdr:
        yield Finding(("exr",), "is there without hdr", "add hdr: true")
    if not scene.hdr:
        return
    tiers = model.hdr_resolutions if scene.modify is None else model.edit_hdr
    if production.resolution_of(scene) in set(model.resolutions) - set(tiers):
        yield Finding(("hdr",), f"is made at {' and '.join(tiers)} only", "change resolution")
    if scene.loop:
        yield Finding(("hdr",), "cannot be combined with loop", "remove one")
    seconds, longest = production.duration_of(scene), model.hdr_lengths[-1]
    if scene.modify is None and seconds > longest:
        field = "hdr" if scene.duration is None else "duration"
        told = f"{float(seconds):g} s in HDR: a clip in HDR lasts {longest} s, and cannot be continued by a generation"
        yield Finding((field,), told, f"write at most {longest}; continue it by a scene of its own, or remove hdr")


def _guides(production: Production, scene: Scene, model: VideoModel) -> Iterator[Finding]:
    if not scene.guides:
        return
    fields = ("start_image", "end_image", "continue_from", "lead_into", "character", "loop")
    tied = [f for f in fields if getattr(scene, f)] + _chained(production, scene)
    if tied:
        hint = "a guide at 0 is the first frame: write it so, or remove guides"
        yield Finding(("guides",), f"cannot be combined with {' and '.join(tied)}", hint)
    if len(scene.guides) > model.guides:
        yield Finding(("guides",), f"{len(scene.guides)} are more than {model.guides}", "remove some")
    if scene.modify is None:
        yield from _guides_fit(production, scene, model)
    frames: dict[int, int] = {}
    for j, guide in enumerate(scene.guides):
        if frames.setdefault(round(guide.at * 24), j) != j:
            yield Finding(("guides", j, "at"), "holds the same frame as another guide", "a frame is a 24th of a second")


def _guides_fit(production: Production, scene: Scene, model: VideoModel) -> Iterator[Finding]:
    """Guides of a new clip, whose length is known already; footage is checked when its length has been measured."""
    seconds = production.duration_of(scene)
    if seconds > model.lengths[-1]:
        yield Finding(("guides",), f"need a scene of one clip, of {model.lengths[-1]} seconds at most", "shorten it")
    for j, guide in enumerate(scene.guides):
        if guide.at > seconds:
            yield Finding(
                ("guides", j, "at"), f"{float(guide.at):g} s is after the scene's end", "choose a moment in it"
            )


def _controls(scene: Scene) -> Iterator[Finding]:
    """Checks of the fields that control how modify changes footage."""
    for field in ("auto_controls", "controls"):
        if getattr(scene, field) and scene.modify is None:
            yield Finding((field,), "says how modify works, and there is none", "add modify")
    if scene.controls is not None and not scene.controls.as_asked():
        yield Finding(("controls",), "names no control", "add pose, depth, normals, trajectory or face")
    tied = [field for field in ("strength", "controls") if getattr(scene, field)]
    if scene.auto_controls and tied:
        hint = "with auto_controls the model chooses by itself: remove one"
        yield Finding(("auto_controls",), f"cannot be combined with {' and '.join(tied)}", hint)


def _reframed(production: Production, scene: Scene, model: VideoModel) -> Iterator[Finding]:
    ratio, resolution = production.reframe, production.resolution_of(scene)
    if ratio is None or ratio == production.aspect_ratio:
        return
    if not _sells(model, Operation.REFRAME):
        yield Finding(("model",), f"{model.name} does not reframe", "write another model, or remove reframe")
    if (resolution, ratio) not in model.not_reframed:
        return
    able = [tier for tier in model.resolutions if (tier, ratio) not in model.not_reframed]
    field = "resolution" if scene.resolution else "model"
    told = f"{model.name} does not reframe {resolution} to {ratio} yet"
    yield Finding((field,), told, f"write resolution: {able[-1]}, or remove reframe")


def _chained(production: Production, scene: Scene) -> list[str]:
    """Checks of ``chain`` for a scene that it makes continue the one before."""
    return ["chain"] if scene.continue_from is None and production.parent_of(scene) is not None else []


def _modified(scene: Scene, model: VideoModel) -> Iterator[Finding]:
    if scene.modify is None:
        return
    fields = ["continue_from", "lead_into", "end_image", "loop"] + (["camera"] if model.concepts else [])
    for field in fields:
        if getattr(scene, field):
            yield Finding((field,), "cannot be combined with modify, which keeps the footage's motion", "remove one")


def _character(production: Production, scene: Scene, model: VideoModel) -> Iterator[Finding]:
    character = production.character_of(scene)
    if character is None or scene.generation:
        return
    if not model.still:
        hint = "choose another model, or begin the scene with a picture of them (start_image)"
        yield Finding(("character",), f"{model.name} has no stills to begin the scene with", hint)
        return
    if scene.start_image is not None:
        hint = "the scene's first frame is a still of the character: remove one"
        yield Finding(("start_image",), "stands beside character, and a clip has one first frame", hint)
    yield from _references(character, still_model(model.still).references)


def _references(character: Character, most: int) -> Iterator[Finding]:
    if not character.images and not character.description:
        hint = "add images, or at least a description"
        yield Finding(("character",), f"nobody knows how '{character.id}' looks", hint)
    if len(character.images) > most:
        many = f"'{character.id}' has {len(character.images)} images, and this scene's model takes {most}"
        yield Finding(("character",), many, "remove some")


def _upscale(production: Production, scene: Scene) -> Iterator[Finding]:
    wanted, made = scene.upscale, production.resolution_of(scene)
    if wanted and LARGER.index(wanted) <= LARGER.index(made):
        yield Finding(("upscale",), f"{wanted} is no larger than {made}", "choose a larger one, or remove it")
