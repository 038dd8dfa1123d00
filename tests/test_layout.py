"""The shape of the code: what the pages of the architecture name is there, and no module is too long to read."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CODE = ("studio", "luma_sandbox", "studio_cli", "flows", "tasks", "deployments", "productions", "benchmarks", "tests")
MOST_LINES = 400
LONGER: set[str] = set()


def test_no_module_is_too_long_to_read() -> None:
    """A module of more than 400 lines does several things, and is to be split by them."""
    files = [path for folder in CODE for path in (ROOT / folder).rglob("*.py")]
    long = {str(p.relative_to(ROOT)) for p in files if len(p.read_text("utf-8").splitlines()) > MOST_LINES}
    assert len(files) > 500
    assert long <= LONGER


def test_what_the_architecture_names_is_there() -> None:
    """Every file and folder that the page names stands where it says, and so does every name beside a file's."""
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    paths = re.findall(r"`((?:studio|studio_cli|flows|tasks|luma_sandbox|tests|productions|docs)/[\w./-]*)`", text)
    assert len(paths) > 20
    assert [path for path in paths if not (ROOT / path).exists()] == []
    named = re.findall(r"`(\w+)` \(`(studio/[\w./]+\.py)`", text)
    assert {"FilmOptions", "PollSchedule", "CostRow", "COLUMNS"} <= {name for name, _ in named}
    for name, path in named:
        assert re.search(rf"^(?:class |def )?{name}\b", (ROOT / path).read_text("utf-8"), re.M), (name, path)


def test_make_ignores_no_status() -> None:
    """No recipe lets make print `Error 1 (ignored)`, which looks like a failure of the set-up."""
    lines = (ROOT / "Makefile").read_text().splitlines()
    assert not [line for line in lines if line.startswith(("\t-", "\t@-"))]
