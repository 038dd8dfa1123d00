"""Speech of texts: a sentence is spoken once for its words and voice, and kept; a text is its sentences in turn."""

from __future__ import annotations

import io
import json
import tempfile
import wave
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from studio.atomic import is_sound, write_atomic
from studio.disk import disk_errors
from studio.errors import BadInput, FfmpegError, VoiceFailed
from studio.production.field_types import shown
from studio.voice.engines import Engine
from studio.voice.letters import cannot_speak, nothing_to_speak
from studio.voice.sentences import paragraphs
from studio.voice.values import Speech, Spoken, Voice, VoiceInfo

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

VERSION = 1  # of how sentences are trimmed and joined
RATE = 48_000
SAMPLE = 2  # bytes: one channel of 16 bit
PAUSE, PARAGRAPH = RATE // 4, RATE // 2  # samples between sentences, and between paragraphs
EDGE = RATE // 20  # samples of silence that are left at the ends of a sentence
QUIET = 10 ** (-50 / 20)  # of a sentence's peak: what is softer at its ends is silence
LEAST = 30  # of 32767: a sound without a higher peak is silence
MOST_LETTERS, MOST_SECONDS = 10_000, 600
WORKERS = 2


class SpeechMaker:
    """Speech by one voice, kept in ``folder``. Raises in its methods: BadInput, VoiceFailed."""

    def __init__(self, engine: Engine, voice: Voice, info: VoiceInfo, folder: Path) -> None:
        self.engine, self.voice, self.info, self.folder = engine, voice, info, folder
        self._made_from = engine.made_from(voice, info)

    @property
    def told(self) -> str:
        """The voice in words: ``piper en_US-joe-medium``."""
        return f"{self.engine.id} {self.info.name or self.info.language}".strip()

    def speeches(self, texts: Mapping[str, str]) -> dict[str, Speech]:
        """The speech of each text, by its place in the production, which errors name.

        All sentences that are not kept are spoken in one run of the engine, where it can.
        """
        split = {where: self._sentences(text, where) for where, text in texts.items()}
        every = dict.fromkeys(said for parts in split.values() for part in parts for said in part)
        missing = [said for said in every if self._kept(said) is None]
        places = {said: where for where, parts in split.items() for part in parts for said in part}
        if missing:
            self._speak(missing, places)
        return {where: self._joined(parts, where) for where, parts in split.items()}

    def _sentences(self, text: str, where: str) -> list[list[str]]:
        if len(text) > MOST_LETTERS:
            told = f"has {len(text):,} characters, and {MOST_LETTERS:,} are the most"
            raise BadInput(told, where=where, hint="split it over several scenes")
        if nothing_to_speak(text):
            raise BadInput(f"{shown(text)} has no letter that can be spoken", where=where, hint="write words")
        if self.engine.id != "command":
            letter, script = cannot_speak(text, self.info.language)
            if letter:
                at = text.index(letter)
                raise BadInput(
                    f"{self.told} cannot speak {script}: '{letter}' at {shown(text[at : at + 30])}", where=where,
                    hint="write it in letters of the voice's language, or choose a voice of that language (film.voice)",
                )  # fmt: skip
        return paragraphs(text)

    def _speak(self, sentences: Sequence[str], places: Mapping[str, str]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.folder, prefix=".speaking-") as scratch:
            first = places[sentences[0]]
            try:
                made = self.engine.speak(sentences, self.voice, self.info, Path(scratch))
            except VoiceFailed as failed:
                raise VoiceFailed(failed.message, where=first, hint=failed.hint or _AGAIN) from None

            def keep(pair: tuple[str, Path]) -> None:
                said, wav = pair
                self._keep(self._path(said), _trimmed(wav, said, self.engine.id, places[said]))

            with ThreadPoolExecutor(WORKERS, thread_name_prefix="speech") as pool:
                list(pool.map(keep, zip(sentences, made, strict=True)))

    def _path(self, said: str) -> Path:
        digest = sha256(json.dumps([VERSION, *self._made_from, said]).encode()).hexdigest()
        return self.folder / digest[:2] / f"{digest[:40]}.wav"

    def _keep(self, path: Path, data: bytes) -> None:
        with disk_errors("speech", self.folder):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(path, data)

    def _kept(self, said: str) -> bytes | None:
        """The samples of a sentence that was spoken before; None for one that was not, or is damaged."""
        try:
            return _samples(self._path(said).read_bytes())
        except (OSError, wave.Error, EOFError):
            return None

    def _joined(self, parts: Sequence[Sequence[str]], where: str) -> Speech:
        sound, spoken = bytearray(), list[Spoken]()
        for number, part in enumerate(parts):
            for k, said in enumerate(part):
                if number or k:
                    sound += bytes(SAMPLE * (PAUSE if k else PARAGRAPH))
                samples = self._kept(said)
                if samples is None:
                    told = "what was spoken cannot be read again"
                    raise VoiceFailed(told, where=where, hint="see that the disk is sound, and run again")
                start = Fraction(len(sound) // SAMPLE, RATE)
                spoken.append(Spoken(said, start, Fraction(len(samples) // SAMPLE, RATE)))
                sound += samples
        seconds = Fraction(len(sound) // SAMPLE, RATE)
        if seconds > MOST_SECONDS:
            told = f"takes {float(seconds):.0f} s to say, and {MOST_SECONDS} s are the most"
            raise BadInput(told, where=where, hint="split it over several scenes")
        data = _wav(bytes(sound))
        digest = sha256(data).hexdigest()
        path = self.folder / "texts" / f"{digest[:40]}.wav"
        if not is_sound(path, digest):
            self._keep(path, data)
        return Speech(path, digest, seconds, tuple(spoken), self.told)


_AGAIN = "try the voice by hand, or choose another (film.voice); nothing was ordered"


def _trimmed(wav: Path, said: str, engine: str, where: str) -> bytes:
    """A sentence as a WAV file of the form that is kept, without the silence at its ends."""
    import numpy as np

    from studio.media import ffmpeg
    from studio.media.mix import sound_input

    try:
        heard = sound_input(wav, "wav")["a:0"].filter("aresample", RATE)
        raw = ffmpeg.capture(heard.output("pipe:1", f="s16le", ac=1, ar=RATE), timeout=120)
    except FfmpegError:
        told = f"{engine} wrote no sound for {shown(said)}"
        raise VoiceFailed(told, where=where, hint=_AGAIN) from None
    samples: NDArray[np.int16] = np.frombuffer(raw, np.int16)
    peak = int(np.max(np.abs(samples.astype(np.int32)))) if len(samples) else 0
    if peak < LEAST:
        raise VoiceFailed(f"{engine} wrote silence for {shown(said)}", where=where, hint=_AGAIN)
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > peak * QUIET)
    start, end = max(0, int(loud[0]) - EDGE), int(loud[-1]) + 1 + EDGE
    return _wav(samples[start:end].tobytes())


def _wav(samples: bytes) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(SAMPLE)
        file.setframerate(RATE)
        file.writeframes(samples)
    return out.getvalue()


def _samples(data: bytes) -> bytes:
    with wave.open(io.BytesIO(data), "rb") as file:
        if (file.getnchannels(), file.getsampwidth(), file.getframerate()) != (1, SAMPLE, RATE):
            raise wave.Error("another form")
        found = file.readframes(file.getnframes())
        if len(found) != file.getnframes() * SAMPLE:
            raise wave.Error("cut off")
        return found
