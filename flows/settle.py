"""The command behind ``python -m flows.reconcile``: settle everything that can be, or one order by hand."""

import sys
from typing import Annotated, Any

import typer
from rich.console import Console

from flows.command import run_command
from studio.errors import BadInput
from studio.ledger import OrderState
from studio.models import api_of
from studio.money import plain, usd
from studio.orders import in_doubt
from studio.reconciling import Reconciliation, find_order, reconcile
from studio.session import Session, open_session
from studio.settings import load_settings

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(help="Settle what earlier runs left behind; or one order in doubt, by hand.")
def settle(
    adopt: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="ORDER GENERATION", help="this generation is what the order bought"),
    ] = None,
    release: Annotated[
        str | None, typer.Option(metavar="ORDER", help="the order was never accepted: it may be sent again")
    ] = None,
) -> None:
    console = Console(highlight=False, soft_wrap=True)

    async def go() -> None:
        async with open_session(load_settings()) as session:
            session.ledger.doubt_abandoned()  # what a killed run left is in doubt from now on
            if adopt is not None:
                await _adopt(console, session, *adopt)
            if release is not None:
                _release(console, session, release)
            if adopt is None and release is None:
                done = await reconcile(session)
                for line in told(done):
                    console.print(line, markup=False)
                if done.in_doubt:
                    raise in_doubt(done.in_doubt[0])

    run_command(go())


async def _adopt(console: Console, session: Session, order: str, generation_id: str) -> None:
    row = find_order(session, order)
    # The service must know the generation: a mistyped id would lose a paid clip.
    await session.connect()
    await session.provider_of(api_of(row.model)).get(generation_id)
    adopted = session.ledger.adopt(row.key, generation_id, "adopted by hand")
    console.print(f"order {adopted.key[:12]} has generation {adopted.generation_id}: the next run awaits it")


def _release(console: Console, session: Session, order: str) -> None:
    row = find_order(session, order)
    if row.state is not OrderState.IN_DOUBT:
        raise BadInput(f"order {row.key[:12]} is {row.state.value}, not in doubt")
    session.ledger.release(row.key, row.attempt, "released by hand")
    console.print(f"order {row.key[:12]} is released: the next run sends it again")


def told(done: Reconciliation) -> list[str]:
    """What was settled, and what is left, a line each."""
    lines = []
    if done.adopted:
        lines.append(f"{len(done.adopted)} lost answers found again and adopted: {_short(done.adopted)}")
    if done.released:
        lines.append(f"{len(done.released)} orders were never accepted, and may be sent again: {_short(done.released)}")
    if done.ended:
        lines.append(f"{done.ended} generations had ended, and are booked")
    if done.fetched:
        lines.append(f"{len(done.fetched)} paid clips fetched")
    if done.not_fetched:
        lines.append(f"{len(done.not_fetched)} paid clips could not be fetched now: {_short(done.not_fetched)}")
    for row in done.in_doubt:
        lines.append(f"in doubt: order {row.key[:12]}, {row.production} / {row.scene}, {usd(row.price)}")
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
    }


def _short(keys: tuple[str, ...]) -> str:
    return ", ".join(key[:12] for key in keys)


def main() -> None:
    """Entry point of ``python -m flows.reconcile``."""
    app(prog_name="python -m flows.reconcile")
    sys.exit(0)
