"""A stand-in for the Dream Machine API of fixed latency, which renders nothing: all of its clips exist already.

    python benchmarks/produce_standin.py CLIPS       (prints its address, and serves until its input ends)

CLIPS has the clips (``produce_clips.py``). It answers what a client needs to make videos: create, get, list, credits,
and the clips. A generation is completed a fixed time after its create, by the clock and not by a timer, so that no load
delays it. Link n of a chain is clip n, so that a chain is continuous; each generation's file ends with a box of its
own, so that no two are equal. More generations at once than there are slots: 429. A parent that is not completed: 400.

``POST /bench/begin`` sets latency, slots and the base of the clips' URLs, and begins the counts anew; ``GET
/bench/figures`` has the counts and the moments.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

import uvicorn

PREFIX = "/dream-machine/v1"
KEEP_ALIVE = 3600  # seconds that an idle connection stays open
FILLED_IN = {"loop": False, "keyframes": None, "callback_url": None, "concepts": None, "generation_type": "video"}
Answer = tuple[int, bytes, str]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


@dataclass
class Generation:
    """A generation. ``created``, ``ends``, ``seen``: by the monotonic clock; ``seen``: when a client was first told
    that it had ended."""

    id: str
    request: dict[str, Any]
    created: float
    ends: float
    clip: int
    parent: Generation | None
    at: str
    seen: float | None = None
    running: bytes = b""
    ended: bytes = b""

    def shown(self, now: float, base: str) -> bytes:
        """The generation in the service's form. Built once for each of its two states."""
        if now < self.ends:
            self.running = self.running or self._json("dreaming", None)
            return self.running
        if self.seen is None:
            self.seen = now
        clip, image = f"{base}/clips/{self.id}.mp4", f"{base}/clips/{self.id}.jpg"
        self.ended = self.ended or self._json("completed", {"video": clip, "image": image, "progress_video": None})
        return self.ended

    def _json(self, state: str, assets: dict[str, Any] | None) -> bytes:
        return json.dumps({
            "id": self.id, "generation_type": "video", "state": state, "failure_reason": None, "created_at": self.at,
            "assets": assets, "model": self.request["model"], "request": self.request,
        }).encode()  # fmt: skip


