"""A scene's clips as they are made: a chain of new ones, changed footage, or an existing generation."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import ceil

from studio.assets import SeedFootage, source_key
from studio.concepts import in_words
from studio.drawing.desk import Desk
from studio.drawing.lengths import chain_lengths, whole_clip
from studio.drawing.sizes import EDIT_MOST, TIER_PIXELS, smaller, tier_of
from studio.drawing.stills import anchored_end, anchored_start
from studio.errors import BadInput
from studio.models import VideoModel
from studio.plan import FPS, Shot, ShotState, Source
from studio.pricing import Quote
from studio.production import Scene
from studio.production.values import is_generation

DEFAULT_STRENGTH = "flex_1"


def clips_of(desk: Desk, scene: Scene) -> tuple[Shot, ...]:
    """The scene's clips, in order. What they are made from is on the desk already."""
    if scene.generation:
        return (_existing(desk, scene),)
    return _edited(desk, scene) if scene.modify is not None else _chain(desk, scene)


def _existing(desk: Desk, scene: Scene) -> Shot:
    model = desk.model(scene)
    seconds = whole_clip(model.lengths, desk.production.duration_of(scene))
    shot = _shot(desk, scene, scene.id, Fraction(seconds), _quote(desk, scene, seconds))
    return desk.add(
        replace(shot, generation=scene.generation, state=ShotState.PINNED, loop=scene.loop, hdr=False, exr=False)
    )


def _chain(desk: Desk, scene: Scene) -> tuple[Shot, ...]:
    model, wanted = desk.model(scene), desk.production.duration_of(scene)
    start, end = _start(desk, scene), _end(desk, scene)
    framed = start is not None or scene.character is not None
    lengths = chain_lengths(model, wanted, lambda n: _quote(desk, scene, n).usd, framed=framed, ends=end is not None)
    if scene.loop:
        lengths = (whole_clip(model.loop_lengths, wanted),)
    if scene.hdr and len(lengths) > 1:
        raise BadInput(
            f"{float(wanted):g} seconds in HDR are more than one clip, and an HDR clip cannot be continued",
            where=f"scene '{scene.id}', field 'duration'", hint=f"at most {model.lengths[-1]} seconds; or remove hdr",
        )  # fmt: skip
    if start is None:
        start = anchored_start(desk, scene)
    anchor = anchored_end(desk, scene, clips=len(lengths))
    end = end or anchor
    guides = tuple((round(guide.at * FPS), _guide(desk, guide.image)) for guide in scene.guides)
    shots: list[Shot] = []
    for number, seconds in enumerate(lengths, 1):
        name = scene.id if len(lengths) == 1 else f"{scene.id}.{number}"
        shot = _shot(desk, scene, name, Fraction(seconds), _quote(desk, scene, seconds))
        first = start if number == 1 else Source("shot", shots[-1].id)
        last = end if number == len(lengths) else None
        shots.append(desk.add(replace(shot, start=first, end=last, loop=scene.loop, guides=guides)))
    return tuple(shots)


def _edited(desk: Desk, scene: Scene) -> tuple[Shot, ...]:
    """Footage that is changed: one clip for each clip of its source, of the same length."""
    model = desk.model(scene)
    start = desk.image(desk.production.start_image_of(scene)) or anchored_start(desk, scene)
    shots = []
    sources = _footage(desk, scene)
    for number, (source, seconds, tier) in enumerate(sources, 1):
        _check_length(scene, model, seconds)
        name = scene.id if len(sources) == 1 else f"{scene.id}.{number}"
        # The first API has no resolution to ask for: what comes back has its source's size.
        by_source = model.api == "dream-machine"
        asked = tier if by_source else desk.production.resolution_of(scene)
        price = desk.prices.quote_edit(model.name, asked, ceil(seconds * FPS), hdr=scene.hdr)
        resolution = smaller(asked, EDIT_MOST) if by_source else asked
        shot = _shot(desk, scene, name, seconds, price)
        endpoint = "video_edit" if model.api == "agents" else "modify"
        shots.append(desk.add(replace(
            shot, endpoint=endpoint, source=source, start=start, resolution=resolution,
            strength=scene.strength or DEFAULT_STRENGTH,
        )))  # fmt: skip
    return tuple(shots)


def _footage(desk: Desk, scene: Scene) -> list[tuple[Source, Fraction, str]]:
    """What a scene changes: the source, its seconds, its tier."""
    asset = desk.production.footage_of(scene)
    if asset is not None:
        seed = desk.seeds[source_key(asset)]
        assert isinstance(seed, SeedFootage)  # noqa: S101 - looked at as footage
        return [(Source("footage", seed.sha256), Fraction(seed.frames) / seed.fps, tier_of(seed.width, seed.height))]
    found = []
    api = desk.model(scene).api
    for shot in desk.made[scene.modify or ""]:
        by_id = api == "agents" == shot.api and not shot.generation
        tier = shot.resolution if shot.resolution in TIER_PIXELS else "540p"
        found.append((Source("shot" if by_id else "clip", shot.id), shot.seconds, tier))
    return found


def _check_length(scene: Scene, model: VideoModel, seconds: Fraction) -> None:
    if seconds > model.edit_seconds + Fraction(1, FPS):
        raise BadInput(
            f"its footage lasts {float(seconds):.2f} s, and {model.name} changes {model.edit_seconds} s at most",
            where=f"scene '{scene.id}', field 'modify'", hint="cut it shorter first, or choose another model",
        )  # fmt: skip


def _start(desk: Desk, scene: Scene) -> Source | None:
    parent = desk.production.parent_of(scene)
    if parent is not None:
        return desk.generation(desk.made[parent][-1], desk.model(scene).api, "last")
    if scene.continue_from is not None and is_generation(scene.continue_from):
        return Source("generation", scene.continue_from)
    return desk.image(desk.production.start_image_of(scene))


def _end(desk: Desk, scene: Scene) -> Source | None:
    if scene.lead_into is None:
        return desk.image(desk.production.end_image_of(scene))
    if is_generation(scene.lead_into):
        return Source("generation", scene.lead_into)
    return desk.generation(desk.made[scene.lead_into][0], desk.model(scene).api, "first")


def _guide(desk: Desk, reference: str) -> Source:
    source = desk.image(desk.production.asset(reference))
    assert source is not None  # noqa: S101 - the production was checked
    return source


def _shot(desk: Desk, scene: Scene, name: str, seconds: Fraction, quote: Quote) -> Shot:
    model, camera = desk.model(scene), desk.production.camera_of(scene)
    prompt = desk.production.prompt_of(scene)
    if not model.concepts:
        prompt = in_words(prompt, camera)
    if len(prompt) > model.longest_prompt:
        raise BadInput(
            f"the prompt has {len(prompt)} characters with the camera's words, and {model.name} takes "
            f"{model.longest_prompt}", where=f"scene '{scene.id}', field 'prompt'", hint="shorten it",
        )  # fmt: skip
    return Shot(
        id=name, scene=scene.id, model=model.name, resolution=desk.production.resolution_of(scene),
        aspect_ratio=desk.production.aspect_ratio, seconds=seconds, prompt=prompt, camera=camera, loop=False,
        start=None, end=None, take=desk.take(scene), seller=desk.seller, quote=quote, request={}, api=model.api,
        hdr=scene.hdr, exr=scene.exr,
    )  # fmt: skip


def _quote(desk: Desk, scene: Scene, seconds: int) -> Quote:
    production = desk.production
    return desk.prices.quote(production.model_of(scene), production.resolution_of(scene), seconds, hdr=scene.hdr)
