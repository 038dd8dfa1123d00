"""The values that go into the books and come out of them. Money in USD, times aware UTC."""

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
    """Where an order stands. Its entries say how it came there.

    ::

        reserved ─► submitted ─► completed
           │            ├──────► failed      refunded by the service; may be ordered again
           │            └──────► gone        paid, and no longer at the service; a person may release it
           ├──────────► released             refused or never sent; may be ordered again
           └──────────► in doubt ─► submitted (adopted) | released

    A ``gone`` generation that the service shows again is booked as it has ended. What a person settled by hand can be
    undone while nothing hangs on it: back to ``in doubt``, or to ``gone``.
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
        """Whether the order's price counts as spent."""
        return self not in (OrderState.FAILED, OrderState.RELEASED)


#: Pools of models under all their names: what earlier versions booked under another one counts as the same.
POOL_NAMES: Mapping[str, tuple[str, ...]] = {"agents": ("agents", "ray-3", "uni")}


def pool_names(pool: str) -> tuple[str, ...]:
    """All names of a pool of models that orders in the books may have."""
    return POOL_NAMES.get(pool, (pool,))


class Doubt(StrEnum):
    """The reason why nobody knows of a create: the service answered, it did not, or the sender ended before."""

    ANSWERED = "answered"
    UNANSWERED = "unanswered"
    ABANDONED = "abandoned"


# The longest that a client waits for the answer to a create: what it gave up earlier may still be worked on until then.
LONGEST_CALL = timedelta(seconds=65)


#: ``absent``: released because the account's list did not show it; ``settled``: that has become certain since.
EntryKind = Literal[
    "reserved", "submitted", "completed", "failed", "in doubt", "adopted", "released", "absent", "settled", "gone",
    "undone",
]  # fmt: skip


@dataclass(frozen=True)
class Intent:
    """One intended purchase. ``key`` is the digest of what is bought, take included; ``family`` the same without it.

    ``pool`` names the models that share the account's limits. ``film`` is what a production's budget hangs on: all its
    versions (draft, final, reframed) have the same; empty: the production itself. ``provider`` is the
    id of the service.
    ``request`` is canonical (images by hash, parents by order); ``sent`` is what goes over the wire, without secrets.
    """

    key: str
    family: str
    seller: str
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
    """What decides how long a generation takes: ``ray-2 720p 5s``."""
    return " ".join(str(request.get(name, "")) for name in ("model", "resolution", "duration"))


@dataclass(frozen=True)
class Cap:
    """What may be spent within one scope, in USD and in number of creates; None: no such limit.

    ``scope_id`` is a run's id, a film, or a month (``2026-11``, UTC; empty: this month by the ledger's clock).
    ``others``: further films that share the budget.
    """

    scope: Literal["run", "production", "month"]
    scope_id: str
    limit: Decimal | None = None
    creates: int | None = None
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class Limits:
    """What an account is held to, of one pool of models: generations at once, and creates a minute. None: no limit.

    ``per_minute`` is never gone over, whatever the service allows. ``usual_per_minute`` holds where neither that is set
    nor the service has told its limit.
    """

    at_once: int | None = None
    per_minute: int | None = None
    usual_per_minute: int | None = None

    def with_learnt(self, learnt: int | None) -> Limits:
        """These, with the creates a minute that the service told, if it did."""
        if learnt is None:
            own = self.usual_per_minute if self.per_minute is None else self.per_minute
        else:
            own = learnt if self.per_minute is None else min(learnt, self.per_minute)
        return Limits(self.at_once, own)


@dataclass(frozen=True)
class OrderRow:
    """An order as the books hold it now.

    attempt:    counts from 1
    holder:     the process that may be sending it
    film:       what its budget hangs on
    token:      names this attempt of this order in a callback URL; no other ledger makes the same
    failure:    whose failure it was, where the service failed it
    absences:   how often it was released because the account's list did not show it
    doubted_at: since when nobody knows whether its create was accepted
    doubt:      why nobody does
    provider:   the id of the service that it was sent to; empty in orders of earlier versions, whose model tells it
    request_id: names its create to the service's support: as it was sent, or as the answer named it. None where it
                was sent without a name
    """

    key: str
    family: str
    seller: str
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
        """The moment from which on a grace period, in seconds, counts for an order in doubt.

        A request whose client was killed, or gave up, counts from when it would have been given up at the latest, or
        from a grace period after it was sent, where that is shorter.
        """
        doubted = self.doubted_at or self.reserved_at
        if self.doubt is Doubt.ANSWERED:
            return doubted
        return max(doubted, self.reserved_at + min(LONGEST_CALL, timedelta(seconds=grace)))

    @property
    def moderated(self) -> bool:
        """Whether it failed by a verdict on its input, which is final for it."""
        return self.state is OrderState.FAILED and self.failure is FailureClass.MODERATION


@dataclass(frozen=True)
class Entry:
    """One line of the journal, in USD.

    amount:     what this line added to (or gave back from) what is spent
    suspense:   what it added to (or took from) what every cap still counts, because it may have been spent
    counted_at: in whose month it counts: when its attempt was reserved
    by_hand:    whether a person said so
    request_id: the name of the create at the service, in the line that tells of it
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
