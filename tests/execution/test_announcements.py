"""What a run announces: a plan, a cap that is near, an order in doubt, a film. Once each, and never at a run's cost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from studio.errors import InDoubt, LedgerError
from studio.execution.announcements import (
    Announcement,
    ApprovalWanted,
    CapNear,
    OrderInDoubt,
    Subject,
    announcer,
    film_completed,
    plan_ready,
)
from studio.execution.cap_watch import watch_caps
from studio.execution.doubts import tell_doubt
from studio.execution.reconciliation import reconcile
from studio.execution.run import Run
from studio.execution.session import Session, open_session
from studio.execution.steps import order
from studio.failures import FailureClass
from studio.ledger import Doubt
from studio.production import Production
from studio.report.records import FilmRecord, RunRecord
from studio.settings import load_settings
from tests.support.productions import film, scene

ABOUT = Subject("A Film", "a-film", "a-film")
SCENES = tuple(scene(name, model="ray-flash-2", resolution="540p") for name in "abcde")  # $0.14 each


@pytest.fixture
def heard() -> Iterator[list[Announcement]]:
    """All that is announced in the test."""
    found: list[Announcement] = []
    before = announcer.set(found.append)
    yield found
    announcer.reset(before)


async def a_run(
    session: Session, folder: Path, name: str, production: Production, budget: Decimal | None = None, **options: object
) -> Run:
    plan, seeds = await session.plan(production, run=name, **options)  # type: ignore[arg-type]
    run = Run(session, plan, seeds, run_id=name, out=folder / name, budget=budget, started_at=datetime.now(UTC))
    await run.begin()
    return run


def buy(run: Run, *shots: str) -> None:
    """Book shots as bought, and completed."""
    ledger = run.session.ledger
    for shot in (run.plan.shot(name) for name in shots):
        wanted = shot.intent(run.production, "local", film=run.plan.production.budget_name)
        attempt = ledger.reserve(wanted, run=run.id, caps=[]).order.attempt
        ledger.submitted(shot.key, attempt, f"g-{shot.id}-{attempt}")
        ledger.completed(shot.key, f"g-{shot.id}-{attempt}")


def caps(heard: list[Announcement]) -> list[tuple[str, str, str, int]]:
    return [(s.cap, str(s.spent), str(s.limit), s.percent) for s in heard if isinstance(s, CapNear)]


async def test_a_plan_with_its_price(local: Path) -> None:
    """A plan tells its price, what is at most, and how many shots are new and kept; as JSON, money is decimal text."""
    async with open_session(load_settings()) as session:
        run = await a_run(session, local, "one", film(*SCENES[:2]))
        buy(run, "a")
        plan, _ = await session.plan(film(*SCENES[:2]))
        told = plan_ready(plan, run="two", billed=True)
        assert (told.price, told.total, told.at_most) == (Decimal("0.14"), Decimal("0.28"), False)
        assert (told.shots_new, told.shots_kept) == (1, 1)
        assert json.loads(json.dumps(told.payload())) == {
            "title": "A Film", "production": "a-film", "film": "a-film", "project": "", "run": "two", "billed": True,
            "price": "0.14", "total": "0.28", "at_most": False, "shots_new": 1, "shots_kept": 1,
        }  # fmt: skip


def test_times_are_in_utc() -> None:
    """A time of another zone is told in UTC."""
    until = datetime(2026, 11, 27, 9, tzinfo=timezone(timedelta(hours=-5)))
    told = ApprovalWanted(ABOUT, which="draft", price=Decimal("2.5"), until=until).payload()
    assert (told["until"], told["price"]) == ("2026-11-27T14:00:00+00:00", "2.50")


async def test_a_cap_is_told_once_as_it_is_crossed(local: Path, heard: list[Announcement]) -> None:
    """Not before 80 %, once at it, not again by further shots, by a rerun or by another process."""
    async with open_session(load_settings()) as session:
        run = await a_run(session, local, "one", film(*SCENES, budget=0.70))
        buy(run, "a", "b", "c")
        await watch_caps(run)
        assert caps(heard) == []
        buy(run, "d")
        await watch_caps(run)
        assert caps(heard) == [("production", "0.56", "0.70", 80)]
        buy(run, "e")
        await watch_caps(run)
    async with open_session(load_settings()) as session:
        await watch_caps(await a_run(session, local, "two", film(*SCENES, budget=0.70)))
    assert len(heard) == 1


async def test_a_cap_that_was_raised_is_another_one(local: Path, heard: list[Announcement]) -> None:
    """Raised after it was told, it is told again when it comes near what it is then."""
    async with open_session(load_settings()) as session:
        run = await a_run(session, local, "one", film(*SCENES, budget=0.70))
        buy(run, "a", "b", "c", "d")
        await watch_caps(run)
        raised = await a_run(session, local, "two", film(*SCENES, budget=0.75))
        await watch_caps(raised)
        buy(raised, "e")
        await watch_caps(raised)
    assert caps(heard) == [("production", "0.56", "0.70", 80), ("production", "0.70", "0.75", 93)]


async def test_a_refund_lets_it_be_crossed_again(
    local: Path, heard: list[Announcement], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the service refunds brings the cap below its share; the next crossing is told."""
    monkeypatch.setenv("STUDIO_CAP_NEAR", "50")
    async with open_session(load_settings()) as session:
        run = await a_run(session, local, "one", film(*SCENES[:2], budget=0.28))
        ledger, shot = session.ledger, run.plan.shot("a")
        wanted = shot.intent(run.production, "local", film="a-film")
        for attempt in (1, 2):
            ledger.reserve(wanted, run="one", caps=[])
            ledger.submitted(shot.key, attempt, f"g{attempt}")
            await watch_caps(run)
            ledger.failed(shot.key, f"g{attempt}", "Job failed", FailureClass.SERVICE)
            await watch_caps(run)
    assert caps(heard) == [("production", "0.14", "0.28", 50)] * 2


