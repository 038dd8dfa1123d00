"""Sounds of an edit beside its clips': the place of each voice and each piece of music in the film, and its gain."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import groupby

from studio.captions.cues import cues_of
from studio.captions.values import Captions, Said
from studio.editing.edit import Edit
from studio.editing.values import FilmCut
from studio.media.loudness import Loudness
from studio.media.mix_values import Ducked, Laid, Mix
from studio.planning.plan import FPS, Plan
from studio.planning.sound_edits import SHORTEST_ROUND, MusicEdit, SpeechEdit
from studio.storage.kept import Kept

REFERENCE = -20.0  # LUFS to which every sound is brought before its level is added
MOST_GAIN = 30.0  # dB by which a soft one is raised
ROUND = 2 * FPS  # frames in which music that begins again fades from its end to its start
LOUDNESS_OFF = 0.5  # LU
VERSION = 1  # of measuring


def mix_of(plan: Plan, cuts: Sequence[FilmCut], frames: int, kept: Kept) -> Mix | None:
    """The mix of a film of so many frames; None where only its clips are heard, as they are.

    Every file is measured once, and kept by its content. Raises FfmpegError.
    """
    sound = plan.sound
    if not sound.any and sound.loudness is None and not sound.clips_level:
        return None
    places = {cut.scene: cut for cut in cuts}
    voice = tuple(
        _speech(speech, places[scene], frames, _gain(speech, kept) + float(speech.level), scene)
        for scene, speech in sound.speech.items()
        if scene in places
    )
    music = sorted(sound.music, key=lambda one: one.duck)
    ducked = tuple(
        Ducked(tuple(laid for one in group for laid in _music(one, places, frames, kept)), float(duck))
        for duck, group in groupby(music, key=lambda one: one.duck)
    )
    loudness = None if sound.loudness is None else float(sound.loudness)
    return Mix(voice, ducked, float(sound.clips_level), loudness)


def said_in(plan: Plan, cuts: Sequence[FilmCut]) -> dict[str, tuple[Said, ...]]:
    """The texts that are said or read in the film, in its order, by language: its own first."""
    sound = plan.sound
    every = {sound.language: sound.captions, **sound.translated}
    return {
        language: tuple(
            Said(one.text, Fraction(cut.start_frame + one.start, FPS), Fraction(one.frames, FPS), cut.scene, one.timed)
            for cut in cuts
            for one in captions.get(cut.scene, ())
        )
        for language, captions in every.items()
        if captions
    }


def captions_of(edit: Edit) -> tuple[Captions, ...]:
    """The captions of a film: what is said in it, cut into cues that can be read."""
    return tuple(
        Captions(language, cues_of(said, edit.spec.fps, language, film_frames=edit.frames))
        for language, said in edit.said.items()
    )


def off_loudness(found: Loudness, mix: Mix | None) -> Iterator[str]:
    """A note where a film has not the loudness that was asked for: its peaks leave no room for it."""
    wanted = mix.loudness if mix is not None else None
    if wanted is not None and abs(found.integrated - wanted) > LOUDNESS_OFF:
        told = f"the film's loudness is {found.integrated:.1f} LUFS instead of {wanted:g}"
        yield f"{told}: its peaks leave no room for more"


def _speech(speech: SpeechEdit, place: FilmCut, frames: int, gain: float, scene: str) -> Laid:
    start = place.start_frame + speech.start
    return Laid(
        speech.path,
        speech.sha256,
        speech.format,
        speech.track,
        start,
        min(speech.frames, frames - start),
        gain=gain,
        name=scene,
    )


def _music(music: MusicEdit, places: Mapping[str, FilmCut], frames: int, kept: Kept) -> Iterator[Laid]:
    """The music's rounds, one after another: each fades into the next."""
    start = places[music.first].start_frame if music.first in places else 0
    last = places.get(music.last)
    end = frames if last is None else last.start_frame + last.frames
    gain = _gain(music, kept) + float(music.level)
    whole = Laid(music.path, music.sha256, music.format, music.track, start, 1, gain=gain, name=music.path.name)
    yield from rounds(whole, music, end)


def rounds(whole: Laid, music: MusicEdit, end: int) -> Iterator[Laid]:
    """The rounds of a piece of music from ``whole.start`` to the frame ``end``. The plan has seen that they are long
    enough."""
    has, needed = int((music.seconds - music.begins) * FPS), end - whole.start
    if has >= needed or not music.loop or has < SHORTEST_ROUND:
        frames = max(1, min(has, needed))
        comes, goes = _fades(music.fade_in, music.fade_out, frames)
        yield replace(whole, frames=frames, begins=music.begins, fade_in=comes, fade_out=goes)
        return
    over, at = min(ROUND, has // 4), whole.start
    while at < end:
        frames = min(has, end - at)
        first, final = at == whole.start, at + frames >= end
        comes = music.fade_in if first else over
        goes = music.fade_out if final else over
        comes, goes = _fades(comes, goes, frames)
        yield replace(whole, start=at, frames=frames, begins=music.begins, fade_in=comes, fade_out=goes)
        if final:
            return
        at += has - over


def _fades(comes: int, goes: int, frames: int) -> tuple[int, int]:
    """Fades that a sound of so many frames has room for, in the same proportion."""
    if comes + goes <= frames:
        return comes, goes
    share = Fraction(frames, comes + goes)
    return int(comes * share), int(goes * share)


def _gain(sound: SpeechEdit | MusicEdit, kept: Kept) -> float:
    """The dB that bring a sound to the loudness at which all are mixed; 0 for silence."""

    def measure() -> bytes:
        from studio.media.mix import loudness_of_sound

        found = loudness_of_sound(sound.path, sound.format, sound.track)
        return json.dumps(None if found is None else found.integrated).encode()

    told = json.loads(kept.once("loudness-of-sounds", (VERSION, sound.sha256, sound.track), measure))
    return 0.0 if told is None else min(MOST_GAIN, round(REFERENCE - told, 2))
