"""The form of a clip's pictures, and what keeps a finished clip from being copied into a film, frame for frame.

Pure values, which a plan can compare without a decoder.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeVar

Number = TypeVar("Number", int, str)

UNSPECIFIED = 2  # of primaries, transfer and matrix, by their numbers in the standard
LATE = "its first frame is not at 0"  # the one irregularity that a remux removes
FULL = 2  # the range of a picture's values
#: Names of what pieces can be tagged with, by the numbers of the standard: video for standard screens alone.
RANGES = {0: "unknown", 1: "tv"}
PRIMARIES = {1: "bt709", 2: "unknown", 5: "bt470bg", 6: "smpte170m"}
TRANSFERS = {1: "bt709", 2: "unknown", 4: "gamma22", 5: "gamma28", 6: "smpte170m"}
MATRICES = {1: "bt709", 2: "unknown", 5: "bt470bg", 6: "smpte170m"}
#: The words of a producer for what can differ in two clips' forms.
WORDS = {
    "codec": "codec", "tag": "codec", "profile": "encoder settings", "extradata": "encoder settings", "width": "size",
    "height": "size", "pix_fmt": "colour depth", "sample_aspect": "shape of its pixels", "rate": "frame rate",
    "colors": "colour tags", "rotation": "rotation", "time_base": "clock", "stream": "place in its file",
}  # fmt: skip


def guess_is_bt709(width: int, height: int) -> bool:
    """True for bt709: the matrix that players assume for a clip that names none. HD is bt709, smaller is bt601."""
    return width >= 1280 or height > 576


@dataclass(frozen=True)
class Form:
    """Everything that must be equal in two clips' pictures for joining them without encoding.

    `extradata` is the SHA-256 of the decoder's set-up, `colors` are range, primaries, transfer and matrix by their
    numbers in the standard, `rotation` is in degrees, `stream` the place of the picture among the file's streams.
    Sound is not part of it: a film's sound is always built anew.
    """

    codec: str
    tag: str
    profile: str
    extradata: str
    width: int
    height: int
    pix_fmt: str
    sample_aspect: Fraction
    time_base: Fraction
    rate: Fraction
    colors: tuple[int, int, int, int]
    rotation: int
    stream: int

    @property
    def apart_from_times(self) -> Form:
        """The form without what a lossless remux evens out."""
        return replace(self, time_base=Fraction(1), stream=0)


@dataclass(frozen=True)
class Colors:
    """The colours of pieces: the tags that they get, in ffmpeg's words, and the matrix that their values are in."""

    range: str = "tv"
    primaries: str = "bt709"
    transfer: str = "bt709"
    matrix: str = "bt709"
    values: str = "bt709"


BT709 = Colors()


def colors_beside(form: Form) -> Colors | None:
    """The colours that pieces need beside a copied clip, so that a player shows both alike; None where pieces cannot
    have them. A clip that names no matrix is shown in the one that players assume for its size."""
    spread, primaries, transfer, matrix = form.colors
    if spread == FULL:
        return None
    bt709 = guess_is_bt709(form.width, form.height) if matrix == UNSPECIFIED else matrix == 1
    if bt709:
        return BT709
    try:
        return Colors(RANGES[spread], PRIMARIES[primaries], TRANSFERS[transfer], MATRICES[matrix], "bt601")
    except KeyError:
        return None


@dataclass(frozen=True)
class Wanted:
    """The form that a film asks of what it copies: pixels, and frames per second."""

    width: int
    height: int
    fps: Fraction


@dataclass(frozen=True)
class Candidate:
    """A clip, or a part of one, as it is asked whether the film can copy it.

    `frames` is the number of its frames in the film, `whole` is True where all of it is used, `irregular` says what is
    uneven in it. `keep`: its frames are to stay as they are. `overlaps`: a transition shows another clip with it.
    `corrected`: its colours are corrected.
    `covered`: a title or a fade lies over it.
    """

    form: Form
    width: int
    height: int
    fps: Fraction
    frames: int
    whole: bool = True
    irregular: str = ""
    keep: bool = True
    overlaps: bool = False
    corrected: bool = False
    covered: bool = False


