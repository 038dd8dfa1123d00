"""Titles as they are written: cards before, between and after scenes, credits, and texts over a scene's picture."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema, model_validator

from studio.production.field_types import Flag, Moment, References, Seconds, Text, filled_text, kind_of, refused
from studio.production.transitions import TransitionField

CARD_SECONDS, LOWER_THIRD_SECONDS = Fraction(3), Fraction(4)
LOWER_THIRD_FROM, LOWER_THIRD_FADE = Fraction(1, 2), Fraction(1, 4)
LINE_SECONDS, FIRST_SECONDS = Fraction(3, 5), Fraction(2)  # of credits: for each line, and before
LOWER_THIRD_LINES = 2
MOST_LINES, MOST_ROLLED = 2000, 120  # of credits; of those that roll, which are one picture
CARD_REMEDY = "write its text, or text and seconds, such as {text: Three years later, seconds: 2}"
CREDITS_REMEDY = "write a list of lines, each a text, or {role: Music, name: Ann Smith}"


class Part(BaseModel):
    """A value that never changes, and that takes no field which it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _empty_is_default(cls, data: Any) -> Any:
        """A field without a value, or left empty in the form, has its default."""
        return {k: v for k, v in data.items() if v is not None} if isinstance(data, Mapping) else data


def _lines(value: object) -> str:
    """A text whose lines are kept; spaces within a line are one each."""
    if isinstance(value, list | tuple):
        value = "\n".join(_line(one) for one in value)
    if not isinstance(value, str):
        return filled_text(value)
    lines = [_line(line) for line in value.strip().splitlines()]
    filled_text(" ".join(lines))
    return "\n".join(lines)


def _line(value: object) -> str:
    return filled_text(value) if str(value).strip() else ""


Lines = Annotated[
    str, BeforeValidator(_lines), PlainSerializer(str, return_type=str), WithJsonSchema({"type": "string"})
]


class Card(Part):
    """A card: a text on black, which is a part of the film by itself."""

    text: Lines = Field(description="Its text. The first line is the large one.")
    seconds: Seconds | None = Field(
        default=None,
        description="Seconds for which it is seen, counted from the middle of a "
        "transition into it to that of one out of it. Empty: 3.",
    )
    transition: TransitionField | None = Field(
        default=None, description="How what stands before it becomes it, such as crossfade 0.5. Empty: the film's."
    )

    @property
    def lasts(self) -> Fraction:
        """Its seconds."""
        return CARD_SECONDS if self.seconds is None else self.seconds


class LowerThird(Part):
    """A text at the foot of a scene's picture for a while, such as a name."""

    # `from` is a word of Python's: the field has it as its alias, in files, in forms and in what is written.
    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    text: Lines = Field(description="One or two lines: the first is the larger one.")
    from_: Moment | None = Field(
        default=None, alias="from", description="Seconds of the scene at which it comes. Empty: 0.5."
    )
    seconds: Seconds | None = Field(
        default=None, description="Seconds for which it is seen. Empty: 4, or what the scene has left."
    )

    @model_validator(mode="after")
    def _is_short(self) -> LowerThird:
        lines = len([line for line in self.text.splitlines() if line])
        if lines > LOWER_THIRD_LINES:
            hint = "write two lines at most, or make it a card, which is seen before the scene"
            raise refused(f"a lower third has one or two lines, and this one has {lines}", hint)
        return self


class Credit(Part):
    """A line of the credits: a name, and the role beside it; an empty line where both are empty."""

    role: Text = Field(default="", description="What they did, such as Music.")
    name: Text = Field(default="", description="Who did it; or, without a role, the whole line.")


def _credit(value: object) -> object:
    if isinstance(value, Mapping | BaseModel):
        return value
    if isinstance(value, list | tuple):
        raise refused(f"expected a line, found {kind_of(value)}", CREDITS_REMEDY)
    return {"name": "" if value is None else value}


