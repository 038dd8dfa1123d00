"""Plans of many productions at once: every row of a table is planned and the whole is priced before anything is bought.

A shot that several rows have is one purchase: it is priced once, in the first row that has it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from studio.errors import NotConfirmed, OverBudget, Problem, ProductionError, StudioError
from studio.execution.session import Session, caps_of
from studio.ledger.batches import Batch
from studio.money import ZERO, plain, usd
from studio.planning import derived
from studio.planning.plan import Plan, ShotState
from studio.production import Production
from studio.production.variations import Variation
from studio.remedies import Words, option, text_of

_BUYING = (ShotState.NEW, ShotState.IN_DOUBT)


@dataclass(frozen=True)
class RowPlan:
    """One row's plan. ``new``: the USD of each purchase, by key, that no earlier row has; ``shared``: the number of its
    shots that an earlier row buys."""

    name: str
    where: str
    plan: Plan
    new: Mapping[str, Decimal]
    shared: int

    @property
    def production(self) -> Production:
        return self.plan.production

    @property
    def to_pay(self) -> Decimal:
        """USD that this row adds to the whole."""
        return sum(self.new.values(), ZERO)

    @property
    def kept(self) -> int:
        """The number of its shots that nothing is ordered for."""
        return sum(shot.state not in _BUYING for shot in self.plan.shots)


@dataclass(frozen=True)
class BatchPlan:
    """The plans of all rows, in the table's order."""

    rows: tuple[RowPlan, ...]

    @property
    def to_pay(self) -> Decimal:
        """USD that all rows together would spend now."""
        return sum((row.to_pay for row in self.rows), ZERO)

    @property
    def limit(self) -> Decimal:
        """USD that all rows together may order for once the price is agreed to, as ``Plan.limit`` is."""
        unsettled = {s.key: s.quote.usd for row in self.rows for s in row.plan.unsettled}
        return self.to_pay + sum(unsettled.values(), ZERO)

    @property
    def to_buy(self) -> int:
        """The number of creates that all rows together would send now."""
        return sum(len(row.new) for row in self.rows)

    @property
    def at_most(self) -> bool:
        """True if a price that is to be paid is an upper bound."""
        return any(shot.quote.at_most and shot.to_pay for row in self.rows for shot in row.plan.shots)

    @property
    def total(self) -> Decimal:
        """USD of all shots of all rows, each counted once."""
        return sum({s.key: s.quote.usd for row in self.rows for s in row.plan.shots}.values(), ZERO)

    def as_rows(self) -> list[dict[str, Any]]:
        """A table of the rows, for an artifact or JSON: money as text."""
        return [
            {
                "row": row.name, "film": row.production.title, "shots": len(row.plan.shots), "new": len(row.new),
                "shared": row.shared, "kept": row.kept, "to_pay_usd": plain(row.to_pay),
            }
            for row in self.rows
        ]  # fmt: skip


async def plan_batch(
    session: Session, variations: Sequence[Variation], *, draft: bool = False, from_draft: bool = False,
    start: bool = False,
) -> BatchPlan:  # fmt: skip
    """Plan every row. Spends nothing. Raises ProductionError with a line for each row that cannot be planned.

    ``start``: runs follow, as in ``Session.plan``.
    """
    rows, problems, seen = list[RowPlan](), list[Problem](), set[str]()
    for one in variations:
        try:
            plan, _ = await session.plan(derived(one.production, draft=draft, from_draft=from_draft), start=start)
        except ProductionError as error:
            problems += [Problem(f"{one.where}: {p.where}", p.message, p.hint) for p in error.problems]
            continue
        except StudioError as error:
            if error.exit_status != 2:
                raise
            problems.append(Problem(one.where, f"{error.where}: {error.message}", error.hint_text))
            continue
        bought = {shot.key: shot.to_pay for shot in plan.shots if shot.state is ShotState.NEW}
        new = {key: price for key, price in bought.items() if key not in seen}
        rows.append(RowPlan(one.name, one.where, plan, new, len(bought) - len(new)))
        seen |= bought.keys()
    if problems:
        raise ProductionError(problems)
    return BatchPlan(tuple(rows))


