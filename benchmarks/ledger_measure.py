"""The measurements of the benchmark ``ledger.py``: each question and booking of a run, of what follows a lost answer,
of the hourly reconciliation, and of a person."""

from __future__ import annotations

import itertools
import math
import multiprocessing
import statistics
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, get_args

from scale_counted import Statements

from studio.failures import FailureClass
from studio.ledger import Cap, Intent, Ledger, OrderState, costs, open_ledger
from studio.ledger.balances import account_books
from studio.ledger.budgets import films_with, has_bought, made_out_of
from studio.ledger.costs import Group, suspense
from studio.ledger.fetched import FileOf, claim_fetch, end_fetch
from studio.ledger.filing import claim, late_films, written
from studio.ledger.schema import orders
from studio.ledger.sightings import Sighting, first_sights, keep_sightings, latest_by, shows_unfinished
from studio.ledger.values import Limits

MOST_TIMES, LEAST_TIMES = 200, 3
MOST_SECONDS, LONGEST = 3.0, 9.0  # after LEAST_TIMES; before
PRICE = Decimal("0.71")
LIMITS = Limits(at_once=10**6, per_minute=10**6)
WRITING_SECONDS = 8.0


@dataclass(frozen=True)
class Measured:
    """Seconds of one action, its median and 95th percentile, and the transactions and statements of one time."""

    part: str
    name: str
    median: float
    p95: float
    transactions: float
    statements: float


def measure(part: str, name: str, action: Callable[[], object]) -> Measured:
    """Do something until it was done often enough, or long enough, or there is nothing left to do."""
    counts, taken = Statements(), list[float]()
    counts.watch()
    while len(taken) < MOST_TIMES and sum(taken) < (LONGEST if len(taken) < LEAST_TIMES else MOST_SECONDS):
        began = time.perf_counter()
        try:
            action()
        except StopIteration:
            break
        taken.append(time.perf_counter() - began)
    counts.leave()
    ranked = sorted(taken)
    p95 = ranked[math.ceil(len(ranked) * 0.95) - 1]
    statements = sum(len(each) for each in counts.seconds.values())
    return Measured(
        part, name, statistics.median(taken), p95, counts.begun / len(taken), statements / len(taken)
    )  # fmt: skip


