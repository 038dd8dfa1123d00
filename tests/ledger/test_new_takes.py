"""New takes that were asked for: each is bought once, until a run of the same command has made its film."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from studio.errors import LedgerError
from studio.execution.run import Run
from studio.execution.session import Session, open_session
from studio.failures import FailureClass
from studio.ledger.new_takes import keep_retakes, open_retakes, withdraw
from studio.planning.plan import Plan, ShotState
from studio.settings import load_settings
from tests.support.productions import film, scene
from tests.support.running import Sandbox, chain, command

TWO = film(scene("one"), scene("three"), title="Two")


async def begin(session: Session, run: str, *retake: str, folder: Path) -> Plan:
    """Begin a run, whose takes are recorded in the ledger."""
    plan, seeds = await session.plan(TWO, retake=retake, run=run)
    it = Run(session, plan, seeds, run_id=run, out=folder / run, budget=None, started_at=datetime.now(UTC))
    await it.begin()
    return plan


def buy(session: Session, plan: Plan, *scenes: str, run: str, clip: str = "c" * 64) -> None:
    for shot in plan.shots:
        if shot.scene in scenes and shot.state is ShotState.NEW:
            session.ledger.reserve(shot.intent("two", "sandbox"), run=run, caps=[])
            session.ledger.submitted(shot.key, 1, f"g-{shot.key[:8]}")
            session.ledger.completed(shot.key, f"g-{shot.key[:8]}")
            session.ledger.keep_clip(shot.key, clip)


def end(session: Session, plan: Plan, run: str, folder: Path, *, film: bool = True) -> None:
    it = Run(session, plan, {}, run_id=run, out=folder / run, budget=None, started_at=datetime.now(UTC))
    it.end({s.id for s in plan.shots}, film=film)


def takes(plan: Plan) -> dict[str, int]:
    return {s.scene: s.take for s in plan.shots}


@pytest.fixture
def local(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Runs use a server on this machine, which gets no request."""
    monkeypatch.setenv("LUMAAI_BASE_URL", "http://127.0.0.1:9/dream-machine/v1")
    return workplace


async def test_the_same_command_goes_on_with_its_takes(local: Path) -> None:
    """The same command resumes its two takes, if the first clip was fetched and the second refused."""
    async with open_session(load_settings()) as session:
        first = await begin(session, "r1", folder=local)
        buy(session, first, "one", "three", run="r1")
        end(session, first, "r1", local)
        second = await begin(session, "r2", "one", "three", folder=local)
        assert takes(second) == {"one": 2, "three": 2}
        buy(session, second, "one", run="r2")
        end(session, second, "r2", local, film=False)
        again = await begin(session, "r3", "three", "one", folder=local)
        assert takes(again) == {"one": 2, "three": 2}
        buy(session, again, "three", run="r3")
        end(session, again, "r3", local)
        assert takes(await begin(session, "r4", "one", "three", folder=local)) == {"one": 3, "three": 3}


async def test_another_command_uses_the_take_that_nobody_has_a_film_of(local: Path) -> None:
    """A scene's new take that is bought and in no film yet is used by the next command that asks for one."""
    async with open_session(load_settings()) as session:
        first = await begin(session, "r1", folder=local)
        buy(session, first, "one", "three", run="r1")
        end(session, first, "r1", local)
        second = await begin(session, "r2", "one", "three", folder=local)
        buy(session, second, "one", run="r2")
        alone = await begin(session, "r3", "one", folder=local)
        assert takes(alone) == {"one": 2, "three": 1}
        end(session, alone, "r3", local)
        assert takes(await begin(session, "r4", "one", folder=local))["one"] == 3
        assert takes(await begin(session, "r5", "one", "three", folder=local)) == {"one": 2, "three": 2}


async def test_a_flow_run_that_is_retried_keeps_its_takes(local: Path) -> None:
    """A flow run that Prefect retries keeps its takes, also after a film; a copy of the run makes new ones."""
    async with open_session(load_settings()) as session:
        first = await begin(session, "r1", folder=local)
        buy(session, first, "one", "three", run="r1")
        end(session, first, "r1", local)
        second = await begin(session, "r2", "one", folder=local)
        buy(session, second, "one", run="r2")
        end(session, second, "r2", local)
        assert takes(await begin(session, "r2", "one", folder=local))["one"] == 2
        assert takes(await begin(session, "a copy", "one", folder=local))["one"] == 3


async def test_a_run_that_is_retried_keeps_a_take_that_another_run_bought(local: Path) -> None:
    """A run that is retried keeps the take that it made a film with, even if a killed run bought it."""
    async with open_session(load_settings()) as session:
        first = await begin(session, "r1", folder=local)
        buy(session, first, "one", "three", run="r1")
        end(session, first, "r1", local)
        killed = await begin(session, "r2", "one", folder=local)
        buy(session, killed, "one", run="r2")
        again = await begin(session, "r3", "one", folder=local)
        end(session, again, "r3", local)
        assert takes(await begin(session, "r3", "one", folder=local))["one"] == 2


async def test_a_withdrawn_take_is_not_gone_on_with(local: Path) -> None:
    """The same command makes another take after ``--withdraw``."""
    async with open_session(load_settings()) as session:
        first = await begin(session, "r1", folder=local)
        buy(session, first, "one", "three", run="r1")
        end(session, first, "r1", local)
        second = await begin(session, "r2", "one", folder=local)
        buy(session, second, "one", run="r2")
        (asked,) = open_retakes(session.ledger, "local")
        assert (asked.scene, asked.take, asked.run) == ("one", 2, "r2")
        assert withdraw(session.ledger, "local", "two", "one") == 1
        assert takes(await begin(session, "r3", "one", folder=local))["one"] == 3


