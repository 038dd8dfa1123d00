"""Waiting: one list call per tick for all, no id is lost, and outages are waited out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import httpx
import pytest

from studio.errors import NotFound, ServiceError, StillRunning, Unauthorized
from studio.execution.poll_schedule import PollSchedule
from studio.execution.polling import GenerationPoller
from studio.ledger.sightings import Sighting
from tests.support.luma import Luma


class Time:
    """A clock that its own sleep moves on; ``at`` makes something happen at a moment."""

    def __init__(self) -> None:
        self.now = 0.0
        self.events: list[tuple[float, object]] = []

    def __call__(self) -> float:
        return self.now

    def at(self, moment: float, action: object) -> None:
        self.events.append((moment, action))

    async def sleep(self, seconds: float) -> None:
        for _ in range(20):  # whoever was woken acts before time moves on
            await asyncio.sleep(0)
        self.now += seconds
        for moment, action in list(self.events):
            if moment <= self.now:
                self.events.remove((moment, action))
                action()


def poller(luma: Luma, time: Time, **settings: float) -> GenerationPoller:
    return GenerationPoller(luma.provider(), clock=time, sleep=time.sleep, schedule=PollSchedule(), **settings)


async def test_ten_in_flight_are_one_call_a_tick() -> None:
    """Ten generations are watched with list calls alone, and each one's end is noticed within 5 % of its age."""
    luma, time = Luma(), Time()
    ids = [luma.accept({"prompt": "x"})["id"] for _ in range(10)]
    ends = {i: 60.0 + n for n, i in enumerate(ids)}
    for i, moment in ends.items():
        time.at(moment, lambda i=i: luma.finish(i))
    watch = poller(luma, time)
    noticed: dict[str, float] = {}

    async def one(i: str) -> None:
        assert (await watch.wait(i, timeout=1000)).state == "completed"
        noticed[i] = time.now

    await asyncio.gather(*map(one, ids))
    assert all(noticed[i] - moment <= moment * 0.05 + 0.5 for i, moment in ends.items())
    lists = luma.calls.count("GET /generations")
    assert len(luma.calls) - lists <= 3  # the last one alone is asked for by itself
    assert lists < 100


async def test_a_generation_that_is_not_on_the_list_is_asked_for() -> None:
    """A generation that the list does not show, because hundreds came after it, is asked for by its id."""
    luma, time = Luma(), Time()
    first = [luma.accept({})["id"] for _ in range(2)]
    for _ in range(700):
        luma.accept({})
    for i in first:
        luma.finish(i)
    watch = poller(luma, time)
    done = await asyncio.gather(*(watch.wait(i, timeout=10) for i in first))
    assert [g.id for g in done] == first


async def test_what_the_list_shows_of_a_lone_generation_is_noted() -> None:
    """A lone generation is looked for on the list, too, until the list has shown it unfinished; its delay there is
    recorded."""
    luma, time = Luma(), Time()
    seen: list[Sighting] = []

    async def note(sightings: Sequence[Sighting]) -> None:
        seen.extend(sightings)

    made = luma.accept({"prompt": "x"})["id"]
    luma.arranged = lambda newest: newest if luma.calls.count("GET /generations") >= 3 else []
    time.at(60.0, lambda: luma.finish(made))
    watch = GenerationPoller(luma.provider(), clock=time, sleep=time.sleep, schedule=PollSchedule(), on_sight=note)
    assert (await watch.wait(made, timeout=1000)).state == "completed"
    (sighting,) = seen
    assert (sighting.generation_id, sighting.unfinished) == (made, True)
    assert 0 < sighting.late < 60
    seen.clear()
    proven = GenerationPoller(
        luma.provider(), clock=time, sleep=time.sleep, schedule=PollSchedule(), on_sight=note, proven=True
    )
    luma.calls.clear()
    await proven.wait(made, timeout=1000)
    assert luma.calls == [f"GET /generations/{made}"]


