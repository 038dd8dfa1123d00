"""The people and things of a prompt in the picture: where each stands, in which colours, and how it moves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageDraw

from luma_sandbox.picture import people, vocabulary
from luma_sandbox.picture.easel import FINE, Easel
from luma_sandbox.picture.going import action_of, travelled
from luma_sandbox.picture.layer import EDGE, Layer
from luma_sandbox.picture.mood import mix
from luma_sandbox.picture.named import Named
from luma_sandbox.picture.planes import Picture
from luma_sandbox.picture.prop import GLOWS, PAINTS, Part
from luma_sandbox.picture.things import DRAWINGS
from luma_sandbox.picture.vocabulary import RGB

# Where what stands has its feet, and the height of a grown person, by place.
STAND: dict[str, tuple[float, float]] = {
    "room": (0.9, 0.6), "city": (0.91, 0.46), "sea": (0.86, 0.44), "forest": (0.88, 0.46), "desert": (0.86, 0.42),
    "mountains": (0.88, 0.42), "meadow": (0.85, 0.42), "space": (0.93, 0.42), "studio": (0.8, 0.52),
}  # fmt: skip
BEHIND: dict[str, tuple[float, float]] = {
    "room": (0.9, 0.5), "city": (0.89, 0.36), "sea": (0.58, 0.17), "forest": (0.84, 0.32), "desert": (0.78, 0.24),
    "mountains": (0.86, 0.3), "meadow": (0.8, 0.26), "space": (0.95, 0.36), "studio": (0.82, 0.4),
}  # fmt: skip
TABLE = 0.78  # where a table's edge is when something lies on it
AT_TABLE = 0.82
BEHIND_TABLE = (1.16, 0.8)
NARROW = 0.6  # of the canvas: drawings that cover less of its width are a layer by themselves
FULL = ("forest",)  # places whose layers fill the picture anyway
UPRIGHT = 1.4  # people are larger against the shorter side of an upright picture
EDGES = (0.06, 0.94)  # of the picture: who goes stays between them, if that can be
ALONE = 0.46  # the height of a small thing that fills a picture of its own
# Drawings that the place's own painter makes, if the prompt gives them no colour.
OWN: dict[str, frozenset[str]] = {
    "room": frozenset(("window", "table")), "forest": frozenset(("tree", "pine")), "mountains": frozenset(("pine",)),
    "sea": frozenset(("lighthouse",)), "meadow": frozenset(("tree",)), "city": frozenset(("streetlamp",)),
}  # fmt: skip
SHADE = {"day": 0.1, "dawn": 0.24, "dusk": 0.3, "storm": 0.26, "night": 0.5, "neon": 0.36}
# How large a thing is in somebody's hand, how high its foot and how far aside, in the holder's height.
GRIPS: dict[str, tuple[float, float, float]] = {
    "umbrella": (0.72, 0.46, 0.16), "guitar": (0.62, 0.3, 0.05), "sword": (0.62, 0.42, 0.16), "flag": (0.9, 0.3, 0.16),
    "suitcase": (0.26, 0.2, 0.17), "bag": (0.26, 0.22, 0.17), "lantern": (0.22, 0.26, 0.18), "kite": (0.4, 0.7, 0.3),
    "book": (0.15, 0.5, 0.06), "laptop": (0.2, 0.48, 0.06),
}  # fmt: skip
DECKS = {"bridge": 0.86, "pier": 0.5}  # where one stands on them, in their height


@dataclass(frozen=True)
class Placed:
    """A drawing at its place: its foot in frame units, its height in units, and 1 or -1 for the way it looks."""

    named: Named
    x: float
    y: float
    height: float
    way: int = 1
    number: int = 0
    far: bool = False


def on_table(easel: Easel) -> bool:
    """True if something lies on a table in the foreground."""
    return any(_spot(easel, named) == "table" for named in easel.mood.cast)


def needs_ground(easel: Easel) -> bool:
    """True if somebody or something stands in front."""
    return any(_spot(easel, named) in ("ground", "flat") for named in easel.mood.cast)


def shown(easel: Easel, drawing: str) -> bool:
    """True if the place's own painter is to make a drawing that the prompt names."""
    return any(named.drawing == drawing and _own(easel.mood.place, named) for named in easel.mood.cast)


def layers(easel: Easel, *, loop: bool = False) -> tuple[list[Layer], list[Layer]]:
    """The cast as layers: what stands in the scene, and what lies on the table in front of it. In a loop nothing goes
    away that would not return."""
    placed = _placed(easel)
    back = [item for item in placed if item.far]
    front = [item for item in placed if not item.far and _spot(easel, item.named) != "table"]
    table = [item for item in placed if _spot(easel, item.named) == "table"]
    found: list[Layer] = []
    for items, depth in ((back, 0.55), (front, 0.95)):
        held = [item for item in items if not action_of(item.named)]
        if held:
            found.append(_layer(easel, held, depth))
        found += [_moving(easel, item, depth, loop=loop) for item in items if action_of(item.named)]
    return found, [_layer(easel, table, 1.2)] if table else []


