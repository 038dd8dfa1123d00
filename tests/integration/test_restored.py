"""A ledger that was restored from an older copy, or lost: what it lacks is adopted or told, and not bought again."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from studio.errors import BadInput, InDoubt, LedgerError, NotSent, SettingsError
from studio.execution.run import Run, check_ledger
from studio.execution.session import Session, open_session
from studio.execution.steps import book_cached, order
from studio.failures import FailureClass
from studio.ledger import Ledger, OrderState, open_ledger
from studio.ledger.clock import utc_now
from studio.ledger.copies import back_up
from studio.ledger.mark import LedgerMark
from studio.library import LumaProvider
from studio.planning.plan import Shot
from studio.production import Production
from studio.purchasing.gateway import PurchaseGateway
from studio.settings import load_settings
from tests.support.books import Clock
from tests.support.luma import Luma
from tests.support.orders import PARAMS, PRICE, Slept, intent, place, spent
from tests.support.productions import film, scene
from tests.support.running import Sandbox, booked, chain, charged


def copy_of(folder: Path, name: str) -> Path:
    """A verified copy of the working folder's ledger."""
    ledger = open_ledger(f"sqlite:///{folder / '.studio' / 'ledger.db'}")
    copy = back_up(ledger, folder / name)
    ledger.close()
    return copy.path


def restore(folder: Path, copy: Path) -> None:
    """As docs/backup.md says: the copy takes the ledger's place, and its write-ahead log goes."""
    for name in ("ledger.db", "ledger.db-wal", "ledger.db-shm"):
        (folder / ".studio" / name).unlink(missing_ok=True)
    shutil.copyfile(copy, folder / ".studio" / "ledger.db")


@pytest.mark.long
async def test_what_an_older_copy_lacks_is_adopted_from_recorded_results(studio: Path, sandbox: Sandbox) -> None:
    """A film is made, the ledger of before is restored, the same film is asked for: no create, and even books."""
    from flows.produce import produce

    written = chain()
    one = written.model_copy(update={"scenes": written.scenes[:1]})
    await produce(production=one, out="one")
    older = copy_of(studio, "older.db")
    await produce(production=written, out="two")
    assert (len(sandbox.prompts()), booked(studio)) == (3, Decimal("0.42"))
    restore(studio, older)
    assert booked(studio) == Decimal("0.14")
    film_ = await produce(production=written, out="three")
    assert len(sandbox.prompts()) == 3
    assert booked(studio) == charged(sandbox) == Decimal("0.42")
    assert any("the ledger is older than it was" in note for note in film_["notes"])
    ledger = open_ledger(f"sqlite:///{studio / '.studio' / 'ledger.db'}")
    rows = ledger.open_orders(OrderState.COMPLETED)
    notes = [entry.note or "" for row in rows for entry in ledger.entries(row.key)]
    assert (len(rows), sum("adopted from a recorded result" in note for note in notes)) == (3, 4)
    assert all(row.clip for row in rows)
    ledger.close()


