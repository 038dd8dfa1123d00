"""Caps over months, versions of a film and changed titles: no order of events exceeds one by a cent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from studio.errors import OverBudget, SettingsError
from studio.execution.run import check_budget
from studio.execution.session import open_session
from studio.execution.steps import order
from studio.failures import FailureClass
from studio.ledger import Cap, Ledger, OrderState, open_ledger
from studio.ledger.by_hand import release
from studio.ledger.clock import check_clock, utc_now
from studio.planning import derived
from studio.production import load_production
from studio.settings import load_settings
from tests.support.books import Clock, new_database
from tests.support.bought import begun, buy_all
from tests.support.orders import PRICE, intent
from tests.support.productions import film, scene
from tests.support.running import Sandbox

KINDS = ("reserve", "submit", "lose", "refuse", "absent", "adopt", "late", "fail", "certain", "month", "by hand")


@pytest.fixture
def books(url: str) -> Iterator[tuple[Ledger, Clock]]:
    clock = Clock()
    ledger = open_ledger(url, clock=clock)
    yield ledger, clock
    ledger.close()


_histories = iter(range(10**9))


@given(
    steps=st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 5)), max_size=40),
    month_cap=st.integers(1, 4),
    run_cap=st.integers(1, 6),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_order_of_events_exceeds_a_cap(
    books: tuple[Ledger, Clock], steps: list[tuple[str, int]], month_cap: int, run_cap: int
) -> None:
    """With releases, refunds, adoptions, late answers and midnights in any order, the accepted creates of a month, and
    of a run, stay within its cap, unless a person said that a create was never accepted."""
    ledger, clock = books
    history = next(_histories)
    clock.now = datetime(2026, 11, 29, 12, tzinfo=UTC)
    realm, run = f"s{history}", f"r{history}"
    caps = [Cap("month", "", PRICE * month_cap), Cap("run", run, PRICE * run_cap)]
    accepted: dict[tuple[str, int], str] = {}  # by attempt, the month in which it was reserved
    generations = 0

    def order(number: int) -> str:
        return f"{history:032}{number:032}"

    for kind, number in steps:
        key = order(number)
        row = ledger.order(key)
        if kind == "month":
            clock.now += timedelta(hours=13)
        elif kind == "reserve":
            try:
                ledger.reserve(
                    intent("x", key=key, family=key, realm=realm, account=realm, production=f"p{history}"),
                    run=run, caps=caps,
                )  # fmt: skip
            except OverBudget:
                continue
        elif row is None:
            continue
        elif kind == "lose" and row.state is OrderState.RESERVED:
            accepted[key, row.attempt] = f"{row.reserved_at:%Y-%m}"  # accepted, and the answer lost
            ledger.doubt(key, row.attempt, "lost")
        elif kind == "refuse" and row.state is OrderState.RESERVED:
            ledger.release(key, row.attempt, "refused")
        elif kind == "submit" and row.state is OrderState.RESERVED:
            generations += 1
            accepted[key, row.attempt] = f"{row.reserved_at:%Y-%m}"
            ledger.submitted(key, row.attempt, f"g{history}-{generations}")
        elif kind == "absent" and row.state is OrderState.IN_DOUBT:
            ledger.release_absent(key, row.attempt, "not on the list")
        elif kind == "adopt" and row.state is OrderState.IN_DOUBT:
            generations += 1
            ledger.adopt(key, f"g{history}-{generations}", "found")
        elif kind == "late" and (key, row.attempt - 1) in accepted:
            generations += 1
            ledger.submitted(key, row.attempt - 1, f"g{history}-{generations}")
        elif kind == "fail" and row.state is OrderState.SUBMITTED and row.generation_id is not None:
            accepted.pop((key, row.attempt), None)
            ledger.failed(key, row.generation_id, "Job failed", FailureClass.SERVICE)
        elif kind == "by hand" and row.state is OrderState.IN_DOUBT and (key, row.attempt) not in accepted:
            release(ledger, key)
        for month in ("2026-11", "2026-12", "2027-01"):
            truly = PRICE * sum(1 for when in accepted.values() if when == month)
            assert truly <= PRICE * month_cap
            assert truly <= ledger.spent("month", month, realm=realm)
        assert PRICE * len(accepted) <= PRICE * run_cap


def test_a_reservation_of_november_makes_no_room_in_december(ledger: Ledger, clock: Clock) -> None:
    """A reservation of November counts for November, even if it is released, found or answered in December."""
    clock.now = datetime(2026, 11, 30, 23, 59, tzinfo=UTC)
    for name in "ab":
        ledger.reserve(intent(name), run="r", caps=[Cap("month", "", PRICE * 2)])
        ledger.doubt(intent(name).key, 1, "lost")
    clock.now = datetime(2026, 12, 1, 0, 5, tzinfo=UTC)
    for name in "ab":
        ledger.release_absent(intent(name).key, 1, "not on the list")
    caps = [Cap("month", "", PRICE * 2)]
    ledger.reserve(intent("c"), run="r", caps=caps)
    ledger.submitted(intent("c").key, 1, "g-c")
    ledger.adopt(intent("a").key, "g-a", "found after all")
    ledger.reserve(intent("d"), run="r", caps=caps)
    with pytest.raises(OverBudget):
        ledger.reserve(intent("e"), run="r", caps=caps)
    assert ledger.spent("month", "2026-11", realm="luma") == PRICE * 2
    assert ledger.spent("month", "2026-12", realm="luma") == PRICE * 2


def test_what_is_booked_late_counts_in_no_other_than_another_run(ledger: Ledger) -> None:
    """Each purchase counts where it was begun, even if another run sent the order again for another film and the answer
    came late."""
    first, again = intent("a", film="one"), intent("a", film="two")
    ledger.reserve(first, run="r1", caps=[])
    ledger.doubt(first.key, 1, "lost")
    ledger.release(first.key, 1, "released by hand")
    ledger.reserve(again, run="r2", caps=[])
    ledger.submitted(first.key, 2, "g-2")
    ledger.submitted(first.key, 1, "g-1")
    for scope, names in (("run", ("r1", "r2")), ("production", ("one", "two"))):
        assert [ledger.spent(scope, name, realm="luma") for name in names] == [PRICE, PRICE]


async def test_versions_of_a_film_share_its_budget(local: Path) -> None:
    """A draft, the film and two other shapes: all are held to the one ``budget:``, in whatever order they are made."""
    written = film(scene("a"), scene("b"), budget="5.00")
    async with open_session(load_settings()) as session:
        buy_all(session, await begun(session, derived(written, draft=True), "r1", local))
        buy_all(session, await begun(session, written, "r2", local))
        before = session.ledger.spent("production", "a-film", realm="local")
        assert before == Decimal("0.28") + Decimal("1.42")
        tall = derived(written, reframe="9:16")
        assert (tall.slug, tall.budget_name) == ("a-film-9x16", "a-film")
        with pytest.raises(OverBudget, match=r"the production's budget is \$5.00, \$1.70 are spent already"):
            await begun(session, tall, "r3", local)


async def test_a_changed_title_begins_no_new_budget(local: Path) -> None:
    """A film most of whose shots were bought under its old title keeps one budget for both, and the plan says so."""
    first = film(scene("a"), scene("b"), scene("c"), title="First", budget="2.50")
    second = film(scene("a"), scene("b"), scene("c"), scene("d"), title="Second", budget="2.50")
    async with open_session(load_settings()) as session:
        buy_all(session, await begun(session, first, "r1", local))
        plan, _ = await session.plan(second)
        assert any("were bought for 'first'" in str(note) for note in plan.notes)
        with pytest.raises(OverBudget, match=r"\$2.13 are spent already"):
            check_budget(session, plan, None)
        apart = await begun(session, second, "r2", local, apart=True)
        buy_all(session, apart)
        assert session.ledger.spent("production", "second", realm="local") == Decimal("0.71")
        again, _ = await session.plan(second)
        assert again.budgeting.others == ()


THERE = "123e4567-e89b-12d3-a456-426614174000"


@pytest.mark.parametrize("project", ["", "light"])
async def test_what_is_not_bought_does_not_count_for_where_a_film_came_from(local: Path, project: str) -> None:
    """A film of existing generations, with one shot of another film among its own, begins a budget of its own."""
    pinned = [{"id": f"p{n}", "prompt": f"what is seen in {n}", "generation": THERE} for n in "abc"]
    first = film(scene("a"), scene("b"), scene("c"), title="First")
    named = {"project": project} if project else {}
    async with open_session(load_settings()) as session:
        buy_all(session, await begun(session, first, "r1", local))
        plan, _ = await session.plan(film(*pinned, scene("d"), title="Second", **named))
        assert (plan.budgeting.made_out_of, plan.budgeting.bought_as) == ("", ())


async def test_the_error_of_a_shared_budget_says_how_to_part_it(local: Path) -> None:
    """Over a budget that counts another film, the error names that film and the option for a budget of its own."""
    first = film(scene("a"), scene("b"), scene("c"), title="First", budget="2.50")
    second = film(scene("a"), scene("b"), scene("c"), scene("d"), title="Second", budget="2.50")
    async with open_session(load_settings()) as session:
        buy_all(session, await begun(session, first, "r1", local))
        plan, _ = await session.plan(second)
        with pytest.raises(OverBudget) as refused:
            check_budget(session, plan, None)
        hint = str(refused.value.hint)
        assert "The budget also counts what was bought for 'first': the option apart gives this film" in hint
        assert "without 'd' it fits" not in hint  # what is left costs nothing, and is no film of this production


async def test_what_a_budget_leaves_out_is_named(local: Path) -> None:
    """The error over a budget names the scenes that what fits would be without."""
    async with open_session(load_settings()) as session:
        plan, _ = await session.plan(film(scene("a"), scene("b"), scene("c"), budget="1.50"))
        with pytest.raises(OverBudget) as refused:
            check_budget(session, plan, None)
        assert "; without 'c' it fits: the option only (a, b)" in str(refused.value.hint)


@pytest.mark.parametrize("version", [{"reframe": "9:16"}, {"draft": True}, {"draft": True, "reframe": "1:1"}])
async def test_another_version_under_another_title_begins_no_new_budget(local: Path, version: dict[str, Any]) -> None:
    """A draft, or another shape, under a new title is known by its prompts, and is held to the old budget."""
    first = film(scene("a"), scene("b"), scene("c"), title="First", budget="2.50")
    second = film(scene("a"), scene("b"), scene("c"), title="Second", budget="2.50")
    async with open_session(load_settings()) as session:
        buy_all(session, await begun(session, first, "r1", local))
        plan, _ = await session.plan(derived(second, **version))
        assert plan.budgeting.made_out_of == "first"
        assert plan.budgeting.others == ("first",)
        spent = session.ledger.spent("production", "second", realm="local", others=plan.budgeting.others)
        assert spent == Decimal("2.13")


async def test_a_title_that_has_a_shot_in_common_has_its_own_budget(local: Path) -> None:
    """A film with one of three shots in common is not a version of the other: their costs are not added."""
    async with open_session(load_settings()) as session:
        buy_all(session, await begun(session, film(scene("a"), scene("b"), title="First"), "r1", local))
        plan, _ = await session.plan(film(scene("a"), scene("c"), scene("d"), title="Second"))
        assert (plan.budgeting.others, plan.budgeting.made_out_of) == ((), "")


async def test_what_a_version_orders_counts_for_the_film_s_budget(
    workplace: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An order of a version is booked under the film's name, which has the budget."""
    monkeypatch.setenv("LUMAAI_BASE_URL", sandbox.url)
    written = film(scene("a"), budget="5.00")
    async with open_session(load_settings()) as session:
        version = film(scene("a"), title="Tall").as_version_of(written)
        it = await begun(session, version, "r1", workplace)
        (shot,) = it.plan.shots
        await order(it, shot, {})
        row = session.ledger.order(shot.key)
        assert row is not None
        assert (row.production, row.film) == ("tall", "a-film")