async def test_every_kind_of_cap(local: Path, heard: list[Announcement], monkeypatch: pytest.MonkeyPatch) -> None:
    """A run's, a project's, a month's in dollars and in creates; a run's that is the agreed price is meant to be
    used."""
    monkeypatch.setenv("STUDIO_MONTH_CAP", "0.30")
    monkeypatch.setenv("STUDIO_MONTH_CREATES", "2")
    production = film(*SCENES[:2], budget=0.30, project="cafe")
    async with open_session(load_settings()) as session:
        agreed = await a_run(session, local, "agreed", production, Decimal("0.28"))
        other = await a_run(session, local, "other", production, Decimal("0.29"))
        buy(other, "a", "b")
        await watch_caps(agreed)
        assert {(s.cap, s.unit) for s in heard} == {("project", "USD"), ("month", "USD"), ("month", "creates")}
        (month,) = {s.of for s in heard if s.cap == "month"}
        assert month == f"{session.ledger.now():%Y-%m}"
        heard.clear()
        await watch_caps(other)
        assert [(s.cap, s.of, s.percent) for s in heard] == [("run", "other", 96)]
        assert heard[0].about == Subject("A Film", "a-film", "a-film", "cafe", "other", False)


async def test_nobody_who_listens_uses_up_nothing(local: Path) -> None:
    """A run of the library, which nobody listens to, does not keep a later one from telling."""
    async with open_session(load_settings()) as session:
        run = await a_run(session, local, "one", film(*SCENES[:2], budget=0.30))
        buy(run, "a", "b")
        await watch_caps(run)
        found: list[Announcement] = []
        before = announcer.set(found.append)
        await watch_caps(run)
        announcer.reset(before)
    assert caps(found) == [("production", "0.28", "0.30", 93)]


async def test_a_ledger_that_fails_fails_no_run(
    local: Path, heard: list[Announcement], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be read is not told, and no error reaches the run."""
    async with open_session(load_settings()) as session:
        run = await a_run(session, local, "one", film(*SCENES[:2], budget=0.30))
        buy(run, "a", "b")

        def broken(*_: object, **__: object) -> Decimal:
            raise LedgerError("the disk is gone")

        monkeypatch.setattr(session.ledger, "spent", broken)
        monkeypatch.setattr(session.ledger, "order", broken)
        await watch_caps(run)
        await tell_doubt(session, run.plan.shot("a").key)
    assert heard == []


@pytest.mark.long
async def test_a_doubt_is_told_once(local: Path, heard: list[Announcement]) -> None:
    """By the run that meets it, with its production; not again by a rerun or by the hourly reconciliation."""
    async with open_session(load_settings()) as session:
        run = await a_run(session, local, "one", film(*SCENES[:1]))
        shot = run.plan.shot("a")
        # Of another key's account: this one's list cannot show it, so a person has to look.
        lost = shot.intent(run.production, "local-another", film="a-film")
        session.ledger.reserve(lost, run="one", caps=[])
        session.ledger.doubt(shot.key, 1, "the connection broke", Doubt.UNANSWERED)
        for _ in range(2):
            with pytest.raises(InDoubt):
                await order(run, shot, {})
        assert [row.key for row in (await reconcile(session)).in_doubt] == [shot.key]
    (told,) = [s for s in heard if isinstance(s, OrderInDoubt)]
    assert (told.order, told.scene, told.amount, told.generation) == (shot.key, "a", Decimal("0.14"), None)
    assert (told.about.title, told.about.run) == ("A Film", "one")


@pytest.mark.long
async def test_reconciliation_tells_of_doubts(local: Path, heard: list[Announcement]) -> None:
    """Of one that a killed run left, with what the ledger knows of its production."""
    async with open_session(load_settings()) as session:
        run = await a_run(session, local, "one", film(*SCENES[:1]))
        shot = run.plan.shot("a")
        session.ledger.reserve(shot.intent(run.production, "local-another", film="a-film"), run="one", caps=[])
        session.ledger.doubt(shot.key, 1, "killed", Doubt.ABANDONED)
        await reconcile(session)
        await reconcile(session)
    (told,) = heard
    assert isinstance(told, OrderInDoubt)
    assert (told.about.production, told.about.film, told.order) == ("a-film", "a-film", shot.key)


def test_a_film(tmp_path: Path) -> None:
    """A film tells its version, place, length and price, and the scenes that it lacks; without one nothing is told."""
    now = datetime.now(UTC)
    made = FilmRecord(tmp_path / "film.mp4", 240, Fraction(24), 960, 540, 9, "f" * 64, False, "copy")
    record = RunRecord(
        "A Film", "a-film-9x16", "r1", tmp_path, now, now, "sandbox", False, (), film=made, version="9:16",
        film_slug="a-film", production={"scenes": [{"id": "a"}], "project": "cafe"},
    )  # fmt: skip
    told = film_completed(record, link="http://127.0.0.1:8787/a-film/film.mp4")
    assert told is not None
    assert told.payload() == {
        "title": "A Film", "production": "a-film-9x16", "film": "a-film", "project": "cafe", "run": "r1",
        "billed": False, "version": "9:16", "path": str(tmp_path / "film.mp4"),
        "link": "http://127.0.0.1:8787/a-film/film.mp4", "seconds": 10.0, "paid": "0.00", "missing": ["a"],
    }  # fmt: skip
    assert film_completed(replace(record, film=None)) is None
