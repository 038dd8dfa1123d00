"""The sandbox in a process of its own."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from lumaai import LumaAI

PATIENCE = 240.0


def until(true: Callable[[], Any]) -> Any:
    """Call a function until its result is true, and return that."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := true():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


def start(home: Path, *options: str) -> subprocess.Popen[str]:
    """Start the command on a free port."""
    command = [sys.executable, "-m", "luma_sandbox", "--port", "0", "--home", str(home), *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def address(home: Path, server: subprocess.Popen[str]) -> str:
    """The address of that very process, once it listens."""

    def told() -> str | None:
        with contextlib.suppress(FileNotFoundError):
            said = json.loads((home / "server.json").read_text())
            if said["pid"] == server.pid:
                return str(said["url"])
        assert server.poll() is None
        return None

    return str(until(told))


def client(url: str) -> LumaAI:
    """A strict synchronous client."""
    return LumaAI(auth_token="k", base_url=f"{url}/dream-machine/v1", max_retries=0, _strict_response_validation=True)


@pytest.fixture
def servers() -> Iterator[list[subprocess.Popen[str]]]:
    """Start servers, and end them all after the test."""
    started: list[subprocess.Popen[str]] = []
    yield started
    for server in started:
        server.kill()
        server.communicate()
