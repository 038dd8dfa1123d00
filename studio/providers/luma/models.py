"""Luma's models: which of its two APIs sells each, and the abilities and limits that Luma documents."""

from __future__ import annotations

from studio.providers.models import RATIOS, StillModel, VideoModel

DREAM_MACHINE, AGENTS = "dream-machine", "agents"
#: A modified or reframed clip of the first API keeps its source's size up to here (known from documents only).
EDIT_MOST = "720p"
#: The service's name for a production's ``ray-3``: the newest of the third generation.
RAY_3 = "ray-3.2"

_RAY_3_RATIOS = ("1:1", "16:9", "9:16", "4:3", "3:4", "21:9")
_UNI_RATIOS = ("3:1", "2:1", "16:9", "3:2", "1:1", "2:3", "9:16", "1:2", "1:3")

DRAFT_MODEL, DRAFT_RESOLUTION = "ray-flash-2", "540p"
_DRAFT = (DRAFT_MODEL, DRAFT_RESOLUTION)
_TIERS = ("540p", "720p", "1080p", "4k")

MODELS = {
    m.name: m
    for m in (
        VideoModel("ray-2", DREAM_MACHINE, "ray", (5, 9), _TIERS, "ray-2", _DRAFT, "photon-1", edit_most=EDIT_MOST),
        VideoModel(
            "ray-flash-2", DREAM_MACHINE, "ray", (5, 9), _TIERS, "ray-flash-2", _DRAFT, "photon-flash-1",
            edit_seconds=15, reframe_seconds=30, edit_most=EDIT_MOST,
        ),
        VideoModel(
            "ray-3", AGENTS, "agents", (5, 10), ("360p", "540p", "720p", "1080p"), RAY_3, ("ray-3", "360p"), "uni-1",
            aspect_ratios=_RAY_3_RATIOS, continued=(5,), one_by_id=True, loop_lengths=(5,), hdr_lengths=(5,),
            hdr_resolutions=("720p", "1080p"), edit_hdr=("360p", "540p", "720p", "1080p"),
            # A reseller documents the 30 s of a reframe's source, Luma itself the 18 s of an edit's.
            edit_seconds=18, reframe_seconds=30, guides=64, longest_prompt=6000,
            controls=True, not_reframed=(("1080p", "9:16"), ("1080p", "3:4")), placed=True,
            concepts=False, upscales=False, sound=False, edits_by_id=True, framed=True,
        ),
    )
}  # fmt: skip

STILL_MODELS = {
    m.name: m
    for m in (
        StillModel("photon-1", DREAM_MACHINE, "photon", 4, RATIOS, ("jpg", "png"), 5000),
        StillModel("photon-flash-1", DREAM_MACHINE, "photon", 4, RATIOS, ("jpg", "png"), 5000),
        StillModel("uni-1", AGENTS, "agents", 9, _UNI_RATIOS, ("jpeg", "png"), 6000),
        StillModel("uni-1-max", AGENTS, "agents", 9, _UNI_RATIOS, ("jpeg", "png"), 6000),
    )
}
