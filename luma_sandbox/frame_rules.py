"""Rules shared by reframes: the source, and its place in the new frame.

Nobody here has seen how the service reads these numbers (assumption `reframe_grid`). Here x_start … y_end cut a part
out of the source, in its own pixels; resized_width and resized_height are that part's size in the new frame, and
grid_position_x and grid_position_y its upper left corner there. Missing numbers mean fitted and centred.
"""

from __future__ import annotations

from pydantic import StrictInt, StrictStr

from luma_sandbox.refusal import Refusal
from luma_sandbox.rules import Shape

MOST = 20_000  # pixels; the largest value of each number


class Media(Shape):
    """A source, by its URL."""

    url: StrictStr


class Grid(Shape):
    """The place of the source."""

    grid_position_x: StrictInt | None = None
    grid_position_y: StrictInt | None = None
    resized_height: StrictInt | None = None
    resized_width: StrictInt | None = None
    x_end: StrictInt | None = None
    x_start: StrictInt | None = None
    y_end: StrictInt | None = None
    y_start: StrictInt | None = None


def check_grid(grid: Grid) -> None:
    """Raise Refusal for numbers that describe no place."""
    for name in Grid.model_fields:
        value = getattr(grid, name)
        least = 1 if name.startswith("resized") else -MOST if name.startswith("grid") else 0
        if value is not None and not least <= value <= MOST:
            raise Refusal(400, f"{name} must be from {least} to {MOST}, not {value}")
    if (grid.resized_width is None) != (grid.resized_height is None):
        raise Refusal(400, "resized_width and resized_height must be given together")
    for axis in "xy":
        start, end = getattr(grid, f"{axis}_start"), getattr(grid, f"{axis}_end")
        if end is not None and end <= (start or 0):
            raise Refusal(400, f"{axis}_end must be greater than {axis}_start")


def placement(grid: Grid) -> dict[str, int]:
    """The numbers that were given."""
    given = {name: getattr(grid, name) for name in Grid.model_fields}
    return {name: value for name, value in given.items() if value is not None}
