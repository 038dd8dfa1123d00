"""The parts that all new shots share: prompt, shape, price and options."""

from __future__ import annotations

from fractions import Fraction

from studio.errors import BadInput
from studio.planning.context import PlanningContext
from studio.planning.plan import FPS, Shot
from studio.production import Scene
from studio.providers.pricing import Quote, Range
from studio.providers.registry import spec_of
from studio.providers.shot_request import ShotOptions, Source

#: Options that are not copied from the scene, but set where they apply: to a loop, or to modified footage.
SET_ELSEWHERE = {"camera", "loop", "strength", "auto_controls", "controls", "position"}
COPIED = sorted((ShotOptions.__dataclass_fields__.keys() & Scene.model_fields.keys()) - SET_ELSEWHERE)


def shot_of(context: PlanningContext, scene: Scene, name: str, seconds: Fraction, price: Quote) -> Shot:
    """A new clip of a scene, before its sources are filled in. Raises BadInput where its prompt is too long."""
    model, camera = context.model(scene), context.production.camera_of(scene)
    prompt = context.production.prompt_of(scene)
    if not model.concepts:
        prompt = spec_of(model.api).in_words(prompt, camera)
    if len(prompt) > model.longest_prompt:
        raise BadInput(
            f"the prompt has {len(prompt)} characters with the camera's words, and {model.name} takes "
            f"{model.longest_prompt}", where=f"scene '{scene.id}', field 'prompt'", hint="shorten it",
        )  # fmt: skip
    return Shot(
        id=name, scene=scene.id, model=model.name, resolution=context.production.resolution_of(scene),
        aspect_ratio=context.production.aspect_ratio, seconds=seconds, prompt=prompt,
        start=None, end=None, take=context.take(scene), realm=context.realm, quote=price, request={}, api=model.api,
        options=options_of(scene, camera),
    )  # fmt: skip


def options_of(scene: Scene, camera: tuple[str, ...]) -> ShotOptions:
    """The options of a scene's clips: every field of a scene that is an option of a shot, by the same name."""
    return ShotOptions(camera=camera, **{name: getattr(scene, name) for name in COPIED})


def quote(context: PlanningContext, scene: Scene, seconds: int, *, extends: bool = False, plain: bool = False) -> Quote:
    """The price of a new clip of a scene. ``extends``: it continues a generation; ``plain``: as if it had no HDR."""
    production, dynamic = context.production, "sdr" if plain else dynamic_of(scene)
    return context.prices.of(context.model(scene).api).quote(
        production.model_of(scene), production.resolution_of(scene), seconds, dynamic=dynamic, extends=extends
    )


def dynamic_of(scene: Scene) -> Range:
    """The dynamic range of a scene's clips."""
    return "exr" if scene.exr else "hdr" if scene.hdr else "sdr"


def guides_of(context: PlanningContext, scene: Scene) -> tuple[tuple[int, Source], ...]:
    """The pictures that a scene passes through, by frame."""
    found = []
    for guide in scene.guides:
        source = context.image(context.production.asset(guide.image))
        assert source is not None  # noqa: S101 - the production was checked
        found.append((round(guide.at * FPS), source))
    return tuple(found)
