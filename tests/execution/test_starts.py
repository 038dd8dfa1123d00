"""Shots are begun when they can have a slot: those that the rest of the film waits for first."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from studio.execution.starts import SPARE, Starts, remaining
from studio.planning.plan import Plan
from tests.support.productions import film, plan, scene


def singles(count: int) -> Plan:
    return plan(film(*(scene(f"s{number}", prompt=f"wave {number}") for number in range(count))))


class Works:
    """Every shot of a plan, begun in the plan's order: who is under way, who has been, and what ends them."""

    def __init__(self, drawn: Plan, *, slots: int | None, ordered: Collection[str] = ()) -> None:
        self.starts = Starts(drawn, slots=lambda api, pool: slots, ordered=ordered)
        self.under_way: list[str] = []
        self.begun: list[str] = []
        self._ends = {shot.id: asyncio.Event() for shot in drawn.shots}
        self.tasks = {shot.id: asyncio.create_task(self._work(shot.id)) for shot in drawn.shots}
        self._shots = {shot.id: shot for shot in drawn.shots}

    async def _work(self, name: str) -> None:
        async with self.starts.of(self._shots[name]):
            self.under_way.append(name)
            self.begun.append(name)
            await self._ends[name].wait()
            self.under_way.remove(name)

    async def settle(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)

    async def end(self, *names: str) -> None:
        for name in names:
            self._ends[name].set()
        await self.settle()


async def test_no_more_are_begun_than_can_have_a_slot() -> None:
    """Of a hundred shots with ten slots, fourteen are begun; each that ends lets in one."""
    works = Works(singles(100), slots=10)
    await works.settle()
    assert len(works.under_way) == 10 + SPARE
    await works.end("s0", "s1")
    assert len(works.under_way) == 10 + SPARE
    assert works.begun[-2:] == ["s14", "s15"]
    for name in works.tasks:
        await works.end(name)
    assert len(works.begun) == 100


async def test_without_a_limit_all_are_begun() -> None:
    """If nothing limits the account, no shot waits here."""
    works = Works(singles(100), slots=None)
    await works.settle()
    assert len(works.under_way) == 100
    await works.end(*works.tasks)


async def test_the_longest_chain_goes_first() -> None:
    """A shot on which three others wait is begun before those on which nothing waits, though it stands last."""
    scenes = [scene(f"s{number}", prompt=f"wave {number}") for number in range(12)]
    scenes += [
        scene("a", prompt="wave a"),
        *(scene(b, prompt=f"wave {b}", continue_from=a) for a, b in ("ab", "bc", "cd")),
    ]
    drawn = plan(film(*scenes))
    assert remaining(drawn)["a"] == 3
    works = Works(drawn, slots=1)
    await works.settle()
    assert works.begun == ["s0", "s1", "s2", "s3", "s4"]
    await works.end("s0")
    assert works.begun[-1] == "a"
    await works.end("s1")
    assert works.begun[-1] == "b"
    await works.end(*works.tasks)


async def test_what_was_ordered_before_is_begun_at_once() -> None:
    """Its generation may hold the slot for which all the others wait."""
    drawn = singles(30)
    last = drawn.shots[-1]
    works = Works(drawn, slots=1, ordered={last.key})
    await works.settle()
    assert last.id in works.under_way
    assert len(works.under_way) == 1 + SPARE + 1
    await works.end(*works.tasks)


async def test_a_shot_that_is_cancelled_keeps_no_place() -> None:
    """Cancelled while it waits, or in the moment in which it was let in: its place goes to another."""
    works = Works(singles(20), slots=1)
    await works.settle()
    works.tasks["s5"].cancel()
    works._ends["s0"].set()
    await asyncio.sleep(0)
    works.tasks["s6"].cancel()
    await works.settle()
    assert len(works.under_way) == 1 + SPARE
    assert "s5" not in works.begun
    await works.end(*works.tasks)
    ended = await asyncio.gather(*works.tasks.values(), return_exceptions=True)
    assert [type(end) for end in ended].count(asyncio.CancelledError) == 2
    assert len(works.begun) >= 18
