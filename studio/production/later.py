"""Features that a production can name and Studio Producer cannot make yet. Delete a line when it is built."""

from __future__ import annotations

from collections.abc import Iterator

from studio.errors import Problem
from studio.production.locations import Loc, Places
from studio.production.model import Production


def unsupported(production: Production, places: Places | None = None) -> list[Problem]:
    """Each field of a valid production whose feature is not built yet."""
    places = places or Places(data=production.model_dump())
    return [
        Problem(places.where(loc), f"not built yet: {what}", "remove it for now")
        for loc, what in _not_built(production)
    ]


def _not_built(production: Production) -> Iterator[tuple[Loc, str]]:
    if production.film.transition == "crossfade":
        yield ("film", "transition"), "crossfades between scenes (use cut)"
