"""The limit that an agreed price sets: what is to be paid, and what is ordered again once it was given back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from studio.execution.batches import BatchPlan, RowPlan
from studio.money import ZERO
from studio.planning.plan import Plan, ShotState
from studio.report.plan_text import price_lines
from tests.support.planned import film, plan, scene


def in_states(*states: ShotState) -> Plan:
    """A plan of as many scenes, in these states before the run."""
    drawn = plan(film(*(scene(f"s{n}", prompt=f"the sea, {n}") for n in range(len(states)))))
    shots = tuple(replace(shot, state=state) for shot, state in zip(drawn.shots, states, strict=True))
    return replace(drawn, shots=shots)


@pytest.mark.parametrize("state", list(ShotState))
def test_orders_without_an_end_count(state: ShotState) -> None:
    """An order in doubt or under way may be given back, and be ordered again; what has ended is not bought again."""
    drawn = in_states(ShotState.NEW, state)
    price = drawn.shots[0].quote.usd
    unsettled = state in (ShotState.IN_DOUBT, ShotState.IN_FLIGHT)
    assert drawn.limit - drawn.to_pay == (price if unsettled else ZERO)
    told = "\n".join(price_lines(drawn, service="Luma"))
    assert ("counted already" in told) is unsettled


def test_rows_share_an_order_without_an_end() -> None:
    """An order that several films need is counted once."""
    drawn = in_states(ShotState.IN_DOUBT)
    rows = tuple(RowPlan(name, name, drawn, {}, 0) for name in "ab")
    assert BatchPlan(rows).limit == drawn.shots[0].quote.usd


def test_a_film_of_finished_clips_names_no_prices() -> None:
    """A plan without a price names no table of prices."""
    drawn = in_states(ShotState.OWN)
    free = replace(drawn, shots=tuple(replace(s, quote=replace(s.quote, usd=ZERO, table="")) for s in drawn.shots))
    assert price_lines(free, service="Luma")[0] == "to pay now: $0.00 of $0.00 in all, at Luma"
