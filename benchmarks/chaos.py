"""Double purchases when a producer is killed, the service misbehaves, and eight producers share one ledger.

    python benchmarks/chaos.py                     # 200 kills, every fault, SQLite and PostgreSQL: about an hour
    python benchmarks/chaos.py --quick             # what CI runs: 40 kills
    python benchmarks/chaos.py --rounds faults --fault lost
    python benchmarks/chaos.py --rounds kills both --ledger postgres --kills 60 --seed 7
    python benchmarks/chaos.py --rounds hostile --histories 100000
    python benchmarks/chaos.py --peers             # also a plain loop over the SDK, and genblaze, under the same

A production of twelve shots is made repeatedly (each time with other prompts) by the real command against the sandbox:

- ``kills``: killed with -9 at seeded random moments of its life, and started again until the film is finished;
- ``faults``: each fault of the sandbox alone; ``both``: kills and a mix of faults together;
- ``eight``: eight producers at once on one ledger, killed too, under a cap that does not cover all, and the account's
  limits. The sandbox does not limit: only our own limits apply.

- ``hostile``: thousands of histories in virtual time against a simulated service; ``benchmarks/hostile.py`` alone
  prints more about it, and replays a single one.

Then the sandbox's books are compared with ours, and each film with that of an undisturbed run, frame by frame.
The exit status is 1 if anything was bought twice, the books differ, a cap or a limit was exceeded, a film is missing or
differs, or a run ended in a way that none should.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import hostile
from chaos_faults import CASES
from chaos_peers import Paid, find_peers, under_the_same
from chaos_producer import Place
from chaos_rounds import PRODUCERS, Bench, Round, each_fault, eight_at_once, killed
from chaos_services import Services
from rich.console import Console
from rich.table import Table

ROUNDS = ("kills", "faults", "both", "eight")
HOSTILE = "hostile"
LEDGERS = ("sqlite", "postgres")
QUICK_KILLS = 40
LATENCY = 0.3  # seconds that a generation takes in the sandbox, without rendering
ALL = 10_000


def main() -> None:
    options = parsed()
    console = Console(width=150, highlight=False)
    attacks = attacked(console, options) if HOSTILE in options.rounds else 0
    if options.rounds == [HOSTILE]:
        sys.exit(1 if attacks else 0)
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True) as home,
        Services(Path(home), latency=LATENCY) as services,
        services.sandbox("calm") as sandbox,
    ):
        calm = Place(services, sandbox, Path(home) / "calm" / "studio", "sqlite")
        compare = options.compare if options.compare is not None else (1 if options.quick else ALL)
        bench = Bench(services, calm, seed=options.seed, side_by_side=options.side_by_side, compare=compare)
        bench.undisturbed(1)
        print(f"an undisturbed run takes {bench.length:.1f} s", file=sys.stderr)
        rounds = play(bench, options)
        paid, absent = beside(services, options) if options.peers else ([], [])
    total = time.monotonic() - began
    show(console, rounds, total, options.seed)
    show_peers(console, rounds, paid, absent)
    if options.json is not None:
        options.json.write_text(
            json.dumps({"rounds": [plain(r) for r in rounds], "peers": [plain(p) for p in paid]}, indent=2)
        )
    sys.exit(any(r.broken for r in rounds) or attacks > 0)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, help="in all (200; with --quick 40)")
    parser.add_argument("--seed", type=int, default=1, help="of the kills' moments and of the faults")
    parser.add_argument("--rounds", nargs="+", choices=(*ROUNDS, HOSTILE))
    parser.add_argument("--ledger", choices=(*LEDGERS, "both"), default="both")
    parser.add_argument(
        "--fault", nargs="+", default=[""], metavar="WORDS", help="of the single faults, these (by their names)"
    )
    parser.add_argument("--histories", type=int, default=2000, help="of the hostile service, on each ledger")
    parser.add_argument("--workers", type=int, default=2, help="processes that play them")
    parser.add_argument("--quick", action="store_true", help="40 kills, no round of single faults, fewer comparisons")
    parser.add_argument("--side-by-side", type=int, help="productions of a round at the same time (2; with --quick 1)")
    parser.add_argument("--compare", type=int, help="films of a round to compare (all; with --quick 1)")
    parser.add_argument("--peers", action="store_true", help="a plain loop and genblaze, too")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    options = parser.parse_args()
    options.rounds = options.rounds or [*ROUNDS, *(() if options.quick else (HOSTILE,))]
    options.side_by_side = options.side_by_side or (1 if options.quick else 2)
    return options


def attacked(console: Console, options: argparse.Namespace) -> int:
    """Play the histories of the hostile service. Returns how many broke a promise."""
    broken = 0
    for ledger in LEDGERS if options.ledger == "both" else (options.ledger,):
        found = hostile.run(options.histories, seed=options.seed, ledger=ledger, workers=options.workers)
        hostile.show(console, [found], ledger=ledger, seed=options.seed)
        broken += found.broken
    return broken


def play(bench: Bench, options: argparse.Namespace) -> list[Round]:
    """Play the rounds that were asked for; the kills are divided among them."""
    ledgers = LEDGERS if options.ledger == "both" else (options.ledger,)
    cells = [(name, ledger) for name in ("kills", "both") for ledger in ledgers if name in options.rounds]
    if options.quick and len(cells) == 4:
        cells = [("kills", "sqlite"), ("both", "postgres")]
    left = options.kills if options.kills is not None else (QUICK_KILLS if options.quick else 200)
    eights = [(ledger, min(PRODUCERS, left // 2)) for ledger in ledgers if "eight" in options.rounds]
    left -= sum(kills for _, kills in eights)
    jobs: list[Callable[[], list[Round]]] = []
    for index, (name, ledger) in enumerate(cells):
        share = left // len(cells) + (index < left % len(cells))
        jobs.append(partial(one, killed, bench, ledger, share, faults=name == "both"))
    for ledger, kills in eights:
        few, most = (16, 10) if options.quick else (60, 30)
        jobs.append(
            partial(one, eight_at_once, bench, ledger, kills, creates=few, per_minute=most, films=not options.quick)
        )
    if "faults" in options.rounds and not options.quick:
        cases = [case for case in CASES if any(words in case.name for words in options.fault)]
        jobs += [partial(each_fault, bench, ledger, cases) for ledger in ledgers[:1]]
    # Two cores are enough for two rounds at a time: the quick ones mostly wait.
    with ThreadPoolExecutor(2 if options.quick else 1) as pool:
        return [result for rounds in pool.map(lambda job: job(), jobs) for result in rounds]


def one(play_round: Callable[..., Round], *given: Any, **more: Any) -> list[Round]:
    """Play one round, and return it as a list."""
    return [play_round(*given, **more)]


def show(console: Console, rounds: list[Round], seconds: float, seed: int) -> None:
    """Print the table, and every promise that was not kept."""
    table = Table(title=f"seed {seed}, {seconds:.0f} s", title_justify="left", caption_justify="left")
    for name in ("", "ledger"):
        table.add_column(name)
    for name in ("kills", "faults", "runs", "films", "equal", "creates", "bought twice", "difference", "wall"):
        table.add_column(name, justify="right")
    table.add_column("")
    for r in rounds:
        figures = (
            r.kills, r.faults, r.runs, f"{r.films}/{r.due}", f"{r.equal}/{r.compared}", r.creates, r.duplicates,
            f"${r.difference:.2f}", f"{r.seconds:.0f} s",
        )  # fmt: skip
        table.add_row(r.name, r.ledger, *map(str, figures), r.note, style="red" if r.broken else None)
    table.add_section()
    difference = sum((r.difference for r in rounds), Decimal(0))
    sums = (
        sum(r.kills for r in rounds), sum(r.faults for r in rounds), sum(r.runs for r in rounds),
        f"{sum(r.films for r in rounds)}/{sum(r.due for r in rounds)}",
        f"{sum(r.equal for r in rounds)}/{sum(r.compared for r in rounds)}", sum(r.creates for r in rounds),
        sum(r.duplicates for r in rounds), f"${difference:.2f}", f"{seconds:.0f} s",
    )  # fmt: skip
    table.add_row("all", "", *map(str, sums), "")
    console.print(table)
    for r in rounds:
        for line in r.broken:
            console.print(f"{r.name} on {r.ledger}: {line}", markup=False, style="red", soft_wrap=True)


def beside(services: Services, options: argparse.Namespace) -> tuple[list[Paid], list[str]]:
    """Run the peers under the same disturbances; also the reasons why others are missing."""
    peers, absent = find_peers(services.home / "peers")
    cases = [case for case in CASES if case.peers and not (options.quick and case.slow)]
    kills = 8 if options.quick else 20
    side = options.side_by_side
    return [
        paid
        for peer in peers
        for paid in under_the_same(services, peer, cases, kills=kills, seed=options.seed, side_by_side=side)
    ], absent


def show_peers(console: Console, rounds: list[Round], paid: list[Paid], absent: list[str]) -> None:
    """Print the peers' double purchases, and ours under the same disturbances."""
    names = list(dict.fromkeys(p.peer for p in paid))
    if names:
        table = Table(title="bought twice, beside peers (and what that cost)", title_justify="left")
        table.add_column("")
        for name in ("Studio Producer", *names):
            table.add_column(name, justify="right")
        for disturbance in dict.fromkeys(p.name for p in paid):
            ours = [r for r in rounds if r.name == disturbance]
            cells = [_bought(sum(r.duplicates for r in ours), sum((r.wasted for r in ours), Decimal(0)), ours)]
            for name in names:
                theirs = [p for p in paid if (p.peer, p.name) == (name, disturbance)]
                cells.append(_bought(theirs[0].duplicates, theirs[0].wasted, theirs) if theirs else "")
            table.add_row(disturbance, *cells)
        console.print(table)
    for line in absent:
        console.print(line, markup=False, soft_wrap=True)
    for p in paid:
        if p.note:
            console.print(f"{p.peer}, {p.name}: {p.clips} clips after {p.runs} runs: {p.note}", markup=False)


def _bought(duplicates: int, wasted: Decimal, these: Sequence[Round | Paid]) -> str:
    if not these:
        return "not run"
    kills = sum(one.kills for one in these)
    return f"{duplicates} (${wasted:.2f})" + (f" in {kills} kills" if kills else "")


def plain(result: Round | Paid) -> dict[str, Any]:
    """A row for JSON. Money as text."""
    return {name: str(value) if isinstance(value, Decimal) else value for name, value in asdict(result).items()}


if __name__ == "__main__":
    main()
