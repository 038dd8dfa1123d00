"""The command behind ``python -m flows.reconcile``: settle all open orders, or one order by hand."""

from typing import Annotated

import typer

from studio.errors import BadInput
from studio.execution.late_bookings import file_late
from studio.execution.reconciliation import reconcile
from studio.execution.reconciliation_lines import told
from studio.execution.session import Session, open_session
from studio.execution.settle_by_hand import adopt_by_hand, release_by_hand, undo_by_hand
from studio.execution.storing import upload_pending
from studio.ledger import new_takes
from studio.purchasing.order_errors import in_doubt
from studio.settings import load_settings
from studio_cli.console import Terminal
from studio_cli.examples import run_module
from studio_cli.produce import run_command

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
        str | None, typer.Option(metavar="ORDER", help="undo what was settled by hand, if nothing depends on it yet")
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
        options = (adopt, release, undo, withdraw, restored or None, restored_settled or None)
        if sum(option is not None for option in options) > 1:
            raise BadInput("only one of its options can be said at a time", hint="nothing was settled")
        async with open_session(load_settings()) as session:
            session.ledger.doubt_abandoned()  # orders of a killed run are in doubt from now on
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
                    console.print(str(line), markup=False)
                _file_late(console, session)
                await _store(console, session)
                if done.in_doubt:
                    raise in_doubt(done.in_doubt[0], done.reasons.get(done.in_doubt[0].key, ""))
            else:
                _file_late(console, session)

    run_command(go())


def _file_late(console: Terminal, session: Session) -> None:
    for path in file_late(session):
        console.print(f"late bookings are in {path}", markup=False)


async def _store(console: Terminal, session: Session) -> None:
    for folder in await upload_pending(session):
        console.print(f"in the store of films now: {folder}", markup=False)


def _withdraw(console: Terminal, session: Session, production: str, scene: str) -> None:
    ended = new_takes.withdraw(session.ledger, session.service.realm, production, scene)
    if not ended:
        raise BadInput(
            f"no new take of scene '{scene}' of '{production}' is open", where="--withdraw",
            hint="python -m flows.reconcile lists those that are",
        )  # fmt: skip
    console.print(f"scene '{scene}' of '{production}': the next --retake means another take", markup=False)


def main() -> None:
    """Entry point of ``python -m flows.reconcile``."""
    run_module(app, "reconcile")
