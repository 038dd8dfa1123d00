"""A Luma at the transport: accepts creates, keeps them, and answers as a test tells it to. No sockets, no clock."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from studio.providers import DreamMachine

Answer = Callable[[httpx.Request, dict[str, Any]], httpx.Response]


def refuse(status: int, detail: str = "no", **headers: str) -> Answer:
    """Answer with an error; nothing is accepted."""
    return lambda request, _: httpx.Response(
        status, json={"detail": detail}, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )


def fail(error: type[httpx.TransportError]) -> Answer:
    """The connection breaks before anything is accepted."""

    def answer(request: httpx.Request, _: dict[str, Any]) -> httpx.Response:
        raise error("broken", request=request)

    return answer


@dataclass
class Luma:
    """``script``: what happens to the next creates, in order; afterwards they are accepted."""

    script: list[Answer] = field(default_factory=list)
    generations: dict[str, dict[str, Any]] = field(default_factory=dict)
    sent: list[dict[str, Any]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    created_at: datetime = datetime(2026, 11, 22, 10, tzinfo=UTC)
    lists: bool = True
    outage: int = 0  # so many readings of the list fail first, each with the SDK's own retries

    def accept(self, body: dict[str, Any]) -> dict[str, Any]:
        """Take a create: from now on it exists, whatever becomes of the answer."""
        number = len(self.generations) + 1
        generation = {
            "id": f"generation-{number}", "state": "queued", "created_at": self.created_at.isoformat(),
            "model": body.get("model"), "request": {**body, "generation_type": "video"}, "assets": None,
            "failure_reason": None, "generation_type": "video",
        }  # fmt: skip
        self.generations[generation["id"]] = generation
        return generation

    def finish(self, generation_id: str, state: str = "completed", reason: str | None = None) -> None:
        """Let a generation end."""
        self.generations[generation_id] |= {"state": state, "failure_reason": reason}
        if state == "completed":
            self.generations[generation_id]["assets"] = {"video": f"https://cdn.example/{generation_id}.mp4?sig=SECRET"}

    def lose(self, error: type[httpx.TransportError] = httpx.ReadTimeout) -> Answer:
        """Accept the create, and lose the answer."""

        def answer(request: httpx.Request, body: dict[str, Any]) -> httpx.Response:
            self.accept(body)
            raise error("lost", request=request)

        return answer

    def garble(self, status: int, content: bytes, kind: str = "application/json") -> Answer:
        """Accept the create, and answer with something else."""

        def answer(request: httpx.Request, body: dict[str, Any]) -> httpx.Response:
            self.accept(body)
            return httpx.Response(status, content=content, headers={"content-type": kind})

        return answer

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/dream-machine/v1")
        self.calls.append(f"{request.method} {path}")
        if request.method == "POST" and path == "/generations/video":
            body = json.loads(request.content)
            self.sent.append(body)
            if self.script:
                return self.script.pop(0)(request, body)
            return httpx.Response(201, json=self.accept(body))
        if path == "/generations" and not self.lists:
            return httpx.Response(405, json={"detail": "Method Not Allowed"})
        if path == "/generations" and self.outage > 0:
            self.outage -= 1
            raise httpx.ConnectError("down", request=request)
        if path == "/generations":
            limit, offset = int(request.url.params.get("limit", 100)), int(request.url.params.get("offset", 0))
            newest = list(reversed(self.generations.values()))
            page = newest[offset : offset + limit]
            more = offset + limit < len(newest)
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

    def provider(self) -> DreamMachine:
        """The real provider, over the real SDK, on this transport."""
        return DreamMachine(
            api_key="luma-secret-key", base_url="https://api.example/dream-machine/v1",
            transport=httpx.MockTransport(self),
        )  # fmt: skip
