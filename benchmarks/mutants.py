"""A check that tests fail if the handling of a lost, refused or repeated purchase is removed.

    python benchmarks/mutants.py [--row WORD] [--jobs 2]

The events of a purchase, and what follows, are listed in the tables of ``gateway.py`` and ``recovery.py`` in
``studio/purchasing``. For each of their rows, and for further handling, the project is copied, one piece of the
handling is removed from the copy, and the tests that should notice are run there. Exit status 1 if none fails, or if a
text to be replaced is not found exactly once.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from time import perf_counter

from mutants_absence import ABSENCE
from mutants_books import KEPT
from mutants_ends import ENDED
from mutants_given import GIVEN
from mutants_limits import LIMITED
from mutants_orders import ORDERS
from mutants_pieces import BESIDES, DOOR, SETTLING, Mutant
from mutants_prices import PRICES
from mutants_runs import RUNS
from mutants_sandbox import SANDBOXED
from mutants_settling import SETTLED
from rich.console import Console
from rich.table import Table

MUTANTS = (*ORDERS, *ENDED, *SETTLED, *ABSENCE, *KEPT, *RUNS, *LIMITED, *GIVEN, *PRICES, *SANDBOXED)
ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("flows", "tasks", "studio", "studio_cli", "luma_sandbox")
COPIED = (*PACKAGES, "deployments", "productions", "tests", "benchmarks", "pyproject.toml", "prefect.yaml")
# A removal may turn a wait that ends into an endless one, which counts as noticed, too.
RUN_SECONDS = 300
# Only these plugins, as others take longer to load than most of the tests to run.
PLUGINS = ("-p", "pytest_asyncio.plugin", "-p", "pytest_timeout")
MEMORY = Path("/dev/shm")  # noqa: S108 - the tests' own folders: every commit of theirs is a sync


@dataclass(frozen=True)
class Verdict:
    """The result of the tests: how many were run, and which of them failed."""

    tests: int
    failed: tuple[str, ...]
    seconds: float
    log: str


def table_rows(file: str = DOOR) -> list[str]:
    """The events of a purchase: the first column of ``gateway.py``'s table, or of another file's."""
    text = (ROOT / file).read_text("utf-8").split('"""')[1]
    table = re.split(r"^=+ +=+$", text, flags=re.MULTILINE)[2]
    rows: list[str] = []
    for line in filter(None, table.splitlines()):
        name, follows = line[:53].strip(), line[53:].strip()
        if name and follows:
            rows.append(name)
        elif name:
            rows[-1] += f" {name}"
    return rows


def places(mutant: Mutant, project: Path) -> list[Path]:
    """The files that hold a mutant's text, once for each occurrence. There should be exactly one."""
    top = project / mutant.file
    files = sorted(top.rglob("*.py")) if top.is_dir() else [top]
    return [path for path in files for _ in range(path.read_text("utf-8").count(mutant.old))]


def misplaced(mutant: Mutant) -> str | None:
    """The fault in where a mutant applies; None if its text is found exactly once."""
    found = len(places(mutant, ROOT))
    return None if found == 1 else f"{mutant.file}: {found} times, not once: {mutant.old!r}"


def without_mutant() -> list[str]:
    """Rows of the tables without a mutant. A mutant names its row by how the row begins."""
    named = tuple({mutant.row for mutant in MUTANTS})
    return [row for row in (*table_rows(), *table_rows(SETTLING), *BESIDES) if not row.startswith(named)]


@contextmanager
def applied(mutant: Mutant, project: Path) -> Iterator[None]:
    """Remove one piece from the copy of the project, and put it back afterwards."""
    (path,) = places(mutant, project)
    whole = path.read_text("utf-8")
    path.write_text(whole.replace(mutant.old, mutant.new), "utf-8")
    try:
        yield
    finally:
        path.write_text(whole, "utf-8")


def copy(folder: Path) -> Path:
    """Copy the project to a folder. Its bytecode is checked by content, since a mutation keeps size and second."""
    folder.mkdir()
    for name in COPIED:
        source, kept = ROOT / name, folder / name
        if source.is_dir():
            shutil.copytree(source, kept, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, kept)
    code = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "checked-hash", *PACKAGES]
    subprocess.run(code, cwd=folder, check=True)
    where = "import studio.purchasing.gateway as g, tasks.generate, flows.shooting as f; print(f.__file__, g.__file__)"
    asked = subprocess.run([sys.executable, "-c", where], cwd=folder, capture_output=True, text=True, check=True)
    for imported in asked.stdout.split():
        assert Path(imported).is_relative_to(folder), f"{imported} is not in the copy"
    return folder


