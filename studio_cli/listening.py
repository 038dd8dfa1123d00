"""HTTP servers of commands: a socket of their own, an announcement when they listen, an end on a signal."""

import asyncio
import contextlib
import ipaddress
import signal
import socket
from collections.abc import Callable, Iterator

import uvicorn

from studio.errors import SettingsError

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


async def serve(config: uvicorn.Config, listening: socket.socket, announce: Callable[[], None]) -> None:
    """Serve until a signal comes."""
    web = Server(config, announce)

    def leave() -> None:
        web.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # not on Windows
            asyncio.get_running_loop().add_signal_handler(number, leave)
    await web.serve(sockets=[listening])


def listen(host: str, port: int) -> socket.socket:
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


def url_of(listening: socket.socket) -> str:
    """The address of a socket that listens."""
    address, port = listening.getsockname()[:2]
    return f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"