async def test_films_that_were_joined_stay_joined(local: Path) -> None:
    """Once a run was held to both budgets, later runs of either film are, too, whatever else is added to them."""
    async with open_session(load_settings()) as session:
        buy_all(session, await begun(session, film(scene("a"), scene("b"), title="First", budget="9"), "r1", local))
        buy_all(session, await begun(session, film(scene("a"), scene("b"), title="Second", budget="9"), "r2", local))
        other = film(*(scene(f"n{number}") for number in range(5)), title="Second", budget="4.00")
        plan, _ = await session.plan(other)
        assert plan.budgeting.others == ("first",)
        with pytest.raises(OverBudget, match=r"\$1.42 are spent already"):
            check_budget(session, plan, None)


def test_a_clock_that_is_off_is_refused_beyond_a_minute(url: str) -> None:
    """A difference of a minute between the ledger's clock and this host's is reported; with more, nothing is bought."""
    for seconds, refused in ((-50, False), (50, False), (70, True), (-70, True)):
        ledger = open_ledger(url, clock=lambda seconds=seconds: utc_now() + timedelta(seconds=seconds))
        if refused:
            with pytest.raises(SettingsError, match="s off the clock of the ledger's database"):
                check_clock(ledger)
        else:
            check_clock(ledger)
        ledger.close()


