"""An HTTP proxy on loopback that loses answers: the request arrives, the answer does not."""

from __future__ import annotations

import asyncio
import contextlib
from urllib.parse import urlsplit


class Proxy:
    """A proxy to ``origin``. For the first ``lose`` creates it drops the answer, and the connection with it."""

    def __init__(self, origin: str, *, lose: int) -> None:
        parts = urlsplit(origin)
        self._host, self._port, self._lose = parts.hostname, parts.port, lose

    async def __aenter__(self) -> Proxy:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.origin = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (
                    int(line.split(b":")[1])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length")
                ),
                0,
            )
            body = await reader.readexactly(length) if length else b""
            upstream, to_upstream = await asyncio.open_connection(self._host, self._port)
            lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
            to_upstream.write(b"\r\n".join([lines[0], b"Connection: close", *lines[1:]]) + body)
            await to_upstream.drain()
            answer = await upstream.read(-1)
            if head.startswith(b"POST") and b"/generations" in lines[0] and self._lose > 0:
                self._lose -= 1
            else:
                writer.write(answer)
                await writer.drain()
            to_upstream.close()
        writer.close()
