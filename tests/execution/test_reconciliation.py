"""Reconciling, order by order: an order that cannot be read now does not keep others from being settled."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest
import pytest_asyncio

from studio.execution.reconciliation import reconcile
from studio.execution.session import Session, open_session
from studio.ledger import Intent, Ledger, OrderState, open_ledger
from studio.ledger.clock import utc_now
from studio.ledger.copies import back_up
from studio.settings import load_settings
from tests.support.luma import Luma
from tests.support.orders import PARAMS, PRICE, intent


class Served:
    """A Luma on a port of this machine. ``before``: actions before an answer, by the end of the path."""

    def __init__(self) -> None:
        self.luma = Luma(created_at=utc_now())
        self.before: dict[str, Callable[[], None]] = {}
        self.cents = 5000.0
        served = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                for end, happens in served.before.items():
                    if self.path.partition("?")[0].endswith(end):
                        happens()
                status, body = served.answer(self.path)
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("x-should-retry", "false")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/dream-machine/v1"

    def answer(self, path: str) -> tuple[int, bytes]:
        """The Luma's answer; a connection that breaks is a 500 here."""
        if path.endswith("/credits"):
            return 200, f'{{"credit_balance": {self.cents}}}'.encode()
        try:
            response = self.luma(httpx.Request("GET", f"http://127.0.0.1{path}"))
        except httpx.TransportError:
            return 500, b"{}"
        return response.status_code, response.content

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def served() -> Iterator[Served]:
    served = Served()
    yield served
    served.stop()


@pytest_asyncio.fixture
async def session(workplace: Path, served: Served, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Session]:
    """A session whose service is the one on this machine."""
    monkeypatch.setenv("LUMAAI_BASE_URL", served.url)
    async with open_session(load_settings()) as session:
        yield session


def wanted(name: str, **changes: object) -> Intent:
    local = {"realm": "local", "account": "local"} | changes
    return replace(intent(name, **local), sent=PARAMS | {"prompt": name})


def lost(ledger: Ledger, order: Intent) -> str:
    ledger.reserve(order, run="killed", caps=[])
    ledger.doubt(order.key, 1, "lost")
    return order.key


async def test_one_order_that_cannot_be_looked_for_keeps_no_other_from_it(session: Session, served: Served) -> None:
    """The second of two orders is adopted if the list cannot be read for the first, which is reported as unread."""
    keys = [lost(session.ledger, wanted(name)) for name in ("a", "b")]
    for name in ("a", "b"):
        served.luma.accept(PARAMS | {"prompt": name})
    served.luma.outage = 1
    done = await reconcile(session)
    assert (done.adopted, [row.key for row in done.in_doubt]) == ((keys[1],), [keys[0]])
    (unread,) = done.unread
    assert keys[0][:12] in unread
    assert (await reconcile(session)).adopted == (keys[0],)


async def test_one_absent_order_that_cannot_be_looked_for_keeps_no_other_from_it(
    session: Session, served: Served
) -> None:
    """One of two orders released as absent is adopted, even if the other cannot be looked for."""
    keys = [lost(session.ledger, wanted(name)) for name in ("a", "b")]
    for name, key in zip("ab", keys, strict=True):
        session.ledger.release_absent(key, 1, "not on the list")
        served.luma.accept(PARAMS | {"prompt": name})
    served.luma.outage = 1
    done = await reconcile(session)
    assert len(done.adopted) == len(done.unsure) == len(done.unread) == 1
    assert len((await reconcile(session)).adopted) == 1
    assert session.ledger.suspended("local") == []


async def test_one_clip_that_cannot_be_fetched_keeps_no_other_from_it(session: Session, served: Served) -> None:
    """Two paid clips whose generations the service does not show are both reported, and the rest is done."""
    keys = []
    for name in ("a", "b"):
        session.ledger.reserve(wanted(name), run="killed", caps=[])
        session.ledger.submitted(wanted(name).key, 1, f"g-{name}")
        session.ledger.completed(wanted(name).key, f"g-{name}")
        keys.append(wanted(name).key)
    done = await reconcile(session)
    assert (sorted(done.not_fetched), done.fetched) == (sorted(keys), ())
    assert done.balance == Decimal(50)


async def test_an_order_of_another_account_is_not_looked_for_here(session: Session, served: Served) -> None:
    """A generation of this account is not adopted for an equal order of another account."""
    key = lost(session.ledger, wanted("a", account="local-old"))
    served.luma.accept(PARAMS | {"prompt": "a"})
    done = await reconcile(session)
    assert (done.adopted, [row.key for row in done.in_doubt]) == ((), [key])
    row = session.ledger.order(key)
    assert row is not None
    assert row.state is OrderState.IN_DOUBT


async def test_balance_and_books_are_read_at_one_moment(session: Session, served: Served) -> None:
    """A purchase that a producer makes while the balance is read is explained by its order."""
    lost(session.ledger, wanted("a"))
    assert (await reconcile(session)).unexplained is None

    def buy() -> None:
        served.before.clear()
        session.ledger.reserve(wanted("b"), run="another", caps=[])
        session.ledger.submitted(wanted("b").key, 1, served.luma.accept(PARAMS | {"prompt": "b"})["id"])
        served.cents -= float(PRICE * 100)

    served.before["/credits"] = buy
    assert (await reconcile(session)).unexplained == 0


async def test_a_restored_ledger_is_an_older_one_until_a_person_says_otherwise(
    workplace: Path, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reconciling shows the purchases that an older copy lacks, but only a person declares the ledger settled."""
    monkeypatch.setenv("LUMAAI_BASE_URL", served.url)
    async with open_session(load_settings()) as session:
        lost(session.ledger, wanted("a"))
    ledger = open_ledger(load_settings().ledger)
    older = back_up(ledger, workplace / "older.db").path
    ledger.close()  # no connection may be left on the file that is replaced
    async with open_session(load_settings()) as session:
        lost(session.ledger, wanted("b"))
    for name in ("ledger.db-wal", "ledger.db-shm"):
        (workplace / ".studio" / name).unlink(missing_ok=True)
    shutil.copyfile(older, workplace / ".studio" / "ledger.db")
    for _ in range(2):
        async with open_session(load_settings()) as session:
            assert session.restored
            assert (await reconcile(session)).restored
    async with open_session(load_settings()) as session:
        session.mark.settled(session.ledger)
    async with open_session(load_settings()) as session:
        assert not session.restored
