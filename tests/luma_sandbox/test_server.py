"""The command: a real process on a real socket."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from luma_sandbox import footage
from luma_sandbox.parent_watch import ParentWatch
from tests.support.sandbox_process import PATIENCE, address, client, start, until


@pytest.mark.long
def test_it_says_where_it_is_and_ends_cleanly(tmp_path: Path, servers: list[subprocess.Popen[str]]) -> None:
    """It tells how to point a client at it, serves a synchronous client, and SIGTERM ends it with status 0."""
    server = start(tmp_path)
    servers.append(server)
    url = address(tmp_path, server)
    assert client(url).ping.check().message == "pong"
    server.send_signal(signal.SIGTERM)
    output, _ = server.communicate(timeout=PATIENCE)
    assert server.returncode == 0
    assert f"LUMAAI_BASE_URL={url}/dream-machine/v1" in output
    assert "Traceback" not in output
    assert not (tmp_path / "server.json").exists()


@pytest.mark.long
def test_one_home_one_server(tmp_path: Path, servers: list[subprocess.Popen[str]]) -> None:
    """A second server in the same home ends with status 2 and one clear error; so does an address others can reach."""
    first = start(tmp_path)
    servers.append(first)
    address(tmp_path, first)
    second = start(tmp_path)
    output, _ = second.communicate(timeout=PATIENCE)
    assert second.returncode == 2
    assert "another sandbox already lives in" in output
    assert "Traceback" not in output
    exposed = start(tmp_path / "other", "--host", "0.0.0.0")  # noqa: S104
    output, _ = exposed.communicate(timeout=PATIENCE)
    assert exposed.returncode == 2
    assert "--expose" in output


@pytest.mark.long
def test_after_kill_9_nothing_is_lost(tmp_path: Path, servers: list[subprocess.Popen[str]]) -> None:
    """Killed while it renders, it leaves no worker behind; started again it finishes the same work, charged once."""
    server = start(tmp_path, "--latency", "0.5")
    servers.append(server)
    luma = client(address(tmp_path, server))
    made = [
        luma.generations.create(model="ray-2", prompt=f"a boat on the sea, take {n}", resolution="540p", duration="5s")
        for n in range(3)
    ]
    workers = until(lambda: _children(server.pid))
    time.sleep(0.5)
    server.kill()
    server.wait()
    until(lambda: not any(ParentWatch().attach(pid) for pid in workers))

    again = start(tmp_path, "--latency", "0.5")
    servers.append(again)
    url = address(tmp_path, again)
    luma = client(url)
    until(lambda: all(luma.generations.get(str(g.id)).state == "completed" for g in made))
    books = httpx.get(f"{url}/sandbox/books").json()
    assert [create["id"] for create in books["creates"]] == [g.id for g in made]
    assert (books["charged_cents"], books["refunded_cents"]) == (120, 0)
    assert not list((tmp_path / "clips").glob("*.part*"))


@pytest.mark.long
def test_assets_are_said_to_be_elsewhere(tmp_path: Path, servers: list[subprocess.Popen[str]]) -> None:
    """With --public-url an asset URL begins with it; the rest of it holds here."""
    server = start(tmp_path, "--latency", "0", "--public-url", "https://clips.example")
    servers.append(server)
    url = address(tmp_path, server)
    luma = client(url)
    made = luma.generations.create(model="ray-flash-2", prompt="a quiet lake", resolution="540p", duration="5s")
    assets = until(lambda: luma.generations.get(str(made.id)).assets)
    assert assets.video.startswith("https://clips.example/sandbox/assets/")
    httpx.get(assets.video.replace("https://clips.example", url)).raise_for_status()


@pytest.mark.long
def test_coarse_by_option_or_by_environment(
    tmp_path: Path, servers: list[subprocess.Popen[str]], monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    """Either way the same coarse clip is made, of the size and length that were asked for."""

    def clip(home: Path, *options: str) -> bytes:
        servers.append(start(home, "--latency", "0", *options))
        luma = client(address(home, servers[-1]))
        made = luma.generations.create(model="ray-flash-2", prompt="a quiet lake", resolution="540p", duration="5s")
        assets = until(lambda: luma.generations.get(str(made.id)).assets)
        return httpx.get(assets.video).raise_for_status().content

    by_option = clip(tmp_path / "option", "--coarse")
    monkeypatch.setenv("STUDIO_SANDBOX_COARSE", "1")
    assert clip(tmp_path / "environment") == by_option
    (tmp_path / "clip.mp4").write_bytes(by_option)
    facts = footage.examine(tmp_path / "clip.mp4")
    assert (facts.width, facts.height, facts.frames) == (960, 540, 120)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("model=required null_fields=perhaps", "null_fields cannot be 'perhaps'"),
        ("model=required nothing=1", "no assumption is called 'nothing'"),
        ("model", "'model' has no value"),
    ],
)
def test_assumptions_by_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, told: str) -> None:
    """``STUDIO_SANDBOX_ASSUME`` holds several, with spaces between them; one that is wrong is said at once."""
    monkeypatch.setenv("STUDIO_SANDBOX_ASSUME", given)
    server = start(tmp_path)
    said, _ = server.communicate(timeout=PATIENCE)
    assert (server.returncode, told in said, "Traceback" in said) == (2, True, False), said


@pytest.mark.long
def test_it_goes_with_the_last_attached_process(tmp_path: Path, servers: list[subprocess.Popen[str]]) -> None:
    """Attached at start and by request, it lives until both are gone, and then ends by itself."""
    sleepers = [subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"]) for _ in range(2)]
    server = start(tmp_path, "--attach", str(sleepers[0].pid))
    servers.append(server)
    url = address(tmp_path, server)
    attached = httpx.post(f"{url}/sandbox/attach", json={"pid": sleepers[1].pid}).json()
    assert attached == {"pid": sleepers[1].pid, "attached": True}
    sleepers[0].kill()
    sleepers[0].wait()
    time.sleep(3.5)
    assert server.poll() is None
    sleepers[1].kill()
    assert server.wait(timeout=PATIENCE) == 0
    sleepers[1].wait()


def test_a_sandbox_is_alone_once_what_it_was_attached_to_has_ended() -> None:
    """A process that has ended keeps nothing alive, waited for by its parent or not, nor does one that nobody has."""
    watch = ParentWatch()
    assert not watch.alone()
    with subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE) as child:
        assert watch.attach(child.pid)
        assert not watch.alone()
        child.kill()
        until(watch.alone)  # ended, and still in the table of processes
    assert watch.alone()
    assert not watch.attach(child.pid)
    assert not watch.attach(2**22 + 1)
    assert not watch.attach(-1)


def _children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in found.read_text().split()]
