"""Voices, music and captions of a plan: the seconds that a narration needs, and the place of each in its scene.

Pure: all sounds are made and measured before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING

from studio.errors import BadInput
from studio.planning.film_items import frames_of, is_guessed, placed_items
from studio.planning.length import in_seconds
from studio.planning.plan import FPS, Plan, SceneEdit
from studio.planning.readable import see_readable
from studio.planning.sound_edits import (
    LOUDNESS_WITH_VOICE_OR_MUSIC,
    SHORTEST_ROUND,
    CaptionEdit,
    Heard,
    MusicEdit,
    SoundEdits,
    Sounds,
    SpeechEdit,
)
from studio.production.field_types import AUTO
from studio.production.sound_fields import NARRATION_FROM

if TYPE_CHECKING:
    from studio.production import Production, Scene
    from studio.production.sound_fields import Caption, Music

AFTER = Fraction(1, 4)  # seconds of a scene after its voice has ended, where its length is made for it
LEAST = FPS // 2  # frames for which a caption is seen


def sounds_in(production: Production) -> bool:
    """True if a production has a voice, captions, music, or a loudness of its own."""
    film, scenes = production.film, production.scenes
    own = film.music or film.clips_level or film.loudness not in ("auto", "none")
    return bool(own or any(s.narration or s.captions for s in scenes))


def with_lengths_of(production: Production, sounds: Sounds) -> Production:
    """The production, whose scenes with ``duration: auto`` last as long as their narration, in whole frames.

    The time in which a transition leads into a scene is added: its voice begins when it is seen alone, so that two
    voices are not heard at once.
    """
    found, scenes = dict[str, Fraction](), production.scenes
    for n, scene in enumerate(scenes):
        if scene.duration != AUTO or scene.id not in sounds.speech:
            continue
        spoken = max(sounds.speech[scene.id].seconds, sounds.longest.get(scene.id, Fraction(0)))
        needs = _from(scene, _into(production, scene) if n else Fraction(0)) + spoken + AFTER
        found[scene.id] = Fraction(ceil(needs * FPS), FPS)
    return production.lasting(found) if found else production


def _into(production: Production, scene: Scene) -> Fraction:
    """Seconds of the longest transition that may lead into a scene."""
    own = production.film.transition if scene.transition is None else scene.transition
    return own.seconds


def _from(scene: Scene, into: Fraction) -> Fraction:
    said = scene.narration.from_ if scene.narration is not None else None
    return NARRATION_FROM + into if said is None else said


def with_sounds(plan: Plan, sounds: Sounds) -> Plan:
    """The plan, whose scenes have their lengths and transitions by now, with voices, captions and music.

    Raises BadInput for a voice that is longer than its scene, and for two that would be heard at once.
    """
    production = plan.production
    written = {scene.id: scene for scene in production.scenes}
    speech, captions = dict[str, SpeechEdit](), dict[str, tuple[CaptionEdit, ...]]()
    for cut in plan.cuts:
        scene = written[cut.scene]
        if (heard := sounds.speech.get(cut.scene)) is not None:
            speech[cut.scene] = _speech(plan, cut, scene, heard)
        if scene.captions:
            captions[cut.scene] = tuple(_captions(plan, cut, scene.captions))
        elif scene.captions is None and cut.scene in speech:
            captions[cut.scene] = tuple(_of_speech(speech[cut.scene]))
        elif scene.captions is None and scene.narration is not None and scene.narration.text:
            captions[cut.scene] = (CaptionEdit(scene.narration.text, 0, frames_of(plan, cut)),)
    _see_apart(plan, speech)
    music = tuple(_music(plan, sounds))
    film = production.film
    auto = LOUDNESS_WITH_VOICE_OR_MUSIC if speech or music else None
    loudness = auto if film.loudness == "auto" else None if film.loudness == "none" else int(film.loudness)
    if film.captions == "none":
        captions = {}
    others = {language: _translated(captions, texts) for language, texts in sounds.texts.items()}
    found = SoundEdits(
        speech, captions, {language: said for language, said in others.items() if said}, music, film.clips_level,
        loudness, production.spoken_language,
    )  # fmt: skip
    plan = replace(plan, sound=found)
    return replace(plan, notes=(*plan.notes, *sounds.notes, *_notes(found), *see_readable(plan)))


def _translated(
    captions: Mapping[str, tuple[CaptionEdit, ...]], texts: Mapping[str, str]
) -> dict[str, tuple[CaptionEdit, ...]]:  # fmt: skip
    """The captions of scenes in another language: each has the time of what it translates."""
    found = {}
    for scene, own in captions.items():
        several = [texts.get(f"{scene}.captions.{n}", "") for n in range(1, len(own) + 1)]
        if all(several):
            found[scene] = tuple(replace(one, text=said) for one, said in zip(own, several, strict=True))
        elif said := texts.get(f"{scene}.captions") or texts.get(f"{scene}.narration"):
            end = max(one.start + one.frames for one in own)
            found[scene] = (CaptionEdit(said, own[0].start, end - own[0].start),)
    return found


def _speech(plan: Plan, cut: SceneEdit, scene: Scene, heard: Heard) -> SpeechEdit:
    into = Fraction(cut.into.frames, FPS) if cut.into else Fraction(0)
    start, frames = round(_from(scene, into) * FPS), ceil(heard.seconds * FPS)
    has = frames_of(plan, cut)
    if start + frames > has and not is_guessed(plan, cut):
        needed = in_seconds(start + frames)
        own = "show more of it (in, out)" if scene.clip is not None else f"write duration: auto, or {needed}"
        raise BadInput(
            f"lasts {in_seconds(frames)} s from {in_seconds(start)} s on, and the scene lasts {in_seconds(has)} s",
            where=f"scene '{cut.scene}', field 'narration'", hint=f"{own}, or say less; nothing was ordered",
        )  # fmt: skip
    level = scene.narration.level if scene.narration is not None else None
    return SpeechEdit(
        heard.path, heard.sha256, heard.format, heard.track, heard.seconds, start, min(frames, max(1, has - start)),
        level or Decimal(0), heard.said, heard.told,
    )  # fmt: skip


def _of_speech(speech: SpeechEdit) -> Iterator[CaptionEdit]:
    for said in speech.said:
        start = round(said.start * FPS)
        yield CaptionEdit(said.text, speech.start + start, max(1, round((said.start + said.seconds) * FPS) - start))


def _captions(plan: Plan, cut: SceneEdit, written: tuple[Caption, ...]) -> Iterator[CaptionEdit]:
    """The captions that are written for a scene; those without a time share what is left until the next that has one,
    by their letters."""
    has, guessed = frames_of(plan, cut), is_guessed(plan, cut)
    starts = [None if one.from_ is None else round(one.from_ * FPS) for one in written]
    starts[0] = starts[0] or 0
    weights = [len(one.text) for one in written]
    for n, start in enumerate(starts):
        if start is None:
            first = max(k for k in range(n) if starts[k] is not None)
            until = next((k for k in range(n, len(starts)) if starts[k] is not None), len(starts))
            end = starts[until] if until < len(starts) else has
            begin = starts[first] or 0
            share = sum(weights[first:n]) / sum(weights[first:until])
            starts[n] = begin + round(((end or has) - begin) * share)
    for n, (one, start) in enumerate(zip(written, starts, strict=True)):
        begin = start or 0
        end = starts[n + 1] if n + 1 < len(starts) else has
        frames = (end or has) - begin if one.seconds is None else round(one.seconds * FPS)
        if begin + LEAST > has and not guessed:
            raise BadInput(
                f"comes at {in_seconds(begin)} s, and the scene lasts {in_seconds(has)} s",
                where=f"scene '{cut.scene}', field 'captions'", hint="let it come earlier (from); nothing was ordered",
            )  # fmt: skip
        timed = one.from_ is not None or one.seconds is not None
        yield CaptionEdit(one.text, begin, max(1, min(frames, has - begin)), timed)


def _music(plan: Plan, sounds: Sounds) -> Iterator[MusicEdit]:
    shown = [cut.scene for cut in plan.cuts]
    for music in plan.production.film.music:
        heard = sounds.music[music.file]
        order = [scene.id for scene in plan.production.scenes]
        first, last = order.index(music.from_) if music.from_ else 0, order.index(music.to) if music.to else len(order)
        under = [name for name in shown if first <= order.index(name) <= last]
        if not under:
            continue  # none of its scenes is made
        begins = music.start or Fraction(0)
        _see_long_enough(plan, music, heard, int((heard.seconds - begins) * FPS), under)
        if begins >= heard.seconds:
            raise BadInput(
                f"starts at {float(begins):g} s, and the file lasts {float(heard.seconds):.1f} s",
                where="field 'film.music'", hint="choose a moment in it (start); nothing was ordered",
            )  # fmt: skip
        yield MusicEdit(
            heard.path, heard.sha256, heard.format, heard.track, heard.seconds, under[0] if music.from_ else "",
            under[-1] if music.to else "", begins, music.level, music.duck, round(music.fade_in * FPS),
            round(music.fade_out * FPS), music.loop,
        )  # fmt: skip


def _see_long_enough(plan: Plan, music: Music, heard: Heard, has: int, under: Sequence[str]) -> None:
    """Raise BadInput for music that would be played again and again, hundreds of times."""
    placed = placed_items(plan)
    places = {item.scene: (at, at + frames) for item, at, frames in placed if isinstance(item, SceneEdit)}
    start = places[under[0]][0] if music.from_ else 0
    end = places[under[-1]][1] if music.to else max(at + frames for _, at, frames in placed)
    if music.loop and 0 < has < SHORTEST_ROUND and has < end - start:
        raise BadInput(
            f"{heard.told} has {has / FPS:.1f} s, which is too short to be played again", where="field 'film.music'",
            hint="name a longer piece, or write loop: false; nothing was ordered",
        )  # fmt: skip


def _see_apart(plan: Plan, speech: Mapping[str, SpeechEdit]) -> None:
    """Raise BadInput where a voice begins before the one before it has ended."""
    ended, before = 0, ""
    for item, start, _ in placed_items(plan):
        if not isinstance(item, SceneEdit) or item.scene not in speech:
            continue
        said = speech[item.scene]
        if start + said.start < ended:
            over = in_seconds(ended - start - said.start)
            raise BadInput(
                f"begins {over} s before that of '{before}' has ended",
                where=f"scene '{item.scene}', field 'narration'",
                hint="let it begin later (from), or shorten the transition; nothing was ordered",
            )  # fmt: skip
        ended, before = start + said.start + said.frames, item.scene


def _notes(sound: SoundEdits) -> Iterator[str]:
    if sound.speech:
        seconds = in_seconds(sum(one.frames for one in sound.speech.values()))
        voices = list(dict.fromkeys(one.told for one in sound.speech.values()))
        more = f" and {len(voices) - 3} more" if len(voices) > 3 else ""
        scenes = f"{len(sound.speech)} scene{'' if len(sound.speech) == 1 else 's'}"
        yield f"{seconds} s of narration in {scenes}, by {', '.join(voices[:3])}{more}; nothing is bought for it"
