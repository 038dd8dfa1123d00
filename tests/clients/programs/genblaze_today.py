"""A clip through a genblaze pipeline, as the README of genblaze-luma makes one."""

import sys
import urllib.request

from genblaze import Modality, Pipeline
from genblaze_luma import LumaProvider

run, manifest = (
    Pipeline("luma-demo")
    .step(
        LumaProvider(poll_interval=0.2),
        model="ray-2",
        prompt="A slow-motion shot of ocean waves crashing against volcanic rocks at golden hour, cinematic",
        modality=Modality.VIDEO,
        aspect_ratio="16:9",
    )
    .run(timeout=540)
)
(step,) = run.steps
if not step.assets:
    raise SystemExit(f"{step.status}: {step.error}")
assert manifest.canonical_hash
urllib.request.urlretrieve(step.assets[0].url, sys.argv[1])
