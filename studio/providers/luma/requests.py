"""Translation of shots to the parameters of Luma's two SDKs, and to those that make orders' keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.providers.luma.models import AGENTS, MODELS, STILL_MODELS
from studio.providers.shot_request import Given, Operation, ShotRequest, Source

FPS = 24
VIDEO_TYPE = "video/mp4"


def asked(shot: ShotRequest) -> dict[str, Any]:
    """The parameters of a request that make its order's key, under names that never change."""
    words: dict[str, Any]
    match shot.operation:
        case Operation.VIDEO:
            wire = MODELS[shot.model].wire
            words = {
                "model": wire, "prompt": shot.prompt, "aspect_ratio": shot.aspect_ratio,
                "resolution": shot.resolution, "duration": f"{shot.seconds}s",
            }  # fmt: skip
        case Operation.MODIFY:
            words = {"model": MODELS[shot.model].wire, "prompt": shot.prompt}
            words |= {"mode": shot.options.strength} if shot.options.strength else {}
            if MODELS[shot.model].api == AGENTS:
                words |= {"resolution": shot.resolution, **_conditioned(shot)}
        case Operation.REFRAME:
            words = {
                "model": MODELS[shot.model].wire, "prompt": shot.prompt, "aspect_ratio": shot.aspect_ratio
            }  # fmt: skip
            if MODELS[shot.model].api == AGENTS:
                position = {"source_position": dict(shot.options.position)} if shot.options.position else {}
                words |= {"resolution": shot.resolution, **position}
        case Operation.IMAGE:
            words = {
                "model": STILL_MODELS[shot.model].wire, "prompt": shot.prompt, "aspect_ratio": shot.aspect_ratio
            }  # fmt: skip
        case Operation.UPSCALE:
            words = {"resolution": shot.resolution}
        case Operation.SOUND:
            words = {"prompt": shot.prompt}
    return {**words, **_options(shot)}


def _conditioned(shot: ShotRequest) -> dict[str, Any]:
    """The settings, beside the strength, for what an edit keeps of its footage."""
    asked: dict[str, Any] = {"auto_controls": True} if shot.options.auto_controls else {}
    return asked | ({"controls": dict(shot.options.controls)} if shot.options.controls else {})


def _options(shot: ShotRequest) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if shot.options.loop:
        options["loop"] = True
    if shot.options.camera and shot.operation is Operation.VIDEO and MODELS[shot.model].concepts:
        options["concepts"] = [{"key": key} for key in shot.options.camera]
    if shot.options.hdr:
        options["hdr"] = True
    if shot.options.exr:
        options["exr_export"] = True
    return options


def dream_machine_request(shot: ShotRequest, sent: Mapping[Source, Given]) -> dict[str, Any]:
    """The parameters of a create of the Dream Machine API. ``sent`` says how each of the shot's sources is given."""
    params = asked(shot)
    match shot.operation:
        case Operation.VIDEO:
            pairs = (("frame0", shot.start), ("frame1", shot.end))
            frames = {name: _keyframe(sent[s]) for name, s in pairs if s is not None}
            return {**params, "keyframes": frames} if frames else params
        case Operation.MODIFY | Operation.REFRAME:
            assert shot.source is not None  # noqa: S101 - it is planned so
            kind = "modify_video" if shot.operation is Operation.MODIFY else "reframe_video"
            params |= {"generation_type": kind, "media": {"url": sent[shot.source]["url"]}}
            if shot.start is not None:
                params["first_frame"] = {"url": sent[shot.start]["url"]}
            return params
        case Operation.IMAGE:
            if shot.references:
                params["character_ref"] = {"identity0": {"images": [sent[s]["url"] for s in shot.references]}}
            return params
        case _:  # upscale, audio: of a generation
            assert shot.source is not None  # noqa: S101 - it is planned so
            return {**params, "id": sent[shot.source]["generation_id"]}


def _keyframe(given: Given) -> dict[str, str]:
    if "generation_id" in given:
        return {"type": "generation", "id": given["generation_id"]}
    return {"type": "image", "url": given["url"]}


def _only_as_keyframe(shot: ShotRequest) -> bool:
    """True if a clip takes pictures by frame number only: one in HDR, or longer than a continuation."""
    if shot.operation is not Operation.VIDEO or any(
        s is not None and s.kind in ("shot", "generation") for s in (shot.start, shot.end)
    ):
        return False
    return shot.options.hdr or shot.seconds not in MODELS[shot.model].continued


def agents_request(shot: ShotRequest, sent: Mapping[Source, Given]) -> dict[str, Any]:
    """The parameters of a create of the Agents API. ``sent`` says how each of the shot's sources is given."""
    words = asked(shot)
    params: dict[str, Any] = {name: words.pop(name) for name in ("model", "prompt", "aspect_ratio") if name in words}
    if shot.operation is Operation.IMAGE:
        return params | ({"image_ref": [dict(sent[s]) for s in shot.references]} if shot.references else {})
    edit = {"strength": words.pop("mode")} if "mode" in words else {}
    edit |= {name: words.pop(name) for name in ("auto_controls", "controls") if name in words}
    video: dict[str, Any] = words
    ends = (("start_frame", 0, shot.start), ("end_frame", round(shot.seconds * FPS), shot.end))
    anchors = list(shot.guides)
    for name, frame, source in ends:
        if source is None:
            continue
        if _only_as_keyframe(shot):
            anchors.append((frame, source))
        else:
            video[name] = dict(sent[source])
    if anchors:
        anchors.sort(key=lambda anchor: anchor[0])
        keyframes = {
            "keyframes": [dict(sent[source]) for _, source in anchors],
            "keyframe_indexes": [frame for frame, _ in anchors],
        }
        (edit if shot.operation is Operation.MODIFY else video).update(keyframes)
    if edit:
        video["edit"] = edit
    if shot.source is not None:
        given = sent[shot.source]
        params["source"] = {**given, "media_type": VIDEO_TYPE} if "url" in given else dict(given)
    return {**params, "video": video}
