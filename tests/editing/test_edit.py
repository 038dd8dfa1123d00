"""The edit of a film, the film that is joined from it, and the timeline that an editing program reads: one story."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import opentimelineio as otio
import pytest
from numpy.typing import NDArray
from PIL import Image

from studio.editing.edit import Edit
from studio.media.film import concatenate
from studio.planning.plan import FPS
from studio.report import write_timeline
from tests.support.coded_clips import (
    COLUMNS,
    HEIGHT,
    NOTHING,
    RATE,
    ROWS,
    WIDTH,
    Coded,
    drawn,
    heard,
    levels,
    painted,
    pictures_of,
    read,
)
from tests.support.cutter import Cutter

FEW, AT_ONCE = 12, 100  # edits
MANY = int(os.environ.get("EDITS", "200"))  # of the long test: two seconds each; EDITS=1000 for a thousand
TICK = Fraction(1, FPS)
EVENT = re.compile(r"^\d{3} .* (\S+:\d\d) (\S+:\d\d) (\S+:\d\d) (\S+:\d\d)$", re.MULTILINE)
WINDOW = RATE // 8  # samples that are compared at a time


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
        cutter.record, out=out, shots=shots, cuts=edit.cuts, titles=edit.titles,
        film=replace(cutter.record.film, fps=film.fps, frames=film.frames),
    )  # fmt: skip
    timeline = otio.adapters.read_from_file(str(write_timeline(record, out)))
    (pictures,) = timeline.video_tracks()
    check_other_forms(out, pictures, f"seed {seed}")
    assert pictures.duration() == otio.opentime.RationalTime(film.frames, FPS), f"seed {seed}"
    over = Over.of(timeline, edit)
    check_pictures(cutter, pictures, over, pictures_of(film.path), f"seed {seed}")
    sounds = timeline.audio_tracks()
    assert len(sounds) == film.has_audio == any(part.heard for cut in edit.cuts for part in cut.parts), f"seed {seed}"
    check_sounds(cutter, sounds[0] if sounds else None, over, film.path, film.frames, f"seed {seed}")


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


@dataclass(frozen=True)
class Text:
    """A text over a scene: its frames in the film, by the timeline's marker; its picture, and where that lies."""

    start: int
    end: int
    fade: int
    picture: NDArray[np.uint8]
    x: int
    y: int

    def gain(self, at: int) -> float:
        """The share of it that is there at a frame of the film, 0 to 1."""
        return min(1.0, (at - self.start) / self.fade, 1 - (at - self.end + self.fade) / self.fade)

    @property
    def rectangle(self) -> tuple[slice, slice]:
        height, width = self.picture.shape[:2]
        return slice(self.y, self.y + height), slice(self.x, self.x + width)


