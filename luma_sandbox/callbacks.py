"""Callbacks: a generation is posted to its ``callback_url`` when it starts dreaming, completes or fails.

They are sent independently of the life cycle: in order for each generation, with up to three retries 100 ms apart
unless the answer is a 200 (assumption `callback_success`), five seconds each. They go to this machine only; others are
noted and not sent. Callbacks that are unsent when the server stops are lost: a client has to ask, as with the service.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

import httpx

from luma_sandbox.books import Generation
from luma_sandbox.faults import Faults
from luma_sandbox.faults_routes import CALLBACK

log = logging.getLogger("luma_sandbox")

RETRIES = 3
PAUSE = 0.1
TIMEOUT = 5.0
AT_ONCE = 16
REMEMBERED = 1000

Body = Callable[[Generation], Mapping[str, Any]]


@dataclass(frozen=True)
class Delivery:
    """The result of one callback."""

    generation: str
    state: str
    url: str
    attempts: int
    outcome: str


class Callbacks:
    """The sender of callbacks, which remembers the latest ones."""

    def __init__(self, faults: Faults, taken: str) -> None:
        self.body: Body | None = None  # formats a generation as a client sees it; set by the application
        self._taken = taken  # the assumption `callback_success`
        self._faults = faults
        self._sending: dict[str, asyncio.Task[None]] = {}
        self._kept_back: dict[str, list[Callable[[], Awaitable[None]]]] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._said: deque[Delivery] = deque(maxlen=REMEMBERED)

    def tell(self, generation: Generation) -> None:
        """Send a generation's new state in the background."""
        url = generation.request.get("callback_url")
        if not isinstance(url, str) or self.body is None:
            return
        before = self._sending.get(generation.id)
        content = dict(self.body(generation))
        told = asyncio.get_running_loop().create_task(self._after(before, generation, url, content))
        self._sending[generation.id] = told
        told.add_done_callback(lambda done: self._ended(generation.id, done))

    def report(self) -> list[dict[str, Any]]:
        """The latest deliveries, in order."""
        return [asdict(delivery) for delivery in self._said]

    async def settled(self) -> None:
        """Wait until no callback is being sent."""
        while self._sending:
            await asyncio.gather(*self._sending.values(), return_exceptions=True)

    async def close(self) -> None:
        """Stop; unsent callbacks are dropped."""
        on_their_way = list(self._sending.values())
        for told in on_their_way:
            told.cancel()
        await asyncio.gather(*on_their_way, return_exceptions=True)

    def _ended(self, identity: str, done: asyncio.Task[None]) -> None:
        if self._sending.get(identity) is done:
            del self._sending[identity]
        if not done.cancelled() and (error := done.exception()) is not None:
            log.error("the callback of generation %s ended with an error", identity, exc_info=error)

    async def _after(
        self, before: asyncio.Task[None] | None, generation: Generation, url: str, content: Mapping[str, Any]
    ) -> None:
        if before is not None:
            await asyncio.wait([before])
        fault = self._faults.strike(CALLBACK).get("callback")
        kind = fault.kind if fault is not None else None

        async def deliver() -> None:
            await self._deliver(generation, url, content)

        if kind == "callback_lost":
            self._note(generation, url, 0, "lost, as a fault says")
            return
        if kind == "callback_late" and generation.state == "dreaming":
            self._kept_back.setdefault(generation.id, []).append(deliver)
            return
        copies = (fault.copies or 2) if fault is not None and kind == "callback_twice" else 1
        for _ in range(copies):
            await deliver()
        for late in self._kept_back.pop(generation.id, []):
            await late()

    async def _deliver(self, generation: Generation, url: str, content: Mapping[str, Any]) -> None:
        async with self._slots:
            outcome, attempts = "", 0
            for attempt in range(1 + RETRIES):
                if attempt:
                    await asyncio.sleep(PAUSE)
                attempts = attempt + 1
                try:
                    async with asyncio.timeout(TIMEOUT):
                        status = await _post(url, content)
                    taken = 200 <= status < 300 if self._taken == "2xx" else status == int(self._taken)
                    outcome = "delivered" if taken else f"answered {status}"
                except Refused as error:
                    outcome, attempts = str(error), 0
                    break
                except TimeoutError:
                    outcome = f"no answer within {TIMEOUT:g} s"
                except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
                    outcome = f"{type(error).__name__}: {error}"
                if outcome == "delivered":
                    break
        self._note(generation, url, attempts, outcome)

    def _note(self, generation: Generation, url: str, attempts: int, outcome: str) -> None:
        bare = url.split("?", 1)[0]
        self._said.append(Delivery(generation.id, generation.state, bare, attempts, outcome))
        if outcome != "delivered":
            log.warning("callback of generation %s (%s) to %s: %s", generation.id, generation.state, bare, outcome)


class Refused(Exception):
    """A callback may not be sent."""


async def _post(url: str, content: Mapping[str, Any]) -> int:
    """Send it once, to the address that was checked; return the status of the answer."""
    wanted = httpx.URL(url)
    *others, last = await _loopback(wanted)
    for address in others:
        with suppress(httpx.ConnectError):
            return await _post_to(address, wanted, content)
    return await _post_to(last, wanted, content)


async def _post_to(address: str, wanted: httpx.URL, content: Mapping[str, Any]) -> int:
    # Straight to this machine: no proxy, no redirect to elsewhere, and only the status of the answer is read.
    async with (
        httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=TIMEOUT) as client,
        client.stream(
            "POST",
            wanted.copy_with(host=address),
            json=dict(content),
            headers={"Host": wanted.netloc.decode("ascii")},
            extensions={"sni_hostname": wanted.host},
        ) as answer,
    ):
        return answer.status_code


async def _loopback(url: httpx.URL) -> list[str]:
    """The addresses of a URL on this machine. Raises Refused for any other URL."""
    if url.scheme not in ("http", "https") or not url.host:
        raise Refused("not an http(s) URL; not sent")
    try:
        found = await asyncio.get_running_loop().getaddrinfo(url.host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Refused(f"{url.host} is unknown here; not sent ({error})") from error
    addresses = [str(entry[4][0]) for entry in found]
    with suppress(ValueError):
        if addresses and all(ipaddress.ip_address(address).is_loopback for address in addresses):
            return list(dict.fromkeys(addresses))
    raise Refused(f"{url.host} is not this machine; not sent")