@pytest.mark.postgres
async def test_leases_go_by_the_database_s_clock(
    postgres: str, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leases are dated by a database's clock that is four minutes ahead, and this host may not buy."""
    server = new_database(postgres)
    engine = create_engine(server.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE SCHEMA ahead"))
        connection.execute(text(
            "CREATE FUNCTION ahead.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS "
            "$$ SELECT pg_catalog.clock_timestamp() + interval '240 seconds' $$"
        ))  # fmt: skip
        name = re.search(r"/(ledger_[0-9]+)", server)[1]
        connection.execute(text(f"ALTER DATABASE {name} SET search_path = public, ahead, pg_catalog"))
    engine.dispose()
    ledger = open_ledger(server)
    ledger.reserve(intent("a"), run="r", caps=[])
    row = ledger.order(intent("a").key)
    assert row is not None
    assert row.lease_until is not None
    assert row.lease_until - utc_now() > timedelta(seconds=300)
    ledger.close()
    monkeypatch.setenv("STUDIO_LEDGER_URL", server)
    with pytest.raises(SettingsError, match="s off the clock of the ledger's database"):
        async with open_session(load_settings()):
            raise AssertionError("a session was opened")


def test_a_host_whose_clock_is_off_may_not_buy(url: str) -> None:
    """A host whose clock is minutes off the database's, which dates leases and windows, is refused and buys nothing."""
    ledger = open_ledger(url)
    if ledger.dialect == "sqlite":
        assert ledger.clock_difference() == timedelta(0)  # one host, one clock
    else:
        assert abs(ledger.clock_difference()) < timedelta(seconds=30)
        ahead = ledger.clock_difference(lambda: utc_now() + timedelta(seconds=240))
        assert abs(ahead - timedelta(seconds=240)) < timedelta(seconds=30)
        with pytest.raises(SettingsError, match="s off the clock of the ledger's database"):
            check_clock(ledger, lambda: utc_now() + timedelta(seconds=240))
    before = ledger.now()
    ledger.reserve(intent("a"), run="r", caps=[])
    row = ledger.order(intent("a").key)
    assert row is not None
    assert before <= row.reserved_at <= ledger.now()
    ledger.close()


@pytest.mark.postgres
def test_a_database_that_serialises_by_default_serves(postgres: str) -> None:
    """A database whose default isolation is serializable: eight at once are admitted one by one, and none fails."""
    server = new_database(postgres)
    name = re.search(r"/(ledger_[0-9]+)", server)[1]
    engine = create_engine(server.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"ALTER DATABASE {name} SET default_transaction_isolation TO serializable"))
    engine.dispose()
    ledgers = [open_ledger(server) for _ in range(8)]

    def buy(number: int) -> str:
        caps = [Cap("run", "r", PRICE * 40, creates=40)]  # their sums are what a stricter isolation fails on
        done = [ledgers[number].reserve(intent(f"{number}x{turn}"), run="r", caps=caps).outcome for turn in range(5)]
        return "granted" if done == ["granted"] * 5 else str(done)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(buy, range(8))) == ["granted"] * 8
    for ledger in ledgers:
        ledger.close()


async def test_notes_on_how_a_production_is_written_are_in_its_plan(local: Path) -> None:
    """A comment that is left out of a prompt is noted in the plan of every version of the film."""
    file = local / "film.yaml"
    file.write_text("title: T\nscenes:\n  - id: one\n    prompt: A boat.  # in fog\n")
    async with open_session(load_settings()) as session:
        for version in ({}, {"draft": True}, {"reframe": "9:16"}):
            plan, _ = await session.plan(derived(load_production(file), **version))
            assert sum("'# in fog', is a comment" in note for note in plan.notes) == 1
