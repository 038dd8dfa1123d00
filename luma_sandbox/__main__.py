"""``python -m luma_sandbox``: start the sandbox and say how to point a client at it."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import shlex
import signal
import socket
import sqlite3
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from fastapi import FastAPI

from luma_sandbox import faults_file
from luma_sandbox.agents.conformance import PREFIX as AGENTS
from luma_sandbox.app import create_app
from luma_sandbox.assumptions import Assumptions
from luma_sandbox.certificates import names_of
from luma_sandbox.consoles import end_with, replace_unshowable
from luma_sandbox.dream_machine import PREFIX
from luma_sandbox.errors import SandboxError, SettingsError
from luma_sandbox.faults import Plan
from luma_sandbox.faults_wire import DroppingProtocol
from luma_sandbox.limits import Limits
from luma_sandbox.server_state import Options, ServerState

STOP_SECONDS = 1
CALLED = "LUMA_SANDBOX_CALLED"  # set by a program that begins it under a name of its own


class Server(uvicorn.Server):
    """A uvicorn server that announces when it listens, and leaves signals to us.

    uvicorn itself ends the process with the signal's status; we end it cleanly.
    """

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


def main(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8787,
    home: Annotated[Path, typer.Option(help="Folder for state, books and clips.")] = Path(".studio/sandbox"),
    latency: Annotated[float, typer.Option(min=0, help="Seconds from create to completion.")] = 3.0,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    expose: Annotated[bool, typer.Option("--expose", help="Allow an address other than loopback.")] = False,
    credit: Annotated[int | None, typer.Option(min=0, help="US cents on the account (at first 100000).")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Clips rendered at once.")] = None,
    coarse: Annotated[
        bool, typer.Option("--coarse", envvar="STUDIO_SANDBOX_COARSE", help="Draw clips small and enlarge them.")
    ] = False,
    drift: Annotated[
        float,
        typer.Option(min=0, max=4, envvar="STUDIO_SANDBOX_DRIFT", help="Colours drift from clip to clip; 1 is seen."),
    ] = 0.0,
    attach: Annotated[
        list[int] | None, typer.Option(help="A process to stay up for; end when all of these have died.")
    ] = None,
    public_url: Annotated[
        str, typer.Option(help="Base of asset URLs; if empty, the address that the client called.")
    ] = "",
    tls: Annotated[bool, typer.Option("--tls", help="HTTPS, with a certificate of the sandbox's own.")] = False,
    allow_remote: Annotated[bool, typer.Option("--allow-remote", help="Read images from other machines.")] = False,
    conformance: Annotated[bool, typer.Option("--conformance", help="Answer the SDKs' own test suites.")] = False,
    faults: Annotated[Path | None, typer.Option(help="File of faults to inject, YAML or JSON.")] = None,
    tier: Annotated[str, typer.Option(help="Limits of the account: none, or those of Luma's build tier.")] = "none",
    creates_a_minute: Annotated[int | None, typer.Option(min=0, help="Creates a minute, by family of models.")] = None,
    at_once: Annotated[int | None, typer.Option(min=0, help="Generations at once, by family of models.")] = None,
    assume: Annotated[
        list[str] | None, typer.Option(envvar="STUDIO_SANDBOX_ASSUME", help="Switch an assumption: NAME=VALUE.")
    ] = None,
) -> None:
    """Stand in for Luma's Dream Machine API on this machine. Nothing is billed; clips are rendered here."""
    try:
        options = Options(
            latency=latency,
            credit=credit,
            conformance=conformance,
            allow_remote=allow_remote,
            public_url=public_url,
            tls=names_of(host, public_url) if tls else (),
            coarse=coarse,
            drift=drift,
            assume=Assumptions(dict(_switch(text) for text in assume or ())),
            limits=_limits(tier, creates_a_minute, at_once),
            plan=Plan() if faults is None else faults_file.read(faults),
        )
        if workers is not None:
            options = replace(options, workers=workers)
        asyncio.run(serve(lambda: listen(host, port, expose), home, options, attach or []))
    except SandboxError as error:
        print(f"{os.environ.get(CALLED) or 'luma_sandbox'}: {error}", file=sys.stderr)
        raise SystemExit(error.exit_status) from None


