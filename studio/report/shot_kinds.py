"""The roles of a run's shots in their scenes: stills, clips and later versions of clips; and a scene's one outcome."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from studio.providers.registry import find_spec
from studio.providers.shot_request import Operation
from studio.report.records import ShotOutcome, ShotRecord

Kind = Literal["clip", "still", "modify", "reframe", "upscale", "sound"]

_KINDS: Mapping[Operation, Kind] = {
    Operation.VIDEO: "clip", Operation.IMAGE: "still", Operation.MODIFY: "modify", Operation.REFRAME: "reframe",
    Operation.UPSCALE: "upscale", Operation.SOUND: "sound",
}  # fmt: skip

MISSING: frozenset[ShotOutcome] = frozenset({"failed", "in doubt", "running", "not started"})

# outcomes from the worst on: a scene of several shots has the first that any of them has
GRAVEST: tuple[ShotOutcome, ...] = (
    "failed", "in doubt", "running", "not started", "new", "adopted", "pinned", "own clip", "reused",
)  # fmt: skip


def kind_of(shot: ShotRecord) -> Kind:
    """The kind of a shot: a clip, a still, or a clip made of another one."""
    return kind_at(shot.api, shot.endpoint)


def kind_at(api: str, endpoint: str) -> Kind:
    """The kind of what a service makes at an endpoint."""
    spec = find_spec(api)
    return "clip" if spec is None else _KINDS[spec.operation(endpoint)]


def gravest(outcomes: Iterable[ShotOutcome]) -> ShotOutcome:
    """The worst outcome, which becomes the scene's; of no shots: not started."""
    found = set(outcomes)
    return next((outcome for outcome in GRAVEST if outcome in found), "not started")


def stills_of(shots: Iterable[ShotRecord]) -> tuple[ShotRecord, ...]:
    """The stills that clips are made from."""
    return tuple(shot for shot in shots if kind_of(shot) == "still")


def versions_of(shots: Sequence[ShotRecord]) -> tuple[tuple[ShotRecord, ...], ...]:
    """The clips of a scene, each as a list of its versions: as first made, then finished, the film's version last."""
    by_id = {shot.id: shot for shot in shots}
    later = {shot.finishes for shot in shots}
    found = []
    for shot in shots:
        if kind_of(shot) == "still" or shot.id in later:
            continue
        chain = [shot]
        while chain[0].finishes in by_id and by_id[chain[0].finishes] not in chain:
            chain.insert(0, by_id[chain[0].finishes])
        found.append(tuple(chain))
    return tuple(found)
