"""The Prefect server that stays for the next command: one for all of them, and gone when none has used it."""

from __future__ import annotations

import json
import os
import pty
import signal
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from studio_cli.server_place import FOLDER, LOG
from studio_cli.standing_server import standing
from tests.studio_cli.test_prefect_server import FILM, environment, until
from tests.support.running import Sandbox, command

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
#: A command that tells its server's address, and ends when its input does.
USE = (
    "import asyncio, pathlib, sys\n"
    "from studio_cli.standing_server import StandingServer\n"
    "server = StandingServer(pathlib.Path(sys.argv[1]), float(sys.argv[2]))\n"
    "server.begin()\n"
    "import prefect\n"
    "asyncio.run(server.ready(240))\n"
    "print(prefect.settings.get_current_settings().api.url, flush=True)\n"
    "sys.stdin.read()\n"
)


def use(folder: Path, idle: float, **given: str) -> subprocess.Popen[str]:
    line = [sys.executable, "-c", USE, str(folder / "home"), str(idle)]
    return subprocess.Popen(
        line, cwd=folder, env=environment(folder, **given), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip


def told(run: subprocess.Popen[str]) -> str:
    assert run.stdout is not None
    return run.stdout.readline().strip()


def servers(folder: Path) -> list[int]:
    """The servers that stay for that folder's Prefect, announced or not."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes()
        except OSError:
            continue
        if b"-m\0studio_cli.standing_server\0" in words and str(folder).encode() in words:
            found.append(int(place.name))
    return found


def stopped(folder: Path, home: Path) -> None:
    """Tell it to leave, and wait until it has: its data is written then."""
    list(standing(home, stop=True))
    until(lambda: servers(folder) == [])


def test_the_next_command_uses_it(workplace: Path, sandbox: Sandbox) -> None:
    """Two runs use one server, which keeps the history of both; ``doctor`` tells of it, and ``server stop`` ends it."""
    (workplace / "film.yaml").write_text(FILM)
    given = {
        "PREFECT_HOME": str(workplace / "prefect"), "LUMAAI_BASE_URL": sandbox.url, "STUDIO_PREFECT_IDLE": "600",
        "LUMAAI_API_KEY": "secret-key",
    }  # fmt: skip
    seen = set()
    try:
        for _ in range(2):
            done = command(workplace, "film.yaml", "--out", "out", "--yes", **given)
            assert done.returncode == 0, done.stderr
            (one,) = servers(workplace)
            seen.add(one)
        assert len(seen) == 1
        assert b"secret-key" not in Path(f"/proc/{one}/environ").read_bytes()
        studio = [sys.executable, "-m", "studio_cli"]
        env = environment(workplace, **given, PYTHONPATH=str(Path(__file__).parents[2]))
        said = subprocess.run([*studio, "doctor", "--json"], cwd=workplace, env=env, capture_output=True, text=True)
        assert said.returncode == 0, said.stderr
        (server,) = [f for f in json.loads(said.stdout)["findings"] if f["part"] == "prefect server"]
        assert f"process {one}, http://127.0.0.1:" in server["said"]
        assert "unused" in server["said"]
        ended = subprocess.run([*studio, "server", "stop"], cwd=workplace, env=env, capture_output=True, text=True)
        assert (ended.returncode, ended.stdout) == (0, f"the server of process {one} ends\n")
        until(lambda: servers(workplace) == [])
    finally:
        stopped(workplace, workplace / ".studio")
    (log,) = (workplace / ".studio" / FOLDER).glob(f"*/{LOG}")
    assert log.read_text() == ""
    with sqlite3.connect(workplace / "prefect" / "prefect.db") as connection:
        flows = connection.execute("select state_type from flow_run").fetchall()
        tasks = connection.execute("select state_type from task_run").fetchall()
    connection.close()
    assert flows == [("COMPLETED",)] * 2
    assert {*tasks} == {("COMPLETED",)}


def test_it_outlives_no_crash(workplace: Path) -> None:
    """While its command lives it stays, in a session of its own; after kill -9 of the command it leaves by itself."""
    run = use(workplace, 0.5)
    url = told(run)
    assert url.startswith("http://127.0.0.1:")
    (one,) = servers(workplace)
    assert os.getsid(one) == one
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{url}/admin/version", timeout=60)  # noqa: S310
    assert refused.value.code == 401
    run.kill()
    run.wait()
    until(lambda: servers(workplace) == [])
    assert list(standing(workplace / "home")) == []


def test_two_commands_at_once_get_one(workplace: Path) -> None:
    """Two commands that start together use one server, which stays until the second has ended."""
    first, second = use(workplace, 0.5), use(workplace, 0.5)
    assert told(first) == told(second)
    until(lambda: len(servers(workplace)) == 1)
    first.communicate()
    (one,) = standing(workplace / "home")
    assert one.leases == 1
    second.communicate()
    until(lambda: servers(workplace) == [])


def test_after_a_killed_server_the_next_command_starts_one(workplace: Path) -> None:
    """The announcement of a server that was killed is not believed: there is a new one for the next command."""
    run = use(workplace, 600)
    before = told(run)
    (one,) = servers(workplace)
    os.kill(one, signal.SIGKILL)
    run.communicate()
    run = use(workplace, 600)
    try:
        assert told(run).startswith("http://127.0.0.1:")
        (other,) = servers(workplace)
        assert (other == one, before == "") == (False, False)
    finally:
        run.communicate()
        stopped(workplace, workplace / "home")


@pytest.mark.parametrize(
    ("given", "profile", "url"),
    [
        ({"PREFECT_SERVER_EPHEMERAL_ENABLED": "false"}, "", "None"),
        ({"PREFECT_API_URL": "http://127.0.0.1:9/api"}, "", "http://127.0.0.1:9/api"),
        ({}, 'active = "x"\n[profiles.x]\nPREFECT_API_URL = "http://127.0.0.1:8/api"\n', "http://127.0.0.1:8/api"),
    ],
)
def test_another_server_is_left_alone(workplace: Path, given: dict[str, str], profile: str, url: str) -> None:
    """Whoever named a server, or wants none started, gets what was asked for, and nothing is left running."""
    if profile:
        (workplace / "prefect").mkdir()
        (workplace / "prefect" / "profiles.toml").write_text(profile)
    run = use(workplace, 600, **given)
    assert told(run) == url
    run.communicate()
    until(lambda: servers(workplace) == [])


def test_one_that_cannot_start(workplace: Path) -> None:
    """A server that fails is one clear error with its last line, as with one that ends with its command."""
    (workplace / "film.yaml").write_text(FILM)
    given = {
        "PREFECT_HOME": str(workplace / "prefect"), "STUDIO_PREFECT_IDLE": "600",
        "PREFECT_API_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{workplace}/nowhere/prefect.db",
    }  # fmt: skip
    done = command(workplace, "film.yaml", **given)
    assert done.returncode == 2, done.stderr
    assert "error: " in done.stderr
    assert "Prefect's server does not start" in done.stderr
    assert "Traceback" not in done.stderr
    until(lambda: servers(workplace) == [])


def test_where_it_cannot_be_kept(workplace: Path) -> None:
    """A home in which nothing can be kept is no reason to fail: Prefect is left to start its own."""
    (workplace / "home").write_text("")
    run = use(workplace, 600)
    assert told(run) == "None"
    run.communicate()


def test_it_starts_while_the_question_is_read(workplace: Path, sandbox: Sandbox) -> None:
    """A server starts before the user has agreed to a price, and leaves by itself after a no; nothing is bought."""
    (workplace / "film.yaml").write_text(FILM)
    ours, theirs = pty.openpty()
    given = {
        "STUDIO_PREFECT_IDLE": "0.5", "LUMAAI_BASE_URL": sandbox.url, "LUMAAI_API_KEY": "secret-key",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }  # fmt: skip
    with (workplace / "said").open("wb") as said:
        run = subprocess.Popen(
            [sys.executable, "-m", "flows.produce", "film.yaml"], cwd=workplace, env=environment(workplace, **given),
            stdin=theirs, stdout=said, stderr=said,
        )  # fmt: skip
    until(lambda: servers(workplace))
    assert run.poll() is None
    os.write(ours, b"n\n")
    assert run.wait(300) == 2
    os.close(ours)
    os.close(theirs)
    until(lambda: servers(workplace) == [])
    assert sandbox.books()["creates"] == []