def _credit_lines(value: object) -> object:
    """A text of several lines is a list of them."""
    return tuple(value.strip().splitlines()) if isinstance(value, str) else value


class Credits(Part):
    """The credits after the last scene."""

    lines: Annotated[
        tuple[Annotated[Credit, BeforeValidator(_credit)], ...],
        BeforeValidator(_credit_lines),
        Field(min_length=1, max_length=MOST_LINES),
    ] = Field(description="Their lines, in order: each a text, or a role and a name.")
    roll: Flag = Field(default=False, description="They roll upwards, instead of standing as pages.")
    seconds: Seconds | None = Field(
        default=None, description="Seconds that they last. Empty: 2, and 0.6 for each line."
    )
    transition: TransitionField | None = Field(
        default=None, description="How what stands before them becomes them. Empty: the film's."
    )

    @model_validator(mode="after")
    def _has_something(self) -> Credits:
        if not any(line.role or line.name for line in self.lines):
            raise refused("has no line with anything in it", CREDITS_REMEDY)
        if self.roll and len(self.lines) > MOST_ROLLED:
            told = f"{len(self.lines)} lines are more than {MOST_ROLLED}, which is the most that can roll"
            raise refused(told, "leave roll out: then they stand as pages")
        return self

    @property
    def lasts(self) -> Fraction:
        """Their seconds."""
        return FIRST_SECONDS + LINE_SECONDS * len(self.lines) if self.seconds is None else self.seconds

    @property
    def rows(self) -> tuple[tuple[str, str], ...]:
        """Role and name of each line."""
        return tuple((line.role, line.name) for line in self.lines)


def _card(value: object) -> object:
    """A text alone is a card of it; a mapping without anything in it is none."""
    if isinstance(value, str | int) and not isinstance(value, bool):
        return {"text": value} if str(value).strip() else None
    if isinstance(value, list | tuple):
        return {"text": value}
    if isinstance(value, Mapping):
        return value if any(one not in (None, "") for one in value.values()) else None
    if value is None or isinstance(value, BaseModel):
        return value
    raise refused(f"expected a text, found {kind_of(value)}", CARD_REMEDY)


def _credits(value: object) -> object:
    if isinstance(value, str):
        return {"lines": value} if value.strip() else None
    if isinstance(value, list | tuple):
        return {"lines": value} if value else None
    if isinstance(value, Mapping) and not any(value.values()):
        return None  # as the form sends it
    return value if value else None


CardField = Annotated[Card | None, BeforeValidator(_card)]
LowerThirdField = Annotated[LowerThird | None, BeforeValidator(_card)]
CreditsField = Annotated[Credits | None, BeforeValidator(_credits)]


class Titles(Part):
    """The titles of the whole film, and the font of all titles."""

    font: References = Field(
        default=(),
        description="The file of a font (.ttf, .otf), by a path relative to this file; or several: each letter is set "
        "in the first that has it. Empty: a plain one for English; "
        "for other letters, fonts of this machine.",
    )
    opening: CardField = Field(default=None, description="A card before the first scene, such as the film's title.")
    closing: CardField = Field(default=None, description="A card after the last scene, such as The End.")
    credits: CreditsField = Field(
        default=None, description="Credits at the end: a list of lines, each a text or {role, name}."
    )


def part_at(loc: tuple[str | int, ...]) -> type[BaseModel] | None:
    """The part of a title whose field a place of a production is; None where it is none of a title's."""
    of_film: dict[str, type[BaseModel]] = {"opening": Card, "closing": Card, "credits": Credits}
    match loc:
        case ("film", "titles", "credits", "lines", int(), _, *_):
            return Credit
        case ("film", "titles", str(field), _, *_) if field in of_film:
            return of_film[field]
        case ("film", "titles", _, *_):
            return Titles
        case ("scenes", int(), "card", _, *_):
            return Card
        case ("scenes", int(), "lower_third", _, *_):
            return LowerThird
    return None
