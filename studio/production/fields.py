"""The fields of a production, as a producer writes them.

Every field is flat and optional wherever possible, so that one model serves the YAML file and the form in the Prefect
UI.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field, field_validator

from studio.production.field_types import (
    AspectRatio,
    Choice,
    Dollars,
    FilmSeconds,
    Flag,
    Join,
    Lengths,
    Model,
    Project,
    Reference,
    References,
    Resolution,
    Seconds,
    Slug,
    Text,
    Title,
    Whole,
)
from studio.production.film_options import FilmOptions
from studio.production.scene import Asset, Character, Frozen, Scene, SourcePosition, not_in_the_form
from studio.production.shared import ChainField, Defaults
from studio.production.sound_fields import Language


class ProductionFields(Frozen):
    """The fields of a production; empty fields of a scene take the production's values."""

    model_config = not_in_the_form("include")

    title: Title = Field(description="The film's title.")
    slug: Slug = Field(
        default="", description="The folder name of its films: a-z, 0-9 and -. Empty: made from the title."
    )
    project: Project = Field(
        default="",
        description="The name that budget, takes and costs hang on, whatever title, slug, shape and file name become: "
        "a-z, 0-9 and -. Productions of one project share its budget. Empty: made from title or slug.",
    )
    scenes: tuple[Scene, ...] = Field(
        description="The film's scenes, in the order in which they are seen.", json_schema_extra={"minItems": 1}
    )
    model: Annotated[Model, Choice] = Field(
        default="ray-2", description="The video model, for every scene that names none."
    )
    resolution: Annotated[Resolution, Choice] = Field(default="720p", description="For every scene that names none.")
    aspect_ratio: Annotated[AspectRatio, Choice] = Field(
        default="16:9", description="The picture's shape, for the whole film."
    )
    duration: Seconds = Field(
        default=Fraction(5), description="Seconds, for every scene that names none.", json_schema_extra={"default": 5}
    )
    defaults: Defaults | None = Field(
        default=None,
        description="Fields for every scene that has none of its own, such as duration, camera, character or style; "
        "null or none in a scene switches one off. Clips that are there already, and footage, keep their length.",
    )
    style: Text = Field(
        default="",
        description="Words added to the end of every prompt, such as: 35mm film, warm light. A scene may have its "
        "own, or none.",
    )
    chains: tuple[ChainField, ...] = Field(
        default=(),
        description="Groups of scenes, by their ids: each goes on from the one before it in its group, such as "
        "[[dusk, lamp, boat], [home, night]], or {scenes: [dusk, lamp], character: maya}.",
    )
    include: References = Field(
        default=(),
        description="Files (.yaml, .json) with characters, assets, defaults and a style that several productions "
        "share, by paths relative to this file, in its folder or below. What this file says itself wins. Of production "
        "files alone.",
    )
    width: Whole | None = Field(
        default=None,
        ge=1,
        le=16384,
        description="With height, instead of aspect_ratio and resolution: the nearest are used.",
    )
    height: Whole | None = Field(default=None, ge=1, le=16384, description="See width.")
    budget: Dollars | None = Field(
        default=None, description="US dollars that this production may cost at most. 0: nothing may be bought."
    )
    chain: Flag = Field(
        default=False, description="Each scene without a start of its own continues from the scene before it."
    )
    join: Annotated[Join, Choice] | None = Field(
        default=None,
        description="How scenes go on from one that is cut to its length: frame, whole or generation (see the "
        "scene's). Empty: frame, and what was bought from the end of a clip stays.",
    )
    length: FilmSeconds | None = Field(
        default=None, description="Seconds that the film should last. The plan tells a difference, and what meets it."
    )
    upscale: Annotated[Resolution, Choice] | None = Field(
        default=None, description="Finish every scene's clips at this resolution, as a step of its own."
    )
    reframe: Annotated[AspectRatio, Choice] | None = Field(
        default=None, description="Finish the whole film in another shape: every clip is reframed to it."
    )
    reframe_from: Annotated[Literal["clips", "enlarged"], Choice] = Field(
        default="clips",
        description="Where clips are reframed and enlarged. clips: they are reframed first; enlarged: enlarged first, "
        "so that what was enlarged for the film in its own shape is used (reframed at 720p at most).",
    )
    source_position: SourcePosition | None = Field(
        default=None, description="Where the picture stands when it is reframed (ray-3). Empty: centred, as it fits."
    )
    clips: Annotated[Lengths, Choice] = Field(
        default="cheapest", description="cheapest: the clips that cost least; longest: as few as can be."
    )
    reanchor: Whole = Field(
        default=3,
        ge=1,
        le=100,
        description="After so many continued clips a character drifts: a fresh still becomes the last frame.",
    )
    assets: tuple[Asset, ...] = Field(default=(), description="Pictures and footage that scenes refer to by id.")
    characters: tuple[Character, ...] = Field(default=(), description="Who appears, with reference pictures.")
    language: Language = Field(
        default="", description="The language of its texts, such as en or pt-BR: of voices and captions. Empty: en."
    )
    translations: Reference = Field(
        default="",
        description="A table (.csv, .yaml) of its texts in other languages: a column text, which names each, such as "
        "dusk.narration, and a column for each language. By a path relative to this file.",
    )
    film: FilmOptions = Field(default=FilmOptions(), description="How the scenes become one film.")

    @field_validator("defaults", mode="after")
    @classmethod
    def _given_to_the_scenes(cls, defaults: Defaults | None) -> None:
        """The scenes have the defaults by now: see ``spread``."""
