"""A production by a plain async loop over the SDK, written well: a peer of the benchmark ``produce.py``.

    python benchmarks/produce_loop.py PRODUCTION.json FOLDER --poll 1 --slots 10

All shots start at once, as far as slots allow, and each link of a chain as soon as its parent has ended. Clips are
streamed to disk, and joined by one ffmpeg without encoding. A clip that is there already is not made again. There is
no ledger, no check of a clip, and no second look at anything.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import httpx
from lumaai import AsyncLumaAI


async def make(production: dict[str, Any], folder: Path, *, poll: float, slots: int) -> None:
    """Make all clips of a production."""
    client, limits = AsyncLumaAI(), httpx.Limits(max_connections=100)
    http = httpx.AsyncClient(trust_env=False, timeout=60, limits=limits)
    room, scenes = asyncio.Semaphore(slots), production["scenes"]
    made: dict[str, asyncio.Future[str]] = {s["id"]: asyncio.get_running_loop().create_future() for s in scenes}

    async def one(scene: dict[str, Any]) -> None:
        clip = folder / f"{scene['id']}.mp4"
        if clip.exists():
            return
        wanted: dict[str, Any] = {"prompt": scene["prompt"], "model": production["model"], "duration": "5s"}
        wanted["resolution"] = production["resolution"]
        if parent := scene.get("continue_from"):
            wanted["keyframes"] = {"frame0": {"type": "generation", "id": await made[parent]}}
        async with room:
            generation = await client.generations.create(**wanted)
            while generation.state not in ("completed", "failed"):
                await asyncio.sleep(poll)
                generation = await client.generations.get(str(generation.id))
        if generation.state == "failed" or generation.assets is None:
            raise RuntimeError(f"{scene['id']}: {generation.failure_reason}")
        made[scene["id"]].set_result(str(generation.id))
        part = clip.with_suffix(".part")
        async with http.stream("GET", str(generation.assets.video)) as answer:
            answer.raise_for_status()
            with part.open("wb") as file:
                async for chunk in answer.aiter_bytes():
                    file.write(chunk)
        part.rename(clip)

    await asyncio.gather(*(one(scene) for scene in scenes))
    await http.aclose()
    await client.close()


def join(production: dict[str, Any], folder: Path) -> None:
    """Join the clips in the order of the scenes."""
    listed = folder / "clips.txt"
    listed.write_text("".join(f"file '{folder / scene['id']}.mp4'\n" for scene in production["scenes"]))
    command = [
        os.environ.get("BENCH_FFMPEG", "ffmpeg"),
        "-v",
        "error",
        "-y",
        "-f",
        "concat",
        "-safe",
        "0",
        "-i",
        str(listed),
    ]
    subprocess.run([*command, "-c", "copy", "-movflags", "+faststart", str(folder / "film.mp4")], check=True)


def main() -> None:
    """Make the film."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("production", type=Path)
    options.add_argument("folder", type=Path)
    options.add_argument("--poll", type=float, default=5.0, help="seconds between two polls of a generation")
    options.add_argument("--slots", type=int, default=10, help="generations at once")
    chosen = options.parse_args()
    production = json.loads(chosen.production.read_text())
    asyncio.run(make(production, chosen.folder, poll=chosen.poll, slots=chosen.slots))
    join(production, chosen.folder)


if __name__ == "__main__":
    main()
