"""What a shot asks of its service: as it is named in the books (canonical), and as it goes over the wire.

Canonical, every asset is named by its content and every parent by its own order, so that the same wish is the same
text in every run. On the wire the same places hold URLs, file ids and generation ids, which change.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from studio.planning.plan import FPS, Shot, Source, canonical_json
from studio.providers.luma.models import still_model, video_model

#: How a source is given to a service: one of ``url``, ``generation_id``, ``file_id``.
Given = Mapping[str, str]
IMAGE_TYPE, VIDEO_TYPE = "image", "video/mp4"


def named(shot: Shot, order_of: Callable[[str], str]) -> Shot:
    """The shot with its canonical request and the key of its purchase. ``order_of``: the key of a shot, by its id."""
    if shot.generation:
        key = digest({"seller": shot.seller, "generation": shot.generation})
        return replace(shot, request={"generation": shot.generation}, key=key, family=key)
    request = canonical_request(shot, order_of)
    bought = {"version": 1, "seller": shot.seller, "api": shot.api, "endpoint": shot.endpoint, "request": request}
    return replace(shot, request=request, family=digest(bought), key=digest({**bought, "take": shot.take}))


def digest(value: Any) -> str:
    """SHA-256 of a value's canonical text."""
    return hashlib.sha256(canonical_json(value).encode("utf-8", "surrogatepass")).hexdigest()


def canonical_request(shot: Shot, order_of: Callable[[str], str]) -> dict[str, Any]:
    """The request without anything that changes from run to run."""

    def said(source: Source) -> dict[str, str]:
        match source.kind:
            case "image":
                return {"type": "image", "sha256": source.ref}
            case "footage":
                return {"type": "video", "sha256": source.ref}
            case "generation":
                return {"type": "generation", "id": source.ref}
            case "shot":
                return {"type": "generation", "order": order_of(source.ref)}
            case kind:
                return {"type": kind, "order": order_of(source.ref)}

    asked = _asked(shot)
    frames = {name: said(s) for name, s in (("frame0", shot.start), ("frame1", shot.end)) if s is not None}
    if frames:
        asked["keyframes"] = frames
    if shot.source is not None:
        asked["source"] = said(shot.source)
    if shot.references:
        asked["references"] = [said(source) for source in shot.references]
    if shot.guides:
        asked["guides"] = [{"frame": frame, **said(source)} for frame, source in shot.guides]
    return asked


def wire_request(shot: Shot, sent: Mapping[Source, Given]) -> dict[str, Any]:
    """The request as the service's SDK takes it. ``sent`` says how each of the shot's sources is given."""
    return _for_agents(shot, sent) if shot.api == "agents" else _for_dream_machine(shot, sent)


def _asked(shot: Shot) -> dict[str, Any]:
    """The words and numbers of a request, under the names that keys were always made with."""
    asked: dict[str, Any]
    match shot.endpoint:
        case "video":
            wire = video_model(shot.model).wire
            asked = {
                "model": wire, "prompt": shot.prompt, "aspect_ratio": shot.aspect_ratio,
                "resolution": shot.resolution, "duration": f"{shot.seconds}s",
            }  # fmt: skip
        case "modify" | "video_edit":
            asked = {"model": video_model(shot.model).wire, "prompt": shot.prompt}
            asked |= {"mode": shot.strength} if shot.strength else {}
            if shot.api == "agents":
                asked |= {"resolution": shot.resolution, **_conditioned(shot)}
        case "reframe" | "video_reframe":
            asked = {
                "model": video_model(shot.model).wire, "prompt": shot.prompt, "aspect_ratio": shot.aspect_ratio
            }  # fmt: skip
            if shot.api == "agents":
                position = {"source_position": dict(shot.position)} if shot.position else {}
                asked |= {"resolution": shot.resolution, **position}
        case "image":
            asked = {
                "model": still_model(shot.model).wire, "prompt": shot.prompt, "aspect_ratio": shot.aspect_ratio
            }  # fmt: skip
        case "upscale":
            asked = {"resolution": shot.resolution}
        case "audio":
            asked = {"prompt": shot.prompt}
        case other:
            raise ValueError(f"no request for the endpoint {other}")
    return {**asked, **_options(shot)}


def _conditioned(shot: Shot) -> dict[str, Any]:
    """What an edit keeps of its footage, where that is said by more than its strength."""
    asked: dict[str, Any] = {"auto_controls": True} if shot.auto_controls else {}
    return asked | ({"controls": dict(shot.controls)} if shot.controls else {})


def _options(shot: Shot) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if shot.loop:
        options["loop"] = True
    if shot.camera and shot.endpoint == "video" and video_model(shot.model).concepts:
        options["concepts"] = [{"key": key} for key in shot.camera]
    if shot.hdr:
        options["hdr"] = True
    if shot.exr:
        options["exr_export"] = True
    return options


def _for_dream_machine(shot: Shot, sent: Mapping[Source, Given]) -> dict[str, Any]:
    params = _asked(shot)
    match shot.endpoint:
        case "video":
            pairs = (("frame0", shot.start), ("frame1", shot.end))
            frames = {name: _keyframe(sent[s]) for name, s in pairs if s is not None}
            return {**params, "keyframes": frames} if frames else params
        case "modify" | "reframe":
            assert shot.source is not None  # noqa: S101 - drawn so
            kind = "modify_video" if shot.endpoint == "modify" else "reframe_video"
            params |= {"generation_type": kind, "media": {"url": sent[shot.source]["url"]}}
            if shot.start is not None:
                params["first_frame"] = {"url": sent[shot.start]["url"]}
            return params
        case "image":
            if shot.references:
                params["character_ref"] = {"identity0": {"images": [sent[s]["url"] for s in shot.references]}}
            return params
        case _:  # upscale, audio: of a generation
            assert shot.source is not None  # noqa: S101 - drawn so
            return {**params, "id": sent[shot.source]["generation_id"]}


def _keyframe(given: Given) -> dict[str, str]:
    if "generation_id" in given:
        return {"type": "generation", "id": given["generation_id"]}
    return {"type": "image", "url": given["url"]}


def _only_as_keyframe(shot: Shot) -> bool:
    """True if a clip takes pictures on the grid of its frames alone: one in HDR, or longer than a continuation."""
    if shot.endpoint != "video" or any(
        s is not None and s.kind in ("shot", "generation") for s in (shot.start, shot.end)
    ):
        return False
    return shot.hdr or shot.seconds not in video_model(shot.model).continued


def _for_agents(shot: Shot, sent: Mapping[Source, Given]) -> dict[str, Any]:
    asked = _asked(shot)
    params: dict[str, Any] = {name: asked.pop(name) for name in ("model", "prompt", "aspect_ratio") if name in asked}
    if shot.endpoint == "image":
        return params | ({"image_ref": [dict(sent[s]) for s in shot.references]} if shot.references else {})
    edit = {"strength": asked.pop("mode")} if "mode" in asked else {}
    edit |= {name: asked.pop(name) for name in ("auto_controls", "controls") if name in asked}
    video: dict[str, Any] = asked
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
        (edit if shot.endpoint == "video_edit" else video).update(keyframes)
    if edit:
        video["edit"] = edit
    if shot.source is not None:
        given = sent[shot.source]
        params["source"] = {**given, "media_type": VIDEO_TYPE} if "url" in given else dict(given)
    return {**params, "video": video}
