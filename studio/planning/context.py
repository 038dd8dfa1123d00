"""The state that all steps of planning share: the production, its prices, and the shots planned so far."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from typing import TypeAlias

from studio.assets import SeedFootage, SeedImage, source_key
from studio.assets.own_clips import OwnClip
from studio.money import ZERO
from studio.planning.existing import Facts
from studio.planning.keys import named
from studio.planning.plan import SceneEdit, Shot
from studio.planning.sound_edits import NO_SOUNDS, Sounds
from studio.planning.ties import Joined, Ties
from studio.production import Asset, Production, Scene
from studio.providers.models import VideoModel
from studio.providers.pricing import PriceTable
from studio.providers.registry import video_model
from studio.providers.shot_request import FrameOf, Source

Seed: TypeAlias = SeedImage | SeedFootage
Seeds: TypeAlias = Mapping[str, Seed]


@dataclass(frozen=True)
class Materials:
    """The materials of a production: seed assets and finished files by ``source_key``, existing generations, where
    they were looked up, by API and id, and the sounds that are laid under it."""

    seeds: Seeds
    own_clips: Mapping[str, OwnClip] = field(default_factory=dict)
    existing: Mapping[tuple[str, str], Facts] = field(default_factory=dict)
    sounds: Sounds = NO_SOUNDS


@dataclass(frozen=True)
class Choice:
    """The price in USD and the number of a scene's clips: as planned, and with the other choice of lengths."""

    usd: Decimal
    clips: int
    other_usd: Decimal
    other_clips: int


@dataclass
class PlanningContext:
    """The state of planning one production, whose scenes are planned parents first.

    ``seeds``: its assets, by ``source_key``. ``held``: True if the order with a key is bought already; ``familiar``:
    True if any take of a family ever was.
    """

    production: Production
    prices: PriceTable
    seeds: Seeds
    realm: str
    takes: Mapping[str, int]
    held: Callable[[str], bool] = lambda _: False
    familiar: Callable[[str], bool] = lambda _: False
    shots: MutableMapping[str, Shot] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    #: The finished files that scenes show, by ``source_key``; existing generations as they are, by API and id.
    own_clips: Mapping[str, OwnClip] = field(default_factory=dict)
    existing: Mapping[tuple[str, str], Facts] = field(default_factory=dict)
    #: By scene: its clips as they are generated, and as the film uses them.
    made: dict[str, tuple[Shot, ...]] = field(default_factory=dict)
    finished: dict[str, tuple[Shot, ...]] = field(default_factory=dict)
    #: By scene: the character at its end, and the number of clips since the last still of that character.
    drift: MutableMapping[str, tuple[str, int]] = field(default_factory=dict)
    #: By scene: its new clips as planned and with the other choice of lengths, where that differs.
    choices: dict[str, Choice] = field(default_factory=dict)
    ties: Ties = field(default_factory=Ties)
    joined: Joined = field(default_factory=Joined)
    #: By scene: its clips as generated and its cut, where another scene goes on from the frame of that cut.
    cut_at: dict[str, SceneEdit] = field(default_factory=dict)

    def add(self, shot: Shot) -> Shot:
        """Add a shot to the plan. Returns it with its request and key."""
        shot = named(shot, lambda shot_id: self.shots[shot_id].key)
        self.shots[shot.id] = shot
        return shot

    def trial(self) -> PlanningContext:
        """A copy to plan in, whose shots ``keep`` may take over."""
        return replace(self, shots=ChainMap({}, self.shots), drift=ChainMap({}, self.drift), notes=[])

    def keep(self, trial: PlanningContext) -> None:
        """Take over the shots and notes of a trial."""
        self.shots.update(trial.drawn)
        self.drift.update(trial.drift.maps[0] if isinstance(trial.drift, ChainMap) else trial.drift)
        self.notes += trial.notes

    @property
    def drawn(self) -> dict[str, Shot]:
        """The shots that were planned in a trial."""
        return dict(self.shots.maps[0]) if isinstance(self.shots, ChainMap) else dict(self.shots)

    @property
    def to_pay(self) -> Decimal:
        """USD of the shots that were planned in a trial and are not bought yet."""
        return sum((s.quote.usd for s in self.drawn.values() if not s.generation and not self.held(s.key)), ZERO)

    @property
    def begun(self) -> bool:
        """True if any clip that was planned in a trial is bought."""
        return any(self.held(s.key) for s in self.drawn.values() if not s.generation and not s.is_still)

    def model(self, scene: Scene) -> VideoModel:
        return video_model(self.production.model_of(scene))

    def take(self, scene: Scene) -> int:
        return self.takes.get(scene.id, self.production.take_of(scene))

    @cached_property
    def by_hash(self) -> dict[str, Seed]:
        """The seed assets by their content."""
        return {seed.sha256: seed for seed in self.seeds.values()}

    def image(self, asset: Asset | None) -> Source | None:
        """A picture that the producer supplied, as a source."""
        return None if asset is None else Source("image", self.seeds[source_key(asset)].sha256)

    def generation(self, shot: Shot, api: str, frame: str) -> Source:
        """Another shot as the source of a clip's start (``frame`` last) or end (first): its generation, or if it is
        another API's, or a finished file, that frame of its clip."""
        if shot.own:
            number = shot.own.last if frame == "last" else shot.own.start
            return FrameOf(shot.own.file.sha256, number, shot.id).source
        if shot.api != api:
            return Source("last" if frame == "last" else "first", shot.id)
        return Source("generation", shot.generation) if shot.generation else Source("shot", shot.id)
