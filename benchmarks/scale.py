"""The costs of one film of twelve shots in everything but money: transactions, requests, rows, bytes, processor time.

    python benchmarks/scale.py [--films 3] [--latency 10] [--ledger URL]

Each is made as it is used, ``python -m flows.produce FILE --yes``, with a ledger on PostgreSQL (``--ledger``: one of
your own, such as that of ``ledger.py``), a Prefect server that is up, and the stand-in for the Dream Machine API
(``produce_standin.py``), 10 generations at once. The film is four chains of three shots of 5 s at 540p. The first film
is not counted: it fills caches. Figures are medians of the others. What is counted, is counted by the program itself
(``scale_counted.py``), by the stand-in, or read from Prefect's database and the film's folder.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sqlite3
import sys
import tempfile
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from chaos_producer import tail
from chaos_services import clean_environment
from ledger import own_postgres
from produce_cases import Case
from produce_measure import at_rest, run
from produce_services import Servers
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
CHAINS, LENGTH, SLOTS = 4, 3, 10
SHOTS = CHAINS * LENGTH
TIMEOUT = 900
# Of Prefect's database: what a run adds to.
ROWS = ("flow_run", "flow_run_state", "task_run", "task_run_state", "events", "event_resources", "log", "artifact")
CALLS = {"create": "creates", "list": "list calls", "get": "polls of one", "file": "downloads", "other": "others"}
Figures = dict[str, float]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--films", type=int, default=3, help="how many are counted")
    parser.add_argument("--latency", type=float, default=10.0, help="seconds that a generation takes")
    parser.add_argument("--ledger", help="the ledger's URL; default: a new one, on a PostgreSQL of its own")
    options = parser.parse_args()
    console = Console(width=100)
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="scale-", ignore_cleanup_errors=True)))
        ledger = options.ledger or own_postgres(stack, home)
        servers = stack.enter_context(Servers(home))
        stage = Stage(servers, home, ledger, options.latency)
        with console.status("") as status:
            films = []
            for number in range(options.films + 1):
                status.update(f"film {number} of {options.films}")
                films.append(stage.film())
        console.print(table(films[1:]))
    return 0


class Stage:
    """The servers, and a home in which one film is made after another."""

    def __init__(self, servers: Servers, home: Path, ledger: str, latency: float) -> None:
        self._servers, self._home, self._ledger, self._latency = servers, home, ledger, latency

    def film(self) -> Figures:
        """Make one film, and return its figures. Raises RuntimeError where it fails."""
        name = uuid.uuid4().hex[:12]
        self._servers.begin(latency=self._latency, slots=SLOTS)
        file, counts, log = (self._home / f"{name}.{suffix}" for suffix in ("json", "counts", "log"))
        file.write_text(json.dumps(_production(name)))
        served, before = at_rest(self._servers.prefect_pid), self._prefect()
        spent = run(
            [sys.executable, str(HERE / "scale_counted.py"), str(counts), str(file), "--yes"], log=log,
            environment=self._environment(), folder=self._home, timeout=TIMEOUT,
        )  # fmt: skip
        if spent.status != 0:
            raise RuntimeError(f"no film: {tail(log, 20)}")
        served = at_rest(self._servers.prefect_pid) - served
        told = json.loads(counts.read_text())
        figures = {
            "ledger: transactions": told["ledger"]["transactions"],
            "ledger: statements": told["ledger"]["statements"],
            "ledger: seconds in statements": sum(each["seconds"] for each in told["ledger"]["each"]),
            **{f"API: {kind}": count for kind, count in self._calls().items()},
            **{f"Prefect: {kind}": count for kind, count in _asked(told["requests"]).items()},
            **{f"Prefect: {kind}": count - before[kind] for kind, count in self._prefect().items()},
            "processor s: the run": spent.cpu, "processor s: Prefect's server": served,
            "MB: memory of the run": spent.tree / 1e6,
            "seconds": spent.wall,
        }  # fmt: skip
        return figures | self._files(name)

    def _environment(self) -> Mapping[str, str]:
        return clean_environment() | {
            "LUMAAI_API_KEY": "standin", "LUMAAI_BASE_URL": f"{self._servers.origin}/dream-machine/v1",
            "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", "PYTHONPATH": str(HERE.parent),
            "PREFECT_API_URL": self._servers.prefect, "PREFECT_HOME": str(self._home / "prefect"),
            "STUDIO_HOME": str(self._home / ".studio"), "STUDIO_TIER": "none", "STUDIO_AT_ONCE": str(SLOTS),
            "STUDIO_LEDGER_URL": self._ledger, "STUDIO_MONTH_CAP": "100000000",
        }  # fmt: skip

    def _calls(self) -> dict[str, int]:
        calls = self._servers.figures()["calls"]
        return {name: calls.get(kind, 0) for kind, name in CALLS.items()}

    def _prefect(self) -> dict[str, int]:
        """Rows and bytes of Prefect's database."""
        path = self._home / "prefect-server" / "prefect.db"
        with contextlib.closing(sqlite3.connect(path, timeout=60)) as connection:
            count = "SELECT count(*) FROM"
            found = {f"rows in {name}": _count(connection, f'{count} "{name}"') for name in ROWS}
            sizes = "SELECT coalesce(sum(pgsize), 0) FROM dbstat JOIN sqlite_master m ON m.name = dbstat.name WHERE"
            return found | {
                "bytes of events": _count(connection, f"{sizes} m.tbl_name LIKE 'event%'"),
                "bytes of all else": _count(connection, f"{sizes} m.tbl_name NOT LIKE 'event%'"),
            }

    def _files(self, name: str) -> Figures:
        """Bytes and number of the files of a film's folder, by kind."""
        sizes: Counter[str] = Counter()
        folder = next((self._home / "films" / f"scale-{name}").glob("*/film.mp4")).parent
        for path in _files_in(folder):
            kind = {"film.mp4": "film"}.get(path.name, "report and others")
            sizes[f"bytes: {'clips' if path.parent.name == 'clips' else kind}"] += path.stat().st_size
            sizes["files of the film"] += 1
        return {kind: float(size) for kind, size in sorted(sizes.items())}


def _production(name: str) -> dict[str, Any]:
    case = Case("scale", "a film of 12 shots", CHAINS, LENGTH, SLOTS)
    written = case.production()
    for scene in written["scenes"]:
        scene["prompt"] += f", {name}"
    return written | {"title": f"Scale {name}"}


def _asked(requests: Mapping[str, int]) -> dict[str, int]:
    """The number of requests to Prefect's API, and what most of them were."""
    found = {what.partition("/api/")[2].split("/")[0]: 0 for what in requests if "/api/" in what}
    for what, count in requests.items():
        if "/api/" in what:
            found[what.partition("/api/")[2].split("/")[0]] += count
    return {"requests": sum(found.values()), "requests that bring logs": found.get("logs", 0)}


def _files_in(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _count(connection: sqlite3.Connection, query: str) -> int:
    (count,) = connection.execute(query).fetchone()
    return int(count)


def table(films: list[Figures]) -> Table:
    """The table of the medians of films, for a film and for a shot."""
    shown = Table(title=f"A film of {SHOTS} shots; medians of {len(films)}", title_justify="left")
    for column in ("", "a film", "a shot"):
        shown.add_column(column, justify="right" if column else "left")
    for name in films[0]:
        value = median(film.get(name, 0.0) for film in films)
        digits = 0 if value >= 1000 else 1
        shown.add_row(name, f"{value:,.{digits}f}", f"{value / SHOTS:,.{1 if value >= SHOTS else 2}f}")
    return shown


if __name__ == "__main__":
    sys.exit(main())
