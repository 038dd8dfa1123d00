"""The list of takes: scenes of several clips, finished clips, incomplete takes, and pinned scenes."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from studio.execution.session import Session, open_session
from studio.planning.plan import ShotState
from studio.planning.take_list import SceneTake, list_takes
from studio.production import Production
from studio.settings import load_settings
from tests.planning.test_takes import CHAIN, bought, buy, clip  # noqa: F401
from tests.support.productions import film, scene

LONG = film(scene("a", duration=14, model="ray-flash-2"), upscale="1080p")


async def listed(session: Session, production: Production, **options: Any) -> tuple[SceneTake, ...]:
    plan, _ = await session.plan(production, **options)
    return list_takes(plan, session.ledger, session.has)


async def test_a_take_is_everything_that_it_was_made_of(workplace: Path, clip: Path) -> None:  # noqa: F811
    """A scene of several clips, each finished in a step, is one take with the price of all of its parts."""
    async with open_session(load_settings()) as session:
        first = await bought(session, LONG, clip)
        second = await bought(session, LONG, clip, retake=("a",))
        assert len(first.shots) == 4
        one, two = await listed(session, LONG)
        assert (one.take, one.used, one.why, two.take, two.used) == (1, True, "first", 2, False)
        assert (one.price, two.price) == (first.total, second.total)
        assert {*one.orders} == {s.key for s in first.shots}
        assert {*two.orders} == {s.key for s in second.shots}
        assert one.same
        assert two.same
        assert one.prompt == "what is seen in a"


async def test_part_of_a_take_is_told_as_that(workplace: Path, clip: Path) -> None:  # noqa: F811
    """Of a take whose run was ended before it was whole, the parts are listed with what they cost."""
    async with open_session(load_settings()) as session:
        await bought(session, LONG, clip)
        plan, _ = await session.plan(LONG, retake=("a",))
        part = next(s for s in plan.shots if s.state is ShotState.NEW)
        buy(session, part, clip)
        _, left = await listed(session, LONG)
        assert (left.take, left.state, left.same, left.price) == (2, "incomplete", False, part.quote.usd)


async def test_a_pinned_scene_uses_none_of_them(workplace: Path, clip: Path) -> None:  # noqa: F811
    """A scene that names another generation uses none of the takes that were bought for it."""
    async with open_session(load_settings()) as session:
        await bought(session, film(*CHAIN), clip)
        assert [t.why for t in await listed(session, film(scene("d")))] == ["first"]
        generation = "123e4567-e89b-12d3-a456-426614174000"
        found = await listed(session, film(scene("d", generation=generation)))
        assert [(t.scene, t.used) for t in found] == [("d", False)]


async def test_an_option_is_the_reason(workplace: Path, clip: Path) -> None:  # noqa: F811
    """The take that an option names is used for that reason, and one that is written for another."""
    async with open_session(load_settings()) as session:
        await bought(session, film(*CHAIN), clip)
        await bought(session, film(*CHAIN), clip, retake=("d",))
        for options, production, why in (
            ({"takes": {"d": 2}}, film(*CHAIN), "option"),
            ({}, film(*CHAIN[:3], scene("d", take=2)), "file"),
        ):
            used = [t for t in await listed(session, production, **options) if t.scene == "d" and t.used]
            assert [(t.take, t.why, t.price) for t in used] == [(2, why, Decimal("0.71"))]
