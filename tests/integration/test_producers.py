"""Eight producers at once, each a process of its own, against one ledger and one service: what they buy together."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from studio.errors import InDoubt, OverBudget
from studio.ledger import Cap, Intent, Limits, OrderState, open_ledger
from studio.providers.luma.dream_machine import DreamMachine
from studio.purchasing.gateway import Placed, PurchaseGateway
from studio.purchasing.recovery import Grace
from tests.support.luma import Luma
from tests.support.orders import PARAMS, intent

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

PRODUCERS = 8
PATIENCE = 240
DEAR, CHEAP = Decimal("0.71"), Decimal("0.14")
# Processes that are forked from one that has imported all this, and has no threads.
processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload([__name__])


@dataclass(frozen=True)
class Fast:
    """A clock that goes ``times`` as fast as the machine's, the same in every process."""

    times: float = 1.0
    start: float = field(default_factory=time.time)

    def __call__(self) -> datetime:
        return datetime.fromtimestamp(self.start + (time.time() - self.start) * self.times, UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.times)


@dataclass
class Service(Luma):
    """A Luma behind a real socket, which notes when each create came and how many generations were being made.

    ``held``: the first create is not answered until it is set; ``keep`` says whether that one is accepted.
    """

    clock: Fast = field(default_factory=Fast)
    held: threading.Event | None = None
    keep: bool = True
    came: list[datetime] = field(default_factory=list)
    most: int = 0
    arrived: threading.Event = field(default_factory=threading.Event)
    lock: Any = field(default_factory=threading.Lock)

    def accept(self, body: dict[str, Any], asked: str = "video") -> dict[str, Any]:
        self.created_at = self.clock()
        generation = super().accept(body, asked)
        self.came.append(self.created_at)
        self.most = max(self.most, sum(g["state"] == "queued" for g in self.generations.values()))
        return generation

    def answer(self, request: httpx.Request) -> httpx.Response | None:
        """The answer to a request; None: the connection ends without one. A look at a generation lets it end."""
        creates = request.method == "POST"
        with self.lock:
            first = creates and self.held is not None and not self.arrived.is_set()
            if first:
                self.arrived.set()
            if not first or self.keep:
                response = self(request)
            last = request.url.path.rpartition("/")[2]
            if last in self.generations:
                self.finish(last)
        if first and self.held is not None:
            self.held.wait(PATIENCE)
            return response if self.keep else None
        return response


@contextmanager
def serving(service: Service) -> Iterator[str]:
    """The service on a free port; its base URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def respond(self) -> None:
            content = self.rfile.read(int(self.headers.get("content-length", 0)))
            answer = service.answer(httpx.Request(self.command, f"http://x{self.path}", content=content))
            self.close_connection = answer is None
            if answer is None:
                return
            try:
                self.send_response(answer.status_code)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)
            except OSError:
                self.close_connection = True  # whoever asked was killed

        do_GET = do_POST = respond

        def log_message(self, *_: object) -> None:
            """Quiet."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 100

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/dream-machine/v1"
    server.shutdown()
    server.server_close()
    thread.join()


@dataclass(frozen=True)
class Producer:
    """One process: it buys ``orders`` one after the other, and sees each generation through to its end."""

    url: str
    base_url: str
    name: str
    orders: tuple[Intent, ...]
    clock: Fast = field(default_factory=Fast)
    caps: tuple[Cap, ...] = ()
    limits: Limits = field(default_factory=Limits)

    async def buy(self) -> list[Placed | str]:
        """Buy each order and tell how it was placed, or the name of the error."""
        ledger = open_ledger(self.url, clock=self.clock)
        provider = DreamMachine(api_key="k", base_url=self.base_url, local=True)
        gateway = PurchaseGateway(
            ledger, lambda: provider, run=self.name, caps=lambda: self.caps, limits=self.limits,
            sleep=self.clock.sleep, grace=Grace(20),
        )  # fmt: skip
        found: list[Placed | str] = []
        for wanted in self.orders:
            try:
                placed = await gateway.purchase(wanted, PARAMS | {"prompt": wanted.scene}, on_wait=lambda _: None)
                if (await provider.get(placed.generation_id)).ended:
                    await asyncio.to_thread(ledger.completed, placed.order, placed.generation_id)
                found.append(placed)
            except (OverBudget, InDoubt) as error:
                found.append(type(error).__name__)
        await provider.aclose()
        ledger.close()
        return found


def _work(producer: Producer, ready: Any, results: Any) -> None:
    ready.wait(PATIENCE)
    results.put((producer.name, asyncio.run(producer.buy())))


class Crew:
    """Producers at work."""

    def __init__(self, producers: list[Producer]) -> None:
        # Kept until the end: what is collected here is gone for processes that are still starting.
        self.results, self.ready = processes.Queue(), processes.Barrier(len(producers))
        self.workers = {p.name: processes.Process(target=_work, args=(p, self.ready, self.results)) for p in producers}
        for worker in self.workers.values():
            worker.start()

    def ended(self, *without: str) -> dict[str, list[Placed | str]]:
        """The results of each one, once all have ended; ``without`` those that were killed."""
        found = dict(self.results.get(timeout=PATIENCE) for name in self.workers if name not in without)
        for worker in self.workers.values():
            worker.join(PATIENCE)
        return found


