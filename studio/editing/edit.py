"""The edit of a film: for every frame the clip that it comes from, and for every moment the sound.

The film is joined from it, and the timelines and the report are written from it, so that none differs from the film.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import floor
from types import MappingProxyType

from studio.captions.values import Said
from studio.editing.values import FilmCard, FilmCut, FilmPart, FilmText, FilmTitles, Heard
from studio.media.clip import Clip
from studio.media.film import FilmSpec, Segment
from studio.media.form import LATE
from studio.media.mix_values import Mix
from studio.media.segments import Underlay
from studio.planning.length import in_seconds
from studio.planning.plan import FPS, SceneEdit
from studio.planning.title_edits import CardEdit

SHORTEST = 2  # frames of a transition
NOTHING: Mapping[str, Underlay] = MappingProxyType({})


@dataclass(frozen=True)
class SceneSegments:
    """One scene of the film, or a card: its segments in order. ``slate`` if a slate replaces the scene."""

    cut: SceneEdit
    segments: tuple[Segment, ...]
    slate: bool = False
    card: CardEdit | None = None

    @property
    def frames(self) -> int:
        """Frames of the film (at its own rate), with those in which it overlaps another scene."""
        return sum(film_frames(s) for s in self.segments)

    @property
    def overlap(self) -> int:
        """Frames of the film in which it overlaps the scene before it."""
        into = self.segments[0].into
        return into.frames if into else 0


@dataclass(frozen=True)
class Edit:
    """The whole film: its form, its scenes and cards in order. ``notes`` tell where it differs from what is written.

    ``mix`` is what is heard beside the clips (None: nothing, and they are heard as they are), ``said`` are the texts of
    captions by their language, the film's own first, with their times in the film.
    """

    spec: FilmSpec
    scenes: tuple[SceneSegments, ...]
    notes: tuple[str, ...] = ()
    mix: Mix | None = None
    said: Mapping[str, tuple[Said, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, spec: FilmSpec, scenes: Sequence[SceneSegments], fades: tuple[int, int] = (0, 0)) -> Edit:
        """The edit of scenes and cards, with the transitions that are written for them. ``fades``: frames in which the
        film is to come out of black, and to go to it.

        Two scenes overlap by the last clip of one and the first of the other, for as long as these are shown alone.
        """
        found, notes, taken = list[SceneSegments](), list[str](), 0
        for scene in scenes:
            wanted = scene.cut.into if found else None
            if wanted is None:
                found.append(scene)
                taken = 0
                continue
            before, after = found[-1], scene
            last = film_frames(before.segments[-1]) - (taken if len(before.segments) == 1 else 0)
            frames = min(wanted.frames, last, film_frames(after.segments[0]))
            taken = frames if frames >= SHORTEST else 0
            if taken:
                first = replace(scene.segments[0], into=replace(wanted, frames=taken))
                scene = replace(scene, segments=(first, *scene.segments[1:]))
            if taken != wanted.frames:
                notes.append(_shorter(before.cut.scene, scene.cut.scene, wanted.frames, taken))
            found.append(scene)
        return cls(spec, *_faded(found, fades, notes))

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The segments of all scenes, one after the other."""
        return tuple(segment for scene in self.scenes for segment in scene.segments)

    @property
    def frames(self) -> int:
        """Frames of the film."""
        return sum(scene.frames - scene.overlap for scene in self.scenes)

    @property
    def cuts(self) -> tuple[FilmCut, ...]:
        """Each scene's place in the film, with the parts of clips that it shows and what is heard with them."""
        return tuple(cut for cut, scene in zip(self._placed, self.scenes, strict=True) if scene.card is None)

    @property
    def titles(self) -> FilmTitles:
        """The cards of the film, the texts over its scenes, and its fades, each with its place."""
        cards, texts = list[FilmCard](), list[FilmText]()
        for cut, scene in zip(self._placed, self.scenes, strict=True):
            if scene.card is not None:
                cards.append(FilmCard(scene.card.kind, scene.card.before, scene.card.said, cut))
            at = cut.start_frame
            for segment in scene.segments:
                if segment.over is not None and scene.cut.lower_third is not None:
                    start = at + segment.over.start
                    texts.append(FilmText(scene.cut.scene, scene.cut.lower_third.text, start, segment.over.frames))
                    break
                at += film_frames(segment)
        segments = self.segments
        return FilmTitles(tuple(cards), tuple(texts), segments[0].fade_in, segments[-1].fade_out)

    @property
    def _placed(self) -> tuple[FilmCut, ...]:
        """The place of each scene and card."""
        cuts, at = list[FilmCut](), 0
        for scene in self.scenes:
            start = begins = at - scene.overlap
            parts = list[FilmPart]()
            for segment in scene.segments:
                parts.append(self._part(segment, begins))
                begins += parts[-1].frames
            shown = () if scene.slate else tuple(parts)
            cuts.append(
                FilmCut(
                    scene.cut.scene, scene.cut.shots, start, begins - start, slate=scene.slate, parts=shown,
                    into=scene.segments[0].into,
                )
            )  # fmt: skip
            at = begins
        return tuple(cuts)

    def _part(self, segment: Segment, at: int) -> FilmPart:
        clip, begins = segment.clip, segment.offset()
        heard = segment.heard if self.spec.audio == "keep" else None
        sha256 = clip.sha256 if segment.under is None else segment.under.sha256
        return FilmPart(
            shot=segment.name, at=at, frames=film_frames(segment), clip=segment.path, sha256=clip.sha256,
            clip_frames=clip.frames, clip_fps=clip.fps, start=segment.start_frame, length=segment.length, begins=begins,
            heard=None if heard is None else Heard(heard, sha256, begins), colors=segment.colors,
        )  # fmt: skip


