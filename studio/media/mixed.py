"""Films in which finished clips are copied, frame for frame, between pieces that are encoded to fit them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from hashlib import sha256
from itertools import accumulate
from pathlib import Path

import numpy as np

from studio.digests import Digests
from studio.errors import FilmMismatch
from studio.media import ffmpeg
from studio.media.encoding import plain_mp4, timescale
from studio.media.form import BT709, colors_beside, to_copy
from studio.media.frames import frame_at, luma
from studio.media.packets import scan
from studio.media.parameter_sets import ParameterSets, replace_sets
from studio.media.pieces import normalised, remuxed
from studio.media.segments import Body, Element, Part, Segment, Target


@dataclass(frozen=True)
class Mixed:
    """The parts of such a film, the set-up that its file is to have, and the file that each part is made of."""

    parts: tuple[Part, ...]
    setup: str
    sources: tuple[Path, ...]


def copied_of(elements: Sequence[Element], target: Target) -> frozenset[int]:
    """The numbers of the elements that can be copied into the film (``studio.media.form.to_copy``)."""
    candidates = {n: candidate for n, element in enumerate(elements) if (candidate := element.candidate) is not None}
    return to_copy(candidates, target.wanted)


def mixed(
    elements: Sequence[Element], target: Target, copied: frozenset[int], pieces: Path, work: Path, *,
    on_frames: Callable[[int], None] | None, stop: ffmpeg.Stop | None, digests: Digests,
) -> Mixed:  # fmt: skip
    """The parts of a film in which the elements of those numbers are copied, and all others are pieces beside them.

    Raises FilmMismatch, FfmpegError or BadClip where they cannot be brought together.
    """
    own = {n: of.segment for n, of in enumerate(elements) if n in copied and isinstance(of, Body)}
    for segment in own.values():
        segment.see_unchanged(digests)
    first_own = own[min(own)]
    sets = ParameterSets.of(first_own.path)
    others = [element for n, element in enumerate(elements) if n not in copied]
    try:
        # Players take the delay between decoding and showing from the frames' sets: pieces get it by their B-frames.
        colors = colors_beside(first_own.clip.form) or BT709
        delay = max(scan(path).delay for path in {segment.path for segment in own.values()})
        beside = replace(target, set_id=sets.free_id, delay=min(delay, 2), colors=colors)
        made = normalised(others, beside, pieces, on_frames=on_frames, stop=stop, digests=digests)
        both = sets.beside(ParameterSets.of(made[0].path))
    except ValueError as error:
        raise FilmMismatch(f"its clips have {error}") from None
    files = {s.path: s for s in own.values()}
    tick = Fraction(1, timescale(target.fps))
    copies = dict(zip(files, remuxed(list(files.values()), tick, work, stop=stop), strict=True))
    encoded = iter(made)
    parts = [
        _copy_of(own[number], copies[own[number].path]) if number in own else next(encoded)
        for number in range(len(elements))
    ]
    first = work / "first.mp4"
    options = {name: value for name, value in plain_mp4(target.fps).items() if name != "movflags"}  # the index is last
    picture = ffmpeg.clip_input(parts[0].path)["v:0"]
    ffmpeg.run(picture.output(f"file:{first.absolute()}", vcodec="copy", an=None, **options), timeout=600, stop=stop)
    replace_sets(first, both)
    sources = tuple(own[n].path if n in own else part.path for n, part in enumerate(parts))
    parts[0] = replace(parts[0], path=first)
    return Mixed(tuple(parts), sha256(both.written()).hexdigest(), sources)


def see_alike(film: Path, found: Mixed) -> None:
    """Check that the first and the last frame of every part are decoded from the film as from the part itself. Raises
    FilmMismatch: then a decoder took the sets of one part for those of another."""
    starts = accumulate((part.frames for part in found.parts), initial=0)
    for part, source, start in zip(found.parts, found.sources, starts, strict=False):
        for frame in {0, part.frames - 1}:
            if not np.array_equal(luma(frame_at(film, start + frame)), luma(frame_at(source, frame))):
                raise FilmMismatch(f"{source.stem} looks otherwise in the film than alone")


def _copy_of(segment: Segment, path: Path) -> Part:
    clip = segment.clip
    return Part(path, clip.frames, clip.packets or scan(segment.path).fingerprint(), clip.form.extradata)
