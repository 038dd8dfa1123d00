"""Segments of a film: stretches of clips as it uses them, the form that they are brought into, and their parts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

from studio.digests import Digests
from studio.errors import BadClip, FilmMismatch
from studio.media.clip import Clip
from studio.media.correction import Correction
from studio.media.form import BT709, Candidate, Colors, Wanted
from studio.media.overlap import Overlap
from studio.media.packets import scan


@dataclass(frozen=True)
class Underlay:
    """A file whose first sound track is heard under another file's pictures, and its SHA-256."""

    path: Path
    sha256: str


@dataclass(frozen=True)
class Overlay:
    """A picture with alpha that lies over a segment, its upper left corner at `x` and `y`, both even.

    It is seen in `frames` of the film from the segment's frame `start` on, which may lie before the segment; it comes
    and goes in `fade` of them each. `sha256` is that of its file.
    """

    path: Path
    sha256: str
    x: int
    y: int
    start: int
    frames: int
    fade: int


@dataclass(frozen=True)
class Segment:
    """A stretch of a clip in a film: `frames` frames from `start_frame` on, in the clip's own frames (None: all).

    `path` is where the clip's bytes are, `name` what the film's notes call it (default: the file's name). `fit` is how
    a picture of another shape is brought into the film's frame: whole, with bars (pad), or filling it (crop). `under`
    is the sound that is heard with it instead of the clip's own, at the same moments; `silent`: none is heard.
    `keep`: its frames stay as they are, where a film of its form can be made; `file` is the producer's name for it.
    `into` is its overlap with the segment before it: its first frames are seen together with the last of that one.
    `colors` is the correction of its colours, where they are not shown as they are.
    `over` is a picture that lies over it; in `fade_in` frames of the film it comes out of black, in `fade_out` it goes
    to it. `drawn`: it is a card, which was made for this film.
    """

    path: Path
    clip: Clip
    start_frame: int = 0
    frames: int | None = None
    name: str = ""
    fit: Literal["pad", "crop"] = "pad"
    under: Underlay | None = None
    silent: bool = False
    keep: bool = False
    file: str = ""
    into: Overlap | None = None
    colors: Correction | None = None
    over: Overlay | None = None
    fade_in: int = 0
    fade_out: int = 0
    drawn: bool = False

    def __post_init__(self) -> None:
        if self.start_frame < 0 or self.length < 1 or self.start_frame + self.length > self.clip.frames:
            end = self.start_frame + self.length
            raise BadClip(
                f"has {self.clip.frames} frames: frames {self.start_frame} to {end} cannot be used", path=str(self.path)
            )

    @property
    def length(self) -> int:
        """The number of the clip's own frames that are used."""
        return self.clip.frames - self.start_frame if self.frames is None else self.frames

    @property
    def whole(self) -> bool:
        """True if the clip is used from its first frame to its last."""
        return self.length == self.clip.frames

    @property
    def covered(self) -> bool:
        """True if something lies over its frames."""
        return bool(self.over or self.fade_in or self.fade_out)

    @property
    def heard(self) -> Path | None:
        """The file whose sound is heard with it; None where none is."""
        if self.silent:
            return None
        if self.under is not None:
            return self.under.path
        return self.path if self.clip.has_audio else None

    @property
    def candidate(self) -> Candidate:
        """The segment, as it is asked whether a film can copy it."""
        clip = self.clip
        return Candidate(
            clip.form, clip.width, clip.height, clip.fps, self.length, self.whole, clip.irregular, self.keep,
            corrected=self.colors is not None,
            covered=self.covered,
        )  # fmt: skip

    @property
    def title(self) -> str:
        """The name in notes and errors."""
        return self.name or self.path.stem

    def see_unchanged(self, digests: Digests) -> None:
        """Raise BadClip where the bytes of the file, or of the sound under it, are no longer those that were
        measured."""
        files = {self.path: self.clip.sha256} | {x.path: x.sha256 for x in (self.under, self.over) if x is not None}
        for path, sha256 in files.items():
            try:
                same = digests.of(path) == sha256
            except OSError as error:
                raise BadClip(f"cannot be read: {error.strerror}", path=str(path), where=self.title) from None
            if not same:
                raise BadClip("is not the clip that was measured", path=str(path), where=self.title)

    def offset(self) -> Fraction:
        """Seconds of the clip before the segment."""
        return self._span(0, self.start_frame)

    def duration(self) -> Fraction:
        """Seconds of the segment."""
        return self._span(self.start_frame, self.start_frame + self.length)

    def _span(self, start: int, end: int) -> Fraction:
        if not self.clip.irregular:
            return (end - start) / self.clip.fps
        track = scan(self.path)
        if track.rate:
            return (end - start) / track.rate
        times = [(time - track.shown[0]) * track.tick for time in track.shown] + [track.duration]
        return times[end] - times[start]