def film_frames(segment: Segment) -> int:
    """The number of frames of the film that a segment fills."""
    if segment.clip.irregular not in ("", LATE):
        return max(1, floor(segment.duration() * FPS + Fraction(1, 2)))
    used = segment.clip.frames - segment.start_frame if segment.frames is None else segment.frames
    return floor(Fraction(used) * FPS / segment.clip.fps + Fraction(1, 2))  # halves up, as the film counts them


def _faded(
    scenes: list[SceneSegments], fades: tuple[int, int], notes: list[str]
) -> tuple[tuple[SceneSegments, ...], tuple[str, ...]]:
    """The scenes with the film's fades at its first and last clip, as far as these are seen alone; and all notes."""
    if not any(fades) or not scenes:
        return tuple(scenes), tuple(notes)
    first, last = scenes[0], scenes[-1]
    alone = [film_frames(first.segments[0]), film_frames(last.segments[-1])]
    if len(first.segments) == 1 and len(scenes) > 1:
        alone[0] -= scenes[1].overlap
    if len(last.segments) == 1:
        alone[1] -= last.overlap
    comes, goes = min(fades[0], alone[0]), min(fades[1], alone[1])
    if len(scenes) == len(first.segments) == 1:
        goes = min(goes, alone[1] - comes)
    for told, wanted, frames in (("comes out of black", fades[0], comes), ("goes to black", fades[1], goes)):
        if frames != wanted:
            notes.append(
                f"the film {told} in {in_seconds(frames)} s instead of {in_seconds(wanted)} s: its clip there is not "
                "seen alone for longer"
            )
    scenes[0] = replace(first, segments=(replace(first.segments[0], fade_in=comes), *first.segments[1:]))
    last = scenes[-1]
    scenes[-1] = replace(last, segments=(*last.segments[:-1], replace(last.segments[-1], fade_out=goes)))
    return tuple(scenes), tuple(notes)


def _shorter(before: str, after: str, wanted: int, frames: int) -> str:
    """The note on a transition that is shorter than it was to be."""
    told = f"lasts {in_seconds(frames)} s instead of {in_seconds(wanted)} s" if frames else "is a cut"
    return f"the transition from '{before}' to '{after}' {told}: a clip that meets there is not shown for longer"


def segments_of(
    cut: SceneEdit, clips: Mapping[str, Clip], repeated: Mapping[str, int], under: Mapping[str, Underlay] = NOTHING
) -> tuple[Segment, ...]:
    """The scene's clips, without repeated footage, trimmed or repeated to the requested length; of a finished file, the
    part that the scene shows. ``under``: the sounds that are heard under clips without one, by shot."""
    if cut.part is not None:
        (name,), (start, frames) = cut.shots, cut.part
        clip = clips[name]
        return (Segment(clip.path, clip, start, frames, name, fit=cut.fit, silent=cut.silent, keep=True,
                        file=cut.file),)  # fmt: skip
    whole = [
        Segment(clips[i].path, clips[i], repeated.get(i, 0), name=i, under=under.get(i), silent=cut.silent)
        for i in cut.shots
    ]
    if cut.frames is None:
        return tuple(whole)
    if cut.repeat:
        return _looped(whole[0], cut.frames)
    spare = sum(film_frames(s) for s in whole) - cut.frames
    kept: list[Segment] = []
    for segment in reversed(whole) if cut.trim == "tail" else whole:
        length = film_frames(segment)
        if spare >= length:
            spare -= length
            continue
        kept.append(_shortened(segment, spare, cut.trim) if spare > 0 else segment)
        spare = 0
    return tuple(reversed(kept)) if cut.trim == "tail" else tuple(kept)


def _looped(segment: Segment, frames: int) -> tuple[Segment, ...]:
    length = film_frames(segment)
    rounds, rest = divmod(frames, length)
    last = (_shortened(segment, length - rest, "tail"),) if rest else ()
    return (segment,) * rounds + last


def _shortened(segment: Segment, spare: int, side: str) -> Segment:
    """The segment without ``spare`` frames of the film at one side."""
    clip = segment.clip
    used = clip.frames - segment.start_frame if segment.frames is None else segment.frames
    dropped = round(Fraction(spare) * clip.fps / FPS)
    start = segment.start_frame + (dropped if side == "head" else 0)
    return replace(segment, start_frame=start, frames=used - dropped)
