"""The times at which each shot was made: one lane per shot on a common axis, in percent, for CSS."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from studio.report.formats import span
from studio.report.records import RunRecord, ShotOutcome, ShotRecord
from studio.report.scenes import ordered_shots

STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)
TICKS = 9


@dataclass(frozen=True)
class Bar:
    """A part of a lane, in percent of the axis."""

    kind: Literal["making", "fetching", "failed", "open"]
    left: float
    width: float
    title: str


@dataclass(frozen=True)
class Lane:
    """One shot's row. ``note`` replaces the bars where there are none."""

    label: str
    outcome: ShotOutcome
    bars: tuple[Bar, ...]
    took: str
    note: str
    earlier: bool


@dataclass(frozen=True)
class Tick:
    """A line of the axis."""

    left: float
    label: str


@dataclass(frozen=True)
class Lanes:
    """All lanes and the axis."""

    ticks: tuple[Tick, ...]
    rows: tuple[Lane, ...]
    span: str


def lanes(record: RunRecord) -> Lanes:
    """Lay out the run's lanes, from its start to its end."""
    start = record.started_at
    late = [moment for shot in record.shots for moment in _times(shot) if moment is not None]
    end = max([record.finished_at, *late])
    total = max(1.0, (end - start).total_seconds())
    step = next((step for step in STEPS if total / step <= TICKS), STEPS[-1])
    ticks = tuple(Tick(100 * at / total, _clock(at)) for at in range(0, int(total) + 1, step))
    return Lanes(ticks, tuple(_lane(shot, start, end, total) for shot in ordered_shots(record)), span(total))


def _lane(shot: ShotRecord, start: datetime, end: datetime, total: float) -> Lane:
    submitted, completed, downloaded = _times(shot)
    bars: list[Bar] = []

    def add(kind: Literal["making", "fetching", "failed", "open"], since: datetime, until: datetime, what: str) -> None:
        left = max(0.0, (since - start).total_seconds())
        right = min(total, (until - start).total_seconds())
        if right >= left:
            text = f"{what}: {span((until - since).total_seconds())}"
            bars.append(Bar(kind, 100 * left / total, 100 * (right - left) / total, text))

    before = completed is not None and completed < start  # this run looked it up, or fetched it
    if before:
        submitted = completed = downloaded = None
    if submitted and completed:
        add("failed" if shot.outcome == "failed" else "making", submitted, completed, "submitted to finished")
    elif submitted:
        add("open", submitted, end, "submitted, not finished")
    if completed and downloaded:
        add("fetching", completed, downloaded, "finished to downloaded")
    last = downloaded or completed
    took = span((last - submitted).total_seconds()) if bars and submitted and last else ""
    return Lane(
        label=shot.id,
        outcome=shot.outcome,
        bars=tuple(bars),
        took=took,
        note="" if bars else BEFORE if before else _NOTES.get(shot.outcome, "no times recorded"),
        earlier=bool(bars and submitted and submitted < start),
    )


BEFORE = "made before this run"
_NOTES: dict[ShotOutcome, str] = {
    "reused": "already there: nothing to wait for",
    "pinned": "already there: nothing to wait for",
    "own clip": "a finished file: nothing to wait for",
    "not started": "not started",
}


def _times(shot: ShotRecord) -> tuple[datetime | None, datetime | None, datetime | None]:
    """The times of ordering, completion and download; a reused shot without a download has those of the run that
    made it."""
    return shot.submitted_at, shot.completed_at, shot.downloaded_at


def _clock(at: int) -> str:
    return f"{at // 3600}:{at // 60 % 60:02d}:{at % 60:02d}" if at >= 3600 else f"{at // 60}:{at % 60:02d}"