@pytest.mark.long
async def test_without_recorded_results_the_account_s_list_is_looked_at_first(
    studio: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing but the older copy is left: what the account has in no order's possession is not bought again unasked."""
    monkeypatch.setenv("LUMAAI_BASE_URL", sandbox.url)
    async with LumaProvider() as provider:
        await provider.generate("the first of two", model="ray-flash-2", resolution="540p")
    older = copy_of(studio, "older.db")
    async with LumaProvider() as provider:
        await provider.generate("the second of two", model="ray-flash-2", resolution="540p")
    restore(studio, older)
    (studio / ".studio" / "purchases.jsonl").unlink()
    async with LumaProvider() as provider:
        with pytest.raises(InDoubt, match="the ledger was restored, and generation"):
            await provider.generate("the second of two", model="ray-flash-2", resolution="540p")
    assert len(sandbox.prompts()) == 2


@pytest.mark.parametrize("model", ["ray-flash-2", "ray-3"])
async def test_what_an_older_copy_lacks_is_adopted_from_the_log_beside_it(
    studio: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    """A generation in flight, of which an older copy knows nothing, is awaited and booked at its price: no second one.

    The Agents API has no list that could show it.
    """
    monkeypatch.setenv("LUMAAI_BASE_URL", sandbox.url)
    monkeypatch.setenv("LUMA_BASE_URL", f"{sandbox.origin}/v1")
    written = film(scene("a"), model=model, resolution="540p", duration=5)
    async with open_session(load_settings()) as session:
        older = back_up(session.ledger, studio / "older.db").path
        first = await bought(session, written, studio, "r1")
    restore(studio, older)
    log = studio / ".studio" / "purchases.jsonl"
    log.write_bytes(b'{"ledger": "x"' + log.read_bytes() + b"{cut off")
    async with open_session(load_settings()) as session:
        assert session.restored
        assert await bought(session, written, studio, "r2") == first
        row = session.ledger.order(first)
        assert row is not None
        assert (row.state, session.ledger.spent("run", "r2", realm="local")) == (OrderState.SUBMITTED, row.price)
    assert len(sandbox.books()["creates"]) == 1


async def test_a_logged_purchase_of_an_earlier_attempt_is_not_adopted(
    studio: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A generation that failed and was refunded stays so, although the log beside the ledger names it."""
    monkeypatch.setenv("LUMAAI_BASE_URL", sandbox.url)
    written = film(scene("a"), model="ray-flash-2", resolution="540p")
    async with open_session(load_settings()) as session:
        key = await bought(session, written, studio, "r1")
        row = session.ledger.order(key)
        assert row is not None
        session.ledger.failed(key, row.generation_id or "", "a fault", FailureClass.SERVICE)
        plan, _ = await session.plan(written)
        session.ledger.reserve(plan.shots[0].intent("a-film", row.account), run="r2", caps=[])
        session.ledger.release(key, 2, "never sent")
        session.mark.restore(session.ledger)
    async with open_session(load_settings()) as session:
        assert await bought(session, written, studio, "r3") == key
        again = session.ledger.order(key)
        assert again is not None
        assert (again.attempt, again.generation_id != row.generation_id) == (3, True)
        assert session.ledger.spent("run", "r1", realm="local") == 0


async def bought(session: Session, written: Production, folder: Path, name: str) -> str:
    """Order the only shot of a production. Returns the order's key."""
    plan, seeds = await session.plan(written, run=name)
    run = Run(session, plan, seeds, run_id=name, out=folder / name, budget=None, started_at=datetime.now(UTC))
    await run.begin()
    return (await order(run, plan.shots[0], {})).order


@pytest.mark.long
async def test_each_purchase_is_noted_at_once(studio: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that is killed after it bought something leaves a mark of it: a copy of before is known to be older."""
    monkeypatch.setenv("LUMAAI_BASE_URL", sandbox.url)
    marks: list[bool] = []
    async with open_session(load_settings()) as session:
        older = back_up(session.ledger, studio / "older.db").path
        plan, seeds = await session.plan(film(scene("a"), model="ray-flash-2", resolution="540p"))
        run = Run(session, plan, seeds, run_id="r", out=studio / "out", budget=None, started_at=datetime.now(UTC))
        await run.begin()
        await order(run, plan.shots[0], {})
        copy = open_ledger(f"sqlite:///{older}")
        marks.append(session.mark.restored(copy))
        copy.close()
    assert marks == [True]


def create(sandbox: Sandbox, prompt: str) -> str:
    """A generation of the account, made past our books."""
    body = {"model": "ray-2", "prompt": prompt, "resolution": "720p", "duration": "5s"}
    made = httpx.post(
        f"{sandbox.url}/generations/video", json=body, headers={"authorization": "Bearer x"}, trust_env=False
    )
    return str(made.json()["id"])


@pytest.mark.long
async def test_a_recorded_result_is_held_against_books_and_service(
    workplace: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a result that the books lack: booked at its price where the service has it, else worth nothing; and never
    another order's."""
    monkeypatch.setenv("LUMAAI_BASE_URL", sandbox.url)
    async with open_session(load_settings()) as session:
        plan, seeds = await session.plan(film(scene("a"), scene("b"), scene("c")))
        run = Run(session, plan, seeds, run_id="r", out=workplace / "r", budget=None, started_at=utc_now())
        await session.connect()
        a, b, c = plan.shots
        assert not await book_cached(run, a, "00000000-0000-4000-8000-000000000000", 1)
        assert session.ledger.order(a.key) is None
        made = create(sandbox, "one")
        assert await book_cached(run, a, made, 3)
        row = session.ledger.order(a.key)
        assert row is not None
        assert (row.state, row.generation_id, row.attempt) == (OrderState.SUBMITTED, made, 3)
        assert session.ledger.spent("production", "a-film", realm="local") == a.quote.usd
        with pytest.raises(LedgerError, match="belongs to order"):
            await book_cached(run, b, made, 1)
        assert not await book_cached(run, a, create(sandbox, "another"), 4)
        lost = shot_in_doubt(session, c)
        found = create(sandbox, "two")
        assert await book_cached(run, c, found, 1)
        row = session.ledger.order(lost)
        assert row is not None
        assert (row.state, row.generation_id) == (OrderState.SUBMITTED, found)
        assert session.ledger.spent("production", "a-film", realm="local") == a.quote.usd + c.quote.usd


def shot_in_doubt(session: Session, shot: Shot) -> str:
    session.ledger.reserve(shot.intent("a-film", "local"), run="r", caps=[])
    session.ledger.doubt(shot.key, 1, "lost")
    return shot.key


async def test_a_restored_ledger_looks_before_it_sends(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """Sent is only what the account does not have already, and only where its list can be read."""

    def restored() -> PurchaseGateway:
        return PurchaseGateway(ledger, luma.provider, run="run", restored=True, sleep=Slept(clock))

    luma.outage = 3
    with pytest.raises(NotSent):
        await place(restored())
    assert (luma.sent, spent(ledger)) == ([], 0)
    assert (await place(restored())).bought
    luma.accept(PARAMS | {"prompt": "another"})
    with pytest.raises(InDoubt, match="the ledger was restored, and generation generation-2"):
        await restored().purchase(intent("b"), PARAMS | {"prompt": "another"}, on_wait=lambda _: None)
    assert (len(luma.sent), spent(ledger)) == (1, PRICE * 2)


async def test_a_session_notices_that_its_ledger_is_an_older_one(workplace: Path) -> None:
    """Each session marks how far its ledger had come; one on an older copy says so, until that is reconciled."""
    async with open_session(load_settings()) as session:
        assert not session.restored
    older = copy_of(workplace, "older.db")
    async with open_session(load_settings()) as session:
        session.ledger.reserve(intent(), run="r", caps=[])
    restore(workplace, older)
    for _ in range(2):
        async with open_session(load_settings()) as session:
            assert session.restored


@pytest.mark.parametrize("sign", ["clips", "films", "another ledger"])
async def test_a_billed_run_does_not_begin_empty_books_beside_signs_of_others(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, sign: str
) -> None:
    """Each sign of an earlier ledger is enough to stop a billed run before it has bought anything, and is named."""
    if sign == "another ledger":
        other = open_ledger(f"sqlite:///{workplace / 'other.db'}")
        other.reserve(intent(), run="r", caps=[])
        LedgerMark(load_settings().home.absolute() / "ledger-mark.json").set(other)
        other.close()
    name = {"clips": f".studio/clips/ab/ab{'0' * 62}.mp4", "films": "films/a-film/run/manifest.json"}.get(sign)
    if name:
        (workplace / name).parent.mkdir(parents=True)
        (workplace / name).write_bytes(b"{}")
    monkeypatch.setenv("LUMAAI_API_KEY", "luma-key")
    monkeypatch.setenv("LUMAAI_BASE_URL", "http://127.0.0.1:9/dream-machine/v1")
    async with open_session(load_settings()) as session:
        plan, seeds = await session.plan(film(scene("a"), budget="9"))
        run = Run(session, plan, seeds, run_id="r", out=workplace / "r", budget=None, started_at=utc_now())
        with pytest.raises(SettingsError, match=f"the ledger is empty, but .*{sign}"):
            await run.begin()


async def test_an_empty_ledger_beside_clips_is_told_before_anything_is_bought(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger is gone and the clips are here: a billed run says so and buys nothing, unless new books are wanted."""
    monkeypatch.setenv("LUMAAI_API_KEY", "luma-key")
    monkeypatch.setenv("LUMAAI_BASE_URL", "http://127.0.0.1:9/dream-machine/v1")
    clip = workplace / ".studio" / "clips" / "ab" / f"ab{'0' * 62}.mp4"
    clip.parent.mkdir(parents=True)
    clip.write_bytes(b"a clip")
    async with open_session(load_settings()) as session:
        plan, _ = await session.plan(film(scene("a")))
        with pytest.raises(SettingsError, match="the ledger is empty, but clips of it are in"):
            check_ledger(session, plan)
    monkeypatch.setenv("STUDIO_NEW_LEDGER", "yes")
    async with open_session(load_settings()) as session:
        check_ledger(session, plan)


def test_a_mark_knows_how_far_a_ledger_had_come(tmp_path: Path) -> None:
    """A ledger that has come less far than its mark is an older copy; another ledger has a mark of its own."""
    ledger = open_ledger(f"sqlite:///{tmp_path / 'a.db'}")
    mark = LedgerMark(tmp_path / "marks.json")
    assert not mark.restored(ledger)
    older = back_up(ledger, tmp_path / "older.db").path
    with pytest.raises(BadInput, match="exists already"):
        back_up(ledger, older)
    ledger.reserve(intent(), run="r", caps=[])
    mark.set(ledger)
    ledger.close()
    again = open_ledger(f"sqlite:///{older}")
    assert mark.restored(again)
    for name in "bcd":  # it grows, and lacks what it lacked all the same
        again.reserve(intent(name), run="r", caps=[])
    mark.set(again)
    assert mark.restored(again)
    mark.settled(again)
    assert not mark.restored(again)
    again.close()
    other = open_ledger(f"sqlite:///{tmp_path / 'b.db'}")
    assert not mark.restored(other)
    assert mark.knows_another(other)
    other.close()


@pytest.mark.long
def test_a_backup_is_whole_and_has_what_the_write_ahead_log_has(workplace: Path) -> None:
    """``flows.backup`` copies what is committed and not yet in the main file; a file that exists is not replaced."""
    ledger = open_ledger(load_settings().ledger)
    ledger.reserve(intent(), run="r", caps=[])
    line = [sys.executable, "-m", "flows.backup", "copy.db"]
    done = subprocess.run(line, cwd=workplace, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "1 orders, 1 entries, $0.71" in done.stdout
    with sqlite3.connect(workplace / "copy.db") as copy:
        assert copy.execute("select count(*) from orders").fetchone() == (1,)
    copy.close()
    again = subprocess.run(line, cwd=workplace, capture_output=True, text=True, check=False)
    assert (again.returncode, "Traceback" in again.stderr) == (2, False)
    assert "exists already" in again.stderr
    assert ledger.spent("run", "r", realm="luma") == PRICE
    ledger.close()


@pytest.mark.postgres
def test_a_ledger_on_postgresql_names_its_own_tool(postgres: str, tmp_path: Path) -> None:
    """A ledger on PostgreSQL is copied by pg_dump, and the error says how."""
    ledger = open_ledger(postgres)
    with pytest.raises(BadInput, match="pg_dump"):
        back_up(ledger, tmp_path / "copy.db")
    ledger.close()