def unfit(clip: Candidate, wanted: Wanted) -> tuple[str, ...]:
    """The reasons why a clip cannot be copied into a film; empty where it can."""
    form, told = clip.form, list[str]()
    if (clip.width, clip.height) != (wanted.width, wanted.height):
        told.append(f"its size is {clip.width}×{clip.height}, the film's {wanted.width}×{wanted.height}")
    if clip.fps != wanted.fps:
        told.append(f"its rate is {rate_in_words(clip.fps)} frames a second, the film's {rate_in_words(wanted.fps)}")
    if not clip.whole:
        told.append("only a part of it is shown")
    if clip.overlaps:
        told.append("a transition overlaps it")
    if clip.corrected:
        told.append("its colours are matched")
    if clip.covered:
        told.append("a title or a fade lies over it")
    if (form.codec, form.tag) != ("h264", "avc1"):
        told.append(f"its codec is {form.codec or 'unknown'} ({form.tag}), not h264 (avc1)")
    elif form.pix_fmt != "yuv420p":
        told.append(f"its pictures are {form.pix_fmt or 'of an unknown format'}, not yuv420p (8 bit)")
    elif form.colors[0] == FULL:
        told.append("its values are in full range, not in video range")
    elif colors_beside(form) is None:
        told.append("its colours are neither BT.709 nor BT.601")
    if form.sample_aspect != 1:
        told.append("its pixels are not square")
    if clip.irregular not in ("", LATE):
        told.append(clip.irregular)
    return tuple(told)


def to_copy(clips: Mapping[Number, Candidate], wanted: Wanted) -> frozenset[Number]:
    """The keys of the clips that a film of several forms can copy: those of the set-up of most frames among the clips
    that are to stay as they are. None where no such clip has the film's form."""
    fitting = {n: clip for n, clip in clips.items() if not unfit(clip, wanted)}
    frames = Counter[str]()
    for clip in fitting.values():
        if clip.keep:
            frames[clip.form.extradata] += clip.frames
    if not frames:
        return frozenset()
    setup, _ = frames.most_common(1)[0]
    alike = next(c for c in fitting.values() if c.keep and c.form.extradata == setup).form.apart_from_times
    return frozenset(n for n, clip in fitting.items() if clip.form.apart_from_times == alike)


def differing(one: Form, other: Form) -> str:
    """The differences of two clips' forms, apart from times, in a producer's words."""
    names = [n for n in WORDS if getattr(one.apart_from_times, n) != getattr(other.apart_from_times, n)]
    words = list(dict.fromkeys(WORDS[name] for name in names))
    # Tags, size and depth are in the set-up, too: where they differ, it says nothing more.
    if len(words) > 1 and "encoder settings" in words:
        words.remove("encoder settings")
    return " and ".join(words)


def rate_in_words(fps: Fraction) -> str:
    """A frame rate for people: 24, or 29.970."""
    return str(fps.numerator) if fps.denominator == 1 else f"{float(fps):.3f}"


def names_in_words(names: Sequence[str]) -> str:
    """Names with their verb: `a is`, `a, b and c are`."""
    if len(names) == 1:
        return f"{names[0]} is"
    return f"{', '.join(names[:-1])} and {names[-1]} are"


def cannot_be_joined(clips: Sequence[tuple[str, Candidate]], wanted: Wanted) -> str | None:
    """The reason why clips, each with its name, cannot be joined into a film by copying all of them; empty where clips
    have another size or rate, which is told of each; None where they can be joined."""
    for name, clip in clips:
        if not clip.whole:
            return f"{name} is used in part"
        if clip.corrected:
            return f"the colours of {name} are matched"
        if clip.irregular not in ("", LATE):
            return f"{name}: {clip.irregular}"
        if (clip.width, clip.height, clip.fps) != (wanted.width, wanted.height, wanted.fps):
            return ""
    first, one = clips[0]
    for name, clip in clips[1:]:
        if told := differing(one.form, clip.form):
            return f"{name} differs from {first} in {told}"
    return None