def _own(place: str, named: Named) -> bool:
    return named.drawing in OWN.get(place, ()) and named.colour is None


def _spot(easel: Easel, named: Named) -> str:
    """The position of a drawing in this place."""
    place = easel.mood.place
    if _own(place, named):
        return "own"
    if named.person:
        return "ground"
    spot = DRAWINGS[named.drawing].spot
    if named.held and any(other.person for other in easel.mood.cast):
        return "held"
    if spot == "table" and place != "room":
        return "ground"
    if spot == "water" and place != "sea":
        return "table" if place == "room" else "ground"
    if spot in ("far", "wall") and place in ("room", "studio"):
        return "wall" if spot == "wall" and place == "room" else "ground"
    return {"wall": "far", "hand": "ground"}.get(spot, spot)


def _placed(easel: Easel) -> list[Placed]:
    """Every drawing at its place."""
    mood = easel.mood
    rng = easel.rng("cast")
    bands: dict[str, list[Named]] = {}
    for named in mood.cast:
        bands.setdefault(_spot(easel, named), []).append(named)
    way = -1 if rng.random() < 0.5 else 1
    if {"left", "right"} & mood.words and not {"left", "right"} <= mood.words:
        way = -1 if "left" in mood.words else 1
    ground, tall = STAND[mood.place]
    if mood.place == "room" and on_table(easel):
        ground, tall = BEHIND_TABLE
    horizon, small = BEHIND[mood.place]
    size = UPRIGHT if easel.size[1] > easel.size[0] else 1.0
    found: list[Placed] = []
    for band, y, scale in (
        ("far", horizon, small), ("flat", ground, tall), ("wall", 0.56, tall * 0.7), ("air", 0.34, tall * 0.75),
            ("water", 0.76, tall * 0.62),
        ("ground", ground, tall), ("table", AT_TABLE, 0.62),
    ):  # fmt: skip
        items = [(named, number) for named in bands.get(band, ()) for number in range(named.count)]
        alone = (
            band == "ground"
            and all(_little(named) for named, _ in items)
            and not set(bands) - {"ground", "own", "held"}
        )
        row = _row(easel, items, y, scale * size, way, alone=alone, spread=0.5 + 0.1 * float(rng.uniform(-1, 1)))
        if band == "air":
            up = easel.unit / easel.size[1]
            row = [
                replace(item, y=max(item.y + 0.06 * float(rng.uniform(-1, 1)), 0.05 + item.height * up)) for item in row
            ]
        found += [replace(item, far=band not in ("ground", "table")) for item in row]
    found = _on_deck(easel, found if {"left", "right"} & mood.words else [_turned(item) for item in found])
    return found + _held(easel, found, bands.get("held", ()))


def _turned(item: Placed) -> Placed:
    """A drawing that would leave the picture on its way, turned round."""
    goes = travelled(item.named)
    leaves = not EDGES[0] < item.x + goes * item.way < EDGES[1]
    return replace(item, way=-item.way) if leaves and EDGES[0] < item.x - goes * item.way < EDGES[1] else item


def _on_deck(easel: Easel, placed: list[Placed]) -> list[Placed]:
    """Put who walks or drives on a bridge or a pier, where the prompt names one, which then goes across the picture."""
    deck = next((item for item in placed if item.named.drawing in DECKS), None)

    def on_it(item: Placed) -> bool:
        return _spot(easel, item.named) == "ground" or item.named.drawing == "train"

    if deck is None or not any(on_it(item) for item in placed):
        return placed
    across, up = easel.unit / easel.size[0], easel.unit / easel.size[1]
    left, right = DRAWINGS[deck.named.drawing].reach
    height = max(deck.height, 1.1 / (across * (right - left)))
    foot = 0.86
    top = foot - height * DECKS[deck.named.drawing] * up
    found = [replace(deck, x=0.5, y=foot, height=height, far=True)]
    for item in placed:
        if item is not deck:
            found.append(replace(item, y=top, height=item.height * 0.8, far=False) if on_it(item) else item)
    return found


def _little(named: Named) -> bool:
    return not named.person and DRAWINGS[named.drawing].spot in ("table", "hand")


