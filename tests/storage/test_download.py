"""Clips come home whole, whatever the server and the network do on the way."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from pathlib import Path

import httpx
import pytest

from studio.errors import AssetExpired, BadClip, DownloadError, StudioError
from studio.media.clip import digest
from studio.storage.clip_store import ClipStore
from studio.storage.download import download
from tests.support.downloads import SECRET, Fetcher, empty
from tests.support.misbehaving import (
    TAG,
    Request,
    endless,
    refusal,
    serving,
    silent,
    whole,
    write_head,
)


async def test_clip_is_stored_by_its_content(fetch: Fetcher, data: bytes, clip_file: Path) -> None:
    """A download ends with the clip in the store, measured, with first and last frame, and nothing left over."""
    async with serving(whole(data)) as server:
        clip = await fetch(server)
    assert clip.sha256 == digest(clip_file)
    assert fetch.store.has(clip.sha256)
    assert clip.path == fetch.store.path(clip.sha256)
    assert (clip.frames, clip.width, clip.height) == (24, 320, 180)
    pictures = [clip.first_frame, clip.last_frame, clip.first_thumb, clip.last_thumb]
    assert all(p and p.is_file() and p.parent == fetch.store.frames_dir(clip.sha256) for p in pictures)
    assert empty(fetch.store.incoming)
    assert (fetch.urls, fetch.pauses) == (1, [])
    assert "range" not in server.asked[0].headers


async def test_same_clip_twice(fetch: Fetcher, data: bytes) -> None:
    """Fetching what is there already gives the same clip, with its frames, and one file."""
    async with serving(whole(data)) as server:
        assert await fetch(server) == await fetch(server)
    assert empty(fetch.store.incoming)


async def test_frames_that_were_left_damaged(fetch: Fetcher, data: bytes) -> None:
    """A clip that is fetched again brings its frames along: what lies there is replaced."""
    async with serving(whole(data)) as server:
        first = await fetch(server)
        assert first.last_frame is not None
        sound = first.last_frame.read_bytes()
        first.path.unlink()
        first.last_frame.write_bytes(bytes(len(sound)))
        again = await fetch(server)
    assert again == first
    assert first.last_frame.read_bytes() == sound


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden", "404 Not Found", "410 Gone"])
async def test_expired_address_is_replaced(fetch: Fetcher, data: bytes, status: str) -> None:
    """An expired URL is answered by asking for a fresh one, at once, and going on from where the clip was."""
    async with serving(whole(data, stop=4000), refusal(status), whole(data)) as server:
        await fetch(server)
    assert fetch.urls == 2
    assert [r.start for r in server.asked] == [None, 4000, 4000]
    assert server.asked[2].path.endswith("n=2")


async def test_fresh_addresses_that_are_expired_too(fetch: Fetcher) -> None:
    """A download whose fresh URLs are all refused ends with that error, after the allowed attempts and pauses."""
    async with serving(refusal("403 Forbidden")) as server:
        error = await fetch.failing(AssetExpired, server, attempts=4)
    assert "status 403" in str(error)
    assert fetch.urls == 4
    assert fetch.pauses[0] == 0
    assert fetch.pauses[1] < fetch.pauses[2]


async def test_error_of_the_one_who_gives_addresses_is_passed_on(store: ClipStore, client: httpx.AsyncClient) -> None:
    """An error of `fresh_url` itself is not retried here: it is the service's own."""

    for error in (StudioError("no such generation"), TimeoutError("no answer")):

        async def fresh_url(error: Exception = error) -> str:
            raise error

        with pytest.raises(type(error), match=str(error)):
            await download(fresh_url, store, client=client, name="arrival")


@pytest.mark.parametrize("status", ["500 Internal Server Error", "503 Service Unavailable", "429 Too Many Requests"])
async def test_busy_server_is_asked_again_later(fetch: Fetcher, data: bytes, status: str) -> None:
    """A server that cannot now is asked again after as long as it says, with the same URL."""
    async with serving(refusal(status, Retry_After=7), whole(data)) as server:
        await fetch(server)
    assert fetch.pauses == [7]
    assert fetch.urls == 1


