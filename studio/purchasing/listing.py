"""Readers of an account's list of generations: as far as an adoption needs it, or to its end, as a release does.

No service guarantees the order of its list, nor that pages fit together while generations are added and deleted.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import accumulate

from studio.errors import ServiceError
from studio.providers import Generation, GenerationService

PAGE = 100
MOST_PAGES = 50
# Rows that two pages have in common, so that a deletion between them hides nothing.
OVERLAP = 10
# A list by time of acceptance may have its dates this much out of order.
SAME_TIME = timedelta(minutes=1)


class TooLong(ServiceError):
    """The account's list is too long to be read to its end."""


async def account_since(provider: GenerationService, since: datetime) -> list[Generation]:
    """The account's generations back to ``since`` by the service's clock. Raises ServiceError.

    The list need not begin with the newest one: it is read to its end, unless the rows read so far are in that order.
    A generation that is missing here may still be on the list: for a proof, ``whole_list`` reads all of it.
    """
    found: dict[str, Generation] = {}
    offset = 0
    for _ in range(MOST_PAGES):
        page = await provider.list(limit=PAGE, offset=offset)
        before = len(found)
        found |= {g.id: g for g in page.generations}
        offset += page.rows
        dated = [g.created_at for g in found.values() if g.created_at is not None]
        reached = _newest_first(dated) and min(dated) < since
        # Creates accepted meanwhile push others to the next page: these are seen twice, never missed.
        if not page.has_more or len(found) == before or reached:
            return list(found.values())
    raise TooLong(f"the account's list goes on after {offset} generations: it cannot be read back to {since:%H:%M} UTC")


async def as_far_as_it_goes(provider: GenerationService) -> dict[str, Generation]:
    """The generations on the account's list, by id, until a page adds none. They serve to find one, not as a proof.

    Raises ServiceError.
    """
    found: dict[str, Generation] = {}
    offset = 0
    for _ in range(MOST_PAGES):
        page = await provider.list(limit=PAGE, offset=offset)
        before = len(found)
        found |= {g.id: g for g in page.generations}
        offset += page.rows
        if len(found) == before:
            break
    return found


async def whole_list(provider: GenerationService) -> dict[str, Generation]:
    """All generations of the account, by id: page after page, each beginning with the last rows of the one before.

    The next page is always asked for, whatever ``has_more`` says. Raises ServiceError where the pages do not fit
    together, TooLong after ``MOST_PAGES`` of them.
    """
    found: dict[str, Generation] = {}
    before: Sequence[Generation] = ()
    offset = 0
    for _ in range(MOST_PAGES):
        page = await provider.list(limit=PAGE, offset=offset)
        if page.unread:
            # Any of these may be the wanted one.
            raise ServiceError(f"{page.unread} generations on the account's list cannot be read")
        rows = page.generations
        new = [g for g in rows if g.id not in found]
        if len(before) == 1 and not rows:
            return found  # pages of one row cannot overlap: the list has ended
        if before and not {g.id for g in before} & {g.id for g in rows}:
            # Rows that this page was to share with the one before are gone: more may have moved up unseen.
            raise ServiceError("the pages of the account's list do not fit together")
        if before and rows[0].id == before[0].id:
            raise ServiceError("the account's list gives the same page again and again")
        found |= {g.id: g for g in rows}
        if not new:
            return found
        before = rows
        offset += len(rows) - min(OVERLAP, len(rows) // 2)
    raise TooLong(f"the account's list goes on after {offset} generations: it is too long to be read to its end")


def _newest_first(dates: list[datetime]) -> bool:
    """True if the dates are proven to descend, except for creates of about the same time."""
    oldest = accumulate(dates, min)
    return (
        bool(dates)
        and dates[-1] < dates[0]
        and all(date - low <= SAME_TIME for date, low in zip(dates, oldest, strict=True))
    )
