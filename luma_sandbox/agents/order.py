"""The order form of an accepted create: what is to be made, its size, its inputs and its price."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from luma_sandbox.agents import prices, rules, sizes
from luma_sandbox.agents.media import Found
from luma_sandbox.agents.refusal import Declined
from luma_sandbox.agents.shapes import Controls, Create, Edit, Video
from luma_sandbox.assumptions import Assumptions
from luma_sandbox.rules import CONCEPTS

SOURCE_SECONDS = {"video_edit": 18.0, "video_reframe": 30.0}  # a reseller of the API documents 30 s
SLACK = 0.06
CAMERA_MOVES = 2
FRAMES = ("start_frame", "end_frame")


class Order:
    """One create with the media that it refers to. Raises Declined if these do not fit together."""

    def __init__(self, asked: Create, found: Mapping[str, Found], assume: Assumptions) -> None:
        self._asked = asked
        self._found = found
        self._assume = assume
        self._video = asked.video or Video()
        self._source = found.get("source")
        self._check_kinds()

    def form(self) -> dict[str, Any]:
        """The order form for the life cycle, the renderer and the page."""
        width, height = self._size()
        form: dict[str, Any] = {
            "prompt": self._asked.prompt,
            "model": self._asked.model,
            "resolution": self._resolution if self._asked.type not in rules.IMAGE_KINDS else "2k",
            "width": width,
            "height": height,
            "frames": 0,
            "concepts": [],
            "loop": bool(self._video.loop),
            "frame0": self._reference("video.start_frame"),
            "frame1": self._reference("video.end_frame"),
            "inputs": self._inputs(),
            "make": f"agents_{self._asked.type}",
        }
        if self._asked.type in rules.IMAGE_KINDS:
            suffix = "png" if self._asked.output_format == "png" else "jpg"
            return form | {"format": suffix, "style": self._asked.style or "auto"}
        form |= {"frames": self._frames, "hdr": bool(self._video.hdr)}
        if self._video.exr_export:
            form |= {"exr": True, "exr_every": max(1, int(self._assume.number("agents_exr_every")))}
        if self._asked.type == "video":
            form |= {"concepts": self._moves(), "extension": self._assume["extension"]}
            return form | {"indexes": self._video.keyframe_indexes or []}
        if self._asked.type == "video_edit":
            edit = self._video.edit or Edit()
            mode = edit.strength or self._assume["agents_default_strength"]
            return form | {"mode": mode, "held": _held(edit.controls), "indexes": edit.keyframe_indexes or []}
        position = self._video.source_position
        return form | {"position": position.model_dump() if position is not None else None}

    def cents(self) -> int | Decimal:
        """The price in US cents."""
        asked, video = self._asked, self._video
        if asked.type in rules.IMAGE_KINDS:
            return prices.image(asked.model, len(asked.image_ref or ()), edit=asked.type == "image_edit")
        wide = prices.light(hdr=bool(video.hdr), exr=bool(video.exr_export))
        if asked.type == "video_edit":
            return prices.edit(self._resolution, self._frames, wide, self._assume)
        if asked.type == "video_reframe":
            return prices.reframe(self._resolution, self._frames, self._assume)
        if self._chains():
            return prices.extension(self._resolution, self._assume)
        return prices.clip(self._resolution, round(self._seconds), wide)

    @property
    def _resolution(self) -> str:
        return self._video.resolution or "720p"

    @property
    def _seconds(self) -> float:
        if self._asked.type != "video" and self._source is not None:
            return self._source.seconds
        return float((self._video.duration or "5s").removesuffix("s"))

    @property
    def _frames(self) -> int:
        # A partial frame counts as one, but a rounding error of a float does not.
        return max(1, math.ceil(self._seconds * rules.FPS - 1e-6))

    def _check_kinds(self) -> None:
        """Check that clips and stills are where they belong, and that no source is too long."""
        kind = self._asked.type
        for field, found in self._found.items():
            frame = field in ("video.start_frame", "video.end_frame")
            chained = found.reference["type"] == "generation"
            wanted: tuple[str, ...] = ("image",)
            if field == "source":
                wanted = ("video",) if kind in SOURCE_SECONDS else ("image",)
            elif frame and chained and kind == "video":
                # A prior clip is extended. Whether a prior still is allowed here is not documented.
                wanted = ("video", "image") if self._assume["agents_still_as_frame"] == "accepted" else ("video",)
            if found.kind not in wanted:
                raise Declined(422, f"{field}: a {' or '.join(wanted)} is required, not a {found.kind}")
        if self._chains() and (self._video.hdr or self._video.duration == "10s"):
            raise Declined(422, "An extension is standard dynamic range only, and 5s")
        if self._source is not None and kind in SOURCE_SECONDS:
            most = SOURCE_SECONDS[kind]
            if self._source.seconds > most + SLACK:
                raise Declined(422, f"source: must be {most:g} seconds or shorter")
            last = self._frames
            if max((self._video.edit or Edit()).keyframe_indexes or [0]) > last:
                raise Declined(422, f"video.edit.keyframe_indexes: must lie in 0..{last}, the source's frames")
        if kind == "video_reframe":
            self._check_reshaped()

    def _check_reshaped(self) -> None:
        """Check that a reframe's shape differs from its source's."""
        asked, own = self._asked.aspect_ratio, _shape(self._source)
        if asked is None or own is None:
            return
        if abs(own / sizes.ratio_of(asked) - 1) <= self._assume.number("agents_same_ratio"):
            raise Declined(422, f"aspect_ratio: the source is {asked} already; video_reframe needs another one")

    def _chains(self) -> bool:
        return any((found := self._found.get(f"video.{name}")) is not None and found.kind == "video" for name in FRAMES)

    def _size(self) -> tuple[int, int]:
        kind, ratio = self._asked.type, self._asked.aspect_ratio
        if (framed := self._framed()) is not None:
            number = framed
        elif ratio is None and (own := _shape(self._source)) is not None:
            number = own
        else:
            number = sizes.ratio_of(ratio or self._assume["default_aspect_ratio"])
        number = min(sizes.WIDEST, max(1 / sizes.WIDEST, number))
        return sizes.still(number) if kind in rules.IMAGE_KINDS else sizes.clip(self._resolution, number)

    def _framed(self) -> float | None:
        """The shape of a new clip, which its first anchor decides, whatever ``aspect_ratio`` says."""
        if self._asked.type != "video":
            return None
        indexes = self._video.keyframe_indexes or []
        guides = [f"video.keyframes.{number}" for number in sorted(range(len(indexes)), key=indexes.__getitem__)]
        fields = ("video.start_frame", "video.end_frame", *guides)
        return next((shape for field in fields if (shape := _shape(self._found.get(field))) is not None), None)

    def _reference(self, field: str) -> dict[str, Any] | None:
        found = self._found.get(field)
        return None if found is None else dict(found.reference)

    def _inputs(self) -> dict[str, Any]:
        """Every input except the first and the last frame, in the order of the request."""
        return {
            field.removeprefix("video."): dict(found.reference)
            for field, found in self._found.items()
            if field.removeprefix("video.") not in FRAMES
        }

    def _moves(self) -> list[str]:
        """The camera moves named in the prompt: this API has no concepts."""
        prompt = " ".join(self._asked.prompt.lower().replace("-", " ").replace(",", " ").split())
        return [key for key in CONCEPTS if _said(key).search(prompt)][:CAMERA_MOVES]


def _shape(found: Found | None) -> float | None:
    """Width divided by height of the media, as far as it is known."""
    return found.width / found.height if found is not None and found.width and found.height else None


def _held(controls: Controls | None) -> float:
    """The strength with which the controls of an edit keep its source: from 0, all off, to 1, each in full."""
    if controls is None:
        return 0.0
    pose, depth, normals, trajectory = controls.pose, controls.depth, controls.normals, controls.trajectory
    kept = (
        (pose, 0.5 if pose is not None and pose.strength == "coarse" else 1.0),
        (depth, 1 - (depth.blur or 0.0) / 2 if depth is not None else 0.0),
        (normals, 1 - (normals.augmentation or 0.0) / 2 if normals is not None else 0.0),
        (trajectory, 1 - (trajectory.sparsity or 0.0) / 2 if trajectory is not None else 0.0),
        (controls.face, 1.0),
    )
    return sum(share for control, share in kept if control is not None and control.enabled is not False) / len(kept)


def _said(key: str) -> re.Pattern[str]:
    """The wordings of a move: "push in", "pushes in", "orbits the subject to the left"."""
    verb, *rest = key.split("_")
    gap = r"(?:\W+\w+){0,5}?\W+"
    return re.compile(rf"\b{verb}(?:s|es)?" + "".join(rf"{gap}{word}" for word in rest) + r"\b")
