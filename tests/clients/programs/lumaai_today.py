"""A clip and a still as the README of today's lumaai makes them, with the asynchronous client."""

import asyncio
import sys
import urllib.request
from pathlib import Path

from lumaai import AsyncLumaAI

client = AsyncLumaAI()


async def finished(generation):
    """The generation once it is completed."""
    while generation.state not in ("completed", "failed"):
        await asyncio.sleep(0.2)
        generation = await client.generations.get(generation.id)
    if generation.state == "failed":
        raise SystemExit(generation.failure_reason)
    return generation


async def main() -> None:
    """Both at once, like a program that has much to make."""
    clip, still = await asyncio.gather(
        client.generations.create(
            aspect_ratio="16:9",
            model="ray-2",
            prompt="A teddy bear in sunglasses playing electric guitar, dancing and headbanging in the jungle",
        ),
        client.generations.image.create(model="photon-1", prompt="A teddy bear in sunglasses"),
    )
    clip, still = await asyncio.gather(finished(clip), finished(still))
    urllib.request.urlretrieve(clip.assets.video, sys.argv[1])
    urllib.request.urlretrieve(still.assets.image, Path(sys.argv[1]).with_suffix(".still"))
    assert (await client.credits.get()).credit_balance < 100_000


asyncio.run(main())
