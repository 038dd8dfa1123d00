"""A small HTTP server on loopback that breaks off, lies, stalls or never ends, as a test says."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

TAG = '"v1"'


@dataclass(frozen=True)
class Request:
    """One request: its path with query, and its headers in lower case."""

    path: str
    headers: dict[str, str]

    @property
    def start(self) -> int | None:
        """The first byte of the requested range."""
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("range", ""))
        return int(found[1]) if found else None


Answer = Callable[[Request, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Server:
    """A server that gives its answers in turn, the last one repeatedly, and records its requests."""

    answers: list[Answer]
    asked: list[Request] = field(default_factory=list)
    origin: str = ""

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection: one request."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in head[1:] if ": " in line)
            request = Request(head[0].split(" ")[1], headers)
            answer = self.answers[min(len(self.asked), len(self.answers) - 1)]
            self.asked.append(request)
            await answer(request, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(*answers: Answer) -> AsyncIterator[Server]:
    """A server with these answers."""
    server = Server(list(answers))
    listening = await asyncio.start_server(server.handle, "127.0.0.1", 0)
    server.origin = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listening.close()


def write_head(writer: asyncio.StreamWriter, status: str, **headers: object) -> None:
    """Status line and headers; underscores in their names are hyphens."""
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items() if value is not None]
    writer.write("\r\n".join([f"HTTP/1.1 {status}", *lines, "Connection: close", "", ""]).encode())


def reset(writer: asyncio.StreamWriter) -> None:
    """Reset the connection at once."""
    writer.transport.abort()


def whole(data: bytes, *, ranges: bool = True, tag: str | None = TAG, kind: str = "video/mp4", stop: int | None = None,
          length: int | None = None, drop: Callable[[asyncio.StreamWriter], None] | None = None) -> Answer:  # fmt: skip
    """An answer with the file; or one that stops after `stop` bytes, ignores ranges, or states another length."""

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        start = request.start if ranges else None
        if start is not None and request.headers.get("if-range") not in (None, tag):
            start = None
        if start is not None and start >= len(data):
            write_head(writer, "416 Range Not Satisfiable", Content_Range=f"bytes */{len(data)}", Content_Length=0)
            return
        body = data[start or 0 :]
        told = len(body) if length is None else length
        if start is None:
            write_head(writer, "200 OK", Content_Type=kind, Content_Length=told, ETag=tag)
        else:
            extent = f"bytes {start}-{len(data) - 1}/{len(data)}"
            write_head(
                writer, "206 Partial Content", Content_Type=kind, Content_Length=told, ETag=tag, Content_Range=extent
            )
        writer.write(body[:stop])
        await writer.drain()
        if drop:
            await asyncio.sleep(0.05)
            drop(writer)

    return answer


def refusal(status: str, body: bytes = b"<Error>AccessDenied</Error>", **headers: object) -> Answer:
    """An error page."""

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        write_head(writer, status, Content_Type="application/xml", Content_Length=len(body), **headers)
        writer.write(body)

    return answer


def endless(first: bytes) -> Answer:
    """A body without a length that continues until the client leaves."""

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        write_head(writer, "200 OK", Content_Type="video/mp4")
        writer.write(first)
        while not writer.is_closing():
            writer.write(bytes(1 << 16))
            await writer.drain()

    return answer


def silent(first: bytes, *, length: int) -> Answer:
    """A body that stops coming while the connection stays."""

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        write_head(writer, "200 OK", Content_Type="video/mp4", Content_Length=length, ETag=TAG)
        writer.write(first)
        await writer.drain()
        await asyncio.sleep(5)

    return answer
