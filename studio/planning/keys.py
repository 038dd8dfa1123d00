"""Keys of purchases: the digest of a request in which nothing changes from run to run.

Every asset is named by its content and every parent by its own order, so that equal requests are the same text in every
run. What is sent has URLs, file ids and generation ids in their places, which change.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from studio.planning.plan import Shot, canonical_json
from studio.providers.registry import spec_of
from studio.providers.shot_request import FrameOf, Source


def named(shot: Shot, order_of: Callable[[str], str]) -> Shot:
    """The shot with its canonical request and the key of its purchase. ``order_of``: the key of a shot, by its id."""
    if shot.generation:
        key = digest({"seller": shot.realm, "generation": shot.generation})
        return replace(shot, request={"generation": shot.generation}, key=key, family=key)
    if shot.own:
        request = {"file": shot.own.file.sha256, "start": shot.own.start, "frames": shot.own.frames}
        return replace(shot, request=request, key=digest(request), family=digest(request))
    request = canonical_request(shot, order_of)
    bought = {"version": 1, "seller": shot.realm, "api": shot.api, "endpoint": shot.endpoint, "request": request}
    return replace(shot, request=request, family=digest(bought), key=digest({**bought, "take": shot.take}))


def digest(value: Any) -> str:
    """SHA-256 of a value's canonical text."""
    return hashlib.sha256(canonical_json(value).encode("utf-8", "surrogatepass")).hexdigest()


def canonical_request(shot: Shot, order_of: Callable[[str], str]) -> dict[str, Any]:
    """The request without anything that changes from run to run."""

    def said(source: Source) -> dict[str, Any]:
        match source.kind:
            case "image":
                return {"type": "image", "sha256": source.ref}
            case "footage":
                return {"type": "video", "sha256": source.ref}
            case "generation":
                return {"type": "generation", "id": source.ref}
            case "frame":
                frame = FrameOf.of(source)  # named by what is seen, whatever else of the file the scene shows
                return {"type": "frame", "sha256": frame.sha256, "frame": frame.number}
            case "shot":
                return {"type": "generation", "order": order_of(source.ref)}
            case "cut":
                return {"type": "cut", "order": order_of(source.ref), "frame": source.frame}
            case kind:
                return {"type": kind, "order": order_of(source.ref)}

    asked = spec_of(shot.api).asked(shot)
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
