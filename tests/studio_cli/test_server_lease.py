"""The leases on a Prefect server that stays: who keeps it, who may use it, and when it leaves."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from studio_cli.server_lease import LeaseKeeper
from studio_cli.server_place import (
    ANNOUNCED,
    LEASE,
    SETTINGS_FILES,
    STATE,
    STOP,
    Announcement,
    announced,
    connect,
    place_of,
    started,
)

WORD = {"url": "http://127.0.0.1:1/api", "auth": "a:b"}


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Kept:
    """A keeper that is announced in a folder, with a clock of its own."""

    def __init__(self, folder: Path, idle: float) -> None:
        self.folder, self.clock, self.left = folder, Clock(), threading.Event()
        self.keeper = LeaseKeeper(idle, self.left.set, clock=self.clock)
        self.keeper.announce(os.getpid(), folder)

    def asked(self, what: bytes) -> socket.socket:
        line = connect(self.folder, what)
        assert line is not None
        line.settimeout(60)
        return line

    def state(self) -> dict[str, object]:
        with self.asked(STATE) as line, line.makefile() as said:
            return json.loads(said.readline())

    def lease(self) -> socket.socket:
        """A lease that the keeper has counted: it tells its word after that."""
        line = self.asked(LEASE)
        with line.makefile() as said:
            assert json.loads(said.readline()) == WORD
        return line


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    kept = Kept(tmp_path, 900)
    kept.keeper.tell(WORD)
    yield kept
    kept.keeper.end()


def test_it_stays_while_a_command_holds_a_lease(kept: Kept) -> None:
    """However long a run takes, its server does not leave; the time without use is counted from the last one's end."""
    run = kept.lease()
    kept.clock.now = 1e6
    kept.lease().close()  # the keeper looks again
    while kept.state()["leases"] != 1:
        pass
    assert kept.state()["leaves_in"] is None
    assert not kept.left.is_set()
    run.close()
    while kept.state()["leases"]:
        pass
    assert kept.state()["leaves_in"] == 900
    assert not kept.left.is_set()


def test_it_leaves_when_no_command_has_used_it_for_a_while(tmp_path: Path) -> None:
    """After the last lease and the time without use, its announcement is withdrawn, and then it leaves."""
    kept = Kept(tmp_path, 0.05)
    kept.keeper.tell(WORD)
    run = kept.lease()
    kept.clock.now = 1
    run.close()
    while not kept.left.wait(0.01):
        kept.clock.now += 1  # which lets the wait of 0.05 s end
    assert not (tmp_path / ANNOUNCED).exists()
    assert connect(tmp_path, LEASE) is None


def test_one_that_nobody_ever_used_leaves(tmp_path: Path) -> None:
    """A server whose command was killed before it took a lease is not left behind."""
    over = threading.Event()
    LeaseKeeper(0.01, over.set).announce(os.getpid(), tmp_path)
    assert over.wait(60)


def test_stop_ends_an_unused_one_alone(kept: Kept) -> None:
    """A server that a run uses goes on when it is told to stop; one that none uses ends."""
    run = kept.lease()
    with kept.asked(STOP) as line, line.makefile() as said:
        assert json.loads(said.readline())["leases"] == 1
    assert not kept.left.is_set()
    run.close()
    while kept.state()["leases"]:
        pass
    kept.asked(STOP).close()
    assert kept.left.wait(60)


def test_a_stranger_is_told_nothing(kept: Kept) -> None:
    """A client without the secret gets no lease and no address; a silent one holds up nobody."""
    port = json.loads((kept.folder / ANNOUNCED).read_text())["port"]
    with socket.create_connection(("127.0.0.1", port)), socket.create_connection(("127.0.0.1", port)) as line:
        line.settimeout(60)
        line.sendall(b"n" * 32)
        answer = line.recv(64, socket.MSG_WAITALL)
        assert len(answer) == 64
        line.sendall(b"p" * 32 + LEASE)
        with contextlib.suppress(ConnectionError):
            assert line.recv(100) == b""
        assert kept.state()["leases"] == 0


def test_its_announcement_is_its_user_s_alone(kept: Kept) -> None:
    """No other user can read the file; one that others could have written is not believed."""
    file = kept.folder / ANNOUNCED
    assert file.stat().st_mode & 0o777 == 0o600
    assert announced(kept.folder) is not None
    file.chmod(0o644)
    assert announced(kept.folder) is None
    assert connect(kept.folder, LEASE) is None


@pytest.mark.parametrize("said", ["", "[]", "{}", "null", '{"pid": "x"}', '{"pid": 1, "started": 1, "port": 1}'])
def test_a_damaged_announcement_is_none(tmp_path: Path, said: str) -> None:
    """A file that was cut short or is something else announces nothing."""
    (tmp_path / ANNOUNCED).write_text(said)
    (tmp_path / ANNOUNCED).chmod(0o600)
    assert announced(tmp_path) is None


def test_a_stale_announcement_is_none(kept: Kept) -> None:
    """The file of a process that is gone, or whose id another one has by now, announces nothing."""
    found = announced(kept.folder)
    assert found is not None
    replace(found, started=found.started - 100).write(kept.folder)
    assert announced(kept.folder) is None
    replace(found, pid=2**22 + 1).write(kept.folder)
    assert announced(kept.folder) is None


def test_another_program_at_its_port_is_not_taken_for_it(tmp_path: Path) -> None:
    """A program that answers at the announced port without the secret gets no request, and gives no address."""
    heard: list[bytes] = []

    def answer() -> None:
        line, _ = listening.accept()
        with line:
            line.recv(32, socket.MSG_WAITALL)
            line.sendall(b"x" * 64)
            heard.append(line.recv(100))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        other = threading.Thread(target=answer)
        other.start()
        port = listening.getsockname()[1]
        Announcement(os.getpid(), started(os.getpid()) or 0, port, "secret").write(tmp_path)
        assert connect(tmp_path, LEASE) is None
        other.join(60)
    assert heard == [b""]


def test_a_place_is_for_one_prefect_and_its_settings(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another home of Prefect or of the studio, a setting, a file of settings, a working folder: another server."""
    home = workplace / "home"
    places = [place_of(home)]
    assert place_of(home) == places[0]
    assert home in places[0].parents
    places.append(place_of(workplace / "other"))
    for name in SETTINGS_FILES:
        (workplace / name).write_text("[x]\n")
        places.append(place_of(home))
    for name in ("PREFECT_HOME", "PREFECT_API_DATABASE_CONNECTION_URL"):
        monkeypatch.setenv(name, str(workplace / "prefect"))
        places.append(place_of(home))
    (workplace / "prefect").mkdir()
    (workplace / "prefect" / "profiles.toml").write_text("[x]\n")
    places.append(place_of(home))
    monkeypatch.chdir(workplace / "prefect")
    places.append(place_of(home))
    assert len({*places}) == len(places)
    assert "prefect" not in {*places[-1].name.split("-")}  # no setting stands in its name
