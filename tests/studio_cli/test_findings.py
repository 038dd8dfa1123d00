"""The findings of ``studio doctor``, each with its remedy, against real servers, ledgers and folders."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from studio.ledger import Ledger, open_ledger
from studio.ledger.copies import back_up
from studio.ledger.mark import LedgerMark
from studio.settings import choose_service, load_settings
from studio_cli import doctor
from studio_cli.findings import books, network, packages, places, programs, servers, services
from studio_cli.findings.values import Finding, Look
from tests.support.books import as_of
from tests.support.orders import intent
from tests.support.running import Sandbox
from tests.support.told import told

ROOT = Path(__file__).parents[2]
API = "/dream-machine/v1"
BALANCE = {f"{API}/credits": {"credit_balance": 1250.0}, f"{API}/generations": {"generations": [], "has_more": False}}


def by(found: Iterable[Finding]) -> dict[str, Finding]:
    return {finding.part: finding for finding in found}


def of(look: Look) -> dict[str, Finding]:
    return by(look(load_settings()))


@pytest.fixture
def deaf() -> Iterator[str]:
    """An address where nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


@pytest.fixture
def key(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("LUMA_API_KEY", "luma-SECRET")
    return "luma-SECRET"


@pytest.fixture
def ledger(workplace: Path) -> Iterator[Ledger]:
    opened = open_ledger(load_settings().ledger)
    yield opened
    opened.close()


# Services


def test_a_key_that_is_accepted(key: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable is named, the balance told, the key itself nowhere; nothing is bought by asking."""
    monkeypatch.setenv("LUMAAI_BASE_URL", sandbox.url)
    found = of(services.services)
    assert found["Dream Machine"].said.startswith("the key in LUMA_API_KEY is accepted; balance $")
    assert found["Dream Machine"].mark == "ok"
    assert found["clock of Dream Machine"].mark == "ok"
    assert key not in str(found)
    assert sandbox.books()["creates"] == []


@pytest.mark.parametrize(("status", "said"), [(401, "is refused"), (403, "is refused"), (422, "answered 422")])
def test_a_key_that_is_not(key: str, monkeypatch: pytest.MonkeyPatch, status: int, said: str) -> None:
    """What the service says to it is told, with the variable that the key came from."""
    with told({f"{API}/credits": {"detail": "no"}, f"{API}/ping": {}}, status=status) as server:
        monkeypatch.setenv("LUMAAI_BASE_URL", f"{server}{API}")
        found = of(services.services)["Dream Machine"]
    assert (found.mark, said in found.said) == ("wrong", True)
    assert "the key in LUMA_API_KEY" in found.said
    assert found.hint


def test_a_service_that_is_away(key: str, deaf: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Why it is not reached is told, and what to do."""
    monkeypatch.setenv("LUMAAI_BASE_URL", f"{deaf}{API}")
    found = of(services.services)["Dream Machine"]
    assert (found.mark, "refused the connection" in found.said) == ("wrong", True)
    assert "is the server running" in found.hint


def test_two_keys_that_differ(key: str, deaf: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that counts is named, and neither is shown."""
    monkeypatch.setenv("LUMAAI_API_KEY", "other-SECRET")
    monkeypatch.setenv("LUMAAI_BASE_URL", f"{deaf}{API}")
    found = of(services.services)
    assert found["key of Dream Machine"].said == "LUMAAI_API_KEY and LUMA_API_KEY differ; LUMAAI_API_KEY counts"
    assert found["key of Dream Machine"].mark == "note"
    assert "SECRET" not in str(found)


def test_an_empty_account(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A balance of nothing is a note, with what to do."""
    with told(BALANCE | {f"{API}/credits": {"credit_balance": 0}}) as server:
        monkeypatch.setenv("LUMAAI_BASE_URL", f"{server}{API}")
        found = of(services.services)["Dream Machine"]
    assert (found.mark, found.hint[:10]) == ("note", "add credit")


@pytest.mark.parametrize(("ahead", "mark"), [(2, "ok"), (30, "note"), (-3600, "wrong")])
def test_a_clock_that_is_off(key: str, monkeypatch: pytest.MonkeyPatch, ahead: int, mark: str) -> None:
    """The service's clock is compared by its answers; the remedy is NTP."""
    with told(BALANCE, ahead=ahead) as server:
        monkeypatch.setenv("LUMAAI_BASE_URL", f"{server}{API}")
        found = of(services.services)["clock of Dream Machine"]
    assert (found.mark, "ntp" in found.hint) == (mark, mark != "ok")


def test_generations_that_the_ledger_does_not_know(key: str, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the last day are counted, without those that an order has, that are old, or that are just being made."""
    rows: list[dict[str, Any]] = []
    with told(BALANCE | {f"{API}/generations": {"generations": rows, "has_more": False}}) as server:
        monkeypatch.setenv("LUMAAI_BASE_URL", f"{server}{API}")
        service = choose_service(load_settings())
        wanted = intent(realm=service.realm, account=service.access("dream-machine").account)
        ledger.reserve(wanted, run="r", caps=[])
        ledger.submitted(wanted.key, 1, "ours")
        now = datetime.now(UTC)
        for name, age in (("ours", 60), ("theirs", 60), ("also-theirs", 600), ("old", 3000), ("new", 0)):
            rows.append({"id": name, "state": "completed", "created_at": (now - timedelta(minutes=age)).isoformat()})
        found = of(services.services)["other ledgers"]
    assert found.said.startswith("2 of the account's generations of the last 24 hours are in no order here")
    assert (found.mark, "STUDIO_LEDGER_URL" in found.hint) == ("note", True)


# The ledger


def test_an_older_ledger_is_not_migrated(workplace: Path) -> None:
    """Its form is told, and that the next run changes it; by looking nothing is changed."""
    url = load_settings().ledger
    open_ledger(url).close()
    as_of(url.render_as_string(), "0009")
    for _ in range(2):
        found = of(books.books)["ledger"]
        assert "schema 0009; the next run brings it to 00" in found.said
        assert (found.mark, "studio backup FILE" in found.hint) == ("note", True)


def test_a_ledger_without_a_backup(key: str, ledger: Ledger, tmp_path: Path) -> None:
    """Where money is spent, one without a copy, or with an old one, is a note; a fresh copy is well."""
    ledger.reserve(intent(), run="r", caps=[])
    assert of(books.books)["backup"].mark == "note"
    back_up(ledger, tmp_path / "copy.db")
    found = of(books.books)["backup"]
    assert (found.mark, "nothing was booked since" in found.said) == ("ok", True)
    ledger.reserve(intent("b"), run="r", caps=[])
    note = load_settings().home / "ledger.db.last-copy.json"
    year = datetime.now(UTC).year
    note.write_text(note.read_text().replace(f'"at": "{year}', f'"at": "{year - 1}'))
    found = of(books.books)["backup"]
    assert (found.mark, "studio backup FILE" in found.hint) == ("note", True)
    assert " days old: " in found.said
    assert "; 1 entries came since" in found.said


def test_without_a_key_no_backup_is_asked_for(ledger: Ledger) -> None:
    """The sandbox's purchases cost nothing."""
    ledger.reserve(intent(), run="r", caps=[])
    assert of(books.books)["backup"].mark == "ok"


def test_a_restored_ledger(ledger: Ledger) -> None:
    """It is told, until a person says that it is settled."""
    mark = LedgerMark(load_settings().home / "ledger-mark.json")
    assert "restored ledger" not in of(books.books)
    mark.restore(ledger)
    assert "--restored-settled" in of(books.books)["restored ledger"].hint


def test_another_ledger_for_the_account(key: str, ledger: Ledger, tmp_path: Path) -> None:
    """An empty ledger beside one that was used is wrong; one that is used in turns with another is a note."""
    accounts = [access.account for access in choose_service(load_settings()).apis.values()]
    mark = LedgerMark(load_settings().home / "ledger-mark.json")
    other = open_ledger(f"sqlite:///{tmp_path / 'other.db'}")
    other.reserve(intent(), run="r", caps=[])
    mark.set(other, accounts)
    found = of(books.books)["other ledgers"]
    assert (found.mark, "no billed run begins" in found.said) == ("wrong", True)
    ledger.reserve(intent("b"), run="r", caps=[])
    assert of(books.books)["other ledgers"].mark == "note"
    mark.set(ledger, accounts)
    assert "other ledgers" not in of(books.books)
    other.reserve(intent("c"), run="r", caps=[])
    mark.set(other, ["another-account"])
    other.close()


# Places


@pytest.fixture
def web(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and the address that serves it."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    folder = tmp_path / "www"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_folder_that_is_served(
    workplace: Path, web: tuple[Path, str], deaf: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A picture is written, read at the public address, and removed; another address is told as such."""
    monkeypatch.setenv("LUMAAI_BASE_URL", f"{deaf}{API}")
    folder, url = web
    monkeypatch.setenv("STUDIO_PUBLISH_URL", str(folder))
    monkeypatch.setenv("STUDIO_PUBLISH_BASE_URL", url)
    found = of(places.publishing)["publish"]
    assert (found.mark, found.said) == ("ok", f"{folder}, read at {url}: can be written, and read as the service reads")
    assert list(folder.iterdir()) == []
    monkeypatch.setenv("STUDIO_PUBLISH_BASE_URL", f"{url}/elsewhere")
    found = by(doctor.findings(load_settings()))["publish"]
    assert (found.mark, "status 404" in found.said) == ("wrong", True)
    assert "does STUDIO_PUBLISH_BASE_URL serve the folder" in found.hint
    assert list(folder.iterdir()) == []


def test_a_public_address_that_is_not_public(key: str, web: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """For a service on the internet, an address of this machine or network cannot be right."""
    monkeypatch.setitem(doctor.PARTS, "service", lambda _: iter(()))
    monkeypatch.setenv("STUDIO_PUBLISH_URL", str(web[0]))
    for url in (web[1], "http://10.0.0.7/seeds"):
        monkeypatch.setenv("STUDIO_PUBLISH_BASE_URL", url)
        found = by(doctor.findings(load_settings()))["publish"]
        assert (found.mark, "is on this machine or network" in found.said) == ("wrong", True)


def test_the_room_on_the_disk(workplace: Path) -> None:
    """What is free is told for a home that is not there yet, and the home is not made."""
    assert "GB free at" in of(places.disks)["disk"].said
    assert not (workplace / ".studio").exists()


# Programs


def test_a_voice_that_is_not_there(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting that names what is not there is wrong; no engine at all is a note that says how to get one."""
    monkeypatch.setenv("STUDIO_VOICE_COMMAND", "no-such-program {out}")
    found = of(programs.voices)["voice command"]
    assert (found.mark, found.said) == ("wrong", "STUDIO_VOICE_COMMAND: there is no program no-such-program")
    monkeypatch.setenv("STUDIO_VOICE_COMMAND", f"{sys.executable} speak.py")
    assert "does not say where its sound goes" in of(programs.voices)["voice command"].said
    monkeypatch.delenv("STUDIO_VOICE_COMMAND")
    monkeypatch.setenv("STUDIO_VOICES", "nowhere")
    assert of(programs.voices)["voices"].mark == "wrong"


# Servers


@pytest.mark.parametrize(
    ("answers", "status", "mark", "said"),
    [
        ({"/api/health": True, "/api/admin/version": "3.0.4"}, 200, "note", "Prefect 3.0.4; here is "),
        ({"/api/health": True, "/api/admin/version": "2.20.1"}, 200, "wrong", "do not go together"),
        ({"/api/health": True, "/api/admin/version": "3.999.0"}, 200, "ok", "Prefect 3.999.0"),
        ({"/api/health": True, "/api/admin/version": "3.9.1"}, 401, "wrong", "lets nobody in"),
        ({}, 200, "wrong", "answers with status 404"),
    ],
)
def test_a_prefect_server(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, answers: dict[str, Any], status: int, mark: str, said: str
) -> None:
    """A named server is asked for its health and version; a password in its address is not shown."""
    from prefect.settings import PREFECT_API_URL, temporary_settings

    with told(answers, status=status) as server:
        named = temporary_settings({PREFECT_API_URL: f"{server.replace('//', '//user:SECRET@')}/api"})
        with named:
            found = of(servers.prefect)["prefect server"]
    assert (found.mark, said in found.said) == (mark, True), found
    assert (bool(found.hint), "SECRET" in str(found)) == (mark != "ok", False)


def test_what_a_proxy_catches(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxies are told by host; a server of one's own network that would be asked through them, with the remedy."""
    assert of(network.proxies) == {}
    monkeypatch.setenv("http_proxy", "http://user:SECRET@proxy.example:3128")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("PREFECT_API_URL", "http://prefect:4200/api")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://s3.internal")  # https goes past it
    first, second = network.proxies(load_settings())
    assert (first.mark, first.said) == ("ok", "http_proxy proxy.example:3128; not for 127.0.0.1")
    assert (second.mark, second.hint) == ("note", "add prefect to no_proxy")
    monkeypatch.setenv("no_proxy", "127.0.0.1,prefect")
    assert [f.mark for f in network.proxies(load_settings())] == ["ok"]


# Packages


def test_a_file_with_the_name_of_a_package(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the working folder it is a note; where it is imported in place of the package, it is wrong."""
    assert [f.mark for f in packages.packages(load_settings())] == ["ok"]
    (workplace / "lumaai.py").write_text("")
    (workplace / "tasks").mkdir()  # without modules: no package
    (note,) = packages.packages(load_settings())
    assert (note.mark, note.said.partition(" ")[0]) == ("note", "lumaai")
    other = workplace / "other"
    other.mkdir()
    (other / "av.py").write_text("")
    asked = (
        "from studio_cli.findings import packages\nfrom studio.settings import load_settings\n"
        "for one in packages.packages(load_settings()): print(one.mark, one.said)"
    )
    path = os.pathsep.join((str(other), str(ROOT)))
    line = [sys.executable, "-c", asked]
    done = subprocess.run(line, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=True)
    assert f"wrong {other / 'av.py'} is imported in place of av\n" in done.stdout


# All together


def test_one_that_waits_keeps_nobody_else(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part that gives no answer is told as such, with what it had found; so is one with a fault of its own."""

    def waits(_: object) -> Iterator[Finding]:
        yield Finding("first", "found")
        time.sleep(5)

    def breaks(_: object) -> Iterator[Finding]:
        raise RuntimeError
        yield

    parts: dict[str, Look] = {"slow": waits, "broken": breaks, "disk": places.disks}
    monkeypatch.setattr(doctor, "PARTS", parts)
    monkeypatch.setattr(doctor, "SECONDS", 0.5)
    found = doctor.findings(load_settings())
    assert [(f.part, f.mark) for f in found] == [
        ("first", "ok"), ("slow", "wrong"), ("broken", "wrong"), ("disk", "ok"),
    ]  # fmt: skip
    assert all(finding.hint for finding in found if not finding.well)


def test_a_setting_that_several_parts_need(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told once."""
    monkeypatch.setenv("LUMAAI_BASE_URL", "https://luma.invalid/v1")
    wrong = [f.said for f in doctor.findings(load_settings()) if not f.well]
    assert wrong == ["LUMAAI_BASE_URL: a base URL is set, but no API key"]
