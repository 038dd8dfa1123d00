"""Speed and memory of downloading a large clip.

    python benchmarks/download.py [--mb 1000]

A server in a process of its own streams a clip of that size over loopback, once as a whole and once breaking off in the
middle; for comparison, httpx alone reads it and discards it. RSS is this process's, above its idle value.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from multiprocessing.connection import Connection
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

from studio.media.slate import make_slate
from studio.storage.clip_store import ClipStore
from studio.storage.download import download

BLOCK = bytes(1 << 18)


def serve(clip: bytes, size: int, pipe: Connection) -> None:
    """Serve `clip`, padded to `size` bytes with an empty box, with ranges; under /broken a whole answer ends
    half-way."""
    padding = size - len(clip)
    head = clip + (1).to_bytes(4, "big") + b"free" + padding.to_bytes(8, "big")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        found = re.search(r"(?i)\r\nrange: bytes=(\d+)-", request)
        start = int(found[1]) if found else 0
        status = f"206 Partial Content\r\nContent-Range: bytes {start}-{size - 1}/{size}" if found else "200 OK"
        end = size // 2 if "GET /broken" in request and not found else size
        writer.write(f'HTTP/1.1 {status}\r\nETag: "x"\r\nContent-Length: {size - start}\r\n\r\n'.encode())
        place = start
        if place < len(head):
            writer.write(head[place:])
            place = len(head)
        try:
            while place < end:
                writer.write(BLOCK[: end - place])
                place = min(end, place + len(BLOCK))
                await writer.drain()
        except ConnectionError:
            pass
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await asyncio.sleep(3600)

    asyncio.run(main())


def rss() -> int:
    """Bytes of memory that this process occupies now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@contextmanager
def watched() -> Iterator[dict[str, float]]:
    """Measure seconds, and the most memory above that at the start."""
    seen = {"rss": 0.0, "seconds": 0.0, "loop": 0.0}
    idle, over = rss(), threading.Event()

    def watch() -> None:
        while not over.wait(0.005):
            seen["rss"] = max(seen["rss"], rss() - idle)

    poller = threading.Thread(target=watch)
    poller.start()
    begun = time.perf_counter()
    try:
        yield seen
    finally:
        seen["seconds"] = time.perf_counter() - begun
        over.set()
        poller.join()


async def ticking(seen: dict[str, float]) -> None:
    """Measure the longest time that the event loop was blocked, in seconds."""
    while True:
        begun = time.perf_counter()
        await asyncio.sleep(0.001)
        seen["loop"] = max(seen["loop"], time.perf_counter() - begun - 0.001)


async def measure(work: Callable[[], Awaitable[None]]) -> dict[str, float]:
    """Run `work` and return its measures."""
    with watched() as seen:
        ticker = asyncio.create_task(ticking(seen))
        await work()
        ticker.cancel()
    return seen


async def compare(mb: int, folder: Path, origin: str) -> Table:
    """Fetch the clip in all ways."""
    table = Table(title=f"A clip of {mb} MB over loopback")
    for column in ("way", "MB/s", "s", "RSS above idle, MB", "longest hold of the loop, ms", "result"):
        table.add_column(column, justify="left" if column in ("way", "result") else "right")

    def row(way: str, seen: dict[str, float], result: str) -> None:
        cells = (mb / seen["seconds"], seen["seconds"], seen["rss"] / 1e6, seen["loop"] * 1e3)
        table.add_row(way, *(f"{c:.1f}" for c in cells), result)

    async with httpx.AsyncClient(trust_env=False) as client:
        spent = ""

        async def fetched(path: str, store: ClipStore) -> None:
            nonlocal spent
            told: list[int] = []
            clip = await download(
                lambda: _address(f"{origin}/{path}"),
                store,
                client=client,
                name=path,
                on_bytes=lambda done, _: told.append(done),
            )
            spent = f"{clip.bytes} bytes, {clip.frames} frames, stored and verified"

        async def only_read() -> None:
            async with client.stream("GET", f"{origin}/whole") as response:
                async for _ in response.aiter_raw():
                    pass

        # parts that are loaded once (decoder, thread pool) count as idle
        await fetched("warm", ClipStore(folder / "warm"))
        shutil.rmtree(folder / "warm")
        row("httpx alone, into nothing", await measure(only_read), "not stored")
        for path, way in (("whole", "download"), ("broken", "download, broken off half-way")):
            store = ClipStore(folder / path)
            seen = await measure(lambda p=path, s=store: fetched(p, s))  # type: ignore[misc]
            row(way, seen, spent + (", resumed" if path == "broken" else ""))
            shutil.rmtree(folder / path)
    return table


async def _address(url: str) -> str:
    return url


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--mb", type=int, default=1000, help="size of the clip in megabytes (default 1000)")
    mb = options.parse_args().mb
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        make_slate(folder / "clip.mp4", lines=["Benchmark"], frames=24, width=320, height=180, fps=Fraction(24))
        near, far = multiprocessing.get_context("spawn").Pipe()
        data = (folder / "clip.mp4").read_bytes()
        server = multiprocessing.get_context("spawn").Process(
            target=serve, args=(data, mb * 1_000_000, far), daemon=True
        )
        server.start()
        table = asyncio.run(compare(mb, folder, f"http://127.0.0.1:{near.recv()}"))
        server.terminate()
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
