"""The edit of a film, the film that is joined from it, and the timeline that an editing program reads: one story."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from itertools import groupby
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import opentimelineio as otio
import pytest
from numpy.typing import NDArray

from studio.editing.edit import Edit, SceneSegments, segments_of
from studio.media.clip import examine
from studio.media.correction import Correction
from studio.media.film import FilmSpec, Segment, concatenate
from studio.media.overlap import Overlap
from studio.media.segments import Underlay
from studio.media.slate import make_slate
from studio.planning.plan import FPS, SceneEdit
from studio.report import write_timeline
from tests.support.coded_clips import (
    HEIGHT,
    NOTHING,
    RATE,
    WIDTH,
    Coded,
    coded_clip,
    heard,
    levels,
    painted,
    pictures_of,
    read,
)
from tests.support.reports import sample

FEW, MANY, AT_ONCE = 12, 1000, 100  # edits
TICK = Fraction(1, FPS)
EVENT = re.compile(r"^\d{3} .* (\S+:\d\d) (\S+:\d\d) (\S+:\d\d) (\S+:\d\d)$", re.MULTILINE)
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
        if chosen.random() < 0.6:
            scenes = [self._into(chosen, scene) for scene in scenes]
        if chosen.random() < 0.4:
            scenes = [self._recolored(chosen, scene) for scene in scenes]
        return Edit.of(FilmSpec(WIDTH, HEIGHT, Fraction(FPS), audio), scenes)  # type: ignore[arg-type]

    def _into(self, chosen: random.Random, scene: SceneSegments) -> SceneSegments:
        """The scene, perhaps with a transition into it."""
        if chosen.random() < 0.3:
            return scene
        kind = chosen.choice(("fade", "fade", "fade", "fadeblack", "wipeleft", "circleopen"))
        return replace(scene, cut=replace(scene.cut, into=Overlap(kind, chosen.randint(2, 14))))

    def _recolored(self, chosen: random.Random, scene: SceneSegments) -> SceneSegments:
        """The scene, perhaps with the colours of its clips corrected."""
        if scene.slate or chosen.random() < 0.4:
            return scene
        gains, lifts = [chosen.randint(8600, 9900) for _ in "rgb"], [chosen.randint(200, 700) for _ in "rgb"]
        mixed = chosen.randint(-400, 400)
        rows = (gains[0], mixed, 0, lifts[0]), (0, gains[1], mixed, lifts[1]), (mixed, 0, gains[2], lifts[2])
        colors = Correction(*rows)
        return replace(scene, segments=tuple(replace(segment, colors=colors) for segment in scene.segments))

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
    check_other_forms(out, pictures, f"seed {seed}")
    assert pictures.duration() == otio.opentime.RationalTime(film.frames, FPS), f"seed {seed}"
    check_pictures(cutter, pictures, pictures_of(film.path), f"seed {seed}")
    sounds = timeline.audio_tracks()
    assert len(sounds) == film.has_audio == any(part.heard for cut in edit.cuts for part in cut.parts), f"seed {seed}"
    check_sounds(cutter, sounds[0] if sounds else None, film.path, film.frames, f"seed {seed}")


def check_other_forms(out: Path, pictures: otio.schema.Track, where: str) -> None:
    """The EDL and the FCPXML, read back, show the same frames of the same clips; an empty end is not in them."""
    items = [item for item in pictures if not isinstance(item, otio.schema.Transition)]
    wanted = [
        (item.name, int(start.value), int(item.duration().value), int(pictures.range_of_child(item).start_time.value))
        for item in items
        if isinstance(item, otio.schema.Clip) and (start := item.source_range.start_time) is not None
    ]
    read_back = otio.adapters.read_from_file(str(out / "timeline.fcpxml"))
    found = [read_back] if isinstance(read_back, otio.schema.Timeline) else read_back
    (timeline,) = (thing for thing in found if isinstance(thing, otio.schema.Timeline))
    # Of slates alone, nothing is on any track.
    assert [clip for track in timeline.video_tracks() for clip in clips_on(track)] == wanted, where
    spine = ElementTree.parse(out / "timeline.fcpxml").getroot().find("project/sequence/spine")  # noqa: S314 - written just now
    assert spine is not None
    transitions = [item for item in pictures if isinstance(item, otio.schema.Transition)]
    assert len(spine.findall("transition")) == len(transitions), where
    listed = (out / "timeline.edl").read_text()
    if all(isinstance(item, otio.schema.Clip) for item in pictures):
        edited = otio.adapters.read_from_string(listed, "cmx_3600", rate=FPS)
        assert clips_on(edited.video_tracks()[0]) == wanted, where
    events = [[frames_in(time) for time in found] for found in EVENT.findall(listed)]
    offsets = [start - at for _, start, _, at in wanted]
    told = [source - record for source, _, record, _ in events]
    assert [offset for offset, _ in groupby(told)] == [offset for offset, _ in groupby(offsets)], where


def frames_in(timecode: str) -> int:
    """The frames of a time in an EDL."""
    hours, minutes, seconds, frames = map(int, timecode.split(":"))
    return ((hours * 60 + minutes) * 60 + seconds) * FPS + frames


def clips_on(track: otio.schema.Track) -> list[tuple[str, int, int, int]]:
    """Each clip of a track: name, first frame in its file, frames, and first frame in the film."""
    return [
        (
            item.name, round(item.source_range.start_time.rescaled_to(FPS).value),
            round(item.source_range.duration.rescaled_to(FPS).value),
            round(track.range_of_child(item).start_time.rescaled_to(FPS).value),
        )
        for item in track
        if isinstance(item, otio.schema.Clip)
    ]  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """One item of a track: its frames in the film, with those in which a transition shows it beside another."""

    item: otio.schema.Clip | otio.schema.Gap
    start: int
    end: int
    into: str  # the kind of the transition at its start, by ffmpeg's name
    overlap: int  # frames of it

    def source(self, at: int) -> Fraction:
        """The time in its file, in frames of the film, at frame ``at`` of the film."""
        offset = self.into_before
        return Fraction(self.item.source_range.start_time.value) + at - self.start - offset

    @property
    def into_before(self) -> int:
        return self.overlap // 2


def items_of(track: otio.schema.Track) -> list[Shown]:
    """The items of a track, each as far as it is seen."""
    found, at, before = list[Shown](), 0, None
    for thing in track:
        if isinstance(thing, otio.schema.Transition):
            before = thing
            if found:
                found[-1] = replace(found[-1], end=found[-1].end + int(thing.out_offset.value))
            continue
        length = int(thing.duration().value)
        overlap = 0 if before is None else int(before.in_offset.value + before.out_offset.value)
        early = 0 if before is None else int(before.in_offset.value)
        found.append(Shown(thing, at - early, at + length, "" if before is None else before.name, overlap))
        at, before = at + length, None
    return found


def check_pictures(cutter: Cutter, track: otio.schema.Track, film: list[NDArray[np.uint8]], where: str) -> None:
    """Each frame of the film is the one that the timeline names, or the mix of two in a transition."""
    items = items_of(track)
    for at, picture in enumerate(film):
        seen = [item for item in items if item.start <= at < item.end]
        told = f"{where}, frame {at}"
        match seen:
            case [only]:
                check_frame(cutter, only, at, picture, told)
            case [before, after]:
                assert after.overlap, told
                check_blend(cutter, before, after, at, picture, told)
            case _:
                raise AssertionError(f"{told}: {len(seen)} items")
    assert max(item.end for item in items) == len(film), where


def check_frame(cutter: Cutter, item: Shown, at: int, picture: NDArray[np.uint8], told: str) -> None:
    """The frame is the one of the item's clip; of a gap, it is none of any clip."""
    if isinstance(item.item, otio.schema.Gap):
        assert read(picture) == NOTHING, told
        return
    coded, named = coded_of(cutter, item.item), item.source(at)
    clip, frame = read(picture)
    assert clip == coded.number, told
    if coded.clip.fps == FPS:
        assert frame == named, told
    else:  # the nearest one, or the last one, held
        assert abs(Fraction(frame) / coded.clip.fps - named / FPS) < TICK, told
    assert np.abs(levels(picture) - shown(item.item, painted(coded.number, frame))).max() < 16, told