async def test_pauses_grow_and_are_limited(fetch: Fetcher) -> None:
    """Without a word from the server the pauses double, and none is longer than a minute."""
    async with serving(refusal("500 Oops"), refusal("500 Oops"), refusal("500 Oops", Retry_After=99999)) as server:
        await fetch.failing(DownloadError, server, attempts=4)
    assert fetch.pauses == [1, 2, 60]


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "video/mp4"])
async def test_page_in_place_of_a_clip(fetch: Fetcher, kind: str) -> None:
    """An HTML page with status 200 is told as such, not stored, and fresh URLs are tried."""
    page = b"<!DOCTYPE html><html><body>Please sign in</body></html>" * 10_000
    async with serving(whole(page, kind=kind)) as server:
        error = await fetch.failing(BadClip, server, attempts=3)
    assert "a web page" in str(error)
    assert kind.split(";")[0] in str(error)
    assert fetch.urls == 3
    assert empty(fetch.store.incoming)


async def test_page_once_then_the_clip(fetch: Fetcher, data: bytes) -> None:
    """A page that was only in the way for a moment is forgotten."""
    async with serving(whole(b"<html>busy</html>"), whole(data)) as server:
        assert (await fetch(server)).bytes == len(data)


@pytest.mark.parametrize("body", [b"", b"\0", b"#EXTM3U\nfile:///etc/passwd\n"])
async def test_next_to_nothing_in_place_of_a_clip(fetch: Fetcher, body: bytes) -> None:
    """Empty and tiny bodies are no clips."""
    async with serving(whole(body)) as server:
        await fetch.failing(BadClip, server, attempts=2)
    assert empty(fetch.store.incoming)


