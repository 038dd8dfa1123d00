"""The request for one clip or still, in no service's own words: what a plan holds, and what a provider translates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any, Literal, Protocol, TypeAlias

#: A source as a service is given it: exactly one of ``url``, ``generation_id``, ``file_id``.
Given: TypeAlias = Mapping[str, str]


class Operation(StrEnum):
    """The kinds of purchase. Each provider has an endpoint of its own for those that it sells."""

    VIDEO = "video"  # a new clip
    MODIFY = "modify"  # footage made again in another look
    REFRAME = "reframe"  # a clip in another shape
    IMAGE = "image"  # a still
    UPSCALE = "upscale"  # a clip, larger
    SOUND = "sound"  # a clip with a sound track


@dataclass(frozen=True)
class Source:
    """One thing that a shot is made from, and where to find it.

    ==============  ================================  ===================================================
    kind            ref                               what of it
    ==============  ================================  ===================================================
    image, footage  sha256 of a seed asset            its content, published for the service
    generation      id of an existing generation      the generation itself
    shot            id of a shot of this plan         its generation, by id
    still, clip     id of a shot of this plan         the picture or clip that it makes, by URL
    first, last     id of a shot of this plan         that frame of its clip, as a picture of our own
    ==============  ================================  ===================================================
    """

    kind: Literal["image", "footage", "generation", "shot", "still", "clip", "first", "last"]
    ref: str


@dataclass(frozen=True)
class ShotOptions:
    """The options of one shot; as they stand here, all of them are off.

    camera:        camera concepts, by key
    loop:          the last frame runs into the first again
    strength:      how far modified footage may go from its source, such as ``flex_1``
    auto_controls: the model chooses what a modify keeps
    controls:      what a modify keeps of its source, signal by signal
    position:      where a reframed picture stands, in shares of the new frame
    hdr:           high dynamic range
    exr:           the frames as EXR files, too
    """

    camera: tuple[str, ...] = ()
    loop: bool = False
    strength: str = ""
    auto_controls: bool = False
    controls: Mapping[str, Any] | None = None
    position: Mapping[str, float] | None = None
    hdr: bool = False
    exr: bool = False


ALL_OFF = ShotOptions()


class ShotRequest(Protocol):
    """The part of a planned shot that its purchase depends on. Every value is one of the plan, none of the wire.

    ``start`` and ``end`` are its first and last frame, ``source`` the clip that it changes, ``references`` pictures of
    who is in it, ``guides`` pictures that it passes through, by frame. ``seconds``: its length.
    """

    @property
    def operation(self) -> Operation: ...
    @property
    def model(self) -> str: ...
    @property
    def prompt(self) -> str: ...
    @property
    def aspect_ratio(self) -> str: ...
    @property
    def resolution(self) -> str: ...
    @property
    def seconds(self) -> Fraction: ...
    @property
    def options(self) -> ShotOptions: ...
    @property
    def start(self) -> Source | None: ...
    @property
    def end(self) -> Source | None: ...
    @property
    def source(self) -> Source | None: ...
    @property
    def references(self) -> tuple[Source, ...]: ...
    @property
    def guides(self) -> tuple[tuple[int, Source], ...]: ...


def asked_in_plain(shot: ShotRequest) -> dict[str, Any]:
    """The words and numbers of a request as a provider without names of its own keeps them in its orders' keys."""
    asked: dict[str, Any] = {
        "model": shot.model, "prompt": shot.prompt, "aspect_ratio": shot.aspect_ratio, "resolution": shot.resolution,
    }  # fmt: skip
    if shot.operation is not Operation.IMAGE:
        asked["duration"] = f"{float(shot.seconds):g}s"
    options = {name: getattr(shot.options, name) for name in ShotOptions.__dataclass_fields__}
    said = {name: list(value) if isinstance(value, tuple) else value for name, value in options.items() if value}
    return {**asked, **said}
