"""The ties between scenes: which goes on from which, and which leads into which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from studio.planning.plan import Shot
from studio.production import Production, Scene


@dataclass(frozen=True)
class Ties:
    """The ties between a production's scenes, by their ids.

    ``parent``: the scene that each one continues; ``continued`` and ``led_into``: scenes that another one goes on from,
    or ends on; ``whole``: scenes of which nothing is cut where another one is tied to them.
    """

    scenes: Mapping[str, Scene] = field(default_factory=dict)
    parent: Mapping[str, str | None] = field(default_factory=dict)
    continued: frozenset[str] = frozenset()
    led_into: frozenset[str] = frozenset()
    whole: frozenset[str] = frozenset()


@dataclass
class Joined:
    """Decisions on the scenes that go on from a scene which is cut, for the notes.

    ``frame``: from the frame of the cut; ``anew``: bought from the end of the clip, with the USD of the scene from the
    frame of the cut; ``asked``: from the end of the clip, as it is written.
    """

    frame: list[str] = field(default_factory=list)
    anew: dict[str, Decimal] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def add(self, scene: str, ways: tuple[str, ...], clips: tuple[Shot, ...], *, cut: bool) -> None:
        """Add a scene with its new clips. ``cut``: the scene that it goes on from is cut at its end."""
        if clips[0].start is not None and clips[0].start.kind == "cut":
            self.frame.append(scene)
        elif cut and ways == ("generation",):
            self.asked.append(scene)


def ties_of(production: Production) -> Ties:
    """The ties between the scenes of a production."""
    parent = {s.id: production.parent_of(s) for s in production.scenes}
    led_into = {s.lead_into for s in production.scenes}
    whole: set[str | None] = set()
    for scene in production.scenes:
        join = production.join_of(scene)
        # Cut to a voice's length, it would be cut elsewhere after every changed word, and what follows bought anew.
        spoken = join is None and parent[scene.id] in production.voiced
        if join == "whole" or spoken:
            whole |= {parent[scene.id], scene.id if scene.lead_into is not None else None}
    return Ties({s.id: s for s in production.scenes}, parent, _named(parent.values()), _named(led_into), _named(whole))


def _named(scenes: Iterable[str | None]) -> frozenset[str]:
    return frozenset(scene for scene in scenes if scene is not None)
