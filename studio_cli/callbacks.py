"""The command ``callbacks``: a receiver of the service's callbacks, by which runs notice ends sooner."""

import asyncio
import contextlib
import ipaddress
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from functools import partial
from typing import Annotated

import typer
import uvicorn

from studio.addresses import shown
from studio.callbacks.receiver import Inbox, create_app
from studio.errors import SettingsError
from studio.ledger import open_ledger
from studio.ledger.callbacks import book_callbacks
from studio.settings import load_settings
from studio_cli.console import Terminal
from studio_cli.produce import run_command

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
AT_ONCE = 200  # connections; further ones are answered with 503
STOP_SECONDS = 5


class Server(uvicorn.Server):
    """A uvicorn server that announces when it listens, and leaves signals to us."""

    def __init__(self, config: uvicorn.Config, listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._listening = listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then announce it."""
        await super().startup(sockets)
        if self.started:
            self._listening()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture nothing."""
        yield


@app.command(help="Receive the service's callbacks, so that runs notice ends sooner. Polls alone are believed.")
def callbacks(
    port: Annotated[int, typer.Option(min=0, max=65535, help="port to listen on; 0 takes a free one")] = 8788,
    host: Annotated[str, typer.Option(help="address to listen on; other machines reach 0.0.0.0")] = "127.0.0.1",
) -> None:
    console = Terminal(highlight=False, soft_wrap=True)

    async def go() -> None:
        settings = load_settings()
        listening = _listen(host, port)
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
    web = Server(config, announce)

    def leave() -> None:
        web.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # not on Windows
            asyncio.get_running_loop().add_signal_handler(number, leave)
    await web.serve(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    """Bind a socket. Raises SettingsError for what is no address of this machine, and for a port that is taken."""
    address = "127.0.0.1" if host == "localhost" else host
    try:
        ipaddress.ip_address(address)
    except ValueError:
        raise SettingsError(f"{host!r} is not an address", where="--host", hint="127.0.0.1 or 0.0.0.0") from None
    listening = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((address, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise SettingsError(
            f"cannot listen on {host}:{port}: {error.strerror}",
            where="--host, --port",
            hint="--port 0 takes a free one",
        ) from None
    return listening


def _greet(console: Terminal, listening: socket.socket, callback_url: str) -> None:
    address, port = listening.getsockname()[:2]
    url = f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"
    told = (
        f"Runs here ask for callbacks to {shown(callback_url)}, which has to lead to this address."
        if callback_url
        else "Set STUDIO_CALLBACK_URL to the address by which the service reaches it, where runs are started."
    )
    console.print(f"Callbacks are received on {url}; GET {url}/healthz tells how it goes.\n{told}", markup=False)


def main() -> None:
    """Entry point of ``python -m flows.callbacks``."""
    app(prog_name="python -m flows.callbacks")
