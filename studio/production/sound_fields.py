"""Sound and words as they are written: narration and captions of a scene, the voices and the music of a film.

Levels are in decibels beside the level at which sounds are mixed: every voice and every piece of music is brought to
one loudness first, so that 0 dB of one is as loud as 0 dB of another.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePath
from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema, model_validator

from studio.production.field_types import (
    Choice,
    Filled,
    Flag,
    Moment,
    Reference,
    Text,
    is_path,
    is_url,
    kind_of,
    number,
    refused,
    shown,
)
from studio.production.titles import Lines, Part

SOUND_ENDINGS: Final = (
    ".wav", ".mp3", ".flac", ".m4a", ".aac", ".ogg", ".oga", ".opus", ".aif", ".aiff", ".mka", ".mp4", ".mov",
)  # fmt: skip
VOICE_ENDING: Final = ".onnx"  # of a file that is a voice
NARRATION_FROM: Final = Fraction(1, 4)  # seconds of a scene before its voice begins
MUSIC_LEVEL: Final = Decimal(-8)  # dB beside the voice
MUSIC_DUCK: Final = Decimal(10)  # dB by which the voice lowers it
MUSIC_FADE_IN, MUSIC_FADE_OUT = Fraction(1), Fraction(3)
NARRATION_REMEDY = "write its text, or a sound file, such as voice/dusk.wav, or {text: Night falls., from: 1}"
MUSIC_REMEDY = "write a sound file, such as music/theme.flac, or {file: music/theme.flac, level: -6}"
VOICE_REMEDY = "write {engine: piper, name: en_US-joe-medium}, or the name of a voice alone"
NONE = ("none", "no", "off")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")

Engine = Literal["auto", "piper", "espeak-ng", "command"]


class _Part(Part):
    """A part of a production with fields whose names are words of Python's: these have aliases, in files and forms."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)


def _decibels(least: float, most: float) -> BeforeValidator:
    def checked(value: object) -> Decimal:
        plain = re.sub(r"\s*db$", "", value.strip().lower()) if isinstance(value, str) else value
        plain = plain.replace("\N{MINUS SIGN}", "-") if isinstance(plain, str) else plain
        found = number(plain, "a number of decibels")
        if not least <= found <= most:
            raise refused(f"{found:g} dB is not between {least:g} and {most:g}", "0 leaves it as it is")
        return Decimal(repr(found))

    return BeforeValidator(checked)


def language_of(value: object) -> str:
    """A language, as BCP 47 writes it: ``en``, ``de-AT``. Raises the error for a validator to raise."""
    if not isinstance(value, str):
        raise refused(f"expected a language, found {kind_of(value)}", "write its code, such as en, de or pt-BR")
    text = value.strip().replace("_", "-")
    if text and not _LANGUAGE.fullmatch(text):
        raise refused(f"{shown(value)} is no language", "write its code, such as en, de or pt-BR")
    first, *rest = text.split("-")
    return "-".join([first.lower(), *(part.upper() if len(part) == 2 else part for part in rest)])


def _speed(value: object) -> Decimal:
    found = number(value, "a speed")
    if not 0.5 <= found <= 2:
        raise refused(f"{found:g} is not between 0.5 and 2", "1 is the voice's own speed")
    return Decimal(repr(found))


Level = Annotated[
    Decimal, _decibels(-60, 12), PlainSerializer(float, return_type=float, when_used="json"),
    WithJsonSchema({"type": "number", "minimum": -60, "maximum": 12}),
]  # fmt: skip
Duck = Annotated[
    Decimal, _decibels(0, 60), PlainSerializer(float, return_type=float, when_used="json"),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 60}),
]  # fmt: skip
Speed = Annotated[
    Decimal, BeforeValidator(_speed), PlainSerializer(float, return_type=float, when_used="json"),
    WithJsonSchema({"type": "number", "minimum": 0.5, "maximum": 2}),
]  # fmt: skip
Language = Annotated[str, BeforeValidator(language_of), WithJsonSchema({"type": "string"})]


class Narration(_Part):
    """The voice over a scene: a text that is spoken, or a sound file."""

    text: Lines | None = Field(default=None, description="What is said. With file: the words of it, for captions.")
    file: Reference | None = Field(
        default=None, description="A sound file (WAV, MP3, FLAC, M4A, OGG …), instead of a voice that is made."
    )
    from_: Moment | None = Field(
        default=None, alias="from", description="Seconds of the scene at which it begins. Empty: 0.25."
    )
    level: Level | None = Field(default=None, description="Decibels louder (3) or softer (-3) than other voices.")

    @model_validator(mode="after")
    def _says_something(self) -> Narration:
        if not self.text and not self.file:
            raise refused("has neither a text nor a file", NARRATION_REMEDY)
        return self


class Caption(_Part):
    """A text that is read while the scene is seen."""

    text: Lines = Field(description="The text.")
    from_: Moment | None = Field(
        default=None, alias="from", description="Seconds of the scene at which it comes. Empty: after the one before."
    )
    seconds: Moment | None = Field(
        default=None, description="Seconds for which it is seen. Empty: until the next one, or the scene's end."
    )


class Voice(_Part):
    """A voice that speaks narration."""

    engine: Annotated[Engine, Choice] = Field(
        default="auto",
        description="auto: the best that is installed; piper; espeak-ng; or command, the program that is set on the "
        "machine that runs this.",
    )
    name: Text = Field(
        default="", description="The voice's name, as the engine lists it, or the file of one. Empty: for the language."
    )
    language: Language = Field(
        default="", description="The language that it speaks, such as en or de. Empty: that of the film."
    )
    speed: Speed = Field(
        default=Decimal(1), description="From 0.5 (slow) to 2 (fast).", json_schema_extra={"default": 1}
    )


