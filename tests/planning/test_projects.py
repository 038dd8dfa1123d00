"""``project``: what budget, takes and costs hang on, whatever title and slug become."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from studio.errors import OverBudget
from studio.execution.run import check_budget
from studio.execution.session import Session, open_session
from studio.ledger import costs
from studio.planning import derived
from studio.planning.plan import Plan
from studio.planning.takes import history_of
from studio.production import Production
from studio.settings import load_settings
from tests.support.bought import begun, buy_all
from tests.support.productions import film, scene

LIGHT = "Keeper"


async def planned(session: Session, production: Production, **options: Any) -> Plan:
    """The plan of a production."""
    plan, _ = await session.plan(production, **options)
    return plan


async def buy(session: Session, production: Production, run: str, folder: Path, **options: Any) -> Plan:
    """Begin a run of a production, and book all its shots."""
    it = await begun(session, production, run, folder, **options)
    buy_all(session, it)
    return it.plan


def rows(session: Session) -> dict[str, Decimal]:
    """The figures of `studio costs`: USD by production."""
    return {row.group: row.spent for row in costs(session.ledger)}


def notes(plan: Plan) -> str:
    """All notes of a plan."""
    return "\n".join(map(str, plan.notes))


def left(session: Session, plan: Plan) -> Decimal | None:
    """USD that a plan's production may still spend."""
    return check_budget(session, plan, None)


async def test_title_slug_and_shape_may_change(local: Path) -> None:
    """With a project, budget, takes and costs stay its own: under another title and slug, as a draft, and reframed."""
    first = film(scene("one"), scene("two"), title=LIGHT, project="light", budget=9)
    later = film(scene("one"), scene("three"), title="Other", slug="folder", project="light", budget=9)
    async with open_session(load_settings()) as session:
        before = await buy(session, first, "r1", local)
        plan = await planned(session, later)
        assert left(session, plan) == Decimal("9.00") - before.total
        assert plan.to_pay == Decimal("0.71")
        assert "are those of the project 'light'" in notes(plan)
        assert len(history_of(session.ledger, plan).made["one"]) == 1
        await buy(session, derived(later, draft=True), "r2", local)
        await buy(session, derived(later, reframe="9:16"), "r3", local)
        assert list(rows(session)) == ["light"]
        plan = await planned(session, later)
        assert left(session, plan) == Decimal("9.00") - rows(session)["light"]


async def test_versions_are_one_production_in_costs_without_a_project(local: Path) -> None:
    """A reframed film and a draft are in the line of the film that they are versions of."""
    production = film(scene("one"), title=LIGHT)
    async with open_session(load_settings()) as session:
        await buy(session, derived(production, draft=True), "r1", local)
        await buy(session, derived(production, reframe="9:16"), "r2", local)
        assert list(rows(session)) == ["keeper"]
        assert {row.group for row in costs(session.ledger, by="scene")} == {"keeper / one"}


async def test_a_project_that_is_added_counts_what_was_bought_before(local: Path) -> None:
    """Nothing is bought again, the cap counts the earlier purchases, and so do the costs, also under a new title."""
    scenes = [scene("one"), scene("two")]
    async with open_session(load_settings()) as session:
        await buy(session, film(*scenes, title=LIGHT, budget="1.50"), "r1", local)
        named = film(*scenes, scene("three"), title=LIGHT, project="light", budget="1.50")
        plan = await planned(session, named)
        assert plan.to_pay == Decimal("0.71")
        assert "counts what was bought as 'keeper'" in notes(plan)
        with pytest.raises(OverBudget, match="spent already"):
            left(session, plan)
        raised = film(*scenes, scene("three"), title=LIGHT, project="light", budget=3)
        await buy(session, raised, "r2", local)
        assert rows(session) == {"light": Decimal("2.13")}
        renamed = film(*(scene(f"new-{i}") for i in range(3)), title="New", project="light", budget="2.50")
        with pytest.raises(OverBudget):
            left(session, await planned(session, renamed))


