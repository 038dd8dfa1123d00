"""Time, calls, memory and processor time of a whole film: this project, a plain loop over the SDK, and genblaze.

    python benchmarks/produce.py [--cases chain,forty,chains,thousand] [--latency 60] [--only ours,loop] [--profile]

All use the same stand-in server of fixed latency (``produce_standin.py``), which renders nothing while it is measured,
one after another. This project is run as it is used, ``python -m flows.produce FILE --yes``, with a Prefect server that
is up (SQLite) and a folder of its own for each film; then once more, with everything cached. The plain loop
(``produce_loop.py``) does the least that makes the film, with polls of 1 s and of 5 s; genblaze (PyPI genblaze-core,
genblaze-luma) has an environment of its own.

Cases and critical paths are in ``produce_cases.py``. Latency is 3 s unless said otherwise, 5 s for 1000 shots.
"Making" is from the first create to the end of the last generation, as the server saw it. Processor time of the client
is exact and has all that it started, such as ffmpeg; that of the Prefect server is measured until it is at rest again,
and added. The stand-in's own is charged to nobody.

``--profile`` runs this project under cProfile and keeps the folders (``first.prof`` and ``again.prof`` in each).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from produce_cases import CASES, Case
from produce_peers import Peer, Row, Stage, chosen_peers
from produce_services import Servers
from rich.console import Console
from rich.table import Table

COLUMNS = (
    "case", "critical path", "peer", "wall", "×", "making", "×", "calls a shot", "MB", "MB, tree", "CPU", "Prefect",
    "CPU a shot", "again", "CPU a shot",
)  # fmt: skip
KEYS = ("ours", "loop", "genblaze")


def table(rows: Sequence[Row]) -> Table:
    """What each peer took."""
    shown = Table(title="Seconds; × is the ratio to the critical path; again: with everything cached")
    for column in COLUMNS:
        shown.add_column(column, justify="left" if column in ("case", "peer") else "right")
    for number, row in enumerate(rows):
        new = number == 0 or rows[number - 1].case != row.case
        again = (f"{row.again:.1f}", f"{row.again_cpu_a_shot:.3f}") if row.again else ("–", "–")
        shown.add_row(
            f"{row.case}, {row.latency:g} s" if new else "", f"{row.critical:g}" if new else "", row.peer,
            f"{row.wall:.1f}", f"{row.ratio:.2f}", f"{row.making:.1f}", f"{row.making_ratio:.2f}",
            f"{row.calls / row.shots:.1f}", f"{row.own / 1e6:.0f}", f"{row.tree / 1e6:.0f}", f"{row.cpu:.1f}",
            f"{row.servers:.1f}" if row.key == "ours" else "–", f"{row.cpu_a_shot:.3f}", *again,
            end_section=number + 1 == len(rows) or rows[number + 1].case != row.case,
        )  # fmt: skip
    return shown


def waits(rows: Sequence[Row]) -> Table:
    """Where time passes between the links of a chain, and what the stand-in had to do."""
    shown = Table(title="Medians in seconds: end of a generation → client told → create of its child")
    for column in ("case", "peer", "told after", "child after that", "refused creates", "stand-in's CPU"):
        shown.add_column(column, justify="left" if column in ("case", "peer") else "right")
    for row in rows:
        child = "–" if row.link_lag is None else f"{row.link_lag:.2f}"
        shown.add_row(row.case, row.peer, f"{row.poll_lag:.2f}", child, str(row.refused), f"{row.standin:.1f}")
    return shown


def measured(stage: Stage, cases: Sequence[Case], peers: Sequence[Peer], latency: float | None) -> list[Row]:
    """Measure every peer on every case, one after another."""
    rows = []
    for case in cases:
        for peer in peers:
            rows.append(row := stage.measure(peer, case, latency or case.strict))
            print(f"{case.name}, {peer.name}: {row.wall:.1f} s, again {row.again:.1f} s {row.failed}", file=sys.stderr)
    return rows


def main() -> int:
    """Print the tables."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = ",".join(case.name for case in CASES)
    options.add_argument("--cases", default=names, help=f"which of {names} (all)")
    options.add_argument("--latency", type=float, help="seconds that a generation takes, in all cases")
    options.add_argument("--only", default=",".join(KEYS), help=f"which peers of {','.join(KEYS)} (all)")
    options.add_argument("--polls", default="1,5", help="seconds between two polls of the plain loop (1,5)")
    options.add_argument("--folder", type=Path, help="work here, and keep everything")
    options.add_argument("--profile", action="store_true", help="this project under cProfile; implies --folder profile")
    options.add_argument("--json", type=Path, help="write the figures to this file, too")
    chosen = options.parse_args()
    unknown = {*chosen.cases.split(",")} - {case.name for case in CASES} | {*chosen.only.split(",")} - {*KEYS}
    if unknown:
        options.error(f"not known: {', '.join(sorted(unknown))}")
    cases = [case for case in CASES if case.name in chosen.cases.split(",")]
    folder = chosen.folder or (Path("profile") if chosen.profile else None)
    if folder is not None:
        folder.mkdir(parents=True)
    console = Console(width=180)
    keys = chosen.only.split(",")
    with tempfile.TemporaryDirectory(prefix="produce-") as scratch:
        home = (folder or Path(scratch)).absolute()
        with Servers(home, prefect="ours" in keys) as servers:
            stage = Stage(servers, home / "films", keep=folder is not None, profile=chosen.profile)
            if "ours" in keys:
                stage.warm()
            peers = chosen_peers(keys, [float(poll) for poll in chosen.polls.split(",")], None)
            rows = measured(stage, cases, peers, chosen.latency)
    console.print(table(rows), waits(rows))
    for row in rows:
        if row.failed:
            console.print(f"{row.case}, {row.peer}: {row.failed}", markup=False)
    if chosen.json:
        chosen.json.write_text(json.dumps([row.as_json() for row in rows], indent=1))
    return any(row.failed for row in rows)


if __name__ == "__main__":
    sys.exit(main())
