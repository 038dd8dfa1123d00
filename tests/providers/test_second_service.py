"""A second service, installed as its package would be: our code does not change for it, and a film may use both."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from studio.ledger import open_ledger
from studio.purchasing.order_errors import in_doubt
from tests.support.example_service import ExampleServer, installed
from tests.support.orders import intent
from tests.support.running import Sandbox, command

ROOT = Path(__file__).parents[2]
FILM = """
title: Two services
resolution: 540p
scenes:
  - {id: far, prompt: a harbour from far away, model: example-1, duration: 4}
  - {id: near, prompt: the same harbour from near, model: ray-flash-2, duration: 5, continue_from: far}
  - {id: away, prompt: a boat leaves the harbour, model: example-1, duration: 8, continue_from: near}
  - {id: gone, prompt: the open sea, model: example-1, duration: 4, continue_from: away}
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    """The value of PYTHONPATH with which the service is installed."""
    return os.pathsep.join([str(ROOT), installed(tmp_path)])


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ExampleServer]:
    served = ExampleServer(tmp_path)
    yield served
    served.stop()


@pytest.mark.long
def test_the_contract_holds_for_it(path: str) -> None:
    """In a process in which it is installed, the contract's tests run over it as well."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-v", "tests/providers/test_contract.py"],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "test_its_client[example] PASSED" in done.stdout


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_film_of_two_services(workplace: Path, path: str, sandbox: Sandbox, server: ExampleServer) -> None:
    """A film of two services is made and reported, a rerun buys nothing, and orders name their provider."""
    (workplace / "film.yaml").write_text(FILM)
    given = {"PYTHONPATH": path, "LUMAAI_BASE_URL": sandbox.url, "EXAMPLE_BASE_URL": server.url}
    done = command(workplace, "film.yaml", "--out", "out", "--json", **given)
    assert done.returncode == 0, done.stderr
    assert (workplace / "out" / "film.mp4").stat().st_size > 10_000
    jobs = list(server.jobs.values())
    assert [job["prompt"] for job in jobs] == [
        "a harbour from far away", "a boat leaves the harbour", "the open sea"
    ]  # fmt: skip
    assert set(jobs[1]["first"]) == {"url"}, "a frame of the other service's clip is a picture"
    assert jobs[2]["first"] == {"generation_id": "job-2"}, "a clip of its own is named by its job"
    with sqlite3.connect(workplace / ".studio" / "ledger.db") as connection:
        booked = connection.execute("select scene, provider, price_table, price from orders order by scene").fetchall()
    connection.close()
    assert {scene: provider for scene, provider, _, _ in booked} == {
        "far": "example", "near": "dream-machine", "away": "example", "gone": "example"
    }  # fmt: skip
    assert {table for _, provider, table, _ in booked if provider == "example"} == {"example (2026-11-01)"}
    page = (workplace / "out" / "report.html").read_text()
    assert "Example" in page
    assert "Dream Machine" in page
    again = command(workplace, "film.yaml", "--out", "again", "--json", **given)
    assert again.returncode == 0, again.stderr
    assert Decimal(json.loads(again.stdout)["cost_usd"]) == 0
    assert (len(server.jobs), len(sandbox.books()["creates"])) == (3, 1)


def test_a_service_that_is_missing(workplace: Path) -> None:
    """A film with a model of a package that is no longer installed is one error that names the scene."""
    (workplace / "film.yaml").write_text(FILM)
    done = command(workplace, "film.yaml", "--plan")
    assert done.returncode == 2
    assert "film.yaml:5, scene 'far', field 'model'" in done.stderr
    assert "example-1" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.long
def test_a_service_that_cannot_be_loaded(workplace: Path, tmp_path: Path) -> None:
    """A package whose code fails affects no other service; a request for one of its models reports it."""
    points = Path(installed(tmp_path)) / "example_service-1.0.dist-info" / "entry_points.txt"
    points.write_text("[studio_producer.providers]\nexample = no_such_module:SPEC\nagents = no_such_module:SPEC\n")
    given = {"PYTHONPATH": os.pathsep.join([str(ROOT), str(points.parents[1])])}
    (workplace / "good.yaml").write_text(FILM.replace("example-1", "ray-2"))
    done = command(workplace, "good.yaml", "--plan", **given)
    assert done.returncode == 0, done.stderr
    (workplace / "film.yaml").write_text(FILM)
    done = command(workplace, "film.yaml", "--plan", **given)
    assert done.returncode == 2
    assert "service 'example' (no_such_module:SPEC) cannot be loaded (ModuleNotFoundError)" in done.stderr


def planned(workplace: Path, path: str, film: str, **given: str) -> subprocess.CompletedProcess[str]:
    """The plan of a film, where the service is installed."""
    (workplace / "film.yaml").write_text(film)
    return command(workplace, "film.yaml", "--plan", PYTHONPATH=path, **given)


def test_what_a_service_does_not_sell(workplace: Path, path: str) -> None:
    """A loop, footage made again and a reframed film are refused by scene and field, before anything is priced."""
    film = """
