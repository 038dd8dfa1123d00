"""The values that are written to and read from the ledger. Money in USD, times aware UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

from studio.failures import FailureClass
from studio.money import ZERO


class OrderState(StrEnum):
    """The state of an order. Its entries tell how it got there.

    ::

        reserved ─► submitted ─► completed
           │            ├──────► failed      refunded by the service; may be ordered again
           │            └──────► gone        paid, and no longer at the service; a person may release it
           ├──────────► released             refused or never sent; may be ordered again
           └──────────► in doubt ─► submitted (adopted) | released

    A ``gone`` generation that the service shows again is booked by how it ended. A settlement by hand can be undone
    while nothing depends on it: back to ``in doubt``, or to ``gone``.
    """

    RESERVED = "reserved"
    SUBMITTED = "submitted"
    COMPLETED = "completed"
    FAILED = "failed"
    IN_DOUBT = "in doubt"
    RELEASED = "released"
    GONE = "gone"

    @property
    def held(self) -> bool:
        """True if the order's price counts as spent."""
        return self not in (OrderState.FAILED, OrderState.RELEASED)


#: Pools of models with all their names: orders that earlier versions booked under another name count as the same.
POOL_NAMES: Mapping[str, tuple[str, ...]] = {"agents": ("agents", "ray-3", "uni")}


def pool_names(pool: str) -> tuple[str, ...]:
    """All names of a pool of models that orders in the ledger may have."""
    return POOL_NAMES.get(pool, (pool,))


class Doubt(StrEnum):
    """The reason why a create is in doubt: the service answered, it did not, or the sender ended before."""

    ANSWERED = "answered"
    UNANSWERED = "unanswered"
    ABANDONED = "abandoned"


# The longest time that a client waits for the answer to a create; the service may work on it until then.
LONGEST_CALL = timedelta(seconds=65)


#: ``absent``: released because the account's list did not show it; ``settled``: that has become certain since.
EntryKind = Literal[
    "reserved", "submitted", "completed", "failed", "in doubt", "adopted", "released", "absent", "settled", "gone",
    "undone",
]  # fmt: skip


@dataclass(frozen=True)
class Intent:
    """One intended purchase. ``key`` is the digest of what is bought, take included; ``family`` the same without the
    take.

    ``pool`` names the models that share the account's limits. ``film`` is the holder of the production's budget: equal
    for all versions of a film (draft, final, reframed); empty: the production itself. ``request`` is canonical (images
    by hash, parents by order); ``sent`` is the body of the HTTP request, without secrets. ``provider`` is the id of the
    service.
    """

    key: str
    family: str
    realm: str
    account: str
    endpoint: str
    model: str
    production: str
    scene: str
    shot: str
    take: int
    request: Mapping[str, Any]
    price: Decimal
    price_table: str
    pool: str = "ray"
    sent: Mapping[str, Any] = field(default_factory=dict)
    film: str = ""
    provider: str = ""


def kind_of(request: Mapping[str, Any]) -> str:
    """The properties that decide how long a generation takes: ``ray-2 720p 5s``."""
    return " ".join(str(request.get(name, "")) for name in ("model", "resolution", "duration"))


@dataclass(frozen=True)
class Cap:
    """A limit on spending within one scope, in USD and in number of creates; None: no such limit.

    ``scope_id`` is a run's id, a batch's, a film, or a month (``2026-11``, UTC; empty: this month by the ledger's
    clock). ``others``: further runs, or films, that share the budget.
    """

    scope: Literal["run", "batch", "production", "month"]
    scope_id: str
    limit: Decimal | None = None
    creates: int | None = None
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class Limits:
    """The limits of an account for one pool of models: generations at once, and creates a minute. None: no limit.

    ``per_minute`` is never exceeded, whatever the service allows. ``usual_per_minute`` applies if neither that is set
    nor the service has stated its limit.
    """

    at_once: int | None = None
    per_minute: int | None = None
    usual_per_minute: int | None = None

    def with_learnt(self, learnt: int | None) -> Limits:
        """These limits, with the creates a minute that the service stated, if it did."""
        if learnt is None:
            own = self.usual_per_minute if self.per_minute is None else self.per_minute
        else:
            own = learnt if self.per_minute is None else min(learnt, self.per_minute)
        return Limits(self.at_once, own)


@dataclass(frozen=True)
class OrderRow:
    """An order as it is in the ledger now.

    attempt:    counts from 1
    holder:     the process that may be sending it
    film:       the holder of its budget
    token:      identifies this attempt of this order in a callback URL; no other ledger makes the same
    failure:    whose failure it was, where the service failed it
    absences:   how often it was released because the account's list did not show it
    doubted_at: when it came into doubt
    doubt:      the reason for the doubt
    provider:   the id of the service that it was sent to
    request_id: identifies its create to the service's support: as it was sent, or as the answer named it. None where
                it was sent without a name
    """

    key: str
    family: str
    realm: str
    account: str
    pool: str
    endpoint: str
    model: str
    production: str
    scene: str
    shot: str
    take: int
    request: Mapping[str, Any]
    state: OrderState
    attempt: int
    price: Decimal
    price_table: str
    run: str
    generation_id: str | None
    reason: str | None
    holder: str | None
    lease_until: datetime | None
    reserved_at: datetime
    submitted_at: datetime | None
    finished_at: datetime | None
    clip: str | None
    sent: Mapping[str, Any] = field(default_factory=dict)
    film: str = ""
    token: str = ""
    failure: FailureClass | None = None
    absences: int = 0
    doubted_at: datetime | None = None
    doubt: Doubt | None = None
    request_id: str | None = None
    provider: str = ""

    def unheard_since(self, grace: float) -> datetime:
        """The moment from which a grace period, in seconds, counts for an order in doubt.

        The service may still be working on a request without an answer. Such a request counts from when its client
        would have given up, or from a grace period after it was reserved, where that is shorter; but never from before
        the doubt.
        """
        doubted = self.doubted_at or self.reserved_at
        if self.doubt is Doubt.ANSWERED:
            return doubted
        return max(doubted, self.reserved_at + min(LONGEST_CALL, timedelta(seconds=grace)))

    @property
    def moderated(self) -> bool:
        """True if it failed by a verdict on its input, which is final for that input."""
        return self.state is OrderState.FAILED and self.failure is FailureClass.MODERATION


@dataclass(frozen=True)
class Entry:
    """One line of the journal, in USD.

    amount:     USD that this line added to the money spent, or gave back
    suspense:   USD that it added to, or took from, what every cap still counts because it may have been spent
    counted_at: the time that decides its month: when its attempt was reserved
    by_hand:    True if a person said so
    request_id: the name of the create at the service, in the line about it
    """

    id: int
    order: str
    attempt: int
    at: datetime
    kind: EntryKind
    amount: Decimal
    run: str
    generation_id: str | None
    note: str | None
    suspense: Decimal = ZERO
    counted_at: datetime | None = None
    by_hand: bool = False
    request_id: str | None = None
