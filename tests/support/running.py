"""Shared parts of tests of whole runs: a sandbox process, a Prefect server, a chain of scenes, the ledger."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from studio.production import Production

CHAIN = {
    "title": "Chain",
    "model": "ray-flash-2",
    "resolution": "540p",
    "scenes": [
        {"id": "a", "prompt": "a harbour at dawn"},
        {"id": "b", "prompt": "a boat leaves the harbour", "continue_from": "a"},
        {"id": "c", "prompt": "the open sea", "continue_from": "b"},
    ],
}

#: For servers of this machine: made once, because each new client reads all authorities. No connection is kept, because
#: servers are killed.
LOCAL = httpx.Client(trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))


def chain(**changes: Any) -> Production:
    """The chain of three, with some scenes' fields changed."""
    scenes = [scene | changes.pop(scene["id"], {}) for scene in CHAIN["scenes"]]
    return Production.model_validate({**CHAIN, "scenes": scenes, **changes})


class Sandbox:
    """A sandbox in a process of its own. ``assume``: assumptions beyond those that tests/conftest.py makes strict."""

    def __init__(self, home: Path, latency: float = 0.0, assume: str = "") -> None:
        self.home, self.latency, self.assume = home, latency, assume
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "luma_sandbox", "--port", "0", "--home", str(self.home)]
        command += ["--latency", str(self.latency), "--attach", str(os.getpid())]
        environment = os.environ | {"STUDIO_SANDBOX_ASSUME": f"{os.environ['STUDIO_SANDBOX_ASSUME']} {self.assume}"}
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
        deadline = time.monotonic() + 240
        while time.monotonic() < deadline:
            try:
                said = json.loads((self.home / "server.json").read_text())
                if said["pid"] == self.process.pid:
                    self.origin = f"http://127.0.0.1:{said['port']}"
                    LOCAL.get(f"{self.origin}/sandbox/books").raise_for_status()
                    return
            except (OSError, ValueError, httpx.HTTPError):
                time.sleep(0.02)
        raise AssertionError("the sandbox did not start")

    def again(self, latency: float) -> None:
        """Restart it on the same books at another port, with this latency of generations."""
        self.stop()
        self.latency = latency
        self.start()

    @property
    def url(self) -> str:
        return f"{self.origin}/dream-machine/v1"

    def books(self) -> dict[str, Any]:
        return LOCAL.get(f"{self.origin}/sandbox/books").raise_for_status().json()

    def prompts(self) -> list[str]:
        """The prompts of all purchases, in order."""
        return [c["request"]["prompt"] for c in self.books()["creates"]]

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    """A Prefect server for this session, on a database of its own."""
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=300):
        yield


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    sandbox = Sandbox(tmp_path / "sandbox")
    sandbox.start()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def studio(workplace: Path, sandbox: Sandbox, prefect_server: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder whose runs go to the sandbox."""
    monkeypatch.setenv("LUMAAI_BASE_URL", sandbox.url)
    return workplace


def booked(folder: Path) -> Decimal:
    """USD that our ledger says were spent."""
    with sqlite3.connect(folder / ".studio" / "ledger.db") as connection:
        (micros,) = connection.execute("select coalesce(sum(amount), 0) from entries").fetchone()
    connection.close()
    return Decimal(micros) / 10**6


def charged(sandbox: Sandbox) -> Decimal:
    """USD that the sandbox's books say were charged and not refunded."""
    books = sandbox.books()
    return Decimal(books["charged_usd"]) - Decimal(books["refunded_usd"])


def command(folder: Path, *args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does, without a terminal."""
    values = {n: v for n, v in os.environ.items() if not n.startswith(("LUMA", "PREFECT_API"))}
    return subprocess.run(
        [sys.executable, "-m", "flows.produce", *args], cwd=folder, env=values | environment, capture_output=True,
        text=True, errors="replace", stdin=subprocess.DEVNULL, timeout=540,
    )  # fmt: skip


def wait_for_ids(folder: Path, count: int) -> None:
    """Until so many generations' ids are booked."""
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        with sqlite3.connect(folder / ".studio" / "ledger.db") as connection:
            (ids,) = connection.execute("select count(generation_id) from orders").fetchone()
        connection.close()
        if ids >= count:
            return
        time.sleep(0.05)
    raise AssertionError("the ids were not booked")