def names(count: int = PRODUCERS) -> list[str]:
    return [f"producer-{n}" for n in range(count)]


def test_a_cap_is_used_up_by_eight_and_never_exceeded(url: str) -> None:
    """A cap that covers a part: not a cent over it is spent, and what was refused would have been over."""
    service, cap = Service(), Decimal("10.00")
    with serving(service) as base_url:
        mixed = {
            name: tuple(
                intent(f"{number}{name[-1]}{turn:02}", price=(DEAR, CHEAP)[(number + turn) % 2]) for turn in range(6)
            )
            for number, name in enumerate(names())
        }
        caps = (Cap("production", "film", cap), Cap("month", f"{datetime.now(UTC):%Y-%m}", Decimal(100)))
        done = Crew([Producer(url, base_url, name, orders, caps=caps) for name, orders in mixed.items()]).ended()
    ended = [(order, what) for name, orders in mixed.items() for order, what in zip(orders, done[name], strict=True)]
    bought = [order for order, what in ended if isinstance(what, Placed)]
    refused = [order for order, what in ended if what == "OverBudget"]
    spent = sum((order.price for order in bought), Decimal(0))
    assert len(bought) + len(refused) == PRODUCERS * 6
    assert refused
    assert spent <= cap
    assert all(spent + order.price > cap for order in refused)
    assert sorted(body["prompt"] for body in service.sent) == sorted(order.scene for order in bought)
    ledger = open_ledger(url)
    assert ledger.spent("production", "film", realm="luma") == spent
    ledger.close()


@pytest.mark.long
def test_limits_hold_for_eight_together(url: str) -> None:
    """By the service's own count, never one more at once and never one more in any minute than the account allows."""
    clock = Fast(10)
    limits = Limits(at_once=3, per_minute=12)
    service = Service(clock=clock)
    with serving(service) as base_url:
        producers = [
            Producer(
                url, base_url, name, tuple(intent(f"{name[-1]}x{turn}", production=name) for turn in range(4)),
                clock=clock, limits=limits,
            )
            for name in names()
        ]  # fmt: skip
        done = Crew(producers).ended()
    assert all(isinstance(what, Placed) for ended in done.values() for what in ended)
    assert len(service.came) == PRODUCERS * 4
    assert service.most <= 3
    apart = [later - first for first, later in zip(service.came, service.came[12:], strict=False)]
    assert min(apart) >= timedelta(seconds=60)


def test_one_order_of_eight_is_bought_once(url: str) -> None:
    """Eight that want the same shots, in different order, get the same generations: one create for each shot."""
    service = Service()
    shots = tuple(intent(f"same-{n}") for n in range(4))
    with serving(service) as base_url:
        producers = [
            Producer(url, base_url, name, shots[number % 4 :] + shots[: number % 4])
            for number, name in enumerate(names())
        ]
        done = Crew(producers).ended()
    placed = [what for ended in done.values() for what in ended if isinstance(what, Placed)]
    assert len(placed) == PRODUCERS * 4
    assert sum(what.bought for what in placed) == len(service.sent) == len(service.generations) == 4
    assert len({(what.order, what.generation_id) for what in placed}) == 4


@pytest.mark.long
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "asleep"])
@pytest.mark.parametrize("accepted", [True, False], ids=["accepted", "not accepted"])
def test_what_a_stricken_producer_was_sending_is_taken_over(url: str, how: signal.Signals, accepted: bool) -> None:
    """A producer is killed, or stopped until its lease is over, while it sends; seven others want the same shot.

    Where the service took the create, it is found and adopted. Where not, the list of an account that was never seen to
    show anything proves nothing: nobody sends it again, and a person is asked.
    """
    clock = Fast(10)  # a machine that stands still for seconds is not to look like one that is away for minutes
    service = Service(clock=clock, held=threading.Event(), keep=accepted)
    wanted = intent("same")
    with serving(service) as base_url:
        crew = Crew([Producer(url, base_url, "first", (wanted,), clock=clock)])
        assert service.arrived.wait(PATIENCE)
        pid = crew.workers["first"].pid
        assert pid is not None
        os.kill(pid, how)
        if how is signal.SIGKILL:
            crew.workers["first"].join(PATIENCE)
        others = Crew([Producer(url, base_url, name, (wanted,), clock=clock) for name in names(7)]).ended()
        assert service.held is not None
        service.held.set()
        late = []
        if how is signal.SIGSTOP:
            os.kill(pid, signal.SIGCONT)
            late = crew.ended()["first"]
    outcomes = [what for ended in others.values() for what in ended]
    ledger = open_ledger(url)
    row = ledger.order(wanted.key)
    assert row is not None
    assert ledger.spent("production", "film", realm="luma") == wanted.price
    if accepted:
        placed = [what for what in outcomes if isinstance(what, Placed)]
        assert len(placed) == 7
        assert {what.generation_id for what in [*placed, *late]} == {"generation-1"}
        assert sum(what.bought for what in placed) == 0
        assert len(service.generations) == 1
        assert (row.state, row.generation_id) == (OrderState.COMPLETED, "generation-1")
    else:
        assert outcomes == ["InDoubt"] * 7
        assert service.generations == {}
        assert row.state is OrderState.IN_DOUBT
    ledger.close()
