"""What a production can already say and Studio Producer cannot yet make. Delete a line when it is built."""

from __future__ import annotations

from collections.abc import Iterator

from studio.errors import Problem
from studio.production.model import Production
from studio.production.places import Loc, Places


def unsupported(production: Production, places: Places | None = None) -> list[Problem]:
    """Each field of a valid production that is not built yet."""
    places = places or Places(data=production.model_dump())
    return [
        Problem(places.where(loc), f"not built yet: {what}", "remove it for now")
        for loc, what in _not_built(production)
    ]


def _not_built(production: Production) -> Iterator[tuple[Loc, str]]:
    if production.model == "ray-3":
        yield ("model",), "ray-3 (use ray-2 or ray-flash-2)"
    if production.film.transition == "crossfade":
        yield ("film", "transition"), "crossfades between scenes (use cut)"
    for i, scene in enumerate(production.scenes):
        if scene.model == "ray-3":
            yield ("scenes", i, "model"), "ray-3 (use ray-2 or ray-flash-2)"
        if scene.character is not None:
            yield ("scenes", i, "character"), "consistent characters"
        if scene.modify is not None:
            yield ("scenes", i, "modify"), "changing existing footage"
