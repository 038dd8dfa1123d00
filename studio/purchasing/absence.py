"""Proof from an account's list that an order was not accepted, by the generations that the ledger knows.

A list may lag, or leave out unfinished or finished generations. Our own generations show it: those of the same account
and time, whose ids are known, must be on it. Unless the list was seen to show some of the same kind unfinished and some
finished, absence proves nothing until everything of that time must have ended.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Literal

from studio.ledger import OrderRow, OrderState
from studio.ledger.sightings import FirstSight
from studio.providers import Generation

# Orders from this long before the one in doubt, and from any time after it, are its witnesses.
WINDOW = timedelta(minutes=10)
# Grace periods after which absence counts without a witness: everything accepted at that time has ended by then.
UNWITNESSED = 40
# The number of the latest known generations that must be on the list then.
LATEST = 20
# Errors of the service's clock as measured by known generations, and by the Date of its answers.
BY_GENERATIONS, BY_DATE = timedelta(seconds=5), timedelta(seconds=15)
# The largest difference between the clocks where the service's was not measured.
SKEW = timedelta(minutes=10)


@dataclass(frozen=True)
class ServiceTime:
    """The service's clock relative to the ledger's. ``measured`` is False where nothing shows it.

    ``ahead``: the time by which the service is ahead; ``within``: the possible error of that.
    """

    ahead: timedelta = timedelta(0)
    within: timedelta = SKEW
    measured: bool = False

    def apart(self, row: OrderRow, generation: Generation) -> float | None:
        """Seconds between an order and a generation; None where the generation is not of that time.

        A create may be accepted from its reservation until some time after its answer was given up.
        """
        if generation.created_at is None:
            return self.within.total_seconds()
        moment = generation.created_at - self.ahead
        last = max(row.doubted_at or row.reserved_at, row.reserved_at) + LATE_ACCEPTANCE
        if moment < row.reserved_at - self.within or moment > last + self.within:
            return None
        return abs((moment - row.reserved_at).total_seconds())


# The time that a service may still work on a request after its client has given it up.
LATE_ACCEPTANCE = timedelta(minutes=5)


def service_time(
    shown: Mapping[str, Generation], known: Collection[OrderRow], *, by_date: timedelta | None
) -> ServiceTime:
    """The service's clock, by its times for generations whose acceptance is known; else by its Date headers.

    ``by_date``: the time by which its Date is ahead of the ledger's clock. Where known generations contradict each
    other, nothing is measured.
    """
    offsets = []
    for row in known:
        generation = shown.get(row.generation_id or "")
        if generation is None or generation.created_at is None or row.submitted_at is None or not row.sent:
            continue
        if row.submitted_at - row.reserved_at > timedelta(minutes=2):
            continue  # adopted later: its time of acceptance is unknown
        if generation.created_at < row.reserved_at:
            offsets.append(generation.created_at - row.reserved_at)
        else:
            offsets.append(max(generation.created_at - row.submitted_at, timedelta(0)))
    if offsets:
        middle = timedelta(seconds=median(o.total_seconds() for o in offsets))
        if max(abs(o - middle) for o in offsets) <= BY_GENERATIONS * 2:
            return ServiceTime(middle, BY_GENERATIONS * 2, measured=True)
        return ServiceTime()
    if by_date is not None:
        return ServiceTime(by_date, BY_DATE, measured=True)
    return ServiceTime()


Verdict = Literal["absent", "waiting", "unproven"]


def absence(
    row: OrderRow,
    shown: Mapping[str, Generation],
    known: Collection[OrderRow],
    *,
    sightings: Mapping[str, FirstSight],
    grace: float,
    now: datetime,
) -> tuple[Verdict, str]:
    """The verdict on an order's absence from the list, and its reason.

    ``shown``:     the whole list, by id
    ``known``:     orders of the account whose generation is known, the latest first
    ``sightings``: by generation, the time at which the list was first seen to show it, and if it was unfinished then
    ``grace``:     seconds after which an accepted create is on the list

    ``waiting``: absence will prove something soon. ``unproven``: it proves nothing now.
    """
    age = (now - row.unheard_since(grace)).total_seconds()
    near = [k for k in known if k.submitted_at is not None and k.submitted_at >= row.reserved_at - WINDOW]
    for other in near:
        if other.generation_id in shown or other.submitted_at is None:
            continue
        if (now - other.submitted_at).total_seconds() >= grace / 3:
            return "unproven", f"it does not show generation {other.generation_id}, which was accepted"
    older = next((k for k in known if k.submitted_at is not None and k.submitted_at <= row.reserved_at), None)
    if older is None:
        return "unproven", "the ledger knows no earlier generation of the account by which the list could be judged"
    if older.generation_id not in shown:
        return "unproven", f"it does not reach back to generation {older.generation_id}, which was accepted before"
    # An adopted one was accepted long before it was booked; for one that this ledger did not send, the time is unknown.
    of_the_time = [k for k in near if k.sent and k.reserved_at >= row.reserved_at - WINDOW]
    alike = [k for k in of_the_time if (k.endpoint, k.model) == (row.endpoint, row.model) and k.generation_id in shown]
    made = [k for k in alike if _seen_made(k, sightings) or not shown[k.generation_id or ""].ended]
    ended = [k for k in alike if shown[k.generation_id or ""].ended]
    if made and ended:
        timely = min(_within(k, sightings, now) for k in alike)
        if age < timely:
            return "waiting", f"waiting {timely - age:.0f} s more: as long as the list took to show others of that time"
        return "absent", ""
    if made and age < grace * UNWITNESSED:
        return "waiting", "waiting for a generation of the same time to end, as a proof that the list shows such"
    if age >= grace * UNWITNESSED:
        latest = [k for k in known if k.state is not OrderState.FAILED][:LATEST]
        missing = [k for k in latest if k.generation_id not in shown]
        if missing:
            return "unproven", f"it does not show generation {missing[0].generation_id}, which was accepted"
        if any((k.endpoint, k.model) == (row.endpoint, row.model) for k in latest):
            return "absent", ""
        return "unproven", "the ledger knows no other generation of this kind by which the list could be judged"
    minutes = (grace * UNWITNESSED - age) / 60
    return "unproven", (
        "no other generation of this kind and time shows that the list is complete; "
        f"it is looked for again by a run or a reconciliation in {minutes:.0f} minutes or later"
    )


def _seen_made(row: OrderRow, sightings: Mapping[str, FirstSight]) -> bool:
    seen = sightings.get(row.generation_id or "")
    return seen is not None and seen.unfinished


def _within(row: OrderRow, sightings: Mapping[str, FirstSight], now: datetime) -> float:
    """The most seconds after its order at which a generation came onto the list."""
    seen = sightings.get(row.generation_id or "")
    return ((seen.at if seen is not None else now) - row.reserved_at).total_seconds()
