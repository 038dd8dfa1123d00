"""Downloads of finished clips, stills and archives: streamed to disk, resumed after a break, examined, and stored.

``fetch`` downloads anything that a service made; ``download`` fetches a clip by it. Nothing about the response is
trusted: not its length, its type, its name, nor that it ends. No URL is shown, logged or kept, since anybody with a
signed URL can read the clip.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeVar

import httpx

from studio.atomic import settle
from studio.connections import trouble_of
from studio.errors import AssetExpired, BadClip, DownloadError, Untrusted
from studio.file_types import HEAD, FileType, content_of
from studio.log_redaction import unlogged
from studio.media.clip import MAX_BYTES, Clip, examine
from studio.media.first_look import FirstLook, first_look
from studio.remedies import AGAIN, Text, text_of
from studio.storage.clip_store import ClipStore
from studio.storage.partial_download import Part, Source, part_file
from studio.storage.probe_cache import placed
from studio.workers import on_worker, to_its_end

CHUNK = 1 << 20
CONNECT_SECONDS = 20.0
LONGEST_PAUSE = 60.0
SLOWEST = 4096  # bytes in one stall window; fewer count as a stall
PROGRESS = 1 << 20  # bytes beyond the best attempt so far after which a broken attempt counts as the first again
EXPIRED = (401, 403, 404, 410)

T = TypeVar("T")
IDENTITY = {"Accept-Encoding": "identity"}


@dataclass(frozen=True)
class Goods:
    """A file to fetch. ``noun`` names it in errors; ``types`` are those that its content may be of.

    ``longest`` is the largest size that is accepted, in bytes; ``kept`` tells in every error where the file is for now.
    """

    noun: str
    types: frozenset[FileType]
    longest: int
    kept: str = "it is paid for and the service keeps it"

    @property
    def hint(self) -> Text:
        return text_of(self.kept, ": ", AGAIN, ", and it is fetched, not bought")

    def instead(self, head: bytes) -> str:
        """The name of unexpected content, by its first bytes; empty where it is of one of the types."""
        content = content_of(head)
        return "" if content.type in self.types else content.name or "something unknown"


CLIP = Goods("clip", frozenset({FileType.MP4}), MAX_BYTES, "the clip is paid for and the service keeps it")


async def download(
    fresh_url: Callable[[], Awaitable[str]],
    store: ClipStore,
    *,
    client: httpx.AsyncClient,
    name: str,
    generation: str = "",
    max_bytes: int = MAX_BYTES,
    attempts: int = 5,
    stall: float = 30.0,
    on_bytes: Callable[[int, int | None], None] | None = None,
    on_look: Callable[[FirstLook], None] | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Clip:
    """Fetch a clip into `store`, and return it as measured, with its first and last frame saved beside it.

    `fresh_url` is called for a URL at first, and again when that one has expired or did not lead to a clip. `client`
    must carry no API key: the clip is on another host. `name` is the scene or shot that errors name. The part that has
    been fetched is in `store.incoming` until it is complete, and the next call for the same `name` and `generation`
    resumes it, even after a kill. Memory does not depend on the clip's size. `stall` is how many seconds may pass with
    next to no bytes. `on_bytes` gets the bytes on disk and the whole length, where that is known.
    `on_look` is called from another thread with the measures of the whole file, before all of it is decoded.

    Gives up after `attempts` attempts that brought nothing new, with a pause between them, and raises DownloadError
    (AssetExpired if the fresh URLs had expired, too; BadClip if the response was again and again no whole clip, or was
    larger than `max_bytes`).
    """
    return await fetch(
        fresh_url, replace(CLIP, longest=max_bytes), store.incoming, lambda part: _settled(part, store),
        look=lambda part: _looked(part, on_look), client=client, name=name, generation=generation, attempts=attempts,
        stall=stall, on_bytes=on_bytes, sleep=sleep, clock=clock,
    )  # fmt: skip


async def fetch(
    fresh_url: Callable[[], Awaitable[str]],
    goods: Goods,
    incoming: Path,
    settle: Callable[[Part], tuple[T | None, str]],
    *,
    look: Callable[[Part], None] = lambda _: None,
    client: httpx.AsyncClient,
    name: str,
    where: str = "",
    generation: str = "",
    attempts: int = 5,
    stall: float = 30.0,
    on_bytes: Callable[[int, int | None], None] | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> T:
    """Fetch a file that a service made, as ``download`` fetches a clip, and return the result of ``settle``.

    The part that has been fetched is in the folder ``incoming`` under ``name`` and ``generation``. ``settle`` runs in a
    worker: it examines the complete file and moves it into its store, or returns what is wrong with it; ``look`` is
    called before, in another thread. ``where`` replaces the name in errors. Raises DownloadError, AssetExpired, BadClip
    or Untrusted, none of which holds the URL.
    """
    told = where or name
    with unlogged(), contextlib.ExitStack() as held:
        with _disk_errors(told, goods, incoming):
            incoming.mkdir(parents=True, exist_ok=True)
            part = held.enter_context(part_file(incoming, name, generation))
        attempt = _Fetch(client, part, goods, stall, on_bytes, clock)
        url: str | None = None
        failures, best = 0, part.size
        while True:
            if url is None and not part.complete:
                url = await fresh_url()
            with _disk_errors(told, goods, incoming):
                outcome = _WHOLE if url is None or part.complete else await attempt(url)
                if outcome.kind == "whole":
                    # Not behind the clips that wait to be decoded: the next link of a chain waits for it.
                    await _in_thread(lambda: look(part))
                    settled, fault = await on_worker(lambda: settle(part))
                    if settled is not None:
                        return settled
                    outcome = _Outcome("wrong", fault)
                    part.restart(Source())
                if outcome.kind == "hopeless":
                    part.restart(Source())
            if part.size >= best + PROGRESS:
                failures, best = 0, part.size
            failures += 1
            if failures >= attempts or outcome.kind in ("hopeless", "untrusted"):
                break
            if outcome.kind in ("expired", "refused", "wrong"):
                url = None
            first_expiry = outcome.kind == "expired" and failures == 1
            await sleep(0.0 if first_expiry else min(outcome.pause or 0.5 * 2**failures, LONGEST_PAUSE))
    # raised outside of any handler, so that the error has no context that could hold a URL
    tries = f"{failures} attempt{'s' if failures > 1 else ''}"
    if outcome.kind == "untrusted":
        raise Untrusted(
            f"could not be fetched: {outcome.text}", where=told, hint=text_of(outcome.hint, "; ", goods.hint)
        )
    if outcome.kind in ("wrong", "hopeless"):
        raise BadClip(f"no usable {goods.noun} came after {tries}: {outcome.text}", where=told, hint=goods.hint)
    if outcome.kind == "expired":
        raise AssetExpired(f"its address is not valid any more: {outcome.text}, {tries}", where=told, hint=goods.hint)
    raise DownloadError(f"could not be fetched in {tries}: {outcome.text}", where=told, hint=goods.hint)


def is_encoded(response: httpx.Response) -> bool:
    """True if a body is compressed although the request refused it: its decompressed size would have no limit."""
    return response.headers.get("Content-Encoding", "").strip().lower() not in ("", "identity")


@dataclass(frozen=True)
class _Outcome:
    """The end of an attempt. `text` holds no URL; `pause` is the pause that the service asked for, in seconds.

    broken: resume. expired, refused: resume with a fresh URL. wrong: it was no clip; start again with a fresh URL.
    hopeless: another attempt would end the same. untrusted: the host's certificate is not trusted.
    """

    kind: Literal["whole", "broken", "expired", "refused", "wrong", "hopeless", "untrusted"]
    text: str = ""
    pause: float | None = None
    hint: str = ""


_WHOLE = _Outcome("whole")


@dataclass(frozen=True)
class _Fetch:
    """The attempts at one download, each adding to the part on disk."""

    client: httpx.AsyncClient
    part: Part
    goods: Goods
    stall: float
    on_bytes: Callable[[int, int | None], None] | None
    clock: Callable[[], float]

    async def __call__(self, url: str) -> _Outcome:
        headers = dict(IDENTITY)
        if self.part.size:
            headers["Range"] = f"bytes={self.part.size}-"
            if self.part.source.validator:
                headers["If-Range"] = self.part.source.validator
        timeout = httpx.Timeout(self.stall, connect=min(CONNECT_SECONDS, self.stall))
        try:
            async with self.client.stream(
                "GET", url, headers=headers, timeout=timeout, follow_redirects=True
            ) as response:
                return await _in_thread(lambda: self._refused(response)) or await self._body(response)
        except httpx.ConnectTimeout:
            return _Outcome("broken", f"no connection to the host of the {self.goods.noun} was made in time")
        except httpx.TimeoutException:
            return _Outcome("broken", f"nothing came for {self.stall:g} s, {self._place()}")
        except (httpx.UnsupportedProtocol, httpx.InvalidURL, httpx.TooManyRedirects, UnicodeError):
            return _Outcome("refused", "the service gave an address that leads nowhere")
        except httpx.ConnectError as error:
            host = f"the host of the {self.goods.noun}"
            trouble = trouble_of(error, called=host)
            if trouble and trouble.untrusted:
                return _Outcome("untrusted", trouble.said, hint=trouble.hint)
            return _Outcome("broken", f"no connection to {host}" + (f": {trouble.said}" if trouble else ""))
        except (httpx.HTTPError, httpx.StreamError) as error:
            return _Outcome("broken", f"the connection broke off ({type(error).__name__}), {self._place()}")

    def _refused(self, response: httpx.Response) -> _Outcome | None:
        """Check status and headers. None if a body follows that continues the part on disk."""
        status, part = response.status_code, self.part
        if status in EXPIRED:
            return _Outcome("expired", f"status {status}")
        if status == 416:
            whole = re.fullmatch(r"bytes \*/([0-9]{1,18})", response.headers.get("Content-Range", ""))
            if whole and int(whole[1]) == part.size > 0:
                return _WHOLE
            part.restart(Source())
            return _Outcome("broken", "the service had fewer bytes than were here; begun again")
        if status not in (200, 206):
            ours = 400 <= status < 500 and status not in (408, 425, 429)
            return _Outcome("refused" if ours else "broken", f"status {status}", _retry_after(response))
        if is_encoded(response):
            return _Outcome("wrong", "the service sent it compressed, against the request")
        start, total = _extent(response)
        source = Source(response.headers.get("ETag", ""), response.headers.get("Last-Modified", ""), total)
        if total is not None and total > self.goods.longest:
            return self._too_large(total)
        if status == 200:
            part.restart(source)  # also where the server ignores the range that was asked for
        elif start != part.size or source.contradicts(part.source):
            part.restart(Source())
            return _Outcome("broken", "the service went on with something else; begun again")
        elif part.source.total is None and total is not None:
            part.source = replace(part.source, total=total)
        return None

    async def _body(self, response: httpx.Response) -> _Outcome:
        part, buffer = self.part, bytearray()
        since, seen, last = self.clock(), 0, part.size
        try:
            async for piece in response.aiter_bytes():  # the raw bytes: an encoded body was refused
                buffer += piece
                seen = part.size + len(buffer)
                if part.size == 0 and len(buffer) >= HEAD and (kind := self.goods.instead(bytes(buffer[:HEAD]))):
                    return self._something_else(kind, response)
                if seen > self.goods.longest:
                    return self._too_large(None)
                if self.clock() - since >= self.stall:
                    if seen - last < SLOWEST:
                        return _Outcome("broken", f"next to nothing came for {self.stall:g} s, {self._place()}")
                    since, last = self.clock(), seen
                if len(buffer) >= CHUNK:
                    full, buffer = buffer, bytearray()
                    await _in_thread(lambda data=full: part.write(data))  # type: ignore[misc]
                    if self.on_bytes:
                        self.on_bytes(part.size, part.source.total)
            if part.size or not self.goods.instead(bytes(buffer[:HEAD])):
                rest, buffer = buffer, bytearray()
                await _in_thread(lambda: part.write(rest))
        finally:  # what came before it broke off
            if buffer and (part.size or not self.goods.instead(bytes(buffer[:HEAD]))):
                part.write(buffer)
        if not part.size:
            return self._something_else(self.goods.instead(bytes(buffer)) if buffer else "nothing", response)
        if self.on_bytes:
            self.on_bytes(part.size, part.source.total)
        total = part.source.total
        if total is not None and part.size < total:
            return _Outcome("broken", f"the body ended early, {self._place()}")
        return _WHOLE

    def _something_else(self, kind: str, response: httpx.Response) -> _Outcome:
        said = re.sub(r"[^\w/+.-].*", "", response.headers.get("Content-Type", ""), flags=re.DOTALL)[:60] or "no type"
        return _Outcome("wrong", f"the service sent {kind} ({said}) in place of a {self.goods.noun}")

    def _too_large(self, total: int | None) -> _Outcome:
        size = f"{total} bytes" if total is not None else "a body that did not end"
        return _Outcome(
            "hopeless", f"the service sent {size}; {self.goods.longest} bytes are the most that is accepted"
        )

    def _place(self) -> str:
        total = self.part.source.total
        return f"{self.part.size} of {total} bytes are here" if total else f"{self.part.size} bytes are here"


def _extent(response: httpx.Response) -> tuple[int, int | None]:
    """The offset at which the body begins, and the length of the whole file, as far as the headers tell."""
    if response.status_code == 206:
        told = re.fullmatch(r"bytes ([0-9]{1,18})-[0-9]+/([0-9]{1,18}|\*)", response.headers.get("Content-Range", ""))
        if not told:
            return -1, None
        return int(told[1]), None if told[2] == "*" else int(told[2])
    length = response.headers.get("Content-Length", "")
    return 0, int(length) if re.fullmatch(r"[0-9]{1,18}", length) else None


def _retry_after(response: httpx.Response) -> float | None:
    told = response.headers.get("Retry-After", "")
    return float(told) if told.isdecimal() else None


def _looked(part: Part, on_look: Callable[[FirstLook], None] | None) -> None:
    with contextlib.suppress(BadClip):  # its examination tells what is wrong with it
        if on_look is not None:
            on_look(first_look(part.path))


def _settled(part: Part, store: ClipStore) -> tuple[Clip | None, str]:
    """The clip, examined and moved into the store; or what is wrong with it."""
    frames = part.path.with_suffix(".frames")
    try:
        clip = examine(part.path, frames_dir=frames, threads=1)
        goal = store.frames_dir(clip.sha256)
        store.adopt(part.path, sha256=clip.sha256)
        part.note.unlink(missing_ok=True)
        goal.mkdir(exist_ok=True)
        for picture in frames.iterdir():
            settle(picture, goal / picture.name)  # may replace damaged frames of an earlier fetch
        return placed(store, clip), ""
    except BadClip as error:
        return None, f"it {error.message}"
    finally:
        shutil.rmtree(frames, ignore_errors=True)


async def _in_thread(work: Callable[[], T]) -> T:
    return await to_its_end(asyncio.to_thread(work))


@contextlib.contextmanager
def _disk_errors(where: str, goods: Goods, folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        fault = error.strerror or type(error).__name__
    else:
        return
    raise DownloadError(
        f"cannot be written to {folder}: {fault}", where=where, hint=text_of("make room there; ", goods.hint)
    )
