"""Waiting in virtual time, as ``benchmarks/wait.py`` measures it: the delay and the calls of chains."""

from __future__ import annotations

import asyncio
import random

import httpx
import pytest
from wait import LINKS, Make, Measured, Service, VirtualLoop, Work, lognormal, measure, watcher

ROUND_TRIP = 0.02


def waited(make: Make, length: float, spread: float, *, chains: int = 8) -> Measured:
    """Chains of six of that length."""
    work = Work("chain", 1, lognormal(length, spread), chain=True)
    chance = random.Random(3)
    lengths = [work.lengths(chance) for _ in range(LINKS * chains)]
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(measure(make, work, lengths, ROUND_TRIP))


def earlier(length: float, spread: float) -> list[float]:
    """The lengths of two hundred generations before."""
    chance = random.Random(4)
    return [lognormal(length, spread)(chance) for _ in range(200)]


@pytest.mark.parametrize(("length", "spread", "whole"), [(3.0, 0.02, 1.06), (60.0, 0.1, 1.05), (120.0, 0.2, 1.05)])
def test_a_chain_takes_hardly_longer_than_its_generations(length: float, spread: float, whole: float) -> None:
    """A chain of six takes a twentieth longer than its generations at most, also on a fresh installation."""
    assert waited(watcher(), length, spread).whole < whole
    assert waited(watcher(earlier(length, spread)), length, spread).whole < whole - 0.01


@pytest.mark.parametrize(("length", "spread"), [(20.0, 0.1), (60.0, 0.1)])
def test_callbacks_make_polls_few_and_delays_short(length: float, spread: float) -> None:
    """With callbacks a link costs fewer than three polls, and its end is noticed within half a second (median)."""
    history = earlier(length, spread)
    heard, plain = waited(watcher(history, callbacks=True), length, spread), waited(watcher(history), length, spread)
    assert heard.calls < 3 < plain.calls
    assert heard.median < 0.5
    assert heard.worst < plain.worst


@pytest.mark.parametrize("lies", [0, 1, 300])
def test_false_callbacks_cost_few_polls(lies: int) -> None:
    """Callbacks that tell ten times a second of an end that has not come cost three polls in half a minute, and the end
    is what a poll shows."""

    async def polled() -> tuple[int, float]:
        loop = asyncio.get_running_loop()
        service = Service(loop.time, ROUND_TRIP, {"g": 60.0})
        way = watcher([60.0] * 20, callbacks=True)(httpx.MockTransport(service))
        assert way.heard is not None
        for number in range(lies):
            loop.call_at(20.0 + number * 0.1, way.heard, "g")
            loop.call_at(20.0 + number * 0.1, way.heard, "another")
        await way.wait("g")
        await way.close()
        return service.calls, loop.time()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        calls, noticed = runner.run(polled())
    honest = 2
    assert calls <= honest + min(lies, 3)
    assert 60.0 <= noticed < 70.0