def _row(
    easel: Easel, items: Sequence[tuple[Named, int]], y: float, scale: float, way: int, *, alone: bool, spread: float
) -> list[Placed]:  # fmt: skip
    """Drawings side by side, smaller where they would not fit, on the thirds where one is alone."""
    if not items:
        return []
    heights = [_height(named, scale, alone=alone) for named, _ in items]
    reaches = [_reach(named, height) for (named, _), height in zip(items, heights, strict=True)]
    across = easel.unit / easel.size[0]
    gap = 0.05
    wide = sum(left + right for left, right in reaches) + gap * (len(items) - 1)
    fit = min(1.0, 0.86 / (wide * across))
    free = max(0.0, 0.86 - wide * fit * across)
    x = 0.07 + free * (spread if len(items) > 1 else (0.36 if way > 0 else 0.64) if wide * across < 0.5 else 0.5)
    found: list[Placed] = []
    for (named, number), height, (left, right) in zip(items, heights, reaches, strict=True):
        x += left * fit * across
        found.append(Placed(named, x, y + 0.012 * (number % 2), height * fit, way, number))
        x += (right + gap) * fit * across
    return found


def _height(named: Named, scale: float, *, alone: bool) -> float:
    if named.person:
        return scale * (people.CHILD if "child" in named.wears else 1.0)
    prop = DRAWINGS[named.drawing]
    if alone:
        return ALONE * min(1.0, 1.6 / (prop.reach[1] - prop.reach[0]))
    return scale * prop.height


def _reach(named: Named, height: float) -> tuple[float, float]:
    if named.person:
        return 0.2 * height, 0.2 * height
    left, right = DRAWINGS[named.drawing].reach
    wide = max(-left, right) * height  # either way round
    return wide, wide


def _held(easel: Easel, placed: Sequence[Placed], held: Iterable[Named]) -> list[Placed]:
    """Things that somebody holds: the first at one hand, the next at the other."""
    hands: dict[str, int] = {}
    found: list[Placed] = []
    for named in held:
        own = [item for item in placed if named.held in (item.named.word, item.named.rider and item.named.rider.word)]
        holder = next(iter(own or [item for item in placed if item.named.person]), None)
        if holder is None:
            continue
        number = hands.setdefault(holder.named.word, 0)
        hands[holder.named.word] += 1
        prop = DRAWINGS[named.drawing]
        side = holder.way if number % 2 == 0 else -holder.way
        tall, grip, aside = GRIPS.get(named.drawing, (min(0.42, max(0.16, prop.height * 0.62)), 0.46, 0.2))
        height = holder.height * tall
        across, up = easel.unit / easel.size[0], easel.unit / easel.size[1]
        x, y = holder.x + side * aside * holder.height * across, holder.y - grip * holder.height * up
        found.append(Placed(replace(named, action=holder.named.action), x, y, height, holder.way, far=False))
    return found


def _moving(easel: Easel, item: Placed, depth: float, *, loop: bool) -> Layer:
    """A layer that goes its way."""
    sideways, down, high, often = vocabulary.ACTIONS[action_of(item.named)]
    layer = _layer(easel, [item], depth, local=True)
    return replace(
        layer,
        travel=(0.0, 0.0) if loop else (sideways * item.way, down),
        step=(high, max(1, round(often * 5))),
    )


def _layer(easel: Easel, items: Sequence[Placed], depth: float, *, local: bool = False) -> Layer:
    """Drawings painted side by side on one layer; ``local`` holds only the part of the canvas that they cover."""
    region = _region(easel, items)
    size = (region[2] - region[0], region[3] - region[1])
    ink = mix(easel.mood.palette.near, easel.mood.palette.middle, 0.12)
    paint = Image.new("RGB", (size[0] * FINE, size[1] * FINE), ink)
    mask = Image.new("L", paint.size, 0)
    for item in items:
        _Hand(easel, paint, mask, region, item).draw(ink)
    lit = np.linspace(1.06, 0.84, size[1], dtype=np.float32)[:, None, None]
    shaded = np.clip(np.asarray(paint.reduce(FINE), np.float32) * lit, 0, 255).astype(np.uint8)
    small = mask.reduce(FINE)
    # A small part costs a frame less by itself than merged into a layer that is as wide as the picture.
    if local or (size[0] < NARROW * easel.canvas[0] and easel.mood.place not in FULL):
        return Layer(depth, picture=Picture.from_rgb(Image.fromarray(shaded)), mask=small, region=region)
    whole, cover = Image.new("RGB", easel.canvas, ink), Image.new("L", easel.canvas, 0)
    whole.paste(Image.fromarray(shaded), region[:2])
    cover.paste(small, region[:2])
    return Layer(depth, picture=Picture.from_rgb(whole), mask=cover)


