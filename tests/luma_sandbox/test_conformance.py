"""The SDKs' own test suites, from their source distributions, against the sandbox as it is started by hand."""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.sandbox_process import address, start

NEEDED = (
    "respx", "pytest", "pytest-asyncio", "pytest-xdist", "time-machine", "dirty-equals", "importlib-metadata", "rich",
    "httpx-aiohttp", "aiohttp",
)  # fmt: skip
PATIENCE = 900.0
# What each suite must at least have passed, so that a suite that collects nothing is no success; and the most that it
# may skip: each skips what needs another Python, and luma-agents also what its aiohttp client cannot mock.
SUITES = {
    "lumaai": ("1.21.0", 728, 2),
    "luma-agents": ("0.5.0", 612, 2),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A sandbox in conformance mode; where it listens."""
    home = tmp_path_factory.mktemp("home")
    running = start(home, "--conformance")
    try:
        yield address(home, running)
    finally:
        running.kill()
        running.communicate()


@pytest.mark.long
@pytest.mark.timeout(PATIENCE * 2)
@pytest.mark.parametrize("package", SUITES)
def test_the_sdk_s_own_suite_passes(package: str, server: str, tmp_path: Path) -> None:
    """Every test of the SDK passes against one port, both at its root."""
    version, at_least, skips = SUITES[package]
    missing = [name for name in NEEDED if not _installed(name)]
    assert not missing, f"the SDKs' suites need what is not installed: pip install {' '.join(missing)}"
    source = _source(package, version, tmp_path)
    # The package is the suite's own source, not what happens to be installed; the suite's settings stay its own.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "LUMA"))}
    environment |= {"TEST_API_BASE_URL": server, "PYTHONPATH": str(source / "src")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider", "--color=no"],
        cwd=source,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    tail = done.stdout[-6000:] + done.stderr[-2000:]
    assert done.returncode == 0, tail
    counts = {what: int(number) for number, what in re.findall(r"(\d+) (passed|skipped|failed|error)", tail)}
    print(f"{package} {version}: {counts}")
    assert counts["passed"] >= at_least
    assert counts.get("skipped", 0) <= skips


def _source(package: str, version: str, folder: Path) -> Path:
    """The unpacked source distribution, fetched by pip. Fails where pip cannot fetch it: nothing is skipped here."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", ":all:", f"{package}=={version}"]
    fetched = subprocess.run([*command, "-d", str(folder)], capture_output=True, text=True, timeout=PATIENCE)
    if fetched.returncode:
        pytest.fail(f"pip could not fetch the source of {package} {version}:\n{fetched.stdout}\n{fetched.stderr}")
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    (unpacked,) = (entry for entry in folder.iterdir() if entry.is_dir())
    return unpacked


def _installed(name: str) -> bool:
    try:
        importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
