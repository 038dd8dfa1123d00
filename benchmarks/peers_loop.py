"""A plain loop over the SDK, as most people write it: create, poll, download, scene after scene.

    python benchmarks/peers_loop.py PRODUCTION.json FOLDER

It is one of the better ones: after a crash it can be run again, and makes only what is unfinished.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import httpx
from lumaai import AsyncLumaAI


async def main(production: dict[str, Any], folder: Path) -> None:
    client = AsyncLumaAI()  # its defaults: 60 s of time-out, two retries
    patience, poll = float(os.environ["CHAOS_PATIENCE"]), float(os.environ["CHAOS_POLL"])
    public, origin = os.environ["CHAOS_ASSETS"].split("=")
    notes = folder / "made.json"
    made: dict[str, str] = json.loads(notes.read_text()) if notes.exists() else {}
    for scene in production["scenes"]:
        name = scene["id"]
        clip = folder / f"{name}.mp4"
        if clip.exists():
            continue
        if name in made:
            generation = await client.generations.get(made[name])
        else:
            wanted: dict[str, Any] = {"prompt": scene["prompt"], "model": production["model"], "duration": "5s"}
            wanted["resolution"] = production["resolution"]
            if parent := scene.get("continue_from"):
                wanted["keyframes"] = {"frame0": {"type": "generation", "id": made[parent]}}
            generation = await client.generations.create(**wanted)
            waited = 0.0
            while generation.state not in ("completed", "failed"):
                if waited > patience:
                    raise TimeoutError(f"{name} is not finished after {patience:.0f} s")
                await asyncio.sleep(poll)
                waited += poll
                generation = await client.generations.get(str(generation.id))
            if generation.state == "failed":
                raise RuntimeError(f"{name}: {generation.failure_reason}")
            made[name] = str(generation.id)
            notes.write_text(json.dumps(made))
        url = str(generation.assets.video if generation.assets else "").replace(public, origin)
        async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
            clip.write_bytes((await http.get(url)).raise_for_status().content)


if __name__ == "__main__":
    asyncio.run(main(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2])))
