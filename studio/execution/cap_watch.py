"""A watch on caps: tells once, of all runs and processes, when what the ledger has spent comes near one of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from studio.errors import LedgerError
from studio.execution.announcements import CapName, CapNear, announce, is_heard, subject_of
from studio.execution.session import caps_of
from studio.ledger import Cap, Ledger
from studio.ledger.announced import first_to_announce, no_longer
from studio.money import plain

if TYPE_CHECKING:
    from studio.execution.run import Run

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Used:
    """The used part of a cap, in USD or in creates. ``of``: the run, film, project or month that it is for."""

    cap: CapName
    of: str
    spent: Decimal
    limit: Decimal
    unit: Literal["USD", "creates"]

    @property
    def percent(self) -> int:
        return int(self.spent * 100 / self.limit) if self.limit else 100


async def watch_caps(run: Run) -> None:
    """Announce each cap of a run that is nearly used up. It never fails a run: what cannot be read is looked at again
    after the next purchase."""
    if not is_heard():
        return
    try:
        near = await asyncio.to_thread(_crossed, run)
    except LedgerError as error:
        log.warning("whether a cap is near could not be read: %s", error)
        return
    about = subject_of(run.plan.production, run=run.id, billed=run.session.service.billed)
    for used in near:
        announce(CapNear(about, used.cap, used.of, used.spent, used.limit, used.percent, used.unit))


def _crossed(run: Run) -> list[Used]:
    """The caps that are near since a moment ago. One that is not near any more may come near again."""
    ledger, least = run.session.ledger, run.session.settings.cap_near
    found = []
    caps = caps_of(run.session.settings, run.plan, run=run.id, budget=run.budget, beside=run.beside(), batch=run.batch)
    for cap in caps:
        for used in _used(ledger, run, cap):
            what = "|".join(
                ("cap.near", run.session.service.realm, used.cap, used.of, used.unit, plain(used.limit), str(least))
            )
            if used.percent < least:
                no_longer(ledger, what)
            elif used.limit > 0 and first_to_announce(ledger, what):
                found.append(used)
    return found


def _used(ledger: Ledger, run: Run, cap: Cap) -> Iterator[Used]:
    name: CapName = cap.scope
    if cap.scope == "production" and run.plan.budgeting.project:
        name = "project"
    of, realm = cap.scope_id or f"{ledger.now():%Y-%m}", run.session.service.realm
    # A run whose cap is the price that was agreed to is meant to use all of it.
    if cap.limit is not None and not (cap.scope == "run" and cap.limit == run.agreed):
        spent = ledger.spent(cap.scope, cap.scope_id, realm=realm, others=cap.others)
        yield Used(name, of, spent, cap.limit, "USD")
    if cap.creates is not None:
        made = ledger.creates(cap.scope, cap.scope_id, realm=realm, others=cap.others)
        yield Used(name, of, Decimal(made), Decimal(cap.creates), "creates")
