"""Existing generations are looked up before anything is bought: by the plan, or by the run before its first order."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from studio.errors import ProductionError, ServiceError
from studio.execution.run import Run
from studio.execution.session import open_session
from studio.settings import load_settings
from tests.execution.test_own_clips import film, made
from tests.support.running import Sandbox

pytestmark = [pytest.mark.timeout(600)]
NOBODY = "123e4567-e89b-12d3-a456-426614174000"


def set_faults(sandbox: Sandbox, *faults: dict[str, Any]) -> None:
    httpx.put(f"{sandbox.origin}/sandbox/faults", json=list(faults), trust_env=False).raise_for_status()


def ray_3(sandbox: Sandbox) -> str:
    """The id of a generation that the sandbox has made by its Agents API."""
    headers, url = {"authorization": "Bearer k"}, f"{sandbox.origin}/v1/generations"
    video = {"resolution": "360p", "duration": "5s"}
    body = {"prompt": "a harbour", "model": "ray-3.2", "type": "video", "video": video}
    there = str(httpx.post(url, json=body, headers=headers, trust_env=False).raise_for_status().json()["id"])
    while httpx.get(f"{url}/{there}", headers=headers, trust_env=False).json()["state"] != "completed":
        pass
    return there


def generation(sandbox: Sandbox, *, fails: str = "", **body: Any) -> str:
    """The id of a generation that the sandbox has made, or failed."""
    set_faults(sandbox, *([{"kind": "fails", "reason": fails}] if fails else []))
    asked = {"model": "ray-2", "prompt": "a harbour", "resolution": "540p", "duration": "9s"} | body
    headers = {"authorization": "Bearer k"}
    answer = httpx.post(f"{sandbox.url}/generations/video", json=asked, headers=headers, trust_env=False)
    set_faults(sandbox)
    made_id = str(answer.raise_for_status().json()["id"])
    while True:
        state = httpx.get(f"{sandbox.url}/generations/{made_id}", headers=headers, trust_env=False).json()["state"]
        if state in ("completed", "failed"):
            return made_id


def delete(sandbox: Sandbox, *generations: str) -> None:
    for each in generations:
        url, headers = f"{sandbox.url}/generations/{each}", {"authorization": "Bearer k"}
        httpx.delete(url, headers=headers, trust_env=False).raise_for_status()


def existing(generation_id: str, **fields: Any) -> dict[str, Any]:
    return {"id": "a", "generation": generation_id, **fields}


@pytest.mark.long
async def test_an_existing_generation_is_looked_up(at_sandbox: Path, sandbox: Sandbox, files: Path) -> None:
    """Its model, size and length are in the plan, at no cost, without a prompt; its file is fetched once."""
    there = generation(sandbox)
    done = await made(film(files, existing(there)), at_sandbox / "out")
    (shot,) = done.plan.shots
    assert (shot.form, float(shot.seconds), shot.quote.usd) == ("ray-2 960×540", 9, 0)
    assert (done.plan.total, done.record.shots[0].outcome, done.record.shots[0].model) == (0, "pinned", "ray-2")
    assert done.record.shots[0].prompt == "a harbour"
    set_faults(sandbox, {"kind": "expired_url"})
    again = await made(film(files, existing(there)), at_sandbox / "again")
    assert again.frames == done.frames


async def test_generations_that_cannot_be_used_are_refused_at_once(
    at_sandbox: Path, sandbox: Sandbox, files: Path
) -> None:
    """Those that are not there or have failed are all told when it is planned, with scene, field, id and remedy."""
    failed = generation(sandbox, fails="Job failed")
    nobody = "123e4567-e89b-12d3-a456-426614174000"
    scenes = [
        existing(nobody), {"id": "b", "generation": failed},
        {"id": "c", "prompt": "on it goes", "continue_from": nobody},
        {"id": "d", "prompt": "on it goes", "lead_into": f"generation:{failed}"},
    ]  # fmt: skip
    async with open_session(load_settings()) as session:
        with pytest.raises(ProductionError) as refused:
            await session.plan(film(files, *scenes))
        assert session.ledger.is_empty()
    told = {problem.where: problem for problem in refused.value.problems}
    assert list(told) == [
        "scene 'a', field 'generation'", "scene 'b', field 'generation'", "scene 'c', field 'continue_from'",
        "scene 'd', field 'lead_into'",
    ]  # fmt: skip
    assert told["scene 'a', field 'generation'"].message == f"the account has no generation {nobody}"
    assert f"generation {failed} failed at the service: Job failed" in told["scene 'd', field 'lead_into'"].message
    assert all(problem.hint for problem in refused.value.problems)
    assert len(sandbox.books()["creates"]) == 1


@pytest.mark.long
async def test_a_film_that_is_made_needs_no_generation_of_the_account(
    at_sandbox: Path, sandbox: Sandbox, files: Path
) -> None:
    """If generations that a film names were deleted since it was made, its rerun uses the clips that are here, with a
    note for each. What must be bought anew from one of them is refused."""
    shown, source = generation(sandbox), generation(sandbox, prompt="a pier")
    going_on = {"id": "b", "prompt": "on it goes", "continue_from": source}
    done = await made(film(files, existing(shown), going_on), at_sandbox / "out")
    delete(sandbox, shown, source)
    again = await made(film(files, existing(shown), going_on), at_sandbox / "again")
    assert (again.frames, again.plan.to_buy) == (done.frames, 0)
    told = [str(note) for note in again.plan.notes if "is gone from the account" in str(note)]
    assert [note.partition(":")[0] for note in told] == [
        "scene 'a', field 'generation'", "scene 'b', field 'continue_from'",
    ]  # fmt: skip
    assert float(again.plan.shots[0].seconds) == 9
    for scenes in (
        [existing(shown), going_on | {"prompt": "on it goes, faster"}],
        [existing(shown), {"id": "c", "prompt": "after it", "continue_from": "a"}],
    ):
        async with open_session(load_settings()) as session:
            with pytest.raises(ProductionError, match="the account has no generation"):
                await session.plan(film(files, *scenes))
    assert len(sandbox.books()["creates"]) == 3


@pytest.mark.long
async def test_a_generation_of_the_other_api_is_named(at_sandbox: Path, sandbox: Sandbox, files: Path) -> None:
    """A generation that another API of the account has is refused with the model to write; so written, it is shown."""
    there = ray_3(sandbox)
    async with open_session(load_settings()) as session:
        with pytest.raises(ProductionError) as refused:
            await session.plan(film(files, existing(there)))
        assert "write model: ray-3 into this scene" in refused.value.problems[0].hint
        plan, _ = await session.plan(film(files, existing(there, model="ray-3")))
    assert (plan.shots[0].form, float(plan.shots[0].seconds)) == ("ray-3 640×360", 5)


async def test_a_lookup_without_a_network_is_a_note(
    workplace: Path, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the service cannot be asked, the plan is as the production says, at no cost, and a note says so."""
    monkeypatch.setenv("LUMAAI_BASE_URL", "http://127.0.0.1:9/dream-machine/v1")
    nobody = "123e4567-e89b-12d3-a456-426614174000"
    async with open_session(load_settings()) as session:
        plan, _ = await session.plan(film(files, existing(nobody, duration=9)))
    assert (plan.shots[0].form, float(plan.shots[0].seconds), plan.total) == ("ray-flash-2 540p", 9, 0)
    assert any("could not be looked up" in str(note) and nobody in str(note) for note in plan.notes)


