"""Rules of sound and words: lengths by narration, stretches of music, captions in order, and the files of sounds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from studio.file_types import FileType, content_of
from studio.production.field_types import AUTO, bad_url, is_url, shown
from studio.production.locations import Finding, Loc
from studio.production.seeds import cannot_be_read

if TYPE_CHECKING:
    from studio.production.model import Production
    from studio.production.scene import Scene

Suggestion: TypeAlias = Callable[[str, Iterable[str], str], str]
#: Types of files that have no sound in them; whether another file has one is known when it is decoded.
NO_SOUND = (
    FileType.PNG, FileType.JPEG, FileType.WEBP, FileType.RAW, FileType.OTHER_PICTURE, FileType.ZIP,
    FileType.OTHER_ARCHIVE, FileType.PAGE, FileType.TEXT,
)  # fmt: skip
SOUND_FILE = "name a sound file: WAV, MP3, FLAC, M4A or OGG"


def sound_findings(production: Production, suggestion: Suggestion) -> Iterator[Finding]:
    """Every broken rule of sound and words."""
    for i, scene in enumerate(production.scenes):
        for finding in _of_scene(scene):
            yield Finding(("scenes", i, *finding.loc), finding.message, finding.hint)
    yield from _music(production, suggestion)
    yield from _drawn(production)
    seen = dict[str, int]()
    for n, voice in enumerate(production.film.voice):
        if seen.setdefault(voice.language, n) != n:
            told = f"a voice for {voice.language or 'the film'} is there already"
            yield Finding(("film", "voice", n, "language"), told, "give each voice a language of its own")


def _of_scene(scene: Scene) -> Iterator[Finding]:
    if scene.duration == AUTO:
        if scene.narration is None:
            yield Finding(("duration",), "is auto, and the scene has no narration", "add narration, or write seconds")
        elif scene.modify is not None:
            hint = "remove duration, or write seconds: it is cut to them then"
            yield Finding(("duration",), "is auto, and modified footage keeps its own length", hint)
    before: Fraction | None = None
    for n, caption in enumerate(scene.captions or ()):
        if caption.from_ is not None and before is not None and caption.from_ <= before:
            told = f"{float(caption.from_):g} s is not after the caption before it"
            yield Finding(("captions", n, "from"), told, "write captions in the order in which they are seen")
        before = caption.from_ if caption.from_ is not None else before


def _drawn(production: Production) -> Iterator[Finding]:
    """A delivery with captions in its picture, of a film that has none in itself."""
    if "web-captioned" not in production.film.deliveries:
        return
    place, told = ("film", "deliveries"), "web-captioned draws the captions that the film has, and it has none"
    if production.film.captions != "track":
        yield Finding(place, told, "write captions: track under film, or remove web-captioned")
    elif not any((s.narration is not None and s.captions != ()) or s.captions for s in production.scenes):
        yield Finding(place, told, "add narration or captions to scenes, or remove web-captioned")


def _music(production: Production, suggestion: Suggestion) -> Iterator[Finding]:
    place = {scene.id: n for n, scene in enumerate(production.scenes)}
    for n, music in enumerate(production.film.music):
        for field, name in (("from", music.from_), ("to", music.to)):
            if name is not None and name not in place:
                told = f"there is no scene {shown(name)}"
                yield Finding(("film", "music", n, field), told, suggestion(name, place, "scenes"))
        first, last = place.get(music.from_ or "", 0), place.get(music.to or "", len(place))
        if last < first:
            told = f"{shown(music.to)} is seen before {shown(music.from_)}"
            yield Finding(("film", "music", n, "to"), told, "to is the last scene under which it is heard")


def sound_files(production: Production) -> Iterator[Finding]:
    """Every file of a sound that is not there, or is none by its first bytes. Narration and music may be written as
    their files alone: the place is theirs."""
    named: list[tuple[Loc, str]] = [
        (("scenes", i, "narration"), scene.narration.file)
        for i, scene in enumerate(production.scenes)
        if scene.narration is not None and scene.narration.file
    ]
    named += [(("film", "music", n), music.file) for n, music in enumerate(production.film.music)]
    told = dict[str, tuple[str, str]]()
    for loc, file in named:
        if file not in told:
            told[file] = _wrong(file)
        if told[file][0]:
            yield Finding(loc, *told[file])


def _wrong(file: str) -> tuple[str, str]:
    if is_url(file):
        return bad_url(file) or f"{shown(file)} is a URL", "save the sound as a file, and name that"
    faults = cannot_be_read(file, again="put the sound there again", readable=SOUND_FILE)
    if faults[0]:
        return faults
    content = content_of(Path(file))
    if content.type in NO_SOUND:
        return f"{shown(Path(file).name)} is {content.name or 'a text'}, no sound file", SOUND_FILE
    return "", ""