@dataclass(frozen=True)
class Part:
    """A file that goes into a film by copy.

    `frames` is its number of frames, `packets` their fingerprint, `setup` the SHA-256 of the decoder's set-up.
    """

    path: Path
    frames: int
    packets: str
    setup: str


@dataclass(frozen=True)
class Target:
    """The form of the film's pieces: pixels, and frames per second."""

    width: int
    height: int
    fps: Fraction
    set_id: int = 0  # of the parameter sets, where pieces stand beside copied clips that have others
    delay: int = 2  # frames between decoding and showing, which those clips have, too
    colors: Colors = BT709  # those of such clips

    @property
    def wanted(self) -> Wanted:
        """The form that it asks of a clip that is copied."""
        return Wanted(self.width, self.height, self.fps)

    def frames(self, segment: Segment) -> int:
        """The number of frames the segment has in the film: its duration, rounded to whole frames, and at least one."""
        return max(1, math.floor(segment.duration() * self.fps + Fraction(1, 2)))


@dataclass(frozen=True)
class Body:
    """Frames of a segment that are seen alone: `frames` of the film from its frame `start` on; `whole`: all it has."""

    segment: Segment
    start: int
    frames: int
    whole: bool = True

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The segments that it is made of."""
        return (self.segment,)

    @property
    def title(self) -> str:
        """The name in notes and errors."""
        return self.segment.title

    @property
    def candidate(self) -> Candidate | None:
        """It, as it is asked whether a film can copy it; None where it cannot, since it is only a part."""
        return self.segment.candidate if self.whole else None


@dataclass(frozen=True)
class Blend:
    """Frames in which one segment becomes the next: the last of `before` with the first of `after`."""

    before: Body
    after: Body
    kind: str  # as ffmpeg's filter xfade names it

    @property
    def frames(self) -> int:
        """Frames of the film."""
        return self.after.frames

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The segments that it is made of."""
        return self.before.segment, self.after.segment

    @property
    def title(self) -> str:
        """The name in notes and errors."""
        return f"{self.before.title} to {self.after.title}"

    @property
    def candidate(self) -> None:
        """No film can copy it."""


Element = Body | Blend


def elements_of(segments: Sequence[Segment], target: Target) -> list[Element]:
    """The elements that a film of these segments shows in turn: bodies, and blends where two of them overlap.

    Raises FilmMismatch where overlaps are longer than their segment.
    """
    found: list[Element] = []
    lengths = [target.frames(segment) for segment in segments]
    heads = [segment.into.frames if segment.into else 0 for segment in segments]
    tails = [*heads[1:], 0]
    for n, (segment, length, head, tail) in enumerate(zip(segments, lengths, heads, tails, strict=True)):
        if head + tail > length:
            told = f"its transitions take {head + tail} frames, and it has {length}"
            raise FilmMismatch(told, where=segment.title)
        if segment.into is not None and n:
            ends = Body(segments[n - 1], lengths[n - 1] - head, head, whole=False)
            found.append(Blend(ends, Body(segment, 0, head, whole=False), segment.into.kind))
        if head + tail < length:
            found.append(Body(segment, head, length - head - tail, whole=not head + tail))
    return found
