"""Retries: one table of steps and one rule for failed generations, used by flow and library."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from prefect import Task
from prefect.client.schemas.objects import TaskRun
from prefect.states import Completed, Failed

from studio import errors
from studio.errors import GenerationFailed, Moderated, NotFound, NotSent, ProductionError, ServiceFailed, StudioError
from studio.execution.executor import PlainSteps, execute, publish_assets
from studio.execution.progress import Listener, listener
from studio.execution.retries import FETCH, GENERATE, PUBLISH, Attempts, Retry
from studio.execution.run import Run
from studio.execution.session import open_session
from studio.planning.plan import Plan
from studio.production import Production
from studio.settings import load_settings
from tasks.download import download
from tasks.generate import generate
from tasks.publish import publish_asset
from tests.support.productions import film, scene
from tests.support.running import Sandbox, charged

STEPS: dict[str, tuple[Task[..., Any], Retry]] = {
    "publish": (publish_asset, PUBLISH), "generate": (generate, GENERATE), "fetch": (download, FETCH),
}  # fmt: skip
NAPS: list[float] = []


async def nap(seconds: float) -> None:
    NAPS.append(seconds)


async def carried_out(run: Run) -> None:
    """Carry out a run's plan as the library does, and raise its first failure."""
    steps = PlainSteps(sleep=nap)
    made = await execute(run, steps, await publish_assets(run, steps))
    for result in made.results.values():
        if result.error is not None:
            raise result.error


@pytest.fixture(autouse=True)
def naps() -> Iterator[list[float]]:
    """The pauses of a test that sleeps by ``nap``."""
    NAPS.clear()
    yield NAPS
    NAPS.clear()


def every_error() -> list[Exception]:
    """One error of each class of the tree, and one bug of ours."""
    more = {
        "OverBudget": {"cap": Decimal(1), "needed": Decimal(2)}, "InDoubt": {"order": "o"},
        "Incomplete": {"missing": ()}, "RowsFailed": {"rows": (), "exit_status": 1},
        **{name: {"reason": "r"} for name in ("GenerationFailed", "Moderated", "ServiceFailed")},
    }  # fmt: skip
    found: list[Exception] = [ValueError("ours")]
    for name, kind in vars(errors).items():
        if isinstance(kind, type) and issubclass(kind, StudioError):
            found.append(kind([]) if name == "ProductionError" else kind("x", **more.get(name, {})))
    return found


@pytest.mark.parametrize("step", STEPS)
async def test_flow_and_library_try_the_same_again(step: str, naps: list[float]) -> None:
    """For every kind of error, a flow's task and a library's call are retried alike, after equal pauses.

    A refused create, and one that may have been sent, is retried by neither.
    """
    task, retry = STEPS[step]
    assert task.retries == len(retry.pauses)
    assert tuple(task.retry_delay_seconds) == retry.pauses
    again = {}
    for error in every_error():
        naps.clear()

        async def fails(error: Exception = error) -> None:
            raise error

        with pytest.raises(type(error)):
            await retry.calling(fails, sleep=nap)
        assert naps in ([], list(retry.pauses))
        flow = await task.retry_condition_fn(task, TaskRun.model_construct(), Failed(data=error))
        assert flow is bool(naps)
        again[type(error).__name__] = flow
    assert await task.retry_condition_fn(task, TaskRun.model_construct(), Completed(data=None)) is False
    never = {
        "Refused",
        "NotFound",
        "Unauthorized",
        "OutOfCredit",
        "InDoubt",
        "OverBudget",
        "GenerationFailed",
        "ValueError",
    }
    assert not any(again[name] for name in never)
    repeated = {"ServiceError", "NotSent", "RateLimited"}
    assert step != "generate" or {name for name, tried in again.items() if tried} == repeated


async def test_a_call_that_comes_good_is_done(naps: list[float]) -> None:
    """A call that succeeds after a pause returns its own result, without a further pause."""
    left = [NotSent("down"), NotSent("down")]

    async def call() -> str:
        if left:
            raise left.pop()
        return "there"

    assert await GENERATE.calling(call, sleep=nap) == "there"
    assert naps == [1.0, 5.0]


MODERATION, SERVICE, OTHER = (
    Moderated("x", reason="r"),
    ServiceFailed("x", reason="r"),
    GenerationFailed("x", reason="r"),
)


