"""A production with genblaze (PyPI genblaze-core, genblaze-luma): a peer of the benchmark ``produce.py``.

    python benchmarks/produce_genblaze.py PRODUCTION.json FOLDER --poll 1 --slots 10    (in an environment that has it)

Single shots are steps of one pipeline, ``arun(max_concurrency=…)``, as its documentation says. A link of a chain needs
the id of its parent's generation, which no step can refer to, so each is a pipeline of its own; chains are made side by
side. Steps are cached. genblaze hands out URLs, so clips are downloaded here, and joined as by the plain loop.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
from genblaze_core import Modality, Pipeline
from genblaze_core.pipeline.cache import StepCache
from genblaze_luma import LumaProvider
from produce_loop import join

PATIENCE = 3600.0


async def make(production: dict[str, Any], folder: Path, *, poll: float, slots: int) -> None:
    """Make all clips of a production."""
    provider, cache = LumaProvider(poll_interval=poll), StepCache(folder / "cache")
    public, origin = os.environ["BENCH_ASSETS"].split("=")
    http = httpx.AsyncClient(trust_env=False, timeout=60, limits=httpx.Limits(max_connections=20))
    room = asyncio.Semaphore(slots)

    async def run(scenes: Sequence[dict[str, Any]], parent: str = "") -> list[Any]:
        """Make scenes that need nothing of each other; return the steps."""
        pipeline = Pipeline(scenes[0]["id"]).cache(cache)
        wanted: dict[str, Any] = {"duration": "5s", "resolution": production["resolution"]}
        if parent:
            wanted["keyframes"] = {"frame0": {"type": "generation", "id": parent}}
        for scene in scenes:
            pipeline = pipeline.step(
                provider, model=production["model"], prompt=scene["prompt"], modality=Modality.VIDEO, **wanted
            )
        result = await pipeline.arun(
            max_concurrency=slots, timeout=PATIENCE, raise_on_failure=True, progress=False
        )  # fmt: skip
        return list(result.run.steps)

    async def fetch(scene: dict[str, Any], step: Any) -> None:
        clip = folder / f"{scene['id']}.mp4"
        if clip.exists():
            return
        part = clip.with_suffix(".part")
        async with http.stream("GET", step.assets[0].url.replace(public, origin)) as answer:
            answer.raise_for_status()
            with part.open("wb") as file:
                async for chunk in answer.aiter_bytes():
                    file.write(chunk)
        part.rename(clip)

    async def chain(scenes: Sequence[dict[str, Any]]) -> None:
        fetched, parent = [], ""
        for scene in scenes:
            async with room:
                (step,) = await run([scene], parent)
            parent = step.provider_payload["luma"]["generation_id"]
            fetched.append(asyncio.create_task(fetch(scene, step)))
        await asyncio.gather(*fetched)

    chains: list[list[dict[str, Any]]] = []
    for scene in production["scenes"]:
        if "continue_from" in scene:
            chains[-1].append(scene)
        else:
            chains.append([scene])
    single = [scenes[0] for scenes in chains if len(scenes) == 1]
    steps = await run(single) if single else []
    await asyncio.gather(*(fetch(scene, step) for scene, step in zip(single, steps, strict=True)))
    await asyncio.gather(*(chain(scenes) for scenes in chains if len(scenes) > 1))
    await http.aclose()


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
