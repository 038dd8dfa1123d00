"""Generations that are no longer at the service: they stay paid for, and do not affect others."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from studio.errors import GenerationGone, NotFound
from studio.execution.run import Run
from studio.execution.session import open_session
from studio.execution.steps import await_end
from studio.ledger import Ledger, OrderState, open_ledger
from studio.ledger.by_hand import release
from studio.ledger.clock import utc_now
from studio.providers.luma.dream_machine import DreamMachine
from studio.purchasing.recovery import LostOrderResolver
from studio.settings import load_settings
from studio.wording import Surface, asked_from
from tests.support.books import Clock
from tests.support.luma import Luma, no_time
from tests.support.order_states import KEY, gone, reserved
from tests.support.orders import PARAMS, PRICE, Slept, gateway, intent, place, spent
from tests.support.productions import film, scene
from tests.support.running import Sandbox


async def test_one_generation_that_is_gone_drops_no_other(ledger: Ledger, clock: Clock) -> None:
    """A gone generation does not keep the ends of two others from being booked, and no longer holds a slot."""
    service = Luma(lists=False)
    for name in "abc":
        wanted = intent(name)
        ledger.reserve(wanted, run="killed", caps=[])
        ledger.submitted(wanted.key, 1, service.accept(PARAMS)["id"])
    service.finish("generation-1")
    service.finish("generation-3", "failed", "Job failed")
    del service.generations["generation-2"]
    settler = LostOrderResolver(ledger, service.provider())
    assert await settler.refresh("luma", "luma-1") == 2
    assert ledger.order(intent("b").key).state is OrderState.SUBMITTED  # a young one may only be late
    clock.now += timedelta(minutes=11)
    await settler.refresh("luma", "luma-1")
    states = [ledger.order(intent(name).key).state for name in "abc"]
    assert states == [OrderState.COMPLETED, OrderState.GONE, OrderState.FAILED]
    assert ledger.slot_holders("luma-1", "ray") == {}
    assert spent(ledger) == PRICE * 2


async def test_one_that_is_gone_or_cannot_be_read_drops_no_other(ledger: Ledger, clock: Clock) -> None:
    """A gone generation and one that answers 500 do not keep a third's end from being booked. Other accounts stay."""
    service = Luma(lists=False)
    for name in "abc":
        wanted = intent(name)
        ledger.reserve(wanted, run="killed", caps=[])
        ledger.submitted(wanted.key, 1, service.accept(PARAMS)["id"])
    elsewhere = intent("d", account="luma-2")
    ledger.reserve(elsewhere, run="killed", caps=[])
    ledger.submitted(elsewhere.key, 1, "elsewhere")
    service.finish("generation-3")
    del service.generations["generation-1"]
    clock.now += timedelta(minutes=11)

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("generation-2"):
            return httpx.Response(500, headers={"x-should-retry": "false"})
        return service(request)

    provider = DreamMachine(
        api_key="k",
        base_url="https://api.example/dream-machine/v1",
        transport=httpx.MockTransport(answer),
        sleep=no_time,
    )
    assert await LostOrderResolver(ledger, provider).refresh("luma", "luma-1") == 1
    states = [ledger.order(intent(name).key).state for name in "abcd"]
    assert states == [OrderState.GONE, OrderState.SUBMITTED, OrderState.COMPLETED, OrderState.SUBMITTED]


async def test_a_gone_generation_that_is_there_again_is_used(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """A gone generation that the service shows again is used, without a purchase, and its end is booked."""
    reserved(ledger)
    ledger.submitted(KEY, 1, luma.accept(PARAMS)["id"])
    ledger.gone(KEY, "generation-1")
    placed = await place(gateway(ledger, luma, sleep=Slept(clock)))
    assert (placed.generation_id, placed.bought, luma.sent) == ("generation-1", False, [])
    luma.finish("generation-1")
    assert await LostOrderResolver(ledger, luma.provider()).refresh("luma", "luma-1") == 1
    assert ledger.order(KEY).state is OrderState.COMPLETED


@pytest.mark.parametrize(("minutes", "state"), [(5, OrderState.SUBMITTED), (20, OrderState.GONE)])
async def test_waited_for_and_gone(
    workplace: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, minutes: int, state: OrderState
) -> None:
    """A young generation that the service does not show is waited for, an old one is gone; both are paid for."""
    monkeypatch.setenv("LUMAAI_BASE_URL", sandbox.url)
    async with open_session(load_settings()) as session:
        plan, seeds = await session.plan(film(scene("a")))
        (shot,) = plan.shots
        earlier = open_ledger(load_settings().ledger, clock=lambda: utc_now() - timedelta(minutes=minutes))
        earlier.reserve(shot.intent("a-film", "local"), run="killed", caps=[])
        earlier.submitted(shot.key, 1, "00000000-0000-4000-8000-000000000000")
        earlier.close()
        run = Run(session, plan, seeds, run_id="r", out=workplace / "r", budget=None, started_at=utc_now())
        await session.connect()
        with pytest.raises(GenerationGone if state is OrderState.GONE else NotFound, match="paid for"):
            await await_end(run, shot, "00000000-0000-4000-8000-000000000000")
        assert session.ledger.order(shot.key).state is state


async def test_a_gone_generation_is_not_bought_again_by_itself(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """The error names what a person may do; after ``--release`` the next run sends it, and both prices are booked."""
    gone(ledger)
    with pytest.raises(GenerationGone, match=f"--release {KEY[:12]}"), asked_from(Surface.COMMAND):
        await place(gateway(ledger, luma, sleep=Slept(clock)))
    assert luma.sent == []
    release(ledger, KEY)
    placed = await place(gateway(ledger, luma, sleep=Slept(clock)))
    assert (placed.attempt, len(luma.sent), spent(ledger)) == (2, 1, PRICE * 2)
