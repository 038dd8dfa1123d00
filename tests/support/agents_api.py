"""A client of the sandbox's Agents API."""

from __future__ import annotations

import base64
import io
from typing import Any

from luma_agents import AsyncLuma
from luma_agents.types import Generation
from PIL import Image

from tests.support.sandbox_in_process import BASE, Sandbox

AGENTS = f"{BASE}/v1"


def client(sandbox: Sandbox) -> AsyncLuma:
    """A strict client of the sandbox."""
    return AsyncLuma(
        auth_token="k", base_url=AGENTS, http_client=sandbox.http, max_retries=0, _strict_response_validation=True
    )


def png(colour: str = "teal", size: tuple[int, int] = (64, 48)) -> dict[str, str]:
    """An image as inline data."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return {"data": base64.b64encode(out.getvalue()).decode(), "media_type": "image/png"}


async def order(sandbox: Sandbox, video: dict[str, Any] | None = None, **wanted: Any) -> Generation:
    """A clip, unless said otherwise."""
    asked: dict[str, Any] = {"model": "ray-3.2", "type": "video", "prompt": "a quiet lake at dawn"} | wanted
    if asked["model"] == "ray-3.2":
        asked["video"] = {"resolution": "360p", "duration": "5s"} | (video or {})
    return await client(sandbox).generations.create(**asked)


async def finished(sandbox: Sandbox, generation: Generation) -> Generation:
    """The generation at its end."""
    await sandbox.settle(lambda: sandbox.clock.advance(1))
    return await client(sandbox).generations.get(generation.id)