def run_tests(project: Path, tests: tuple[str, ...], *, postgres: bool, seconds: int) -> Verdict:
    """Run tests in the copy, each for at most this many seconds."""
    began = perf_counter()
    environment = {n: v for n, v in os.environ.items() if not n.startswith("PYTEST_")}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    environment["PYTHONPATH"] = str(project)  # commands that a test runs elsewhere use the copy's code
    line = [sys.executable, "-m", "pytest", "-q", "--tb=line", "-rfE", "-p", "no:cacheprovider", *PLUGINS]
    line += ["--timeout", str(seconds)]
    line += [] if postgres else ["-m", "not postgres"]
    with tempfile.TemporaryDirectory(prefix="mutants-", dir=MEMORY if MEMORY.is_dir() else None) as base:
        try:
            done = subprocess.run(
                [*line, f"--basetemp={base}/t", *tests], cwd=project, capture_output=True, text=True, check=False,
                stdin=subprocess.DEVNULL, env=environment, timeout=RUN_SECONDS,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            # A loop that no signal ends: without the removed piece, nothing continues.
            return Verdict(1, ("it never ends",), perf_counter() - began, "")
    log = done.stdout + done.stderr
    failed = re.findall(r"^(?:FAILED|ERROR) (\S+)", done.stdout, flags=re.MULTILINE)
    counts = re.findall(r"(\d+) (?:passed|failed|error)", done.stdout)
    return Verdict(sum(map(int, counts)), tuple(failed), perf_counter() - began, log)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--row", default="", help="only rows and mutants with this in their text")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time")
    options = parser.parse_args()
    console = Console(width=140)
    mutants = [m for m in MUTANTS if options.row.lower() in f"{m.row} {m.what}".lower()]
    wrong = [line for line in map(misplaced, mutants) if line]
    wrong += [f"no mutant for: {row}" for row in without_mutant()]
    if wrong or not mutants:
        console.print("\n".join(wrong) or "no such mutant", style="red", markup=False)
        return 1
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        projects: SimpleQueue[Path] = SimpleQueue()
        for number in range(options.jobs):
            projects.put(copy(Path(folder) / str(number)))

        def judge(mutant: Mutant) -> Verdict:
            project = projects.get()
            with applied(mutant, project):
                verdict = run_tests(project, mutant.tests, postgres=mutant.postgres, seconds=mutant.seconds)
            projects.put(project)
            noticed = len(verdict.failed) or "NOBODY"
            console.print(
                f"{mutant.row}: {mutant.what}: {noticed} of {verdict.tests}, {verdict.seconds:.0f} s", markup=False
            )
            return verdict

        def unharmed(tests: tuple[tuple[str, ...], bool, int]) -> Verdict:
            project = projects.get()
            verdict = run_tests(project, tests[0], postgres=tests[1], seconds=tests[2])
            projects.put(project)
            return verdict

        began = perf_counter()
        with ThreadPoolExecutor(options.jobs) as pool:
            for verdict in pool.map(unharmed, dict.fromkeys((m.tests, m.postgres, m.seconds) for m in mutants)):
                if verdict.failed or not verdict.tests:
                    console.print(f"the tests fail as they are:\n{verdict.log}", style="red", markup=False)
                    return 1
            verdicts = list(pool.map(judge, mutants))
    return report(console, mutants, verdicts, perf_counter() - began)


def report(console: Console, mutants: list[Mutant], verdicts: list[Verdict], seconds: float) -> int:
    """Print the results. Returns the exit status."""
    table = Table(title="What the tests notice", title_justify="left")
    for name in ("row", "taken out", "tests", "noticed", "the first one"):
        table.add_column(name, justify="right" if name in ("tests", "noticed") else "left", overflow="fold")
    last = ""
    for mutant, verdict in zip(mutants, verdicts, strict=True):
        first = verdict.failed[0].partition("::")[2] if verdict.failed else "NOBODY"
        row = mutant.row if mutant.row != last else ""
        table.add_row(row, mutant.what, str(verdict.tests), str(len(verdict.failed)), first)
        last = mutant.row
    console.print(table, markup=False)
    unseen = [f"{m.row}: {m.what}" for m, v in zip(mutants, verdicts, strict=True) if not v.failed]
    rows = len({m.row for m in mutants})
    console.print(f"{len(mutants) - len(unseen)} of {len(mutants)} noticed, {rows} rows, {seconds:.0f} s")
    for line in unseen:
        console.print(f"not noticed: {line}", style="red", markup=False)
    return 1 if unseen else 0


if __name__ == "__main__":
    sys.exit(main())
