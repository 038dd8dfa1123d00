"""The live table of a run: at every size of a terminal it shows what moves, the totals, the money and the time left."""

from __future__ import annotations

from decimal import Decimal
from io import StringIO

import pytest

from studio.planning import draw_plan
from studio.planning.plan import Plan
from studio.production import Production
from studio.providers.price_book import load_prices
from studio_cli.console import Screen, Terminal
from studio_cli.tally import rough

PRICE = Decimal("0.14")


class Clock:
    """Seconds, as the test says."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def plan_of(count: int, *, realm: str = "luma", chain: int = 5) -> Plan:
    """As many scenes, of which every ``chain`` ones go on from each other."""
    scenes = [
        {"id": f"scene-{n:02}", "prompt": f"the sea, {n}"}
        | ({"continue_from": f"scene-{n - 1:02}"} if n % chain else {})
        for n in range(count)
    ]
    written = {"title": "Long", "model": "ray-flash-2", "resolution": "540p", "scenes": scenes}
    return draw_plan(Production.model_validate(written), prices=load_prices(), images={}, realm=realm)


def at_work(plan: Plan, *, live: bool = False, stream: StringIO | None = None) -> tuple[Screen, Clock]:
    """A run 75 s after its start: two scenes are ready after 60 s, four move, one failed, one waits for room."""
    clock = Clock()
    screen = Screen(stream or StringIO(), live=live, clock=clock)
    screen.planned(plan)
    for n in range(0, 30, 5):
        screen.shot(f"scene-{n:02}", "ordering")
        screen.shot(f"scene-{n:02}", "queued")
    clock.now = 60.0
    for name in ("scene-00", "scene-05"):
        for state in ("completed", "downloading", "ready"):
            screen.shot(name, state)
    screen.shot("scene-10", "failed", "scene 'scene-10': the service refused the prompt\n  → change it")
    screen.shot("scene-20", "dreaming")
    screen.shot("scene-01", "ordering")
    screen.shot("scene-06", "waiting", "all of the account's slots are taken")
    clock.now = 75.0
    return screen, clock


def drawn(screen: Screen, width: int, height: int) -> list[str]:
    """The lines of a screen on a terminal of that size."""
    out = StringIO()
    Terminal(file=out, width=width, height=height, highlight=False).print(screen)
    return out.getvalue().splitlines()


@pytest.mark.parametrize(("width", "height"), [(80, 24), (40, 10), (132, 12), (60, 9)])
def test_what_moves_and_the_totals_are_always_seen(width: int, height: int) -> None:
    """Of 30 scenes those that move come first; counts, money and the time left stand below, within the terminal."""
    screen, _ = at_work(plan_of(30))
    lines = drawn(screen, width, height)
    assert len(lines) < height
    assert all(len(line) <= width for line in lines)
    assert [line.split()[:2] for line in lines[1:5]] == [
        ["scene-01", "ordering"], ["scene-15", "queued"], ["scene-20", "dreaming"], ["scene-25", "queued"],
    ]  # fmt: skip
    said = " ".join(" ".join(lines[5:]).split())
    assert "30 shots: 4 moving, 1 failed, 23 waiting, 2 ready" in said
    assert "$0.70 of $4.20 spent" in said  # the failed one's money came back
    assert "about 4 min left" in said


def test_where_all_fit_they_stand_in_the_films_order() -> None:
    """A terminal with room for every scene shows each in its place, the failed one with its reason."""
    screen, _ = at_work(plan_of(30))
    lines = drawn(screen, 100, 40)
    assert [line.split()[0] for line in lines[1:31]] == [f"scene-{n:02}" for n in range(30)]
    assert "the service refused the prompt" in lines[11]
    assert "→" not in lines[11]


def test_more_moving_than_there_is_room_for() -> None:
    """On the smallest terminal at least one that moves is seen, and how many there are."""
    screen, _ = at_work(plan_of(30))
    lines = drawn(screen, 40, 6)
    assert lines[1].split()[:2] == ["scene-01", "ordering"]
    assert "4 moving" in " ".join(lines)


def test_the_time_left_follows_the_longest_chain() -> None:
    """Five scenes on each other take five times as long; once some are here, less; without any, nobody knows."""
    clock = Clock()
    screen = Screen(StringIO(), live=False, clock=clock)
    screen.planned(plan_of(5))
    assert "time left: not known yet" in "\n".join(drawn(screen, 80, 24))
    for number, told in enumerate(["about 4 min left", "about 3 min left", "about 2 min left", "about 1 min left"]):
        screen.shot(f"scene-{number:02}", "ordering")
        screen.shot(f"scene-{number:02}", "queued")
        clock.now += 60
        screen.shot(f"scene-{number:02}", "ready")
        assert told in drawn(screen, 80, 24)[-1]
    screen.shot("scene-04", "queued")
    screen.shot("scene-04", "ready")
    assert " left" not in drawn(screen, 80, 24)[-1]


def test_the_time_left_is_told_for_as_long_as_something_moves() -> None:
    """A scene that takes longer than the others took has no time that can be counted: that is said, not left out."""
    clock = Clock()
    screen = Screen(StringIO(), live=False, clock=clock)
    screen.planned(plan_of(2, chain=1))
    for name in ("scene-00", "scene-01"):
        screen.shot(name, "queued")
    clock.now = 60
    screen.shot("scene-00", "ready")
    assert drawn(screen, 80, 24)[-1].endswith("time left: longer than usual")
    screen.shot("scene-01", "ready")
    assert "time left" not in drawn(screen, 80, 24)[-1]


def test_the_time_left_follows_the_accounts_room() -> None:
    """The number of waiting scenes sets the time left: 28 more at two at a time, a minute each."""
    clock = Clock()
    screen = Screen(StringIO(), live=False, clock=clock)
    screen.planned(plan_of(30, chain=1))
    for name in ("scene-00", "scene-01"):
        screen.shot(name, "queued")
    clock.now = 60
    for name in ("scene-00", "scene-01"):
        screen.shot(name, "ready")
    assert "about 14 min left" in drawn(screen, 80, 24)[-1]


@pytest.mark.parametrize(
    ("then", "spent"),
    [
        (["failed"], 0),  # by the service: it gives the money back
        (["ordering again"], 0),
        (["ordering again", "queued"], PRICE),
        (["completed", "downloading", "failed"], PRICE),  # paid for, and still to be fetched
    ],
)
def test_what_is_spent_is_what_the_service_keeps(then: list[str], spent: Decimal) -> None:
    """An order counts once it stands, until the service fails it."""
    screen, _ = at_work(plan_of(2))
    screen = Screen(StringIO(), live=False)
    screen.planned(plan_of(2))
    screen.shot("scene-00", "ordering")
    assert "$0.00 of $0.28 spent" in drawn(screen, 80, 24)[-1]
    screen.shot("scene-00", "queued")
    assert "$0.14 of $0.28 spent" in drawn(screen, 80, 24)[-1]
    for state in then:
        screen.shot("scene-00", state)
    assert f"${spent:.2f} of $0.28 spent" in drawn(screen, 80, 24)[-1]


@pytest.mark.parametrize(("realm", "told"), [("luma", False), ("sandbox", True)])
def test_the_sandboxs_money_is_said_not_to_be_billed(realm: str, told: bool) -> None:
    """Every line that names money says so, in the table as without a terminal; of Luma's nothing is added."""
    stream = StringIO()
    screen, _ = at_work(plan_of(30, realm=realm), stream=stream)
    shown = [line for line in (*stream.getvalue().splitlines(), drawn(screen, 120, 12)[-1]) if "$" in line]
    assert len(shown) == 3
    assert all(("nothing is billed" in line) is told for line in shown)


def test_without_a_terminal_it_is_a_line_for_each_change() -> None:
    """A log gets what happened, one line at a time, and neither totals nor tables."""
    stream = StringIO()
    at_work(plan_of(30), stream=stream)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 12 + 6 + 4
    assert lines[0].split() == ["scene-00", "ordering", "0.0", "s"]
    assert "shots:" not in stream.getvalue()


@pytest.mark.parametrize(
    ("seconds", "said"), [(2, "5 s"), (41, "40 s"), (58, "1 min"), (200, "3 min"), (4200, "1 h 10 min")]
)
def test_times_are_rough(seconds: float, said: str) -> None:
    """A length of time is said no more exactly than it is known."""
    assert rough(seconds) == said
