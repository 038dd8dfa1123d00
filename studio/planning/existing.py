"""Existing generations that a production names, as the service says that they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from studio.production.field_types import generation_in
from studio.providers.models import TIER_PIXELS
from studio.providers.registry import video_models

if TYPE_CHECKING:
    from studio.planning.plan import Plan


@dataclass(frozen=True)
class Named:
    """A generation that a scene names: its id, its API, and the place that names it, as errors name places."""

    api: str
    id: str
    scene: str
    field: str

    @property
    def where(self) -> str:
        return f"scene '{self.scene}', field '{self.field}'"


@dataclass(frozen=True)
class Facts:
    """An existing generation as its service, or its file, says that it is. A field is empty or None where neither does.

    ``model`` is our name for its model, or the service's; ``resolution`` a tier; ``seconds`` and the size in pixels are
    of the file where that is here, else of the request. ``prompt``: the words that it was asked for with.
    """

    state: str
    model: str = ""
    resolution: str = ""
    seconds: Fraction | None = None
    width: int = 0
    height: int = 0
    prompt: str = ""

    @property
    def size(self) -> str:
        """Its size for people: of its file, else its tier."""
        return f"{self.width}×{self.height}" if self.width else self.resolution

    @property
    def tier(self) -> str:
        """The tier of its resolution, by which edits of it are priced; empty where it is unknown."""
        return self.resolution if self.resolution in TIER_PIXELS else ""


def named_in(plan: Plan) -> Iterator[Named]:
    """Every existing generation that the scenes of a plan name, once for each place."""
    drawn = {shot.scene for shot in plan.shots}
    for scene in plan.production.scenes:
        if scene.id not in drawn:
            continue
        api = video_models()[plan.production.model_of(scene)].api
        if scene.generation is not None:
            yield Named(api, scene.generation, scene.id, "generation")
            continue
        for field, reference in (("continue_from", scene.continue_from), ("lead_into", scene.lead_into)):
            if generation := generation_in(reference):
                yield Named(api, generation, scene.id, field)


def our_name(api: str, model: str | None) -> str:
    """Our name for a model by the name that its service has for it, else that name."""
    found = (own.name for own in video_models().values() if own.api == api and own.wire == model)
    return next(found, model or "")
