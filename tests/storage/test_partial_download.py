"""Partial downloads of a clip are continued, or begun anew where they do not fit, also after a kill."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from studio.errors import DownloadError
from tests.support.downloads import SECRET, Fetcher, empty, until
from tests.support.misbehaving import (
    TAG,
    Answer,
    Request,
    refusal,
    reset,
    serving,
    silent,
    whole,
    write_head,
)


@pytest.mark.parametrize("drop", [None, reset], ids=["closed", "reset"])
@pytest.mark.parametrize("tag", [TAG, None, 'W/"weak"'], ids=["strong", "none", "weak"])
async def test_broken_body_is_resumed(fetch: Fetcher, data: bytes, drop, tag: str | None) -> None:
    """A connection that breaks midway is continued from that byte, on the condition that it is still the same thing."""
    half = len(data) // 2
    async with serving(whole(data, stop=half, drop=drop, tag=tag), whole(data, tag=tag)) as server:
        clip = await fetch(server)
    assert clip.bytes == len(data)
    assert [r.start for r in server.asked] == [None, half]
    assert server.asked[1].headers.get("if-range") == (TAG if tag == TAG else None)
    assert fetch.urls == 1
    assert len(fetch.pauses) == 1


async def test_many_breaks(fetch: Fetcher, data: bytes) -> None:
    """Attempt after attempt brings the rest nearer, as long as there are attempts left."""
    step = len(data) // 5 + 1
    async with serving(whole(data, stop=step)) as server:
        await fetch(server, attempts=5)
    assert [r.start for r in server.asked] == [None, step, 2 * step, 3 * step, 4 * step]


async def test_progress_is_not_failure(fetch: Fetcher, data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Breaks that each brought much more do not use the attempts up."""
    monkeypatch.setattr("studio.storage.download.PROGRESS", 1000)
    async with serving(whole(data, stop=len(data) // 9)) as server:
        await fetch(server, attempts=2)
    assert len(server.asked) >= 9


async def test_server_without_ranges_starts_over(fetch: Fetcher, data: bytes) -> None:
    """A server that answers a range with the whole is read from the start, and the parts are not put together."""
    async with serving(whole(data, stop=1000, ranges=False), whole(data, ranges=False)) as server:
        clip = await fetch(server)
    assert clip.bytes == len(data)


async def test_another_thing_under_the_same_address(fetch: Fetcher, data: bytes) -> None:
    """Old bytes are not used where the tag changed in between."""
    async with serving(whole(b"\0\0\0\x20ftypOLD!" * 100, stop=600, tag='"old"'), whole(data)) as server:
        clip = await fetch(server)
    assert clip.bytes == len(data)


def continued_with(data: bytes, total: int | str, *, shift: int = 0) -> Answer:
    """A server that answers a range with one of something else."""

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        start = (request.start or 0) + shift
        extent = f"bytes {start}-{len(data) - 1}/{total}"
        write_head(writer, "206 Partial Content", Content_Length=len(data) - start, Content_Range=extent)
        writer.write(data[start:])

    return answer


@pytest.mark.parametrize(("total", "shift"), [(12345678, 0), ("*", 7), ("x", 0)])
async def test_part_that_does_not_fit_starts_over(fetch: Fetcher, data: bytes, total: int | str, shift: int) -> None:
    """A part of another length, from another place, or without a place leads back to the start."""
    odd = continued_with(data, total, shift=shift)
    async with serving(whole(data, stop=5000, tag=None), odd, whole(data)) as server:
        clip = await fetch(server)
    assert clip.bytes == len(data)
    assert [r.start for r in server.asked] == [None, 5000, None]


async def test_nothing_left_to_fetch(fetch: Fetcher, data: bytes) -> None:
    """A clip is whole when all its bytes are here and the server has no more (416)."""
    lying = whole(data, length=len(data) + 1000)
    async with serving(lying, whole(data)) as server:
        clip = await fetch(server)
    assert clip.bytes == len(data)
    assert server.asked[1].start == len(data)


async def test_range_beyond_the_end_of_something_shorter(fetch: Fetcher, data: bytes) -> None:
    """A clip is begun again if the server has fewer bytes than are here (416)."""
    longer = b"\0\0\0\x20ftypLONG" + bytes(len(data) + 5000)
    async with serving(whole(longer, stop=len(data) + 1000, tag=None), whole(data, tag=None)) as server:
        clip = await fetch(server)
    assert clip.bytes == len(data)


async def test_what_was_fetched_survives_a_failed_call(fetch: Fetcher, data: bytes) -> None:
    """After a call that gave up, the next one goes on from its bytes."""
    async with serving(whole(data, stop=9000), refusal("500 Oops")) as server:
        await fetch.failing(DownloadError, server, attempts=2)
    async with serving(whole(data)) as server:
        await fetch(server)
    assert server.asked[0].start == 9000


async def test_another_generation_of_the_same_scene_begins_anew(fetch: Fetcher, data: bytes) -> None:
    """Bytes of an earlier take are not continued with those of a new one."""
    async with serving(whole(data, stop=9000), refusal("500 Oops")) as server:
        await fetch.failing(DownloadError, server, attempts=2, generation="g1")
    async with serving(whole(data)) as server:
        await fetch(server, generation="g2")
    assert server.asked[0].start is None


async def test_half_a_file_of_unknown_origin_is_not_continued(fetch: Fetcher, data: bytes) -> None:
    """A part without a note on what it belongs to is begun again."""
    (fetch.store.incoming / "arrival.part").write_bytes(data[:5000])
    async with serving(whole(data)) as server:
        await fetch(server)
    assert server.asked[0].start is None


async def test_whole_part_needs_no_request(fetch: Fetcher, data: bytes) -> None:
    """Killed between the last byte and the store: the next call only looks at what is there."""
    (fetch.store.incoming / "arrival.part").write_bytes(data)
    note = {"etag": TAG, "modified": "", "total": len(data)}
    (fetch.store.incoming / "arrival.part.json").write_text(json.dumps(note))
    async with serving(whole(data)) as server:
        assert (await fetch(server)).bytes == len(data)
    assert server.asked == []


async def test_cancelled_download_can_be_resumed(fetch: Fetcher, data: bytes) -> None:
    """A cancelled call ends at once, and what it had fetched is there for the next one."""
    looks: list[float] = []

    def clock() -> float:
        looks.append(0.0)
        return 0.0

    async with serving(silent(data[:7000], length=len(data)), whole(data)) as server:
        job = asyncio.create_task(fetch(server, stall=30.0, clock=clock))
        await until(lambda: len(looks) > 1)  # one when the body begins, one for each piece of it
        job.cancel()
        with pytest.raises(asyncio.CancelledError):
            await job
        await fetch(server)
    assert 0 < (server.asked[1].start or 0) <= 7000


async def test_two_at_once_do_not_mix(fetch: Fetcher, data: bytes) -> None:
    """Two downloads of one name at a time both end with the whole clip."""

    async def slow(request: Request, writer: asyncio.StreamWriter) -> None:
        write_head(writer, "200 OK", Content_Length=len(data), ETag=TAG)
        for start in range(0, len(data), 20_000):
            writer.write(data[start : start + 20_000])
            await writer.drain()
            await asyncio.sleep(0.005)

    async with serving(slow) as server:
        clips = await asyncio.gather(*(fetch(server) for _ in range(3)))
    assert len({c.sha256 for c in clips}) == 1
    assert fetch.store.verify(clips[0].sha256)
    assert empty(fetch.store.incoming)


KILLED = """
import asyncio, sys
from pathlib import Path
import httpx
from studio.storage.download import download
from studio.storage.clip_store import ClipStore

async def main():
    async def fresh_url():
        return sys.argv[1]
    async with httpx.AsyncClient(trust_env=False) as client:
        await download(fresh_url, ClipStore(Path(sys.argv[2])), client=client, name="arrival")

asyncio.run(main())
"""


async def test_killed_process_loses_nothing(fetch: Fetcher, data: bytes, clip_file: Path) -> None:
    """After kill -9 midway, the next process goes on from the bytes that had arrived."""
    # chunks are written by the MiB: the part that is on disk by then is a whole number of them
    padded = data + (4 << 20).to_bytes(4, "big") + b"free" + bytes((4 << 20) - 8)
    async with serving(silent(padded[: 3 << 20], length=len(padded)), whole(padded)) as server:
        command = [sys.executable, "-c", KILLED, f"{server.origin}/?{SECRET}", str(fetch.store.root)]
        child = subprocess.Popen(command)  # noqa: ASYNC220  # starting it takes a millisecond
        part = fetch.store.incoming / "arrival.part"
        await until(lambda: part.exists() and part.stat().st_size >= 2 << 20)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        there = part.stat().st_size
        clip = await fetch(server)
    assert clip.bytes == len(padded)
    assert server.asked[1].start == there >= 2 << 20
