"""Approvals in a terminal: a real command, a real pseudo-terminal, a real sandbox."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.running import Sandbox, booked, command

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
FILM = """
title: Door
model: ray-flash-2
resolution: 540p
scenes:
  - {id: door, prompt: a door that stays shut all day}
"""
ASKS = re.compile(rb"(reject\)|\(none\)|\(optional\)):\s*$")


def answered(folder: Path, sandbox: Sandbox, gate: str, *answers: str) -> tuple[str, int]:
    """What the command says, and its exit status, when its questions are answered one after another."""
    given = {
        "LUMAAI_BASE_URL": sandbox.url, "STUDIO_PREFECT_IDLE": "0", "PYTHONPATH": str(Path(__file__).parents[2]),
        "COLUMNS": "200",
    }  # fmt: skip
    values = {n: v for n, v in os.environ.items() if not n.startswith(("LUMA", "PREFECT_API"))} | given
    ours, theirs = pty.openpty()
    run = subprocess.Popen(
        [sys.executable, "-m", "flows.produce", "film.yaml", "--approve", gate], cwd=folder, env=values, stdin=theirs,
        stdout=theirs, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    said, seen, left = b"", 0, list(answers)
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the command has ended
            break
        said += part
        if left and ASKS.search(said[seen:]):
            seen = len(said)
            os.write(ours, left.pop(0).encode() + b"\n")
    os.close(ours)
    assert left == []
    return said.decode("utf-8", "replace"), run.wait(300)


def test_a_plan_is_asked_about_in_the_terminal(workplace: Path, sandbox: Sandbox) -> None:
    """An answer that is none is asked for again; a no buys nothing; a yes makes the film."""
    (workplace / "film.yaml").write_text(FILM)
    said, status = answered(workplace, sandbox, "plan", "perhaps", "reject", "too dear")
    assert "Approve the plan of Door: $0.14 will be spent." in said
    assert "Not understood: decision: 'perhaps' is none (one of approve, change, reject)" in said
    assert "error: Door: the plan was rejected: too dear" in said
    assert (status, sandbox.prompts()) == (2, [])

    said, status = answered(
        workplace, sandbox, "plan", "change", "", "door: a door that stands open all day", "", "approve"
    )
    assert (status, sandbox.prompts()) == (0, ["a door that stands open all day"])
    assert str(booked(workplace)) == "0.14"


def test_without_a_terminal_nothing_is_planned(workplace: Path) -> None:
    """One line, and the status of bad input; ``--yes`` does not answer for a person. An unknown gate is named."""
    (workplace / "film.yaml").write_text(FILM)
    for given, error in (
        (["--approve", "plan", "--yes"], "the plan is to be approved, and there is no terminal to ask in"),
        (["--approve", "drft"], "--approve: 'drft' is none"),
    ):
        done = command(workplace, "film.yaml", *given)
        assert (done.returncode, done.stdout) == (2, "")
        assert error in done.stderr
        assert "Traceback" not in done.stderr
