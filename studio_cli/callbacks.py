"""The command ``callbacks``: a receiver of the service's callbacks, by which runs notice ends sooner."""

import logging
import socket
from collections.abc import Callable
from functools import partial
from typing import Annotated

import typer
import uvicorn

from studio.addresses import shown
from studio.callbacks.receiver import Inbox, create_app
from studio.ledger import open_ledger
from studio.ledger.callbacks import book_callbacks
from studio.settings import load_settings
from studio_cli.console import Terminal
from studio_cli.examples import run_module
from studio_cli.listening import STOP_SECONDS, listen, serve, url_of
from studio_cli.produce import run_command

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
AT_ONCE = 200  # connections; further ones are answered with 503


@app.command(help="Receive the service's callbacks, so that runs notice ends sooner. Polls alone are believed.")
def callbacks(
    port: Annotated[int, typer.Option(min=0, max=65535, help="port to listen on; 0 takes a free one")] = 8788,
    host: Annotated[str, typer.Option(help="address to listen on; other machines reach 0.0.0.0")] = "127.0.0.1",
) -> None:
    console = Terminal(highlight=False, soft_wrap=True)

    async def go() -> None:
        settings = load_settings()
        listening = listen(host, port)
        with listening:
            ledger = open_ledger(settings.ledger)
            try:
                inbox = Inbox(partial(book_callbacks, ledger), ledger.token_prefix)
                where = settings.callback_url.get_secret_value() if settings.callback_url else ""
                await _serve(inbox, listening, lambda: _greet(console, listening, where))
            finally:
                ledger.close()
        booked = inbox.counts["booked"]
        console.print(f"stopped; {booked} callback{'' if booked == 1 else 's'} booked", markup=False)

    run_command(go())


async def _serve(inbox: Inbox, listening: socket.socket, announce: Callable[[], None]) -> None:
    """Serve until a signal comes."""
    logging.getLogger("studio.callbacks").addHandler(logging.StreamHandler())
    # No line for each request: its address holds the token of an order.
    config = uvicorn.Config(
        create_app(inbox), log_level="warning", access_log=False, lifespan="on", limit_concurrency=AT_ONCE,
        timeout_graceful_shutdown=STOP_SECONDS, server_header=False,
    )  # fmt: skip
    await serve(config, listening, announce)


def _greet(console: Terminal, listening: socket.socket, callback_url: str) -> None:
    url = url_of(listening)
    told = (
        f"Runs here ask for callbacks to {shown(callback_url)}, which has to lead to this address."
        if callback_url
        else "Set STUDIO_CALLBACK_URL to the address by which the service reaches it, where runs are started."
    )
    console.print(f"Callbacks are received on {url}; GET {url}/healthz tells how it goes.\n{told}", markup=False)


def main() -> None:
    """Entry point of ``python -m flows.callbacks``."""
    run_module(app, "callbacks")