def _region(easel: Easel, items: Sequence[Placed]) -> tuple[int, int, int, int]:
    """The even part of the canvas that drawings cover."""
    boxes = []
    for item in items:
        left, right = _reach(item.named, item.height)
        tall = item.height * (1.35 if item.named.rider is None else 2.4)
        x, y = easel.x(item.x), easel.y(item.y)
        boxes.append(
            (
                x - left * 1.15 * easel.unit,
                y - tall * easel.unit,
                x + right * 1.15 * easel.unit,
                y + item.height * 0.45 * easel.unit,
            )
        )
    left, top = (max(0, int(min(box[n] for box in boxes)) - EDGE) // 2 * 2 for n in (0, 1))
    right, bottom = (min(easel.canvas[n - 2], (int(max(box[n] for box in boxes)) + EDGE) // 2 * 2) for n in (2, 3))
    return left, top, max(left + 2, right), max(top + 2, bottom)


class _Hand:
    """A brush for one drawing, at its place on a part of the canvas."""

    def __init__(
        self, easel: Easel, paint: Image.Image, mask: Image.Image, region: tuple[int, int, int, int], item: Placed
    ) -> None:
        self._easel, self._item = easel, item
        self._paint, self._mask = ImageDraw.Draw(paint), ImageDraw.Draw(mask)
        self._step = item.height * easel.unit * FINE
        self._origin = (easel.x(item.x) - region[0]) * FINE, (easel.y(item.y) - region[1]) * FINE

    def draw(self, ink: RGB) -> None:
        """Draw it, with the shadow at its feet and whoever rides it."""
        named = self._item.named
        if named.person:
            self._shadow(0.16, ink)
            self._person(named, 0.0, 0.0, 1.0, self._item.number)
            return
        prop = DRAWINGS[named.drawing]
        paints = _tones(PAINTS | {"a": named.colour or prop.colour})
        if prop.spot in ("ground", "far", "hand") and not named.held:
            self._shadow(min(1.2, (prop.reach[1] - prop.reach[0]) * 0.42), ink)
        self._parts(prop.parts, paints, 0.0, 0.0, 1.0)
        if named.rider is not None and prop.seat is not None:
            x, y, tall = prop.seat
            self._person(named.rider, x, y, tall, 0)
        self._parts(prop.front, paints, 0.0, 0.0, 1.0)

    def _shadow(self, wide: float, ink: RGB) -> None:
        x, y = self._origin
        box = (x - wide * self._step, y - 0.025 * self._step, x + wide * self._step, y + 0.03 * self._step)
        self._paint.ellipse(box, fill=ink)
        self._mask.ellipse(box, fill=110)

    def _person(self, named: Named, x: float, y: float, tall: float, number: int) -> None:
        parts, paints, share = people.of(named, number)
        self._parts(parts, _tones(PAINTS | paints), x, y, tall if named is self._item.named else tall * share)

    def _parts(self, parts: Iterable[Part], paints: Mapping[str, RGB], x: float, y: float, scale: float) -> None:
        for part in parts:
            hole = part.paint == "hole"
            colour = self._lit(part.paint, paints[part.paint]) if not hole else (0, 0, 0)
            level = 0 if hole else 255
            points = [self._at(px * scale + x, py * scale + y) for px, py in part.points]
            if part.kind == "poly":
                if not hole:
                    self._paint.polygon(points, fill=colour)
                self._mask.polygon(points, fill=level)
            elif part.kind == "line":
                width = max(1, round(part.width * scale * self._step))
                self._paint.line(points, fill=colour, width=width, joint="curve")
                self._mask.line(points, fill=level, width=width, joint="curve")
            else:
                (cx, cy), (rx, ry) = (
                    self._at(part.points[0][0] * scale + x, part.points[0][1] * scale + y),
                    part.points[1],
                )
                wide, high = rx * scale * self._step, ry * scale * self._step
                box = (cx - wide, cy - high, cx + wide, cy + high)
                if not hole:
                    self._paint.ellipse(box, fill=colour)
                self._mask.ellipse(box, fill=level)

    def _at(self, x: float, y: float) -> tuple[float, float]:
        return self._origin[0] + x * self._step * self._item.way, self._origin[1] - y * self._step

    def _lit(self, name: str, colour: RGB) -> RGB:
        """A colour in the light of the hour."""
        mood = self._easel.mood
        if name in GLOWS:
            return mix(colour, mood.palette.sun, 0.2)
        if mood.place == "studio":
            return colour
        shade = SHADE[mood.light] * (0.75 if mood.place == "room" else 1.0)
        lit = mix(colour, mix(mood.palette.near, mood.palette.middle, 0.3), shade)
        return mix(lit, mood.palette.horizon, 0.16) if self._item.far and mood.place not in ("room", "space") else lit


def _tones(paints: Mapping[str, RGB]) -> dict[str, RGB]:
    """Paints with a darker and a lighter tone of each."""
    tones = dict(paints)
    for name, colour in paints.items():
        tones.setdefault(f"{name}-", mix(colour, (16, 14, 22), 0.28))
        tones.setdefault(f"{name}+", mix(colour, (255, 252, 244), 0.25))
    return tones
