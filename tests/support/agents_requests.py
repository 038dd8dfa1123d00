"""Requests that the Agents API takes."""

from __future__ import annotations

from typing import Any

URL = {"url": "http://127.0.0.1/a.png"}


CLIP = {"url": "http://127.0.0.1/a.mp4", "media_type": "video/mp4"}


CONTROLS = ("pose", "depth", "normals", "trajectory", "face")


def video(**options: Any) -> dict[str, Any]:
    """A clip with those options."""
    return {"prompt": "a lake", "model": "ray-3.2", "type": "video", "video": options}


def edit(**options: Any) -> dict[str, Any]:
    """An edit of a clip with those options."""
    return video(**options) | {"type": "video_edit", "source": CLIP}


def reframe(**options: Any) -> dict[str, Any]:
    """A reframe of a clip with those options."""
    return video(**options) | {"type": "video_reframe", "source": CLIP, "aspect_ratio": "9:16"}


GOOD: list[dict[str, Any]] = [
    {"prompt": "a lake"},
    {"prompt": "a lake", "model": "uni-1-max", "image_ref": [URL] * 9, "style": "manga", "output_format": "png"},
    {"prompt": "a lake", "type": "image_edit", "source": URL, "image_ref": [URL] * 8},
    {"prompt": "a lake", "model": "ray-3.2", "type": "video"},
    video(resolution="1080p", duration="10s"),
    video(start_frame=URL, end_frame={"file_id": "x"}),
    video(start_frame={"generation_id": "x"}),
    video(end_frame={"generation_id": "x"}),
    video(start_frame={"generation_id": "x"}, loop=True),
    video(start_frame=URL, loop=True),
    video(keyframes=[URL, URL], keyframe_indexes=[0, 120]),
    video(keyframes=[URL], keyframe_indexes=[0], duration="10s"),
    video(keyframes=[URL], keyframe_indexes=[240], duration="10s"),
    video(keyframes=[URL], keyframe_indexes=[0], hdr=True),
    video(keyframes=[URL] * 64, keyframe_indexes=list(range(64))),
    video(hdr=True, exr_export=True),
    video(start_frame=None, loop=None),
    edit(edit={"strength": "reimagine_3", "keyframes": [URL], "keyframe_indexes": [7]}),
    edit(edit={"auto_controls": True}, hdr=True, resolution="720p"),
    edit(hdr=True, exr_export=True, resolution="360p"),
    edit(edit={"controls": {"depth": {"blur": 0.5}, "pose": {"strength": "coarse"}}}, start_frame=URL),
    edit(edit={"strength": "adhere_1", "controls": {name: {"enabled": True} for name in CONTROLS}}),
    edit(edit={"auto_controls": False, "strength": "flex_1"}),
    edit(edit={"auto_controls": True, "keyframes": [URL] * 64, "keyframe_indexes": list(range(64))}),
    reframe(resolution="720p"),
    reframe(resolution="1080p") | {"aspect_ratio": "1:1"},
    reframe(hdr=False, loop=False),
    reframe(source_position={"x_norm": -0.5, "y_norm": 0, "w_norm": 2, "h_norm": 1}, resolution="360p"),
]
