"""The Prefect server of a command: there for the run, it keeps its history, and goes with the command."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.running import Sandbox, command, wait_for_ids

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
FILM = "title: Alone\nmodel: ray-flash-2\nresolution: 540p\nscenes:\n  - id: only\n    prompt: a quiet harbour\n"
LOOK = (
    "import asyncio, os, pathlib, sys\n"
    "from studio_cli.prefect_server import PrefectServer\n"
    "server = PrefectServer(pathlib.Path(sys.argv[1]))\n"
    "server.begin()\n"
    "import prefect\n"
    "asyncio.run(server.ready(120))\n"
    "print(prefect.settings.get_current_settings().api.url)\n"
)


def environment(folder: Path, **values: str) -> dict[str, str]:
    """A Prefect of the test's own, which knows of no server."""
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("LUMA", "PREFECT_API"))}
    return kept | {"PREFECT_HOME": str(folder / "prefect")} | values


def servers(folder: Path) -> list[int]:
    """The servers that live for commands with that folder's Prefect."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words, values = (place / "cmdline").read_bytes(), (place / "environ").read_bytes()
        except OSError:
            continue
        if b"studio_cli.prefect_server" in words and f"PREFECT_HOME={folder / 'prefect'}".encode() in values:
            found.append(int(place.name))
    return found


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + 300
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_it_keeps_the_history_and_goes(workplace: Path, sandbox: Sandbox) -> None:
    """After a run every task of it stands in Prefect's database with its end, and no server is left."""
    (workplace / "film.yaml").write_text(FILM)
    done = command(
        workplace, "film.yaml", "--out", "out", PREFECT_HOME=str(workplace / "prefect"), LUMAAI_BASE_URL=sandbox.url
    )
    assert done.returncode == 0, done.stderr
    assert servers(workplace) == []
    assert (workplace / ".studio" / "prefect-server.log").read_text() == ""
    with sqlite3.connect(workplace / "prefect" / "prefect.db") as connection:
        flows = connection.execute("select state_type from flow_run").fetchall()
        tasks = connection.execute("select name, state_type from task_run").fetchall()
    connection.close()
    assert flows == [("COMPLETED",)]
    assert {state for _, state in tasks} == {"COMPLETED"}
    assert sorted(name.split(" · ")[1] for name, _ in tasks) == ["concatenate", "download", "generate", "report"]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_however_a_command_ends_its_server_goes(workplace: Path, tmp_path: Path, how: signal.Signals) -> None:
    """kill -9 or SIGTERM of the command alone, or Ctrl-C, with a scene in flight: its server ends, the order is kept.

    After Ctrl-C and SIGTERM that is said in place of a traceback.
    """
    (workplace / "film.yaml").write_text(FILM)
    service = Sandbox(tmp_path / "sandbox", latency=600)
    service.start()
    try:
        with (workplace / "said").open("wb") as said:
            run = subprocess.Popen(
                [sys.executable, "-m", "flows.produce", "film.yaml"], cwd=workplace, stdout=said, stderr=said,
                env=environment(workplace, LUMAAI_BASE_URL=service.url), start_new_session=True,
                # Whoever runs the tests in the background may have them ignore what a terminal's Ctrl-C sends.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )  # fmt: skip
        until(lambda: service.books()["creates"])
        wait_for_ids(workplace, 1)
        assert len(servers(workplace)) == 1
        if how is signal.SIGINT:
            os.killpg(run.pid, how)  # as a terminal does it
        else:
            run.send_signal(how)
        status = run.wait(300)
        until(lambda: servers(workplace) == [])
        if how is not signal.SIGKILL:
            assert status == 128 + how
            words = (workplace / "said").read_text()
            assert words.endswith(
                "\nstopped; what was ordered is kept: run the same command again, and it is awaited\n"
            )
            assert "Traceback" not in words
    finally:
        service.stop()


@pytest.mark.parametrize("when", ["flow.on_running(hook)", "Screen.planned = lambda *_: terminate()"])
def test_a_termination_within_a_callback(workplace: Path, sandbox: Sandbox, when: str) -> None:
    """SIGTERM is not lost where Prefect's handler would raise in a callback of the event loop, which only logs that."""
    (workplace / "film.yaml").write_text(FILM)
    (workplace / "terminated.py").write_text(
        "import asyncio, os, signal, sys\n"
        "from flows.produce import produce as flow\n"
        "from studio_cli.console import Screen\n"
        "from studio_cli.ending import entry\n"
        "def terminate():\n"
        "    asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGTERM)\n"
        "async def hook(*_):\n"
        "    terminate()\n"
        f"{when}\n"
        "sys.argv = ['produce', 'film.yaml', '--out', 'out']\n"
        "entry('studio_cli.produce')\n"
    )
    given = {  # as the command says it, before Prefect is loaded
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
        "PREFECT_LOGGING_LEVEL": "ERROR",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "LUMAAI_BASE_URL": sandbox.url,
    }
    done = subprocess.run(
        [sys.executable, "terminated.py"], cwd=workplace, env=environment(workplace, **given),
        capture_output=True, text=True, timeout=840, check=False,
    )  # fmt: skip
    assert done.returncode == 128 + signal.SIGTERM, done.stderr
    assert "\nstopped; what was ordered is kept: run the same command again, and it is awaited\n" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (workplace / "out" / "film.mp4").exists()


@pytest.mark.parametrize(
    ("given", "profile", "told"),
    [
        ({"PREFECT_SERVER_EPHEMERAL_ENABLED": "false"}, "", "None"),
        ({"PREFECT_API_URL": "http://127.0.0.1:9/api"}, "", "http://127.0.0.1:9/api"),
        ({}, 'active = "x"\n[profiles.x]\nPREFECT_API_URL = "http://127.0.0.1:8/api"\n', "http://127.0.0.1:8/api"),
    ],
)
def test_another_server_is_left_alone(workplace: Path, given: dict[str, str], profile: str, told: str) -> None:
    """Whoever named a server, or wants none started, gets what was asked for, and nothing is left running."""
    if profile:
        (workplace / "prefect").mkdir()
        (workplace / "prefect" / "profiles.toml").write_text(profile)
    look = [sys.executable, "-c", LOOK, str(workplace / "server.log")]
    done = subprocess.run(
        look, env=environment(workplace, **given), capture_output=True, text=True, timeout=420, check=True
    )
    assert done.stdout.strip() == told
    until(lambda: servers(workplace) == [])


def test_where_it_cannot_start(workplace: Path) -> None:
    """A place where no log can be written is no reason to fail: Prefect is left to start its own."""
    look = [sys.executable, "-c", LOOK, str(workplace)]
    done = subprocess.run(look, env=environment(workplace), capture_output=True, text=True, timeout=420, check=True)
    assert done.stdout.strip() == "None"


@pytest.mark.parametrize("name", ["PREFECT_LOGGING_LEVEL", "PREFECT_API_REQUEST_TIMEOUT"])
def test_a_setting_that_prefect_cannot_read(workplace: Path, name: str) -> None:
    """An unreadable setting is one clear error that names it and no value; nothing is ordered."""
    given = {name: "secret-words", "PREFECT_HOME": str(workplace / "prefect")}
    done = command(workplace, **given)
    assert done.returncode == 2
    error = done.stderr[done.stderr.index("error: ") :]
    assert error.startswith(f"error: Prefect cannot read its settings: {name} (Input should be ")
    assert "secret-words" not in error
    assert "Traceback" not in done.stderr
    assert not (workplace / ".studio" / "sandbox" / "clips").exists()
    until(lambda: servers(workplace) == [])
