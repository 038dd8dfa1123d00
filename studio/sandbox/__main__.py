"""``python -m studio.sandbox``: start the sandbox and say how to point a client at it."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from studio.errors import SettingsError, StudioError
from studio.sandbox.app import create_app
from studio.sandbox.assumptions import Assumptions
from studio.sandbox.dream_machine import PREFIX
from studio.sandbox.house import House, Options

STOP_SECONDS = 1


class Server(uvicorn.Server):
    """A uvicorn server that says when it listens, and leaves signals to us.

    uvicorn's own way with signals ends the process with the signal's status; ours is a clean end.
    """

    def __init__(self, config: uvicorn.Config, listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._listening = listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell."""
        await super().startup(sockets)
        if self.started:
            self._listening()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing to capture."""
        yield


def main(
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 8787,
    home: Annotated[Path, typer.Option(help="Folder for state, books and clips.")] = Path(".studio/sandbox"),
    latency: Annotated[float, typer.Option(min=0, help="Seconds from create to completion.")] = 3.0,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    expose: Annotated[bool, typer.Option("--expose", help="Allow an address other than loopback.")] = False,
    credit: Annotated[int | None, typer.Option(min=0, help="US cents on the account (at first 100000).")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Clips rendered at once.")] = None,
    attach: Annotated[list[int] | None, typer.Option(help="Process to live for; end when all have died.")] = None,
    allow_remote: Annotated[bool, typer.Option("--allow-remote", help="Read images from other machines.")] = False,
    conformance: Annotated[bool, typer.Option("--conformance", help="Answer the SDKs' own test suites.")] = False,
    faults: Annotated[Path | None, typer.Option(help="File of faults to inject.")] = None,
    assume: Annotated[list[str] | None, typer.Option(help="Switch an assumption: NAME=VALUE.")] = None,
) -> None:
    """Stand in for Luma's Dream Machine API on this machine. Nothing is billed; clips are rendered here."""
    try:
        if faults is not None:
            raise SettingsError("--faults is not supported yet", hint="it comes with the next version of the sandbox")
        options = Options(
            latency=latency,
            credit=credit,
            conformance=conformance,
            allow_remote=allow_remote,
            assume=Assumptions(dict(_switch(text) for text in assume or ())),
            **({"workers": workers} if workers is not None else {}),
        )
        asyncio.run(serve(lambda: listen(host, port, expose), home, options, attach or []))
    except StudioError as error:
        print(f"studio.sandbox: {error}", file=sys.stderr)
        raise SystemExit(error.exit_status) from None


def listen(host: str, port: int, expose: bool) -> socket.socket:
    """A bound socket. Raises SettingsError for an address that others can reach, or one that is taken."""
    address = "127.0.0.1" if host == "localhost" else host
    try:
        loopback = ipaddress.ip_address(address).is_loopback
    except ValueError as error:
        raise SettingsError(f"--host {host!r} is not an address", hint="127.0.0.1 or ::1") from error
    if not loopback and not expose:
        raise SettingsError(
            f"--host {host} can be reached from other machines, and the sandbox lets anybody in",
            hint="leave it at 127.0.0.1, or add --expose if that is what you want",
        )
    listening = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((address, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise SettingsError(
            f"cannot listen on {host}:{port}: {error.strerror}", hint="--port 0 takes a free one"
        ) from error
    return listening


async def serve(bind: Callable[[], socket.socket], home: Path, options: Options, attached: list[int]) -> None:
    """Serve until a signal comes or the last attached process has died."""
    app = create_app(home, options)
    house: House = app.state.house
    listening = bind()

    def listens() -> None:
        address, port = listening.getsockname()[:2]
        url = f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"
        house.home.announce(port, url)
        greet(url, house)

    config = uvicorn.Config(
        app, log_level="warning", timeout_graceful_shutdown=STOP_SECONDS, lifespan="on", access_log=False
    )
    server = Server(config, listens)

    def leave() -> None:
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, leave)
    for pid in attached:
        house.companions.attach(pid)
    watching = asyncio.create_task(house.companions.outlive(leave))
    try:
        await server.serve(sockets=[listening])
    finally:
        watching.cancel()
        house.home.withdraw()


def greet(url: str, house: House) -> None:
    """Say what is here, and how a client comes to it."""
    account = house.books.account()
    print(
        f"Luma sandbox on {url}: nothing is billed, clips are rendered on this machine.\n"
        f"  home     {house.home.root}\n"
        f"  balance  ${account.balance / 100:,.2f}\n"
        f"  page     {url}/\n"
        f"  books    {url}/sandbox/books\n"
        "Point any Dream Machine client at it:\n"
        f"  export LUMAAI_BASE_URL={url}{PREFIX} LUMAAI_API_KEY=sandbox",
        flush=True,
    )


def _switch(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator:
        raise SettingsError(f"--assume {text!r} has no value", hint="--assume NAME=VALUE")
    return name.strip(), value.strip()


if __name__ == "__main__":
    typer.run(main)
