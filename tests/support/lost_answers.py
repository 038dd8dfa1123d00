"""Creates whose answers are lost, and the list that shows them."""

from __future__ import annotations

from typing import Any

import httpx

from tests.support.luma import Answer, Luma
from tests.support.orders import PARAMS

VIDEO = {"model": "ray-2", "prompt": "the sea", "duration": "5s"}


def lost(luma: Luma, asked: str = "upscale_video", **told: Any) -> Answer:
    """The create is accepted, and its answer lost; ``told`` stands in the generation on the list."""

    def answer(request: httpx.Request, body: dict[str, Any]) -> httpx.Response:
        luma.accept(body, asked).update(told)
        raise httpx.ReadTimeout("lost", request=request)

    return answer


def never(request: httpx.Request, body: dict[str, Any]) -> httpx.Response:
    """Lose the create: it is not accepted, and no answer is sent."""
    raise httpx.ReadTimeout("lost", request=request)


def picture(name: str) -> dict[str, Any]:
    """The same prompt, with another picture as its first frame."""
    return PARAMS | {"keyframes": {"frame0": {"type": "image", "url": f"https://me/{name}.png"}}}
