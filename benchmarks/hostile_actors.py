"""The actors of a history: producers that order and are killed, people who settle by hand, other buyers."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import hostile_books as code
from hostile_books import Books, Tools
from hostile_provider import ORDERING, HostileProvider
from hostile_time import Draw, Killed, Machine, VirtualLoop
from hostile_traits import Traits
from hostile_world import Create, Made, Service, Wanted

from studio.errors import LedgerError, NotSent, ServiceFailed, StudioError
from studio.ledger import Ledger, Limits, OrderRow, OrderState

#: The time at which the running task began to place its order.
BEGAN: ContextVar[float] = ContextVar("BEGAN", default=0.0)
# One call may wait for a slot, a lost answer and permission to send, twice each, behind all others, and be asleep.
MOST_PATIENCE, ASLEEP = 6, 1800.0
MOST_SENDS = 5  # of one order by one call; a 429 does not count
CREATE_ATTEMPTS, MOST_UNSENT = 3, 3


@dataclass
class Buyer:
    """A ledger, and all who share it. ``granted``: by order, the attempt, run and month of its latest reservation."""

    name: str
    books: Books
    wanted: tuple[Wanted, ...]
    caps: Mapping[str, Decimal | None]
    granted: dict[str, tuple[int, str, str]] = field(default_factory=dict)
    restored: bool = False  # our code was told that the ledger is an older copy


class World:
    """The surroundings of one history. ``fault`` is called with every promise that was not kept."""

    def __init__(
        self, loop: VirtualLoop, traits: Traits, draw: Draw, service: Service, fault: Callable[[str, str], None]
    ) -> None:
        self.loop, self.traits, self.draw, self.service, self.fault = loop, traits, draw, service, fault
        self.machines: list[Machine] = []
        # How often a person has released each order: each time it may be sent again, by any waiting call.
        self.let = Counter[tuple[str, str]]()

    # Machines

    def machine(self, name: str, *, skew: float = 0.0, dies_at: int | None = None, calm: bool = False) -> Machine:
        """Make a new process."""
        traits, draw = self.traits, self.draw

        def delay(step: int) -> float:
            if draw.unit("stalls", name, step) < traits.stalls:
                return draw.between(20, 400, "stall", name, step)
            return traits.ledger_delay * draw.unit("ledger delay", name, step) if traits.ledger_delay else 0.0

        def fails(step: int) -> bool:
            return traits.ledger_fails > 0 and draw.unit("ledger fails", name, step) < traits.ledger_fails

        machine = Machine(
            self.loop, name, start=self.service.start, skew=skew, dies_at=dies_at,
            ledger_delay=(lambda _: 0.0) if calm else delay, ledger_fails=(lambda _: False) if calm else fails,
        )  # fmt: skip
        self.machines.append(machine)
        return machine

    def tools(self, buyer: Buyer, machine: Machine) -> Tools:
        """The tools of a process."""

        def granted(key: str, attempt: int, run: str) -> None:
            buyer.granted[key] = (attempt, run, f"{self.service.now():%Y-%m}")

        host = machine.name.partition("/")[0]
        return code.tools(
            buyer.books, self.provider(buyer, machine), machine, granted=granted, host=host, true_clock=self.service.now
        )

    def provider(self, buyer: Buyer, machine: Machine) -> HostileProvider:
        def sending(wanted: Wanted, params: Mapping[str, Any]) -> Create:
            call = f"{machine.name} {wanted.key} {BEGAN.get()}"
            sent = sum(1 for c in self.service.creates if c.call == call and c.answer != "429")
            if sent == MOST_SENDS + self.let[buyer.name, wanted.key]:
                self.fault("endless", f"{wanted.name} was to be sent a {sent + 1}th time by one call")
                machine.kill()
                raise Killed
            attempt, run, month = buyer.granted[wanted.key]
            return Create(buyer.name, wanted, attempt, run, month, dict(params), call)

        return HostileProvider(self.service, buyer.name, sending)

    # Producers

    async def host(self, buyer: Buyer, index: int) -> None:
        """Run a production on one host, again until all of it is made, or the reruns are used up."""
        traits, draw = self.traits, self.draw
        skew = traits.skews[index]
        name, number = f"{buyer.name}.{index}", 0
        await asyncio.sleep(draw.between(0, 60, name, "begins") if index else 0)
        for again in range(traits.reruns + 1):
            number = number if draw.unit(name, "same run", again) < 0.3 else again
            last = again == traits.reruns
            dies = draw.whole(2, 90, name, "dies at", again) if draw.unit(name, "dies", again) < traits.dies else None
            machine = self.machine(f"{name}/{again}", skew=skew, dies_at=None if last else dies)
            process = machine.run(self.process(buyer, machine, f"run-{name}-{number}"))
            if not last and draw.unit(name, "breaks", again) < traits.breaks:
                self.loop.call_later(draw.between(0.5, 120, name, "breaks at", again), process.cancel)
            await asyncio.wait([process])
            error = None if process.cancelled() else process.exception()
            if error is not None and not isinstance(error, Killed | StudioError):
                self.fault("error", f"{name} ended with {error!r}")
            done = not process.cancelled() and error is None and process.result()
            machine.kill()
            if traits.one_machine or draw.unit(name, "seen dead", again) < 0.5:
                buyer.books.bury(self.runs(buyer, f"run-{name}-{number}"))
            if done:
                return
            await asyncio.sleep(draw.between(1, 200, name, "rests", again))

    @staticmethod
    def runs(buyer: Buyer, run: str) -> list[str]:
        """The runs of one process: one for each production."""
        return [f"{run}-{slug}" for slug in dict.fromkeys(w.production for w in buyer.wanted)]

    async def process(self, buyer: Buyer, machine: Machine, run: str) -> bool:
        """Run one process. True if everything wanted was made."""
        tools = self.tools(buyer, machine)
        await asyncio.to_thread(tools.unbooked.book, tools.ledger)
        slugs = dict.fromkeys(w.production for w in buyer.wanted)
        gateways = {slug: self.gateway(buyer, machine, tools, f"{run}-{slug}", slug) for slug in slugs}

        def making(w: Wanted) -> Awaitable[bool]:
            return self.make(buyer, machine, tools, gateways[w.production], w)

        if not self.traits.in_turn:
            return all(await asyncio.gather(*(asyncio.ensure_future(making(w)) for w in buyer.wanted)))
        return all([await asyncio.ensure_future(making(w)) for w in buyer.wanted])

    def gateway(self, buyer: Buyer, machine: Machine, tools: Tools, run: str, slug: str) -> Any:
        """The gateway of one run, with growing pauses between its checks, so that waiting costs little."""
        traits = self.traits

        async def sleep(seconds: float) -> None:
            longest = 20.0 if seconds < 2 else 4 * seconds
            await machine.pause(max(seconds, min(longest, (self.loop.time() - BEGAN.get()) / 2)))

        return code.gateway(
            tools, run=run, caps=lambda: code.caps_of(run, slug, buyer.caps),
            limits=Limits(at_once=traits.at_once or None, per_minute=traits.per_minute or None),
            patience=traits.patience, callback_url="https://us.example/hook" if traits.callbacks else "",
            restored=buyer.restored, sleep=sleep, jitter=lambda: 0.5, passed=self.loop.time,
        )  # fmt: skip

    async def alone(self, buyer: Buyer, machine: Machine, wanted: Wanted) -> bool:
        """Make one shot by a run of its own on a machine."""
        tools, run = self.tools(buyer, machine), f"run-{machine.name}-{wanted.name}"
        return await self.make(
            buyer, machine, tools, self.gateway(buyer, machine, tools, run, wanted.production), wanted
        )

    async def make(self, buyer: Buyer, machine: Machine, tools: Tools, gateway: Any, wanted: Wanted) -> bool:
        """Order one shot and wait for its end, as a flow does: an order that the service failed is sent again."""
        ORDERING.set(wanted)
        unsent = 0
        for _ in range(CREATE_ATTEMPTS + MOST_UNSENT):
            try:
                placed = await self.place(machine, gateway, wanted)
                if not placed.completed:
                    await code.await_end(tools, wanted, placed, gateway)
            except ServiceFailed:
                continue
            except NotSent:
                unsent += 1
                if unsent > MOST_UNSENT:
                    return False
                await machine.pause(10)
                continue
            except StudioError as error:
                self.service.note(f"{machine.name} ends {wanted.name}: {type(error).__name__}: {error.message[:400]}")
                return False
            return True
        return False

    def _let(self, wanted: Wanted) -> int:
        return sum(count for (_, key), count in self.let.items() if key == wanted.key)

    async def place(self, machine: Machine, gateway: Any, wanted: Wanted) -> Any:
        """Purchase through the gateway, which must come to an end."""
        BEGAN.set(self.loop.time())
        tell = self.service.note
        longest = (MOST_PATIENCE + self.traits.orders) * self.traits.patience + ASLEEP
        placing = asyncio.ensure_future(
            gateway.purchase(
                code.intent_of(wanted), wanted.params,
                on_wait=lambda why: tell(f"{machine.name} waits with {wanted.name}: {why[:110]}"),
            )
        )  # fmt: skip
        # The end of a call is ignored if its process was killed meanwhile.
        placing.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            before = -1
            # Each release by a person starts the count again.
            while not placing.done() and before < self._let(wanted):
                before = self._let(wanted)
                await asyncio.wait([placing], timeout=longest)
        except asyncio.CancelledError:
            placing.cancel()
            await asyncio.wait([placing])
            raise
        if not placing.done():
            self.fault("endless", f"{wanted.name} was not placed, nor given up, in {longest / 60:.0f} minutes")
            machine.kill()
        return await placing

    # People

    async def restorer(self, buyer: Buyer) -> None:
        """Back up the ledger; some time later restore the backup, while no process of ours runs, and run again."""
        await asyncio.sleep(self.draw.between(1, 60, buyer.name, "backup"))
        backup = buyer.books.copy()
        await asyncio.sleep(self.draw.between(20, 200, buyer.name, "restored"))
        for machine in self.machines:
            if machine.name.startswith(buyer.name):
                machine.kill()
        buyer.books.restore(backup)
        buyer.restored = self.traits.restored == "told"
        self.service.note(f"the ledger of {buyer.name} is that of its backup again")
        await self.host(buyer, 0)

    async def reconciler(self, buyer: Buyer) -> None:
        """Run ``flows.reconcile`` now and then, on a machine with a clock of its own."""
        for number in range(self.traits.reconciles):
            await asyncio.sleep(self.draw.between(5, 500, buyer.name, "reconciles", number))
            machine = self.machine(f"{buyer.name}.reconcile/{number}", skew=self.traits.skews[-1])
            work = machine.run(self.reconcile(buyer, machine))
            await asyncio.wait([work])
            machine.kill()
            if not work.cancelled():
                work.exception()

    async def reconcile(self, buyer: Buyer, machine: Machine) -> None:
        """Run ``flows.reconcile`` once."""
        try:
            await code.reconcile(self.tools(buyer, machine))
        except StudioError as error:
            self.service.note(f"{machine.name} ends: {type(error).__name__}: {error.message[:150]}")

    async def person(self, buyer: Buyer) -> None:
        """Check every few minutes what is in doubt, and settle by hand what the service knows for certain."""
        number = 0
        while True:
            number += 1
            await asyncio.sleep(self.draw.between(100, 500, buyer.name, "person", number))
            self.look_by_hand(buyer, number)

    def look_by_hand(self, buyer: Buyer, number: int) -> None:
        """Check once by hand what is in doubt, from a machine whose clock is right."""
        machine = self.machine(f"{buyer.name}.person/{number}", calm=True)
        self.settle_by_hand(buyer, self.tools(buyer, machine).ledger, tired=True)
        machine.kill()

    def settle_by_hand(self, buyer: Buyer, ledger: Ledger, *, tired: bool = False) -> int:
        """Settle truthfully what is uncertain and no longer under way. Returns the number of orders.

        ``tired``: a person who has released an order this often waits until the service is well.
        """
        settled = 0
        for row in code.still_there(ledger):
            mine = [c for c in self.service.creates if c.buyer == buyer.name and c.wanted.key == row.key]
            if any(c.due is not None for c in mine) or (tired and self.let[buyer.name, row.key] >= MOST_SENDS):
                continue
            made = self._truth(buyer, row.key, row.attempt)
            self.service.note(f"a person settles {row.scene}.{row.attempt}: {made.id if made else 'not accepted'}")
            try:
                self._say(ledger, row, made)
                self.let[buyer.name, row.key] += made is None
            except LedgerError as error:
                self.service.note(f"the books do not take that: {error.message[:200]}")
                continue
            settled += 1
        return settled

    @staticmethod
    def _say(ledger: Ledger, row: OrderRow, made: Made | None) -> None:
        if made is not None:
            code.adopt_by_hand(ledger, row, made.id)
        elif row.state is OrderState.IN_DOUBT:
            code.release_by_hand(ledger, row)
        else:
            code.make_certain_by_hand(ledger, row)

    def _truth(self, buyer: Buyer, key: str, attempt: int) -> Made | None:
        """The purchase of an order in doubt: its own generation, or that of another order with an equal request."""
        claims = buyer.books.claims()
        mine = [c for c in self.service.creates if c.buyer == buyer.name and c.made and c.made.id not in claims]
        own = [c.made for c in mine if (c.wanted.key, c.attempt) == (key, attempt)]
        group = next((w.group for w in buyer.wanted if w.key == key), "")
        return next((m for m in (*own, *(c.made for c in mine if c.wanted.group == group))), None)
