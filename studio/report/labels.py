"""Short labels for a shot's settings and for what was done to it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from decimal import Decimal
from typing import TypeVar

from studio.providers.registry import find_spec, video_models
from studio.report.formats import opening, seconds
from studio.report.records import RunRecord, ShotRecord
from studio.report.shot_kinds import kind_of

T = TypeVar("T", bound=Hashable)

LONGEST = 48  # letters of a sound's words


def made_with(shots: Iterable[ShotRecord]) -> tuple[str, ...]:
    """Model, size, shape and lengths: ``ray-2 · 720p · 16:9 · 9 + 5 s``, ``photon-1 · still · 16:9``."""
    lengths: dict[str, list[str]] = {}
    for shot in shots:
        size = "still" if kind_of(shot) == "still" else shot.resolution
        of_a_kind = lengths.setdefault(" · ".join([shot.model, size, shot.aspect_ratio]), [])
        if kind_of(shot) != "still":
            of_a_kind.append(seconds(shot.seconds))
    return tuple(f"{form} · {_together(found)} s" if found else form for form, found in lengths.items())


def bought(shot: ShotRecord) -> str:
    """The settings of one shot for a table, with the kind of purchase: ``ray-2 720p 5 s``, ``upscale 720p 5 s``."""
    kind = kind_of(shot)
    if kind == "still":
        return f"{shot.model} still"
    first = {"clip": shot.model, "modify": f"{shot.model} modify", "reframe": f"reframe {shot.aspect_ratio}"}
    return f"{first.get(kind, kind)} {shot.resolution} {seconds(shot.seconds)} s"


def step(shot: ShotRecord) -> str:
    """A label for a version of a clip: ``540p`` for the first, then ``9:16 reframe``, ``720p upscale``,
    ``sound: gulls``."""
    match kind_of(shot):
        case "upscale":
            return f"{shot.resolution} upscale"
        case "reframe":
            return f"{shot.aspect_ratio} reframe"
        case "sound":
            return f"sound: {opening(shot.prompt, LONGEST)}"
        case "modify":
            return f"modified, {shot.resolution}"
        case _:
            return shot.resolution


def price(shot: ShotRecord) -> Decimal:
    """The price of a shot in USD, in this run or in an earlier one."""
    return shot.cost or shot.reused


def tags(shot: ShotRecord) -> tuple[str, ...]:
    """The special settings of a clip: HDR, a loop, how much of its source was changed, how the camera was set."""
    asked = shot.request
    guides = asked.get("guides")
    found = (
        "HDR" if asked.get("hdr") else "",
        "loop" if asked.get("loop") else "",
        f"modify {asked['mode']}" if kind_of(shot) == "modify" and asked.get("mode") else "",
        f"{len(guides)} guide{'s' if len(guides) > 1 else ''}" if isinstance(guides, list | tuple) and guides else "",
        "camera told in the prompt" if shot.camera and _without_concepts(shot) else "",
    )
    return tuple(tag for tag in found if tag)


def _without_concepts(shot: ShotRecord) -> bool:
    model = video_models().get(shot.model)
    return model is not None and not model.concepts


def apis(record: RunRecord) -> tuple[str, ...]:
    """The APIs that made the run's shots, by Luma's names."""
    return once(api_name(shot) for shot in record.shots)


def api_name(shot: ShotRecord) -> str:
    """The API that a shot is from, by the name that Luma gives it."""
    spec = find_spec(shot.api)
    return shot.api if spec is None else spec.label


def once(texts: Iterable[T]) -> tuple[T, ...]:
    """The texts that are not empty, without duplicates, in order."""
    return tuple(dict.fromkeys(text for text in texts if text))


def _together(lengths: list[str]) -> str:
    alike = len(lengths) > 1 and len(set(lengths)) == 1
    return f"{len(lengths)} × {lengths[0]}" if alike else " + ".join(lengths)
