"""The seams that a plan expects between the scenes of its film, and notes on scenes that are tied to one elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from studio.planning.joins import cut_of, first_frame_of
from studio.planning.plan import FPS, Plan, SceneEdit, Shot
from studio.planning.ties import Ties
from studio.production import Scene
from studio.production.field_types import generation_in

MOST_TOLD = 6  # scenes of a note that are named


class SeamKind(StrEnum):
    """The way in which one scene is to meet the next."""

    CONTINUED = "continued"  # it goes on from the very end of the clip before
    FRAME = "frame"  # it goes on from the frame at which the scene before is cut, as a picture
    BRIDGED = "bridged"  # the scene before leads into its first frame
    PICTURE = "picture"  # the scene before ends on the picture that it starts from
    JUMPS = "jumps"  # it goes on from another frame than the last one that is shown
    CUT = "cut"
    TRANSITION = "transition"  # the two are seen together for a while
    CARD = "card"  # a card stands between the two

    def in_words(self, count: int = 1) -> str:
        """The kind of seams in words: ``from the frame of a cut``, ``2`` ``cuts``."""
        one, several = {
            SeamKind.FRAME: ("from the frame of a cut",) * 2, SeamKind.PICTURE: ("by a shared picture",) * 2,
            SeamKind.JUMPS: ("jumps", "jump"), SeamKind.CUT: ("cut", "cuts"),
            SeamKind.TRANSITION: ("transition", "transitions"), SeamKind.CARD: ("card between", "cards between"),
        }.get(self, (self.value,) * 2)  # fmt: skip
        return one if count == 1 else several


@dataclass(frozen=True)
class ExpectedSeam:
    """The seam between one scene and the next, as planned."""

    before: str
    after: str
    kind: SeamKind


def expected_seams(plan: Plan) -> tuple[ExpectedSeam, ...]:
    """Each seam of the film, in its order."""
    shots = {shot.id: shot for shot in plan.shots}
    return tuple(ExpectedSeam(a.scene, b.scene, _kind(plan, a, b, shots)) for a, b in pairwise(plan.cuts))


def _kind(plan: Plan, before: SceneEdit, after: SceneEdit, shots: Mapping[str, Shot]) -> SeamKind:
    if any(card.before == after.scene for card in plan.titles.cards):
        return SeamKind.CARD
    if after.into is not None:
        return SeamKind.TRANSITION
    if after.continues != before.scene and not plan.continues(before, after):
        return SeamKind.CUT
    ends = cut_of(before, [shots[name] for name in before.shots])
    lasts = round(sum(shots[name].seconds for name in after.shots) * FPS)
    if after.trim == "head" and after.frames is not None and after.frames < lasts:
        return SeamKind.JUMPS
    if after.continues == before.scene:
        asked = first_frame_of(plan.origin(after.shots[0]).request)
        if asked.get("type") == "cut":
            return SeamKind.FRAME if ends is not None and asked.get("frame") == ends[1] else SeamKind.JUMPS
        return SeamKind.CONTINUED if ends is None else SeamKind.JUMPS
    if ends is not None:
        return SeamKind.JUMPS
    if before.leads == after.scene or plan.origin(after.shots[0]).generation:
        return SeamKind.BRIDGED
    return SeamKind.CONTINUED if plan.origin(before.shots[-1]).generation else SeamKind.PICTURE


def notes_on_order(ties: Ties, order: Sequence[Scene], wanted: Sequence[Scene]) -> list[str]:
    """Notes on scenes that are tied to one which does not stand next to them. ``order``: all scenes of the film."""
    place = {scene.id: n for n, scene in enumerate(order)}
    apart, ahead, idle = list[str](), list[str](), list[str]()
    for scene in wanted:
        parent, n = ties.parent[scene.id], place[scene.id]
        if parent is not None and place[parent] != n - 1:
            stands = f"after '{order[n - 1].id}'" if n else "first"
            apart.append(f"scene '{scene.id}' goes on from '{parent}', but stands {stands}: the film cuts there")
        goal = None if generation_in(scene.lead_into) else scene.lead_into
        if scene.join is not None and parent is None and goal is None:
            idle.append(f"scene '{scene.id}' says `join: {scene.join}`, which does nothing: it goes on from no scene")
        if goal is not None and place[goal] != n + 1:
            stands = f"before '{order[n + 1].id}'" if n + 1 < len(order) else "last"
            ahead.append(f"scene '{scene.id}' leads into '{goal}', but stands {stands}: the film cuts there")
    return [*_few(apart, "go on from a scene that does not stand before them"),
            *_few(ahead, "lead into a scene that does not stand after them"),
            *_few(idle, "say `join` and go on from no scene")]  # fmt: skip


def _few(notes: list[str], what: str) -> list[str]:
    more = len(notes) - MOST_TOLD
    if more <= 0:
        return notes
    return [*notes[:MOST_TOLD], f"{more} more {'scene' if more == 1 else 'scenes'} {what}"]
