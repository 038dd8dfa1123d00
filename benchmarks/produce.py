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
and added. The stand-in's own is charged to nobody. "Others" is
how many processors everything else on the machine kept busy meanwhile: on a quiet one, 0.0.

Then come the goals, and by how much each is missed.

``--short`` is for every change: two cases, this project and the plain loop, three rounds. It compares our figures in
the loop's, which a slow machine hardly changes, with those in ``produce_figures.toml``, and ends with status 1 where
one is worse by a quarter. ``--short --keep`` writes that file. A round in which other work kept the machine busy is
measured again, at most twice; where all are such, processor time alone is judged.

``--stalls`` prints the longest stalls of this project's event loop (``produce_watched.py``).

``--profile`` runs this project under cProfile and keeps the folders (``first.prof`` and ``again.prof`` in each).
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from pathlib import Path

from produce_cases import CASES, Case
from produce_goals import STEADY, Ratios, goals, quiet, ratios, read, worse, write
from produce_peers import OURS, Peer, Stage, chosen_peers, loop
from produce_row import Row
from produce_services import Servers
from rich.console import Console
from rich.table import Table

COLUMNS = (
    "case", "critical path", "peer", "wall", "×", "making", "×", "calls a shot", "MB", "MB, tree", "CPU", "Prefect",
    "CPU a shot", "again", "CPU a shot",
)  # fmt: skip
KEYS = ("ours", "loop", "genblaze")
PACKAGES = ("genblaze-core", "genblaze-luma")
STARTS = "chain"  # the case with which starts are timed
SHORT, SHORT_LATENCY, ROUNDS, MOST_ROUNDS = ("chain", "forty"), 2.0, 3, 5
KEPT = Path(__file__).with_name("produce_figures.toml")


def table(rows: Sequence[Row]) -> Table:
    """The table of the time, memory and processor time of each peer."""
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
    """The table of the time between the links of a chain, and of the work of the stand-in."""
    shown = Table(title="Medians in seconds: end of a generation → client told → create of its child")
    for column in ("case", "peer", "told after", "child after that", "refused creates", "stand-in's CPU", "others"):
        shown.add_column(column, justify="left" if column in ("case", "peer") else "right")
    for row in rows:
        child = "–" if row.link_lag is None else f"{row.link_lag:.2f}"
        figures = (f"{row.poll_lag:.2f}", child, str(row.refused), f"{row.standin:.1f}", f"{row.others:.1f}")
        shown.add_row(row.case, row.peer, *figures)
    return shown


def verdicts(rows: Sequence[Row]) -> Table:
    """The goals, and which are met."""
    shown = Table(title="Goals for this project")
    for column in ("goal", "at most", "found", ""):
        shown.add_column(column, justify="right" if column in ("at most", "found") else "left")
    for goal in goals(rows):
        shown.add_row(goal.name, f"{goal.most:.4g}", f"{goal.found:.3g}", goal.verdict)
    return shown


def stalled(folder: Path) -> list[str]:
    """The longest stalls of each watched run's event loop, and what the main thread was doing."""
    lines = []
    for file in sorted(folder.glob("*/*.stalls.json")):
        told = json.loads(file.read_text())
        lines.append(f"{file.parent.name}, {file.name.split('.')[0]}: the longest stall {told['longest ms']} ms")
        lines += [f"    {late['ms']} ms in {late['in']}" for late in told["late"][:8]]
    return lines


def compared(found: Ratios, kept: Ratios) -> Table:
    """The ratios to the plain loop, beside those kept."""
    shown = Table(title="This project's figures in those of the plain loop; medians")
    for column in ("case", "figure", "kept", "found"):
        shown.add_column(column, justify="right" if column in ("kept", "found") else "left")
    for case, by in found.items():
        for name, value in by.items():
            before = kept.get(case, {}).get(name)
            shown.add_row(case, name, "–" if before is None else f"{before:.2f}", f"{value:.2f}")
    return shown


def measured(stage: Stage, cases: Sequence[Case], peers: Sequence[Peer], latency: float | None) -> list[Row]:
    """Measure every peer on every case, one after another."""
    rows = []
    for case in cases:
        for peer in peers:
            starts = peer is OURS and case.name == STARTS
            rows.append(row := stage.measure(peer, case, latency or case.strict, starts=starts))
            print(f"{case.name}, {peer.name}: {row.wall:.1f} s, again {row.again:.1f} s {row.failed}", file=sys.stderr)
    return rows