def check_batch(session: Session, planned: BatchPlan, batch: Batch) -> Decimal | None:
    """The USD that all rows may still spend together, by the tightest cap; None without one. Raises OverBudget where
    they exceed one, and NotConfirmed where they would be billed and nothing limits them; nothing is bought then."""
    ledger, realm, left = session.ledger, session.service.realm, None
    for scope, limit, of, who, needed in _sums(session, planned, batch):
        spent = ledger.spent(scope, of.id, realm=realm, others=of.others)
        if needed and spent + needed > limit:
            before = f", {usd(spent)} are spent already" if spent else ""
            raise OverBudget(
                f"{who} would cost {usd(needed)}; the {scope}'s budget is {usd(limit)}{before}: "
                f"{usd(spent + needed - limit)} too much",
                cap=limit, needed=spent + needed, hint=_fitting(planned, limit - spent),
            )  # fmt: skip
        left = limit - spent if left is None else min(left, limit - spent)
    creates = session.settings.month_creates
    if creates is not None and planned.to_buy:
        made = ledger.creates("month", "", realm=realm)
        if made + planned.to_buy > creates:
            raise OverBudget(
                f"these films would order {planned.to_buy} generations; the month may order {creates}, and {made} are "
                "ordered already",
                cap=Decimal(creates), needed=Decimal(made + planned.to_buy),
                hint=text_of("nothing was bought. Make fewer rows (", option("only"), "), or raise the limit"),
            )  # fmt: skip
    if left is None and session.service.billed and planned.to_pay:
        raise NotConfirmed(
            f"these films would be billed {usd(planned.to_pay)}, nobody was asked, and there is no budget",
            hint=text_of("give them a budget (", option("budget"), "), or write one into the production"),
        )
    return left


@dataclass(frozen=True)
class _Of:
    id: str
    others: tuple[str, ...] = ()


def _sums(session: Session, planned: BatchPlan, batch: Batch) -> list[tuple[Any, Decimal, _Of, str, Decimal]]:
    """Every cap in dollars of the batch, with what it would have to hold: of a project, its own rows alone."""
    found: list[tuple[Any, Decimal, _Of, str, Decimal]] = []
    if batch.budget is not None:
        found.append(("batch", batch.budget, _Of(batch.id), _films(len(planned.rows)), planned.to_pay))
    projects: dict[str, list[RowPlan]] = {}
    for row in planned.rows:
        projects.setdefault(row.production.budget_name, []).append(row)
    for rows in projects.values():
        limited = [row for row in rows if row.production.budget is not None]
        if limited:
            caps = caps_of(session.settings, limited[0].plan, run="", budget=None)
            cap = next(cap for cap in caps if cap.scope == "production")
            limits = [row.production.budget for row in limited if row.production.budget is not None]
            needed = sum((row.to_pay for row in rows), ZERO)
            found.append(("production", min(limits), _Of(cap.scope_id, cap.others), _films(len(rows)), needed))
    if session.settings.month_cap is not None:
        found.append(("month", session.settings.month_cap, _Of(""), _films(len(planned.rows)), planned.to_pay))
    return found


def _films(count: int) -> str:
    return f"these {count} films" if count != 1 else "this film"


def _fitting(planned: BatchPlan, room: Decimal) -> Words:
    """The remedy for a cap, with the rows that fit in what is left of it."""
    fits, sum_of, keys = list[str](), ZERO, set[str]()
    for row in planned.rows:
        bought = {s.key: s.to_pay for s in row.plan.shots if s.state is ShotState.NEW and s.key not in keys}
        if sum_of + sum(bought.values(), ZERO) <= room:
            sum_of += sum(bought.values(), ZERO)
            keys |= bought.keys()
            fits.append(row.name)
    within = ("; within it fits: ", option("only", *fits[:8])) if fits and len(fits) < len(planned.rows) else ()
    return text_of("nothing was bought. Raise the budget, or make fewer rows (", option("only"), ")", *within)
