"""timeline.otio: the film for an editing program, as its edit has it: pictures, sounds, gaps for slates.

It links to clips beside the film by relative addresses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio

from studio.digests import Digests
from studio.editing.values import FilmPart
from studio.media.correction import UNIT
from studio.media.mix_values import Laid, Mix
from studio.media.overlap import Overlap
from studio.money import plain
from studio.report.files import reference, write_atomically
from studio.report.formats import clean, iso
from studio.report.interchange import KEY, edl, fcpxml
from studio.report.media import linked
from studio.report.records import FilmCut, RunRecord, ShotRecord
from studio.storage.kept import Kept

DEFAULT_FPS = Fraction(24)


def write_timeline(record: RunRecord, out: Path, kept: Kept | None = None) -> Path:
    """Write ``out/timeline.otio``, and beside it the same as FCPXML and as an EDL.

    A clip beside it that, by ``kept``, did not change is not read again.
    """
    found = timeline(record, out, kept)
    size = (record.film.width, record.film.height) if record.film else None
    return write_forms(found, out / "timeline.otio", size=size)


def write_forms(found: otio.schema.Timeline, path: Path, *, size: tuple[int, int] | None) -> Path:
    """Write a timeline to ``path``, and beside it, with other endings, for programs that do not read it.

    ``size``: of the film's picture, in pixels.
    """
    for ending, text in (
        (".fcpxml", fcpxml(found, size=size)), (".edl", edl(found)),
        (".otio", str(otio.adapters.write_to_string(found, "otio_json"))),
    ):  # fmt: skip
        write_atomically(path.with_suffix(ending), text.encode())
    return path


def timeline(record: RunRecord, out: Path, kept: Kept | None = None) -> otio.schema.Timeline:
    """The film's pictures on one track, and its sounds, where it has any, on another; in frames of the film. A hole
    between two cuts is a gap."""
    fps = _fps(record)
    told = _Told(record, out, (kept or Kept()).digests)
    made = otio.schema.Timeline(name=clean(record.title), global_start_time=_time(0, fps))
    made.tracks.append(_track("V1", otio.schema.TrackKind.Video, record, fps, told.picture))
    if any(part.heard for cut in record.cuts for part in cut.parts):
        made.tracks.append(_track("A1", otio.schema.TrackKind.Audio, record, fps, told.sound))
    for name, sounds in _lanes(record.mix):
        made.tracks.append(_lane(name, sounds, record, fps, told))
    made.tracks.markers.extend(_markers(record, fps))
    made.metadata[KEY] = {
        "slug": record.slug,
        "run_id": record.run_id,
        "service": record.service,
        "billed": record.billed,
        "fps": str(fps),
        "finished_at": iso(record.finished_at),
        "film_sha256": record.film.sha256 if record.film else "",
    }
    return made


def _lanes(mix: Mix | None) -> Iterator[tuple[str, list[Laid]]]:
    """Tracks of sounds that are laid into the film, by their names: in each, one sound follows another.

    Music that fades into itself, or into other music, is on two tracks in turn.
    """
    for kind, laid in (("Voice", mix.voice), ("Music", mix.under)) if mix is not None else ():
        lanes = list[list[Laid]]()
        for sound in sorted(laid, key=lambda one: one.start):
            lane = next((one for one in lanes if one[-1].end <= sound.start), None)
            if lane is None:
                lanes.append([sound])
            else:
                lane.append(sound)
        for number, lane in enumerate(lanes, 1):
            yield kind if len(lanes) == 1 else f"{kind} {number}", lane


def _lane(name: str, sounds: Sequence[Laid], record: RunRecord, fps: Fraction, told: _Told) -> otio.schema.Track:
    """A track as long as the film with sounds at their places, and gaps between them."""
    track, at = otio.schema.Track(name=name, kind=otio.schema.TrackKind.Audio), 0
    for sound in sounds:
        if sound.start > at:
            track.append(_gap(sound.start - at, fps))
        track.append(told.laid(sound))
        at = sound.end
    whole = record.film.frames if record.film else at
    if whole > at:
        track.append(_gap(whole - at, fps))
    return track


def _markers(record: RunRecord, fps: Fraction) -> Iterator[otio.schema.Marker]:
    """Texts over scenes, captions in the film's own language, and the film's fades, which the clips on the tracks do
    not have in them: each with its time in the film."""
    titles, frames = record.titles, record.film.frames if record.film else 0
    found = [("lower third", text.text, text.scene, text.start, text.frames) for text in titles.texts]
    for track in record.captions[:1]:
        found += [("caption", "\n".join(cue.lines), cue.scene, cue.start, cue.frames) for cue in track.cues]
    if titles.fade_in:
        found.append(("fade in", "", "", 0, titles.fade_in))
    if titles.fade_out:
        found.append(("fade out", "", "", frames - titles.fade_out, titles.fade_out))
    for kind, text, scene, start, length in found:
        yield otio.schema.Marker(
            name=clean(" / ".join(text.splitlines())) or kind,
            marked_range=otio.opentime.TimeRange(_time(start, fps), _time(length, fps)),
            metadata={KEY: {"title": kind, "text": clean(text), "scene": scene}},
        )


def _track(
    name: str, kind: str, record: RunRecord, fps: Fraction, item: Callable[[FilmCut, FilmPart], otio.schema.Clip | None]
) -> otio.schema.Track:
    """A track as long as the film, with a clip for each part that has one, and gaps where there is none.

    Where two scenes overlap, the cut is in the middle, and a transition reaches over it to both sides.
    """
    track = otio.schema.Track(name=name, kind=kind)
    cuts = record.titles.among(record.cuts)
    at = 0
    for cut, after in zip(cuts, [*cuts[1:], None], strict=False):
        start = cut.start_frame + (cut.into.before if cut.into else 0)
        end = cut.start_frame + cut.frames - (after.into.after if after is not None and after.into else 0)
        slate = cut.slate and kind == otio.schema.TrackKind.Video
        if start > at and (cut.into or slate):
            track.append(_gap(start - at, fps))
            at = start
        if cut.into:
            track.append(_transition(cut.into, fps))
        for part in cut.parts:
            clip = item(cut, part)
            begins, ends = max(part.at, start), min(part.at + part.frames, end)
            if clip is None or begins >= ends:
                continue
            if begins > at:
                track.append(_gap(begins - at, fps))
            track.append(_trimmed(clip, begins - part.at, ends - begins, fps))
            at = ends
        if slate:
            track.append(_gap(end - at, fps, cut.scene))
            at = end
    if (whole := max((cut.start_frame + cut.frames for cut in cuts), default=0)) > at:
        track.append(_gap(whole - at, fps))
    return track


def _trimmed(clip: otio.schema.Clip, head: int, frames: int, fps: Fraction) -> otio.schema.Clip:
    """A clip without ``head`` frames of the film at its start, and so many frames long."""
    clip.source_range = otio.opentime.TimeRange(clip.source_range.start_time + _time(head, fps), _time(frames, fps))
    return clip


def _transition(overlap: Overlap, fps: Fraction) -> otio.schema.Transition:
    """A transition: a dissolve that every editing program knows, or another kind, by the name that ffmpeg has."""
    dissolve = overlap.kind == "fade"
    made = otio.schema.Transition(
        name=overlap.kind,
        transition_type=otio.schema.TransitionTypes.SMPTE_Dissolve if dissolve else otio.schema.TransitionTypes.Custom,
        in_offset=_time(overlap.before, fps),
        out_offset=_time(overlap.after, fps),
    )
    made.metadata[KEY] = {"xfade": overlap.kind, "frames": overlap.frames}
    return made


class _Told:
    """Clips of a timeline: what each part of the film shows, and what is heard with it."""

    def __init__(self, record: RunRecord, out: Path, digests: Digests) -> None:
        self.fps = _fps(record)
        self.shots = {shot.id: shot for shot in record.shots}
        self.seams = {seam.after: seam for seam in record.colors}
        self.cards = {card.place.scene: card for card in record.titles.cards}
        self.urls = {name: reference(path, out) for name, path in linked(record, out, digests).items()}

    def picture(self, cut: FilmCut, part: FilmPart) -> otio.schema.Clip:
        """The part's pictures, with what is known of their shot."""
        made = self._clip(part, part.clip, part.begins, part.shot)
        shot = self.shots.get(part.shot)
        facts = {} if shot is None else _facts(shot)
        made.metadata[KEY] = {"scene": cut.scene, "sha256": part.sha256} | facts | self._colors(part)
        if (card := self.cards.get(cut.scene)) is not None:
            made.metadata[KEY] = {
                "scene": card.before, "sha256": part.sha256, "title": card.kind, "text": clean(card.text)
            }  # fmt: skip
        return made

    def _colors(self, part: FilmPart) -> dict[str, Any]:
        """The correction with which the film shows the part, and what it did; the linked clip is as it was made."""
        if part.colors is None:
            return {}
        told: dict[str, Any] = {"rgb_matrix": [[n / UNIT for n in row] for row in part.colors.rows]}
        seam = self.seams.get(part.shot)
        if seam is not None:
            told |= {"matched_to": seam.before, "delta_e_as_made": seam.as_made, "delta_e_shown": seam.shown}
        return {"colors": told}

    def sound(self, cut: FilmCut, part: FilmPart) -> otio.schema.Clip | None:
        """The sound under the part; None where it is silent."""
        if part.heard is None:
            return None
        made = self._clip(part, part.heard.path, part.heard.begins, part.shot)
        made.metadata[KEY] = {"scene": cut.scene, "shot": part.shot, "sha256": part.heard.sha256}
        return made

    def laid(self, sound: Laid) -> otio.schema.Clip:
        """A voice or a piece of music, with the gain and the fades that the film has; the linked file has neither."""
        start = otio.opentime.RationalTime(float(sound.begins * self.fps), float(self.fps))
        length = _time(sound.frames, self.fps)
        url = self.urls.get(sound.path)
        there = otio.opentime.TimeRange(otio.opentime.RationalTime(0, start.rate), start + length)
        made = otio.schema.Clip(
            name=clean(sound.name),
            media_reference=otio.schema.MissingReference(available_range=there) if url is None
            else otio.schema.ExternalReference(target_url=url, available_range=there),
            source_range=otio.opentime.TimeRange(start, length),
        )  # fmt: skip
        made.metadata[KEY] = {
            "scene": sound.name, "sha256": sound.sha256, "gain_db": round(sound.gain, 2),
            "fade_in_frames": sound.fade_in, "fade_out_frames": sound.fade_out,
        }  # fmt: skip
        return made

    def _clip(self, part: FilmPart, path: Path, begins: Fraction, name: str) -> otio.schema.Clip:
        # In frames of the film, whatever the clip's own rate is: so all lengths on a track are whole numbers.
        start = float(begins * self.fps)
        has = otio.opentime.RationalTime(part.clip_frames, float(part.clip_fps))
        ends = _time(part.frames, self.fps) + otio.opentime.RationalTime(start, float(self.fps))
        if path != part.clip or ends > has:  # a last frame that is held, or footage of which no length is known
            has = ends
        there = otio.opentime.TimeRange(otio.opentime.RationalTime(0, has.rate), has)
        # Relative, so that the links work after the folder is moved or sent, and do not show where it was made.
        url = self.urls.get(path)
        media = (
            otio.schema.MissingReference(available_range=there)
            if url is None
            else otio.schema.ExternalReference(target_url=url, available_range=there)
        )
        return otio.schema.Clip(
            name=clean(name),
            media_reference=media,
            source_range=otio.opentime.TimeRange(
                otio.opentime.RationalTime(start, float(self.fps)), _time(part.frames, self.fps)
            ),
        )


def _facts(shot: ShotRecord) -> dict[str, Any]:
    return {
        "shot": shot.id,
        "take": shot.take,
        "outcome": shot.outcome,
        "order": shot.order,
        "generation_id": shot.generation_id or "",
        "cost_usd": plain(shot.cost + shot.reused),
        "api": shot.api,
        "endpoint": shot.endpoint,
        "model": shot.model,
        "finishes": shot.finishes,
        "stale": shot.stale,
        "prompt": clean(shot.prompt),
    }


def _gap(frames: int, fps: Fraction, slate: str = "") -> otio.schema.Gap:
    """An empty place; of the scene whose slate the film shows there."""
    gap = otio.schema.Gap(
        name=f"{clean(slate)} (slate)" if slate else "",
        source_range=otio.opentime.TimeRange(_time(0, fps), _time(frames, fps)),
    )
    gap.metadata[KEY] = {"scene": slate}
    return gap


def _time(frame: int, fps: Fraction) -> otio.opentime.RationalTime:
    return otio.opentime.RationalTime(frame, float(fps))


def _fps(record: RunRecord) -> Fraction:
    return record.film.fps if record.film else DEFAULT_FPS
