"""Films that were joined before: the same edit is not joined again, its film is copied and verified.

A copy and no link: who edits one film must not change another.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

from studio.atomic import atomic, copy, is_sound
from studio.editing.edit import Edit
from studio.editing.values import FilmRecord
from studio.media import encoding, ffmpeg
from studio.media.color_match import CUBE_VERSION
from studio.media.segments import Segment
from studio.storage.kept import MADE_FROM, Kept

MIX_VERSION = 1  # of mixing (studio/media/mix.py): a change means that films with a voice or music are joined again
VERSION = 1  # of joining (studio/media/film.py): a change means that every film is joined again


def made_from(edit: Edit) -> MADE_FROM:
    """All that decides a film: the contents of its clips, which of their frames, its form, and what joins it."""
    spec = edit.spec
    found: list[str | int] = [VERSION, encoding.VERSION, *ffmpeg.builds()]
    found += [spec.width, spec.height, str(spec.fps), spec.audio]
    for segment in edit.segments:  # the title is in the film's notes
        found += [segment.clip.sha256, segment.start_frame, segment.length, segment.title]
        # Named only where they are used, so that the films of earlier versions are still found.
        # 2: the decoding times of such a film are even
        found += ["as it is", 2, segment.file] if segment.keep else []
        found += ["into", segment.into.kind, segment.into.frames] if segment.into else []
        found += ["crop"] if segment.fit == "crop" else []
        found += ["colors", CUBE_VERSION, *segment.colors.numbers] if segment.colors else []
        found += covering_of(segment)
        found += ["silent"] if segment.silent else ["under", segment.under.sha256] if segment.under else []
    if edit.mix is not None:
        found += ["mix", MIX_VERSION, *edit.mix.numbers]
    return found


def covering_of(segment: Segment) -> list[str | int]:
    """The picture that lies over a segment, with its place, and the fades, as values that name a film."""
    over, fades = segment.over, [segment.fade_in, segment.fade_out]
    told: list[str | int] = []
    if over is not None:
        told += ["over", over.sha256, over.x, over.y, over.start, over.frames, over.fade]
    return told + (["fades", *fades] if any(fades) else [])


def keep(film: FilmRecord, edit: MADE_FROM, kept: Kept) -> None:
    """Remember where the film of this edit is, and its SHA-256."""
    facts = {
        "path": str(film.path), "frames": film.frames, "fps": str(film.fps), "width": film.width,
        "height": film.height, "bytes": film.bytes, "sha256": film.sha256, "has_audio": film.has_audio,
        "method": film.method, "notes": film.notes,
    }  # fmt: skip
    kept.put("films", edit, json.dumps(facts).encode())


def find(
    edit: MADE_FROM, out: Path, kept: Kept, *, before_named: Callable[[Path, str], None] | None = None
) -> FilmRecord | None:
    """The last film of this edit, copied to ``out``; None where there is none, or it was changed, moved or deleted.

    ``before_named`` is as for ``concatenate``. The file at ``out`` has the SHA-256 of the film that was joined.
    """
    found = kept.get("films", edit)
    if found is None:
        return None
    facts = json.loads(found)
    source, out = Path(facts["path"]), out.absolute()
    facts |= {"path": out, "fps": Fraction(facts["fps"]), "notes": tuple(facts["notes"])}
    film = FilmRecord(**facts)
    with suppress(OSError):  # then it is joined, and that says what is wrong with the disk
        if source == out:
            if not is_sound(out, film.sha256):
                return None
            if before_named is not None:
                before_named(out, film.sha256)
            return film
        if source.stat().st_size != film.bytes:
            return None
        with atomic(out) as part:
            copy(source, part)
            if not is_sound(part, film.sha256):
                raise FileNotFoundError(source)
            if before_named is not None:
                before_named(out, film.sha256)
        return film
    return None
