"""Takes: clips that become stale by a parent's new take, the price of fresh ones, and the list of takes."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from studio.errors import BadInput
from studio.execution.record import ShotResult, make_record
from studio.execution.run import Run
from studio.execution.session import Session, open_session
from studio.planning.keys import named
from studio.planning.plan import Plan, Shot, ShotState, Source
from studio.production import Production
from studio.settings import load_settings
from studio.wording import Surface, asked_from
from tests.media.clips import moving, write_frames
from tests.support.productions import film, scene
from tests.support.running import command

CHAIN = (scene("a"), scene("b", continue_from="a"), scene("c", continue_from="b"), scene("d"))


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_frames(tmp_path / "clip.mp4", moving(12))


def buy(session: Session, shot: Shot, clip: Path) -> None:
    """Buy and fetch the shot."""
    wanted = shot.intent("a-film", "sandbox")
    session.ledger.reserve(wanted, run="r", caps=[])
    session.ledger.submitted(shot.key, 1, f"g-{shot.key[:8]}")
    session.ledger.completed(shot.key, f"g-{shot.key[:8]}")
    copy = clip.with_name(f"{shot.key[:8]}.mp4")
    copy.write_bytes(clip.read_bytes())
    session.ledger.keep_clip(shot.key, session.store.adopt(copy))


async def bought(session: Session, production: Production, clip: Path, **options: Any) -> Plan:
    """The plan, after everything that it would buy was bought."""
    plan, _ = await session.plan(production, **options)
    for shot in plan.shots:
        if shot.state is ShotState.NEW:
            buy(session, shot, clip)
    return plan


def states(plan: Plan) -> dict[str, str]:
    return {s.id: s.state.value for s in plan.shots}


@pytest.mark.parametrize("asked", [{"retake": ("there",)}, {"takes": {"there": 2}}], ids=["retake", "take"])
async def test_what_is_there_already_has_no_takes(workplace: Path, asked: dict[str, Any]) -> None:
    """Asking a scene that shows an existing generation, or a finished clip, for a take is refused, not ignored."""
    for field, value in (("generation", "123e4567-e89b-12d3-a456-426614174000"), ("clip", "gone.mp4")):
        written = film({"id": "there", field: value}, scene("a"))
        async with open_session(load_settings()) as session:
            with pytest.raises(BadInput, match=r"scene 'there' shows an? .*: it has no takes") as refused:
                await session.plan(written, **asked)
            assert f"write a prompt in place of its {field}:" in refused.value.hint


async def test_a_new_take_of_a_parent_leaves_its_children_stale(workplace: Path, clip: Path) -> None:
    """Only the parent is bought; its children are used as they are, and the plan tells the price of fresh ones."""
    async with open_session(load_settings()) as session:
        first = await bought(session, film(*CHAIN), clip)
        again, _ = await session.plan(film(*CHAIN), retake=("a",))
        assert states(again) == {"a": "new", "b": "stale", "c": "stale", "d": "cached"}
        assert again.to_pay == Decimal("0.71")
        assert [again.shot(s).key for s in "bc"] == [first.shot(s).key for s in "bc"]
        with asked_from(Surface.COMMAND):
            notes = [str(note) for note in again.notes]
        assert [n for n in notes if "scene 'b' is stale" in n and "costs $0.71: --renew b" in n]


async def test_a_plan_as_json_has_its_notes_in_the_words_of_the_command(workplace: Path, clip: Path) -> None:
    """``--plan --json`` tells what is stale as the table does, with the flag that buys it anew."""
    async with open_session(load_settings()) as session:
        await bought(session, film(*CHAIN), clip)
    (workplace / "film.json").write_text(film(*CHAIN).model_dump_json(exclude_unset=True))
    asked = command(workplace, "film.json", "--retake", "a", "--plan", "--json")
    assert asked.returncode == 0, asked.stderr
    notes = json.loads(asked.stdout)["notes"]
    assert [n for n in notes if "scene 'b' is stale" in n and "costs $0.71: --renew b" in n]


async def test_a_scene_whose_zeros_were_lost_stays_stale(workplace: Path, clip: Path) -> None:
    """A clip bought for scene 2 counts for 002, as it is written: a new take of 001 does not buy it again."""
    earlier = film(scene("1", prompt="a boat"), scene("2", prompt="a quay", continue_from="1"))
    async with open_session(load_settings()) as session:
        await bought(session, earlier, clip)
        written = film(scene("001", prompt="a boat"), scene("002", prompt="a quay", continue_from="001"))
        assert states((await session.plan(written))[0]) == {"001": "cached", "002": "cached"}
        again, _ = await session.plan(written, retake=("001",))
        assert states(again) == {"001": "new", "002": "stale"}


async def test_a_bridge_in_its_earlier_form_is_stale_like_any_other(workplace: Path, clip: Path) -> None:
    """A bridge bought by ids, as in earlier versions, is used, and is left stale by a parent's new take."""
    three = {"model": "ray-3"}
    scenes = (scene("a", **three), scene("bridge", continue_from="a", lead_into="c", **three), scene("c", **three))
    async with open_session(load_settings()) as session:
        plan, _ = await session.plan(film(*scenes))
        keys = {s.id: s.key for s in plan.shots}
        by_ids = replace(plan.shot("bridge"), start=Source("shot", "a"), end=Source("shot", "c"))
        bridge = named(by_ids, keys.__getitem__)
        for shot in (plan.shot("a"), plan.shot("c"), bridge):
            buy(session, shot, clip)
        again, _ = await session.plan(film(*scenes))
        assert set(states(again).values()) == {"cached"}
        assert again.shot("bridge").key == bridge.key != keys["bridge"]
        retaken, _ = await session.plan(film(*scenes), retake=("a",))
        assert states(retaken) == {"a": "new", "c": "cached", "bridge": "stale"}
        assert retaken.shot("bridge").key == bridge.key


