"""Captions, chapters and title in a film's own file: they are there, and pictures and sound are as they were."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from studio.atomic import digest
from studio.captions.values import Captions, Cue
from studio.editing.assembly import Assembly, Finish, assemble
from studio.editing.edit import Edit
from studio.editing.extras import Extras, InTurn, chapters_of
from studio.errors import BadClip
from studio.media.clip import examine
from studio.media.extras import Mark, add_extras
from studio.media.packets import scan
from studio.storage.kept import Kept
from tests.media.clips import make, moving, write_frames
from tests.support.planned import film as production
from tests.support.planned import plan, scene

ENGLISH = Captions("en", (Cue(6, 20, ("A < B & <i>C</i> --> D", "below"), "a"), Cue(30, 40, ("later",), "b")))
JAPANESE = Captions("ja", (Cue(6, 64, ("猫である。",), "a"),))


def said(*tracks: Captions) -> Any:
    return lambda _: tracks


def film(folder: Path, name: str, finish: Finish | None, *, sound: bool = True, **fields: Any) -> Assembly:
    folder.mkdir(exist_ok=True)
    clips = {}
    for number, shot in enumerate(("a", "b")):
        path = folder / f"{shot}.mp4"
        if not path.exists() and sound:
            make(path, frames=48, size="320x180", sound=True)
        elif not path.exists():
            write_frames(path, moving(48, seed=number))
        clips[shot] = examine(path)
    made = plan(production(scene("a", duration=2), scene("b", duration=2), film={"titles": fields} if fields else {}))
    return assemble(
        made, clips, folder / name / "film.mp4", pieces=folder / "pieces", kept=Kept(folder / "kept"), finish=finish
    )


def texts(path: Path, track: int = 0) -> list[tuple[Fraction, Fraction, str]]:
    """The captions of a track: begin and end in seconds, and text."""
    with av.open(str(path)) as container:
        stream = container.streams.subtitles[track]
        tick = stream.time_base or Fraction(1)
        packets = [(p.pts or 0, p.duration or 0, bytes(p)[2:].decode()) for p in container.demux(stream) if p.size]
    return [(at * tick, (at + lasts) * tick, text) for at, lasts, text in packets if text]


def chapters(path: Path) -> list[tuple[str, float, float]]:
    with av.open(str(path)) as container:
        found = container.chapters()
    return [
        (c["metadata"]["title"], float(c["start"] * tick), float(c["end"] * tick))
        for c in found
        if (tick := c["time_base"] or Fraction(1))
    ]


def sound_of(path: Path) -> list[tuple[int | None, int | None, bytes]]:
    with av.open(str(path)) as container:
        return [(p.pts, p.duration, bytes(p)) for p in container.demux(container.streams.audio[0]) if p.size]


def test_captions_are_tracks_by_language_with_the_times_of_the_frames(tmp_path: Path) -> None:
    path = film(tmp_path, "out", Extras(captions=said(ENGLISH, JAPANESE))).film.path
    assert texts(path) == [
        (Fraction(6, 24), Fraction(1083, 1000), "A < B & <i>C</i> --> D\nbelow"),
        (Fraction(30, 24), Fraction(2917, 1000), "later"),
    ]
    assert [text for _, _, text in texts(path, 1)] == ["猫である。"]
    with av.open(str(path)) as container:
        told = [(s.metadata["language"], s.metadata["name"], int(s.disposition)) for s in container.streams.subtitles]
    assert told == [("eng", "English", 1), ("jpn", "日本語", 0)]


def test_chapters_are_the_scenes_and_the_title_is_the_films(tmp_path: Path) -> None:
    path = film(tmp_path, "out", Extras("Keeper's = light;\n#2 \\ a\\")).film.path
    assert chapters(path) == [("a", 0, 2), ("b", 2, 4)]
    with av.open(str(path)) as container:
        assert container.metadata["title"] == "Keeper's = light; #2 \\ a"
        assert not container.streams.subtitles


@pytest.mark.parametrize("sound", [True, False])
def test_pictures_and_sound_stay_as_they_are(tmp_path: Path, sound: bool) -> None:
    plain = film(tmp_path, "plain", None, sound=sound).film
    made = film(tmp_path, "made", Extras("Keeper", said(ENGLISH)), sound=sound).film
    before, after = scan(plain.path), scan(made.path)
    assert after.fingerprint() == before.fingerprint()
    assert (after.shown, after.tick, after.setup) == (before.shown, before.tick, before.setup)
    assert [(p.pts, p.dts) for p in after.packets] == [(p.pts, p.dts) for p in before.packets]
    assert not sound or sound_of(made.path) == sound_of(plain.path)
    assert (made.frames, made.has_audio) == (plain.frames, sound)
    assert made.sha256 == digest(made.path) != plain.sha256


def test_changed_words_join_the_same_pictures_and_the_same_words_are_not_put_in_again(tmp_path: Path) -> None:
    first = film(tmp_path, "first", Extras("Keeper", said(ENGLISH))).film
    (tmp_path / "a.mp4").rename(tmp_path / "kept.mp4")  # a film that is joined again would fail
    (tmp_path / "kept.mp4").rename(tmp_path / "a.mp4")
    again = film(tmp_path, "again", Extras("Keeper", said(ENGLISH))).film
    other = film(tmp_path, "other", Extras("Keeper", said(JAPANESE))).film
    assert again.sha256 == first.sha256 != other.sha256
    assert scan(other.path).fingerprint() == scan(first.path).fingerprint()


def test_cards_with_words_are_chapters_and_one_chapter_is_none(tmp_path: Path) -> None:
    edits: list[Edit] = []

    @dataclass
    class Seen:
        note: str = ""

        def made_from(self, edit: Edit) -> tuple[str, ...]:
            edits.append(edit)
            return ()

        def __call__(self, film: Path, edit: Edit) -> None:
            """Nothing is added."""

    film(tmp_path, "cards", Seen(), opening={"text": "The Keeper\na film", "seconds": 1, "transition": "cut"})
    (first, *_, last) = chapters_of(edits[0])
    assert (first.title, first.start, first.end) == ("The Keeper", 0, 24)
    assert (last.title, last.end) == ("b", edits[0].frames)
    clip = examine(tmp_path / "a.mp4")
    alone = plan(production(scene("a", duration=2)))
    assemble(alone, {"a": clip}, tmp_path / "alone" / "film.mp4", pieces=tmp_path / "pieces", finish=Seen())
    assert chapters_of(edits[-1]) == ()


def test_steps_are_taken_in_turn_and_each_decides_what_the_film_is_made_from(tmp_path: Path) -> None:
    done: list[tuple[str, bool]] = []

    @dataclass
    class Signed:
        note: str = "signed"
        names: list[str] = field(default_factory=list)

        def made_from(self, edit: Edit) -> tuple[str, ...]:
            return ("key",)

        def __call__(self, film: Path, edit: Edit) -> None:
            done.append((film.name, len(chapters(film)) == 2))

    made = film(tmp_path, "out", InTurn((Extras("Keeper"), Signed()))).film
    assert [has_chapters for _, has_chapters in done] == [True]
    assert made.notes[-1] == "signed"


def test_a_file_that_is_no_film_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"no film")
    with pytest.raises(BadClip):
        add_extras(path, Fraction(24), marks=[Mark("a", 0, 24)])
    assert path.read_bytes() == b"no film"
    assert list(tmp_path.iterdir()) == [path]
