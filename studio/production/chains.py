"""Checks of ``style`` and ``chains``, and of ``previous`` and ``next``, which name the scene beside one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from studio.production.field_types import shown
from studio.production.locations import Finding
from studio.production.shared import NEXT, PREVIOUS, says

if TYPE_CHECKING:
    from studio.production.model import Production


def no_neighbour(field: str, name: str, *, first: bool, last: bool) -> tuple[str, str] | None:
    """The fault of ``previous`` in the first scene, or ``next`` in the last one; None for any other name."""
    if field == "continue_from" and says(name, PREVIOUS) and first:
        return "there is no scene before the first", "remove it, or name a scene"
    if field == "lead_into" and says(name, NEXT) and last:
        return "there is no scene after the last", "remove it, or name a scene"
    return None


def shared_findings(
    production: Production, also_known: Collection[str], suggest: Callable[[str, Iterable[str], str], str]
) -> Iterator[Finding]:
    """Every fault of what is shared: two styles; in chains, unknown scenes and those with two places or parents.

    ``suggest``: the hint for an unknown name, from those that there are, and what these are called.
    """
    scenes = {scene.id: i for i, scene in enumerate(production.scenes)}
    if production.include:
        told = "is read in a production file alone, and this production was not read from a file"
        yield Finding(("include",), told, "name the file instead, or write here what it includes")
    if production.style:
        yield Finding(("style",), "stands beside the style of defaults", "keep one of them")
    if production.chain and production.chains:
        told = "joins all scenes, and chains joins some of them"
        yield Finding(("chain",), told, "remove one of the two")
    seen: dict[str, str] = {}
    for g, group in enumerate(production.chains):
        if len(group.scenes) < 2:
            yield Finding(("chains", g), "a chain has two scenes or more", "add one, or write continue_from in a scene")
        for k, name in enumerate(group.scenes):
            place = ("chains", g, "scenes", k)
            if name in seen:
                yield Finding(place, f"{shown(name)} is in chain {seen[name]} already", "a scene has one place in them")
            elif name not in scenes and name not in also_known:
                yield Finding(place, f"there is no scene {shown(name)}", suggest(name, scenes, "scenes"))
            seen.setdefault(name, str(g + 1))
        for before, name in pairwise(group.scenes):
            found = production.scenes[scenes[name]].continue_from if name in scenes else None
            if found is not None and found != before and before in scenes:
                told = f"continues from {shown(found)}, and chain {g + 1} has it after {shown(before)}"
                yield Finding(("scenes", scenes[name], "continue_from"), told, "remove one of the two")
