"""Variations, end to end: a real Prefect server, a real sandbox over HTTP, real films."""

from __future__ import annotations

import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from studio.errors import BadInput, NotConfirmed, OverBudget, ProductionError, RowsFailed
from studio.execution.session import open_session
from studio.ledger.batches import Batch, begin_batch, runs_of
from studio.media.clip import examine
from studio.settings import load_settings
from tests.support.running import Sandbox, booked, chain, charged

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

FILE = """title: {{ product }}, {{ language }}
model: ray-flash-2
resolution: 540p
scenes:
  - {id: pour, prompt: "Steam rises over a kettle."}
  - {id: sign, prompt: "A sign says {{ slogan }}."}
"""
TABLE = "row,product,language,slogan\nde,Kessel,Deutsch,Jetzt\nen,Kettle,English,Now\nfr,Bouilloire,Français,Encore\n"
SHOT = Decimal("0.14")


def written(folder: Path, table: str = TABLE) -> dict[str, str]:
    (folder / "kettles.yaml").write_text(FILE)
    (folder / "kettles.csv").write_text(table)
    return {"production_file": "kettles.yaml", "table": "kettles.csv"}


def let_fail(sandbox: Sandbox, fault: dict[str, Any]) -> None:
    httpx.post(f"{sandbox.origin}/sandbox/faults", json=[fault], trust_env=False).raise_for_status()


def artifact(key: str) -> Any:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
    from prefect.client.schemas.sorting import ArtifactSort

    with get_client(sync_client=True) as client:
        wanted = ArtifactFilter(key=ArtifactFilterKey(any_=[key]))
        found = client.read_artifacts(artifact_filter=wanted, sort=ArtifactSort.CREATED_DESC)
    return found[0]


def children(run_name: str) -> list[str]:
    """The names of the runs that the latest run of this name started."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterName
    from prefect.client.schemas.sorting import FlowRunSort

    with get_client(sync_client=True) as client:
        wanted = FlowRunFilter(name=FlowRunFilterName(any_=[run_name]))
        (parent, *_) = client.read_flow_runs(flow_run_filter=wanted, sort=FlowRunSort.START_TIME_DESC)
        runs = client.read_flow_runs(flow_run_filter=FlowRunFilter(parent_flow_run_id={"any_": [parent.id]}))
    return sorted(run.name for run in runs)


async def test_films_of_a_table(studio: Path, sandbox: Sandbox) -> None:
    """Three films in runs of their own, at the same time, pay for a shot that all have once, within a budget to the
    cent; a rerun pays for the row that was changed alone."""
    from flows.variations import produce_variations

    given = written(studio)
    made = await produce_variations(**given, budget=SHOT * 4, at_once=3)
    assert [(row["row"], row["state"], row["error"]) for row in made["rows"]] == [
        (name, "Completed", "") for name in ("de", "en", "fr")
    ]
    films = [examine(Path(row["film"])) for row in made["rows"]]
    assert all(film.frames == 240 for film in films)
    assert len({Path(row["film"]).parent for row in made["rows"]}) == 3
    assert len(sandbox.prompts()) == 4
    assert booked(studio) == charged(sandbox) == SHOT * 4 == Decimal(made["paid_usd"])
    assert sum(Decimal(row["paid_usd"]) for row in made["rows"]) == SHOT * 4
    assert children("kettles × kettles") == ["Bouilloire, Français", "Kessel, Deutsch", "Kettle, English"]
    assert "3 of 3 films made, $0.56 paid" in artifact("variations-kettles-kettles").description
    assert artifact("variations-kettles-kettles-plan").description == "3 films: $0.56 to pay of $0.56 in all"

    again = await produce_variations(**written(studio, TABLE.replace("Encore", "Bientôt")), budget=SHOT)
    assert [Decimal(row["paid_usd"]) for row in again["rows"]] == [0, 0, SHOT]
    assert len(sandbox.prompts()) == 5


async def test_a_row_that_fails(studio: Path, sandbox: Sandbox) -> None:
    """One film fails by moderation: the others are made, the summary tells all, and the run fails with one line."""
    from flows.variations import produce_variations

    let_fail(sandbox, {"kind": "fails", "containing": "Now", "reason": "Frame moderation failed"})
    with pytest.raises(RowsFailed) as error:
        await produce_variations(**written(studio))
    assert error.value.exit_status == 1
    assert error.value.message.startswith("1 row of 3 failed ('en'): ")
    assert [bool(row["film"]) for row in error.value.rows] == [True, False, True]
    told = error.value.rows[1]["error"]
    assert "scene 'sign'" in told
    assert "\n" not in told
    table = artifact("variations-kettles-kettles")
    assert "2 of 3 films made" in table.description
    assert "Frame moderation failed" in table.data


async def test_refusals_before_anything_is_bought(
    studio: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over budget, no budget where it is billed, a bad row, a missing column or file: one error, and nothing bought."""
    from flows.variations import produce_variations

    with pytest.raises(
        OverBudget, match=r"these 3 films would cost \$0.56; the batch's budget is \$0.55: \$0.01 too m"
    ):
        await produce_variations(**written(studio), budget=Decimal("0.55"))
    with pytest.raises(
        ProductionError, match=r"kettles\.csv:3, row 'en': kettles\.yaml:6, scene 'sign', field 'prompt'"
    ):
        await produce_variations(**written(studio, TABLE.replace("Now", "x" * 6000)))
    with pytest.raises(ProductionError, match=r"kettles\.csv has no column 'slogan'"):
        await produce_variations(**written(studio, TABLE.replace("slogan", "x-slogan")))
    with pytest.raises(BadInput, match="no file is named"):
        await produce_variations(production_file="kettles.yaml")
    (studio / "kettles.yaml").write_text(f"{FILE}budget: 0.41\n")
    (studio / "kettles.csv").write_text(TABLE)
    with pytest.raises(OverBudget, match=r"the production's budget is \$0.41"):
        await produce_variations(production_file="kettles.yaml", table="kettles.csv")
    monkeypatch.setenv("LUMAAI_API_KEY", "key")
    with pytest.raises(NotConfirmed, match=r"these films would be billed \$0.56, nobody was asked"):
        await produce_variations(**written(studio))
    planned = await produce_variations(**written(studio), plan_only=True)
    assert [row["to_pay_usd"] for row in planned["rows"]] == ["0.28", "0.14", "0.14"]
    assert sandbox.prompts() == []


