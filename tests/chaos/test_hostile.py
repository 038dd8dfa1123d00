"""The purchasing code under a hostile service: seeded histories, attacks of each kind, and a state machine.

What is played, and what is not, stands in ``benchmarks/hostile_world.py``; one history again, with its story:
``python benchmarks/hostile.py --history SEED``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import hypothesis.strategies as st
import pytest
from hostile import open_books, run, shrink
from hostile_books import Books
from hostile_history import History
from hostile_time import Draw, Killed, Machine, Stuck, VirtualLoop
from hostile_traits import ATTACKS, CALM, Traits, drawn
from hostile_world import Create
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.support.books import new_database

ORDERS = 4
HOSTS = ("a", "b")


@pytest.fixture(scope="module")
def books() -> Iterator[list[Books]]:
    """Two ledgers on SQLite, for all histories of this file."""
    with open_books() as opened:
        yield opened


def broken(books: Sequence[Books], seeds: Sequence[int], attack: str = "") -> dict[int, dict[str, str]]:
    """The promises that histories broke, by seed."""
    played = [History(books, seed, traits=drawn(seed, attack)).play() for seed in seeds]
    return {outcome.seed: outcome.faults for outcome in played if outcome.faults}


# The purchasing code


@pytest.mark.long
@pytest.mark.parametrize("first", range(1, 301, 50))
def test_no_promise_is_broken(books: list[Books], first: int) -> None:
    """Whatever service, machines and people do wrong together: nothing is paid twice, caps hold, the books agree."""
    assert broken(books, range(first, first + 50)) == {}


@pytest.mark.long
@pytest.mark.parametrize("attack", ATTACKS)
def test_no_attack_of_one_kind_breaks_a_promise(books: list[Books], attack: str) -> None:
    """Much of one kind of misbehaviour breaks no promise either."""
    assert broken(books, range(1, 21), attack) == {}


@pytest.mark.long
@pytest.mark.postgres
def test_no_promise_is_broken_on_postgresql(postgres: str) -> None:
    """Neither on PostgreSQL."""
    with open_books([new_database(postgres), new_database(postgres)]) as opened:
        assert broken(opened, range(1, 31)) == {}


class Attack(RuleBasedStateMachine):
    """Someone who chooses each next step: what is ordered, what its create meets, what dies, and how time goes by."""

    books: list[Books]

    @initialize(
        order=st.sampled_from(["newest", "oldest", "random", "unfinished last", "reshuffled"]),
        page=st.sampled_from([1, 2, 100]),
        lag=st.sampled_from([0.0, 30.0, 200.0]),
        omits=st.sampled_from(["", "", "ended", "unfinished", "stills", "all"]),
        clock=st.sampled_from([0.0, -3600.0, 660.0, 7200.0]),
        echo=st.sampled_from(["full", "full", "silent", "reworded"]),
        skew=st.sampled_from([0.0, -240.0, 240.0]),
        cap=st.sampled_from([0.0, 0.3, 0.6]),
        month_end=st.sampled_from([0.0, 60.0]),
        seed=st.integers(0, 1000),
    )
    def begin(
        self, order: str, page: int, lag: float, omits: str, clock: float, echo: str, skew: float, cap: float,
        month_end: float, seed: int,
    ) -> None:  # fmt: skip
        """A service with its own list, clock and words; two hosts."""
        self.traits = Traits(
            order=order, page=page, lag=lag, omits=omits, clock=clock, echo=echo, skews=(0.0, skew, 0.0), stills=True,
            one_machine=False, month_cap=cap, production_cap=cap, month_end=month_end, orders=ORDERS, fails=0.1,
            patience=120.0,
        )  # fmt: skip
        self.history = History(self.books, seed, traits=self.traits)
        self.world, self.buyer = self.history.world, self.history.buyers["ours"]
        self.history.others()
        self.hosts: dict[str, Machine] = {}
        self.tasks: list[asyncio.Task[object]] = []
        for name in HOSTS:
            self.start(name)

    def start(self, name: str) -> None:
        skew = self.traits.skews[HOSTS.index(name)]
        self.hosts[name] = self.world.machine(f"{name}{len(self.world.machines)}", skew=skew)

    @rule(
        host=st.sampled_from(HOSTS),
        number=st.integers(0, ORDERS - 1),
        meets=st.sampled_from(["ok", "lost_before", "lost_after", "error_before", "error_after", "late", "gateway"]),
    )
    def place(self, host: str, number: int, meets: str) -> None:
        """A host orders a shot and waits for it; its create meets this."""
        if meets != "ok":
            self.history.service.script.append(meets)
        machine = self.hosts[host]
        self.tasks.append(machine.run(self.world.alone(self.buyer, machine, self.buyer.wanted[number])))
        self.wait(0.01)

    @rule(seconds=st.sampled_from([1.0, 10.0, 70.0, 130.0, 400.0]))
    def wait(self, seconds: float) -> None:
        """Time goes by."""
        self.history.loop.run_until_complete(asyncio.sleep(seconds))

    @rule(host=st.sampled_from(HOSTS))
    def kill(self, host: str) -> None:
        """A host dies, and another process takes its place."""
        self.hosts[host].kill()
        self.wait(0.01)
        self.start(host)

    @rule(host=st.sampled_from(HOSTS))
    def reconcile(self, host: str) -> None:
        """Somebody reconciles."""
        self.tasks.append(self.hosts[host].run(self.world.reconcile(self.buyer, self.hosts[host])))
        self.wait(5.0)

    @rule()
    def settle_by_hand(self) -> None:
        """A person who knows what was accepted settles what is in doubt."""
        self.world.look_by_hand(self.buyer, len(self.world.machines))

    @rule(rate=st.sampled_from([0.0, 1.0]))
    def list_fails(self, rate: float) -> None:
        """The list answers with errors from now on, or no longer."""
        self.traits = self.history.service.traits = replace(self.traits, list_errors=rate)

    def teardown(self) -> None:
        """Everything is settled, and every promise looked at."""
        if not hasattr(self, "history"):
            return
        history = self.history
        self.list_fails(0.0)
        try:
            left = [task for task in self.tasks if not task.done()]
            if left:
                history.loop.run_until_complete(asyncio.wait(left, timeout=2 * 86400))
            for task in self.tasks:
                if task.done() and task.cancelled():
                    continue
                error = task.exception() if task.done() else TimeoutError("a host is never done")
                assert error is None or isinstance(error, Killed), repr(error)
            history.loop.run_until_complete(history.settle_all())
            history.check()
        finally:
            history.close()
        assert history.outcome.faults == {}


@pytest.mark.long
def test_no_order_of_steps_breaks_a_promise(books: list[Books]) -> None:
    """Steps that are chosen against us, one by one, break no promise."""
    machine = type("Chosen", (Attack,), {"books": books})
    run_settings = settings(
        max_examples=60, stateful_step_count=15, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    run_state_machine_as_test(machine, settings=run_settings)


# The simulation


def test_a_calm_history_is_clean(books: list[Books]) -> None:
    """Each order is created once where nothing goes wrong, and no fault is found."""
    outcome = History(books, 1, traits=CALM).play()
    assert (outcome.faults, outcome.creates, outcome.doubts) == ({}, CALM.orders, 0)


@pytest.mark.long
@pytest.mark.parametrize("seed", [7, 33])
def test_a_history_is_played_again_as_it_was(books: list[Books], seed: int) -> None:
    """The seed alone decides what happens, to the word and the tenth of a second."""
    stories: list[list[str]] = [[], []]
    for story in stories:
        History(books, seed, tell=story.append).play()
    assert stories[0] == stories[1]
    assert len(stories[0]) > 5


@pytest.mark.parametrize(
    ("traits", "kind"),
    [
        (CALM, "twice"),
        (replace(CALM, production_cap=1.0), "cap production"),
        (replace(CALM, month_cap=1.0), "cap month"),
        (replace(CALM, run_cap=1.0), "cap run"),
        (CALM, "books"),
    ],
)
def test_what_is_accepted_twice_is_found(books: list[Books], traits: Traits, kind: str) -> None:
    """A create that the service accepts a second time, unknown to the books, breaks the promises it should."""
    history = History(books, 1, traits=traits)

    def again() -> None:
        first = history.service.creates[0]
        second = Create(first.buyer, first.wanted, first.attempt, first.run, first.month, first.params)
        history.service.creates.append(second)
        history.service.accept(second)

    history.loop.call_later(10, again)
    assert kind in history.play().faults


def test_a_person_settles_what_nobody_else_can(books: list[Books]) -> None:
    """Every lost answer is left to a person where no list tells; then the ledger is right to the cent."""
    history = History(books, 1, traits=replace(CALM, lost_after=1.0, no_list=True))
    outcome = history.play()
    assert outcome.for_a_person == CALM.orders
    assert outcome.faults == {}
    assert books[0].spent() == sum((w.price for w in history.buyers["ours"].wanted), Decimal(0))


def test_what_a_fault_needs_is_named(books: list[Books]) -> None:
    """Of a history that breaks a promise, the behaviours that it does not need are taken away."""
    # Put back in secret, a ledger cannot know what it has lost: this is bought twice by whatever code.
    traits = replace(CALM, restored="untold", in_turn=True, orders=5, echo="reworded", by_hand=2, older=6)
    assert "twice" in History(books, 1, traits=traits).play().faults
    needed = shrink(books, 1, "twice", traits)
    assert needed["restored"] == "untold"
    assert needed.keys() <= {"restored", "in_turn", "orders"}


def test_histories_are_played_by_workers() -> None:
    """Processes with ledgers of their own play all histories that were asked for, and count what happened."""
    found = run(3, seed=1, attack="late acceptance", workers=1)
    assert (found.histories, found.broken) == (3, 0)
    assert found.counts["orders"] > 0
    assert found.counts["creates"] >= found.counts["orders"]


def test_time_jumps_to_what_is_due() -> None:
    """A loop in virtual time sleeps for hours at once, and says so where nothing will ever happen."""
    loop = VirtualLoop()
    loop.run_until_complete(asyncio.sleep(7200))
    assert loop.time() == pytest.approx(7200)
    with pytest.raises(Stuck):
        loop.run_until_complete(loop.create_future())
    loop.close()


def test_a_killed_machine_does_nothing_more() -> None:
    """After a kill neither the rest of a task nor its clean-up reaches anything, and a step may be the last."""
    loop = VirtualLoop()
    machine = Machine(loop, "m", start=datetime(2026, 11, 22, tzinfo=UTC), dies_at=3)
    done: list[str] = []

    async def life() -> None:
        try:
            await machine.pause(10)  # step 1
            await machine.work(done.append, "booked")  # steps 2 and 3: it dies once this is booked
            done.append("never")
        finally:
            await machine.work(done.append, "nor this")

    async def both() -> BaseException | None:
        task = asyncio.ensure_future(life())
        await asyncio.wait([task])
        return task.exception()

    assert isinstance(loop.run_until_complete(both()), Killed)
    assert done == ["booked"]
    loop.close()


def test_draws_depend_on_their_purpose_alone() -> None:
    """A draw for one purpose does not change with the draws for others."""
    assert Draw(5).unit("a", 1) == Draw(5).unit("a", 1) != Draw(5).unit("a", 2)
    assert {Draw(5).whole(1, 3, n) for n in range(50)} == {1, 2, 3}
