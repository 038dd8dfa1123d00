"""Other people's clients, fetched from their registries into folders of their own that later runs find again."""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

FETCH_SECONDS = 420.0
DONE = "fetched"  # a file that is there once everything else is


def python_with(cache: Path, *packages: str) -> Path:
    """The interpreter of an environment that holds these packages of PyPI. Skips the test where they cannot be had."""

    def fetch(folder: Path) -> None:
        _run([sys.executable, "-m", "venv", "--without-pip", str(folder)], folder.parent, packages)
        pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install", "--quiet"]
        if packages:
            _run([*pip, "--retries", "1", "--timeout", "20", *packages], folder.parent, packages)

    return _kept(cache, (f"{sys.version_info[0]}.{sys.version_info[1]}", *packages), fetch) / "bin" / "python"


def node_with(cache: Path, *packages: str) -> Path:
    """A folder whose node_modules hold these packages of npm. Skips the test where they cannot be had."""

    def fetch(folder: Path) -> None:
        (folder / "package.json").write_text(json.dumps({"private": True}))
        npm = [shutil.which("npm") or "npm", "install", "--ignore-scripts", "--no-audit", "--no-fund"]
        patience = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=20000"]
        _run([*npm, *patience, *packages], folder, packages)

    return _kept(cache, (f"node {node_version()}", *packages), fetch)


def node_version() -> int:
    """The major version of Node. Skips the test where Node or npm is missing, or older than 18."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        pytest.skip("needs Node and npm: apt-get install nodejs npm")
    said = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=60, check=True).stdout
    major = int(re.match(r"v(\d+)", said)[1])
    if major < 18:
        pytest.skip(f"needs Node 18 or newer, this is {said.strip()}")
    return major


def _kept(cache: Path, key: tuple[str, ...], fetch: Callable[[Path], None]) -> Path:
    """The folder of that key, filled by ``fetch`` unless an earlier run has done it."""
    words = re.sub(r"[^\w.@-]+", "-", " ".join(key[1:])).strip("-")[:60]
    folder = cache / f"{words}-{hashlib.sha256(repr(key).encode()).hexdigest()[:8]}"
    with _alone(folder.with_name(f"{folder.name}.lock")):
        if not (folder / DONE).exists():
            shutil.rmtree(folder, ignore_errors=True)  # what a run left behind that was ended half-way
            folder.mkdir(parents=True)
            fetch(folder)
            (folder / DONE).touch()
    return folder


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Hold a lock, so that two runs at once do not fill one folder."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _run(command: list[str], folder: Path, packages: tuple[str, ...]) -> None:
    """Run a step of fetching. Skips the test where it fails: a registry that is away is no fault of ours."""
    wanted = ", ".join(packages)
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=FETCH_SECONDS)
    except subprocess.TimeoutExpired:
        pytest.skip(f"{wanted} could not be fetched within {FETCH_SECONDS:.0f} s")
    if done.returncode:
        told = [line.strip() for line in (done.stderr or done.stdout).splitlines() if "error" in line.lower()]
        pytest.skip(f"{wanted} could not be fetched: {(told or ['no reason was given'])[0][:200]}")
