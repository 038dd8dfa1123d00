"""The record of a run: the frozen values from which summary, report, manifest and JSON are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from studio.captions.values import CaptionRecord, Chapter
from studio.delivery.values import DeliveryRecord
from studio.editing.values import ColorSeam, FilmCut, FilmRecord, FilmTitles, SeamRecord
from studio.media.mix_values import Mix
from studio.remedies import Option, Words

if TYPE_CHECKING:
    from studio.ledger.filing import Booking

__all__ = [
    "BudgetRecord", "ColorSeam", "DeliveryRecord", "FilmCut", "FilmRecord", "RunRecord", "SeamRecord", "ShotOutcome",
    "ShotRecord", "TakeRecord",
]  # fmt: skip

ShotOutcome = Literal["new", "reused", "adopted", "pinned", "own clip", "failed", "in doubt", "running", "not started"]
ZERO = Decimal("0.00")


@dataclass(frozen=True)
class TakeRecord:
    """One take of a shot that was ever bought; all are kept. ``price`` in USD; ``used``: this film shows it."""

    take: int
    order: str
    generation_id: str | None
    price: Decimal
    used: bool
    clip: Path | None = None
    still: Path | None = None
    first_frame: Path | None = None
    last_frame: Path | None = None
    sha256: str | None = None  # of its clip
    model: str = ""
    bought_at: datetime | None = None


@dataclass(frozen=True)
class ShotRecord:
    """One shot of the run: bought, reused, or missing. Money in USD, times aware UTC.

    ``cost`` is what this run spent on it, ``reused`` what an earlier run had paid for it, ``refunded`` what the service
    gave back for its failed attempts in this run.
    """

    id: str
    scene: str
    outcome: ShotOutcome
    prompt: str
    model: str
    resolution: str
    aspect_ratio: str
    seconds: Fraction
    take: int = 1
    camera: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    order: str = ""
    generation_id: str | None = None
    cost: Decimal = ZERO
    reused: Decimal = ZERO
    refunded: Decimal = ZERO
    price_table: str = ""
    attempts: int = 0
    submitted_at: datetime | None = None
    completed_at: datetime | None = None
    downloaded_at: datetime | None = None
    clip: Path | None = None
    sha256: str | None = None
    bytes: int = 0
    frames: int = 0
    width: int = 0
    height: int = 0
    first_frame: Path | None = None  # path of a PNG or JPEG
    last_frame: Path | None = None
    api: str = "dream-machine"
    endpoint: str = "video"
    finishes: str = ""  # the shot of which this one is a later version
    still: Path | None = None  # the picture, where the shot is a still
    stale: str = ""  # why a newer version could be bought: its source has another take now, or was edited
    takes: tuple[TakeRecord, ...] = ()  # by take, where there is more than one
    begins: Fraction = Fraction(0)  # seconds of its file before the part that a finished clip shows
    request: Mapping[str, Any] = field(default_factory=dict)  # canonical: assets by hash, parents by order; no URLs
    error: Words | None = None


@dataclass(frozen=True)
class BudgetRecord:
    """A budget that a run was held to, in USD. ``spent``: what counts against it in the ledger, of all runs that share
    it, at the end of this one."""

    of: Literal["production", "project", "run", "batch"]
    limit: Decimal
    spent: Decimal

    @property
    def left(self) -> Decimal:
        """USD that may still be spent; never less than nothing."""
        return max(self.limit - self.spent, ZERO)


@dataclass(frozen=True)
class RunRecord:
    """One run from start to end."""

    title: str
    slug: str
    run_id: str
    out: Path
    started_at: datetime
    finished_at: datetime
    service: str  # "sandbox", or the name of the service
    billed: bool
    shots: tuple[ShotRecord, ...]
    cuts: tuple[FilmCut, ...] = ()
    titles: FilmTitles = field(default_factory=FilmTitles)
    seams: tuple[SeamRecord, ...] = ()
    captions: tuple[CaptionRecord, ...] = ()  # of each language, the film's own first
    chapters: tuple[Chapter, ...] = ()
    colors: tuple[ColorSeam, ...] = ()  # of clips that go on from each other, in the order of the film
    film: FilmRecord | None = None
    deliveries: tuple[DeliveryRecord, ...] = ()  # that were asked for, made or not
    budget: Decimal | None = None  # this run's, else the production's
    budgets: tuple[BudgetRecord, ...] = ()  # all that the run was held to, with what the ledger says is spent of each
    production: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[Words, ...] = ()
    version: str = "final"  # as ``Production.version``
    from_draft: tuple[str, ...] = ()  # scenes that are finished from the draft's clips
    version_options: tuple[Option, ...] = ()  # the options of a run that make this version of the film
    film_slug: str = ""  # of the film that it is a version of; empty: ``slug``
    project: str = ""  # the holder of its budget
    url: str = ""  # of the film in the store that machines share; empty where it is in a folder
    mix: Mix | None = None  # what the film lets hear beside its clips
    bookings: tuple[Booking, ...] = ()  # of the ledger, which stand in this run's costs.csv

    @property
    def cost(self) -> Decimal:
        """USD that this run spent, less refunds."""
        return sum((s.cost for s in self.shots), ZERO)

    @property
    def reused(self) -> Decimal:
        """USD that earlier runs had paid for clips that this film uses."""
        return sum((s.reused for s in self.shots), ZERO)

    @property
    def refunded(self) -> Decimal:
        """USD that the service refunded for failed attempts of this run."""
        return sum((s.refunded for s in self.shots), ZERO)
