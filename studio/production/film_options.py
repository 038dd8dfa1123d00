"""The options by which the scenes of a production become one film."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from studio.production.deliveries import Deliveries
from studio.production.field_types import Choice, Colors, Moment, Whole
from studio.production.scene import Frozen, not_in_the_form
from studio.production.sound_fields import Level, Loudness, MusicField, VoicesField
from studio.production.titles import Titles
from studio.production.transitions import CUT, NO_TRANSITION, TransitionField


class FilmOptions(Frozen):
    """The options by which the scenes become one file."""

    model_config = not_in_the_form("fps")

    fps: Whole = Field(default=24, description="Frames per second: 24, which is what Luma makes.")
    audio: Annotated[Literal["keep", "none"], Choice] = Field(
        default="keep", description="keep the clips' sound, or none."
    )
    transition: TransitionField = Field(
        default=NO_TRANSITION,
        description="How one scene becomes the next where the two do not continue each other: cut, crossfade, "
        "fadeblack, fadewhite or another kind of ffmpeg's xfade, and its seconds, such as crossfade 0.5.",
        json_schema_extra={"default": CUT},
    )
    colors: Annotated[Colors, Choice] = Field(
        default="keep",
        description="match: where a scene goes on from another, its colours are matched to those that are shown of it. "
        "keep: all clips keep the colours that they were made with.",
    )
    titles: Titles | None = Field(
        default=None, description="The font of titles, cards at the film's start and end, and credits."
    )
    voice: VoicesField = Field(
        default=(),
        description="The voice of all narration: its name, or {engine, name, language, speed}; one for each language "
        "of the film. Empty: the best that is installed.",
    )
    music: MusicField = Field(
        default=(),
        description="Music under the film: a sound file, or {file, from, to, level, duck}, one for each stretch.",
    )
    clips_level: Level = Field(
        default=Decimal(0), description="Decibels louder or softer for the sound that clips have.",
        json_schema_extra={"default": 0},
    )  # fmt: skip
    loudness: Annotated[Loudness, Choice] = Field(
        default="auto",
        description="The film's loudness in LUFS (EBU R 128): -14 (web), -16 (podcasts), -23 (broadcasting), none (as "
        "it is). auto: -14 where it has narration or music, and as it is where clips alone are heard.",
    )
    captions: Annotated[Literal["track", "files", "none"], Choice] = Field(
        default="track",
        description="Captions of what is said. track: in the film, to be switched on, and as SRT and VTT files; files: "
        "as files alone; none.",
    )
    fade_in: Moment | None = Field(
        default=None, description="Seconds in which the film comes out of black, with its sound. Empty: none."
    )
    fade_out: Moment | None = Field(
        default=None, description="Seconds in which it goes to black at its end, with its sound. Empty: none."
    )
    seams: Annotated[Literal["continued", "all"], Choice] = Field(
        default="continued", description="Measured: where scenes continue each other, or all seams, cuts too."
    )
    provenance: Annotated[Literal["auto", "try", "none"], Choice] = Field(
        default="auto", description="How the film and its deliveries are signed (C2PA). auto: where a certificate is "
        "set; try: with one that is made for trying, where none is set; none: not at all.",
    )  # fmt: skip
    deliveries: Deliveries = Field(
        default=(), description="What the film is made into when it is finished, by presets: web, hevc, av1, prores, "
        "dnxhr, and the previews gif and webp.",
    )  # fmt: skip

    @model_validator(mode="before")
    @classmethod
    def _empty_is_default(cls, data: Any) -> Any:
        """An option that is written without a value, or left empty in the form, has its default."""
        if not isinstance(data, Mapping):
            return data
        return {name: value for name, value in data.items() if value is not None or name not in cls.model_fields}