def short(console: Console, stage: Stage, *, keep: bool) -> int:
    """Measure the short form, and compare it with what was kept, or keep it. Return the exit status."""
    cases = [case for case in CASES if case.name in SHORT]
    rounds: list[list[Row]] = []
    while len(rounds) < MOST_ROUNDS and sum(map(quiet, rounds)) < ROUNDS:
        rounds.append([stage.measure(peer, case, SHORT_LATENCY) for case in cases for peer in (OURS, loop(1.0))])
        if failures := told(console, rounds[-1]):
            return failures
    calm = [rows for rows in rounds if quiet(rows)]
    kept: Ratios = read(KEPT) if KEPT.exists() else {}
    found = ratios(calm or rounds)
    console.print(compared(found, kept))
    if not calm:
        console.print("The machine was busy with other work: times say little, and processor time alone is judged.")
    if keep:
        write(KEPT, found)
        return 0
    judged = {case: {name: value for name, value in by.items() if calm or name in STEADY} for case, by in kept.items()}
    lines = worse(found, judged) if kept else [f"{KEPT.name} is missing: --keep writes it"]
    for line in lines:
        console.print(line, markup=False)
    return 1 if lines else 0


def told(console: Console, rows: Sequence[Row]) -> int:
    """Print what failed; return 1 if anything did."""
    failures = [row for row in rows if row.failed]
    for row in failures:
        console.print(f"{row.case}, {row.peer}: {row.failed}", markup=False)
    return 1 if failures else 0


def genblaze(console: Console, folder: Path) -> Path | None:
    """The Python of a new environment with genblaze; None where it cannot be installed."""
    python = folder / "bin" / "python"
    try:
        venv.create(folder, with_pip=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES]
        subprocess.run(install, check=True, capture_output=True, text=True, timeout=600)
    except (OSError, subprocess.SubprocessError) as error:
        said = (getattr(error, "stderr", "") or str(error)).strip().splitlines()
        console.print(f"genblaze could not be installed: {said[-1] if said else error}", markup=False)
        return None
    return python


def main() -> int:
    """Print the tables."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    usual = ",".join(case.name for case in CASES if not case.extra)
    extra = ",".join(case.name for case in CASES if case.extra)
    options.add_argument("--cases", default=usual, help=f"which of {usual} (all), and {extra}")
    options.add_argument("--latency", type=float, help="seconds that a generation takes, in all cases")
    options.add_argument("--only", default=",".join(KEYS), help=f"which peers of {','.join(KEYS)} (all)")
    options.add_argument("--polls", default="1,5", help="seconds between two polls of the plain loop (1,5)")
    options.add_argument("--folder", type=Path, help="work in this new folder, and keep everything")
    options.add_argument("--profile", action="store_true", help="this project under cProfile; --folder profile if none")
    options.add_argument("--stalls", action="store_true", help="the stalls of this project's event loop, too")
    options.add_argument("--json", type=Path, help="write the figures to this file, too")
    options.add_argument("--short", action="store_true", help="the short form: compare with the kept figures")
    options.add_argument("--keep", action="store_true", help="with --short: keep the figures")
    chosen = options.parse_args()
    keys = ["ours", "loop"] if chosen.short else chosen.only.split(",")
    unknown = {*chosen.cases.split(",")} - {case.name for case in CASES} | {*keys} - {*KEYS}
    if unknown:
        options.error(f"not known: {', '.join(sorted(unknown))}")
    if chosen.keep and not chosen.short:
        options.error("--keep goes with --short")
    cases = [case for case in CASES if case.name in chosen.cases.split(",")]
    folder = chosen.folder or (Path("profile") if chosen.profile or chosen.stalls else None)
    if folder is not None:
        folder.mkdir(parents=True)
    console = Console(width=180)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # and so end what was started
    with tempfile.TemporaryDirectory(prefix="produce-", ignore_cleanup_errors=True) as scratch:
        home = (folder or Path(scratch)).absolute()
        python = genblaze(console, home / "genblaze") if "genblaze" in keys else None
        with Servers(home, prefect="ours" in keys) as servers:
            stage = Stage(
                servers, home / "films", keep=folder is not None, profile=chosen.profile, stalls=chosen.stalls
            )
            if "ours" in keys:
                stage.warm()
            if chosen.short:
                return short(console, stage, keep=chosen.keep)
            peers = chosen_peers(keys, [float(poll) for poll in chosen.polls.split(",")], python)
            rows = measured(stage, cases, peers, chosen.latency)
            stalls = stalled(home / "films")
    console.print(table(rows), waits(rows), *([verdicts(rows)] if "ours" in keys else []), sep="\n")
    for line in stalls:
        console.print(line, markup=False, soft_wrap=True)
    if chosen.json:
        chosen.json.write_text(json.dumps([row.as_json() for row in rows], indent=1))
    return told(console, rows)


if __name__ == "__main__":
    sys.exit(main())
