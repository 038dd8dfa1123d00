"""The command ``serve``: the finished films, their reports and pictures, for a browser. Read-only."""

import ipaddress
import socket
from functools import partial
from typing import Annotated
from urllib.parse import urlsplit

import typer
import uvicorn

from studio.settings import load_settings
from studio.shelf.everywhere import films_of
from studio.shelf.serving import Remote, create_app
from studio.storage.chosen_stores import film_store, signed_url
from studio_cli.console import Terminal
from studio_cli.examples import run_module
from studio_cli.listening import STOP_SECONDS, listen, serve, url_of
from studio_cli.produce import run_command

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
AT_ONCE = 200  # connections; further ones are answered with 503
PORT = 8789
SIGNED = 6 * 3600  # seconds that an address in a store is valid: a player asks for parts of a film as it plays


@app.command(help="Serve the finished films, their reports and pictures to a browser, read-only.")
def serve_films(
    port: Annotated[int, typer.Option(min=0, max=65535, help="port to listen on; 0 takes a free one")] = PORT,
    host: Annotated[str, typer.Option(help="address to listen on; other machines reach 0.0.0.0")] = "127.0.0.1",
) -> None:
    console = Terminal(highlight=False, soft_wrap=True)

    async def go() -> None:
        settings = load_settings()
        linked = urlsplit(settings.links)
        films = film_store(settings)
        store = Remote(partial(signed_url, settings, seconds=SIGNED), films.page) if films else None
        application = create_app(
            settings.films, names={linked.hostname or ""}, shelf=lambda: films_of(settings).shelf(), store=store
        )
        # No line for each request: people look at films as often as they like.
        config = uvicorn.Config(
            application, log_level="warning", access_log=False, lifespan="off", limit_concurrency=AT_ONCE,
            timeout_graceful_shutdown=STOP_SECONDS, server_header=False,
        )  # fmt: skip
        with listen(host, port) as listening:
            await serve(config, listening, lambda: _greet(console, listening, settings.links))

    run_command(go())


def _greet(console: Terminal, listening: socket.socket, links: str) -> None:
    address = listening.getsockname()[0]
    console.print(f"Films: {url_of(listening)}", markup=False)
    if not ipaddress.ip_address(address).is_loopback:
        console.print("warning: whoever reaches this address sees every film, and what it cost: there is no password.")
    if urlsplit(links).port != listening.getsockname()[1] and ipaddress.ip_address(address).is_loopback:
        console.print(f"The links in Prefect lead to {links}: set STUDIO_LINKS where runs are made.", markup=False)


def main() -> None:
    """Entry point of ``python -m flows.serve``."""
    run_module(app, "serve")
