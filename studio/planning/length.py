"""The length of a film against the one that is wished, and lengths of its scenes that would meet it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from studio.money import usd
from studio.planning.overview import Overview, PlannedScene
from studio.planning.plan import FPS, Plan
from studio.production import Production, Scene

#: A scene is shortened to this share of its length before the next one is.
LEAST_SHARE = Fraction(2, 3)


def wished_frames(plan: Plan) -> int | None:
    """The frames of the length that is wished; None where none is, or where only some scenes are made."""
    if plan.production.length is None or len(plan.cuts) < len(plan.production.scenes):
        return None
    return round(plan.production.length * FPS)


def lengths_that_meet(plan: Plan, film: Overview, wished: int) -> dict[str, int]:
    """Frames of scenes with which the film would have the length that is wished; empty where there are none.

    As few scenes as possible are changed. What is cut off and could be shown comes first, since that costs nothing;
    then scenes on which no other one depends, the longest and the last of them first.
    """
    written = {scene.id: scene for scene in plan.production.scenes}
    needed = {name for cut in plan.cuts for name in (cut.continues, cut.leads) if name is not None}
    place = {scene.scene: n for n, scene in enumerate(film.scenes)}

    def turn(scene: PlannedScene) -> tuple[bool, int, int]:
        return scene.scene in needed, -scene.frames, -place[scene.scene]

    able = [s for s in film.scenes if _is_free(plan.production, written[s.scene], s)]
    missing, found = wished - film.frames, dict[str, int]()
    if missing > 0:
        for scene in sorted(able, key=lambda s: s.frames - s.whole):
            more = min(missing, scene.whole - scene.frames)
            if more > 0:
                found[scene.scene] = scene.frames + more
                missing -= more
        if missing and able:
            first = min(able, key=turn)
            found[first.scene] = found.get(first.scene, first.frames) + missing
            missing = 0
    for scene in sorted(able, key=turn):
        less = min(-missing, scene.frames - max(FPS, round(scene.frames * LEAST_SHARE)))
        if missing < 0 < less:
            found[scene.scene] = scene.frames - less
            missing += less
    return {} if missing else found


def _is_free(production: Production, scene: Scene, planned: PlannedScene) -> bool:
    """True for a scene whose length is what is written: no footage, loop, existing generation, or whole clips."""
    if scene.generation or scene.modify is not None or scene.loop:
        return False
    return round(production.duration_of(scene) * FPS) == planned.frames


def with_lengths(production: Production, lengths: Mapping[str, int]) -> Production:
    """The production with other lengths of scenes, in frames."""
    scenes = tuple(
        s.model_copy(update={"duration": Fraction(lengths[s.id], FPS)}) if s.id in lengths else s
        for s in production.scenes
    )
    return production.model_copy(update={"scenes": scenes})


def note_on_length(film: Overview, wished: int, lengths: Mapping[str, int], to_pay: Decimal | None) -> str:
    """The note on a film that has not the length that is wished. ``to_pay``: USD with those lengths, if it is known."""
    off = abs(wished - film.frames)
    less = "less" if film.frames < wished else "more"
    told = (
        f"the film lasts {'' if film.exact else 'about '}{in_seconds(film.frames)} s ({film.frames} frames), "
        f"{in_seconds(off)} s {less} than the length of {in_seconds(wished)} s that is wished"
    )
    if not lengths:
        return told
    now = {scene.scene: scene.frames for scene in film.scenes}
    changes = ", ".join(f"'{name}' {in_seconds(now[name])} → {in_seconds(lengths[name])}" for name in lengths)
    price = "" if to_pay is None else f" (to pay then: {usd(to_pay)})"
    return f"{told}; met by {'this duration' if len(lengths) == 1 else 'these durations'}: {changes}{price}"


def in_seconds(frames: int) -> str:
    """Format frames as seconds, exactly enough to mean that number of frames: ``12``, ``7.5``, ``0.042``."""
    return f"{round(frames / FPS, 3):g}" if frames < 100_000 else f"{frames / FPS:.2f}"
