"""Decoding and comparison of clips."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from luma_sandbox import sizes

Grey = NDArray[np.float64]


def score(tmp_path: Path, name: str = "clip", **changes: Any) -> dict[str, Any]:
    """A 540p score, with changes."""
    width, height = sizes.of("540p", "16:9")
    return {
        "prompt": "a lighthouse at dusk", "model": "ray-2", "resolution": "540p", "width": width, "height": height,
        "frames": 120, "concepts": [], "loop": False, "start": None, "end": None,
        "out": str(tmp_path / f"{name}.mp4"), "poster": str(tmp_path / f"{name}.jpg"),
    } | changes  # fmt: skip


def decoded(clip: Path) -> list[Grey]:
    """The luma of every frame."""
    with av.open(str(clip), format="mp4") as container:
        return [frame.to_ndarray(format="gray").astype(np.float64) for frame in container.decode(video=0)]


def ssim(one: Grey, other: Grey, block: int = 8) -> float:
    """Structural similarity over blocks; 1 is the same picture."""
    height, width = (side // block * block for side in one.shape)
    a, b = (x[:height, :width].reshape(height // block, block, width // block, block) for x in (one, other))
    mean_a, mean_b = a.mean((1, 3)), b.mean((1, 3))
    var_a, var_b = a.var((1, 3)), b.var((1, 3))
    both = (a * b).mean((1, 3)) - mean_a * mean_b
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    values = ((2 * mean_a * mean_b + c1) * (2 * both + c2)) / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))
    return float(values.mean())