async def test_a_take_is_withdrawn_alone(local: Path) -> None:
    """Withdrawing one scene's new take leaves the other scenes' as they are."""
    async with open_session(load_settings()) as session:
        await begin(session, "r1", "one", "three", folder=local)
        withdraw(session.ledger, "local", "two", "one")
        assert [r.scene for r in open_retakes(session.ledger, "local")] == ["three"]


async def test_a_take_that_is_gone_is_not_gone_on_with(local: Path) -> None:
    """A new take is another one if the earlier one's generation is no longer at the service, as the error says."""
    async with open_session(load_settings()) as session:
        first = await begin(session, "r1", folder=local)
        shot = next(s for s in first.shots if s.scene == "one")
        session.ledger.reserve(shot.intent("two", "local"), run="r1", caps=[])
        session.ledger.submitted(shot.key, 1, "g-gone")
        session.ledger.gone(shot.key, "g-gone")
        assert takes(await begin(session, "r2", "one", folder=local))["one"] == 2


async def test_a_take_that_moderation_refused_is_over(local: Path) -> None:
    """The same command makes another take after moderation refused one, as the error says."""
    async with open_session(load_settings()) as session:
        first = await begin(session, "r1", folder=local)
        buy(session, first, "one", "three", run="r1")
        end(session, first, "r1", local)
        second = await begin(session, "r2", "one", folder=local)
        shot = next(s for s in second.shots if s.scene == "one")
        session.ledger.reserve(shot.intent("two", "local"), run="r2", caps=[])
        session.ledger.submitted(shot.key, 1, "g-refused")
        session.ledger.failed(shot.key, "g-refused", "Frame moderation failed", FailureClass.MODERATION)
        assert takes(await begin(session, "r3", "one", folder=local))["one"] == 3


async def test_two_runs_of_one_command_agree_on_the_take(local: Path) -> None:
    """One of two runs that start at once records its take; the other uses it, or is told about it."""
    async with open_session(load_settings()) as session:
        await begin(session, "r1", "one", folder=local)
        (asked,) = open_retakes(session.ledger, "local")
        keep_retakes(session.ledger, "two", "local", asked.command, "r2", {"one": asked.take})
        with pytest.raises(LedgerError, match=f"makes take {asked.take} of scene 'one'"):
            keep_retakes(session.ledger, "two", "local", asked.command, "r3", {"one": asked.take + 1})
        assert len(open_retakes(session.ledger, "local")) == 1


async def test_takes_that_were_asked_for_together_end_together(local: Path) -> None:
    """A film with a slate for one of two new takes ends neither: the same command resumes both."""
    async with open_session(load_settings()) as session:
        first = await begin(session, "r1", folder=local)
        buy(session, first, "one", "three", run="r1")
        end(session, first, "r1", local)
        second = await begin(session, "r2", "one", "three", folder=local)
        buy(session, second, "one", run="r2")
        it = Run(session, second, {}, run_id="r2", out=local, budget=None, started_at=datetime.now(UTC))
        it.end({s.id for s in second.shots if s.scene == "one"}, film=True)
        assert takes(await begin(session, "r3", "one", "three", folder=local)) == {"one": 2, "three": 2}


async def test_another_title_asks_for_no_other_take(local: Path) -> None:
    """Begun takes are resumed by the same command, even if the title was changed meanwhile."""
    async with open_session(load_settings()) as session:
        first = await begin(session, "r1", folder=local)
        buy(session, first, "one", "three", run="r1")
        end(session, first, "r1", local)
        second = await begin(session, "r2", "one", "three", folder=local)
        buy(session, second, "one", run="r2")
        end(session, second, "r2", local, film=False)
        renamed = TWO.model_copy(update={"title": "Zwei", "slug": "zwei"})
        plan, _ = await session.plan(renamed, retake=("one", "three"))
        assert takes(plan) == {"one": 2, "three": 2}


@pytest.mark.long
def test_a_refused_retake_costs_its_price_once(workplace: Path, sandbox: Sandbox, prefect_server: None) -> None:
    """The same command buys only the second of two retakes if that one lacked credit, as its message says."""
    written = chain(b={"continue_from": None}, c={"continue_from": None})
    (workplace / "film.json").write_text(written.model_dump_json(exclude_defaults=True))
    made = command(workplace, "film.json", LUMAAI_BASE_URL=sandbox.url)
    assert made.returncode == 0, made.stderr
    fault = [{"kind": "no_credit", "containing": "the open sea", "times": 1}]
    httpx.post(f"{sandbox.origin}/sandbox/faults", json=fault, trust_env=False).raise_for_status()
    wanted = ("film.json", "--retake", "a", "--retake", "c")
    refused = command(workplace, *wanted, LUMAAI_BASE_URL=sandbox.url)
    assert refused.returncode == 1, refused.stderr
    assert "run the same command again" in refused.stderr
    again = command(workplace, *wanted, LUMAAI_BASE_URL=sandbox.url)
    assert again.returncode == 0, again.stderr
    assert sorted(sandbox.prompts()) == sorted(
        2 * ["a harbour at dawn", "the open sea"] + ["a boat leaves the harbour"]
    )
