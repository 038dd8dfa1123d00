"""The edit of a film, the film that is joined from it, and the timeline that an editing program reads: one story."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
import opentimelineio as otio
import pytest

from studio.editing.edit import Edit, SceneSegments, segments_of
from studio.media.clip import examine
from studio.media.film import FilmSpec, Segment, concatenate
from studio.media.pieces import Underlay
from studio.media.slate import make_slate
from studio.planning.plan import FPS, SceneEdit
from studio.report import write_timeline
from tests.support.coded_clips import HEIGHT, NOTHING, RATE, WIDTH, Coded, coded_clip, heard, shown
from tests.support.reports import sample

FEW, MANY, AT_ONCE = 12, 1000, 100  # edits
TICK = Fraction(1, FPS)
WINDOW = RATE // 8  # samples that are compared at a time


class Cutter:
    """A source of random edits of a few clips: each seed is one edit."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.pieces, self.record = folder, folder / "pieces", sample(folder / "sample")
        folder.mkdir(exist_ok=True)
        make = partial(coded_clip, folder)
        self.clips = [
            make(1, frames=30), make(2, frames=41, sound=True), make(3, frames=24, sound=True), make(4, frames=67),
            make(5, frames=45, fps=Fraction(30)), make(6, frames=40, fps=Fraction(25), sound=True),
        ]  # fmt: skip
        self.known = {f"shot-{coded.number}": coded for coded in self.clips}
        slate = folder / "slate.mp4"
        make_slate(slate, lines=["Scene missing"], frames=17, width=WIDTH, height=HEIGHT, fps=FPS)
        self.slate = Segment(slate, examine(slate), name="missing")

    def edit(self, seed: int) -> Edit:
        """An edit of one to seven scenes."""
        chosen = random.Random(seed)
        audio = "keep" if chosen.random() < 0.8 else "none"
        scenes = [self._scene(chosen, f"scene-{n}") for n in range(chosen.randint(1, 7))]
        return Edit(FilmSpec(WIDTH, HEIGHT, Fraction(FPS), audio), tuple(scenes))  # type: ignore[arg-type]

    def _scene(self, chosen: random.Random, name: str) -> SceneSegments:
        if chosen.random() < 0.1:
            return SceneSegments(SceneEdit(name, (), None), (self.slate,), slate=True)
        used = chosen.sample(self.clips, chosen.choice((1, 1, 1, 2, 3)))
        shots = tuple(f"shot-{coded.number}" for coded in used)
        whole = sum(round(coded.clip.frames * FPS / coded.clip.fps) for coded in used)
        silent = chosen.random() < 0.1
        match chosen.choice(("whole", "trimmed", "loop", "repeats", "part")):
            case "trimmed":
                side = chosen.choice(("head", "tail"))
                cut = SceneEdit(name, shots, chosen.randint(2, whole), side, silent=silent)  # type: ignore[arg-type]
            case "loop":
                cut = SceneEdit(name, shots[:1], chosen.randint(2, 3 * whole), repeat=True, silent=silent)
            case "part":
                start = chosen.randint(0, used[0].clip.frames - 2)
                part = (start, chosen.randint(2, used[0].clip.frames - start))
                cut = SceneEdit(name, shots[:1], None, part=part, silent=silent, file="mine.mp4")
            case _:
                cut = SceneEdit(name, shots, None, silent=silent)
        repeated = {shot: chosen.randint(1, 12) for shot in shots if not cut.repeat and chosen.random() < 0.3}
        under = {}
        if (first := self.known[shots[0]]).samples is None and chosen.random() < 0.3:
            under[f"shot-{first.number}"] = Underlay(self.clips[1].clip.path, self.clips[1].clip.sha256)
        clips = {shot: self.known[shot].clip for shot in shots}
        return SceneSegments(cut, segments_of(cut, clips, repeated, under))


@pytest.fixture(scope="module")
def cutter(tmp_path_factory: pytest.TempPathFactory) -> Cutter:
    return Cutter(tmp_path_factory.mktemp("edits"))


