"""The mood of a prompt: place, light, weather, and people."""

from __future__ import annotations

import re
from dataclasses import dataclass

from luma_sandbox.picture.noise import chance, of_take

RGB = tuple[int, int, int]

PLACES: dict[str, str] = {
    "room": "coffee cafe café shop kitchen room office bar diner table desk library restaurant bakery barista counter "
    "interior bedroom window windowsill cup mug sofa lamp workshop studio indoors booth",
    "city": "city street neon tokyo alley skyline urban downtown building buildings rooftop rooftops traffic subway "
    "market york london paris metropolis skyscraper skyscrapers taxi sidewalk crosswalk cyberpunk station",
    "forest": "forest woods jungle trees redwood grove woodland pines ferns moss bamboo canopy deer",
    "sea": "sea ocean beach coast waves wave harbor harbour boat ship sail sailing island lake river lighthouse pier "
    "shore water whale fisherman cliffside bay lagoon ferry",
    "desert": "desert dune dunes sahara canyon mars sand camel caravan oasis wasteland",
    "space": "space galaxy planet planets starship spaceship astronaut nebula cosmos comet asteroid spacecraft "
    "moonbase saturn interstellar orbital",
    "mountains": "mountain mountains snow alps valley cliff cliffs peak peaks glacier ridge summit himalaya climber "
    "hiker snowy fjord waterfall",
    "meadow": "field fields meadow tree farm road village countryside grass train garden flower flowers hill hills "
    "horse wheat barn windmill balloon path orchard cottage",
}
LIGHTS: dict[str, str] = {
    "neon": "neon cyberpunk",
    "night": "night midnight moonlight moonlit moon stars starry nocturnal dark darkness",
    "dawn": "dawn sunrise morning early daybreak",
    "dusk": "dusk sunset golden evening twilight sundown warm candlelight",
    "storm": "storm stormy grey gray overcast noir gloomy thunder bleak",
    "day": "day noon sunny bright blue daylight afternoon summer spring",
}
WEATHERS: dict[str, str] = {
    "rain": "rain rainy raining storm stormy wet drizzle downpour",
    "snow": "snow snowy snowing blizzard winter",
    "fog": "fog foggy mist misty haze hazy steam smoke",
}
PEOPLE = (
    "woman man girl boy person detective traveler traveller hiker climber she he her his him character child barista "
    "astronaut figure musician dancer fisherman farmer hero heroine stranger lady gentleman cyclist runner writer "
    "artist photographer wanderer rider kid someone courier samurai knight maya"
)
COMPANY = "couple friends two they family crowd people strangers lovers"


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

    people: how many silhouettes stand in the picture, 0 to 2
    seed:   the seed of the painter's chance; the same take of the same prompt is the same picture in every size
    """

    place: str
    light: str
    weather: str
    people: int
    words: frozenset[str]
    palette: Palette
    seed: tuple[str, ...]


def read(prompt: str, take: int = 1) -> Mood:
    """Read the mood of a prompt. What it leaves open is decided by a generator seeded with it, alike in all takes."""
    words = re.findall(r"[a-zà-ÿ]+", prompt.lower())
    rng = chance("mood", prompt)
    place = _first(words, PLACES) or ("mountains", "meadow", "sea", "city")[int(rng.integers(4))]
    weather = _first(words, WEATHERS) or "clear"
    light = _first(words, LIGHTS)
    if light is None and weather in ("rain", "fog") and place != "forest":
        light = "storm"
    if light is None:
        light = {"room": "dusk", "city": "dusk", "space": "night", "forest": "dawn", "desert": "dusk"}.get(place)
        light = light or ("dawn", "day", "dusk")[int(rng.integers(3))]
    if light == "storm" and set(words) & {"night", "midnight", "dark"}:
        light = "night"
    pair = set(words) & set(COMPANY.split()) or (set(words) & {"man", "boy"} and set(words) & {"woman", "girl"})
    seed = (prompt, *of_take(take))
    people = 2 if pair else 1 if set(words) & set(PEOPLE.split()) else 0
    return Mood(place, light, weather, people, frozenset(words), _tinted(PALETTES[light], rng.random()), seed)


def mix(one: RGB, other: RGB, share: float) -> RGB:
    """Mix two colours: ``share`` 0 is the one, 1 the other."""
    r, g, b = (round(a + (c - a) * share) for a, c in zip(one, other, strict=True))
    return r, g, b


def _first(words: list[str], table: dict[str, str]) -> str | None:
    """The entry with the most words in the prompt; of equal ones the one that comes first in the text."""
    votes: dict[str, tuple[int, int]] = {}
    for name, known in table.items():
        places = [index for index, word in enumerate(words) if word in known.split()]
        if places:
            votes[name] = (len(set(words) & set(known.split())), -places[0])
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
