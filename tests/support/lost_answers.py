"""Creates whose answers are lost, and what a list tells of them."""

from __future__ import annotations

from typing import Any

import httpx

from tests.support.luma import Answer, Luma
from tests.support.orders import PARAMS

VIDEO = {"model": "ray-2", "prompt": "the sea", "duration": "5s"}


def lost(luma: Luma, asked: str = "upscale_video") -> Answer:
    """The create is accepted, and its answer lost."""

    def answer(request: httpx.Request, body: dict[str, Any]) -> httpx.Response:
        luma.accept(body, asked)
        raise httpx.ReadTimeout("lost", request=request)

    return answer


def never(request: httpx.Request, body: dict[str, Any]) -> httpx.Response:
    """The create is not accepted, and nobody is told."""
    raise httpx.ReadTimeout("lost", request=request)


def picture(name: str) -> dict[str, Any]:
    """The same words, with another picture to begin with."""
    return PARAMS | {"keyframes": {"frame0": {"type": "image", "url": f"https://me/{name}.png"}}}
