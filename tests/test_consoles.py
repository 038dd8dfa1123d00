"""Consoles that are not UTF-8: what they lack is replaced in every command, and ends none of them."""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from studio.consoles import REPLACE

OLD = [
    {"PYTHONIOENCODING": "cp1252"},
    {"PYTHONIOENCODING": "cp437"},
    {"PYTHONIOENCODING": "ascii"},
    {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii:strict"},
]
FILM = "title: '🎬 Ночь — 日本'\nresolution: 540p\nscenes:\n  - {id: one, prompt: A yellow balloon over 東京 🗼.}\n"


def run(*args: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", *args], env=os.environ | environment, capture_output=True, stdin=subprocess.DEVNULL,
        timeout=240, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "ascii", "latin-1"])
def test_our_own_signs_have_a_plain_form(encoding: str) -> None:
    """Arrows, dots and dashes of our messages become what anybody can read; other letters leave a question mark."""
    assert "a → b … 日本".encode("ascii", REPLACE) == b"a -> b ... ??"
    shown = "→ · … × ≤ — “x” 日".encode(encoding, REPLACE).decode(encoding)
    assert shown.startswith("-> ")
    assert shown.endswith("?")


def test_an_encoding_that_is_not_for_screens() -> None:
    """A codec that takes names alone is none to show a text in: UTF-8 is used, and no command ends for it."""
    done = run("flows", PYTHONIOENCODING="idna")
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"python -m flows.produce" in done.stdout


@pytest.mark.long
@pytest.mark.parametrize("console", OLD[::3], ids=lambda console: console["PYTHONIOENCODING"])
def test_no_command_ends_for_the_consoles_sake(workplace: Path, console: dict[str, str]) -> None:
    """Plan, costs, concepts, reconcile, backup and errors: the same status as elsewhere, and never a traceback."""
    (workplace / "film.yaml").write_text(FILM, "utf-8")
    (workplace / "bad.yaml").write_text("title: 日本\nscenes:\n  - {id: 東, prompt: x}\n", "utf-8")
    for args, status in (
        (("flows.produce", "film.yaml", "--plan"), 0),
        (("flows.produce", "bad.yaml", "--plan"), 2),
        (("flows.produce", "日本.yaml", "--plan"), 2),
        (("flows.costs",), 0),
        (("flows.costs", "--since", "日本"), 2),
        (("flows.concepts",), 0),
        (("flows.reconcile",), 0),
        (("flows.reconcile", "--release", "日本"), 2),
        (("flows.backup", "Ночь.db"), 0),
        (("flows.backup", "Ночь.db"), 2),
    ):
        done = run(*args, **console)
        assert (done.returncode, b"Traceback" in done.stderr) == (status, False), (args, done.stderr)


@pytest.mark.long
@pytest.mark.parametrize("console", OLD, ids=lambda console: console["PYTHONIOENCODING"])
def test_the_sandbox_greets_on_any_console(workplace: Path, console: dict[str, str]) -> None:
    """A sandbox whose home has a name that the console lacks says where it listens, and serves."""
    command = [sys.executable, "-m", "luma_sandbox", "--port", "0", "--home", "家", "--attach", str(os.getpid())]
    with subprocess.Popen(
        command, env=os.environ | console, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=workplace
    ) as sandbox:
        assert sandbox.stdout is not None
        assert b"Luma sandbox on http://" in sandbox.stdout.readline()
        assert b"home     " in sandbox.stdout.readline()
        sandbox.terminate()
        _, errors = sandbox.communicate(timeout=240)
    assert b"Traceback" not in errors
    done = run("luma_sandbox", "--assume", "日本", **console)
    assert (done.returncode, b"Traceback" in done.stderr) == (2, False), done.stderr


@pytest.mark.long
@pytest.mark.parametrize("module", ["flows.produce", "flows.reconcile"])
def test_a_workers_log_is_written_on_any_console(workplace: Path, module: str) -> None:
    """A flow that a worker loads, without the command, leaves its console able to take any text."""
    script = f"import {module}; print('Ночь → 日本'); import sys; print('→', file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", script], env=os.environ | {"PYTHONIOENCODING": "cp1252"}, capture_output=True,
        timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "???? -> ??".encode("cp1252")


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_first_run_on_a_terminal_shows_our_screen_alone(workplace: Path) -> None:
    """With a new Prefect home and a terminal of 80 × 24, the live table is drawn, and no notice of Prefect's is."""
    (workplace / "film.yaml").write_text(FILM.replace("resolution", "model: ray-flash-2\nresolution"), "utf-8")
    shown = on_a_terminal(
        workplace,
        "-m",
        "flows.produce",
        "film.yaml",
        TERM="xterm",
        COLUMNS="80",
        LINES="24",
        STUDIO_SANDBOX_LATENCY="0",
    )
    assert "1 shots: " in shown
    assert "spent (nothing is billed)" in shown
    assert "film     " in shown
    assert "Made in the sandbox: nothing was billed." in shown
    assert "anonymous usage data" not in shown


def test_serving_shows_no_notice_of_prefects(workplace: Path) -> None:
    """Serving the deployments prints no notice of Prefect's, even when it is first imported."""
    shown = on_a_terminal(workplace, "-c", "import deployments.serve; print('served')")
    assert shown.split() == ["served"]


def on_a_terminal(folder: Path, *args: str, **environment: str) -> str:
    """The output on a terminal of a command that is started in that folder, with a Prefect home of its own."""
    ours, theirs = pty.openpty()
    kept = {n: v for n, v in os.environ.items() if n not in ("CI", "DO_NOT_TRACK", "PREFECT_API_URL")}
    # Prefect takes some of these for a machine on which nobody reads a notice.
    kept = {n: v for n, v in kept.items() if not n.startswith(("GITHUB_", "GITLAB_", "JENKINS_", "BUILD_"))}
    given = kept | {"PREFECT_HOME": str(folder / "prefect")} | environment
    command = [sys.executable, *args]
    with subprocess.Popen(command, env=given, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # Linux says so where all that wrote are gone
            while piece := os.read(ours, 65536):
                shown += piece
        os.close(ours)
        assert process.wait(240) == 0, shown
    return shown.decode("utf-8", "replace")
