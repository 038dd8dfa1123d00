"""The same production with genblaze (PyPI genblaze-core, genblaze-luma), by its own README, with its cache of steps.

    python benchmarks/peers_genblaze.py PRODUCTION.json FOLDER     (in an environment that has it)

After a crash it can be run again: it does not repeat the steps in its cache.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import httpx
from genblaze_core import Modality, Pipeline
from genblaze_core.pipeline.cache import StepCache
from genblaze_luma import LumaProvider
from lumaai import LumaAI


def main(production: dict[str, Any], folder: Path) -> None:
    patience, poll = float(os.environ["CHAOS_PATIENCE"]), float(os.environ["CHAOS_POLL"])
    public, origin = os.environ["CHAOS_ASSETS"].split("=")
    provider, cache = LumaProvider(poll_interval=poll), StepCache(folder / "cache")
    made: dict[str, str] = {}
    for scene in production["scenes"]:
        name = scene["id"]
        wanted: dict[str, Any] = {"duration": "5s", "resolution": production["resolution"]}
        if parent := scene.get("continue_from"):
            wanted["keyframes"] = {"frame0": {"type": "generation", "id": made[parent]}}
        result = (
            Pipeline(name)
            .cache(cache)
            .step(provider, model=production["model"], prompt=scene["prompt"], modality=Modality.VIDEO, **wanted)
            .run(timeout=patience, raise_on_failure=True)
        )
        made[name] = result.run.steps[0].provider_payload["luma"]["generation_id"]
        clip = folder / f"{name}.mp4"
        if not clip.exists():
            generation = LumaAI().generations.get(made[name])  # a cached step's URL is no longer signed
            url = str(generation.assets.video if generation.assets else "").replace(public, origin)
            clip.write_bytes(httpx.get(url, trust_env=False, timeout=60).raise_for_status().content)


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]))
