"""Announcements of a run to people and programs outside it, as frozen values, and the port through which they go.

A front-end sets ``announcer``: the flows emit them as events of Prefect (``flows/events.py``). Without one nobody hears
them. Money in USD, times aware UTC. None of them has a secret or a signed URL.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, ClassVar, Literal

from studio.ledger import OrderRow
from studio.money import plain
from studio.planning.plan import Plan, ShotState
from studio.production import Production
from studio.report.records import RunRecord

#: States of shots for which a run has nothing left to buy.
KEPT = (ShotState.CACHED, ShotState.PAID, ShotState.IN_FLIGHT, ShotState.STALE, ShotState.PINNED, ShotState.OWN)
CapName = Literal["run", "batch", "production", "project", "month"]


@dataclass(frozen=True)
class Subject:
    """The production that an announcement is about. ``film``: the slug that all versions of its film share.

    ``run`` is the studio's id of the run, empty where there is none; ``billed`` is False where nothing is paid for.
    """

    title: str
    production: str
    film: str
    project: str = ""
    run: str = ""
    billed: bool = False


@dataclass(frozen=True)
class Announcement:
    """An announcement. ``name`` is the event's name, for good: automations and triggers match it."""

    name: ClassVar[str] = ""
    #: True where the film is what the event happens to, and not the production.
    of_film: ClassVar[bool] = False
    about: Subject

    def payload(self) -> Mapping[str, Any]:
        """Its values as JSON has them: money as decimal text, times in ISO 8601, seconds as a number."""
        own = {field.name: _told(getattr(self, field.name)) for field in fields(self) if field.name != "about"}
        about = {field.name: getattr(self.about, field.name) for field in fields(self.about)}
        return {**about, **own}


@dataclass(frozen=True)
class PlanReady(Announcement):
    """The plan of a run is made, and nothing is ordered yet. ``at_most``: some prices are upper bounds."""

    name: ClassVar[str] = "plan.ready"
    price: Decimal
    total: Decimal
    at_most: bool
    shots_new: int
    shots_kept: int


@dataclass(frozen=True)
class ApprovalWanted(Announcement):
    """A run waits for a person. ``which``: plan, draft or final; ``price``: what a yes may spend; ``until``: when it
    stops waiting, None where it does not."""

    name: ClassVar[str] = "approval.wanted"
    which: str
    price: Decimal
    until: datetime | None = None


@dataclass(frozen=True)
class OrderInDoubt(Announcement):
    """The answer to a create was lost, and the order cannot be settled without a person."""

    name: ClassVar[str] = "order.in-doubt"
    order: str
    scene: str
    amount: Decimal
    generation: str | None = None


@dataclass(frozen=True)
class CapNear(Announcement):
    """A cap is used up to the share from which a person wants to know. ``spent`` and ``limit`` are in ``unit``.

    ``of`` is the run, film, project or month that the cap is for; ``percent`` is how much of it is used.
    """

    name: ClassVar[str] = "cap.near"
    cap: CapName
    of: str
    spent: Decimal
    limit: Decimal
    percent: int
    unit: Literal["USD", "creates"] = "USD"


@dataclass(frozen=True)
class FilmCompleted(Announcement):
    """A film is made. ``path`` is where it lies, ``link`` what opens it in a browser, empty where nothing does.

    ``paid``: what this run spent; ``missing``: scenes that it lacks.
    """

    name: ClassVar[str] = "film.completed"
    of_film: ClassVar[bool] = True
    version: str
    path: str
    link: str
    seconds: Fraction
    paid: Decimal
    missing: tuple[str, ...] = ()


Announcer = Callable[[Announcement], None]


def _nobody(_: Announcement) -> None:
    """The announcer where no front-end has set one."""


#: It must neither raise nor wait: a paid run goes on whatever becomes of an announcement.
announcer: ContextVar[Announcer] = ContextVar("announcer", default=_nobody)


def is_heard() -> bool:
    """True if somebody listens: what is announced once is kept for them."""
    return announcer.get() is not _nobody


def announce(said: Announcement) -> None:
    """Announce something to whoever listens."""
    announcer.get()(said)


def subject_of(production: Production, *, run: str = "", billed: bool = False) -> Subject:
    """A production as the subject of announcements."""
    return Subject(production.title, production.slug, production.film_slug, production.project, run, billed)


def plan_ready(plan: Plan, *, run: str, billed: bool) -> PlanReady:
    """The announcement of a plan."""
    return PlanReady(
        subject_of(plan.production, run=run, billed=billed), price=plan.to_pay, total=plan.total,
        at_most=any(shot.quote.at_most for shot in plan.shots if shot.state is ShotState.NEW), shots_new=plan.to_buy,
        shots_kept=len({shot.key or shot.id for shot in plan.shots if shot.state in KEPT}),
    )  # fmt: skip


def order_in_doubt(row: OrderRow, about: Subject | None = None, *, billed: bool = False) -> OrderInDoubt:
    """The announcement of an order in doubt. ``about``: where more is known of its production than the ledger has."""
    about = about or Subject(row.production, row.production, row.film or row.production, run=row.run, billed=billed)
    return OrderInDoubt(about, order=row.key, scene=row.scene, amount=row.price, generation=row.generation_id)


def film_completed(record: RunRecord, *, link: str = "") -> FilmCompleted | None:
    """The announcement of a run's film; None where it made none."""
    if record.film is None:
        return None
    film = record.film_slug or record.slug
    project = str(record.production.get("project") or "")
    wanted = [scene.get("id", "") for scene in record.production.get("scenes", ())]
    shown = {cut.scene for cut in record.cuts if not cut.slate}
    return FilmCompleted(
        Subject(record.title, record.slug, film, project, record.run_id, record.billed),
        version=record.version, path=str(record.film.path), link=link, seconds=record.film.duration, paid=record.cost,
        missing=tuple(scene for scene in wanted if scene and scene not in shown),
    )  # fmt: skip


def _told(value: Any) -> Any:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, Fraction):
        return round(float(value), 3)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return list(value) if isinstance(value, tuple) else value
