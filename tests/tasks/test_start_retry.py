"""A task that Prefect's server is too busy to let begin."""

from __future__ import annotations

import pytest
from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError
from prefect.states import Completed, Failed
from prefect.utilities.annotations import quote

from studio.errors import PrefectBusy
from studio.wording import Surface, asked_from
from tasks.start_retry import TRIES, begun


class Busy:
    """A task whose server answers 503 to the next ``times`` requests for a slot."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.given: list[tuple[object, ...]] = []
        self.pauses: list[float] = []

    async def __call__(self, *args: object, **options: object) -> str:
        if self.times > 0:
            self.times -= 1
            raise ConcurrencySlotAcquisitionError("Unable to acquire concurrency slots on ['tag:luma']: 503")
        self.given.append((*args, options))
        return "made"

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)


@pytest.mark.parametrize("times", range(TRIES))
async def test_a_task_begins_once_the_server_lets_it(times: int) -> None:
    """However often the server was too busy, the task runs once, with what it was given; pauses grow."""
    task = Busy(times)
    assert await begun(task, "shot", sleep=task.sleep, return_state=True) == "made"
    assert task.given == [("shot", {"return_state": True})]
    assert task.pauses == [2.0, 4.0, 6.0, 8.0][:times]


async def test_a_server_that_stays_busy_is_one_clear_error() -> None:
    """After some tries the run ends with an error of ours, which says why and what to do; the task has never begun."""
    task = Busy(100)
    with pytest.raises(PrefectBusy, match=r"(?s)503.*run the same command again"), asked_from(Surface.COMMAND):
        await begun(task, "shot", sleep=task.sleep)
    assert (task.given, len(task.pauses)) == ([], TRIES - 1)


async def test_what_will_not_begin_waits_for_what_failed() -> None:
    """A task whose input failed is given it to wait for, so that Prefect names it; the rest is passed as it is."""
    failed, done = Failed(), Completed()
    task = Busy(0)
    assert await begun(task, quote("shot"), [done, failed, 1], done, return_state=True) == "made"
    assert task.given == [(quote("shot"), [1], None, {"return_state": True, "wait_for": [done, failed, done]})]
    assert await begun(task, quote("shot"), [done], done) == "made"
    assert task.given[1] == (quote("shot"), [done], done, {})


async def test_what_a_task_raises_is_its_own_affair() -> None:
    """Any other error comes through at once, and nothing is begun twice."""
    calls = []

    async def fails() -> None:
        calls.append(1)
        raise ValueError("ours")

    with pytest.raises(ValueError, match="ours"):
        await begun(fails)
    assert calls == [1]
