"""Faults of one generation: it fails, stays, comes late, or comes as another size than was ordered."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import Any

import lumaai
import pytest
from PIL import Image

from luma_sandbox.clock import HandClock
from luma_sandbox.faults import CODES, REASONS, SEEN_REASONS, Plan
from luma_sandbox.server_state import Options
from studio.media.clip import examine
from tests.support.sandbox_in_process import opened
from tests.support.sandbox_wire import Wire, agents, served


@pytest.mark.parametrize("reason", [*REASONS, *SEEN_REASONS, "The sea was too rough: 100% of it \U0001f30a"])
async def test_every_failure_reason(wire: Wire, reason: str) -> None:
    """A generation that is to fail is accepted and charged, then fails with that reason and is refunded in full."""
    await wire.faults({"kind": "fails", "reason": reason})
    failed = await wire.ended((await wire.create()).id)
    assert (failed.state, failed.failure_reason) == ("failed", reason)
    account = wire.server_state.books.account()
    assert (account.charged, account.refunded) == (40, 40)


async def test_stuck_in_dreaming_outlives_a_restart(tmp_path: Path) -> None:
    """A stuck generation stays dreaming, also in the next server, which does not know the plan."""
    async with served(tmp_path, {"faults": [{"kind": "stuck", "nth": 1}]}) as first:
        stuck, fine = await first.create(), await first.create()
        assert (await first.ended(fine.id)).state == "completed"
    async with served(tmp_path) as second:
        await second.comes_to(stuck.id, "dreaming")
        await asyncio.sleep(0.2)
        assert (await second.luma.generations.get(str(stuck.id))).state == "dreaming"
        assert second.server_state.books.account().refunded == 0


async def test_a_failure_to_come_outlives_a_restart(tmp_path: Path) -> None:
    """A planned failure comes in the next server, with its reason, and is refunded."""
    plan = Plan.model_validate({"faults": [{"kind": "fails", "reason": "Error dispatching job"}]})
    async with opened(tmp_path, Options(plan=plan)) as first:
        made = await first.create()
    async with opened(tmp_path) as second:
        (failed,) = await second.finish(made)
        assert (failed.state, failed.failure_reason) == ("failed", "Error dispatching job")
        assert second.server_state.books.account().balance == 100_000


async def test_finished_late(tmp_path: Path) -> None:
    """A late generation is dreaming past its time, and then completes."""
    clock = HandClock()
    async with served(tmp_path, clock=clock) as wire:
        await wire.faults({"kind": "late", "seconds": 40, "nth": 1})
        late, other = await wire.create(), await wire.create()
        assert (await wire.ended(other.id)).state == "completed"
        assert (await wire.comes_to(late.id, "dreaming")).state == "dreaming"
        clock.advance(39)
        await wire.ended((await wire.create()).id)
        assert (await wire.luma.generations.get(str(late.id))).state == "dreaming"
        clock.advance(1)
        assert (await wire.ended(late.id)).state == "completed"


def sized(**fault: Any) -> Options:
    """A sandbox that makes something else than was ordered."""
    return Options(latency=0.0, plan=Plan.model_validate({"faults": [{"kind": "odd_clip", **fault}]}))


async def test_an_odd_clip(tmp_path: Path) -> None:
    """A clip ordered as 5 s at 540p and its larger version complete as two frames of 64×48, and are charged."""
    async with opened(tmp_path / "home", sized()) as sandbox:
        (made,) = await sandbox.finish(await sandbox.create())
        (larger,) = await sandbox.finish(await sandbox.luma.generations.upscale(str(made.id), resolution="1080p"))
        clips = [examine(await sandbox.download(one, tmp_path / f"{one.id}.mp4")) for one in (made, larger)]
        charged = sandbox.server_state.books.account().charged
    assert [(clip.width, clip.height, clip.frames) for clip in clips] == [(64, 48, 2)] * 2
    assert charged > 40


async def test_an_odd_still(tmp_path: Path) -> None:
    """A still can be made in another size than was ordered."""
    async with opened(tmp_path / "home", sized(on="create.image", width=320, height=180)) as sandbox:
        made = await sandbox.luma.generations.image.create(model="photon-1", prompt="a lake at dawn")
        (done,) = await sandbox.finish(made)
        assert done.assets is not None
        answer = await sandbox.http.get(str(done.assets.image))
    assert Image.open(io.BytesIO(answer.content)).size == (320, 180)


async def test_a_late_failure_is_decided_with_its_answer_lost(wire: Wire) -> None:
    """A create can lose its answer and fail as well: one fault for the call, one for the generation."""
    await wire.faults({"kind": "lost_answer"}, {"kind": "fails", "reason": "Frame moderation failed"})
    with pytest.raises(lumaai.APIConnectionError):
        await wire.create()
    (accepted,) = wire.server_state.books.creates()
    assert (await wire.ended(accepted.id)).failure_reason == "Frame moderation failed"


async def test_a_fault_of_one_generation_is_not_the_next_ones(wire: Wire) -> None:
    """The fate of one create does not leak into the next call on the same connection."""
    await wire.faults({"kind": "fails", "nth": 1})
    first, second = await wire.create(), await wire.create()
    assert [(await wire.ended(made.id)).state for made in (first, second)] == ["failed", "completed"]


@pytest.mark.parametrize("code", CODES)
async def test_every_failure_code(wire: Wire, code: str) -> None:
    """A generation of the Agents API fails with the code that the plan names, and is refunded in full."""
    await wire.faults({"kind": "fails", "code": code, "on": "create.agents"})
    async with agents(wire) as luma:
        made = await luma.generations.create(prompt="a quiet lake", model="ray-3.2", type="video")
        async with asyncio.timeout(240):
            while (found := await luma.generations.get(made.id)).state != "failed":  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    assert (found.state, found.failure_code) == ("failed", code)
    account = wire.server_state.books.account()
    assert account.charged == account.refunded > 0


@pytest.mark.parametrize(("reason", "code"), [
    *((reason, "content_moderated") for reason in SEEN_REASONS),
    ("Frame moderation failed", "content_moderated"), ("Failed to read user input frames", "corrupt_input"),
    ("The sea was too rough", "generation_failed"),
])  # fmt: skip
async def test_a_failure_reason_has_a_code(wire: Wire, reason: str, code: str) -> None:
    """A reason of the other API in a plan fails a generation of this one with the code that means it."""
    await wire.faults({"kind": "fails", "reason": reason})
    made = await agents(wire).generations.create(prompt="a lake")
    await wire.server_state.lifecycle.at_rest()
    failed = await agents(wire).generations.get(made.id)
    assert (failed.state, failed.failure_code) == ("failed", code)
