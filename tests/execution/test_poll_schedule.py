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
    """One at a time, as in a chain: noticed within 1.4 s (median), with fewer looks than a fixed poll."""
    schedule = PollSchedule({KIND: [lengths.uniform(60, 120) for _ in range(200)]})
    took = [lengths.uniform(60, 120) for _ in range(60)]
    alone = [simulate(schedule, [0.0], [length]) for length in took]
    assert mean(looks for looks, _ in alone) < mean(length // 5 + 1 for length in took) * 2 / 3
    assert median(late for _, late in alone) < 1.4


@pytest.mark.parametrize(
    ("length", "spread", "most_late", "most_looks"), [(3, 0.02, 0.12, 3), (20, 0.1, 0.7, 7), (60, 0.1, 1.0, 10)]
)
def test_a_link_of_a_chain_whose_length_is_known(
    lengths: random.Random, length: float, spread: float, most_late: float, most_looks: float
) -> None:
    """A generation alone is polled around its likely end: the shorter it is, the more closely."""

    def one() -> float:
        return length * lengths.lognormvariate(0, spread)

    schedule = PollSchedule({KIND: [one() for _ in range(50)]})
    links = [simulate(schedule, [0.0], [one()]) for _ in range(60)]
    assert median(late for _, late in links) < most_late
    assert mean(looks for looks, _ in links) < most_looks


@pytest.mark.parametrize(("length", "most_late", "most_looks"), [(3, 0.25, 12), (60, 1.0, 70), (120, 1.4, 100)])
def test_the_first_one_of_a_fresh_installation(
    lengths: random.Random, length: float, most_late: float, most_looks: float
) -> None:
    """Without any history a generation alone is noticed in a small part of its length, with a bounded number of
    looks."""
    links = [simulate(PollSchedule(), [0.0], [length * lengths.uniform(0.9, 1.1)]) for _ in range(60)]
    assert median(late for _, late in links) < most_late
    assert mean(looks for looks, _ in links) < most_looks


def test_what_ended_in_this_run_is_learnt_from() -> None:
    """After one generation of a kind, the next is not looked at until it may end, and then often."""
    schedule = PollSchedule()
    assert schedule.pause([(KIND, 0.0)]) == 0.25
    schedule.learn(KIND, 59.0, 60.0)
    assert schedule.pause([(KIND, 0.0)]) > 2.5  # an end at any time is still possible
    for _ in range(5):
        schedule.learn(KIND, 59.0, 60.0)
    first = schedule.pause([(KIND, 0.0)])
    assert 54 < first < 62
    assert schedule.pause([(KIND, first)]) < 3


def test_noticing_late_is_not_learnt_as_a_longer_length() -> None:
    """The looks do not come later and later, though each end is noticed by the first look after it."""
    schedule, ages = PollSchedule(), []
    for _ in range(1000):
        looked, age = 0.0, schedule.pause([(KIND, 0.0)])
        while age < 3.0:
            looked, age = age, age + schedule.pause([(KIND, age)])
        schedule.learn(KIND, looked, age)
        ages.append(age - 3.0)
    assert median(ages[-50:]) < 0.1


def test_polls_are_lazier_where_callbacks_tell_of_ends() -> None:
    """With callbacks, polls are for those that are lost: fewer, and none later than the longest pause."""
    schedule = PollSchedule({KIND: [60.0] * 10})
    plain, heard = schedule.pause([(KIND, 60.0)]), schedule.pause([(KIND, 60.0)], heard=True)
    assert plain * 3 < heard <= 10.0
    assert schedule.pause([(KIND, 500.0)], heard=True) <= 10.0
    assert PollSchedule().pause([(KIND, 500.0)], heard=True) <= 10.0
    short = PollSchedule({KIND: [3.0] * 10})  # noticed by polls before a callback is heard
    assert short.pause([(KIND, 0.0)], heard=True) == short.pause([(KIND, 0.0)])


def test_silent_until_the_earliest_finish() -> None:
    """A kind that always took 60 s or more is not looked at in its first 50 s."""
    schedule = PollSchedule({KIND: [60.0, 70.0, 80.0, 90.0, 100.0]})
    assert 45 <= schedule.pause([(KIND, 0.0)]) <= 70


def test_without_history_a_pause_grows_with_age() -> None:
    """The pause for several of an unknown kind is a twentieth of the youngest's age, within bounds; for a single one it
    grows with the root of its age."""
    schedule = PollSchedule()
    several = [schedule.pause([("new", age), ("new", 5000.0)]) for age in (0.0, 20.0, 60.0, 1000.0)]
    assert several == [0.5, 1.0, 3.0, 10.0]
    single = [schedule.pause([("new", age)]) for age in (0.0, 4.0, 100.0, 10_000.0)]
    assert single == [0.25, 0.44, pytest.approx(2.2), 10.0]


def test_longer_than_ever_is_not_forgotten() -> None:
    """A generation that runs far beyond its history is still looked at every few seconds."""
    schedule = PollSchedule({KIND: [60.0] * 10})
    assert 0.1 <= schedule.pause([(KIND, 500.0)]) <= 10.0