def check(cutter: Cutter, seed: int, out: Path) -> None:
    """Join a random edit, write its timeline, and hold each of the film's frames and sounds against it."""
    edit = cutter.edit(seed)
    film = concatenate(edit.segments, out / "film.mp4", spec=edit.spec, pieces=cutter.pieces)
    assert film.frames == edit.frames, f"seed {seed}"
    assert cutter.record.film is not None
    shots = tuple(
        replace(cutter.record.shots[0], id=name, clip=coded.clip.path, sha256=coded.clip.sha256)
        for name, coded in cutter.known.items()
    )
    record = replace(
        cutter.record, out=out, shots=shots, cuts=edit.cuts, film=replace(cutter.record.film, fps=film.fps)
    )
    timeline = otio.adapters.read_from_file(str(write_timeline(record, out)))
    (pictures,) = timeline.video_tracks()
    assert pictures.duration() == otio.opentime.RationalTime(film.frames, FPS), f"seed {seed}"
    check_pictures(cutter, pictures, shown(film.path), f"seed {seed}")
    sounds = timeline.audio_tracks()
    assert len(sounds) == film.has_audio == any(part.heard for cut in edit.cuts for part in cut.parts), f"seed {seed}"
    check_sounds(cutter, sounds[0] if sounds else None, film.path, film.frames, f"seed {seed}")


def check_pictures(cutter: Cutter, track: otio.schema.Track, film: list[tuple[int, int]], where: str) -> None:
    """Each frame of the film is the one that the timeline names."""
    at = 0
    for item in track:
        span = item.source_range
        for number in range(int(span.duration.value)):
            told = f"{where}, frame {at}"
            if isinstance(item, otio.schema.Gap):
                assert film[at] == NOTHING, told
            else:
                coded = coded_of(cutter, item)
                clip, frame = film[at]
                assert clip == coded.number, told
                named = (Fraction(span.start_time.value) + number) / FPS
                if coded.clip.fps == FPS:
                    assert frame == named * FPS, told
                else:  # the nearest one, or the last one, held
                    assert abs(Fraction(frame) / coded.clip.fps - named) < TICK, told
            at += 1
    assert at == len(film), where


def check_sounds(cutter: Cutter, track: otio.schema.Track | None, film: Path, frames: int, where: str) -> None:
    """What is heard at each moment is what the timeline names, and elsewhere it is silent."""
    samples = heard(film, Fraction(frames, FPS))
    wanted = np.zeros_like(samples)
    at = 0
    for item in track or ():
        begin, end = (round(Fraction(at + n, FPS) * RATE) for n in (0, int(item.duration().value)))
        if isinstance(item, otio.schema.Clip):
            source = coded_of(cutter, item).samples
            assert source is not None, where
            first = round(Fraction(item.source_range.start_time.value) / FPS * RATE)
            values = source[first : first + end - begin]
            wanted[begin : begin + len(values)] = values
        at += int(item.duration().value)
    for begin in range(0, len(samples) - WINDOW, WINDOW):
        window = slice(begin, begin + WINDOW)
        loud, off = (float(np.sqrt(np.mean(values[window] ** 2))) for values in (wanted, samples - wanted))
        assert off < max(0.3 * loud, 0.03), f"{where}, sound at {begin / RATE:.2f} s: {off:.3f} off of {loud:.3f}"


def coded_of(cutter: Cutter, item: otio.schema.Clip) -> Coded:
    """The coded clip that an item of a timeline links to."""
    url, facts = item.media_reference.target_url, item.metadata["studio_producer"]
    (coded,) = (coded for coded in cutter.clips if coded.clip.sha256 == facts["sha256"])
    assert coded.clip.sha256[:8] in url
    return coded


@pytest.mark.parametrize("seed", range(FEW))
def test_a_film_is_what_its_timeline_tells(cutter: Cutter, tmp_path: Path, seed: int) -> None:
    """Trims, repeats that are cut off, loops, parts, missing scenes, sounds: frame for frame and sound for sound."""
    check(cutter, seed, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("first", range(FEW, MANY, AT_ONCE))
def test_a_thousand_films_are_what_their_timelines_tell(cutter: Cutter, tmp_path: Path, first: int) -> None:
    """The same over a thousand edits."""
    for seed in range(first, first + AT_ONCE):
        out = tmp_path / str(seed)
        out.mkdir()
        check(cutter, seed, out)