async def test_a_time_out_is_not_an_end() -> None:
    """A generation that is not finished in time is still running: the error says it is paid for; a new wait works."""
    luma, time = Luma(), Time()
    i = luma.accept({})["id"]
    watch = poller(luma, time)
    with pytest.raises(StillRunning, match="not bought again"):
        await watch.wait(i, timeout=30)
    luma.finish(i)
    assert (await watch.wait(i, timeout=30)).state == "completed"


async def test_an_outage_is_sat_out() -> None:
    """A service that cannot be reached for a while ends no wait."""
    luma, time = Luma(), Time()
    i = luma.accept({})["id"]
    luma.finish(i)
    answers = iter([httpx.ConnectError("down")] * 4)

    class Flaky(httpx.MockTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            error = next(answers, None)
            if error is not None:
                raise error
            return await super().handle_async_request(request)

    from studio.providers.luma.dream_machine import DreamMachine

    provider = DreamMachine(
        api_key="k", base_url="https://api.example/dream-machine/v1", transport=Flaky(luma), sleep=time.sleep
    )
    assert (await GenerationPoller(provider, clock=time, sleep=time.sleep).wait(i, timeout=600)).state == "completed"


async def test_an_outage_without_end_is_an_error() -> None:
    """Once the service has been unreachable for longer than the limit, every wait ends with an error."""
    time = Time()

    def down(request: httpx.Request) -> httpx.Response:
        # The SDK's own further tries would be slept for in real time.
        return httpx.Response(503, json={"detail": "maintenance"}, headers={"x-should-retry": "false"})

    luma = Luma()
    luma_down = luma.provider()
    from studio.providers.luma.dream_machine import DreamMachine

    provider = DreamMachine(
        api_key="k", base_url="https://api.example/dream-machine/v1", transport=httpx.MockTransport(down)
    )
    await luma_down.aclose()
    with pytest.raises(ServiceError, match="maintenance"):
        await GenerationPoller(provider, clock=time, sleep=time.sleep, outage=5).wait("g", timeout=600)


async def test_a_key_that_stops_working_ends_the_wait() -> None:
    """A refusal ends the wait at once."""
    from studio.providers.luma.dream_machine import DreamMachine

    transport = httpx.MockTransport(lambda _: httpx.Response(401, json={"detail": "Invalid API key is provided"}))
    provider = DreamMachine(api_key="k", base_url="https://api.example", transport=transport)
    with pytest.raises(Unauthorized):
        await GenerationPoller(provider).wait("g", timeout=600)


async def test_a_generation_that_the_account_does_not_have() -> None:
    """One unknown id ends its own wait, and no other."""
    luma, time = Luma(), Time()
    i = luma.accept({})["id"]
    luma.finish(i)
    watch = poller(luma, time)
    known, unknown = await asyncio.gather(
        watch.wait(i, timeout=60), watch.wait("nobody", timeout=60), return_exceptions=True
    )
    assert known.state == "completed"
    assert isinstance(unknown, NotFound)
    assert 30 < time.now < 40
    begun = time.now
    with pytest.raises(NotFound):
        await watch.wait("nobody", timeout=60, age=3600)  # at once: one that old would be there
    assert time.now == begun


async def test_what_was_just_accepted_may_not_be_shown_yet() -> None:
    """A service whose reads lag behind its creates: a young generation that is not there yet is waited for."""
    luma, time = Luma(), Time()
    i = luma.accept({})["id"]
    hidden = luma.generations.pop(i)
    time.at(20, lambda: luma.generations.update({i: hidden}))
    time.at(40, lambda: luma.finish(i))
    assert (await poller(luma, time).wait(i, timeout=100)).state == "completed"


async def test_states_are_told_once_each() -> None:
    """A listener hears of each change of state, not of each look."""
    luma, time = Luma(), Time()
    i = luma.accept({})["id"]
    time.at(5, lambda: luma.generations[i].update(state="dreaming"))
    time.at(20, lambda: luma.finish(i))
    heard: list[str] = []
    await poller(luma, time).wait(i, timeout=60, on_state=heard.append)
    assert heard == ["queued", "dreaming", "completed"]