@pytest.mark.parametrize("change", ["", "other"])
async def test_a_cap_is_not_evaded_by_another_project(local: Path, change: str) -> None:
    """A project that is changed, or taken out, still counts what the title was bought as."""
    async with open_session(load_settings()) as session:
        await buy(session, film(scene("one"), title=LIGHT, project="light", budget=1), "r1", local)
        plan = await planned(session, film(scene("quite"), scene("new"), title=LIGHT, project=change, budget=2))
        with pytest.raises(OverBudget):
            left(session, plan)
        assert "light" in notes(plan)


async def test_a_chain_of_projects_counts_all(local: Path) -> None:
    """Two changes of the project, each with other scenes, are counted, too."""
    async with open_session(load_settings()) as session:
        for number, project in enumerate(("a", "b", "c")):
            await buy(session, film(scene(f"s{number}"), title=LIGHT, project=project, budget=9), f"r{number}", local)
        plan = await planned(session, film(scene("last"), title=LIGHT, project="d", budget=9))
        assert left(session, plan) == Decimal("9.00") - 3 * Decimal("0.71")


async def test_a_project_of_the_budget_s_own_name_changes_nothing(local: Path) -> None:
    """If the project is what the budget was called before, notes and books are the same."""
    async with open_session(load_settings()) as session:
        await buy(session, film(scene("one"), title="C++", budget=9), "r1", local)
        (name,) = rows(session)
        plan = await planned(session, film(scene("one"), title="C++", project=name, budget=9))
        assert (plan.to_pay, left(session, plan)) == (0, Decimal("8.29"))
        assert (plan.budgeting.others, plan.production.slug) == ((), "c")


async def test_two_productions_of_one_project_share_its_budget(local: Path) -> None:
    """The plan says which other production is of it; the cap counts both; the keys of orders are as without one."""
    one = film(scene("one"), title="One", project="series", budget=1)
    two = film(scene("two"), title="Two", project="series", budget=1)
    async with open_session(load_settings()) as session:
        await buy(session, one, "r1", local)
        plan = await planned(session, two)
        assert "which 'one' is of, too" in notes(plan)
        with pytest.raises(OverBudget):
            left(session, plan)
        alone = await planned(session, film(scene("two"), title="Two"))
        assert [s.key for s in alone.shots] == [s.key for s in plan.shots]


async def test_a_project_may_be_parted_from_what_was_bought_before(local: Path) -> None:
    """Asked for a budget of its own, a project does not count its title's purchases, in later runs neither."""
    async with open_session(load_settings()) as session:
        await buy(session, film(scene("one"), title=LIGHT, budget=9), "r1", local)
        fresh = film(scene("one"), scene("two"), title=LIGHT, project="light", budget=1)
        await buy(session, fresh, "r2", local, apart=True)
        plan = await planned(session, fresh)
        assert left(session, plan) == Decimal("0.29")
        assert rows(session) == {"keeper": Decimal("0.71"), "light": Decimal("0.71")}


async def test_a_new_take_is_remembered_under_another_title(local: Path) -> None:
    """A take that was asked for and not made goes on under another title of the project."""
    production = film(scene("one"), title=LIGHT, project="light")
    async with open_session(load_settings()) as session:
        bought = await buy(session, production, "r1", local)
        session.ledger.keep_clip(bought.shots[0].key, "c" * 64)
        plan = await planned(session, production, retake=("one",), run="r2")
        assert plan.retaking is not None
        await begun(session, production, "r2", local, retake=("one",))
        again = await planned(session, film(scene("one"), title="New", project="light"), retake=("one",))
        assert again.retaking is not None
        assert again.retaking.takes == plan.retaking.takes == {"one": 2}


async def test_a_film_that_an_earlier_version_began_keeps_its_slug_in_a_project(local: Path) -> None:
    """The folder that an earlier version made of the title stays, and what was bought under it counts."""
    before = film(scene("one"), title="Café", slug="cafe")
    async with open_session(load_settings()) as session:
        await buy(session, before, "r1", local)
        production = film(scene("one"), scene("two"), title="Café", project="coffee", budget=3)
        for run in ("r2", "r3"):
            plan = await buy(session, production, run, local)
            assert (plan.production.slug, plan.production.budget_name) == ("cafe", "coffee")
        assert rows(session) == {"coffee": Decimal("1.42")}
