"""The types of a production's fields: the values that each accepts, how it is dumped, its look in a form.

A validator refuses a value by ``refused(message, hint)``, so that every error can say what to write instead.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from studio.production.invisible import code_point, is_invisible
from studio.production.paths import bad_file_url, is_file_url
from studio.production.slugs import RESERVED, slugify
from studio.providers.registry import video_models

if TYPE_CHECKING:
    Model = str
else:
    Model = Literal[tuple(video_models())]  # those of every service that is installed
Resolution = Literal["360p", "540p", "720p", "1080p", "4k"]
AspectRatio = Literal["16:9", "9:16", "4:3", "3:4", "1:1", "21:9", "9:21"]
Strength = Literal[
    "adhere_1", "adhere_2", "adhere_3", "flex_1", "flex_2", "flex_3", "reimagine_1", "reimagine_2", "reimagine_3"
]

Lengths = Literal["cheapest", "longest"]
Join = Literal["frame", "whole", "generation"]
Colors = Literal["keep", "match"]

SHORTEST, LONGEST = Fraction(1, 24), Fraction(600)
LONGEST_FILM = Fraction(86_400)
MOST_MONEY = Decimal(1_000_000)
PROMPT_MIN, PROMPT_MAX = 3, 5000
AUTO: Literal["auto"] = "auto"  # in place of a scene's seconds: as long as its narration
SECONDS_OR_AUTO: dict[str, Any] = {
    "anyOf": [
        {"type": "number", "title": "seconds", "minimum": 0, "maximum": 600},
        {"type": "string", "title": "auto", "enum": [AUTO]},
        {"type": "null"},
    ]
}
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_PROJECT = re.compile(r"[a-z0-9][a-z0-9-]{0,63}(~[0-9a-f]{8})?")  # every name that a budget may have without it, too
_GENERATION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
GENERATION_PREFIX = "generation:"  # before ids that are no UUIDs
_UUID = re.compile(r"(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def refused(message: str, hint: str = "") -> PydanticCustomError:
    """The error for a validator to raise: the message for the user, and what to do next."""
    return PydanticCustomError("refused", "{message}{arrow}{hint}", _context(message, hint))


def _context(message: str, hint: str) -> dict[str, Any]:
    return {"message": message, "hint": hint, "arrow": " → " if hint else ""}


def kind_of(value: object) -> str:
    """A value's kind in the user's words."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float | Decimal):
        return "a number"
    if isinstance(value, str):
        return "text"
    if isinstance(value, list | tuple):
        return "a list"
    return "a mapping" if isinstance(value, dict) else f"a {type(value).__name__}"


def shown(value: object) -> str:
    """A value as an error quotes it: short, in one line, and without the query of a URL, which may be a signature.

    An invisible character is shown by its code point.
    """
    if not isinstance(value, str):
        return str(value) if isinstance(value, bool | int | float) and abs(value) < 1e15 else kind_of(value)
    text = re.sub(r"(https?://[^\s?#]*)[?#]\S*", r"\1?…", value)
    text = re.sub(r"(https?://)[^/\s@]*@", r"\1…@", text)
    text = " ".join(re.split(r"[ \t\r\n\f\v]+", text.strip(" \t\r\n\f\v")))
    text = "".join(c if c.isprintable() else f"<{code_point(c)}>" for c in text)
    return f"'{text[:57]}…'" if len(text) > 60 else f"'{text}'"


def is_url(reference: str) -> bool:
    """True if a reference is a URL, of any scheme, rather than an asset id or a path."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", reference) is not None


def is_path(reference: str) -> bool:
    """True if a reference is a file's path: it has a dot or a slash, which no id can have."""
    return not is_url(reference) and any(mark in reference for mark in "./\\")


def generation_in(reference: str | None) -> str:
    """The id of the generation that a reference names: a UUID, or what stands behind ``generation:``, neither of which
    a scene can be named; empty where it names none."""
    said = reference or ""
    named = said.removeprefix(GENERATION_PREFIX)
    return named if _UUID.fullmatch(said) or (named != said and _GENERATION.fullmatch(named)) else ""


def counted(number: object, thing: str) -> str:
    """Format a number of things: ``1 character``, ``299 characters``."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def bad_url(url: str) -> str | None:
    """The fault of an asset's URL, or None."""
    if is_file_url(url):
        return f"{shown(url)} {bad_file_url(url)[0]}"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return f"{shown(url)} is not a URL"
    if parts.scheme not in ("http", "https"):
        return f"no service reads a {parts.scheme}:// URL"
    if not host or any(c.isspace() or ord(c) < 32 for c in url):
        return f"{shown(url)} is not a URL"
    if parts.username or parts.password:
        return f"{shown(url)} has a user name or password in it"
    return None


def _text(value: object) -> object:
    return " ".join(_printed(value).split())


def _reference(value: object) -> object:
    """Reduce white space within a text to single spaces, except in a path or a URL."""
    text = _printed(value)
    bare = text.strip(" \t\r\n")
    return re.sub(r"[ \t]*[\r\n]+[ \t]*", " ", bare) if is_path(bare) or is_url(bare) else " ".join(text.split())


