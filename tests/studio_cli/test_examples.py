"""The examples at the end of each command's help: each can be typed, and those that cost nothing do what they say."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup
from typer.testing import CliRunner

from flows.__main__ import COMMANDS as FLOWS
from studio_cli.app import COMMANDS, command_line

ROOT = Path(__file__).resolve().parents[2]
#: Commands whose examples need a production and a table alone, and send nothing.
FREE = ("new", "check", "concepts", "schema", "plan", "films", "doctor", "costs", "backup", "clean")

PROGRAMS = {"studio": " -m studio_cli", "python -m": " -m"}


def ran(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A line as a shell runs it, ``studio`` and ``python`` being those of this test."""
    python = shlex.quote(sys.executable)
    line = re.sub(r"^(studio|python -m)\b", lambda typed: python + PROGRAMS[typed[1]], line)
    environment = {n: v for n, v in os.environ.items() if not n.startswith("LUMA")} | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        ["sh", "-c", line], cwd=folder, env=environment, capture_output=True, text=True, timeout=240, check=False
    )


def examples(shown: str, program: str) -> list[str]:
    """The lines below ``Examples:`` at the end of a help."""
    _, found, end = shown.rpartition("Example")
    lines = [line.strip() for line in end.splitlines()[1:] if line.strip()]
    assert found
    assert lines
    assert all(line == program or line.startswith(f"{program} ") for line in lines), lines
    return lines


def helped(name: str) -> str:
    return CliRunner().invoke(command_line([name]), [name, "--help"], env={"COLUMNS": "120"}).output


@pytest.mark.parametrize("name", [name for name, (module, _) in COMMANDS.items() if module])
def test_each_example_can_be_typed(name: str) -> None:
    """Every command has one or two, and takes each: its words are options and values that there are."""
    lines = examples(helped(name), f"studio {name}")
    assert 1 <= len(lines) <= 2
    group = typer.main.get_command(command_line([name]))
    assert isinstance(group, TyperGroup)
    for line in lines:
        words = shlex.split(line.partition(" > ")[0])[2:]
        with group.commands[name].make_context(name, words):
            pass


@pytest.mark.long
def test_the_examples_that_cost_nothing(workplace: Path) -> None:
    """They run as they stand, in a folder with the files that they name."""
    (workplace / "productions").mkdir()
    (workplace / "shots.csv").write_text("prompt,duration\na harbour at dawn,5\na boat leaves the harbour,5\n")
    for place in ("film.yaml", "productions/one.yaml"):
        (workplace / place).write_text("title: One\nscenes: [{id: harbour, prompt: a harbour at dawn, duration: 5}]\n")
    ran("studio costs", workplace)  # makes the ledger that a copy is made of
    for name in FREE:
        for line in examples(helped(name), f"studio {name}"):
            done = ran(line, workplace)
            assert (done.returncode, "Traceback" in done.stderr) == (0, False), f"{line}: {done.stderr}"
            (workplace / "the-harbour.yaml").unlink(missing_ok=True)
    assert '"properties"' in (workplace / "production.schema.json").read_text("utf-8")


@pytest.mark.parametrize("name", sorted(FLOWS))
def test_a_module_names_itself(name: str) -> None:
    """The help of a module that is run by Python has its name as it was typed, in its examples too."""
    done = ran(f"python -m flows.{name} --help", ROOT)
    assert done.returncode == 0, done.stderr
    assert f"Usage: python -m flows.{name}" in done.stdout
    examples(done.stdout, f"python -m flows.{name}")


@pytest.mark.parametrize("program", ["studio sandbox", "python -m luma_sandbox"])
def test_the_sandbox_names_itself(program: str, workplace: Path) -> None:
    """It is called what it was begun as: in its help, its examples and its errors."""
    shown = ran(f"{program} --help", workplace).stdout
    assert f"Usage: {program} [OPTIONS]" in shown
    for line in examples(shown, program):
        assert ran(f"{line} --help", workplace).returncode == 0
    assert f"Try '{program} --help' for help." in ran(f"{program} --nothing", workplace).stderr
    told = ran(f"{program} --tier x", workplace).stderr
    assert told.startswith(f"{program.removeprefix('python -m ')}: no tier is called")


def test_a_command_tells_all_that_its_module_tells() -> None:
    """The help of one command is its own, longer than its line in the list."""
    assert "prores: ProRes 422 HQ" in helped("export")
    assert COMMANDS["export"][1] not in helped("export")
