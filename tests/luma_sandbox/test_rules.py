"""The requests that are accepted and refused, and the words of a refusal."""

from __future__ import annotations

from typing import Any

import pytest

from luma_sandbox import rules
from luma_sandbox.assumptions import TABLE, Assumptions
from luma_sandbox.errors import SettingsError
from luma_sandbox.refusal import Refusal

IMAGE = {"type": "image", "url": "http://127.0.0.1:1/a.png"}
CLIP = {"type": "generation", "id": "123e4567-e89b-12d3-a456-426614174000"}
GOOD: dict[str, Any] = {"model": "ray-2", "prompt": "a quiet lake"}
ASSUME = Assumptions()
STRICT = Assumptions(
    {"null_fields": "refused", "unknown_fields": "refused", "model": "required", "ray_1_6": "refused", "echo": "sent"}
)


def judge(assume: Assumptions = ASSUME, **body: Any) -> rules.VideoRequest:
    return rules.video({name: value for name, value in (GOOD | body).items() if value is not ...}, assume)


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ({"prompt": ...}, 400, "Prompt is required"),
        ({"prompt": ""}, 400, "Prompt is required"),
        ({"prompt": "ab"}, 400, "Prompt is too short, minimum length is 3 characters"),
        ({"prompt": "x" * 5001}, 400, "Prompt is too long, maximum length is 5000 characters"),
        ({"keyframes": {}}, 400, "No keyframes provided"),
        ({"keyframes": {"frame0": None, "frame1": None}}, 400, "No keyframes provided"),
        ({"prompt": None}, 400, "Prompt is required"),
        ({"concepts": [{"key": "drone_shot"}]}, 400, "drone_shot"),
        ({"keyframes": {"frame0": {"type": "image", "url": "ftp://x/a.png"}}}, 400, "keyframes.frame0.url"),
        ({"keyframes": {"frame0": {"type": "image", "url": "http://["}}}, 400, "keyframes.frame0.url"),
        ({"callback_url": "nowhere"}, 400, "callback_url"),
        ({"model": "ray-3"}, 422, "model"),
        ({"resolution": "360p"}, 422, "resolution"),
        ({"duration": "10s"}, 422, "duration"),
        ({"duration": 5}, 422, "duration"),
        ({"aspect_ratio": "2:1"}, 422, "aspect_ratio"),
        ({"loop": "yes"}, 422, "loop"),
        ({"generation_type": "image"}, 422, "generation_type"),
        ({"generation_type": "modify_video"}, 422, "generation_type"),
        ({"keyframes": {"frame0": {"type": "image", "id": "x"}}}, 422, "url"),
        ({"keyframes": {"frame0": {"type": "generation", "url": "http://x/a.png"}}}, 422, "id"),
        ({"keyframes": {"frame0": {"type": "video", "url": "http://x/a.mp4"}}}, 422, "type"),
        ({"keyframes": {"frame0": {"type": "image", "url": None}}}, 422, "url"),
        ({"keyframes": {"frame2": IMAGE}}, 400, "No keyframes provided"),
        ({"concepts": [None]}, 422, "concepts"),
        ({"concepts": ["pan_left"]}, 422, "concepts"),
    ],
)  # fmt: skip
def test_refused(body: dict[str, Any], status: int, text: str) -> None:
    """Each mistake is refused with its status, and the answer names it."""
    with pytest.raises(Refusal) as refused:
        judge(**body)
    assert refused.value.status == status
    assert text in str(refused.value.detail)
    if status == 422:
        assert set(refused.value.detail[0]) >= {"type", "loc", "msg", "input"}


def test_a_finding_has_fastapi_s_form() -> None:
    """A finding tells type, place, words and value, and its context where the framework gives one."""
    with pytest.raises(Refusal) as refused:
        judge(STRICT, model="ray-3", loop="yes")
    model, loop = refused.value.detail
    expected = "'ray-2' or 'ray-flash-2'"
    assert list(model.items()) == [
        ("type", "literal_error"), ("loc", ["body", "model"]), ("msg", f"Input should be {expected}"),
        ("input", "ray-3"), ("ctx", {"expected": expected}),
    ]  # fmt: skip
    assert (list(loop), loop["loc"]) == (["type", "loc", "msg", "input"], ["body", "loop"])


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"character_ref": {"identity0": {"images": ["http://x/a.png"]}}}, "character_ref"),
        ({"modify_strength": 0.5}, "modify_strength"),
        ({"seed": None}, "seed"),
        ({"loop": None}, "loop"),
        ({"keyframes": {"frame0": IMAGE, "frame1": None}}, "frame1"),
        ({"keyframes": {"frame2": IMAGE}}, "frame2"),
        ({"model": ...}, "model"),
        ({"model": None}, "model"),
        ({"model": "ray-1-6"}, "model"),
    ],
)  # fmt: skip
def test_refused_where_strict(body: dict[str, Any], text: str) -> None:
    """Switched to strict, a null, a field that nobody knows and a model that is left out or old are refused."""
    with pytest.raises(Refusal) as refused:
        judge(STRICT, **body)
    assert refused.value.status == 422
    assert text in str(refused.value.detail)


