"""``benchmarks/produce.py``: its cases, its stand-in server, what it measures, and its verdicts."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from produce_cases import CASES, Case
from produce_goals import goals, quiet, ratios, read, worse, write
from produce_measure import end_with, run
from produce_row import Row
from produce_standin import Service

from studio.production import Production

CASE = {case.name: case for case in CASES}


def row(case: str = "chain", key: str = "ours", **figures: Any) -> Row:
    """A row of plausible figures."""
    of = CASE[case]
    plain = Row(
        peer=key, key=key, poll=1.0, case=case, shots=of.shots, critical=of.critical(of.strict), latency=of.strict,
        wall=20.0, making=19.0, calls=12, refused=0, cpu=4.0, servers=1.0, standin=0.1, others=0.0, own=100_000_000,
        tree=200_000_000, poll_lag=0.1, link_lag=0.2, again=2.0, again_cpu=2.0, again_servers=0.5,
    )  # fmt: skip
    return replace(plain, **figures)


@pytest.mark.parametrize(
    ("name", "latency", "seconds"),
    [("chain", 3, 18), ("chain", 60, 360), ("forty", 3, 12), ("chains", 3, 30), ("thousand", 5, 50), ("ten", 3, 3)],
)
def test_the_critical_path_is_the_longer_of_chain_and_slots(name: str, latency: float, seconds: float) -> None:
    """A chain waits for each of its links, and an account for each round of its slots."""
    assert CASE[name].critical(latency) == seconds


def test_a_last_round_that_is_not_full_takes_a_whole_latency() -> None:
    """21 shots in 10 slots are three rounds."""
    assert Case("c", "c", 21, 1, 10).critical(2.0) == 6.0


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_is_a_valid_production(case: Case) -> None:
    """It has as many scenes as shots, and each link of a chain continues the one before."""
    written = Production.model_validate(case.production())
    assert len(written.scenes) == case.shots
    assert {s.id: s.continue_from for s in written.scenes if s.continue_from} == case.parents()
    assert len(case.parents()) == case.chains * (case.length - 1)


def test_goals_are_met_or_missed_by_a_share() -> None:
    """Just at the limit is met; above it, the verdict says by how much."""
    found = {goal.name: goal for goal in goals([row(wall=1.35 * 18, making=1.06 * 18 * 1.5)])}
    assert found["chain: whole, critical paths"].verdict == "met"
    assert found["chain: making, critical paths"].verdict == "missed by 50 %"
    assert found["chain: client told of a parent's end → child's create, s"].met


def test_a_run_that_failed_meets_no_goal() -> None:
    """Its figures say nothing."""
    assert goals([row(failed="exit status 1")]) == []


def test_at_a_real_latency_the_others_are_the_goal() -> None:
    """At 60 s we are compared with the loop's usual polls and with genblaze, not with polls of 1 s."""
    real = {"latency": 60.0, "critical": 360.0}
    rows = [
        row(wall=400.0, **real),
        row(key="loop", poll=1.0, wall=370.0, **real),
        row(key="loop", poll=5.0, wall=390.0, **real),
        row(key="genblaze", wall=410.0, **real),
    ]
    found = {goal.name: goal for goal in goals(rows)}
    assert found["chain: whole, critical paths"].most == 1.05
    assert not found["chain: time of loop, s"].met
    assert found["chain: time of loop, s"].most == 390.0
    assert found["chain: time of genblaze, s"].met
    assert "chain: making, critical paths" not in found


def test_growth_is_measured_with_and_without_the_start() -> None:
    """The seconds of a start, spread over ten shots, must not hide that further shots become dearer."""
    rows = [
        row("ten", cpu=5.0, servers=0.0), row("forty", cpu=8.0, servers=0.0), row("thousand", cpu=200.0, servers=0.0),
    ]  # fmt: skip
    found = {goal.name: goal for goal in goals(rows)}
    assert found["processor time a shot, of 1000 ÷ of 10"].found == pytest.approx(0.4)
    assert found["processor time of a further shot, 40 to 1000 ÷ 10 to 40"].found == pytest.approx(2.0)
    assert not found["thousand: processor time a new shot, s"].met


def test_ratios_are_medians_of_the_rounds() -> None:
    """Each round's figures are divided by the loop's of that round; one disturbed round changes nothing."""
    rounds = [[row(wall=wall), row(key="loop", wall=loop)] for wall, loop in ((30.0, 20.0), (90.0, 20.0), (28.0, 20.0))]
    assert ratios(rounds)["chain"]["whole"] == pytest.approx(1.5)


def test_a_ratio_that_is_worse_by_a_quarter_is_told(tmp_path: Path) -> None:
    """A quarter exactly is not; more is, and so is a figure that is missing. Kept figures are read as they were."""
    file = tmp_path / "figures.toml"
    write(file, {"chain": {"whole": 1.2, "cpu": 8.0}, "forty": {"again": 4.0}})
    kept = read(file)
    assert kept == {"chain": {"whole": 1.2, "cpu": 8.0}, "forty": {"again": 4.0}}
    assert worse({"chain": {"whole": 1.5, "cpu": 10.0}, "forty": {"again": 5.0}}, kept) == []
    told = worse({"chain": {"whole": 1.6, "cpu": 4.0}}, kept)
    assert len(told) == 2
    assert "1.60 times" in told[0]
    assert told[1] == "forty, again: not measured"


