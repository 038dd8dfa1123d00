"""A still, a clip that begins with it, and one that goes on from that clip, with the parameters of lumaai 1.7."""

import sys
import time
import urllib.request

from lumaai import LumaAI

client = LumaAI()


def finished(generation):
    """The generation once it is completed."""
    while generation.state not in ("completed", "failed"):
        time.sleep(0.2)
        generation = client.generations.get(id=generation.id)
    if generation.state == "failed":
        raise SystemExit(generation.failure_reason)
    return generation


still = finished(client.generations.image.create(prompt="A teddy bear in sunglasses", model="photon-flash-1"))
clip = finished(
    client.generations.create(
        prompt="The teddy bear plays electric guitar",
        model="ray-flash-2",
        resolution="540p",
        duration="5s",
        keyframes={"frame0": {"type": "image", "url": still.assets.image}},
    )
)
more = finished(
    client.generations.create(
        prompt="The teddy bear bows",
        model="ray-flash-2",
        resolution="540p",
        duration="5s",
        keyframes={"frame0": {"type": "generation", "id": clip.id}},
    )
)
urllib.request.urlretrieve(more.assets.video, sys.argv[1])
