"""The scenes of a run in the film's order, which every form of the report uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from studio.report.records import ZERO, FilmCut, RunRecord, SeamRecord, ShotOutcome, ShotRecord
from studio.report.shot_kinds import MISSING, gravest, stills_of, versions_of

MEANING: Mapping[ShotOutcome, str] = {
    "new": "bought in this run",
    "reused": "bought by an earlier run, used again for nothing",
    "adopted": "bought earlier, its answer was lost, found again at the service",
    "pinned": "an existing generation that the production names",
    "own clip": "a finished file of the producer's, used as it is",
    "failed": "the service did not make it",
    "in doubt": "sent, and its answer lost: not sent again until it is settled",
    "running": "paid for and not finished: the next run goes on waiting for it",
    "not started": "not bought: something it is made from is missing",
}
STALE_MEANING = "used as it is, though what it was made from has another take now, or was edited"


@dataclass(frozen=True)
class Scene:
    """One scene: its shots in the order they are made, and its place in the film if it has one."""

    id: str
    number: int
    shots: tuple[ShotRecord, ...]
    cut: FilmCut | None
    seam: SeamRecord | None
    notes: tuple[str, ...] = ()  # the producer's own

    @property
    def outcome(self) -> ShotOutcome:
        """The worst of its shots' outcomes."""
        return gravest(shot.outcome for shot in self.shots)

    @property
    def stills(self) -> tuple[ShotRecord, ...]:
        """The stills that its clips are made from."""
        return stills_of(self.shots)

    @property
    def versions(self) -> tuple[tuple[ShotRecord, ...], ...]:
        """Its clips, each from the first version to the one that the film shows."""
        return versions_of(self.shots)

    @property
    def finals(self) -> tuple[ShotRecord, ...]:
        """The versions of its clips that the film shows."""
        return tuple(versions[-1] for versions in self.versions)

    @property
    def stale(self) -> str:
        """The reason why a newer version of it could be bought; empty if none could."""
        return next((shot.stale for shot in self.shots if shot.stale), "")

    @property
    def cost(self) -> Decimal:
        """USD that this run spent on it."""
        return sum((shot.cost for shot in self.shots), ZERO)

    @property
    def reused(self) -> Decimal:
        """USD that earlier runs had paid for it."""
        return sum((shot.reused for shot in self.shots), ZERO)

    @property
    def refunded(self) -> Decimal:
        """USD that were refunded for its failed attempts."""
        return sum((shot.refunded for shot in self.shots), ZERO)

    @property
    def seconds(self) -> Fraction:
        """Seconds of its clips, each counted once however many versions it has."""
        return sum((shot.seconds for shot in self.finals), Fraction(0))

    @property
    def has_takes(self) -> bool:
        """True if another take of it can be bought: it shows no finished file and no existing generation."""
        return not any(shot.outcome in ("own clip", "pinned") for shot in self.shots)

    @property
    def missing(self) -> bool:
        """True if the film lacks it."""
        return self.outcome in MISSING


def scenes(record: RunRecord) -> tuple[Scene, ...]:
    """Every scene of the run, in the film's order; a scene that is not in the film is placed by the production's
    order."""
    shots: dict[str, list[ShotRecord]] = {}
    for shot in record.shots:
        shots.setdefault(shot.scene, []).append(shot)
    cuts = {cut.scene: cut for cut in sorted(record.cuts, key=lambda cut: -cut.start_frame)}
    into = {seam.after: seam for seam in record.seams}
    notes = _notes(record.production)
    return tuple(
        Scene(
            id=name,
            number=number,
            shots=tuple(shots.get(name, ())),
            cut=cuts.get(name),
            seam=into.get(name) or next((into[s.id] for s in _firsts(shots.get(name, ())) if s.id in into), None),
            notes=notes.get(name, ()),
        )
        for number, name in enumerate(_order(record, list(shots)), start=1)
    )


def ordered_shots(record: RunRecord) -> tuple[ShotRecord, ...]:
    """Every shot of the run, in the order of the film."""
    return tuple(shot for scene in scenes(record) for shot in scene.shots)


def _firsts(shots: Sequence[ShotRecord]) -> tuple[ShotRecord, ...]:
    """All versions of a scene's first clip, since a seam may name any of them."""
    return next(iter(versions_of(shots)), ())


def _order(record: RunRecord, made: list[str]) -> list[str]:
    filmed = list(dict.fromkeys(cut.scene for cut in sorted(record.cuts, key=lambda cut: cut.start_frame)))
    known = set(made) | set(filmed)
    script = [name for name in _script(record.production) if name in known]
    in_script = [name for name in script if name in filmed]
    first = script if in_script == filmed else filmed
    return list(dict.fromkeys([*first, *script, *made]))


def _notes(production: Mapping[str, object]) -> dict[str, tuple[str, ...]]:
    """The producer's notes, by scene."""
    listed = production.get("scenes")
    scenes = [entry for entry in listed if isinstance(entry, Mapping)] if isinstance(listed, list | tuple) else []
    return {str(entry.get("id")): tuple(map(str, entry["notes"])) for entry in scenes if entry.get("notes")}


def _script(production: Mapping[str, object]) -> list[str]:
    """The scenes' ids in the order of the production, where that can be read."""
    listed = production.get("scenes")
    if not isinstance(listed, list | tuple):
        return []
    return [str(entry["id"]) for entry in listed if isinstance(entry, Mapping) and "id" in entry]
