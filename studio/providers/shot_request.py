"""The request for one clip or still in neutral terms: a plan holds it, and each provider translates it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any, Literal, Protocol, TypeAlias

#: A source in the form that a service gets: exactly one of ``url``, ``generation_id``, ``file_id``.
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
    """One source of a shot, and where to find it.

    ==============  ================================  ===================================================
    kind            ref                               what is used
    ==============  ================================  ===================================================
    image, footage  sha256 of a seed asset            its content, published for the service
    generation      id of an existing generation      the generation itself
    shot            id of a shot of this plan         its generation, by id
    still, clip     id of a shot of this plan         the picture or clip that it makes, by URL
    first, last     id of a shot of this plan         that frame of its clip, extracted as a picture
    cut             id of a shot of this plan         the frame at which the film cuts its scene, as a picture
    frame           see ``FrameOf``                   a frame of a finished file, extracted as a picture
    ==============  ================================  ===================================================

    ``frame`` and ``beside`` are of a cut alone: the frame as planned, counted from the clip's start, and the other
    shots whose clips say where it is.
    """

    kind: Literal["image", "footage", "generation", "shot", "still", "clip", "first", "last", "cut", "frame"]
    ref: str
    frame: int = 0
    beside: tuple[str, ...] = ()

    @property
    def shots(self) -> tuple[str, ...]:
        """The shots that it needs, where it is of one."""
        return (self.ref, *self.beside)


@dataclass(frozen=True)
class FrameOf:
    """A frame of a finished file: the file's SHA-256, the frame's number, and the shot of the plan that shows it."""

    sha256: str
    number: int
    shot: str

    @property
    def source(self) -> Source:
        return Source("frame", f"{self.sha256}:{self.number}:{self.shot}")

    @classmethod
    def of(cls, source: Source) -> FrameOf:
        """The frame that a source of kind ``frame`` names."""
        sha256, number, shot = source.ref.split(":", 2)
        return cls(sha256, int(number), shot)


@dataclass(frozen=True)
class ShotOptions:
    """The options of one shot; by default all of them are off.

    camera:        camera concepts, by key
    loop:          the last frame leads back into the first
    strength:      how far modified footage may differ from its source, such as ``flex_1``
    auto_controls: the model chooses what a modify keeps
    controls:      what a modify keeps of its source, signal by signal
    position:      the position of a reframed picture, in fractions of the new frame
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
    """The part of a planned shot that its purchase depends on. Its values are the plan's, not a service's.

    ``start`` and ``end`` are its first and last frame, ``source`` the clip that it changes, ``references`` pictures of
    its character, ``guides`` pictures that it passes through, by frame. ``seconds``: its length.
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
    """The parameters of a request for its order's key, for a provider that has no names of its own for them."""
    asked: dict[str, Any] = {
        "model": shot.model, "prompt": shot.prompt, "aspect_ratio": shot.aspect_ratio, "resolution": shot.resolution,
    }  # fmt: skip
    if shot.operation is not Operation.IMAGE:
        asked["duration"] = f"{float(shot.seconds):g}s"
    options = {name: getattr(shot.options, name) for name in ShotOptions.__dataclass_fields__}
    said = {name: list(value) if isinstance(value, tuple) else value for name, value in options.items() if value}
    return {**asked, **said}