async def test_without_a_service_nothing_is_asked(workplace: Path, files: Path) -> None:
    """Without a key the sandbox is not started for a plan; one note says what a run looks up before its first order."""
    scenes = [existing(NOBODY), {"id": "b", "prompt": "on it goes", "continue_from": NOBODY}]
    async with open_session(load_settings()) as session:
        plan, _ = await session.plan(film(files, *scenes))
    assert [str(note) for note in plan.notes] == [
        f"scenes 'a', 'b': the generation {NOBODY} is not looked up yet (the sandbox is not running): a run does so "
        "before its first order, and buys nothing if one is not there"
    ]
    assert not (workplace / ".studio" / "sandbox").exists()


async def test_an_api_without_a_key_is_asked_by_the_run(
    workplace: Path, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A generation of a service that has no key is named in the note, with the service."""
    monkeypatch.setenv("LUMAAI_API_KEY", "k")
    async with open_session(load_settings()) as session:
        plan, _ = await session.plan(film(files, existing(NOBODY, model="ray-3")))
    assert any("not looked up yet (there is no key for Luma's Agents API)" in str(note) for note in plan.notes)


@pytest.mark.long
@pytest.mark.parametrize("model", ["ray-flash-2", "ray-3"])
@pytest.mark.parametrize("start", [False, True], ids=["asked by the run", "asked by its plan"])
async def test_the_sandbox_is_asked_before_the_first_order(
    workplace: Path, files: Path, model: str, start: bool
) -> None:
    """A run in the sandbox that names a generation that is not there buys nothing, of either service."""
    scenes = [
        {"id": "bought", "prompt": "a harbour"},
        {"id": "a", "prompt": "on it goes", "model": model, "continue_from": NOBODY},
        {"id": "b", "generation": NOBODY, "model": model},
    ]
    async with open_session(load_settings()) as session:

        async def run() -> None:
            plan, seeds = await session.plan(film(files, *scenes), start=start)
            assert not start, "refused by the plan"
            now = datetime.now(UTC)
            await Run(session, plan, seeds, run_id="r", out=workplace / "o", budget=None, started_at=now).begin()

        with pytest.raises(ProductionError) as refused:
            await run()
        assert session.ledger.is_empty()
        with pytest.raises(ProductionError):  # the sandbox runs now, so that every further plan says it
            await session.plan(film(files, *scenes))
    told = refused.value.problems
    assert [p.where for p in told] == ["scene 'a', field 'continue_from'", "scene 'b', field 'generation'"]
    assert {p.message for p in told} == {f"the sandbox has no generation {NOBODY}"}
    assert all("where its key is set" in p.hint for p in told)


@pytest.mark.long
async def test_a_service_that_does_not_answer_sells_nothing(
    workplace: Path, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run asks again for a generation that could not be looked up for the plan, and is refused without an answer. A
    run that buys nothing goes on."""
    monkeypatch.setenv("LUMAAI_BASE_URL", "http://127.0.0.1:9/dream-machine/v1")
    monkeypatch.setenv("LUMA_BASE_URL", "http://127.0.0.1:9/v1")
    for scenes in ([existing(NOBODY), {"id": "bought", "prompt": "a harbour", "model": "ray-3"}], [existing(NOBODY)]):
        async with open_session(load_settings()) as session:
            plan, seeds = await session.plan(film(files, *scenes))
            now = datetime.now(UTC)
            run = Run(session, plan, seeds, run_id="r", out=workplace / "o", budget=None, started_at=now)
            if plan.to_buy:
                with pytest.raises(ServiceError, match=r"could not be looked up .*and nothing was bought") as refused:
                    await run.begin()
                assert refused.value.where == "scene 'a', field 'generation'"
                assert session.ledger.is_empty()
            else:
                await run.begin()
