"""The schedule of polls: learnt from history, with few calls and little delay."""

from __future__ import annotations

import random
from statistics import mean, median

import pytest

from studio.execution.poll_schedule import PollSchedule

KIND = "ray-2 720p 5s"


def simulate(schedule: PollSchedule, starts: list[float], lengths: list[float]) -> tuple[float, float]:
    """Watch generations to their end: looks per generation, and the median delay of noticing, in seconds."""
    flying = dict(enumerate(zip(starts, lengths, strict=True)))
    now, looks, late = 0.0, 0, []
    while flying:
        seen = [(KIND, now - start) for start, _ in flying.values() if start <= now]
        waits = [start - now for start, _ in flying.values() if start > now]
        now += min([*waits, schedule.pause(seen)]) if seen else min(waits)
        if not seen:
            continue
        looks += 1
        for key, (start, length) in list(flying.items()):
            if start + length <= now:
                late.append(now - start - length)
                del flying[key]
    return looks / len(starts), median(late)


@pytest.fixture
def lengths() -> random.Random:
    return random.Random(7)


def test_ten_in_flight_cost_few_looks(lengths: random.Random) -> None:
    """Ten that take 60 to 120 s each, twenty times over: noticed within 1.1 s (median), fewer than 3 looks each."""
    schedule = PollSchedule({KIND: [lengths.uniform(60, 120) for _ in range(200)]})
    rounds = [simulate(schedule, [0.0] * 10, [lengths.uniform(60, 120) for _ in range(10)]) for _ in range(20)]
    assert mean(looks for looks, _ in rounds) < 3
    assert median(late for _, late in rounds) < 1.1


def test_a_fixed_poll_is_worse(lengths: random.Random) -> None:
    """The learnt schedule takes fewer looks and notices sooner than a look every 5 s for each by itself."""
    took = [lengths.uniform(60, 120) for _ in range(10)]
    fixed_looks = sum(length // 5 + 1 for length in took) / 10
    fixed_late = median(5 - length % 5 for length in took)
    looks, late = simulate(PollSchedule({KIND: [lengths.uniform(60, 120) for _ in range(200)]}), [0.0] * 10, took)
    assert looks < fixed_looks / 4
    assert late < fixed_late


def test_the_only_one_is_noticed_sooner(lengths: random.Random) -> None:
    """One at a time, as in a chain: noticed within 2 s (median), with half of the looks of a fixed poll."""
    schedule = PollSchedule({KIND: [lengths.uniform(60, 120) for _ in range(200)]})
    took = [lengths.uniform(60, 120) for _ in range(60)]
    alone = [simulate(schedule, [0.0], [length]) for length in took]
    assert mean(looks for looks, _ in alone) < mean(length // 5 + 1 for length in took) / 2
    assert median(late for _, late in alone) < 2


def test_silent_until_the_earliest_finish() -> None:
    """A kind that always took 60 s or more is not looked at in its first 50 s."""
    schedule = PollSchedule({KIND: [60.0, 70.0, 80.0, 90.0, 100.0]})
    assert 45 <= schedule.pause([(KIND, 0.0)]) <= 70


def test_without_history_a_pause_grows_with_age() -> None:
    """The pause for an unknown kind is a twentieth of the youngest's age, within bounds."""
    schedule = PollSchedule()
    assert [schedule.pause([("new", age)]) for age in (0.0, 60.0, 1000.0)] == [0.5, 3.0, 10.0]
    assert schedule.pause([("new", 60.0), ("new", 20.0)]) == 1.0


def test_longer_than_ever_is_not_forgotten() -> None:
    """A generation that runs far beyond its history is still looked at every few seconds."""
    schedule = PollSchedule({KIND: [60.0] * 10})
    assert 0.5 <= schedule.pause([(KIND, 500.0)]) <= 10.0