title: Not sold
model: example-1
resolution: 540p
reframe: "9:16"
scenes:
  - {id: round, prompt: waves against a wall, duration: 4, loop: true}
  - {id: ink, prompt: the same in ink, modify: round}
"""
    done = planned(workplace, path, film)
    assert done.returncode == 2
    assert "scene 'round', field 'loop': example-1 does not do that" in done.stderr
    assert "scene 'ink', field 'modify': example-1 does not do that" in done.stderr
    assert "example-1 does not reframe" in done.stderr
    assert "write model: ray-2 or ray-flash-2 or ray-3" in done.stderr


def test_services_on_this_machine_have_accounts_of_their_own(path: str) -> None:
    """Each service on this machine has its own account; Luma's keeps the name that its ledger has."""
    asked = (
        "from studio.settings import choose_service, load_settings\n"
        "print({name: access.account for name, access in choose_service(load_settings()).apis.items()})"
    )
    done = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, timeout=60, check=True,
        env=os.environ | {
            "PYTHONPATH": path, "LUMAAI_BASE_URL": "http://127.0.0.1:9/x", "EXAMPLE_BASE_URL": "http://127.0.0.1:8/x"
        },
    )  # fmt: skip
    assert done.stdout.strip() == "{'dream-machine': 'local', 'example': 'local-example', 'agents': 'local'}"


BOOK = """
default = "mine"
[tables.mine]
dated = 2026-11-20
sizes = { "540p" = [960, 540] }
[tables.mine.rates]
"ray-flash-2" = "0.0022"
"""


def test_a_book_of_one_s_own_prices_what_it_names(workplace: Path, path: str) -> None:
    """A table that prices a service's model wins over the one that the service brings; another one does not."""
    (workplace / "mine.toml").write_text(BOOK)
    done = planned(workplace, path, FILM, STUDIO_PRICE_BOOK="mine.toml")
    assert done.returncode == 0, done.stderr
    assert "by the prices of example (2026-11-01), mine (2026-11-20)" in done.stdout
    (workplace / "mine.toml").write_text(f'{BOOK}"example-1" = "0.0100"\n')
    done = planned(workplace, path, FILM, STUDIO_PRICE_BOOK="mine.toml")
    assert done.returncode == 0, done.stderr
    assert "by the prices of mine (2026-11-20)" in done.stdout
    assert "example (" not in done.stdout


def package(folder: Path, name: str, source: str) -> str:
    """A further package, as ``source`` makes its ``SPEC`` out of the example's; the path with which it is installed."""
    site = folder / f"site-{name}"
    points = site / f"{name}-1.0.dist-info" / "entry_points.txt"
    points.parent.mkdir(parents=True)
    points.write_text(f"[studio_producer.providers]\nexample = {name}:SPEC\n")
    (points.parent / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (site / f"{name}.py").write_text(
        "from dataclasses import replace\nfrom pathlib import Path\n"
        f"from tests.support.example_service import *\n{source}\n"
    )
    return os.pathsep.join([str(ROOT), str(site)])


@pytest.mark.long
@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("SPEC = replace(SPEC, price_book=Path(__file__))", "the prices of the example service, broken.py"),
        ("SPEC = replace(SPEC, key_variables=())", "it names no variable of a key"),
        ("SPEC = replace(SPEC, models=())", "it sells no model"),
        ("SPEC = replace(SPEC, models=(replace(SPEC.models[0], api='other'),))", "example-1 is of another service"),
        ("SPEC = replace(SPEC, models=SPEC.models * 2)", "example-1 is there twice"),
        ("SPEC = replace(SPEC, models=(replace(SPEC.models[0], pool='p' * 21),))", "is longer than 20 characters"),
        ("SPEC = replace(SPEC, endpoints={o: 'jobs' for o in Operation})", "two operations have one endpoint"),
    ],
)  # fmt: skip
def test_a_package_with_a_fault_takes_no_other_with_it(workplace: Path, source: str, why: str) -> None:
    """Luma's films are planned as ever; who asks for one of its models is told what is wrong with it."""
    path = package(workplace, "broken", source)
    done = planned(workplace, path, FILM.replace("example-1", "ray-2"))
    assert done.returncode == 0, done.stderr
    done = planned(workplace, path, FILM)
    assert done.returncode == 2
    assert why in done.stderr
    assert "Traceback" not in done.stderr


def test_two_packages_that_claim_one_name(workplace: Path, path: str) -> None:
    """The first of them by its module is used; who asks for a model of the other is told which one that is."""
    other = "SPEC = replace(SPEC, models=(replace(SPEC.models[0], name='other-1', draft=('other-1', '540p')),))"
    both = os.pathsep.join([path, package(workplace, "zebra", other)])
    done = planned(workplace, both, FILM)
    assert done.returncode == 0, done.stderr
    done = planned(workplace, both, FILM.replace("example-1", "other-1"))
    assert done.returncode == 2
    assert "service 'example' (zebra:SPEC) cannot be used: its id is taken" in done.stderr


