"""A run as one JSON object: the output of a command and the result of the flow."""

from __future__ import annotations

from typing import Any

from studio.money import ZERO, plain
from studio.remedies import Words
from studio.report.records import RunRecord, ShotRecord
from studio.report.shot_kinds import MISSING, gravest, kind_of, versions_of

KEPT = ("reused", "pinned", "own clip")


def run_summary(record: RunRecord) -> dict[str, Any]:
    """``film``, ``url`` (of the film in a store), ``out``, ``cost_usd`` (this run), ``reused_usd``, and
    ``scenes`` in the film's order. Money as text."""
    scenes: dict[str, list[ShotRecord]] = {cut.scene: [] for cut in record.cuts}
    for shot in record.shots:
        scenes.setdefault(shot.scene, []).append(shot)
    return {
        "title": record.title,
        "run": record.run_id,
        "service": record.service,
        "billed": record.billed,
        "film": str(record.film.path) if record.film else None,
        "url": record.url or None,
        "deliveries": [
            {
                "preset": made.preset,
                "path": str(made.path) if made.path else None,
                "sha256": made.sha256 or None,
                "form": made.form,
                "error": _text(made.error),
            }
            for made in record.deliveries
        ],
        "out": str(record.out),
        "cost_usd": plain(record.cost),
        "reused_usd": plain(record.reused),
        "refunded_usd": plain(record.refunded),
        "notes": [str(note) for note in record.notes],
        "scenes": [_scene(scene, shots) for scene, shots in scenes.items() if shots],
        "seams": [
            {
                "before": s.before,
                "after": s.after,
                "continued": s.continued,
                "ssim": _rounded(s.ssim),
                "expected": s.expected,
            }
            for s in record.seams
        ],
    }


def _rounded(ssim: float | None) -> float | None:
    return None if ssim is None else round(ssim, 4)


def _scene(scene: str, shots: list[ShotRecord]) -> dict[str, Any]:
    """One scene. With several ``shots``, it shows the last that the film uses, or the one that is missing."""
    state = gravest(s.outcome for s in shots)
    told = _told(shots)
    summary = _shot(told) | {
        "id": scene,
        "state": state,
        "cost_usd": plain(sum((s.cost for s in shots), ZERO)),
        "reused_usd": plain(sum((s.reused for s in shots), ZERO)),
        "cached": all(s.outcome in KEPT for s in shots),
        "stale": any(s.stale for s in shots),
        "error": _text(told.error or next((s.error for s in shots if s.error), None)),
    }
    return summary | ({"shots": [_shot(s) | _details(s) for s in shots]} if len(shots) > 1 else {})


def _told(shots: list[ShotRecord]) -> ShotRecord:
    last = [versions[-1] for versions in versions_of(shots)] or shots
    lacking = [s for s in shots if s.outcome in MISSING]
    if lacking and any(s.outcome in MISSING for s in last):
        worst = gravest(s.outcome for s in lacking)
        return next(s for s in lacking if s.outcome == worst)
    return last[-1]


def _shot(shot: ShotRecord) -> dict[str, Any]:
    return {
        "id": shot.id,
        "state": shot.outcome,
        "generation_id": shot.generation_id,
        "order": shot.order,
        "cost_usd": plain(shot.cost),
        "reused_usd": plain(shot.reused),
        "cached": shot.outcome in KEPT,
        "clip": str(shot.clip) if shot.clip else None,
        "sha256": shot.sha256,
        "error": _text(shot.error),
        "take": shot.take,
        "stale": bool(shot.stale),
    }


def _details(shot: ShotRecord) -> dict[str, Any]:
    """The details of a shot that are given only for scenes of several shots."""
    return {
        "kind": kind_of(shot),
        "model": shot.model,
        "finishes": shot.finishes or None,
        "still": str(shot.still) if shot.still else None,
    }


def _text(error: Words | None) -> str | None:
    return None if error is None else str(error)