def url_hint(url: str) -> str:
    """The remedy for a URL that cannot be used."""
    return bad_file_url(url)[1] if is_file_url(url) else "give a public http or https address"


def _printed(value: object) -> str:
    said = getattr(value, "said", "")  # text that YAML reads as something else
    if said:
        raise refused(f"{shown(value)} without quotes is {said}, and a text is needed", f'put it in quotes: "{value}"')
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**15:
        return str(value)  # `"id": 1` and `"title": 1984` in JSON are meant as text
    if not isinstance(value, str):
        hint = "put it in quotes" if isinstance(value, bool | int | float) else "write it out" if value is None else ""
        raise refused(f"expected text, found {kind_of(value)}", hint)
    bad = next((c for c in value if unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\r\t"), None)
    if bad is not None:
        raise refused(f"has a character that cannot be printed, U+{ord(bad):04X}", "remove it")
    return value


def _id(value: str) -> str:
    if not _ID.fullmatch(value):
        plain = "".join(c for c in unicodedata.normalize("NFKD", value) if not unicodedata.combining(c))
        near = re.sub(r"[^A-Za-z0-9_-]+", "-", plain).strip("-_")[:64]
        also = f", for example {shown(near)}" if near else ""
        raise refused(f"{shown(value)} is not a safe id", f"use letters, digits, - and _, at most 64{also}")
    if RESERVED.fullmatch(value):
        raise refused(f"{shown(value)} is not a safe id", "Windows keeps that name for a device; choose another")
    return value


def _slug(value: str) -> str:
    if value and (not _SLUG.fullmatch(value) or RESERVED.fullmatch(value)):
        hint = f"use a-z, 0-9 and -, at most 64, for example '{slugify(value)}'"
        raise refused(f"{shown(value)} is not a safe folder name", hint)
    return value


def _project(value: str) -> str:
    if value and not _PROJECT.fullmatch(value):
        hint = f"use a-z, 0-9 and -, at most 64, for example '{slugify(value)}'"
        raise refused(f"{shown(value)} is no name of a project", hint)
    return value


def _generation(value: str) -> str:
    if not _GENERATION.fullmatch(value):
        raise refused(
            f"{shown(value)} is not a generation's id",
            "copy it from the report or manifest.json; at most 128 letters, digits, - and _",
        )
    return value


def _filled(value: str) -> str:
    if not value:
        raise refused("is empty", "write something, or remove the field")
    if all(c == " " or is_invisible(c) for c in value):
        raise refused(f"{shown(value)} has nothing in it that is seen", "write something, or remove the field")
    return value


def filled_text(value: object) -> str:
    """A text with something in it. Raises the error for a validator to raise."""
    return _filled(str(_text(value)))


def number(value: object, what: str) -> float:
    """A finite number, from a number or from text that is one."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | Fraction | str):
        raise refused(f"expected {what}, found {kind_of(value)}", "write a plain number")
    try:
        found = float(value)
    except (ValueError, OverflowError):
        raise refused(f"expected {what}, found {shown(value)}", "write a plain number") from None
    if not math.isfinite(found):
        raise refused(
            f"expected {what}, found {shown(value) if isinstance(value, str) else found}", "write a plain number"
        )
    return found


def _seconds_between(least: Fraction, most: Fraction, span: str, hint: str) -> Callable[[object], Fraction]:
    """Seconds between two bounds, inclusive, exactly as written; the unit may stand behind the number."""

    def checked(value: object) -> Fraction:
        if isinstance(value, Fraction) and least <= value <= most:
            return value
        plain = value
        if isinstance(value, str):
            plain = re.sub(r"\s*(s|sec|secs|second|seconds)$", "", value.strip().lower())
        found = number(plain, "seconds")
        if not least <= found <= most:
            raise refused(f"{found:g} seconds is not between {span}", hint)
        return Fraction(repr(found))

    return checked


_checked_seconds = _seconds_between(SHORTEST, LONGEST, "one frame and 10 minutes", "write for example 5 or 7.5")


def _seconds_or_auto(value: object) -> object:
    """Seconds, or ``auto``; checked here, so that an error names no part of a union."""
    is_auto = isinstance(value, str) and value.strip().lower() == AUTO
    return AUTO if is_auto else value if value is None else _checked_seconds(value)


def _share(least: float, most: float, what: str) -> BeforeValidator:
    """A number between two bounds, inclusive."""

    def checked(value: object) -> float:
        found = number(value, what)
        if not least <= found <= most:
            raise refused(f"{found:g} is not between {least:g} and {most:g}", f"write {what}")
        return found

    return BeforeValidator(checked)


def _control(value: object) -> object:
    """Convert a control: words for true and false become booleans, all else stays."""
    words = {"yes": True, "on": True, "true": True, "no": False, "off": False, "false": False}
    return words.get(value.strip().lower(), value.strip().lower()) if isinstance(value, str) else value


def _pose(value: object) -> object:
    found = _control(value)
    if isinstance(found, bool) or found in ("precise", "coarse"):
        return found
    raise refused(f"{shown(value)} is no control of a pose", "write precise, coarse, true or false")


def _amount(value: object) -> object:
    found = _control(value)
    if isinstance(found, bool):
        return found
    amount = number(found, "true, false or a number from 0 to 1")
    if not 0 <= amount <= 1:
        raise refused(f"{amount:g} is not between 0 and 1", "write true, false or a number from 0 to 1")
    return amount


def _money(value: object) -> Decimal:
    plain = re.sub(r"^\$\s*|\s*(usd|\$)$", "", value.strip().lower()) if isinstance(value, str) else value
    found = number(plain, "an amount of US dollars")
    try:
        exact = plain if isinstance(plain, Decimal) else Decimal(plain if isinstance(plain, str) else repr(found))
    except InvalidOperation:
        raise refused(f"expected an amount of US dollars, found {shown(value)}") from None
    if exact < 0 or exact > MOST_MONEY:
        raise refused(f"{found:g} is not between 0 and {MOST_MONEY:,} US dollars", "0 means that nothing may be bought")
    cents = exact.quantize(Decimal("0.01"))
    if cents != exact:
        raise refused(f"{shown(value)} has more than two decimals", f"write {cents}")
    return cents


def _whole(value: object) -> object:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise refused(f"expected a whole number, found {shown(value)}")
    if isinstance(value, int | float) and not abs(value) < 1e15:
        raise refused("is too large", "write less than 1,000,000,000,000,000")
    return value


def _flag(value: object) -> object:
    words = {"yes": True, "on": True, "true": True, "no": False, "off": False, "false": False}
    found = words.get(value.strip().lower()) if isinstance(value, str) else value
    if not isinstance(found, bool):
        raise refused(f"expected true or false, found {shown(value)}")
    return found


def _several(value: object) -> object:
    """Accept a single text where a list of texts is wanted."""
    if isinstance(value, str):
        return (value,) if value.strip() else ()
    return () if value is None else value


def _choice(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


def _schema(kind: str, *, least: float | None = None, most: float | None = None) -> WithJsonSchema:
    bounds = {"minimum": least, "maximum": most}
    return WithJsonSchema({"type": kind, **{k: v for k, v in bounds.items() if v is not None}})


Text = Annotated[str, BeforeValidator(_text)]
Filled = Annotated[Text, AfterValidator(_filled)]
Reference = Annotated[str, BeforeValidator(_reference)]
FilledReference = Annotated[Reference, AfterValidator(_filled)]
References = Annotated[tuple[FilledReference, ...], BeforeValidator(_several)]
Title = Annotated[Filled, Field(max_length=200)]
Id = Annotated[Text, AfterValidator(_id)]
Slug = Annotated[Text, AfterValidator(_slug)]
Project = Annotated[Text, AfterValidator(_project)]
GenerationId = Annotated[Text, AfterValidator(_generation)]
Texts = Annotated[tuple[Filled, ...], BeforeValidator(_several)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Whole = Annotated[int, BeforeValidator(_whole)]
Choice = BeforeValidator(_choice)
Seconds = Annotated[
    Fraction,
    BeforeValidator(_checked_seconds),
    PlainSerializer(float, return_type=float, when_used="json"),
    _schema("number", least=0, most=float(LONGEST)),
]
SceneSeconds = Annotated[Seconds | Literal["auto"], BeforeValidator(_seconds_or_auto), WithJsonSchema(SECONDS_OR_AUTO)]
FilmSeconds = Annotated[
    Fraction,
    BeforeValidator(
        _seconds_between(SHORTEST, LONGEST_FILM, "one frame and a day", "write the film's seconds, such as 45")
    ),
    PlainSerializer(float, return_type=float, when_used="json"),
    _schema("number", least=0, most=float(LONGEST_FILM)),
]
Moment = Annotated[
    Fraction,
    BeforeValidator(_seconds_between(Fraction(0), LONGEST, "0 and 10 minutes", "write for example 0 or 2.5")),
    PlainSerializer(float, return_type=float, when_used="json"),
    _schema("number", least=0, most=float(LONGEST)),
]
Left = Annotated[float, _share(-2, 2, "a share of the frame's width or height, from -2 to 2")]
Across = Annotated[float, _share(0.01, 2, "a share of the frame's width or height, from 0.01 to 2")]
Pose = Annotated[
    Literal["precise", "coarse"] | bool,
    BeforeValidator(_pose),
    WithJsonSchema({"type": "string", "enum": ["precise", "coarse", "true", "false"]}),
]
# A form shows it as text, since no field of a form can be a number or true or false.
Amount = Annotated[bool | float, BeforeValidator(_amount), WithJsonSchema({"type": "string"})]
Dollars = Annotated[
    Decimal,
    BeforeValidator(_money),
    PlainSerializer(float, return_type=float, when_used="json"),
    _schema("number", least=0, most=float(MOST_MONEY)),
]
