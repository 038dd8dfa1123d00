"""The rules of the Luma Agents API: what it takes and what it does not."""

from __future__ import annotations

from typing import Any

import pytest

from luma_sandbox.agents import rules
from luma_sandbox.agents.refusal import Declined
from luma_sandbox.assumptions import Assumptions
from tests.support.agents_requests import CLIP, GOOD, URL, edit, reframe, video

PLACE = {"x_norm": 0.0, "y_norm": 0.0, "w_norm": 1.0, "h_norm": 1.0}


@pytest.mark.parametrize("body", GOOD)
def test_taken(body: dict[str, Any]) -> None:
    """A documented body is taken."""
    assert rules.create(body, Assumptions()).prompt == "a lake"


BAD: list[tuple[dict[str, Any], int, str]] = [
    ({}, 400, "prompt"),
    ({"prompt": " "}, 400, "Prompt is required"),
    ({"prompt": "x" * 6001}, 400, "6000"),
    ({"prompt": "a lake", "model": "ray-2"}, 400, "model"),
    ({"prompt": "a lake", "concepts": ["orbit"]}, 400, "concepts"),
    ({"prompt": "a lake", "aspect_ratio": "9:21"}, 400, "aspect_ratio"),
    ({"prompt": "a lake", "aspect_ratio": "21:9"}, 422, "aspect_ratio"),
    ({"prompt": "a lake", "model": "ray-3.2"}, 422, "does not support type image"),
    ({"prompt": "a lake", "type": "video"}, 422, "does not support type video"),
    ({"prompt": "a lake", "type": "layering"}, 422, "layering is not enabled"),
    ({"prompt": "a lake", "layering": {"resolution": "1k"}}, 422, "layering is not enabled"),
    ({"prompt": "a lake", "video": {}}, 422, "video"),
    ({"prompt": "a lake", "image_ref": [URL] * 10}, 422, "at most 9"),
    ({"prompt": "a lake", "image_ref": [{"generation_id": "x"}]}, 422, "generation_id"),
    ({"prompt": "a lake", "type": "image_edit"}, 422, "source"),
    ({"prompt": "a lake", "source": URL}, 422, "source"),
    ({"prompt": "a lake", "type": "image_edit", "source": URL, "image_ref": [URL] * 9}, 422, "at most 8"),
    (video(resolution="4k"), 400, "resolution"),
    (video(duration="9s"), 400, "duration"),
    (video(loop="yes"), 400, "loop"),
    (video() | {"image_ref": [URL]}, 422, "image_ref"),
    (video() | {"output_format": "png"}, 422, "output_format"),
    (video() | {"style": "manga"}, 422, "style"),
    (edit() | {"web_search": True}, 422, "web_search"),
    (video() | {"aspect_ratio": "3:1"}, 422, "aspect_ratio"),
    (video() | {"source": CLIP}, 422, "source"),
    (video(start_frame={}), 422, "exactly one"),
    (video(start_frame=URL | {"file_id": "x"}), 422, "exactly one"),
    (video(start_frame={"data": "AAAA"}), 422, "media_type"),
    (video(loop=True, duration="10s"), 422, "loop"),
    (video(loop=True, hdr=True), 422, "loop"),
    (video(loop=True, end_frame=URL), 422, "loop"),
    (video(hdr=True, duration="10s"), 422, "10s"),
    (video(start_frame=URL, duration="10s"), 422, "10s"),
    (video(end_frame=URL, duration="10s"), 422, "10s"),
    (video(start_frame=URL, hdr=True), 422, "hdr"),
    (video(end_frame=URL, hdr=True), 422, "hdr"),
    (video(start_frame={"generation_id": "x"}, duration="10s"), 422, "10s"),
    (video(start_frame={"generation_id": "x"}, hdr=True), 422, "hdr"),
    (video(end_frame={"generation_id": "x"}, loop=True), 422, "loop"),
    (video(start_frame={"generation_id": "x"}, end_frame={"generation_id": "y"}), 422, "not available yet"),
    (video(start_frame={"generation_id": "x"}, end_frame=URL), 422, "not available yet"),
    (video(start_frame=URL, end_frame={"generation_id": "x"}), 422, "not available yet"),
    (video(exr_export=True), 422, "exr_export"),
    (video(hdr=True, resolution="360p"), 422, "hdr"),
    (video(hdr=True, resolution="540p"), 422, "hdr"),
    (video(keyframes=[URL]), 422, "match"),
    (video(keyframe_indexes=[0]), 422, "match"),
    (video(keyframes=[URL], keyframe_indexes=[0, 1]), 422, "match"),
    (video(keyframes=[], keyframe_indexes=[]), 422, "1 to 64"),
    (video(keyframes=[URL] * 65, keyframe_indexes=list(range(65))), 422, "1 to 64"),
    (video(keyframes=[URL, URL], keyframe_indexes=[3, 3]), 422, "unique"),
    (video(keyframes=[URL], keyframe_indexes=[-1]), 422, "non-negative"),
    (video(keyframes=[URL], keyframe_indexes=[121]), 422, "0..120"),
    (video(keyframes=[URL], keyframe_indexes=[True]), 400, "keyframe_indexes"),
    (video(keyframes=[URL], keyframe_indexes=[241], duration="10s"), 422, "0..240"),
    (video(keyframes=[URL], keyframe_indexes=[0], start_frame=URL), 422, "exclusive"),
    (video(keyframes=[URL], keyframe_indexes=[0], end_frame={"generation_id": "x"}), 422, "exclusive"),
    (video(keyframes=[URL], keyframe_indexes=[0], loop=True), 422, "exclusive"),
    (video(edit={"strength": "flex_1"}), 422, "video_edit"),
    (video(source_position={"x_norm": 0, "y_norm": 0, "w_norm": 1, "h_norm": 1}), 422, "video_reframe"),
    (edit(edit={"strength": "adhere_4"}), 400, "strength"),
    (edit(edit={"controls": {"depth": {"blur": 2}}}), 400, "blur"),
    (edit(edit={"auto_controls": True, "strength": "flex_1"}), 422, "auto_controls"),
    (edit(edit={"auto_controls": True, "controls": {}}), 422, "auto_controls"),
    (edit(edit={"auto_controls": True, "controls": {"face": {"enabled": True}}}), 422, "auto_controls"),
    (edit(edit={"controls": {"pose": True}}), 400, "pose"),
    (edit(edit={"controls": {"pose": {"strength": "exact"}}}), 400, "pose"),
    (edit(edit={"controls": {"hands": {"enabled": True}}}), 400, "hands"),
    (edit(edit={"keyframes": [URL], "keyframe_indexes": [0]}, start_frame=URL), 422, "exclusive"),
    (edit(edit={"keyframes": [URL] * 65, "keyframe_indexes": list(range(65))}), 422, "1 to 64"),
    (edit(edit={"keyframes": [URL], "keyframe_indexes": []}), 422, "match"),
    (edit(duration="5s"), 422, "duration"),
    (edit(loop=True), 422, "loop"),
    (edit(end_frame=URL), 422, "end_frame"),
    (edit(keyframes=[URL], keyframe_indexes=[0]), 422, "video.keyframes: not supported"),
    (edit(keyframe_indexes=[0]), 422, "video.keyframe_indexes: not supported"),
    (edit() | {"source": None}, 422, "source"),
    (edit() | {"source": URL}, 422, "media_type"),
    (edit() | {"aspect_ratio": "1:1"}, 422, "aspect_ratio"),
    (reframe() | {"aspect_ratio": None}, 422, "aspect_ratio"),
    (reframe(resolution="1080p"), 422, "not yet available"),
    (reframe(resolution="1080p") | {"aspect_ratio": "3:4"}, 422, "not yet available"),
    (reframe(hdr=True), 422, "hdr"),
    (reframe(hdr=True, exr_export=True), 422, "hdr"),
    (reframe(edit={"strength": "flex_1"}), 422, "video.edit"),
    (reframe(loop=True), 422, "loop"),
    (reframe(start_frame=URL), 422, "start_frame"),
    (reframe(end_frame=URL), 422, "end_frame"),
    (reframe(keyframes=[URL], keyframe_indexes=[0]), 422, "keyframes"),
    (reframe(keyframes=[]), 422, "keyframes"),
    (reframe(keyframe_indexes=[0]), 422, "video.keyframe_indexes: not supported"),
    *((reframe(source_position={k: v for k, v in PLACE.items() if k != name}), 400, name) for name in PLACE),
    *((reframe(source_position=PLACE | {name: 2.01}), 400, name) for name in PLACE),
    (reframe(source_position=PLACE | {"x_norm": -2.01}), 400, "x_norm"),
    (reframe(source_position=PLACE | {"w_norm": 0}), 400, "w_norm"),
    (reframe(source_position={"x_norm": 0, "y_norm": 0, "w_norm": 3, "h_norm": 1}), 400, "w_norm"),
]


@pytest.mark.parametrize(("body", "status", "said"), BAD)
def test_refused(body: dict[str, Any], status: int, said: str) -> None:
    """A wrong body is refused: 400 for a field, 422 for fields that do not go together; the text names it."""
    with pytest.raises(Declined) as refused:
        rules.create(body, Assumptions())
    assert refused.value.status == status
    assert said in refused.value.detail


@pytest.mark.parametrize(
    ("switch", "body"),
    [
        ({"agents_image_ratios": "all"}, {"prompt": "a lake", "aspect_ratio": "21:9"}),
        ({"agents_hdr_with_frames": "accepted"}, video(start_frame=URL, hdr=True)),
        ({"agents_edit_shape": "ignored"}, edit(duration="5s") | {"aspect_ratio": "1:1"}),
    ],
)
def test_guesses_can_be_switched(switch: dict[str, str], body: dict[str, Any]) -> None:
    """Each guess is an assumption that can be switched."""
    assert rules.create(body, Assumptions(switch)).prompt == "a lake"