def listen(host: str, port: int, expose: bool) -> socket.socket:
    """Bind a socket. Raises SettingsError for an address that other machines can reach, or one that is taken."""
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
    try:
        app = create_app(home, options)
    except (OSError, sqlite3.DatabaseError) as error:
        told = getattr(error, "strerror", None) or str(error)
        raise SettingsError(f"{home} cannot be used: {told}", where="--home", hint="name another folder") from None
    server: ServerState = app.state.server
    listening = bind()
    address, port = listening.getsockname()[:2]
    scheme = "http" if server.certificate is None else "https"
    url = server.address = f"{scheme}://[{address}]:{port}" if ":" in address else f"{scheme}://{address}:{port}"

    def listens() -> None:
        server.home.announce(port, url)
        greet(url, server)

    web = Server(configured(app), listens)

    def leave() -> None:
        web.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, leave)
    for pid in attached:
        server.parent_watch.attach(pid)
    watching = asyncio.create_task(server.parent_watch.outlive(leave))
    try:
        await web.serve(sockets=[listening])
    finally:
        watching.cancel()
        server.home.withdraw()


def configured(app: FastAPI) -> uvicorn.Config:
    """The uvicorn configuration of a sandbox: faults can end its connections, and a certificate makes it HTTPS."""
    server: ServerState = app.state.server
    certificate = server.certificate
    return uvicorn.Config(
        app,
        http=DroppingProtocol,
        log_level="warning",
        timeout_graceful_shutdown=STOP_SECONDS,
        lifespan="on",
        access_log=False,
        ssl_certfile=None if certificate is None else certificate.server,
        ssl_keyfile=None if certificate is None else certificate.key,
    )


def greet(url: str, server: ServerState) -> None:
    """Print what runs here, and how to point a client at it."""
    account = server.books.account()
    print(
        f"Luma sandbox on {url}: nothing is billed, clips are rendered on this machine.\n"
        f"  home     {server.home.root}\n"
        f"  balance  ${account.balance / 100:,.2f}\n"
        f"  page     {url}/\n"
        f"  books    {url}/sandbox/books\n"
        "Point any Dream Machine client at it:\n"
        f"  export LUMAAI_BASE_URL={url}{PREFIX} LUMAAI_API_KEY=sandbox\n"
        "and any Luma Agents client:\n"
        f"  export LUMA_BASE_URL={url}{AGENTS} LUMA_AGENTS_API_KEY=sandbox",
        flush=True,
    )
    if (certificate := server.certificate) is not None:
        ca = shlex.quote(str(certificate.ca))
        print(
            f"and let it trust this sandbox's certificate (until {certificate.until:%Y-%m-%d}):\n"
            f"  export SSL_CERT_FILE={ca} NODE_EXTRA_CA_CERTS={ca} REQUESTS_CA_BUNDLE={ca}",
            flush=True,
        )


def _limits(tier: str, creates_a_minute: int | None, at_once: int | None) -> Limits:
    tiers = {"none": Limits.none(), "build": Limits.build()}
    if tier not in tiers:
        raise SettingsError(f"no tier is called {tier!r}", hint=f"known: {', '.join(tiers)}")
    given = {"creates_a_minute": creates_a_minute, "at_once": at_once}
    return tiers[tier].with_({name: number for name, number in given.items() if number is not None})


def _switch(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator:
        raise SettingsError(f"--assume {text!r} has no value", hint="--assume NAME=VALUE")
    return name.strip(), value.strip()


def _called() -> str:
    """The words by which it was begun: ``python -m luma_sandbox``, or those that another program gives."""
    return os.environ.get(CALLED) or "python -m luma_sandbox"


if __name__ == "__main__":
    replace_unshowable()
    command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    command.command(epilog=f"Examples:\n{_called()} --port 0\n{_called()} --latency 0 --home sandbox")(main)
    end_with(partial(command, prog_name=_called()))
