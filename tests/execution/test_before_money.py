"""Checks of a billed run before it spends: a second ledger of the account, a clock that is off, a place that takes no
frames."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from studio.errors import AssetError, SettingsError
from studio.execution.progress import Listener, listener
from studio.execution.run import Run
from studio.execution.session import open_session
from studio.ledger import open_ledger
from studio.ledger.clock import utc_now
from studio.ledger.mark import LedgerMark
from studio.production import Production
from studio.settings import choose_service, load_settings
from tests.support.orders import intent
from tests.support.productions import film, scene
from tests.support.told import told

API = "/dream-machine/v1"
ONE = film(scene("a"), budget="9")
#: The second scene is cut to its length, and the third begins with the frame at which it is cut.
CUT = film(scene("a"), scene("b", duration=12, continue_from="a"), scene("c", continue_from="b"), budget="99")


class Notes(Listener):
    """The notes of a run."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def note(self, text: object) -> None:
        self.lines.append(str(text))


@pytest.fixture
def notes() -> Iterator[list[str]]:
    heard = Notes()
    token = listener.set(heard)
    yield heard.lines
    listener.reset(token)


@pytest.fixture
def key(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LUMAAI_API_KEY", "luma-key")
    monkeypatch.setenv("LUMAAI_BASE_URL", "https://luma.invalid/v1")
    return workplace


async def begin(production: Production, folder: Path) -> None:
    """Begin a run of it, which buys nothing yet."""
    async with open_session(load_settings()) as session:
        plan, seeds = await session.plan(production)
        run = Run(session, plan, seeds, run_id="r", out=folder / "r", budget=None, started_at=utc_now())
        try:
            await run.begin()
        finally:
            run.close()
            assert session.ledger.spent("run", "r", realm=session.service.realm) == 0


async def test_another_ledger_of_the_account_is_told(key: Path, notes: list[str]) -> None:
    """Two ledgers that are used in turns from one home are noticed; one that was used last as well is not."""
    accounts = [access.account for access in choose_service(load_settings()).apis.values()]
    mark = LedgerMark(load_settings().home / "ledger-mark.json")
    other = open_ledger(f"sqlite:///{key / 'other.db'}")
    other.reserve(intent(), run="o", caps=[])
    mark.set(other, accounts)
    ledger = open_ledger(load_settings().ledger)
    ledger.reserve(intent("b"), run="o", caps=[])
    await begin(ONE, key)
    assert [line for line in notes if "another ledger has purchases of this account" in line]
    notes.clear()
    await begin(ONE, key)  # this ledger was the last to book something
    assert notes == []
    ledger.close()
    other.close()


@pytest.mark.parametrize(("ahead", "warned"), [(-3600, True), (1, False)])
async def test_a_clock_that_is_off_is_told(
    key: Path, notes: list[str], monkeypatch: pytest.MonkeyPatch, ahead: int, warned: bool
) -> None:
    """The service is asked for its time before anything is bought, once."""
    with told({f"{API}/generations": {"generations": [], "has_more": False}}, ahead=ahead) as server:
        monkeypatch.setenv("LUMAAI_BASE_URL", f"{server}{API}")
        await begin(ONE, key)
    said = [line for line in notes if "the clock of the service (dream-machine) is -36" in line]
    assert bool(said) == warned
    assert all(line.startswith("warning: ") for line in said)


async def test_another_user_of_the_account_is_told(
    key: Path, notes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Generations of the last day that are in no order of this ledger are told before anything is bought."""
    rows: list[dict[str, str]] = []
    with told({f"{API}/generations": {"generations": rows, "has_more": False}}) as server:
        monkeypatch.setenv("LUMAAI_BASE_URL", f"{server}{API}")
        service, ledger = choose_service(load_settings()), open_ledger(load_settings().ledger)
        ours = intent(realm=service.realm, account=service.access("dream-machine").account)
        ledger.reserve(ours, run="o", caps=[])
        ledger.submitted(ours.key, 1, "ours")
        ledger.close()
        for name, minutes in (("ours", 60), ("theirs", 60), ("old", 3000), ("on-its-way", 0)):
            made = utc_now() - timedelta(minutes=minutes)
            rows.append({"id": name, "state": "completed", "created_at": made.isoformat()})
        await begin(ONE, key)
    (said,) = notes
    assert said.startswith("warning: 1 of the account's generations of the last 24 hours is in no order here")
    assert "STUDIO_LEDGER_URL" in said


async def test_a_list_that_is_not_answered_is_no_reason_to_stop(
    key: Path, notes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call that the run needs fails by itself; the look at the list does not."""
    with told({}) as server:
        monkeypatch.setenv("LUMAAI_BASE_URL", f"{server}{API}")
        await begin(ONE, key)
    assert notes == []


async def test_frames_that_have_no_place_to_go(key: Path) -> None:
    """A scene that begins with a frame of a clip that is not bought yet is told before that clip is bought."""
    with pytest.raises(AssetError, match="a frame of another clip, which the service cannot read") as caught:
        await begin(CUT, key)
    assert caught.value.where == "shot 'c'"
    assert "nothing was bought" in caught.value.hint


async def test_a_place_that_nobody_reads(key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that is not served at its address is told before the clip is bought whose frame goes there."""
    (key / "www").mkdir()
    monkeypatch.setenv("STUDIO_PUBLISH_URL", str(key / "www"))
    monkeypatch.setenv("STUDIO_PUBLISH_BASE_URL", "https://seeds.invalid/x")
    with pytest.raises(SettingsError, match="cannot be read at its public address"):
        await begin(CUT, key)
    assert list((key / "www").iterdir()) == []
