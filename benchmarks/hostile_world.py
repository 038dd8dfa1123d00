"""A video service in memory with the faults of its traits: it loses answers, accepts late, lists badly, gives odd
times.

It records the truth: what it accepted, for which order, and what it charged. Prices are ours (``Wanted.price``),
charged when a create is accepted, and refunded in full when the generation fails.

**Limits.** Cases that cannot be told from non-acceptance are not played, since no code can be blamed for them:

- a list omits by a rule (state, kind, model, age, a share of half and more), never just the one generation that is
  looked for. A *share* is left out only where something that the buyer knows, of the same ten minutes, is left out too;
- a lag is one number for the whole list, or differs by at most 20 % from one generation to the next;
- a create is accepted at most 65 s after its client gave up;
- a refund for a generation that the service no longer shows is in no ledger;
- nobody deletes by hand a generation whose answer was lost, before it is in the books;
- a generation made by hand with the same request as an order may be taken for that order's, unless tokens prove it: it
  has another's, or it has none while one that is known to be ours, on the same list, has ours;
- orders with equal requests may have any of each other's generations: they are counted together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from hostile_time import Draw, VirtualLoop
from hostile_traits import Traits

from studio.failures import failure_class
from studio.providers import Generation, GenerationPage
from studio.providers.order_trace import order_token

WINDOW = 600.0  # seconds within which a buyer knows the neighbours of an order
REASONS = ("Job failed", "Error dispatching job", "Prompt processing failed")
ODD_FOR = 600.0


@dataclass(frozen=True)
class Wanted:
    """One order that buyers make. Orders with equal requests share one ``group``."""

    key: str
    family: str
    name: str
    take: int
    endpoint: str
    model: str
    production: str
    params: Mapping[str, Any]
    price: Decimal
    group: str


@dataclass
class Create:
    """A create as the service saw it. ``due``: when it will be accepted, in seconds; ``made``: its generation.

    ``call`` names the call of ``purchase`` that sent it; ``run`` and ``month`` those of its reservation.
    """

    buyer: str
    wanted: Wanted
    attempt: int
    run: str
    month: str
    params: Mapping[str, Any]
    call: str = ""
    due: float | None = None
    made: Made | None = None
    answer: str = ""


@dataclass
class Made:
    """A generation at the service. ``create`` is None where it was made by hand."""

    id: str
    number: int
    at: float
    endpoint: str
    model: str
    params: Mapping[str, Any]
    price: Decimal
    ends: float
    end: str
    reason: str | None
    lag: float
    create: Create | None = None
    known: bool = False  # its id was returned to its buyer
    deleted: bool = False

    def failed(self, now: float) -> bool:
        return self.end == "failed" and now >= self.ends

    @property
    def buyer(self) -> str:
        return self.create.buyer if self.create else "by hand"


@dataclass
class Service:
    """The account at the service. ``accepted`` is called with every create it accepts; ``note`` with all events."""

    loop: VirtualLoop
    traits: Traits
    draw: Draw
    start: datetime
    accepted: Callable[[Create], None] = lambda _: None
    note: Callable[[str], None] = lambda _: None
    creates: list[Create] = field(default_factory=list)
    script: list[str] = field(default_factory=list)  # fates of the next creates, whatever the traits say
    made: dict[str, Made] = field(default_factory=dict)
    lists: int = 0

    def now(self) -> datetime:
        """The true time, which the database uses, too."""
        return self.start + timedelta(seconds=self.loop.time())

    # Actions of buyers

    def accept(self, create: Create) -> Made:
        """Accept a create of ours: make a generation, and charge it."""
        made = self._make(create.wanted.endpoint, create.params, create.wanted.price, create)
        create.due, create.made = None, made
        self.note(f"accepted {made.id} of {create.buyer} {create.wanted.name}.{create.attempt}, ends {made.end}")
        self.accepted(create)
        return made

    def make_by_hand(self, endpoint: str, params: Mapping[str, Any], *, ago: float = 0.0) -> Made:
        """Make a generation by hand, without us."""
        made = self._make(endpoint, params, Decimal(0), None, ago=ago)
        self.note(f"by hand {made.id}")
        return made

    def delete(self, made: Made) -> None:
        """Delete a generation by hand. It stays paid."""
        self.note(f"deleted {made.id}")
        made.deleted = True

    def _make(
        self, endpoint: str, params: Mapping[str, Any], price: Decimal, create: Create | None, *, ago: float = 0.0
    ) -> Made:
        number, draw, traits = len(self.made) + 1, self.draw, self.traits
        at = self.loop.time() - ago
        moderated = draw.unit("moderated", number) < traits.moderated
        failed = moderated or draw.unit("fails", number) < traits.fails
        reason = "Advanced prompt moderation failed" if moderated else draw.one(REASONS, "reason", number)
        made = Made(
            f"gen-{number:03d}-{draw.whole(0, 9999, 'id', number):04d}", number, at, endpoint, str(params["model"]),
            params, price, at + draw.between(*traits.lives, "life", number), "failed" if failed else "completed",
            reason if failed else None, traits.lag * (1 + traits.lag_spread * draw.between(-1, 1, "lag", number)),
            create,
        )  # fmt: skip
        self.made[made.id] = made
        return made

    # Answers

    def seen(self, made: Made) -> Generation:
        """A generation as the service shows it now."""
        now, traits = self.loop.time(), self.traits
        over = now >= made.ends + (ODD_FOR if traits.odd_states else 0.0)
        state = made.end if over else "queued" if now < made.at + 2 else "dreaming"
        created: datetime | None = None
        if not traits.undated:
            created = self.start + timedelta(seconds=made.at * (1 + traits.drift) + traits.clock)
        return Generation(
            made.id, state, created, None if traits.kindless else made.model,  # type: ignore[arg-type]
            failure_reason=made.reason if over else None, request=self._echo(made),
            kind=None if traits.kindless else made.endpoint, failure=failure_class(made.reason),
        )  # fmt: skip

    def _echo(self, made: Made) -> dict[str, Any]:
        traits = self.traits
        if traits.echo == "silent":
            token = made.params.get("callback_url")
            return {} if traits.drops_token or token is None else {"callback_url": token}
        echo = {"generation_type": made.endpoint, **made.params}
        if traits.drops_token:
            echo.pop("callback_url", None)
        if traits.echo == "without prompt":
            del echo["prompt"]
        elif traits.echo == "reworded":
            echo["prompt"] = f"A cinematic view of {echo['prompt']}, in warm light"
        if traits.pictures and "keyframes" in echo:
            echo["keyframes"] = {
                name: {**frame, "url": f"https://cdn.example/{made.number}/{name}.png"}
                for name, frame in echo["keyframes"].items()
            }
        return echo

    def find(self, generation_id: str) -> Generation | None:
        """The answer of GET; None: 404."""
        made, traits = self.made.get(generation_id), self.traits
        if made is None or made.deleted or self.loop.time() < made.at + traits.get_late or self.never(made):
            return None
        return self.seen(made)

    def never(self, made: Made) -> bool:
        """True if GET never finds it."""
        return self.draw.unit("never", made.number) < self.traits.get_never

    def page(self, buyer: str, limit: int, offset: int) -> GenerationPage:
        """A page of the list, with the faults of the traits."""
        self.lists += 1
        traits = self.traits
        rows = self._ordered([m for m in self.made.values() if self._listed(m, buyer)])
        start, size = (0 if traits.ignores_offset else offset), min(limit, traits.page)
        shown = rows[start : start + size]
        honest = start + size < len(rows)
        page = GenerationPage(
            tuple(self.seen(m) for m in shown), {"never": False, "always": True}.get(traits.more, honest)
        )
        if honest and traits.seams and self.draw.unit("seam", self.lists) < 0.3:
            self._disturb(shown)
        return page

    def _listed(self, made: Made, buyer: str) -> bool:
        now, omits = self.loop.time(), self.traits.omits
        if made.deleted or now < made.at + made.lag or omits == "all":
            return False
        if omits == "ended":
            return now < made.ends
        if omits == "unfinished":
            return now >= made.ends
        if omits == "stills":
            return made.endpoint != "image"
        if omits == "model":
            return made.model != "ray-2"
        if omits == "old":
            return now < made.at + 120
        if omits == "share":
            return not self._shared_out(made) or self._only_unknown(made, buyer)
        return True

    def _shared_out(self, made: Made) -> bool:
        share = 0.5 + self.draw.one((0.0, 0.2, 0.4), "share")
        return self.draw.unit("omitted", made.number) < share

    def _only_unknown(self, made: Made, buyer: str) -> bool:
        """True if no generation known to this buyer is left out beside it: then the omission cannot be noticed."""
        return made.buyer == buyer and not any(
            m.known and m.buyer == buyer and abs(m.at - made.at) < WINDOW and self._shared_out(m)
            for m in self.made.values()
        )

    def _ordered(self, rows: list[Made]) -> list[Made]:
        now, order = self.loop.time(), self.traits.order
        if order == "oldest":
            return sorted(rows, key=lambda m: m.at)
        if order == "random":
            return sorted(rows, key=lambda m: self.draw.unit("place", m.number))
        if order == "reshuffled":
            return sorted(rows, key=lambda m: self.draw.unit("place", m.number, self.lists))
        first = {"unfinished last": lambda m: now < m.ends, "unfinished first": lambda m: now >= m.ends}
        return sorted(rows, key=lambda m: (first[order](m) if order in first else False, -m.at))

    def _disturb(self, shown: list[Made]) -> None:
        """Move the list by one between two pages."""
        if self.traits.seams == "created":
            self.make_by_hand("video", {"model": "ray-2", "prompt": f"by hand {self.lists}", "duration": "5s"})
            return
        free = [m for m in shown if m.create is None or (m.known and self.loop.time() >= m.ends)]
        if free:
            self.delete(self.draw.one(free, "seam", "which", self.lists))


def told_token(generation: Generation) -> str | None:
    """The order named by an echo's token."""
    return order_token(generation.request.get("callback_url"))
