"""Camera moves: one for each concept, and the camera's position at any moment of it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from luma_sandbox.picture.noise import chance, of_take


@dataclass(frozen=True)
class View:
    """The position of the camera.

    x, y:     how far it has moved, in frame widths and heights
    zoom:     1 shows the frame as painted, 2 a quarter of it
    roll:     degrees, clockwise
    parallax: 0 moves all depths alike (the camera turns), 1 the near ones more (the camera travels)
    dolly:    how much the background grows against the foreground
    """

    x: float = 0.0
    y: float = 0.0
    zoom: float = 1.0
    roll: float = 0.0
    parallax: float = 1.0
    dolly: float = 0.0


STILL = View()


@dataclass(frozen=True)
class Move:
    """A camera move, given by its end when it starts at rest.

    ramp:  0 is slow and even; near 1 the whole move happens briefly in the middle
    shake: size of a hand's tremble, in frame heights; at rest at both ends
    """

    x: float = 0.0
    y: float = 0.0
    zoom: float = 1.0
    roll: float = 0.0
    parallax: float = 1.0
    dolly: float = 0.0
    ramp: float = 0.0
    shake: float = 0.0


DEFAULT = Move(zoom=1.13, x=0.012)

# A pan and a tilt turn the camera, so near and far move alike; a truck, a pedestal, a crane carry it, so the near moves
# more.
MOVES: dict[str, Move] = {
    "static": Move(),
    "pan_left": Move(x=-0.15, parallax=0.2),
    "pan_right": Move(x=0.15, parallax=0.2),
    "tilt_up": Move(y=-0.16, parallax=0.2),
    "tilt_down": Move(y=0.16, parallax=0.2),
    "truck_left": Move(x=-0.15),
    "truck_right": Move(x=0.15),
    "pedestal_up": Move(y=-0.12),
    "pedestal_down": Move(y=0.12),
    "crane_up": Move(y=-0.16, zoom=0.94),
    "crane_down": Move(y=0.16, zoom=1.06),
    "push_in": Move(zoom=1.3),
    "pull_out": Move(zoom=0.78),
    "zoom_in": Move(zoom=1.3, parallax=0.0),
    "zoom_out": Move(zoom=0.78, parallax=0.0),
    "dolly_zoom": Move(zoom=1.06, dolly=0.28),
    "orbit_left": Move(x=-0.13, zoom=1.1, roll=-1.2),
    "orbit_right": Move(x=0.13, zoom=1.1, roll=1.2),
    "roll_left": Move(roll=-7.0, zoom=1.12),
    "roll_right": Move(roll=7.0, zoom=1.12),
    "handheld": Move(zoom=1.06, shake=0.011),
    "pov": Move(zoom=1.22, shake=0.007),
    "selfie": Move(zoom=1.05, shake=0.008, x=0.03),
    "over_the_shoulder": Move(zoom=1.12, x=0.05),
    "bolt_cam": Move(zoom=1.34, x=0.08, ramp=0.85),
    "elevator_doors": Move(zoom=1.2, ramp=0.4),
    "tiny_planet": Move(zoom=0.8, roll=6.0),
    "aerial": Move(y=0.08, zoom=1.12),
    "aerial_drone": Move(y=-0.07, x=0.08, zoom=1.16),
    "overhead": Move(y=0.1, zoom=1.05, roll=1.5),
    "high_angle": Move(y=0.08, zoom=1.08),
    "low_angle": Move(y=-0.09, zoom=1.08),
    "ground_level": Move(x=0.1, y=-0.02, zoom=1.05),
    "eye_level": Move(x=0.04, zoom=1.08),
}


def combine(keys: Iterable[str]) -> Move:
    """Several concepts at once; none is a slow push in."""
    moves = [MOVES[key] for key in keys]
    if not moves:
        return DEFAULT
    total = moves[0]
    for move in moves[1:]:
        total = Move(
            x=_within(total.x + move.x, 0.18),
            y=_within(total.y + move.y, 0.18),
            zoom=min(1.45, max(0.77, total.zoom * move.zoom)),
            roll=_within(total.roll + move.roll, 8.0),
            parallax=max(total.parallax, move.parallax),
            dolly=max(total.dolly, move.dolly),
            ramp=max(total.ramp, move.ramp),
            shake=max(total.shake, move.shake),
        )
    return total


def varied(move: Move, take: int) -> Move:
    """The same move in another take: a little more or less of it, with another tremble. For takes without any other
    chance."""
    if take == 1:
        return move
    rng = chance("move", *of_take(take))
    reach = float(rng.uniform(0.6, 1.4))
    return replace(
        move,
        x=_within(move.x * reach, 0.18),
        y=_within(move.y * reach, 0.18),
        zoom=min(1.45, max(0.77, move.zoom**reach)),
        roll=_within(move.roll * reach, 8.0),
        shake=move.shake + float(rng.uniform(0.001, 0.003)),
    )


def from_rest(move: Move, time: float) -> View:
    """A move that starts at exactly the unmoved frame: ``time`` runs from 0 to 1."""
    return _along(move, _paced(move, time), time)


def to_rest(move: Move, time: float) -> View:
    """A move that ends at exactly the unmoved frame."""
    back = replace(move, x=-move.x, y=-move.y, roll=-move.roll, zoom=max(move.zoom, 1 / move.zoom), dolly=0.0)
    return _along(back, 1 - _paced(move, time), time)


def across(move: Move, time: float) -> View:
    """A move whose middle is the unmoved frame, which needs the least room at the edges."""
    way = _paced(move, time)
    view = _along(move, way, time)
    return replace(
        view,
        x=view.x - move.x / 2,
        y=view.y - move.y / 2,
        roll=view.roll - move.roll / 2,
        zoom=view.zoom / math.sqrt(move.zoom),
        dolly=view.dolly - move.dolly / 2,
    )


def around(move: Move, time: float) -> View:
    """A move that returns to its beginning: ``time`` 1 equals ``time`` 0, also in speed."""
    return _along(replace(move, shake=0.0), (1 - math.cos(2 * math.pi * time)) / 2, time)


def smooth(value: float) -> float:
    """A curve from 0 to 1, at rest at both ends."""
    value = min(1.0, max(0.0, value))
    return value * value * (3 - 2 * value)


def _paced(move: Move, time: float) -> float:
    """The part of the move done at ``time``: mostly even, so that it does not seem to stop; at rest at both ends."""
    if move.ramp:
        slow = 0.5 - 0.5 * move.ramp
        return smooth(smooth((time - slow * 0.8) / (1 - 1.6 * slow)) if move.ramp > 0.5 else time)
    rest = 0.18
    if time < rest:
        done = time * time / (2 * rest)
    elif time > 1 - rest:
        done = (1 - rest) - (1 - time) ** 2 / (2 * rest)
    else:
        done = time - rest / 2
    return done / (1 - rest)


def _along(move: Move, way: float, time: float) -> View:
    shake_x = shake_y = 0.0
    if move.shake:
        # Three beats with no common divisor look like a hand; the envelope brings it to rest at both ends.
        hull = move.shake * math.sin(math.pi * min(1.0, max(0.0, time))) ** 0.7
        shake_x = hull * (math.sin(31 * time + 0.4) + 0.6 * math.sin(53 * time + 1.9) + 0.3 * math.sin(97 * time))
        shake_y = hull * (math.sin(37 * time + 2.2) + 0.6 * math.sin(61 * time) + 0.3 * math.sin(89 * time + 0.7))
    return View(
        x=move.x * way + shake_x * 0.6,
        y=move.y * way + shake_y,
        zoom=float(move.zoom**way),
        roll=move.roll * way,
        parallax=move.parallax,
        dolly=move.dolly * way,
    )


def _within(value: float, limit: float) -> float:
    return min(limit, max(-limit, value))
