"""Inputs of generations: each is read once, stored by its content, and given to the renderer by path.

An order form names its inputs ``frame0``, ``frame1``, and by any other name in ``inputs``. Each is one of
``{type: image | video, url}``, ``{type: generation, id}`` and ``{type: stored, kind: image | clip, sha256}`` (bytes
that a route has stored in the home itself). ``weight`` is passed on; ``max_seconds`` limits a video.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from luma_sandbox import sizes
from luma_sandbox.books import Books, Generation
from luma_sandbox.data_dir import DataDir
from luma_sandbox.reader import Reader, Unreadable

FETCHED_AT_ONCE = 16
FRAMES = ("frame0", "frame1")
MOST_TOLD = 8  # prompts of earlier clips that a continuation knows


class InputStore:
    """A reader and store of inputs."""

    def __init__(self, home: DataDir, books: Books, reader: Reader) -> None:
        self._home = home
        self._books = books
        self._reader = reader
        self._fetching = asyncio.Semaphore(FETCHED_AT_ONCE)

    async def gather(self, order_form: Mapping[str, Any]) -> dict[str, Any]:
        """Read every input of an order form, and return them by content. Raises Unreadable."""
        wanted: dict[str, Any] = {name: order_form.get(name) for name in FRAMES} | order_form.get("inputs", {})
        gathered: dict[str, Any] = {}
        for name, reference in wanted.items():
            if reference is not None:
                found = await self._one(reference)
                gathered[name] = found | {key: reference[key] for key in ("weight",) if key in reference}
        return gathered

    async def _one(self, reference: Mapping[str, Any]) -> dict[str, Any]:
        if reference["type"] == "image":
            async with self._fetching:
                content = await self._reader.image(reference["url"])
            digest = await asyncio.to_thread(self._home.keep_input, content)
            return {"kind": "image", "path": str(self._home.input(digest)), "sha256": digest}
        if reference["type"] == "video":
            part = self._home.part()
            try:
                async with self._fetching:
                    found = await self._reader.footage(reference["url"], part, float(reference["max_seconds"]))
                digest = await asyncio.to_thread(self._home.adopt_input, part)
            finally:
                part.unlink(missing_ok=True)
            return {"kind": "clip", "path": str(self._home.input(digest)), "sha256": digest} | found
        if reference["type"] == "stored":
            place = self._home.input(reference["sha256"])
            return {"kind": reference["kind"], "path": str(place), "sha256": reference["sha256"]}
        return await asyncio.to_thread(self._parent, reference["id"])

    def _parent(self, identity: str) -> dict[str, Any]:
        """A finished generation, identified by its digest."""
        parent = self._books.any(identity)
        place = None if parent is None else result(self._home, parent)
        if parent is None or place is None or parent.digest is None or not place.exists():
            raise Unreadable(f"the file of generation {identity} is gone from {self._home.clips}")
        found = {"kind": "image" if parent.kind == "image" else "clip", "path": str(place), "sha256": parent.digest}
        if parent.kind != "video":
            return found
        # The prompts of the clips before it: a continuation goes on with the same people and things.
        told = [*((parent.inputs or {}).get("frame0") or {}).get("told", ()), str(parent.order_form.get("prompt", ""))]
        return found | made(parent) | {"told": [text for text in told if text][-MOST_TOLD:]}


def result(home: DataDir, generation: Generation) -> Path:
    """The path of a generation's file, whether it exists or not."""
    if generation.kind == "image":
        return home.still(generation.id, str(generation.order_form["format"]))
    return home.clip(generation.id)


def made(generation: Generation) -> dict[str, int]:
    """The width, height and frames of a finished clip, from its order form and inputs."""
    form, inputs = generation.order_form, generation.inputs or {}
    source = inputs.get("source")
    if source is not None and form.get("make") in ("modify", "reframe_video"):
        own = (source["width"], source["height"])
        width, height = sizes.edited(own, form["at_most"])
        if form["make"] == "reframe_video":
            width, height = sizes.of(sizes.tier_of(own, form["at_most"]), form["aspect_ratio"])
        return {"width": width, "height": height, "frames": source["frames"]}
    frames = form["frames"]
    parents = [found for name in FRAMES if (found := inputs.get(name)) and found["kind"] == "clip"]
    if form.get("extension") == "parent_plus_new" and len(parents) == 1:
        frames += parents[0]["frames"]
    return {"width": form["width"], "height": form["height"], "frames": frames}


def score(home: DataDir, generation: Generation, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The job for the render pool; only its paths depend on ids or URLs."""
    form = {name: value for name, value in generation.order_form.items() if name not in (*FRAMES, "inputs")}
    return form | {
        "start": inputs.get("frame0"),
        "end": inputs.get("frame1"),
        "inputs": {name: found for name, found in inputs.items() if name not in FRAMES},
        "out": str(result(home, generation)),
        "poster": str(home.poster(generation.id)),
    }