class Asked:
    """The actions that are measured, on a filled ledger of one realm and account."""

    def __init__(self, url: str, ledger: Ledger, realm: str, account: str, *, many: bool) -> None:
        self._url, self._ledger, self._realm, self._account, self._many = url, ledger, realm, account, many
        self._own = uuid.uuid4().hex
        self._made = [self._intent(n) for n in range(MOST_TIMES)]
        self._bought: list[Intent] = []  # those of them that were reserved
        self._now = ledger.now()
        rows = ledger.ask(orders.select().order_by(orders.c.reserved_at.desc()).limit(12))
        self._keys, self._film = [row.key for row in rows], rows[-1].film
        self._family, self._shots = rows[-1].family, [row.shot for row in rows]

    def _intent(self, number: int) -> Intent:
        key = f"{self._own}{number:032}"
        request = {"model": "ray-2", "prompt": f"{self._own} {number}", "resolution": "720p", "duration": "5s"}
        film, scene = f"new-{self._own}", f"scene-{number}"
        return Intent(
            key, key, self._realm, self._account, "video", "ray-2", film, scene, scene, 1, request, PRICE, "t",
            sent=request, provider="dream-machine",
        )  # fmt: skip

    def actions(self) -> Iterator[tuple[str, str, Callable[[], object]]]:
        """All of them: part, name and action."""
        yield from (("run", *each) for each in self._run())
        yield from (("shot", *each) for each in self._shot())
        yield from (("end of the run", *each) for each in self._end())
        yield from (("lost answer", *each) for each in self._lost())
        yield from (("hourly", *each) for each in self._hourly())
        yield from (("costs", *each) for each in self._costs())

    def _run(self) -> Iterator[tuple[str, Callable[[], object]]]:
        ledger, realm, film = self._ledger, self._realm, self._film
        prompts = [str(intent.request["prompt"]) for intent in self._made[:12]]
        yield "open the ledger", lambda: open_ledger(self._url).close()
        yield "12 shots that were bought", lambda: ledger.orders(self._keys)
        yield (
            "12 shots of a new film, by key and prompt",
            lambda: made_out_of(ledger, f"new-{self._own}", realm, [intent.key for intent in self._made[:12]], prompts),
        )
        yield "whether a new film has bought", lambda: has_bought(ledger, f"new-{self._own}", realm)
        yield "films that share a budget", lambda: films_with(ledger, film, realm)
        yield "takes of a film", lambda: ledger.made_for([film], realm, self._shots)
        yield "latest take of a shot", lambda: ledger.latest_take(self._family)
        yield "how long generations took", lambda: ledger.durations(realm)
        yield "whether the list shows unfinished ones", lambda: shows_unfinished(ledger, self._account)

    def _shot(self) -> Iterator[tuple[str, Callable[[], object]]]:
        ledger, run = self._ledger, f"run-{self._own}"
        scopes = (("run", run), ("production", f"new-{self._own}"), ("month", ""))
        caps = [Cap(scope, name, Decimal(10**8)) for scope, name in scopes]

        def reserve() -> None:
            intent = self._made[len(self._bought)]
            ledger.reserve(intent, run=run, caps=caps, limits=LIMITS)
            self._bought.append(intent)

        yield "reserve under three caps", reserve
        each = [iter(self._bought) for _ in range(5)]  # each order once: again would be no booking
        yield "submitted", lambda: self._submitted(next(each[0]))
        yield (
            "seen on the list",
            lambda: keep_sightings(
                ledger, self._account, [Sighting(f"made-{next(each[1]).key}", 0.0, unfinished=True)]
            ),
        )
        yield "completed", lambda: self._completed(next(each[2]))
        yield "clip fetched", lambda: ledger.keep_clip(next(each[3]).key, "c" * 64)
        yield "clip fetched, machines that share a store", lambda: self._fetch(next(each[4]))
        yield "spent this month", lambda: ledger.spent("month", "", realm=self._realm)
        yield "spent by this film", lambda: ledger.spent("production", f"new-{self._own}", realm=self._realm)
        yield "last change of a full account", lambda: ledger.last_change(self._account, "ray", since=self._now)
        yield "who holds the account's slots", lambda: ledger.slot_holders(self._account, "ray")

    def _submitted(self, intent: Intent) -> None:
        self._ledger.submitted(intent.key, 1, f"made-{intent.key}")

    def _completed(self, intent: Intent) -> None:
        self._ledger.completed(intent.key, f"made-{intent.key}")

    def _fetch(self, intent: Intent) -> None:
        file = FileOf(self._realm, "dream-machine", f"made-{intent.key}")
        if claim_fetch(self._ledger, file, tried=None, seconds=60):
            end_fetch(self._ledger, file, sha256="c" * 64, size=10**6)

    def _end(self) -> Iterator[tuple[str, Callable[[], object]]]:
        ledger, film, numbers = self._ledger, f"new-{self._own}", itertools.count()
        yield "costs of the run", lambda: ledger.run_costs(f"run-{self._own}")
        yield "lines of costs.csv", lambda: claim(ledger, f"filed-{self._own}", film=film, realm=self._realm)
        yield "lines were written", lambda: written(ledger, f"filed-{self._own}")
        yield (
            "a run begins",
            lambda: ledger.begin_run(f"{self._own}-{next(numbers)}", production=film, realm=self._realm),
        )
        yield "a run ends", lambda: ledger.end_run(f"{self._own}-0", "film")

    def _lost(self) -> Iterator[tuple[str, Callable[[], object]]]:
        ledger, account, soon = self._ledger, self._account, self._now - timedelta(minutes=10)
        shown = [f"made-{intent.key}" for intent in self._made[:100]]
        yield "orders in doubt", lambda: ledger.open_orders(OrderState.IN_DOUBT)
        yield "known generations of the account", lambda: ledger.known(account)
        yield "failed attempts of late", lambda: ledger.failed_attempts(account, soon)
        yield "who owns 100 generations", lambda: ledger.claimed(self._realm, shown, provider="dream-machine")
        yield "orders perhaps spent", lambda: ledger.suspended(self._realm)
        yield "first sights of 30 days", lambda: first_sights(ledger, account)
        yield "the list's delay", lambda: latest_by(ledger, account)
        yield "put the abandoned in doubt", ledger.doubt_abandoned

    def _hourly(self) -> Iterator[tuple[str, Callable[[], object]]]:
        ledger = self._ledger
        yield "clips that are not fetched", lambda: ledger.unfetched(self._realm)
        yield "films with lines in no file", lambda: late_films(ledger)
        yield "total of the account", lambda: account_books(ledger, self._account)

    def _costs(self) -> Iterator[tuple[str, Callable[[], object]]]:
        for by in get_args(Group):
            # Ten million lines would fill the memory, and nobody reads them.
            if by == "scene" and self._many:
                continue
            yield f"by {by}", lambda by=by: costs(self._ledger, by=by)
        yield "by scene, since a day ago", lambda: costs(self._ledger, by="scene", since=self._ago(days=1))
        yield "by model, since a day ago", lambda: costs(self._ledger, by="model", since=self._ago(days=1))
        yield "by production, since 30 days ago", lambda: costs(self._ledger, since=self._ago(days=30))
        yield "perhaps spent", lambda: suspense(self._ledger, self._realm)

    def _ago(self, days: int) -> datetime:
        return self._now - timedelta(days=days)


def _write(url: str, realm: str, number: int, told: Any) -> None:
    """Reserve, submit and complete orders under one month's cap for some seconds; tells the seconds of each reserve."""
    ledger, own, taken = open_ledger(url), uuid.uuid4().hex[:30], list[float]()
    caps = [Cap("run", own, Decimal(10**8)), Cap("month", "", Decimal(10**8))]
    end = time.monotonic() + WRITING_SECONDS
    for n in itertools.count():
        if time.monotonic() > end:
            break
        key = f"{own}{number:04}{n:030}"
        intent = Intent(
            key, key, realm, f"account-{number}", "video", "ray-2", own, "s", "s", 1, {"prompt": key}, PRICE, "t",
            provider="dream-machine",
        )  # fmt: skip
        began = time.perf_counter()
        ledger.reserve(intent, run=own, caps=caps, limits=LIMITS)
        taken.append(time.perf_counter() - began)
        ledger.submitted(key, 1, f"made-{key}")
        ledger.failed(key, f"made-{key}", "the benchmark ends it", FailureClass.SERVICE)
    ledger.close()
    told.put(taken)


def together(url: str, realm: str, writers: int) -> tuple[float, float, float]:
    """Orders a second of so many processes at once, with the median and the 95th percentile of a reservation."""
    context = multiprocessing.get_context("spawn")
    told = context.Queue()
    workers = [context.Process(target=_write, args=(url, realm, number, told)) for number in range(writers)]
    for worker in workers:
        worker.start()
    taken = sorted(seconds for _ in workers for seconds in told.get(timeout=300))
    for worker in workers:
        worker.join()
    return len(taken) / WRITING_SECONDS, statistics.median(taken), taken[math.ceil(len(taken) * 0.95) - 1]