async def test_stale_clips_are_renewed_when_asked_for(workplace: Path, clip: Path) -> None:
    """One scene or all are renewed from the parent's new take, and the children of a renewed one are stale then."""
    async with open_session(load_settings()) as session:
        await bought(session, film(*CHAIN), clip)
        one, _ = await session.plan(film(*CHAIN), retake=("a",), renew=("b",))
        assert states(one) == {"a": "new", "b": "new", "c": "stale", "d": "cached"}
        assert one.shot("b").request["keyframes"]["frame0"]["order"] == one.shot("a").key
        everything, _ = await session.plan(film(*CHAIN), retake=("a",), renew=("all",))
        assert states(everything) == {"a": "new", "b": "new", "c": "new", "d": "cached"}
        await bought(session, film(*CHAIN), clip, retake=("a",), renew=("all",))
        kept, _ = await session.plan(film(*CHAIN), takes={"a": 2})
        assert set(states(kept).values()) == {"cached"}


async def test_what_is_new_hangs_on_the_stale_clip(workplace: Path, clip: Path) -> None:
    """A scene that was never made continues the stale clip that the film shows, not one that was not bought."""
    async with open_session(load_settings()) as session:
        first = await bought(session, film(*CHAIN[:2]), clip)
        again, _ = await session.plan(film(*CHAIN), takes={"a": 2})
        assert states(again) == {"a": "new", "b": "stale", "c": "new", "d": "new"}
        assert again.shot("c").request["keyframes"]["frame0"]["order"] == first.shot("b").key
        assert again.shot("c") == named(again.shot("c"), {"b": first.shot("b").key}.__getitem__)


async def test_one_parent_stale_and_the_other_new(workplace: Path, clip: Path) -> None:
    """A bridge from a stale clip to a new take is left stale, too: it is bought only when asked for."""
    scenes = (*CHAIN[:2], scene("bridge", continue_from="b", lead_into="d"), scene("d"))
    async with open_session(load_settings()) as session:
        await bought(session, film(*scenes), clip)
        plan, _ = await session.plan(film(*scenes), retake=("a", "d"))
        assert states(plan) == {"a": "new", "b": "stale", "bridge": "stale", "d": "new"}
        asked, _ = await session.plan(film(*scenes), retake=("a", "d"), renew=("bridge",))
        assert states(asked) == {"a": "new", "b": "stale", "bridge": "new", "d": "new"}
        frames = asked.shot("bridge").request["keyframes"]
        assert frames["frame1"]["order"] == asked.shot("d").key
        assert frames["frame0"]["order"] == asked.shot("b").key == plan.shot("b").key


async def test_an_edit_is_no_take(workplace: Path, clip: Path) -> None:
    """An edited prompt makes new clips of the scene and of everything made from it."""
    async with open_session(load_settings()) as session:
        await bought(session, film(*CHAIN), clip)
        edited = film({**scene("a"), "prompt": "something else"}, *CHAIN[1:])
        plan, _ = await session.plan(edited)
        assert states(plan) == {"a": "new", "b": "new", "c": "new", "d": "cached"}


async def test_a_stale_clip_that_is_gone_is_bought_anew(workplace: Path, clip: Path) -> None:
    """A stale clip whose file is missing cannot be used, so the fresh one is bought."""
    async with open_session(load_settings()) as session:
        first = await bought(session, film(*CHAIN), clip)
        row = session.ledger.order(first.shot("b").key)
        assert row is not None
        assert row.clip is not None
        session.store.path(row.clip).unlink()
        again, _ = await session.plan(film(*CHAIN), retake=("a",))
        assert states(again)["b"] == "new"


async def test_all_takes_are_told(workplace: Path, clip: Path) -> None:
    """The record of a run has every take of a shot, the one that the film shows, and the place of each clip."""
    async with open_session(load_settings()) as session:
        await bought(session, film(*CHAIN), clip)
        await bought(session, film(*CHAIN), clip, retake=("a",))
        plan, seeds = await session.plan(film(*CHAIN), takes={"a": 2})
        run = Run(session, plan, seeds, run_id="r2", out=workplace, budget=None, started_at=datetime.now(UTC))
        record = make_record(run, {s.id: ShotResult(s) for s in plan.shots})
        by_id = {s.id: s for s in record.shots}
        assert [(t.take, t.used, t.price) for t in by_id["a"].takes] == [
            (1, False, Decimal("0.71")), (2, True, Decimal("0.71"))
        ]  # fmt: skip
        assert all(t.clip is not None and t.clip.is_file() for t in by_id["a"].takes)
        assert (by_id["d"].takes, by_id["d"].stale) == ((), "")
        assert "another take" in by_id["b"].stale


async def test_all_takes_of_a_stale_clip_are_told(workplace: Path, clip: Path) -> None:
    """A clip that is stale has the takes that it had before its source was made again."""
    async with open_session(load_settings()) as session:
        await bought(session, film(*CHAIN), clip)
        await bought(session, film(*CHAIN), clip, retake=("b",))
        await bought(session, film(*CHAIN), clip, retake=("a",))
        plan, seeds = await session.plan(film(*CHAIN), takes={"a": 2, "b": 2})
        assert states(plan)["b"] == "stale"
        run = Run(session, plan, seeds, run_id="r3", out=workplace, budget=None, started_at=datetime.now(UTC))
        record = make_record(run, {s.id: ShotResult(s) for s in plan.shots})
        told = next(s for s in record.shots if s.id == "b")
        assert [(t.take, t.used) for t in told.takes] == [(1, False), (2, True)]
