"""The drawing of one thing as data: its parts, its size, and the place where it belongs.

Parts are measured in the thing's own height, x to the right from its middle, y upwards from its foot. Their paint is
``a`` for the colour of the thing, which a prompt may change (``a-`` darker, ``a+`` lighter), a letter of ``PAINTS``, or
a part of a person's clothes (see people.py). ``hole`` takes away what was painted before.
"""

from __future__ import annotations

from dataclasses import dataclass

from luma_sandbox.picture.vocabulary import RGB

Point = tuple[float, float]
PAINTS: dict[str, RGB] = {
    "k": (34, 34, 40), "d": (74, 76, 84), "m": (168, 174, 182), "w": (240, 240, 236), "g": (150, 190, 206),
    "y": (255, 214, 128), "r": (188, 46, 42), "n": (112, 76, 48), "n-": (80, 54, 36), "l": (72, 118, 62),
    "l-": (50, 88, 50), "t": (222, 196, 150), "o": (232, 128, 44), "b": (52, 96, 160), "p": (232, 150, 172),
    "c": (246, 234, 206), "x": (122, 124, 130), "s": (206, 158, 124),
}  # fmt: skip
GLOWS = frozenset("y")  # paints that are not darkened by the night


@dataclass(frozen=True)
class Part:
    """One shape: a polygon, an oval (middle and radii) or a line of a width."""

    kind: str
    paint: str
    points: tuple[Point, ...]
    width: float = 0.0


@dataclass(frozen=True)
class Prop:
    """One thing.

    height: against a grown person's
    spot:   ground, far (behind), water, air, table, or wall
    colour: the colour that it has where the prompt gives none
    seat:   where a rider sits or stands, and the rider's height in its own; None for none
    parts:  from back to front; ``front`` is painted over a rider
    home:   the place that is painted where the prompt names none
    """

    height: float
    spot: str
    colour: RGB
    parts: tuple[Part, ...]
    seat: tuple[float, float, float] | None = None
    front: tuple[Part, ...] = ()
    home: str = ""

    @property
    def reach(self) -> tuple[float, float]:
        """Its reach to the left and to the right, in its height."""
        xs = [x for part in (*self.parts, *self.front) for x in _xs(part)]
        return min(xs), max(xs)


def poly(paint: str, *points: Point) -> Part:
    """A filled shape."""
    return Part("poly", paint, points)


def box(paint: str, left: float, foot: float, right: float, top: float) -> Part:
    """A rectangle."""
    return Part("poly", paint, ((left, foot), (right, foot), (right, top), (left, top)))


def oval(paint: str, x: float, y: float, rx: float, ry: float = 0.0) -> Part:
    """An ellipse, or a circle."""
    return Part("oval", paint, ((x, y), (rx, ry or rx)))


def line(paint: str, width: float, *points: Point) -> Part:
    """A line with round joints."""
    return Part("line", paint, points, width)


def _xs(part: Part) -> list[float]:
    if part.kind == "oval":
        (x, _), (rx, _) = part.points
        return [x - rx, x + rx]
    return [x for x, _ in part.points]
