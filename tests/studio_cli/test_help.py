"""The lists of make's targets and of the commands of the flows and of the studio."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from flows.__main__ import COMMANDS as FLOWS
from studio.__main__ import COMMANDS as STUDIO

ROOT = Path(__file__).resolve().parents[2]
#: Started by our own processes, for nobody to type.
INTERNAL = {"studio_cli.prefect_server", "studio_cli.standing_server", "luma_sandbox.worker"}


def said(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(list(words), cwd=ROOT, capture_output=True, text=True, timeout=240)


def test_make_help_lists_every_target() -> None:
    """Every target that one can ask for is in the list, each with what it does."""
    text = (ROOT / "Makefile").read_text("utf-8")
    (phony,) = re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    targets = re.findall(r"^([a-z-]+):", text, re.MULTILINE)
    assert sorted(targets) == sorted(phony.split())
    listed = dict(re.findall(r"^make (\S+) +(\S.*)$", said("make", "help").stdout, re.MULTILINE))
    assert sorted(listed) == sorted(targets)


@pytest.mark.parametrize(("package", "commands"), [("flows", FLOWS), ("studio", STUDIO)])
def test_the_commands_of_a_package(package: str, commands: dict[str, str]) -> None:
    """Every module that is a command is listed with what it does; help is the same list; both end well."""
    bare, asked = said(sys.executable, "-m", package), said(sys.executable, "-m", package, "--help")
    assert (bare.returncode, bare.stderr, asked.stdout) == (0, "", bare.stdout)
    for name, what in commands.items():
        assert re.search(rf"python -m {package}\.{re.escape(name)} +{re.escape(what)}", bare.stdout)
        assert importlib.util.find_spec(f"{package}.{name}") is not None
    runnable = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__main__")
        for path in (ROOT / package).rglob("*.py")
        if 'if __name__ == "__main__":' in path.read_text("utf-8")
    }
    assert {f"{package}.{name}" for name in commands} == runnable - INTERNAL - {package}


@pytest.mark.parametrize("words", [["flows"], ["studio"], ["luma_sandbox", "--help"]])
def test_a_list_that_cannot_be_written(words: list[str]) -> None:
    """On a full disk the list of commands, or a help, is an error in one line, and not a success."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", *words], cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (1, "error: standard output cannot be written: No space left on device\n")


def test_a_command_that_there_is_not() -> None:
    """A word behind the package's name is no command: the nearest one is named, without a traceback."""
    done = said(sys.executable, "-m", "flows", "prodce")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: 'prodce' is no command of python -m flows\n  -> python -m flows.produce\n"