async def test_damaged_body_is_fetched_anew(fetch: Fetcher, data: bytes) -> None:
    """A body of the right length with wrong bytes is found by decoding, thrown away and fetched from the start."""
    spoilt = bytearray(data)
    spoilt[len(data) // 2 : len(data) // 2 + 4000] = bytes(4000)
    async with serving(whole(bytes(spoilt)), whole(data)) as server:
        clip = await fetch(server)
    assert fetch.store.has(clip.sha256)
    assert [r.start for r in server.asked] == [None, None]
    assert fetch.urls == 2


async def test_body_that_is_always_damaged(fetch: Fetcher, data: bytes) -> None:
    """After the allowed attempts a damaged clip is an error that says what is wrong; nothing of it is kept."""
    spoilt = data[:-3000] + bytes(3000)
    async with serving(whole(spoilt)) as server:
        error = await fetch.failing(BadClip, server, attempts=2)
    assert "damaged" in str(error) or "decoded" in str(error)
    assert len(server.asked) == 2
    assert empty(fetch.store.incoming)


async def test_short_body_with_a_length_that_fits_it(fetch: Fetcher, data: bytes) -> None:
    """A clip cut short by its server, whose length agrees, is found by its boxes."""
    async with serving(whole(data[: len(data) // 2])) as server:
        error = await fetch.failing(BadClip, server, attempts=2)
    assert "cut short" in str(error)


async def test_length_that_is_too_short(fetch: Fetcher, data: bytes) -> None:
    """A stated length that is too short is not taken for the whole."""
    async with serving(whole(data, length=len(data) - 500), whole(data)) as server:
        assert (await fetch(server)).bytes == len(data)


async def test_body_without_a_length(fetch: Fetcher, data: bytes) -> None:
    """A body that ends with its connection is accepted if it is a whole clip."""

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        write_head(writer, "200 OK", Content_Type="video/mp4")
        writer.write(data)

    async with serving(answer) as server:
        assert (await fetch(server)).bytes == len(data)


async def test_endless_body_stops_at_the_cap(fetch: Fetcher, data: bytes) -> None:
    """A body that does not end is left at the cap, is not asked for again, and takes no disk after that."""
    async with serving(endless(data[:1000])) as server:
        error = await fetch.failing(BadClip, server, max_bytes=3_000_000)
    assert "did not end" in str(error)
    assert len(server.asked) == 1
    assert empty(fetch.store.incoming)


async def test_too_long_is_refused_before_it_is_read(fetch: Fetcher, data: bytes) -> None:
    """A length beyond the cap is refused from the header."""
    async with serving(whole(data)) as server:
        error = await fetch.failing(BadClip, server, max_bytes=1000)
    assert str(len(data)) in str(error)


async def test_silence_is_a_break(fetch: Fetcher, data: bytes) -> None:
    """A connection on which nothing comes any more is given up and continued on another one."""
    async with serving(silent(data[:3000], length=len(data)), whole(data)) as server:
        await fetch(server, stall=1.5)
    assert [r.start for r in server.asked] == [None, 3000]


async def test_trickle_is_a_break(fetch: Fetcher, data: bytes) -> None:
    """A server that sends a byte now and then, to keep the connection alive, is left too."""

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        write_head(writer, "200 OK", Content_Length=len(data), ETag=TAG)
        for n in range(200):
            writer.write(data[n : n + 1])
            await writer.drain()
            await asyncio.sleep(0.01)

    ticking = iter(range(0, 100_000, 3))
    async with serving(answer, whole(data)) as server:
        await fetch(server, stall=30.0, clock=lambda: float(next(ticking)))
    assert len(server.asked) == 2


async def test_nobody_there(fetch: Fetcher, data: bytes) -> None:
    """A host that does not answer is an error after the attempts, without its name."""
    async with serving(whole(data)) as server:
        pass
    await fetch.failing(DownloadError, server, attempts=2)
    assert len(fetch.pauses) == 1


@pytest.mark.parametrize("url", ["ftp://files.invalid/x?key=1", "not a url", "", "http://[::bad/"])
async def test_nonsense_for_an_address(store: ClipStore, client: httpx.AsyncClient, url: str) -> None:
    """An address that is none is a clear error that does not repeat it."""

    async def fresh_url() -> str:
        return url

    async def sleep(_: float) -> None: ...

    with pytest.raises(DownloadError) as caught:
        await download(fresh_url, store, client=client, name="arrival", attempts=2, sleep=sleep)
    assert not url or url not in str(caught.value)


async def test_redirect_is_followed(fetch: Fetcher, data: bytes) -> None:
    """A redirect to where the clip lies is followed."""
    async with serving(refusal("302 Found", Location="/elsewhere"), whole(data)) as server:
        await fetch(server)
    assert server.asked[1].path == "/elsewhere"


async def test_compressed_answer_is_refused(fetch: Fetcher, data: bytes) -> None:
    """Bytes that were compressed against the request cannot be resumed: such an answer is not used."""

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        assert request.headers["accept-encoding"] == "identity"
        write_head(writer, "200 OK", Content_Encoding="gzip", Content_Length=4)
        writer.write(b"\x1f\x8b\0\0")

    async with serving(answer, whole(data)) as server:
        await fetch(server)


async def test_names_stay_in_the_folder(fetch: Fetcher, data: bytes) -> None:
    """Whatever a shot is called, its file lies in `incoming`, and two different names have two different files."""
    async with serving(whole(data, stop=2000)) as server:
        for name in ("../../evil", "a/b", "a_b", "é" * 300):
            with contextlib.suppress(DownloadError, BadClip):
                await fetch(server, name=name, attempts=1)
    assert len(list(fetch.store.incoming.glob("*.part"))) == 4
    assert not (fetch.store.root.parent / "evil.part").exists()


async def test_progress_is_told(fetch: Fetcher, data: bytes) -> None:
    """`on_bytes` hears how much is here and of how much."""
    seen: list[tuple[int, int | None]] = []
    async with serving(whole(data)) as server:
        await fetch(server, on_bytes=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (len(data), len(data))


async def test_full_disk(fetch: Fetcher, data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk is reported as the error."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("studio.storage.partial_download.Part.write", full)
    async with serving(whole(data)) as server:
        error = await fetch.failing(DownloadError, server)
    assert "No space left" in str(error)


async def test_no_address_in_logs_or_files(fetch: Fetcher, data: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """With every logger at its most talkative, no signed URL is logged, and none lies in any file."""
    with caplog.at_level(logging.DEBUG):
        for logger in ("httpx", "httpcore", "httpcore.connection", "httpcore.http11"):
            caplog.set_level(logging.DEBUG, logger)
        moved = refusal("302 Found", Location=f"/elsewhere?{SECRET}")
        async with serving(moved, whole(data, stop=3000), refusal("500 Oops")) as server:
            await fetch.failing(DownloadError, server, attempts=2)
    assert SECRET not in caplog.text
    assert "elsewhere" not in caplog.text
    for path in fetch.store.root.rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes()
