"""A clip as the README of lumaai 1.2 makes one: no model, no size, the old path."""

import sys
import time
import urllib.request

from lumaai import LumaAI

client = LumaAI()
generation = client.generations.create(
    aspect_ratio="16:9",
    loop=False,
    prompt="A teddy bear in sunglasses playing electric guitar, dancing and headbanging in the jungle",
)
while generation.state not in ("completed", "failed"):
    time.sleep(0.2)
    generation = client.generations.get(id=generation.id)
if generation.state == "failed":
    raise SystemExit(generation.failure_reason)
assert [one.id for one in client.generations.list(limit=1, offset=0).generations] == [generation.id]
assert "camera zoom in" in client.generations.camera_motion.list()
urllib.request.urlretrieve(generation.assets.video, sys.argv[1])
