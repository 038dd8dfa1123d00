"""Speech of a text: each sentence is made once, kept by content, trimmed, and joined with pauses to one WAV file."""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from studio.atomic import write_atomic
from studio.disk import disk_errors
from studio.errors import SpeechError
from studio.media.sound_file import samples_of
from studio.storage.kept import Kept
from studio.voice.choice import Chosen, chosen
from studio.voice.letters import unspeakable
from studio.voice.sentences import Sentence, sentences
from studio.voice.values import Speech, Spoken, Voice

RATE = 48_000
WIDTH = 2  # bytes of a sample
LONGEST_TEXT = 10_000  # characters
LONGEST = 600  # seconds
PAUSE, PARAGRAPH = RATE // 4, RATE // 2  # samples between two sentences, and between two paragraphs
EDGE = RATE // 20  # samples of silence that a sentence keeps before and after it
QUIET = 100  # of 32767: what is below is silence, at −50 dBFS
SENTENCE, SPEECH = "spoken sentence", "speech"
VERSION = 1  # of trimming and joining; a change makes every kept one invalid


@dataclass(frozen=True)
class Text:
    """A text to be spoken, and where it is written (``scene 'dusk', field 'narration'``)."""

    text: str
    where: str = ""


def speech_of(
    text: str, voice: Voice, kept: Kept, folder: Path, *, voices: Path | None = None, where: str = ""
) -> Speech:
    """The speech of one text; see ``speeches``."""
    return speeches([Text(text, where)], voice, kept, folder, voices=voices)[0]


def speeches(
    texts: Sequence[Text],
    voice: Voice,
    kept: Kept,
    folder: Path,
    *,
    voices: Path | None = None,
    choice: Chosen | None = None,
) -> list[Speech]:
    """The speech of each text, as files in ``folder`` that are named by their content.

    Only sentences that are not kept are made, all in one go. ``voices``: a folder of piper's voices. ``choice``: who
    speaks, where that is chosen already. Raises SpeechError, NoEngine among them, that names the text.
    """
    if not texts:
        return []
    who = choice or chosen(voice, kept.digests, voices=voices, where=texts[0].where)
    for text in texts:
        check(text.text, who.language, who.told, where=text.where)
    parts = [sentences(text.text, who.language or voice.language) for text in texts]
    told = tuple(who.engine.made_from(who.voice))
    places: dict[str, str] = {}  # where each sentence stands first
    for text, split in zip(texts, parts, strict=True):
        for sentence in split:
            places.setdefault(sentence.text, text.where)
    sounds = _sounds(places, who, told, kept)
    return [
        _joined(text, split, sounds, (VERSION, *told), who, kept, folder)
        for text, split in zip(texts, parts, strict=True)
    ]


def check(text: str, language: str, told: str, *, where: str = "") -> None:
    """Check that a voice of this language can speak a text; without a language, only its length and that it has
    words. Raises SpeechError."""
    if len(text) > LONGEST_TEXT:
        raise SpeechError(
            f"the text has {len(text):,} characters, and {LONGEST_TEXT:,} are the most", where=where,
            hint="divide it among several scenes",
        )  # fmt: skip
    if not text.strip():
        raise SpeechError("the text is empty", where=where, hint="write what is said, or leave the field out")
    found = unspeakable(text, language) if language else None
    if not language and not any(letter.isalnum() for letter in text):
        found = (0, text.strip()[0])
    if found is None:
        return
    place, letter = found
    if not any(character.isalnum() for character in text):
        raise SpeechError(f"the text has no word that can be spoken, only {letter}", where=where, hint="write words")
    raise SpeechError(
        f"{told} ({language}) cannot speak {letter} (character {place + 1} of the text, U+{ord(letter):04X})",
        where=where, hint="leave it out, or choose a voice of the text's language",
    )  # fmt: skip


