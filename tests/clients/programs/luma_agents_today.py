"""A still as the README of luma-agents makes one, and a clip that begins with it."""

import sys
import time
import urllib.request
from pathlib import Path

from luma_agents import Luma

client = Luma()


def finished(generation):
    """The generation once it is completed."""
    while generation.state not in ("completed", "failed"):
        time.sleep(0.2)
        generation = client.generations.get(generation.id)
    if generation.state == "failed":
        raise SystemExit(f"{generation.failure_code}: {generation.failure_reason}")
    return generation


still = finished(
    client.generations.create(
        prompt="A glass of iced coffee on a marble countertop, morning light streaming through a window",
        aspect_ratio="16:9",
        model="uni-1",
    )
)
urllib.request.urlretrieve(still.output[0].url, Path(sys.argv[1]).with_suffix(".still"))
clip = finished(
    client.generations.create(
        prompt="The ice melts",
        model="ray-3.2",
        type="video",
        video={"resolution": "540p", "duration": "5s", "start_frame": {"url": still.output[0].url}},
    )
)
urllib.request.urlretrieve(clip.output[0].url, sys.argv[1])