async def test_a_shared_budget_stops_what_the_plan_did_not_know(studio: Path, sandbox: Sandbox) -> None:
    """A shot that has to be ordered again within the run, after the service failed it, counts once: refunds go back to
    the budget that all rows share, and it is never exceeded."""
    from flows.variations import produce_variations

    let_fail(sandbox, {"kind": "fails", "containing": "Now", "reason": "Job failed", "times": 1})
    made = await produce_variations(**written(studio), budget=SHOT * 4, at_once=3)
    assert booked(studio) == charged(sandbox) == Decimal(made["paid_usd"]) == SHOT * 4


@pytest.mark.parametrize("budget", ["0.41", "0.42"])
async def test_a_run_joins_the_batch_of_the_run_that_started_it(studio: Path, sandbox: Sandbox, budget: str) -> None:
    """A run that another one starts is held to that one's budget, which no parameter of its own names."""
    from prefect import flow
    from prefect.runtime import flow_run

    from flows.produce import produce

    @flow
    async def asks() -> str:
        async with open_session(load_settings()) as session:
            begin_batch(session.ledger, Batch(str(flow_run.id), Decimal(budget)), "local")
            state = await produce(production=chain(), return_state=True)
            assert len(runs_of(session.ledger, str(flow_run.id))) == (budget == "0.42")
        return str(state.message)

    told = await asks()
    if budget == "0.41":
        assert "this run would cost $0.42; the batch's budget is $0.41: $0.01 too much" in told
    assert booked(studio) == charged(sandbox) == Decimal("0.42") * (budget == "0.42")


@pytest.mark.long
def test_the_command(workplace: Path, sandbox: Sandbox) -> None:
    """``studio variations`` tells each film's price, makes them, tells what became of each, and ends by the worst."""
    written(workplace)
    let_fail(sandbox, {"kind": "fails", "containing": "Now", "reason": "Frame moderation failed"})

    def studio(*words: str) -> subprocess.CompletedProcess[str]:
        values = {n: v for n, v in os.environ.items() if not n.startswith(("LUMA", "PREFECT_API"))}
        return subprocess.run(
            [sys.executable, "-m", "studio_cli", "variations", "kettles.yaml", "kettles.csv", *words], cwd=workplace,
            env=values | {"LUMAAI_BASE_URL": sandbox.url}, capture_output=True, text=True, stdin=subprocess.DEVNULL,
            timeout=540,
        )  # fmt: skip

    plan = studio("--plan", "--only", "en")
    assert plan.returncode == 0
    assert "en   Kettle, English      2    2       0     0   $0.28" in plan.stdout
    over = studio("--budget", "0.30")
    assert (over.returncode, over.stderr.count("\n")) == (3, 2)
    assert "within it fits: --only de" in over.stderr
    made = studio()
    assert made.returncode == 1
    told = [line.split()[:3] for line in made.stdout.splitlines()]
    ends = [words for words in told if words[1:2] in (["made"], ["failed"])]
    assert [words[:2] for words in ends] == [["de", "made"], ["en", "failed"], ["fr", "made"]]
    # The clip that all films show is paid by the one that orders it first, which may be the one that fails.
    paid = [Decimal(words[2].removeprefix("$")) for words in ends]
    assert sorted(paid) in ([0, SHOT, 2 * SHOT], [SHOT, SHOT, SHOT])
    assert paid[1] in (0, SHOT)
    assert sum(paid) == booked(workplace) == charged(sandbox) == 3 * SHOT
    assert made.stderr.splitlines()[-2].startswith("error: 1 row of 3 failed ('en')")