@dataclass
class Service:
    """The service. ``clips`` and ``posters``: the files of the clips and their first frames, by number."""

    clips: list[bytes]
    posters: list[bytes]
    latency: float = 3.0
    slots: int = 10
    base: str = ""
    generations: dict[str, Generation] = field(default_factory=dict)
    newest: list[Generation] = field(default_factory=list)  # the oldest first
    running: deque[Generation] = field(default_factory=deque)
    calls: Counter[str] = field(default_factory=Counter)

    def begin(self, wanted: dict[str, Any]) -> Answer:
        """Begin a measurement: no generations, no counts."""
        self.latency, self.slots, self.base = wanted["latency"], wanted["slots"], wanted["base"]
        for kept in (self.generations, self.newest, self.running, self.calls):
            kept.clear()
        return _json(200, {})

    def figures(self) -> Answer:
        """Counts and moments since the measurement began."""
        made = self.newest
        links = [g for g in made if g.parent is not None]
        return _json(200, {
            "calls": dict(self.calls),
            "creates": len(made),
            "making": max(g.ends for g in made) - made[0].created if made else 0.0,
            "poll lags": [g.seen - g.ends for g in made if g.seen is not None],
            "links": [g.created - g.parent.ends for g in links if g.parent],
            "links after the poll": [g.created - g.parent.seen for g in links if g.parent and g.parent.seen],
        })  # fmt: skip

    def answer(self, method: str, path: str, query: str, body: bytes) -> Answer:
        """Answer a request."""
        if path.startswith("/bench/"):
            return self.figures() if method == "GET" else self.begin(json.loads(body))
        if path.startswith("/clips/"):
            return self._file(path.removeprefix("/clips/"))
        path = path.removeprefix(PREFIX)
        if method == "POST" and path in ("/generations/video", "/generations"):
            return self._create(json.loads(body))
        if method == "GET" and path == "/generations":
            return self._list({name: int(values[0]) for name, values in parse_qs(query).items()})
        if method == "GET" and path == "/credits":
            self.calls["other"] += 1
            return _json(200, {"credit_balance": 10_000_000})
        if method == "GET" and path.startswith("/generations/"):
            self.calls["get"] += 1
            found = self.generations.get(path.removeprefix("/generations/"))
            if found is not None:
                return 200, found.shown(time.monotonic(), self.base), "application/json"
        self.calls["other"] += 1
        return _json(404, {"detail": "Generation not found"})

    def _create(self, request: dict[str, Any]) -> Answer:
        self.calls["create"] += 1
        now = time.monotonic()
        while self.running and self.running[0].ends <= now:
            self.running.popleft()
        if len(self.running) >= self.slots:
            self.calls["refused"] += 1
            return _json(429, {"detail": f"Concurrency limit exceeded: {self.slots} generations at once"})
        frame = (request.get("keyframes") or {}).get("frame0") or {}
        parent = self.generations.get(frame.get("id", ""))
        if frame.get("id") and (parent is None or parent.ends > now):
            self.calls["refused"] += 1
            return _json(400, {"detail": "400: the generation in keyframes.frame0 is not completed"})
        clip = parent.clip + 1 if parent else len(self.newest)
        at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        made = Generation(
            str(uuid4()), FILLED_IN | request, now, now + self.latency, clip % len(self.clips), parent, at
        )
        self.generations[made.id] = made
        self.newest.append(made)
        self.running.append(made)
        return 201, made.shown(now, self.base), "application/json"

    def _list(self, asked: dict[str, int]) -> Answer:
        self.calls["list"] += 1
        limit, offset, now = asked.get("limit", 100), asked.get("offset", 0), time.monotonic()
        page = self.newest[::-1][offset : offset + limit]
        items = b", ".join(g.shown(now, self.base) for g in page)
        more = json.dumps(offset + limit < len(self.newest)).encode()
        tail = b'], "count": %d, "has_more": %s, "limit": %d, "offset": %d}' % (len(page), more, limit, offset)
        return 200, b'{"generations": [' + items + tail, "application/json"

    def _file(self, name: str) -> Answer:
        self.calls["file"] += 1
        identity, _, suffix = name.partition(".")
        found = self.generations.get(identity)
        if found is None:
            return _json(404, {"detail": "no such file"})
        if suffix == "jpg":
            return 200, self.posters[found.clip], "image/jpeg"
        box = identity.encode()  # a box that players skip: no two generations have equal bytes
        return 200, self.clips[found.clip] + (8 + len(box)).to_bytes(4, "big") + b"free" + box, "video/mp4"

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """The ASGI application; a framework would take more processor time than the answers."""
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        status, content, kind = self.answer(scope["method"], scope["path"], scope["query_string"].decode(), body)
        headers = [(b"content-type", kind.encode()), (b"content-length", str(len(content)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})


def _json(status: int, told: Any) -> Answer:
    return status, json.dumps(told).encode(), "application/json"


def main() -> None:
    """Serve."""
    folder = Path(sys.argv[1])
    clips = [file.read_bytes() for file in sorted(folder.glob("*.mp4"))]
    posters = [file.read_bytes() for file in sorted(folder.glob("*.jpg"))]
    listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
    # A connection that the server closes just as a client uses it again would be a fault, of which there are none here.
    options = {"log_level": "warning", "access_log": False, "lifespan": "off", "timeout_keep_alive": KEEP_ALIVE}
    config = uvicorn.Config(Service(clips, posters), **options)
    server = uvicorn.Server(config)

    def leave() -> None:
        sys.stdin.read()  # its end: whoever started this is gone
        server.should_exit = True

    threading.Thread(target=leave, daemon=True).start()
    print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
    asyncio.run(server.serve(sockets=[listening]))


if __name__ == "__main__":
    main()
