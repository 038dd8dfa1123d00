"""The command ``studio``: all commands under one name, each loaded only when it is asked for."""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flows.__main__ import COMMANDS as FLOWS
from studio_cli.app import COMMANDS

SLOW_TO_LOAD = ("prefect", "sqlalchemy", "numpy", "av", "httpx", "fastapi")


def studio(*words: str, **given: Any) -> subprocess.CompletedProcess[str]:
    environment = {n: v for n, v in os.environ.items() if not n.startswith(("LUMA", "PREFECT_API"))} | given
    line = [sys.executable, "-m", "studio_cli", *words]
    return subprocess.run(line, env=environment, capture_output=True, text=True, timeout=540, stdin=subprocess.DEVNULL)


def test_help_lists_every_command_and_loads_none() -> None:
    """Each command stands in the help with what it does; what they are made of is not imported for that."""
    code = (
        "import sys\n"
        "from studio_cli.app import main\n"
        "sys.argv = ['studio', '--help']\n"
        "try:\n    main()\n"
        "finally:\n    print('LOADED', *sorted({name.partition('.')[0] for name in sys.modules}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=240)
    shown, _, loaded = done.stdout.partition("LOADED")
    assert all(re.search(rf"\b{name}\b", shown) for name in COMMANDS)
    assert {*FLOWS} <= {*COMMANDS}
    assert not {*loaded.split()} & {*SLOW_TO_LOAD}


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name, (module, _) in COMMANDS.items() if module and name != "plan"])
def test_a_command_has_the_options_of_its_module(name: str) -> None:
    """``studio NAME --help`` shows the same options as ``python -m flows.NAME --help``."""
    module = importlib.import_module(COMMANDS[name][0])
    assert len(module.app.registered_commands) == 1
    own = subprocess.run(
        [sys.executable, "-m", f"flows.{name}", "--help"], capture_output=True, text=True, timeout=240
    ).stdout
    options = {*re.findall(r"--[a-z-]+", own)} - {"--help"}
    assert options <= {*re.findall(r"--[a-z-]+", studio(name, "--help").stdout)}


@pytest.mark.long
def test_plan_is_produce_that_spends_nothing(workplace: Path) -> None:
    """``studio plan FILE`` prints what ``flows.produce FILE --plan`` prints, and has no option of that name itself."""
    (workplace / "film.yaml").write_text(
        "title: One\nscenes:\n  - {id: a, prompt: a lighthouse at dawn, duration: 5}\n"
    )
    planned = studio("plan", "film.yaml", "--json")
    assert planned.returncode == 0, planned.stderr
    line = [sys.executable, "-m", "flows.produce", "film.yaml", "--plan", "--json"]
    environment = {n: v for n, v in os.environ.items() if not n.startswith(("LUMA", "PREFECT_API"))}
    other = subprocess.run(line, env=environment, capture_output=True, text=True, timeout=540).stdout
    assert json.loads(planned.stdout) == json.loads(other)
    assert "--plan" not in studio("plan", "--help").stdout
    assert json.loads(studio("costs", "--json").stdout)["costs"] == []


def test_words_that_are_no_command_end_in_one_error() -> None:
    """A mistyped command is status 2, with the nearest one."""
    done = studio("prodce")
    assert done.returncode == 2
    assert "produce" in done.stderr
    assert "Traceback" not in done.stderr


def test_bad_input_ends_as_it_does_in_the_modules(workplace: Path) -> None:
    """A file that is not there is one error with status 2."""
    done = studio("plan", "nothing.yaml")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: nothing.yaml")


def test_sandbox_is_started_as_a_program() -> None:
    """All that follows ``studio sandbox`` goes to the sandbox as it stands, its help too."""
    shown = studio("sandbox", "--help").stdout
    assert "Usage: studio sandbox" in shown
    assert "--creates-a-minute" in shown


@pytest.mark.parametrize(
    ("typed", "number", "offered"),
    [
        ("studio p", "1", ["plan", "produce", "package"]),
        ("studio plan --re", "2", ["--reframe", "--retake", "--renew"]),
    ],
)
def test_a_shell_completes_commands_and_their_options(typed: str, number: str, offered: list[str]) -> None:
    """The shell's question is answered with the commands, and with the options of the one that is typed."""
    done = studio(_STUDIO_COMPLETE="complete_bash", COMP_WORDS=typed, COMP_CWORD=number)
    assert done.stdout.split() == offered
