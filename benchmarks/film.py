"""A film with crossfades: this project's join beside ffmpeg alone, one ffmpeg graph, and moviepy.

    python benchmarks/film.py [--scenes 50,200] [--only ours,pieces,graph,moviepy] [--folder DIR] [--json FILE]

Scenes of 5 s at 540p, as the sandbox makes them, with crossfades of 0.5 s and no sound. Every way runs in a process of
its own, one after another: *this project* (``studio.media.film.concatenate``: it hashes the clips, encodes bodies and
crossfades as pieces, joins them by copy, compares every packet of the film with the pieces', and hashes it); then with
one scene changed, and with nothing changed; *the encodes alone* (``film_bare.py``), the floor: the same pieces by plain
commands on both cores, nothing joined or checked; *one graph* with a chain of xfade; and *moviepy* (PyPI) in an
environment of its own. A way whose processes have more than ``--most-memory`` GB together is ended, and the table says
so.

Seconds are from the first clip to the end, without the start of Python. MB are of the greatest single process (as the
system counts it, children such as ffmpeg among them), of the program's own process, and of all together. "Others" is
how many processors everything else on the machine kept busy meanwhile: on a quiet one, 0.0; with others, times say
little, and the goal for them is held against processor time.

Then come the goals. ``benchmarks/join.py`` measures films of plain cuts.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import venv
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from film_measure import MB, Taken, take
from film_scenes import FPS, OVERLAP, changed, frames_of, listed, rendered, scenes
from produce_goals import Goal
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
WAYS: Mapping[str, str] = {
    "ours": "this project", "changed": "  one scene changed", "again": "  nothing changed",
    "pieces": "the encodes alone", "graph": "one graph of xfade", "moviepy": "moviepy",
}  # fmt: skip
KEYS = ("ours", "pieces", "graph", "moviepy")
MEMORY, GROWTH, WALL, PIECES = 250.0, 1.1, 1.1, 3  # MB a process; times 50 scenes'; times the encodes; of a change
BUSY = 0.3  # processors kept busy by others, from which times are not judged, but processor time is


@dataclass(frozen=True)
class Row:
    """One way of making the film of so many scenes."""

    count: int
    way: str
    taken: Taken


def measured(
    count: int, keys: Sequence[str], folder: Path, clips: list[Path], most: float, python: Path | None
) -> list[Row]:
    """Make the film of so many scenes in these ways, one after another."""
    made = scenes(clips, count, folder / "scenes")
    whole = listed(made, folder / "scenes.json")
    middle = count // 2
    retaken = listed(
        [*made[:middle], changed(clips, middle, folder / "scenes"), *made[middle + 1 :]], folder / "changed.json"
    )
    ours, bare = str(HERE / "film_ours.py"), str(HERE / "film_bare.py")
    commands: dict[str, list[str]] = {}
    if "ours" in keys:
        commands |= {
            "ours": [sys.executable, ours, str(whole), str(folder), "first"],
            "changed": [sys.executable, ours, str(retaken), str(folder), "changed"],
            "again": [sys.executable, ours, str(retaken), str(folder), "again"],
        }  # fmt: skip
    commands |= {
        way: [sys.executable, bare, str(whole), str(folder), way] for way in ("pieces", "graph") if way in keys
    }
    if python is not None:
        commands["moviepy"] = [str(python), str(HERE / "film_moviepy.py"), str(whole), str(folder), str(OVERLAP / FPS)]
    rows = []
    for way, command in commands.items():
        taken = take(command, log=folder / f"{way}.log", most=most, timeout=300 + 20 * count)
        rows.append(Row(count, way, taken))
        print(f"{count} scenes, {WAYS[way].strip()}: {taken.seconds:.1f} s {taken.failed}", file=sys.stderr)
    return rows


def table(rows: Sequence[Row]) -> Table:
    """The table of time, memory and processor time of each way."""
    shown = Table(title="Scenes of 5 s at 540p with crossfades of 0.5 s; × is the ratio to the encodes alone")
    columns = ("scenes", "way", "s", "×", "frames/s", "MB, greatest", "own", "all", "CPU", "pieces", "others", "")
    for column in columns:
        shown.add_column(column, justify="left" if column in ("way", "") else "right")
    for number, row in enumerate(rows):
        taken, floor = row.taken, _of(rows, row.count, "pieces")
        last = number + 1 == len(rows) or rows[number + 1].count != row.count
        ratio = f"{taken.seconds / floor.seconds:.2f}" if floor and not taken.failed else "–"
        shown.add_row(
            str(row.count) if number == 0 or rows[number - 1].count != row.count else "", WAYS[row.way],
            f"{taken.seconds:.1f}", ratio, f"{taken.frames / taken.seconds:.0f}" if taken.frames else "–",
            *(f"{size / MB:.0f}" for size in (taken.greatest, taken.own, taken.tree)), f"{taken.cpu:.1f}",
            "–" if taken.failed else str(taken.pieces), f"{taken.others:.1f}", taken.failed, end_section=last,
        )  # fmt: skip
    return shown


def goals(rows: Sequence[Row]) -> list[Goal]:
    """The goals that these rows say something about."""
    counts = sorted({row.count for row in rows})
    found = list[Goal]()
    for count in counts:
        first, floor = _of(rows, count, "ours"), _of(rows, count, "pieces")
        if first is None:
            continue
        found.append(Goal(f"{count} scenes: MB of the greatest process", MEMORY, first.greatest / MB))
        if floor is not None and max(first.others, floor.others) >= BUSY:
            name = f"{count} scenes: processor seconds, in those of the encodes alone (others: times say little)"
            found.append(Goal(name, WALL, first.cpu / floor.cpu))
        elif floor is not None:
            found.append(
                Goal(f"{count} scenes: seconds, in those of the encodes alone", WALL, first.seconds / floor.seconds)
            )
        for way, most in (("changed", PIECES), ("again", 0)):
            if taken := _of(rows, count, way):
                found.append(Goal(f"{count} scenes: pieces with{WAYS[way].replace('  ', ' ')}", most, taken.pieces))
    if len(counts) > 1 and (few := _of(rows, counts[0], "ours")) and (many := _of(rows, counts[-1], "ours")):
        name = f"MB of the greatest process at {counts[-1]} scenes, in those at {counts[0]}"
        found.append(Goal(name, GROWTH, many.greatest / few.greatest))
    return found


def verdicts(rows: Sequence[Row]) -> Table:
    """The goals, and which are met."""
    shown = Table(title="Goals for this project")
    for column in ("goal", "at most", "found", ""):
        shown.add_column(column, justify="right" if column in ("at most", "found") else "left")
    for goal in goals(rows):
        missed = "missed" if goal.most == 0 and not goal.met else goal.verdict
        shown.add_row(goal.name, f"{goal.most:.4g}", f"{goal.found:.3g}", missed)
    return shown


def _of(rows: Sequence[Row], count: int, way: str) -> Taken | None:
    return next((row.taken for row in rows if (row.count, row.way) == (count, way) and not row.taken.failed), None)


def moviepy(console: Console, folder: Path) -> Path | None:
    """The Python of a new environment with moviepy; None where it cannot be installed."""
    python = folder / "bin" / "python"
    try:
        venv.create(folder, with_pip=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "moviepy"]
        subprocess.run(install, check=True, capture_output=True, text=True, timeout=600)
    except (OSError, subprocess.SubprocessError) as error:
        said = (getattr(error, "stderr", "") or str(error)).strip().splitlines()
        console.print(f"moviepy could not be installed: {said[-1] if said else error}", markup=False)
        return None
    return python


def main() -> int:
    """Print the tables; return 1 where a way failed that should not."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--scenes", default="50,200", help="how many scenes (50,200)")
    options.add_argument("--only", default=",".join(KEYS), help=f"which of {','.join(KEYS)} (all)")
    options.add_argument("--most-memory", type=float, default=6.0, help="GB at which a way is ended (6)")
    options.add_argument("--folder", type=Path, help="work in this new folder, and keep everything")
    options.add_argument("--json", type=Path, help="write the figures to this file, too")
    chosen = options.parse_args()
    keys = chosen.only.split(",")
    if unknown := {*keys} - {*KEYS}:
        options.error(f"not known: {', '.join(sorted(unknown))}")
    if chosen.folder is not None:
        chosen.folder.mkdir(parents=True)
    console, rows = Console(width=150), list[Row]()
    with tempfile.TemporaryDirectory(prefix="film-", ignore_cleanup_errors=True) as scratch:
        home = (chosen.folder or Path(scratch)).absolute()
        python = moviepy(console, home / "moviepy") if "moviepy" in keys else None
        clips = rendered(home / "clips")
        for count in map(int, chosen.scenes.split(",")):
            (home / str(count)).mkdir()
            rows += measured(count, keys, home / str(count), clips, chosen.most_memory * 1e9, python)
            wrong = [row for row in rows if not row.taken.failed and row.taken.frames not in (0, frames_of(row.count))]
    console.print(table(rows), *([verdicts(rows)] if "ours" in keys else []), sep="\n")
    for row in wrong:
        console.print(f"{row.count} scenes, {row.way}: {row.taken.frames} frames instead of {frames_of(row.count)}")
    if chosen.json:
        chosen.json.write_text(json.dumps([asdict(row) for row in rows], indent=1))
    return 1 if any(row.taken.failed for row in rows if row.way in ("ours", "changed", "again", "pieces")) else 0


if __name__ == "__main__":
    sys.exit(main())
