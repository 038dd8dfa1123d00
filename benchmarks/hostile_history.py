"""One history: a seed is played to its end, everything is settled truthfully, and every promise is checked.

The promises, by the name of the fault that breaks them:

``twice``       an order has two generations that were charged and not given back
``cap run``     the charges within a run exceed its cap; checked whenever a create is accepted. The same with
                ``cap production`` and ``cap month``, which is that of the reservation, UTC, by the database's clock
``books``       after all is settled, the books' sum is not the service's charges
``shared``      one generation belongs to two orders
``foreign``     a generation of another ledger, or made by hand, was adopted although the tokens prove that
``endless``     one call sends an order again and again, or never ends
``stuck``       an order that no command and no time moves out of its state
``left``        a reconciliation leaves an end unbooked that the service shows
``error``       an error outside of ``studio.errors`` was raised
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_UP, Decimal
from typing import Any

import hostile_books as code
from hostile_actors import Buyer, World
from hostile_books import OPEN, Books
from hostile_time import Draw, Killed, Machine, Stuck, VirtualLoop
from hostile_traits import Traits, drawn
from hostile_world import Create, Made, Service, Wanted, told_token

from studio.errors import ServiceError, StudioError
from studio.ledger import OrderState

PRICES = {"ray-2": Decimal("0.40"), "ray-flash-2": Decimal("0.14"), "photon-1": Decimal("0.02")}
HORIZON = 10 * 86400.0
MIDDLE = datetime(2026, 11, 22, 10, tzinfo=UTC)
MONTH_END = datetime(2026, 12, 1, tzinfo=UTC)


@dataclass
class Outcome:
    """The outcome of a history. ``faults``: each broken promise once, and how it was broken."""

    seed: int
    traits: Traits
    faults: dict[str, str] = field(default_factory=dict)
    orders: int = 0
    creates: int = 0
    doubts: int = 0
    adoptions: int = 0
    releases: int = 0
    for_a_person: int = 0


class History:
    """A history on opened ledgers, two where another ledger buys as well. ``tell`` is called with each line of its
    story."""

    def __init__(
        self,
        books: Sequence[Books],
        seed: int,
        *,
        traits: Traits | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self.traits = traits if traits is not None else drawn(seed)
        self.draw, self.loop = Draw(seed), VirtualLoop()
        self.loop.set_exception_handler(self._unhandled)
        self._tell = tell
        end = self.traits.month_end
        self.service = Service(
            self.loop, self.traits, self.draw, MONTH_END - timedelta(seconds=end) if end else MIDDLE,
            accepted=self._accepted, note=self._note if tell else lambda _: None,
        )  # fmt: skip
        self.world = World(self.loop, self.traits, self.draw, self.service, self._fault)
        self.outcome = Outcome(seed, self.traits)
        wanted = tuple(_wanted(self.draw, self.traits))
        caps = _caps(self.traits, wanted)
        names = ("ours", "theirs") if self.traits.second_ledger else ("ours",)
        self.buyers = {n: Buyer(n, b, wanted, caps) for n, b in zip(names, books, strict=False)}
        for buyer in self.buyers.values():
            buyer.books.empty()

    def play(self) -> Outcome:
        """Play the whole history."""
        try:
            self.loop.run_until_complete(self._story())
        except Stuck as error:
            self._fault("error", f"{error}")
        finally:
            self.close()
        return self.outcome

    def close(self) -> None:
        """End all waiting tasks."""
        for machine in self.world.machines:
            machine.kill()
        left = asyncio.all_tasks(self.loop)
        for task in left:
            task.cancel()
        if left:
            self.loop.run_until_complete(asyncio.wait(left, timeout=60))
        self.loop.close()

    async def _story(self) -> None:
        self.others()
        lives = [
            asyncio.ensure_future(self.world.host(buyer, index))
            for buyer in self.buyers.values()
            for index in range(self.traits.hosts if buyer.name == "ours" else 1)
        ]
        beside = [asyncio.ensure_future(self.world.reconciler(buyer)) for buyer in self.buyers.values()]
        if self.traits.person:
            beside += [asyncio.ensure_future(self.world.person(buyer)) for buyer in self.buyers.values()]
        if self.traits.restored:
            lives.append(asyncio.ensure_future(self.world.restorer(self.buyers["ours"])))
        _, late = await asyncio.wait(lives, timeout=HORIZON)
        if late:
            self._fault("endless", f"{len(late)} hosts are not done after {HORIZON / 86400:.0f} days")
        for task in (*beside, *late):
            task.cancel()
        for machine in self.world.machines:
            machine.kill()
        for done in await asyncio.gather(*lives, *beside, return_exceptions=True):
            if isinstance(done, Exception):
                self._fault("error", repr(done))
        await self.settle_all()
        self.check()

    def others(self) -> None:
        """Put earlier generations on the account, and those that people make meanwhile."""
        traits, draw, service = self.traits, self.draw, self.service
        for number in range(traits.older):
            ago = draw.one((400.0, 3600.0, 86400.0), "older", number) * draw.between(0.5, 2, "ago", number)
            service.make_by_hand("video", {"model": "ray-2", "prompt": f"older {number}"}, ago=ago)
        wanted = self.buyers["ours"].wanted
        for number in range(traits.by_hand + traits.by_hand_alike):
            model, prompt = draw.one(("ray-2", "photon-1"), "hand model", number), f"a person's own {number}"
            endpoint, params = ("image" if model == "photon-1" else "video"), {"model": model, "prompt": prompt}
            if number >= traits.by_hand:
                alike = draw.one(wanted, "alike", number)
                endpoint, params = alike.endpoint, dict(alike.params)
            when = draw.between(0, 200, "hand", number)
            self.loop.call_later(when, service.make_by_hand, endpoint, params)

    async def settle_all(self) -> None:
        """Wait until nothing is under way; then a person settles truthfully, and the same commands run once more."""
        if self._tell:
            self._note("all are done; everything is settled")
        await asyncio.sleep(2000)
        for buyer in self.buyers.values():
            machine = self.world.machine(f"{buyer.name}.last", calm=True)
            await asyncio.wait([work := machine.run(self._settle(buyer, machine))])
            error = None if work.cancelled() else work.exception()
            if work.cancelled() or error is not None:
                self._fault("error", f"settling at last ended with {error!r}")

    async def _settle(self, buyer: Buyer, machine: Machine) -> None:
        tools = self.world.tools(buyer, machine)
        ledger, provider = tools.ledger, tools.provider
        ledger.doubt_abandoned()
        self.outcome.for_a_person += len(ledger.open_orders(OrderState.IN_DOUBT))
        for rest in (30, 1200, 1200):
            self.world.settle_by_hand(buyer, ledger)
            try:
                await code.reconcile(tools)
            except StudioError as error:
                self._note(f"reconcile ends: {type(error).__name__}: {error.message[:150]}")
            await machine.pause(rest)
        with contextlib.suppress(StudioError):
            await code.reconcile(tools)
        for row in ledger.open_orders(OrderState.SUBMITTED):
            try:
                generation = await provider.get(row.generation_id or "")
            except ServiceError:
                self._fault("stuck", f"{row.scene}'s generation {row.generation_id} is gone: submitted for ever")
                continue
            if generation.ended:
                self._fault("left", f"{row.scene}'s generation ended, and no reconciliation booked it")
        for row in ledger.open_orders(*OPEN):
            if row.state is not OrderState.SUBMITTED:
                self._fault("stuck", f"{row.scene} is {row.state.value} for ever: {row.reason}")
        if buyer.books.unsure():
            self._fault("stuck", f"${buyer.books.unsure()} count against caps, although a person settled everything")

    # The promises

    def _accepted(self, create: Create) -> None:
        """Check the caps whenever a create is accepted."""
        now, buyer, traits = self.loop.time(), self.buyers[create.buyer], self.traits
        live = [c for c in self.service.creates if c.buyer == buyer.name and c.made and not c.made.failed(now)]
        group = sum(1 for w in buyer.wanted if w.group == create.wanted.group)
        alike = sum(1 for c in live if c.wanted.group == create.wanted.group)
        if alike > group and alike > group + self._mistaken(buyer, create.wanted.group):
            self._fault("twice", f"{create.wanted.name} of {buyer.name}: {alike} generations for {group} orders")
        scopes = (
            ("run", create.run, [c for c in live if c.run == create.run]),
            ("production", slug := create.wanted.production, [c for c in live if c.wanted.production == slug]),
            ("month", create.month, [c for c in live if c.month == create.month]),
        )
        for scope, name, within in scopes:
            cap, total = buyer.caps[scope], sum((c.wanted.price for c in within), Decimal(0))
            if cap is not None and total > cap and not (traits.by_hand_alike or traits.second_ledger):
                self._fault(f"cap {scope}", f"{name} of {buyer.name}: ${total} were accepted under a cap of ${cap}")
        if self.draw.unit("deleted", create.made.number if create.made else 0) < traits.deleted:
            when = self.draw.between(10, 400, "delete", len(self.service.made))
            self.loop.call_later(when, self._delete, create.made)

    def _delete(self, made: Made) -> None:
        if made.known:
            self.service.delete(made)

    def _mistaken(self, buyer: Buyer, group: str) -> int:
        """The number of others' generations that a group's orders had taken, in good faith, and saw fail."""
        keys = {w.key for w in buyer.wanted if w.group == group}
        found = (self.service.made[g] for g, orders in buyer.books.claims().items() if orders & keys)
        return sum(1 for m in found if m.buyer != buyer.name and m.failed(self.loop.time()))

    def check(self) -> None:
        """Check the promises when all is settled."""
        now, outcome, creates = self.loop.time(), self.outcome, self.service.creates
        for buyer in self.buyers.values():
            claims, kinds = buyer.books.claims(), Counter(buyer.books.kinds())
            for generation, orders in claims.items():
                if len(orders) > 1:
                    self._fault("shared", f"{generation} belongs to {len(orders)} orders of {buyer.name}")
            foreign = [m for g in claims if (m := self.service.made[g]).buyer != buyer.name]
            for made in foreign:
                if self.traits.callbacks and self._tokens_tell(buyer, made):
                    self._fault("foreign", f"{buyer.name} has {made.id}, which is {made.buyer}'s")
            charged = sum(
                (c.wanted.price for c in creates if c.buyer == buyer.name and c.made and not c.made.failed(now)),
                Decimal(0),
            )
            open_to_doubt = sum((max(PRICES.values()) for _ in foreign), Decimal(0)) + self._refunded_unseen(buyer)
            difference = buyer.books.spent() - charged
            if abs(difference) > open_to_doubt:
                self._fault("books", f"{buyer.name}: the books say ${charged + difference}, the service ${charged}")
            outcome.doubts += kinds["in doubt"]
            outcome.adoptions += kinds["adopted"]
            outcome.releases += kinds["released"]
            outcome.orders += len(buyer.wanted)
        outcome.creates = len(creates)

    def _tokens_tell(self, buyer: Buyer, made: Made) -> bool:
        """True if an adopted generation of others could be told from ours: it has another's token, or it has none
        while a generation known as ours, on the same list, has ours."""
        if told_token(self.service.seen(made)) is not None:
            return True
        when = buyer.books.adopted().get(made.id)
        if when is None or self.traits.drops_token or self.traits.omits:
            return False
        at = (when - self.service.start).total_seconds()
        return any(m.known and m.buyer == buyer.name and m.at + m.lag + 10 < at for m in self.service.made.values())

    def _refunded_unseen(self, buyer: Buyer) -> Decimal:
        """USD that the service refunded for generations that it no longer shows."""
        gone = [r for r in buyer.books.rows() if r.state == "gone"]
        made = [(r.price, self.service.made[r.generation_id]) for r in gone if r.generation_id]
        return sum((price for price, m in made if m.end == "failed"), Decimal(0))

    def _fault(self, kind: str, text: str) -> None:
        self._note(f"FAULT {kind}: {text}")
        self.outcome.faults.setdefault(kind, text)

    def _note(self, text: str) -> None:
        if self._tell:
            self._tell(f"{self.loop.time():9.1f}  {text}")

    def _unhandled(self, _loop: Any, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if not isinstance(error, Killed):
            self._fault("error", f"{context.get('message')}: {error!r}")


def _wanted(draw: Draw, traits: Traits) -> list[Wanted]:
    found: list[Wanted] = []
    for number in range(traits.orders):
        name = f"scene{number}"
        key = hashlib.sha256(f"{draw.seed} {number}".encode()).hexdigest()
        twin = found[number - 1] if traits.twins and number % 2 and found[number - 1].take == 1 else None
        if twin is not None:
            found.append(replace(twin, key=key, name=name, take=2))
            continue
        still = traits.stills and draw.unit("still", number) < 0.4
        model = "photon-1" if still else draw.one(("ray-2", "ray-2", "ray-flash-2"), "model", number)
        params: dict[str, Any] = {"model": model, "prompt": f"a lighthouse, number {number}", "aspect_ratio": "16:9"}
        if not still:
            params |= {"resolution": "540p", "duration": "5s"}
            if traits.frames and draw.unit("frame", number) < 0.6:
                frame = {"type": "image", "url": f"https://pictures.example/{number}.png"}
                params["keyframes"] = {"frame0": frame}
        slug = f"film{number % traits.productions}"
        endpoint = "image" if still else "video"
        found.append(Wanted(key, key, name, 1, endpoint, model, slug, params, PRICES[model], key))
    return found


def _caps(traits: Traits, wanted: Sequence[Wanted]) -> dict[str, Decimal | None]:
    total = sum((w.price for w in wanted), Decimal(0))
    shares = {"run": traits.run_cap, "production": traits.production_cap, "month": traits.month_cap}
    return {
        scope: (total * Decimal(str(share))).quantize(Decimal("0.01"), ROUND_UP) if share else None
        for scope, share in shares.items()
    }
