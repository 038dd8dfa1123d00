"""The hostile service: thousands of histories a minute against the real ledger, gateway and resolver, in virtual time.

    python benchmarks/hostile.py                                 # 2,000 histories on SQLite, seeds from 1
    python benchmarks/hostile.py --histories 100000 --workers 2
    python benchmarks/hostile.py --ledger postgres --histories 10000
    python benchmarks/hostile.py --history 4711                  # play one, and print its story
    python benchmarks/hostile.py --history 4711 --only clock lost_after orders

    python benchmarks/hostile.py --attacks --histories 300       # each kind of attack alone

The service, the clocks, the machines and the people are simulated (``hostile_world``, ``hostile_provider``,
``hostile_actors``). Their faults are listed in ``hostile_traits``, chosen and combined anew for each seed; the promises
that must hold are in ``hostile_history``. For the first histories that break a promise, behaviours are removed one by
one, to name those that it needs. Only ``hostile_books`` knows the code under attack. The exit status
is 1 if any promise was broken.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hostile_books import Books
from hostile_history import History, Outcome
from hostile_traits import ATTACKS, Traits, drawn
from rich.console import Console
from rich.table import Table

LEDGERS = ("sqlite", "postgres")
COUNTS = ("orders", "creates", "doubts", "adoptions", "releases", "for_a_person")
CHUNK = 50
SHRUNK = 2  # histories that are reduced, for each kind of fault


@dataclass
class Found:
    """The outcome of many histories. ``seeds``: by kind of fault, those that have it, with what happened."""

    attack: str = ""
    histories: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    seeds: dict[str, dict[int, str]] = field(default_factory=dict)
    needed: dict[tuple[str, int], dict[str, Any]] = field(default_factory=dict)
    seconds: float = 0.0

    def add(self, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            self.histories += 1
            self.counts.update({name: getattr(outcome, name) for name in COUNTS})
            for kind, text in outcome.faults.items():
                self.seeds.setdefault(kind, {})[outcome.seed] = text

    @property
    def broken(self) -> int:
        """The number of histories that broke a promise."""
        return len({seed for seeds in self.seeds.values() for seed in seeds})


@contextlib.contextmanager
def open_books(urls: Sequence[str] = ()) -> Iterator[list[Books]]:
    """Two ledgers, on SQLite in memory-backed files unless URLs are given."""
    shared = Path("/dev/shm")  # noqa: S108 - where there is one, a file system in memory
    home = Path(tempfile.mkdtemp(prefix="hostile-", dir=shared if os.access(shared, os.W_OK) else None))
    places = [home / "ours", home / "theirs"]
    books = [Books(u, p) for u, p in zip(urls or [f"sqlite:///{p}.db" for p in places], places, strict=True)]
    try:
        yield books
    finally:
        for one in books:
            one.close()
        shutil.rmtree(home, ignore_errors=True)


def shrink(books: Sequence[Books], seed: int, kind: str, traits: Traits) -> dict[str, Any]:
    """Remove behaviours while the fault stays, and return those that it needs."""
    for name in sorted(traits.hostile(), key=lambda n: n == "orders"):
        calmer = traits.calmed(name)
        if kind in History(books, seed, traits=calmer).play().faults:
            traits = calmer
    while traits.orders > 1:
        fewer = replace(traits, orders=traits.orders - 1)
        if kind not in History(books, seed, traits=fewer).play().faults:
            break
        traits = fewer
    return {**traits.hostile(), "orders": traits.orders}


def play(seeds: Sequence[int], attack: str = "", urls: Sequence[str] = ()) -> list[Outcome]:
    """Play histories one after the other, on ledgers that this process keeps open."""
    return [History(_kept(tuple(urls)), seed, traits=drawn(seed, attack)).play() for seed in seeds]


def shrunk(kind: str, seed: int, attack: str = "", urls: Sequence[str] = ()) -> dict[str, Any]:
    """``shrink`` on the ledgers that this process keeps open."""
    return shrink(_kept(tuple(urls)), seed, kind, drawn(seed, attack))


_open: dict[tuple[str, ...], list[Books]] = {}
_stack = contextlib.ExitStack()


def _kept(urls: tuple[str, ...]) -> list[Books]:
    if urls not in _open:
        gc.freeze()
        _open[urls] = _stack.enter_context(open_books(urls))
    return _open[urls]


def close_books() -> None:
    """Close the ledgers that this process keeps open, and remove their files."""
    _open.clear()
    _stack.close()


def run(
    histories: int,
    *,
    seed: int = 1,
    attack: str = "",
    ledger: str = "sqlite",
    workers: int = 2,
    shrinks: int = SHRUNK,
) -> Found:
    """Play ``histories`` histories, from ``seed`` on, in ``workers`` processes."""
    began, found = time.monotonic(), Found(attack)
    with _databases(ledger, workers) as urls, contextlib.ExitStack() as pools:
        # A worker is one process with a database of its own; chunks go to whichever is free.
        crew = [pools.enter_context(_Worker(url)) for url in urls]
        chunks = [range(s, min(s + CHUNK, seed + histories)) for s in range(seed, seed + histories, CHUNK)]
        jobs = [
            crew[n % workers].pool.submit(play, list(c), attack, crew[n % workers].urls) for n, c in enumerate(chunks)
        ]
        for chunk, job in zip(chunks, jobs, strict=True):
            outcomes = job.result()
            found.add(outcomes)
            for number, outcome in zip(chunk, outcomes, strict=True):
                if outcome.faults:  # printed at once: a long run may not reach its table
                    print(f"\n--history {number}: {outcome.faults}", file=sys.stderr)
            print(f"\r{found.histories} histories, {found.broken} broken", end="", file=sys.stderr)
        print(file=sys.stderr)
        found.seconds = time.monotonic() - began
        wanted = [(kind, s) for kind, seeds in found.seeds.items() for s in list(seeds)[:shrinks]]
        taken = {
            (kind, s): crew[n % workers].pool.submit(shrunk, kind, s, attack, crew[n % workers].urls)
            for n, (kind, s) in enumerate(wanted)
        }
        found.needed = {what: job.result() for what, job in taken.items()}
        for worker in crew:
            worker.pool.submit(close_books).result()
    return found


class _Worker:
    """One process that plays histories on its own databases."""

    def __init__(self, urls: Sequence[str]) -> None:
        self.urls, self.pool = urls, ProcessPoolExecutor(1)

    def __enter__(self) -> _Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.shutdown()


@contextlib.contextmanager
def _databases(ledger: str, workers: int) -> Iterator[list[list[str]]]:
    """For each worker the URLs of two databases; none for SQLite, which makes its own."""
    if ledger == "sqlite":
        yield [[] for _ in range(workers)]
        return
    from chaos_services import Services

    with tempfile.TemporaryDirectory(prefix="hostile-", ignore_cleanup_errors=True) as home:
        services = Services(Path(home), latency=0)
        try:
            yield [[services.database() for _ in range(2)] for _ in range(workers)]
        finally:
            services.__exit__()


def tell_one(seed: int, attack: str, only: Sequence[str] | None, ledger: str) -> int:
    """Play one history, and print its story. ``only``: the behaviours to keep; the others are calm."""
    traits = drawn(seed, attack)
    if only is not None:
        traits = Traits(**{name: value for name, value in traits.hostile().items() if name in only})
    with _databases(ledger, 1) as urls, open_books(urls[0]) as books:
        print(f"history {seed}: {said(traits.hostile())}")
        outcome = History(books, seed, traits=traits, tell=lambda line: print(line[:230])).play()
    print("nothing was broken" if not outcome.faults else "")
    for kind, text in outcome.faults.items():
        print(f"{kind}: {text}")
    return 1 if outcome.faults else 0


def said(behaviours: dict[str, Any]) -> str:
    """Behaviours on one line."""
    return ", ".join(name if value is True else f"{name}={value}" for name, value in behaviours.items())


def show(console: Console, rounds: Sequence[Found], *, ledger: str, seed: int) -> None:
    """Print the table, and each kind of fault with the histories that show it."""
    table = Table(title=f"{ledger}, seeds from {seed}", title_justify="left")
    table.add_column("attack")
    for name in ("histories", *COUNTS, "a minute", "broken"):
        table.add_column(name.replace("_", " "), justify="right")
    table.add_column("promises broken, in how many histories", overflow="fold")
    for found in rounds:
        kinds = ", ".join(f"{kind} {len(seeds)}" for kind, seeds in _most_first(found))
        schedule = f"{found.histories / found.seconds * 60:.0f}"
        counts = (found.histories, *(found.counts[name] for name in COUNTS), schedule, found.broken)
        table.add_row(found.attack or "all combined", *map(str, counts), kinds, style="red" if found.broken else None)
    console.print(table)
    for found in rounds:
        chosen = f" --attack '{found.attack}'" if found.attack else ""
        for kind, seeds in _most_first(found):
            console.print(f"{kind}{f', {found.attack}' if found.attack else ''}", style="red", markup=False)
            for seed_, text in list(seeds.items())[:SHRUNK]:
                console.print(f"  --history {seed_}{chosen}: {text}", markup=False, soft_wrap=True)
                if (kind, seed_) in found.needed:
                    console.print(f"      needs {said(found.needed[kind, seed_])}", markup=False, soft_wrap=True)


def _most_first(found: Found) -> list[tuple[str, dict[int, str]]]:
    return sorted(found.seeds.items(), key=lambda item: -len(item[1]))


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--histories", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1, help="of the first history")
    parser.add_argument("--attack", choices=ATTACKS, default="", help="behaviours of this kind only, and most of them")
    parser.add_argument("--attacks", action="store_true", help="so many histories of each kind of attack by itself")
    parser.add_argument("--ledger", choices=LEDGERS, default="sqlite")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--shrink", type=int, default=SHRUNK, help="histories of each kind of fault to take apart")
    parser.add_argument("--history", type=int, metavar="SEED", help="play this one, and tell its story")
    parser.add_argument("--only", nargs="*", metavar="BEHAVIOUR", help="with --history: all other behaviours are calm")
    return parser.parse_args()


def main() -> None:
    options = parsed()
    if options.history is not None:
        sys.exit(tell_one(options.history, options.attack, options.only, options.ledger))
    rounds = [
        run(
            options.histories, seed=options.seed, attack=attack, ledger=options.ledger, workers=options.workers,
            shrinks=options.shrink,
        )
        for attack in (ATTACKS if options.attacks else (options.attack,))
    ]  # fmt: skip
    show(Console(width=170, highlight=False), rounds, ledger=options.ledger, seed=options.seed)
    sys.exit(1 if any(found.broken for found in rounds) else 0)


if __name__ == "__main__":
    main()
