"""Productions derived from another: its draft, a final made from the draft, the same film in another shape."""

from __future__ import annotations

from typing import Any, get_args

from studio.errors import BadInput
from studio.production import Production, Scene, parse_production
from studio.production.field_types import AspectRatio
from studio.production.other_language import spoken_in
from studio.production.sounds import words_of
from studio.providers.registry import video_model
from studio.remedies import Option, Place, option, text_of


def as_draft(production: Production) -> Production:
    """The same production at the cheapest tier of each scene's API: no HDR, no sound, nothing upscaled."""
    plain = {"upscale": None, "hdr": False, "exr": False}
    scenes = tuple(
        s if s.clip is not None else s.model_copy(
            update={**_tier(production, s), **plain, "sound": None if words_of(s.sound) else s.sound}
        )
        for s in production.scenes
    )  # fmt: skip
    return production.model_copy(update={"scenes": scenes, "upscale": None}).as_draft()


def finished_draft(production: Production) -> Production:
    """The same production, finished from its draft: the draft's clips upscaled to the resolutions that were asked for.

    A scene whose model's clips cannot be upscaled (ray-3) is made at its own tier.
    """
    scenes, finished, of_draft = [], dict[str, dict[str, Any]](), set[str]()
    for scene in production.scenes:
        if scene.clip is not None:
            scenes.append(scene)
            continue
        tier = _tier(production, scene)
        wanted = production.upscale_of(scene) or production.resolution_of(scene)
        if video_model(production.model_of(scene)).upscales and wanted != tier["resolution"]:
            made = {**tier, "upscale": wanted}
            finished[scene.id] = {name: getattr(scene, name) for name in made}
            scene = scene.model_copy(update=made)
        if tier == {"model": production.model_of(scene), "resolution": production.resolution_of(scene)}:
            of_draft.add(scene.id)
        scenes.append(scene)
    return production.model_copy(update={"scenes": tuple(scenes)}).as_finished_draft(finished, of_draft)


def reframed(production: Production, ratio: str) -> Production:
    """The same film in another shape: every clip is made as before (or is there already), and then reframed.

    It has a slug of its own, so that the films stay apart; the budget is one.
    Raises BadInput for an unknown aspect ratio.
    """
    if ratio not in get_args(AspectRatio):
        known = ", ".join(get_args(AspectRatio))
        raise BadInput(f"{ratio!r} is no aspect ratio", where=Place("reframe"), hint=f"one of {known}")
    slug = f"{production.slug[:56]}-{ratio.replace(':', 'x')}"
    return parse_production({**production.model_dump(mode="json"), "reframe": ratio, "slug": slug}).as_version_of(
        production
    )


def derived(
    production: Production, *, draft: bool = False, from_draft: bool = False, reframe: str = "", language: str = ""
) -> Production:
    """The production with the options of a run applied. Raises BadInput where they contradict each other."""
    if draft and from_draft:
        raise BadInput(
            text_of(option("draft"), " and ", option("from_draft"), " contradict each other"),
            hint="a final is made from the draft: choose one",
        )
    if draft:
        production = as_draft(production)
    elif from_draft:
        production = finished_draft(production)
    if language and _plain(language) != _plain(production.language or ""):
        production = spoken_in(production, language)
    return reframed(production, reframe) if reframe else production


def _plain(language: str) -> str:
    """A language, however its letters and its hyphens are written."""
    return language.strip().replace("_", "-").lower()


def options_of(production: Production) -> tuple[Option, ...]:
    """The options of a run that made this version of a film of what is written."""
    drafted = "draft" if production.is_draft else "from_draft" if production.from_draft else ""
    shape = (option("reframe", production.reframe),) if production.is_reshaped and production.reframe else ()
    spoken = (option("language", production.language),) if production.translated_from else ()
    return (*((option(drafted),) if drafted else ()), *spoken, *shape)


def _tier(production: Production, scene: Scene) -> dict[str, Any]:
    model, resolution = video_model(production.model_of(scene)).draft
    return {"model": model, "resolution": resolution}