class Music(_Part):
    """Music under the film, or under a stretch of its scenes."""

    file: Annotated[Reference, Field(min_length=1)] = Field(description="A sound file (WAV, MP3, FLAC, M4A, OGG …).")
    from_: Filled | None = Field(
        default=None, alias="from", description="The scene with which it begins. Empty: the film's start."
    )
    to: Filled | None = Field(default=None, description="The scene with which it ends. Empty: the film's end.")
    start: Moment | None = Field(default=None, description="Seconds of the file at which it begins. Empty: 0.")
    level: Level = Field(
        default=MUSIC_LEVEL, description="Decibels beside the voice.", json_schema_extra={"default": -8}
    )
    duck: Duck = Field(
        default=MUSIC_DUCK,
        description="Decibels by which it is lowered while somebody speaks.",
        json_schema_extra={"default": 10},
    )
    fade_in: Moment = Field(
        default=MUSIC_FADE_IN, description="Seconds in which it comes.", json_schema_extra={"default": 1}
    )
    fade_out: Moment = Field(
        default=MUSIC_FADE_OUT, description="Seconds in which it goes.", json_schema_extra={"default": 3}
    )
    loop: Flag = Field(default=True, description="It begins again where it is shorter than what it lies under.")


def is_sound_path(value: str) -> bool:
    """True if a text is the path of a sound file, and nothing that anybody would say."""
    text = value.strip()
    return "\n" not in text and (is_path(text) or is_url(text)) and PurePath(text).suffix.lower() in SOUND_ENDINGS


def _narration(value: object) -> object:
    """A text alone is said, unless it is the path of a sound file; an empty mapping, as the form sends it, is none."""
    if value is None or isinstance(value, BaseModel):
        return value
    if isinstance(value, str):
        if not value.strip() or value.strip().lower() == "none":
            return None
        return {"file": value.strip()} if is_sound_path(value) else {"text": value}
    if isinstance(value, list | tuple):
        return {"text": value}
    if isinstance(value, Mapping):
        return value if any(one not in (None, "") for one in value.values()) else None
    if isinstance(value, int) and not isinstance(value, bool):
        return {"text": str(value)}
    raise refused(f"expected what is said, found {kind_of(value)}", NARRATION_REMEDY)


def _captions(value: object) -> object:
    if value is None or (isinstance(value, bool) and not value):
        return None
    if isinstance(value, str):
        return () if value.strip().lower() in NONE else ({"text": value},) if value.strip() else None
    if isinstance(value, Mapping):
        value = (value,)
    if not isinstance(value, list | tuple):
        raise refused(f"expected a text, found {kind_of(value)}", "write a text, none, or [{text: Hello?, from: 1}]")
    return tuple({"text": one} if isinstance(one, str) else one for one in value)


def _voices(value: object) -> object:
    if value is None or value == "":
        return ()
    several = value if isinstance(value, list | tuple) else (value,)
    for one in several:
        if not isinstance(one, str | Mapping | Voice):
            raise refused(f"expected a voice, found {kind_of(one)}", VOICE_REMEDY)
    return tuple({"name": one} if isinstance(one, str) else one for one in several)


def _music(value: object) -> object:
    if value is None or (isinstance(value, str) and value.strip().lower() in ("", *NONE)):
        return ()
    several = value if isinstance(value, list | tuple) else (value,)
    for one in several:
        if not isinstance(one, str | Mapping | Music):
            raise refused(f"expected a sound file, found {kind_of(one)}", MUSIC_REMEDY)
    return tuple({"file": one.strip()} if isinstance(one, str) else one for one in several)


LOUDNESS: Final = ("auto", "-14", "-16", "-23", "none")


def _loudness(value: object) -> object:
    """A loudness as one of the words; a number may have its unit behind it."""
    if isinstance(value, bool):
        return "auto" if value else "none"
    if isinstance(value, int | float) and value == int(value):
        value = str(int(value))
    if not isinstance(value, str):
        raise refused(f"expected a loudness in LUFS, found {kind_of(value)}", f"one of {', '.join(LOUDNESS)}")
    text = re.sub(r"\s*lufs$", "", value.strip().lower()).replace("\N{MINUS SIGN}", "-")
    if text not in LOUDNESS:
        told = "-14 is that of the web, -16 that of podcasts, -23 that of broadcasting"
        raise refused(f"{shown(value)} is not possible", f"one of {', '.join(LOUDNESS)}; {told}")
    return text


NarrationField = Annotated[Narration | None, BeforeValidator(_narration)]
CaptionsField = Annotated[tuple[Caption, ...] | None, BeforeValidator(_captions)]
VoicesField = Annotated[tuple[Voice, ...], BeforeValidator(_voices)]
MusicField = Annotated[tuple[Music, ...], BeforeValidator(_music)]
Loudness = Annotated[Literal["auto", "-14", "-16", "-23", "none"], BeforeValidator(_loudness)]


def part_of_sound(loc: tuple[str | int, ...]) -> type[BaseModel] | None:
    """The part of sound or words whose field a place of a production is; None where it is none of theirs."""
    match loc:
        case ("scenes", int(), "narration", _, *_):
            return Narration
        case ("scenes", int(), "captions", int(), _, *_):
            return Caption
        case ("film", "voice", int(), _, *_):
            return Voice
        case ("film", "music", int(), _, *_):
            return Music
    return None