def test_a_round_beside_other_work_is_not_quiet() -> None:
    """One measurement that other work disturbed is enough."""
    assert quiet([row(others=0.1), row(others=0.5)])
    assert not quiet([row(others=0.1), row(others=0.6)])


@contextlib.asynccontextmanager
async def standin(latency: float, slots: int = 10) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a stand-in with two clips."""
    service = Service([b"clip 0", b"clip 1"], [b"poster 0", b"poster 1"])
    told = {"latency": latency, "slots": slots, "base": "http://standin"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(service), base_url="http://standin") as client:
        await client.post("/bench/begin", json=told)
        yield client


CREATE = "/dream-machine/v1/generations/video"
LIST = "/dream-machine/v1/generations"
ASKED = {"prompt": "a quiet sea", "model": "ray-2", "resolution": "540p", "duration": "5s"}


async def test_the_standin_refuses_more_than_its_slots() -> None:
    """As many as there are slots run at once; the next is refused, and counted."""
    async with standin(latency=3600, slots=2) as client:
        statuses = [(await client.post(CREATE, json=ASKED)).status_code for _ in range(3)]
        assert statuses == [201, 201, 429]
        figures = (await client.get("/bench/figures")).json()
    assert figures["creates"] == 2
    assert figures["calls"] == {"create": 3, "refused": 1}


async def test_the_standin_refuses_a_parent_that_has_not_ended() -> None:
    """As the service does."""
    async with standin(latency=3600) as client:
        parent = (await client.post(CREATE, json=ASKED)).json()
        frames = {"frame0": {"type": "generation", "id": parent["id"]}}
        assert (await client.post(CREATE, json=ASKED | {"keyframes": frames})).status_code == 400


async def test_the_standin_echoes_and_lists() -> None:
    """A request is echoed as the service stores it; the list has the newest first, by pages."""
    async with standin(latency=3600) as client:
        made = [(await client.post(CREATE, json=ASKED | {"prompt": f"sea {n}"})).json() for n in range(3)]
        page = (await client.get(LIST, params={"limit": 2})).json()
        rest = (await client.get(LIST, params={"limit": 2, "offset": 2})).json()
    assert made[0]["request"] == ASKED | {
        "prompt": "sea 0", "loop": False, "keyframes": None, "callback_url": None, "concepts": None,
        "generation_type": "video",
    }  # fmt: skip
    assert made[0]["state"] == "dreaming"
    assert [g["id"] for g in page["generations"]] == [made[2]["id"], made[1]["id"]]
    assert (page["has_more"], page["count"]) == (True, 2)
    assert [g["id"] for g in rest["generations"]] == [made[0]["id"]]
    assert rest["has_more"] is False


async def test_every_generation_has_bytes_of_its_own() -> None:
    """A child's clip follows its parent's; two generations of one clip differ in a box that players skip."""
    async with standin(latency=0) as client:
        parent = (await client.post(CREATE, json=ASKED)).json()
        frames = {"frame0": {"type": "generation", "id": parent["id"]}}
        child = (await client.post(CREATE, json=ASKED | {"keyframes": frames})).json()
        other = (await client.post(CREATE, json=ASKED)).json()
        files = [(await client.get(made["assets"]["video"])).content for made in (parent, child, other)]
        figures = (await client.get("/bench/figures")).json()
    assert [content[:6] for content in files] == [b"clip 0", b"clip 1", b"clip 0"]
    assert len(set(files)) == 3
    box = files[0][6:]
    assert int.from_bytes(box[:4], "big") == len(box)
    assert box[4:8] == b"free"
    assert len(figures["links"]) == len(figures["links after the poll"]) == 1


BURN = "import time\nwhile time.process_time() < 0.3: pass"


def test_processor_time_has_all_that_a_command_started(tmp_path: Path) -> None:
    """The time of a child of the command is counted, and the command's exit status is passed on."""
    program = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BURN!r}]); print('out'); sys.exit(3)"
    spent = run([sys.executable, "-c", program], log=tmp_path / "log", environment={}, folder=tmp_path, timeout=300)
    assert spent.status == 3
    assert spent.cpu >= 0.3
    assert (tmp_path / "log").read_text() == "out\n"


def test_a_command_that_hangs_is_stopped(tmp_path: Path) -> None:
    """It is killed once its time is over."""
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    spent = run(command, log=tmp_path / "log", environment={}, folder=tmp_path, timeout=0.1)
    assert spent.status == -9


def test_what_a_command_left_behind_is_ended() -> None:
    """A process with that environment variable is ended, and no other."""
    waits = [sys.executable, "-c", "print(1, flush=True); input()"]

    def start(name: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            waits, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={"PRODUCE_TEST_HOME": name}
        )
        assert process.stdout is not None
        process.stdout.readline()
        return process

    with start("left") as left, start("other") as other:
        end_with("PRODUCE_TEST_HOME", "left")
        assert left.poll() is not None
        assert other.poll() is None
        other.communicate(b"\n")
        assert other.returncode == 0


def test_unknown_names_are_refused(root: Path) -> None:
    """A case that is not there ends the command with what is wrong."""
    command = [sys.executable, str(root / "benchmarks" / "produce.py"), "--cases", "fourty"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert "not known: fourty" in done.stderr
