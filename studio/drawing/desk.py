"""What every step of drawing works with: the production, its prices, and the shots that are drawn already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from studio.assets import SeedFootage, SeedImage, source_key
from studio.models import VideoModel, video_model
from studio.plan import Shot, Source
from studio.pricing import PriceTable
from studio.production import Asset, Production, Scene
from studio.requests import named

Seed: TypeAlias = SeedImage | SeedFootage
Seeds: TypeAlias = Mapping[str, Seed]


@dataclass
class Desk:
    """The state of one walk through a production's scenes, parents first. ``seeds``: its assets, by ``source_key``."""

    production: Production
    prices: PriceTable
    seeds: Seeds
    seller: str
    takes: Mapping[str, int]
    shots: dict[str, Shot] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    #: A scene's clips as they are made, and as they stand in the film.
    made: dict[str, tuple[Shot, ...]] = field(default_factory=dict)
    finished: dict[str, tuple[Shot, ...]] = field(default_factory=dict)
    #: Who was seen last at a scene's end, and how many clips ago in a still.
    drift: dict[str, tuple[str, int]] = field(default_factory=dict)

    def add(self, shot: Shot) -> Shot:
        """The shot with its request and key, on the desk."""
        shot = named(shot, lambda shot_id: self.shots[shot_id].key)
        self.shots[shot.id] = shot
        return shot

    def model(self, scene: Scene) -> VideoModel:
        return video_model(self.production.model_of(scene))

    def take(self, scene: Scene) -> int:
        return self.takes.get(scene.id, scene.take)

    def image(self, asset: Asset | None) -> Source | None:
        """A picture that the producer brought."""
        return None if asset is None else Source("image", self.seeds[source_key(asset)].sha256)

    def generation(self, shot: Shot, api: str, frame: str) -> Source:
        """Another shot as where a clip starts (``frame`` last) or ends (first): its generation, or where that is the
        other API's, that frame of its clip."""
        if shot.api != api:
            return Source("last" if frame == "last" else "first", shot.id)
        return Source("generation", shot.generation) if shot.generation else Source("shot", shot.id)