def test_what_published_clients_send() -> None:
    """Null is as good as nothing and a field that nobody knows is ignored; what else is wrong is still told."""
    plain = judge()
    nulls = dict.fromkeys(("aspect_ratio", "callback_url", "concepts", "duration", "keyframes", "loop", "resolution"))
    assert judge(**nulls) == plain
    extra = {"enhance_prompt": True, "negative_prompt": "fog", "camera_motion": "zoom in", "seed": None}
    assert judge(**extra) == plain
    one = judge(keyframes={"frame0": IMAGE | {"weight": 1}, "frame1": None})
    assert (one, one.end) == (judge(keyframes={"frame0": IMAGE}), None)
    with pytest.raises(Refusal) as refused:
        judge(**extra, loop="yes")
    assert [found["loc"] for found in refused.value.detail] == [["body", "loop"]]


def test_a_model_that_is_left_out() -> None:
    """A video without a model is of the default one, which can be switched."""
    assert judge(model=...).model == judge(model=None).model == "ray-1-6"
    assert judge(Assumptions({"default_video_model": "ray-2"}), model=...).echo["model"] == "ray-2"


def test_ray_1_6() -> None:
    """The older model is taken, but not with camera concepts, in the words that were seen."""
    assert judge(model="ray-1-6", concepts=[]).model == "ray-1-6"
    with pytest.raises(Refusal, match="concepts are not supported for this model"):
        judge(model="ray-1-6", concepts=[{"key": "pan_left"}])


@pytest.mark.parametrize(
    ("frame0", "frame1", "loop"),
    [
        (None, None, True), (IMAGE, None, True), (None, IMAGE, False), (IMAGE, IMAGE, False), (CLIP, None, True),
        (None, CLIP, False), (CLIP, IMAGE, False), (IMAGE, CLIP, False), (CLIP, CLIP, False),
    ],
)  # fmt: skip
def test_the_nine_keyframe_rows(frame0: Any, frame1: Any, loop: bool) -> None:
    """All nine combinations are accepted without a loop; with one, only those that the table allows."""
    frames = {name: frame for name, frame in (("frame0", frame0), ("frame1", frame1)) if frame}
    keyframes: Any = frames or ...
    assert judge(keyframes=keyframes, loop=False).loop is False
    if loop:
        assert judge(keyframes=keyframes, loop=True).loop is True
    else:
        with pytest.raises(Refusal, match="Loop is not supported for keyframes"):
            judge(keyframes=keyframes, loop=True)


def test_the_34_concepts() -> None:
    """Every key that the service lists is accepted, and there are 34 of them, each with a move of its own."""
    from luma_sandbox.picture.motion import MOVES

    assert len(set(rules.CONCEPTS)) == 34
    assert judge(concepts=[{"key": key} for key in rules.CONCEPTS]).concepts == rules.CONCEPTS
    assert set(MOVES) == set(rules.CONCEPTS)


def test_prompt_lengths_at_the_edges() -> None:
    """3 and 5000 characters are accepted."""
    assert judge(prompt="abc").prompt == "abc"
    assert len(judge(prompt="x" * 5000).prompt) == 5000


def test_a_prompt_is_not_needed_with_keyframes() -> None:
    """By assumption keyframes may stand without a prompt; switched, they may not."""
    assert judge(prompt=..., keyframes={"frame0": IMAGE}).prompt == ""
    strict = Assumptions({"prompt_required": "always"})
    with pytest.raises(Refusal, match="Prompt is required"):
        rules.video({"model": "ray-2", "keyframes": {"frame0": IMAGE}}, strict)


def test_the_echo_is_what_is_stored() -> None:
    """`request` comes back with every default, and null where nothing was given; switched, as it was sent."""
    assert judge(duration="9s").echo == GOOD | {
        "generation_type": "video", "aspect_ratio": "16:9", "resolution": "720p", "duration": "9s", "loop": False,
        "keyframes": None, "callback_url": None, "concepts": None,
    }  # fmt: skip
    given: dict[str, Any] = {
        "aspect_ratio": "1:1", "resolution": "540p", "duration": "5s", "loop": True,
        "keyframes": {"frame0": IMAGE}, "callback_url": "http://x/told", "concepts": [{"key": "static"}],
    }  # fmt: skip
    assert judge(**given).echo == GOOD | given | {"generation_type": "video"}
    assert judge(STRICT, duration="9s").echo == GOOD | {"duration": "9s", "generation_type": "video"}


def test_assumptions_can_be_switched() -> None:
    """The loop with an end image and the status of findings follow their entries in the table."""
    switched = Assumptions({"loop_with_end_image": "accepted", "shape_status": "400"})
    assert judge(switched, loop=True, keyframes={"frame1": IMAGE}).loop
    with pytest.raises(Refusal) as refused:
        judge(switched, model="x")
    assert refused.value.status == 400


def test_an_unknown_assumption_is_an_error() -> None:
    """A switch that does not exist, or a value that it does not have, is said at once."""
    with pytest.raises(SettingsError, match="nothing"):
        Assumptions({"nothing": "1"})
    with pytest.raises(SettingsError, match="perhaps"):
        Assumptions({"null_fields": "perhaps"})


def test_the_table_is_well_formed() -> None:
    """Every assumption has a name of its own, a source, and a value that is one of its choices."""
    assert len({entry.name for entry in TABLE}) == len(TABLE)
    for entry in TABLE:
        assert entry.source
        assert not entry.choices or entry.value in entry.choices
