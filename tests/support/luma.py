"""Fakes of both of Luma's APIs at the transport: they accept and store creates, and answer as a test says.

No sockets, no clock.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from studio.providers.luma.agents import Agents
from studio.providers.luma.dream_machine import DreamMachine

Answer = Callable[[httpx.Request, dict[str, Any]], httpx.Response]
# The type of a request in its echo, by the path of its create.
ASKED = {
    "/generations/video": "video", "/generations/video/modify": "modify_video",
    "/generations/video/reframe": "reframe_video", "/generations/image": "image",
    "/generations/image/reframe": "reframe_image",
}  # fmt: skip
OF_A_CLIP = {"upscale": "upscale_video", "audio": "add_audio"}


def refuse(status: int, detail: str = "no", **headers: str) -> Answer:
    """Answer with an error; nothing is accepted."""
    return lambda request, _: httpx.Response(
        status, json={"detail": detail}, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )


def fail(error: type[httpx.TransportError]) -> Answer:
    """Break the connection before anything is accepted."""

    def answer(request: httpx.Request, _: dict[str, Any]) -> httpx.Response:
        raise error("broken", request=request)

    return answer


@dataclass
class _Service(ABC):
    """A fake API. ``script``: the handling of the next creates, in order; later ones are accepted.

    ``sent`` and ``headers``: the bodies and headers of the creates received.
    """

    script: list[Answer] = field(default_factory=list)
    generations: dict[str, dict[str, Any]] = field(default_factory=dict)
    sent: list[dict[str, Any]] = field(default_factory=list)
    headers: list[httpx.Headers] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    created_at: datetime = datetime(2026, 11, 22, 10, tzinfo=UTC)

    @abstractmethod
    def accept(self, body: dict[str, Any], asked: str = "video") -> dict[str, Any]:
        """Accept a create: from now on it exists, whatever becomes of the answer."""

    def answer(self, status: int = 201, **headers: str) -> Answer:
        """Accept the create, and answer with this status and such headers; above 299 the answer does not name the
        generation."""

        def answer(request: httpx.Request, body: dict[str, Any]) -> httpx.Response:
            made = self.accept(body)
            told = {name.replace("_", "-"): value for name, value in headers.items()}
            return httpx.Response(status, json=made if status < 300 else {"detail": "oops"}, headers=told)

        return answer

    def lose(self, error: type[httpx.TransportError] = httpx.ReadTimeout) -> Answer:
        """Accept the create, and lose the answer."""

        def answer(request: httpx.Request, body: dict[str, Any]) -> httpx.Response:
            self.accept(body)
            raise error("lost", request=request)

        return answer

    def garble(self, status: int, content: bytes, kind: str = "application/json") -> Answer:
        """Accept the create, and answer with another body."""

        def answer(request: httpx.Request, body: dict[str, Any]) -> httpx.Response:
            self.accept(body)
            return httpx.Response(status, content=content, headers={"content-type": kind})

        return answer

    def _create(self, request: httpx.Request, asked: str, status: int = 201) -> httpx.Response:
        body = json.loads(request.content or b"{}")
        self.sent.append(body)
        self.headers.append(request.headers)
        if self.script:
            return self.script.pop(0)(request, body)
        return httpx.Response(status, json=self.accept(body, asked))


@dataclass
class Luma(_Service):
    """The Dream Machine API. ``arranged``: a function that puts the list, newest first, into its order of answering."""

    lists: bool = True
    arranged: Callable[[list[dict[str, Any]]], list[dict[str, Any]]] = list
    outage: int = 0  # this many readings of the list fail first, each with the SDK's own retries

    def accept(self, body: dict[str, Any], asked: str = "video") -> dict[str, Any]:
        """Accept a create: from now on it exists, whatever becomes of the answer."""
        number = len(self.generations) + 1
        generation = {
            "id": f"generation-{number}", "state": "queued", "created_at": self.created_at.isoformat(),
            "model": body.get("model"), "request": {**body, "generation_type": asked}, "assets": None,
            "failure_reason": None, "generation_type": "image" if "image" in asked else "video",
        }  # fmt: skip
        self.generations[generation["id"]] = generation
        return generation

    def finish(self, generation_id: str, state: str = "completed", reason: str | None = None) -> None:
        """End a generation."""
        generation = self.generations[generation_id]
        generation |= {"state": state, "failure_reason": reason}
        if state == "completed":
            kind, suffix = generation["generation_type"], "mp4" if generation["generation_type"] == "video" else "jpg"
            generation["assets"] = {kind: f"https://cdn.example/{generation_id}.{suffix}?sig=SECRET"}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/dream-machine/v1")
        self.calls.append(f"{request.method} {path}")
        if request.method == "POST":
            return self._post(request, path)
        if path == "/generations" and not self.lists:
            return httpx.Response(405, json={"detail": "Method Not Allowed"})
        if path == "/generations" and self.outage > 0:
            self.outage -= 1
            raise httpx.ConnectError("down", request=request)
        if path == "/generations":
            limit, offset = int(request.url.params.get("limit", 100)), int(request.url.params.get("offset", 0))
            told = self.arranged(list(reversed(self.generations.values())))
            page = told[offset : offset + limit]
            more = offset + limit < len(told)
            return httpx.Response(200, json={"generations": page, "has_more": more, "count": len(page)})
        if path == "/credits":
            return httpx.Response(200, json={"credit_balance": 1234.5})
        if path == "/ping":
            return httpx.Response(200, json={"message": "pong"})
        if path == "/generations/concepts/list":
            return httpx.Response(200, json=["push_in", "static"])
        found = self.generations.get(path.removeprefix("/generations/"))
        if found is None:
            return httpx.Response(404, json={"detail": "Generation not found"})
        if request.method == "DELETE":
            return httpx.Response(204)
        return httpx.Response(200, json=found)

    def _post(self, request: httpx.Request, path: str) -> httpx.Response:
        if path in ASKED:
            return self._create(request, ASKED[path])
        parent, _, what = path.removeprefix("/generations/").partition("/")
        if what not in OF_A_CLIP or parent not in self.generations:
            return httpx.Response(404, json={"detail": "Generation not found"})
        return self._create(request, OF_A_CLIP[what], status=200)

    def provider(self) -> DreamMachine:
        """The real provider, over the real SDK, on this transport; it never really sleeps."""
        return DreamMachine(
            api_key="luma-secret-key", base_url="https://api.example/dream-machine/v1",
            transport=httpx.MockTransport(self), sleep=no_time,
        )  # fmt: skip


@dataclass
class LumaAgents(_Service):
    """The Agents API, with the storage for its files.

    ``file_states``: the results of the next look-ups of a file, in order; afterwards it is ready. ``put_script``: the
    handling of the next PUTs. ``puts``: the requests that the storage received, ``stored`` the bytes that it kept.
    """

    file_states: list[str] = field(default_factory=list)
    put_script: list[Answer] = field(default_factory=list)
    puts: list[httpx.Request] = field(default_factory=list)
    stored: list[bytes] = field(default_factory=list)
    naps: list[float] = field(default_factory=list)

    def accept(self, body: dict[str, Any], asked: str = "video") -> dict[str, Any]:
        """Accept a create: from now on it exists, whatever becomes of the answer."""
        generation = {
            "id": f"generation-{len(self.generations) + 1}", "type": body.get("type", "image"),
            "model": body.get("model", "uni-1"), "state": "queued", "created_at": self.created_at.isoformat(),
            "output": [], "failure_code": None, "failure_reason": None,
        }  # fmt: skip
        self.generations[generation["id"]] = generation
        return generation

    def finish(
        self, generation_id: str, state: str = "completed", code: str | None = None, reason: str | None = None
    ) -> None:
        """End a generation. An HDR clip's archive of frames follows the clip."""
        generation = self.generations[generation_id]
        generation |= {"state": state, "failure_code": code, "failure_reason": reason}
        if state == "completed":
            kind = "image" if generation["type"].startswith("image") else "video"
            kinds = (kind, "exr") if kind == "video" else (kind,)
            generation["output"] = [
                {"type": k, "url": f"https://cdn.example/{generation_id}.{k}?sig=SECRET"} for k in kinds
            ]

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        path = request.url.path.removeprefix("/v1")
        self.calls.append(f"{request.method} {path}")
        if request.url.host == "storage.example":
            return self._put(request)
        if path == "/generations" and request.method == "POST":
            return self._create(request, "")
        if path.startswith("/files"):
            return self._files(request, path)
        found = self.generations.get(path.removeprefix("/generations/"))
        return httpx.Response(404, json={"detail": "Generation not found"}) if found is None else _ok(found)

    def _put(self, request: httpx.Request) -> httpx.Response:
        self.puts.append(request)
        if self.put_script:
            return self.put_script.pop(0)(request, {})
        self.stored.append(request.content)
        return httpx.Response(200)

    def _files(self, request: httpx.Request, path: str) -> httpx.Response:
        if path == "/files" and request.method == "GET":
            return _ok({"data": [], "has_more": False, "next_cursor": None})
        if path == "/files":
            body = json.loads(request.content)
            url = "https://storage.example/bucket/file-1?sig=SECRET"
            upload = {"method": "PUT", "url": url, "headers": {"Content-Type": body["mime_type"]}}
            return httpx.Response(201, json={"id": "file-1", "state": "pending", "file": body, "upload": upload})
        state = self.file_states.pop(0) if self.file_states else "ready"
        return _ok({"id": "file-1", "state": state, "failure_reason": "no good" if state == "failed" else None})

    def provider(self, *, sleep: Callable[[float], Awaitable[None]] | None = None) -> Agents:
        """The real provider, over the real SDK, on this transport; it never really sleeps."""
        return Agents(
            api_key="agents-secret-key", base_url="https://api.example/v1",
            transport=httpx.MockTransport(self), sleep=sleep or self._nap,
        )  # fmt: skip

    async def _nap(self, seconds: float) -> None:
        self.naps.append(seconds)


async def no_time(seconds: float) -> None:
    """A sleep that takes none."""


def _ok(body: dict[str, Any]) -> httpx.Response:
    return httpx.Response(200, json=body)