def _sounds(places: dict[str, str], who: Chosen, told: tuple[str, ...], kept: Kept) -> dict[str, bytes]:
    """The samples of each sentence, kept or made now."""
    sounds = {text: kept.get(SENTENCE, (VERSION, *told, text)) for text in places}
    missing = [text for text, found in sounds.items() if found is None]
    if missing:
        with tempfile.TemporaryDirectory(prefix="speech-") as work:
            try:
                paths = who.engine.speak(missing, who.voice, Path(work).absolute())
            except SpeechError as error:
                error.where = error.where or places[missing[0]]
                raise
            for text, path in zip(missing, paths, strict=True):
                sounds[text] = _trimmed(path, text, who, places[text])
                kept.put(SENTENCE, (VERSION, *told, text), sounds[text] or b"")
    return {text: found for text, found in sounds.items() if found is not None}


def _trimmed(path: Path, text: str, who: Chosen, where: str) -> bytes:
    """The samples of a sentence's file, with as much silence at its ends as all have. Raises SpeechError."""
    import numpy as np

    said = f"the sentence “{text if len(text) <= 40 else text[:39] + '…'}”"
    try:
        samples = samples_of(path, RATE, most=(LONGEST + 1) * RATE)
    except FileNotFoundError:
        raise SpeechError(
            f"{who.told} wrote no sound for {said}", where=where, hint="see that it writes the file that it is given"
        ) from None
    except (ValueError, OSError) as error:
        fault = str(error) if isinstance(error, ValueError) else f"cannot be read: {error.strerror}"
        raise SpeechError(
            f"what {who.told} wrote for {said} {fault}", where=where, hint="see that it writes a WAV file"
        ) from None
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > QUIET)
    if not len(loud):
        raise SpeechError(f"{who.told} wrote silence for {said}", where=where, hint="change the text or the voice")
    if len(samples) > LONGEST * RATE:
        raise _too_long(where)
    first, last = int(loud[0]), int(loud[-1]) + 1
    silence = np.zeros(EDGE, np.int16)
    whole = np.concatenate([silence, samples, silence])  # where the file has less silence than is wanted
    return whole[first : last + 2 * EDGE].astype("<i2").tobytes()


def _joined(
    text: Text, split: Sequence[Sentence], sounds: dict[str, bytes], told: tuple[str | int, ...], who: Chosen,
    kept: Kept, folder: Path,
) -> Speech:  # fmt: skip
    """One WAV file of the sentences, written where it is not there yet."""
    spoken, at = [], 0
    for number, sentence in enumerate(split):
        count = len(sounds[sentence.text]) // WIDTH
        spoken.append(Spoken(sentence.text, Fraction(at, RATE), Fraction(count, RATE)))
        at += count
        if number < len(split) - 1:
            at += PARAGRAPH if sentence.last else PAUSE
    if at > LONGEST * RATE:
        raise _too_long(text.where)
    made_from = (*told, *(f"{sentence.last:d}{sentence.text}" for sentence in split))
    known = kept.get(SPEECH, made_from)
    sha256, samples = json.loads(known) if known else ("", -1)
    path = folder / f"{sha256}.wav"
    if samples != at or not kept.digests.is_sound(path, sha256):
        data = _wav(split, sounds)
        sha256 = hashlib.sha256(data).hexdigest()
        path = folder / f"{sha256}.wav"
        with disk_errors("speech", folder):
            folder.mkdir(parents=True, exist_ok=True)
            write_atomic(path, data)
        kept.put(SPEECH, made_from, json.dumps([sha256, at]).encode())
    return Speech(path, sha256, Fraction(at, RATE), tuple(spoken), who.told)


def _wav(split: Sequence[Sentence], sounds: dict[str, bytes]) -> bytes:
    whole = io.BytesIO()
    with wave.open(whole, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(WIDTH)
        file.setframerate(RATE)
        for number, sentence in enumerate(split):
            file.writeframesraw(sounds[sentence.text])
            if number < len(split) - 1:
                file.writeframesraw(bytes(WIDTH * (PARAGRAPH if sentence.last else PAUSE)))
    return whole.getvalue()


def _too_long(where: str) -> SpeechError:
    return SpeechError(
        f"the speech is longer than {LONGEST} s", where=where, hint="divide the text among several scenes"
    )