@pytest.mark.long
@pytest.mark.parametrize("there", [False, True], ids=["gone", "not set up"])
def test_orders_of_a_service_that_cannot_be_asked(workplace: Path, path: str, sandbox: Sandbox, there: bool) -> None:
    """A reconciliation says of what is under way, and of what is in doubt, why nobody can look for it."""
    ledger = open_ledger(f"sqlite:///{workplace / '.studio' / 'ledger.db'}")
    for name in ("under way", "in doubt"):
        wanted = intent(name, realm="local", account="local-example", model="example-1", provider="example")
        ledger.reserve(wanted, run="r", caps=[])
        if name == "under way":
            ledger.submitted(wanted.key, 1, "job-1")
        else:
            ledger.doubt(wanted.key, 1, "lost")
    ledger.close()
    values = {n: v for n, v in os.environ.items() if not n.startswith(("LUMA", "PREFECT_API"))}
    done = subprocess.run(
        [sys.executable, "-m", "flows.reconcile"], cwd=workplace, capture_output=True, text=True, timeout=300,
        env=values | {"PYTHONPATH": path if there else str(ROOT), "LUMAAI_BASE_URL": sandbox.url}, check=False,
    )  # fmt: skip
    why = "the example service is not set up: set EXAMPLE_API_KEY" if there else "no service 'example' is installed"
    lines = done.stdout.splitlines()
    assert any(line.startswith(f"could not be read now: 1 order: {why}") for line in lines), done.stdout + done.stderr
    assert any(line.startswith("in doubt: order ") and why in line for line in lines)


CALLS = """
import asyncio
from studio.library import VideoProvider

async def main():
    async with VideoProvider("example-1") as provider:
        print(provider.name, provider.cost_per_second)
        size = {"width": 960, "height": 540, "duration": 4}
        first = await provider.generate("a quiet harbour", **size)
        await provider.generate("a boat leaves", continue_from=first, **size)
        await provider.generate("a boat comes back", continue_from="generation:" + first.video_id, **size)
        print((await provider.check_status(first.video_id))["status"])

asyncio.run(main())
"""


@pytest.mark.long
def test_the_library_over_it(workplace: Path, path: str, server: ExampleServer) -> None:
    """Its clips cost what its table says, and a clip is continued by its id, of whatever form a service's ids are."""
    values = {n: v for n, v in os.environ.items() if not n.startswith("LUMA")}
    done = subprocess.run(
        [sys.executable, "-c", CALLS], cwd=workplace, capture_output=True, text=True, timeout=300, check=False,
        env=values | {"PYTHONPATH": path, "EXAMPLE_BASE_URL": server.url},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["example 0.025", "completed"]
    assert [job.get("first") for job in server.jobs.values()] == [None, *[{"generation_id": "job-1"}] * 2]


def test_messages_about_it_do_not_speak_of_another_vendor(workplace: Path, path: str) -> None:
    """The messages, costs and schema of a film of this service alone name no vendor that it does not use."""
    ledger = open_ledger(f"sqlite:///{workplace / '.studio' / 'ledger.db'}")
    ledger.reserve(replace(intent(), realm="local", provider="example"), run="r", caps=[])
    ledger.close()
    scenes = (
        f'[{{id: a, prompt: "x"}}, {{id: b, prompt: {"a" * 5001}}}, {{id: c, prompt: sea, start_image: "ftp://x/y"}}]'
    )
    told = planned(workplace, path, f"title: One\nmodel: example-1\nscenes: {scenes}\n")
    assert told.returncode == 2
    schema = "from studio.production import Production; print(Production.model_json_schema()['properties']['model'])"
    asked = (["-m", "flows.costs"], ["-c", schema])
    said = [
        subprocess.run(
            [sys.executable, *args], cwd=workplace, capture_output=True, text=True, timeout=120, check=True,
            env=os.environ | {"PYTHONPATH": path},
        ).stdout
        for args in asked
    ]  # fmt: skip
    assert "example-1" in said[1]
    assert "Luma" not in "".join((told.stderr, *said))


def test_an_order_in_doubt_names_its_vendor(tmp_path: Path) -> None:
    """The vendor whose support can look for a create is that of its service; none is named that is not known."""
    ledger = open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    for provider, whose in (("agents", "Luma's support"), ("no-such", "the service's support")):
        wanted = intent(provider, provider=provider)
        ledger.reserve(wanted, run="r", caps=[])
        row = ledger.doubt(wanted.key, 1, "lost", request_id="r-1")
        assert whose in in_doubt(row).hint
    ledger.close()


def test_one_service_here_and_another_one_away(workplace: Path, path: str) -> None:
    """It is told which of them is on this machine and which is not, with the variables of these two alone."""
    done = planned(workplace, path, FILM, EXAMPLE_BASE_URL="http://127.0.0.1:9/x", LUMAAI_API_KEY="a key")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "error: EXAMPLE_BASE_URL, LUMAAI_BASE_URL: the example service is on this machine, Luma's Dream Machine is not",
        "  → set LUMAAI_BASE_URL to this machine, too, or unset EXAMPLE_BASE_URL",
    ]
