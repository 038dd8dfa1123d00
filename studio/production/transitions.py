"""Transitions: how one scene of the film becomes the next, and for how long the two are seen together."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, WithJsonSchema

from studio.production.field_types import kind_of, number, refused, shown
from studio.spelling import nearest

CUT: Final = "cut"
CROSSFADE: Final = "crossfade"
#: The kinds of ffmpeg's filter xfade, by its names; `fade` is the one that everybody calls a crossfade.
XFADE = (
    "fade", "wipeleft", "wiperight", "wipeup", "wipedown", "slideleft", "slideright", "slideup", "slidedown",
    "circlecrop", "rectcrop", "distance", "fadeblack", "fadewhite", "radial", "smoothleft", "smoothright", "smoothup",
    "smoothdown", "circleopen", "circleclose", "vertopen", "vertclose", "horzopen", "horzclose", "dissolve", "pixelize",
    "diagtl", "diagtr", "diagbl", "diagbr", "hlslice", "hrslice", "vuslice", "vdslice", "hblur", "fadegrays", "wipetl",
    "wipetr", "wipebl", "wipebr", "squeezeh", "squeezev", "zoomin", "fadefast", "fadeslow", "hlwind", "hrwind",
    "vuwind", "vdwind", "coverleft", "coverright", "coverup", "coverdown", "revealleft", "revealright", "revealup",
    "revealdown",
)  # fmt: skip
KINDS = (CUT, CROSSFADE, *XFADE)
DEFAULT_SECONDS = Fraction(1, 2)
NONE = ("none", "no", "off")  # words for no transition
SHORTEST, LONGEST = Fraction(1, 12), Fraction(10)  # seconds
REMEDY = "write cut, crossfade, fadeblack or another kind, and its seconds, such as: crossfade 0.5"
_WRITTEN = re.compile(r"([a-z]+)(?:\s+([-+0-9.]+)\s*s?)?")


class Transition(BaseModel):
    """A transition: its kind (``cut``, ``crossfade``, or a name of ffmpeg's xfade), and its length in seconds; a cut
    has none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    seconds: Fraction

    @property
    def xfade(self) -> str:
        """The name that ffmpeg has for it."""
        return "fade" if self.kind == CROSSFADE else self.kind

    def __str__(self) -> str:
        return self.kind if self.kind == CUT else f"{self.kind} {float(self.seconds):g}"


NO_TRANSITION = Transition(kind=CUT, seconds=Fraction(0))


def _transition(value: object) -> object:
    """Bring what is written, `crossfade 0.5` or its parts, to a value."""
    if value is None or isinstance(value, Transition):
        return value
    kind, seconds = _parts(value)
    if kind not in KINDS:
        near = CUT if kind in NONE else nearest(kind, KINDS)
        raise refused(f"{shown(kind)} is not possible", f"did you mean '{near}'?" if near else REMEDY)
    if kind == CUT:
        if seconds is not None:
            raise refused("a cut has no length", "write cut alone, or another kind")
        return Transition.model_construct(kind=CUT, seconds=Fraction(0))
    lasts = DEFAULT_SECONDS if seconds is None else Fraction(repr(number(_plain(seconds), "seconds")))
    if not SHORTEST <= lasts <= LONGEST:
        told = f"{float(lasts):g} s is not possible"
        raise refused(told, f"a transition lasts {float(SHORTEST):.2f} to {float(LONGEST):g} s")
    return Transition.model_construct(kind=CROSSFADE if kind == "fade" else kind, seconds=lasts)


def _plain(seconds: object) -> object:
    """The number, without the unit that may stand behind it."""
    return re.sub(r"\s*s$", "", seconds.strip().lower()) if isinstance(seconds, str) else seconds


def _parts(value: object) -> tuple[str, object]:
    """Kind and seconds as they are written."""
    if isinstance(value, Mapping):
        if unknown := [name for name in value if name not in ("kind", "seconds")]:
            raise refused(f"there is no field {shown(str(unknown[0]))}", "kind and seconds are possible")
        if not isinstance(value.get("kind"), str):
            raise refused("kind is missing", REMEDY)
        return value["kind"].strip().lower(), value.get("seconds")
    if not isinstance(value, str):
        raise refused(f"expected a kind and its seconds, found {kind_of(value)}", REMEDY)
    text = value.strip().lower()
    if not text:
        raise refused("is empty", REMEDY)
    found = _WRITTEN.fullmatch(text)
    return (found[1], found[2]) if found else (text, None)


SCHEMA: dict[str, Any] = {"type": "string"}
TransitionField = Annotated[
    Transition,
    BeforeValidator(_transition),
    PlainSerializer(str, return_type=str),
    WithJsonSchema(SCHEMA),
]
