"""The film that a plan makes: its length, each scene's place in it, its seams, and the order of purchases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from studio.media.overlap import Overlap
from studio.planning.film_items import made_frames, placed_items
from studio.planning.plan import FPS, Plan, SceneEdit, Shot, ShotState
from studio.planning.seams import SeamKind, expected_seams
from studio.planning.title_edits import CardEdit


@dataclass(frozen=True)
class PlannedScene:
    """One scene of the planned film: its first frame and its number of frames in the film; ``whole``: the number that
    its clips have. ``seam``: how it meets the scene before it; None for the first; ``into``: the frames in which it
    overlaps that scene."""

    scene: str
    start: int
    frames: int
    whole: int
    seam: SeamKind | None
    into: Overlap | None = None


@dataclass(frozen=True)
class PlannedCard:
    """One card of the planned film, and its first frame in it."""

    card: CardEdit
    start: int


@dataclass(frozen=True)
class Overview:
    """The planned film. ``exact`` is False where the length of an existing generation is not known.

    ``forms``: model, resolution and shape of the clips that it shows, the most frequent first; ``buying``: by shot, its
    place in the order in which shots are bought.
    """

    scenes: tuple[PlannedScene, ...]
    cards: tuple[PlannedCard, ...]
    exact: bool
    ratio: str
    forms: tuple[str, ...]
    buying: Mapping[str, int]

    @property
    def frames(self) -> int:
        """The film's length in frames."""
        ends = [scene.start + scene.frames for scene in self.scenes]
        return max([*ends, *(card.start + card.card.frames for card in self.cards)], default=0)

    @property
    def seconds(self) -> Fraction:
        """The film's length in seconds."""
        return Fraction(self.frames, FPS)

    @property
    def seams(self) -> Mapping[SeamKind, int]:
        """The number of seams of each kind."""
        return Counter(scene.seam for scene in self.scenes if scene.seam is not None)


def overview_of(plan: Plan) -> Overview:
    """The film that a plan makes."""
    shots = {shot.id: shot for shot in plan.shots}
    kinds = {seam.after: seam.kind for seam in expected_seams(plan)}
    placed = placed_items(plan)
    scenes = [
        PlannedScene(cut.scene, start, frames, made_frames(plan, cut), kinds.get(cut.scene), cut.into)
        for cut, start, frames in placed
        if isinstance(cut, SceneEdit)
    ]
    cards = [PlannedCard(card, start) for card, start, _ in placed if isinstance(card, CardEdit)]
    shown = [shots[name] for cut in plan.cuts for name in cut.shots]
    forms = Counter(f"{_made_by(shot, shots)} {shot.resolution}" for shot in shown)
    ratios = Counter(shot.aspect_ratio for shot in shown)
    return Overview(
        tuple(scenes), tuple(cards), all(cut.frames is not None or not _guessed(cut, shots) for cut in plan.cuts),
        next((name for name, _ in ratios.most_common(1)), plan.production.aspect_ratio),
        tuple(name for name, _ in forms.most_common()), buying_order(plan),
    )  # fmt: skip


def buying_order(plan: Plan) -> dict[str, int]:
    """By shot that a run would buy, its place in the order of purchases; one purchase for several shots has one."""
    places: dict[str, int] = {}
    for shot in plan.shots:
        if shot.state is ShotState.NEW:
            places.setdefault(shot.key, len(places) + 1)
    return {shot.id: places[shot.key] for shot in plan.shots if shot.state is ShotState.NEW}


def in_film_order(plan: Plan) -> tuple[Shot, ...]:
    """The shots in the order of the film: by scene, and within one as they are made. What the film does not show
    stands where its scene is in the production."""
    place = {scene.id: n for n, scene in enumerate(plan.production.scenes)}
    return tuple(sorted(plan.shots, key=lambda shot: place.get(shot.scene, len(place))))


def _made_by(shot: Shot, shots: Mapping[str, Shot]) -> str:
    while shot.finishes:
        shot = shots[shot.finishes]
    return shot.model


def _guessed(cut: SceneEdit, shots: Mapping[str, Shot]) -> bool:
    return any(shots[name].generation for name in cut.shots)
