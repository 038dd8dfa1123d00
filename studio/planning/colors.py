"""The colours that the scenes of a planned film are to have: as made, or matched to what they go on from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from studio.planning.asset_use import scenes_in_words
from studio.planning.plan import Plan, SceneEdit
from studio.production import Scene
from studio.providers.shot_request import Operation


def with_colors(plan: Plan) -> Plan:
    """The plan with what each scene's colours are to be, and notes on scenes that are not matched although they go on
    from another. Nothing is bought for it."""
    scenes = {scene.id: scene for scene in plan.production.scenes}
    asked = {name: (scene.colors or plan.production.film.colors) == "match" for name, scene in scenes.items()}
    if not any(asked[cut.scene] for cut in plan.cuts):
        return plan
    cuts, changed, idle = list[SceneEdit](), list[str](), list[str]()
    for before, cut in pairwise((None, *plan.cuts)):
        assert cut is not None  # noqa: S101 - only the first of them is None
        if not asked[cut.scene]:
            cuts.append(cut)
            continue
        goes_on = before is not None and plan.continues(before, cut)
        if before is not None and goes_on and _looks_otherwise(plan, scenes[before.scene], scenes[cut.scene], cut):
            changed.append(cut.scene)
            cuts.append(replace(cut, colors="own"))
            continue
        if not goes_on and scenes[cut.scene].colors == "match":
            idle.append(cut.scene)
        cuts.append(replace(cut, colors="match"))
    return replace(plan, cuts=tuple(cuts), notes=(*plan.notes, *_notes(changed, idle)))


def _looks_otherwise(plan: Plan, before: Scene, scene: Scene, cut: SceneEdit) -> bool:
    """True if a scene is to look otherwise than what it goes on from: it changes footage, or has another style."""
    modifies = plan.origin(cut.shots[0]).operation is Operation.MODIFY
    return modifies or scene.style != before.style


def _notes(changed: list[str], idle: list[str]) -> Iterator[str]:
    if changed:
        keeps = "keeps its" if len(changed) == 1 else "keep their"
        told = "footage is changed on purpose, or the scene before has another style"
        yield f"{scenes_in_words(changed)} {keeps} colours: {told}"
    if idle:
        says = "says" if len(idle) == 1 else "say"
        told = "the scene before does not lead there, so only the clips of one scene are matched"
        yield f"{scenes_in_words(idle)} {says} `colors: match`: {told}"
