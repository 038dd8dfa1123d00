"""What is bought twice when the producer is killed at random moments.

    python benchmarks/chaos.py --kills 200

A production of twelve shots is made over and over (each time in other words) by the real command, which is killed with
-9 at seeded random moments and started again until its film is there. Then the sandbox's books are held against ours.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

SHOTS = 12


@dataclass
class Round:
    """What one way of disturbing brought. ``duplicates``: creates beyond one for each shot; money in USD."""

    name: str
    kills: int = 0
    runs: int = 0
    films: int = 0
    creates: int = 0
    duplicates: int = 0
    difference: Decimal = Decimal(0)
    seconds: float = 0.0


class Services:
    """A sandbox and a Prefect server of the benchmark's own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Services:
        sandbox = self.home / "sandbox"
        self._start("-m", "studio.sandbox", "--port", "0", "--home", str(sandbox), "--latency", "0.5", "--attach",
                    str(os.getpid()))  # fmt: skip
        port = 42000 + os.getpid() % 2000
        self.prefect = f"http://127.0.0.1:{port}/api"
        self._start("-m", "prefect", "server", "start", "--port", str(port), "--no-ui")
        self.origin = wait_for(lambda: f"http://127.0.0.1:{json.loads((sandbox / 'server.json').read_text())['port']}")
        wait_for(lambda: httpx.get(f"{self.prefect}/health", trust_env=False).raise_for_status())
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()

    def _start(self, *arguments: str) -> None:
        environment = os.environ | {
            "PREFECT_HOME": str(self.home / "prefect"),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        }
        environment.pop("PREFECT_API_URL", None)
        log = (self.home / "services.log").open("ab")
        self.processes.append(
            subprocess.Popen([sys.executable, *arguments], stdout=log, stderr=log, env=environment, cwd=self.home)
        )

    def books(self) -> dict[str, Any]:
        """The sandbox's own books."""
        answer: dict[str, Any] = httpx.get(f"{self.origin}/sandbox/books", trust_env=False, timeout=60).json()
        return answer


def wait_for(look: Any, seconds: float = 120) -> Any:
    """What ``look`` gives as soon as it gives something without an error."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return look()
        except (OSError, ValueError, KeyError, httpx.HTTPError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def production(number: int) -> dict[str, Any]:
    """Twelve shots: a chain of six, a chain of four, and two by themselves; other words in each production."""
    parents = {1: 0, 2: 1, 3: 2, 4: 3, 5: 4, 7: 6, 8: 7, 9: 8}
    scenes = [
        {"id": f"s{n}", "prompt": f"film {number}, scene {n}: a quiet sea"}
        | ({"continue_from": f"s{parents[n]}"} if n in parents else {})
        for n in range(SHOTS)
    ]
    return {"title": f"Chaos {number}", "model": "ray-flash-2", "resolution": "540p", "scenes": scenes}


class Producer:
    """The real command on one production, in a working folder whose ledger all productions share."""

    def __init__(self, services: Services, folder: Path, number: int, base_url: str) -> None:
        self.file = folder / f"film-{number}.json"
        self.file.write_text(json.dumps(production(number)))
        self.folder, self.out = folder, folder / f"out-{number}"
        self.environment = {
            n: v for n, v in os.environ.items() if not n.startswith(("LUMA", "STUDIO_", "PREFECT_"))
        } | {
            "LUMAAI_BASE_URL": base_url,
            "PREFECT_API_URL": services.prefect,
            "PREFECT_HOME": str(folder / "prefect"),
            "STUDIO_DOUBT_GRACE": "10",
        }

    def start(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "flows.produce", str(self.file), "--json", "--out", str(self.out)]
        return subprocess.Popen(
            command, cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )


def until_film(producer: Producer, result: Round, rng: random.Random, kills: int) -> int:
    """Run and kill until the film is there. Returns the kills that were used."""
    used = 0
    for _ in range(100):
        run = producer.start()
        result.runs += 1
        try:
            limit = rng.uniform(1.0, 9.0) if used < kills else 600
            _, error = run.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            run.kill()
            run.communicate()
            used += 1
            continue
        if run.returncode == 0:
            result.films += 1
            return used
        if run.returncode not in (1, 4):
            raise SystemExit(f"exit status {run.returncode}\n{error}")
    raise SystemExit(f"no film after 100 runs\n{error}")


def hold_together(services: Services, ledger: str, before: int, numbers: range, result: Round) -> None:
    """Hold the sandbox's books against ours, and count what was bought more than once."""
    creates = services.books()["creates"][before:]
    kept = [c for c in creates if not c["refunded_cents"]]
    prompts = Counter(c["request"]["prompt"] for c in kept)
    result.creates += len(creates)
    result.duplicates += sum(count - 1 for count in prompts.values())
    theirs = Decimal(sum(c["cents"] - c["refunded_cents"] for c in creates)) / 100
    with sqlite3.connect(ledger) as connection:
        marks = ",".join("?" * len(numbers))
        slugs = [f"chaos-{n}" for n in numbers]
        query = f"select coalesce(sum(amount), 0) from entries where production in ({marks})"  # noqa: S608
        (micros,) = connection.execute(query, slugs).fetchone()
    connection.close()
    result.difference += abs(theirs - Decimal(micros) / 10**6)


def killed(services: Services, folder: Path, kills: int, seed: int) -> Round:
    """Productions one after the other, until so many kills were done."""
    result, rng, number = Round("kill -9"), random.Random(seed), 0
    began, before = time.monotonic(), len(services.books()["creates"])
    while result.kills < kills:
        number += 1
        producer = Producer(services, folder, number, f"{services.origin}/dream-machine/v1")
        result.kills += until_film(producer, result, rng, min(8, kills - result.kills))
    hold_together(services, str(folder / ".studio" / "ledger.db"), before, range(1, number + 1), result)
    result.seconds = time.monotonic() - began
    return result


def show(rounds: list[Round]) -> None:
    """Print what came of it."""
    table = Table(title="what was bought twice", title_justify="left")
    for name in ("", "kills", "runs", "films", "creates", "duplicates", "difference", "wall"):
        table.add_column(name, justify="right" if name else "left")
    for r in rounds:
        cells = (r.kills, r.runs, r.films, r.creates, r.duplicates, f"${r.difference}", f"{r.seconds:.0f} s")
        table.add_row(r.name, *map(str, cells))
    Console(width=120).print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True) as home,
        Services(Path(home)) as services,
    ):
        folder = Path(home) / "studio"
        folder.mkdir()
        rounds = [killed(services, folder, options.kills, options.seed)]
        show(rounds)
    sys.exit(any(r.duplicates or r.difference for r in rounds))


if __name__ == "__main__":
    main()
