"""The mood of a prompt: place, light, weather, and the people and things in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from luma_sandbox.picture import reading
from luma_sandbox.picture.named import Named
from luma_sandbox.picture.noise import chance, of_take
from luma_sandbox.picture.things import DRAWINGS
from luma_sandbox.picture.vocabulary import (
    LIGHTS,
    PLACES,
    PLAIN_PLACE,
    RGB,
    SHOWN,
    SKY,
    SUGGESTED,
    WEATHERS,
    base,
    singular,
)  # fmt: skip

INDOORS = ("room", "space", PLAIN_PLACE)
_SKY = frozenset(SKY.split())
OPEN = "meadow"  # painted where a prompt names the sky or a weather, and no place


@dataclass(frozen=True)
class Palette:
    """The colours of a light, from the top of the sky to the nearest silhouette."""

    top: RGB
    middle: RGB
    horizon: RGB
    sun: RGB
    far: RGB
    near: RGB
    accent: RGB


PALETTES: dict[str, Palette] = {
    "dawn": Palette(
        (62, 78, 128), (201, 140, 162), (255, 214, 166), (255, 243, 214), (160, 140, 176), (38, 34, 62), (255, 164, 122)
    ),
    "day": Palette(
        (52, 120, 186), (138, 192, 224), (236, 242, 228), (255, 251, 232), (146, 178, 192), (28, 62, 62), (242, 188, 84)
    ),
    "dusk": Palette(
        (42, 34, 82), (178, 70, 112), (255, 182, 96), (255, 228, 168), (124, 76, 118), (26, 18, 42), (255, 130, 84)
    ),
    "night": Palette(
        (6, 11, 28), (16, 36, 72), (50, 84, 128), (232, 238, 255), (32, 54, 88), (5, 9, 20), (255, 200, 120)
    ),
    "storm": Palette(
        (44, 52, 62), (92, 104, 112), (176, 182, 180), (224, 226, 220), (112, 124, 130), (24, 30, 36), (222, 176, 92)
    ),
    "neon": Palette(
        (8, 6, 26), (38, 16, 74), (126, 34, 128), (255, 128, 220), (44, 26, 84), (6, 5, 16), (40, 224, 255)
    ),
}


@dataclass(frozen=True)
class Mood:
    """The painter's view of a prompt.

    cast:   the people and things that are drawn
    left:   what the prompt names and the picture does not show, in the prompt's words
    ground: the colour of the background that the prompt asks for, or None
    named:  whether the prompt itself tells the place
    seed:   the seed of the painter's chance; the same take of the same prompt is the same picture in every size
    """

    place: str
    light: str
    weather: str
    cast: tuple[Named, ...]
    left: tuple[str, ...]
    ground: RGB | None
    named: bool
    words: frozenset[str]
    palette: Palette
    seed: tuple[str, ...]


def read(prompt: str, take: int = 1, before: tuple[str, ...] = ()) -> Mood:
    """Read the mood of a prompt. What it leaves open is as in the prompts ``before``, of the clips that it continues,
    or is decided by a generator seeded with it, alike in all takes."""
    told = reading.read(prompt, before)
    words = _words(prompt)
    plain = [word for word in words if word not in told.spent]
    rng = chance("mood", prompt)
    place = _first(plain, PLACES, SHOWN, forms=singular) if told.ground is None else PLAIN_PLACE
    named = place is not None
    place = place or _earlier(before) or _first(plain, SUGGESTED, forms=singular) or _home(told.things)
    sees = _SKY.intersection(form for word in told.settings for form in singular(word))
    place = place or (OPEN if sees or _first(plain, WEATHERS) else PLAIN_PLACE)
    weather = _first(plain, WEATHERS) or _before(before, WEATHERS) or "clear"
    light = _first(plain, LIGHTS) or _before(before, LIGHTS)
    if light is None and weather in ("rain", "fog") and place != "forest":
        light = "storm"
    if light is None:
        light = {"room": "dusk", "city": "dusk", "space": "night", "forest": "dawn", "desert": "dusk"}.get(place)
        light = light or ("dawn", "day", "dusk")[int(rng.integers(3))]
    if light == "storm" and set(words) & {"night", "midnight", "dark"}:
        light = "night"
    left = (*(word for word in told.settings if not _seen(word, place, light, weather)), *told.unknown)
    return Mood(
        place=place,
        light=light,
        weather=weather,
        cast=told.things,
        left=tuple(word.replace("_", " ") for word in left),
        ground=told.ground,
        named=named,
        words=frozenset(words),
        palette=_tinted(PALETTES[light], rng.random()),
        seed=(prompt, *of_take(take)),
    )


def _words(prompt: str) -> list[str]:
    return re.findall(r"[a-zà-ÿ]+", re.sub(r"\bbars? of\b", "", prompt.lower()))  # "a bar of soap" is no room


def _before(prompts: tuple[str, ...], table: dict[str, str]) -> str | None:
    """The entry that the last of some prompts names."""
    return next((found for text in reversed(prompts) if (found := _first(_words(text), table))), None)


def _earlier(prompts: tuple[str, ...]) -> str | None:
    """The place that the last of some prompts was painted in; none where that was a backdrop."""
    place = read(prompts[-1], 1, prompts[:-1]).place if prompts else PLAIN_PLACE
    return None if place == PLAIN_PLACE else place


def _home(cast: tuple[Named, ...]) -> str | None:
    """The place where the first of the drawings belongs; a plain one for small things alone."""
    home = next(
        (DRAWINGS[named.drawing].home for named in cast if not named.person and DRAWINGS[named.drawing].home), ""
    )
    small = bool(cast) and all(not named.person and DRAWINGS[named.drawing].spot == "table" for named in cast)
    return PLAIN_PLACE if small else home or None


def _seen(word: str, place: str, light: str, weather: str) -> bool:
    """True if a picture shows the setting that a word names."""
    outside = place not in INDOORS
    forms = frozenset(base(word))
    if forms & _SKY:
        dark = light in ("night", "neon")
        by_light = {"sun": not dark and light != "storm", "sunlight": not dark, "sunshine": not dark}
        by_light |= dict.fromkeys(("moon", "star", "moonlight", "starlight"), dark)
        return (outside or place == "space") and all(by_light.get(form, True) for form in forms)
    row = next((row for row, words in WEATHERS.items() if word in words.split()), None)
    if row is not None:
        return row == weather and (outside or (place == "room" and row != "fog"))
    if any(word in words.split() for words in LIGHTS.values()):
        return True
    return not forms.isdisjoint(SHOWN.get(place, "").split())


def mix(one: RGB, other: RGB, share: float) -> RGB:
    """Mix two colours: ``share`` 0 is the one, 1 the other."""
    r, g, b = (round(a + (c - a) * share) for a, c in zip(one, other, strict=True))
    return r, g, b


def _first(
    words: list[str], table: dict[str, str], shown: dict[str, str] | None = None, *,
    forms: Callable[[str], list[str]] = base,
) -> str | None:  # fmt: skip
    """The entry with the most words in the prompt, those that it shows counted twice; of equal ones the one that comes
    first in the text."""
    votes: dict[str, tuple[int, int]] = {}
    known_as = {word: frozenset(forms(word)) for word in words}
    for name, known in table.items():
        row = frozenset(known.split())
        places = [index for index, word in enumerate(words) if row & known_as[word]]
        if places:
            doubled = frozenset(shown.get(name, "").split()) if shown else frozenset()
            found = {words[index] for index in places}
            votes[name] = (len(found) + sum(1 for word in found if doubled & known_as[word]), -places[0])
    return max(votes, key=lambda name: votes[name]) if votes else None


def _tinted(palette: Palette, turn: float) -> Palette:
    """The palette, a little warmer or colder."""
    tint: RGB = (255, 186, 150) if turn > 0.5 else (130, 180, 255)
    share = abs(turn - 0.5) * 0.16
    top, middle, horizon = (
        mix(colour, tint, share * weight)
        for colour, weight in ((palette.top, 0.6), (palette.middle, 1.0), (palette.horizon, 0.8))
    )
    return Palette(top, middle, horizon, palette.sun, palette.far, palette.near, palette.accent)
