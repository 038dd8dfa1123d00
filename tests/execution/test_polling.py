"""Waiting: one list call per tick for all, no id is lost, and outages are waited out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import httpx
import pytest

from studio.errors import NotFound, ServiceError, StillRunning, Unauthorized
from studio.execution.hearing import Hearing
from studio.execution.poll_rate import PollRate
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


KIND = "ray-2 720p 5s"


def polls(luma: Luma, generation_id: str) -> int:
    """The number of times that a generation was asked for."""
    return luma.calls.count(f"GET /generations/{generation_id}")


async def made_in(luma: Luma, time: Time, watch: GenerationPoller, seconds: float) -> tuple[float, int]:
    """Wait for a generation that takes so long: the seconds after its end, and the polls of it."""
    i, ends = luma.accept({})["id"], time.now + seconds
    time.at(ends, lambda: luma.finish(i))
    assert (await watch.wait(i, timeout=1000, kind=KIND)).state == "completed"
    return time.now - ends, polls(luma, i)


async def test_a_chain_learns_from_its_own_links() -> None:
    """The first link of a kind is polled often; the ones after it only when they may have ended."""
    luma, time = Luma(), Time()
    watch = poller(luma, time, proven=True)
    links = [await made_in(luma, time, watch, 60.0) for _ in range(8)]
    assert links[0][1] > 30
    assert all(asked <= 12 for _, asked in links[1:])
    assert all(asked <= 4 for _, asked in links[5:])
    assert all(late < 2 for late, _ in links)


async def test_what_was_just_ordered_is_not_asked_for_at_once() -> None:
    """A new generation of a known kind costs no poll before it may have ended; one that was ordered before costs one
    at once."""
    luma, time = Luma(), Time()
    history = {KIND: [60.0] * 10}
    watch = GenerationPoller(luma.provider(), clock=time, sleep=time.sleep, schedule=PollSchedule(history), proven=True)
    i = luma.accept({})["id"]
    new = asyncio.create_task(watch.wait(i, timeout=1000, kind=KIND))
    while time.now < 50 and not luma.calls:  # noqa: ASYNC110 - the clock is the test's own
        await asyncio.sleep(0)
    assert time.now > 50
    luma.finish(i)
    assert (await new).state == "completed"
    old = luma.accept({})["id"]
    luma.finish(old)
    begun = time.now
    await watch.wait(old, timeout=1000, kind=KIND, age=300)
    assert time.now == begun


async def test_what_was_first_seen_after_its_end_is_not_learnt_from() -> None:
    """A generation of an earlier run, which ended at an unknown time before, does not count as one of that length."""
    luma, time = Luma(), Time()
    schedule = PollSchedule()
    watch = GenerationPoller(luma.provider(), clock=time, sleep=time.sleep, schedule=schedule, proven=True)
    i = luma.accept({})["id"]
    luma.finish(i)
    await watch.wait(i, timeout=1000, kind=KIND, age=7200)
    assert not schedule.knows(KIND)


async def test_polls_are_bounded_by_the_minute() -> None:
    """However many would be due, no more calls are made than the rate allows: a quarter of a minute's at once."""
    luma, time = Luma(), Time()
    i = luma.accept({})["id"]
    time.at(120, lambda: luma.finish(i))
    watch = GenerationPoller(
        luma.provider(), clock=time, sleep=time.sleep, schedule=PollSchedule(), proven=True,
        rate=PollRate(20, clock=time),
    )  # fmt: skip
    assert (await watch.wait(i, timeout=1000)).state == "completed"
    assert len(luma.calls) <= 20 * time.now / 60 + 5
    assert time.now < 125


async def test_a_false_callback_costs_one_poll() -> None:
    """A callback for a generation that has not ended is one more poll, once in a while, and ends nothing; one for
    another generation is none."""
    luma, time = Luma(), Time()
    i = luma.accept({})["id"]
    time.at(60.0, lambda: luma.finish(i))

    async def asked(lies: int) -> tuple[int, float]:
        luma.calls.clear()
        luma.generations[i] |= {"state": "queued"}
        time.now, time.events = 0.0, [(60.0, lambda: luma.finish(i))]
        watch = poller(luma, time, proven=True)
        for number in range(lies):
            time.at(20.0 + number * 0.01, lambda: watch.heard(i))
            time.at(20.0 + number * 0.01, lambda: watch.heard("somebody-else-s"))
        assert (await watch.wait(i, timeout=1000)).state == "completed"
        return polls(luma, i), time.now

    (honest, ended), (lied, noticed) = await asked(0), await asked(100)
    assert lied - honest <= 1
    assert 60.0 <= noticed <= ended + 2


async def test_a_callback_before_its_create_is_booked() -> None:
    """A callback that comes before anybody waits for its generation counts when the wait begins."""
    luma, time = Luma(), Time()
    watch = GenerationPoller(
        luma.provider(), clock=time, sleep=time.sleep, schedule=PollSchedule({KIND: [60.0] * 10}), proven=True
    )
    i = luma.accept({})["id"]
    luma.finish(i)
    watch.heard(i)
    assert (await watch.wait(i, timeout=1000, kind=KIND)).state == "completed"
    assert (time.now, polls(luma, i)) == (0.0, 1)


async def test_lost_callbacks_cost_a_bounded_time() -> None:
    """After callbacks that used to come stay away, the first end is noticed within the longest pause, and the next ones
    as without callbacks."""
    luma, time = Luma(), Time()
    watch = GenerationPoller(
        luma.provider(), clock=time, sleep=time.sleep, schedule=PollSchedule({KIND: [60.0] * 10}), proven=True,
        hearing=Hearing(proven=True),
    )  # fmt: skip
    first, _ = await made_in(luma, time, watch, 60.0)
    await time.sleep(10)
    second, _ = await made_in(luma, time, watch, 60.0)
    assert second < 2.5 < first <= 10


def test_callbacks_are_relied_on_while_they_come() -> None:
    """Ends that callbacks told of make them reliable, also those told a moment later; one that stays away ends that."""
    hearing = Hearing()
    assert not hearing.reliable(0.0)
    assert hearing.heard("a", 10.0)
    hearing.ended("a", 10.1)
    assert hearing.reliable(20.0)
    hearing.ended("b", 20.0)
    assert hearing.reliable(21.0)
    assert not hearing.reliable(26.0)
    hearing.heard("b", 27.0)
    assert hearing.reliable(28.0)


def test_a_flood_of_callbacks_for_one_generation() -> None:
    """Callbacks for one generation bring polls forward ever more rarely, however many come."""
    hearing = Hearing()
    worth = [second for second in range(300) if hearing.heard("a", float(second))]
    assert worth == [0, 5, 15, 35, 75, 155]
