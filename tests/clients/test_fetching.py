"""The fetching of clients: once, whole, and without failing a test where a registry is away."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.clients.fetching import DONE, node_with, python_with

HERE = Path(__file__).parent


def test_the_docs_name_what_is_run(root: Path) -> None:
    """Every client of the tests stands in docs/sandbox.md with its version, and every program has its test."""
    told = (root / "docs" / "sandbox.md").read_text("utf-8").split("\n## Other clients\n")[1].split("\n## ")[0]
    tests = (HERE / "test_clients.py").read_text("utf-8")
    pins = re.findall(r'"(@?[a-z/-]+)(?:==|@)([\d.]+)"', tests)
    assert len(pins) == 11
    assert not [pin for pin in pins if " ".join(pin) not in told]
    assert not [path.name for path in (HERE / "programs").iterdir() if path.is_file() and path.name not in tests]


@pytest.mark.long
def test_a_registry_that_has_none_is_a_skip_with_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that pip cannot find skips the test with the reason, and is not taken for fetched the next time."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    for _ in range(2):
        with pytest.raises(pytest.skip.Exception, match=r"lumaai==999 could not be fetched: ERROR: .*lumaai==999"):
            python_with(tmp_path, "lumaai==999")
    assert not list(tmp_path.glob(f"*/{DONE}"))


@pytest.mark.long
def test_what_was_fetched_is_kept(tmp_path: Path) -> None:
    """A second run finds the environment of the first; one that was left half-way is made anew."""
    python = python_with(tmp_path)
    (mark := python.parent / "mark").touch()
    assert python_with(tmp_path) == python
    assert mark.exists()
    (python.parents[1] / DONE).unlink()
    assert python_with(tmp_path) == python
    assert not mark.exists()


@pytest.mark.long
def test_npm_that_reaches_nobody_is_a_skip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A registry that does not answer skips the test and names the package."""
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")
    with pytest.raises(pytest.skip.Exception, match=r"lumaai@1\.19\.1 could not be fetched|needs Node"):
        node_with(tmp_path, "lumaai@1.19.1")