@pytest.mark.parametrize(
    ("error", "attempt", "failed", "again"),
    [
        (SERVICE, 1, 1, True), (SERVICE, 7, 2, True), (SERVICE, 3, 4, False), (MODERATION, 1, 1, True),
        (MODERATION, 2, 1, False), (OTHER, 1, 1, False), (None, 1, 1, False), (NotFound("x"), 1, 1, False),
    ],
)  # fmt: skip
def test_what_is_ordered_again(error: Exception | None, attempt: int, failed: int, *, again: bool) -> None:
    """The service's failures and moderation's refusals are ordered again up to their limits; a pinned shot never is."""
    rule = Attempts(most=3, moderated=1)
    assert rule.again(error, attempt=attempt, failed=failed, pinned=False) is again
    assert rule.again(error, attempt=attempt, failed=failed, pinned=True) is False


class Heard(Listener):
    """Remembers the states of shots."""

    def __init__(self) -> None:
        self.states: list[str] = []

    def shot(self, shot_id: str, state: str, detail: str = "") -> None:
        self.states.append(state)


def failed_generation(sandbox: Sandbox, reason: str) -> str:
    """The id of a generation that the sandbox has failed."""
    faults = [{"kind": "fails", "reason": reason}]
    httpx.put(f"{sandbox.origin}/sandbox/faults", json=faults, trust_env=False).raise_for_status()
    body = {"model": "ray-flash-2", "prompt": "a harbour", "resolution": "540p", "duration": "5s"}
    headers = {"authorization": "Bearer k"}
    made = httpx.post(f"{sandbox.url}/generations/video", json=body, headers=headers, trust_env=False).json()["id"]
    httpx.put(f"{sandbox.origin}/sandbox/faults", json=[], trust_env=False).raise_for_status()
    return made


REASONS = pytest.mark.parametrize(
    "reason", ["Job failed", "Advanced prompt moderation failed", "Failed to read user input frames"]
)


NOBODY = "123e4567-e89b-12d3-a456-426614174000"


async def planned_blindly(production: Production, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """The plan of a production whose service could not be asked for the generations that it names."""
    monkeypatch.setenv("LUMAAI_BASE_URL", "http://127.0.0.1:9/dream-machine/v1")
    async with open_session(load_settings()) as session:
        plan, _ = await session.plan(production)
    assert any("could not be looked up" in str(note) for note in plan.notes)
    return plan


@pytest.mark.long
@pytest.mark.timeout(600)
@REASONS
async def test_a_pinned_generation_that_failed_is_not_ordered_again(
    sandbox: Sandbox,
    workplace: Path,
    prefect_server: None,
    monkeypatch: pytest.MonkeyPatch,
    reason: str,
) -> None:
    """A scene that names a failed generation is one error with scene, field and hint, when it is planned, or in the run
    where it could not be looked up before; nothing is bought, or reported as ordered again."""
    from flows.produce import produce

    pinned = failed_generation(sandbox, reason)
    production = film(scene("a", generation=pinned), model="ray-flash-2", resolution="540p")
    plan = await planned_blindly(production, monkeypatch)
    monkeypatch.setenv("LUMAAI_BASE_URL", sandbox.url)
    heard = Heard()
    token = listener.set(heard)
    told = f"scene 'a', field 'generation': generation {pinned} failed at the service: {reason}"
    with pytest.raises(ProductionError) as refused:
        await produce(production=production, out="one")
    async with open_session(load_settings()) as session:
        run = Run(session, plan, {}, run_id="r", out=workplace, budget=None, started_at=datetime.now(UTC))
        await run.begin()
        with pytest.raises(GenerationFailed) as failure:
            await carried_out(run)
        assert session.ledger.is_empty()
    listener.reset(token)
    assert type(failure.value) is GenerationFailed
    assert str(failure.value).startswith(told)
    assert str(refused.value).startswith(told)
    assert "completed" in failure.value.hint
    assert "completed" in refused.value.problems[0].hint
    assert "ordering again" not in heard.states
    assert len(sandbox.books()["creates"]) == 1
    assert charged(sandbox) == 0


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_a_pinned_generation_that_is_not_there(
    sandbox: Sandbox,
    workplace: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A scene that names a generation of another account is one error with scene, field and hint, in the run too."""
    plan = await planned_blindly(film(scene("a", generation=NOBODY)), monkeypatch)
    monkeypatch.setenv("LUMAAI_BASE_URL", sandbox.url)
    async with open_session(load_settings()) as session:
        run = Run(session, plan, {}, run_id="r", out=workplace, budget=None, started_at=datetime.now(UTC))
        await run.begin()
        with pytest.raises(NotFound, match=f"the account has no generation {NOBODY}") as error:
            await carried_out(run)
    assert error.value.where == "scene 'a', field 'generation'"
    assert "nothing was bought" in error.value.hint
