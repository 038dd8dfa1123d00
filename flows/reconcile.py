"""``python -m flows.reconcile``: settles orders that nobody knows the end of.

Finding lost answers by the account's list follows; for now a person looks, and says which of the two it was.
"""

from typing import Annotated

import typer
from rich.console import Console

from flows.command import run_command
from studio.errors import BadInput
from studio.ledger import Ledger, OrderRow, OrderState
from studio.money import usd
from studio.session import Session, open_session
from studio.settings import load_settings

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(help="List the orders in doubt, or settle one of them.")
def settle(
    adopt: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="ORDER GENERATION", help="this generation is what the order bought"),
    ] = None,
    release: Annotated[
        str | None, typer.Option(metavar="ORDER", help="the order was never accepted: it may be sent again")
    ] = None,
) -> None:
    console = Console(highlight=False)

    async def go() -> None:
        async with open_session(load_settings()) as session:
            ledger = session.ledger
            if adopt is not None:
                order = _one(ledger, adopt[0])
                await _check_generation(session, adopt[1])
                row = ledger.adopt(order.key, adopt[1], "adopted by hand")
                console.print(f"order {row.key[:12]} has generation {row.generation_id}: the next run awaits it")
            if release is not None:
                order = _one(ledger, release)
                if order.state is not OrderState.IN_DOUBT:
                    raise BadInput(f"order {order.key[:12]} is {order.state.value}, not in doubt")
                ledger.release(order.key, order.attempt, "released by hand")
                console.print(f"order {order.key[:12]} is released: the next run sends it again")
            if adopt is None and release is None:
                _list(console, ledger)

    run_command(go())


async def _check_generation(session: Session, generation_id: str) -> None:
    """The service must know the generation: a mistyped id would lose a paid clip."""
    await session.connect()
    generation = await session.provider.get(generation_id)
    if generation.id != generation_id:
        raise BadInput(f"the service knows no generation {generation_id}")


def _one(ledger: Ledger, prefix: str) -> OrderRow:
    found = ledger.find_orders(prefix)
    if len(found) != 1:
        raise BadInput(
            f"{len(found) or 'no'} orders begin with '{prefix}'", hint="python -m flows.reconcile lists them"
        )
    return found[0]


def _list(console: Console, ledger: Ledger) -> None:
    rows = ledger.open_orders(OrderState.IN_DOUBT)
    if not rows:
        console.print("No order is in doubt.")
    for row in rows:
        since = f"{row.reserved_at:%Y-%m-%d %H:%M:%S} UTC"
        console.print(f"{row.key[:12]}  {row.production} / {row.scene}  {usd(row.price)}  {since}", soft_wrap=True)
        console.print(f"    {row.reason or 'its sender ended before the answer came'}", soft_wrap=True)


if __name__ == "__main__":
    app(prog_name="python -m flows.reconcile")