def shown(item: otio.schema.Clip, fields: NDArray[np.float64]) -> NDArray[np.float64]:
    """The brightness of a clip's fields with the correction that the timeline names."""
    told = item.metadata["studio_producer"].get("colors")
    if told is None:
        return fields
    rows = np.array([list(row) for row in told["rgb_matrix"]])
    rgb = np.clip(fields[..., None] * rows[:, :3].sum(axis=1) + 255 * rows[:, 3], 0, 255)
    return np.asarray(rgb @ np.array([0.2126, 0.7152, 0.0722]), np.float64)


def check_blend(cutter: Cutter, before: Shown, after: Shown, at: int, picture: NDArray[np.uint8], told: str) -> None:
    """In a crossfade each field has the mix of the two frames; in other kinds the two at its ends."""
    if any(isinstance(side.item, otio.schema.Gap) or coded_of(cutter, side.item).clip.fps != FPS
           for side in (before, after)):  # fmt: skip
        return  # the frame of a slate, or of another rate, is not known exactly
    fields = [
        shown(side.item, painted(coded_of(cutter, side.item).number, int(side.source(at)))) for side in (before, after)
    ]
    share = (at - after.start) / after.overlap
    if after.into == "fade":
        assert np.abs(levels(picture) - ((1 - share) * fields[0] + share * fields[1])).max() < 16, told
    elif at == after.start:
        assert np.abs(levels(picture) - fields[0]).max() < 16, told


def check_sounds(cutter: Cutter, track: otio.schema.Track | None, film: Path, frames: int, where: str) -> None:
    """The film sounds at each moment as the timeline names it, and is silent elsewhere."""
    samples = heard(film, Fraction(frames, FPS))
    wanted = np.zeros_like(samples)
    items = items_of(track) if track is not None else []
    for item, after in zip(items, [*items[1:], None], strict=False):
        if not isinstance(item.item, otio.schema.Clip):
            continue
        source = coded_of(cutter, item.item).samples
        assert source is not None, where
        begin, end = (round(Fraction(at, FPS) * RATE) for at in (item.start, item.end))
        first = round(item.source(item.start) / FPS * RATE)
        values = source[first : first + end - begin].copy()
        comes = round(Fraction(item.overlap, FPS) * RATE)
        goes = round(Fraction(after.overlap if after else 0, FPS) * RATE)
        at = np.arange(len(values))
        values *= np.sin(np.clip((at + 0.5) / max(1, comes), 0, 1) * np.pi / 2)
        values *= np.sin(np.clip((end - begin - at - 0.5) / max(1, goes), 0, 1) * np.pi / 2)
        wanted[begin : begin + len(values)] += values
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
    """Trims, repeats that are cut off, loops, parts, missing scenes, colours, sounds: each frame, and each sound."""
    check(cutter, seed, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("first", range(FEW, MANY, AT_ONCE))
def test_a_thousand_films_are_what_their_timelines_tell(cutter: Cutter, tmp_path: Path, first: int) -> None:
    """The same over a thousand edits."""
    for seed in range(first, first + AT_ONCE):
        out = tmp_path / str(seed)
        out.mkdir()
        check(cutter, seed, out)
