"""A ledger that was restored from an older copy, or lost: what it lacks is adopted or told, and not bought again."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from studio.buying import order
from studio.errors import BadInput, InDoubt, SettingsError
from studio.ledger import OrderState, open_ledger
from studio.ledger.copies import back_up
from studio.ledger.mark import LedgerMark
from studio.library import LumaProvider
from studio.run import Run, check_ledger
from studio.session import open_session
from studio.settings import load_settings
from tests.running import Sandbox, booked, chain, charged, prefect_server, sandbox, studio  # noqa: F401 - fixtures
from tests.test_orders import PRICE, intent
from tests.test_plan import film, scene


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


@pytest.mark.slow
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


@pytest.mark.slow
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
    async with LumaProvider() as provider:
        with pytest.raises(InDoubt, match="the ledger was restored, and generation"):
            await provider.generate("the second of two", model="ray-flash-2", resolution="540p")
    assert len(sandbox.prompts()) == 2


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
    assert ledger.spent("run", "r", seller="luma") == PRICE
    ledger.close()


@pytest.mark.postgres
def test_a_ledger_on_postgresql_names_its_own_tool(postgres: str, tmp_path: Path) -> None:
    """A ledger on PostgreSQL is copied by pg_dump, and the error says how."""
    ledger = open_ledger(postgres)
    with pytest.raises(BadInput, match="pg_dump"):
        back_up(ledger, tmp_path / "copy.db")
    ledger.close()