@dataclass(frozen=True)
class Over:
    """The texts and fades over the film's frames, by the markers of its timeline."""

    texts: tuple[Text, ...]
    comes: int
    goes: int
    frames: int

    @classmethod
    def of(cls, timeline: otio.schema.Timeline, edit: Edit) -> Over:
        pictures = {
            scene.cut.scene: next(s.over for s in scene.segments if s.over)
            for scene in edit.scenes
            if any(s.over for s in scene.segments)
        }
        texts, fades = [], {"fade in": 0, "fade out": 0}
        for marker in timeline.tracks.markers:
            start, frames = (int(time.value) for time in (marker.marked_range.start_time, marker.marked_range.duration))
            facts = marker.metadata["studio_producer"]
            if facts["title"] in fades:
                fades[facts["title"]] = frames
                assert start == (0 if facts["title"] == "fade in" else edit.frames - frames)
                continue
            over = pictures.pop(facts["scene"])
            picture = np.asarray(Image.open(over.path))
            texts.append(Text(start, start + frames, over.fade, picture, over.x, over.y))
        assert not pictures, "a text without a marker"
        return cls(tuple(texts), fades["fade in"], fades["fade out"], edit.frames)

    def gain(self, at: int) -> float:
        """The brightness of a frame, 0 to 1."""
        comes = at / self.comes if self.comes else 1.0
        goes = (self.frames - 1 - at) / max(1, self.goes - 1) if self.goes else 1.0
        return min(1.0, comes, goes)

    def free(self, at: int) -> NDArray[np.bool_]:
        """The fields of a frame over which nothing lies."""
        mask = np.zeros((HEIGHT, WIDTH))
        for text in self.texts:
            if text.start <= at < text.end:
                mask[text.rectangle] = 1
        return np.asarray(mask.reshape(ROWS, HEIGHT // ROWS, COLUMNS, WIDTH // COLUMNS).max(axis=(1, 3)) == 0)


def check_pictures(
    cutter: Cutter, track: otio.schema.Track, over: Over, film: list[NDArray[np.uint8]], where: str
) -> None:
    """Each frame of the film is the one that the timeline names, or the mix of two in a transition; under what lies
    over it, as the timeline tells."""
    items = items_of(track)
    for at, picture in enumerate(film):
        seen = [item for item in items if item.start <= at < item.end]
        told = f"{where}, frame {at}"
        match seen:
            case [only]:
                check_frame(cutter, only, at, picture, over, told)
                check_texts(cutter, only, at, picture, over, told)
            case [before, after]:
                assert after.overlap, told
                assert over.gain(at) == 1, told
                check_blend(cutter, before, after, at, picture, over, told)
            case _:
                raise AssertionError(f"{told}: {len(seen)} items")
    assert max(item.end for item in items) == len(film), where


def check_frame(cutter: Cutter, item: Shown, at: int, picture: NDArray[np.uint8], over: Over, told: str) -> None:
    """The frame is the one of the item's clip, or card; of a gap, it is none of any clip."""
    free, gain = over.free(at), over.gain(at)
    if isinstance(item.item, otio.schema.Gap):
        assert gain < 1 or read(picture) == NOTHING, told
        return
    if gain < 1 or not free.all() or is_card(item.item):
        if (fields := fields_of(cutter, item, at)) is not None:
            assert np.abs(levels(picture) - gain * fields)[free].max(initial=0) < 16, told
        return
    coded, named = coded_of(cutter, item.item), item.source(at)
    clip, frame = read(picture)
    assert clip == coded.number, told
    if coded.clip.fps == FPS:
        assert frame == named, told
    else:  # the nearest one, or the last one, held
        assert abs(Fraction(frame) / coded.clip.fps - named / FPS) < TICK, told
    assert np.abs(levels(picture) - shown(item.item, painted(coded.number, frame))).max() < 16, told


def shown(item: otio.schema.Clip, fields: NDArray[Any]) -> NDArray[Any]:
    """The brightness of a clip's fields, or pixels, with the correction that the timeline names."""
    told = item.metadata["studio_producer"].get("colors")
    if told is None:
        return fields
    rows = np.array([list(row) for row in told["rgb_matrix"]])
    rgb = np.clip(fields[..., None] * rows[:, :3].sum(axis=1) + 255 * rows[:, 3], 0, 255)
    return np.asarray(rgb @ np.array([0.2126, 0.7152, 0.0722]), np.float64)


def check_texts(cutter: Cutter, item: Shown, at: int, picture: NDArray[np.uint8], over: Over, told: str) -> None:
    """A text lies over the clip's frame, pixel by pixel, as much of it as has come at that moment."""
    for text in over.texts:
        if not text.start <= at < text.end or over.gain(at) < 1 or fields_of(cutter, item, at) is None:
            continue
        under = shown(item.item, drawn(coded_of(cutter, item.item).number, int(item.source(at))))[text.rectangle]
        grey = text.picture[..., :3] @ (0.2126, 0.7152, 0.0722)
        share = text.picture[..., 3] / 255 * text.gain(at)
        wanted = share * grey + (1 - share) * under
        assert np.abs(picture[text.rectangle] - wanted).mean() < 12, told
        assert text.gain(at) < 1 or np.abs(under - wanted).mean() > 4, f"{told}: nothing to see"


def fields_of(cutter: Cutter, item: Shown, at: int) -> NDArray[np.float64] | None:
    """The brightness of each field of the frame that an item shows; None where it is not known exactly: of a slate, or
    of a clip of another rate."""
    if isinstance(item.item, otio.schema.Gap):
        return None
    if is_card(item.item):
        return levels(cutter.card(item.item)[int(item.source(at))])
    coded = coded_of(cutter, item.item)
    return shown(item.item, painted(coded.number, int(item.source(at)))) if coded.clip.fps == FPS else None


def is_card(item: otio.schema.Clip) -> bool:
    return "title" in item.metadata["studio_producer"]


def check_blend(
    cutter: Cutter, before: Shown, after: Shown, at: int, picture: NDArray[np.uint8], over: Over, told: str
) -> None:
    """In a crossfade each field has the mix of the two frames; in other kinds the two at its ends."""
    both = [fields_of(cutter, side, at) for side in (before, after)]
    if both[0] is None or both[1] is None:
        return
    share, free = (at - after.start) / after.overlap, over.free(at)
    if after.into == "fade":
        mixed = (1 - share) * both[0] + share * both[1]
        assert np.abs(levels(picture) - mixed)[free].max(initial=0) < 16, told
    elif at == after.start:
        assert np.abs(levels(picture) - both[0])[free].max(initial=0) < 16, told


def check_sounds(
    cutter: Cutter, track: otio.schema.Track | None, over: Over, film: Path, frames: int, where: str
) -> None:
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
    comes, goes, whole = (round(Fraction(count, FPS) * RATE) for count in (over.comes, over.goes, frames))
    at = np.arange(len(wanted))
    wanted *= np.sin(np.clip((at + 0.5) / max(1, comes), 0, 1) * np.pi / 2)
    wanted *= np.sin(np.clip((whole - at - 0.5) / max(1, goes), 0, 1) * np.pi / 2)
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


@pytest.mark.long
@pytest.mark.parametrize("seed", range(FEW))
def test_a_film_is_what_its_timeline_tells(cutter: Cutter, tmp_path: Path, seed: int) -> None:
    """Trims, repeats that are cut off, loops, parts, missing scenes, colours, sounds: each frame, and each sound."""
    check(cutter, seed, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("first", range(FEW, MANY, AT_ONCE))
def test_many_films_are_what_their_timelines_tell(cutter: Cutter, tmp_path: Path, first: int) -> None:
    """The same over many edits."""
    for seed in range(first, first + AT_ONCE):
        out = tmp_path / str(seed)
        out.mkdir()
        check(cutter, seed, out)
