"""The texts of a reconciliation: what it settled and what it left, in lines for people and as one JSON object."""

from __future__ import annotations

from typing import Any

from studio.execution.reconciliation import Reconciliation
from studio.ledger import OrderRow
from studio.money import plain, usd
from studio.purchasing.order_errors import traced
from studio.remedies import Reconcile, Settling, Words, text_of

CLOCK_TOLD = 5.0  # seconds


def told(done: Reconciliation) -> list[Words]:
    """Lines about what was settled, and what is left."""
    lines: list[Words] = []
    if done.adopted:
        lines.append(f"{len(done.adopted)} lost answers found again and adopted: {_short(done.adopted)}")
    if done.released:
        lines.append(f"{len(done.released)} orders are not on the list, and may be sent again: {_short(done.released)}")
    if done.ended:
        lines.append(f"{done.ended} generations had ended, and are booked")
    if done.fetched:
        lines.append(f"{len(done.fetched)} paid clips fetched")
    if done.not_fetched:
        lines.append(f"{len(done.not_fetched)} paid clips could not be fetched now: {_short(done.not_fetched)}")
    if done.booked:
        lines.append(
            f"{len(done.booked)} purchases booked that the ledger could not take before: {_short(done.booked)}"
        )
    if done.certain:
        lines.append(f"{len(done.certain)} orders were certainly never accepted: {_short(done.certain)}")
    for row in done.unsure:
        lines.append(
            f"not certain yet: order {row.key[:12]}, {row.production} / {row.scene}: the list did not show it, so it "
            f"may be sent again; every cap still counts {usd(row.price)}{_traced(row)}"
        )
    for row in done.gone:
        lines.append(
            f"gone: generation {row.generation_id}, order {row.key[:12]}, {row.production} / {row.scene}: paid, and no "
            "longer at the service"
        )
    lines += [f"could not be read now: {what}" for what in done.unread]
    for row in done.in_doubt:
        why = done.reasons.get(row.key, "")
        named = f"order {row.key[:12]}, {row.production} / {row.scene}, {usd(row.price)}"
        lines.append(f"in doubt: {named}{': ' + why if why else ''}{_traced(row)}")
    for asked in done.retakes:
        lines.append(
            f"asked for and not in a film yet: take {asked.take} of scene '{asked.scene}' of '{asked.production}' "
            f"(since {asked.made_at:%Y-%m-%d %H:%M} UTC)"
        )
    if done.restored:
        lines.append(
            text_of(
                "the ledger was restored from an older copy: new orders are first looked for on the account's list. "
                "Once what it lacks is settled: ",
                Reconcile(Settling.RESTORED),
            )
        )  # fmt: skip
    if done.clock is not None and abs(done.clock) > CLOCK_TOLD:
        lines.append(f"the service's clock is {done.clock:+.0f} s off this machine's")
    if done.unexplained:
        what = "left the account that no order explains" if done.unexplained > 0 else "came in that no refund explains"
        lines.append(f"{usd(abs(done.unexplained))} {what} since the last reading")
    for stray in done.strays:
        when = f"{stray.created_at:%Y-%m-%d %H:%M:%S} UTC" if stray.created_at else "at an unknown time"
        lines.append(f"generation {stray.generation_id} ({stray.model}, {stray.state}, {when}) belongs to no order")
    if done.balance is not None:
        lines.append(f"balance {usd(done.balance)}" + (", as the books say" if done.unexplained == 0 else ""))
    return lines or ["Nothing is open."]


def as_json(done: Reconciliation) -> dict[str, Any]:
    """The reconciliation as one JSON object. Money as text."""
    return {
        "adopted": list(done.adopted),
        "released": list(done.released),
        "in_doubt": [row.key for row in done.in_doubt],
        "ended": done.ended,
        "fetched": list(done.fetched),
        "not_fetched": list(done.not_fetched),
        "balance_usd": None if done.balance is None else plain(done.balance),
        "unexplained_usd": None if done.unexplained is None else plain(done.unexplained),
        "strays": [stray.generation_id for stray in done.strays],
        "booked": list(done.booked),
        "certain": list(done.certain),
        "unsure": [row.key for row in done.unsure],
        "gone": [row.key for row in done.gone],
        "clock_seconds": done.clock,
        "request_ids": {row.key: row.request_id for row in (*done.in_doubt, *done.unsure) if row.request_id},
    }


def _traced(row: OrderRow) -> str:
    said = traced(row)
    return f" ({said})" if said else ""


def _short(keys: tuple[str, ...]) -> str:
    return ", ".join(key[:12] for key in keys)
