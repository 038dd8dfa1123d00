"""The command behind ``python -m flows.reconcile``: settle everything that can be, or one order by hand."""

from typing import Annotated, Any

import typer

from studio.errors import BadInput
from studio.execution.reconciliation import Reconciliation, reconcile
from studio.execution.session import Session, open_session
from studio.execution.settle_by_hand import adopt_by_hand, release_by_hand, undo_by_hand
from studio.ledger import OrderRow, retakes
from studio.money import plain, usd
from studio.purchasing.order_errors import in_doubt, traced
from studio.settings import load_settings
from studio_cli.console import Terminal
from studio_cli.produce import run_command

CLOCK_TOLD = 5.0  # seconds
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(help="Settle what earlier runs left behind; or one order, by hand.")
def settle(
    adopt: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="ORDER GENERATION", help="this generation is what the order bought"),
    ] = None,
    release: Annotated[
        str | None, typer.Option(metavar="ORDER", help="the order was never accepted, or is gone: it may be sent again")
    ] = None,
    undo: Annotated[
        str | None, typer.Option(metavar="ORDER", help="take back what was settled by hand, while nothing hangs on it")
    ] = None,
    withdraw: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="PRODUCTION SCENE", help="the new take that was asked for is not wanted any more"),
    ] = None,
    restored: Annotated[
        bool, typer.Option("--restored", help="the ledger was restored, with all of its folder: look before buying")
    ] = False,
    restored_settled: Annotated[
        bool, typer.Option("--restored-settled", help="what a restored ledger lacked is adopted, or not wanted")
    ] = False,
) -> None:
    console = Terminal(highlight=False, soft_wrap=True)

    async def go() -> None:
        if sum(bool(given is not None and given is not False) for given in (
            adopt, release, undo, withdraw, restored or None, restored_settled or None
        )) > 1:  # fmt: skip
            raise BadInput("only one of its options can be said at a time", hint="nothing was settled")
        async with open_session(load_settings()) as session:
            session.ledger.doubt_abandoned()  # what a killed run left is in doubt from now on
            if adopt is not None:
                row = await adopt_by_hand(session, *adopt)
                console.print(f"order {row.key[:12]} has generation {row.generation_id}: the next run awaits it")
            if release is not None:
                row = await release_by_hand(session, release)
                console.print(f"order {row.key[:12]} is released: the next run sends it again")
            if undo is not None:
                row = await undo_by_hand(session, undo)
                console.print(f"order {row.key[:12]} is {row.state.value} again")
            if withdraw is not None:
                _withdraw(console, session, *withdraw)
            if restored:
                session.mark.restore(session.ledger)
                console.print("new orders are looked for on the account's list before they are sent")
            if restored_settled:
                session.mark.settled(session.ledger)
                console.print("new orders are sent without a look at the account's list again")
            if not (restored or restored_settled) and all(given is None for given in (adopt, release, undo, withdraw)):
                done = await reconcile(session)
                for line in told(done):
                    console.print(line, markup=False)
                if done.in_doubt:
                    raise in_doubt(done.in_doubt[0], done.reasons.get(done.in_doubt[0].key, ""))

    run_command(go())


def _withdraw(console: Terminal, session: Session, production: str, scene: str) -> None:
    ended = retakes.withdraw(session.ledger, session.service.seller, production, scene)
    if not ended:
        raise BadInput(
            f"no new take of scene '{scene}' of '{production}' is open", where="--withdraw",
            hint="python -m flows.reconcile lists those that are",
        )  # fmt: skip
    console.print(f"scene '{scene}' of '{production}': the next --retake means another take", markup=False)


def told(done: Reconciliation) -> list[str]:
    """What was settled, and what is left, a line each."""
    lines = []
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
            "the ledger was restored from an older copy: new orders are first looked for on the account's list. "
            "Once what it lacks is settled: python -m flows.reconcile --restored-settled"
        )
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
    """The same as one object. Money as text."""
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


def main() -> None:
    """Entry point of ``python -m flows.reconcile``."""
    app(prog_name="python -m flows.reconcile")
