"""Transitions between the scenes of a planned film, and the frames that they take.

Two scenes overlap in a transition, so the film is shorter than its scenes. A scene that is cut to its length has frames
to spare: as many of them are shown as its transitions take, so that it keeps its length. Nothing is bought for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise

from studio.errors import BadInput
from studio.media.overlap import Overlap
from studio.planning.asset_use import scenes_in_words
from studio.planning.film_items import Item, frames_of, is_guessed, items_of, made_frames, name_of
from studio.planning.length import in_seconds
from studio.planning.plan import FPS, Plan, SceneEdit
from studio.planning.ties import Ties
from studio.planning.title_edits import CardEdit
from studio.production.transitions import CUT, Transition


def with_transitions(plan: Plan, ties: Ties) -> Plan:
    """The plan with the transitions that its production asks for, and notes on them.

    Where one scene continues the other, the film's own transition is not used: a scene's own is. Raises BadInput for
    transitions that are longer than their scene or card.
    """
    asked = _asked(plan)
    if not asked:
        return plan
    overlaps = {name: Overlap(of.xfade, max(2, round(of.seconds * FPS))) for name, of in asked.items()}
    items: list[Item] = [replace(item, into=overlaps.get(name_of(item))) for item in items_of(plan)]
    nexts = [after.into for after in items[1:]] + [None]
    longer = [_lengthened(plan, item, after, ties) for item, after in zip(items, nexts, strict=True)]
    for n, (item, after) in enumerate(zip(longer, nexts, strict=True)):
        _check(plan, item, after, longer[n + 1] if after else None, asked)
    more = [(new, frames_of(plan, new) - frames_of(plan, old)) for new, old in zip(longer, items, strict=True)]
    kept = sum(frames for item, frames in more if isinstance(item, SceneEdit))
    drawn = sum(frames for item, frames in more if isinstance(item, CardEdit))
    cuts = tuple(item for item in longer if isinstance(item, SceneEdit))
    cards = tuple(item for item in longer if isinstance(item, CardEdit))
    notes = (*plan.notes, *_notes(asked, overlaps, kept, drawn))
    return replace(plan, cuts=cuts, titles=replace(plan.titles, cards=cards), notes=notes)


def _asked(plan: Plan) -> dict[str, Transition]:
    """The transition into each scene or card that has one, by its name."""
    scenes, titles = {scene.id: scene for scene in plan.production.scenes}, plan.production.film.titles
    found = {}
    for before, after in pairwise(items_of(plan)):
        continued = isinstance(before, SceneEdit) and isinstance(after, SceneEdit) and plan.continues(before, after)
        if isinstance(after, SceneEdit):
            own = scenes[after.scene].transition
        else:
            card = scenes[after.before].card if after.kind == "card" else getattr(titles, after.kind)
            own = card.transition if card is not None else None
        chosen = own if own is not None else None if continued else plan.production.film.transition
        if chosen is not None and chosen.kind != CUT:
            found[name_of(after)] = chosen
    return found


def _lengthened(plan: Plan, item: Item, after: Overlap | None, ties: Ties) -> Item:
    """The scene with as many of the frames that are cut off as its transitions take; a card, longer by them."""
    taken = (item.into.before if item.into else 0) + (after.after if after else 0)
    if isinstance(item, CardEdit):
        return replace(item, frames=item.frames + taken)
    if item.frames is None or not taken:
        return item
    depended_on = ties.continued if item.trim == "tail" else ties.led_into
    if item.scene in depended_on:
        return item  # what goes on from it was bought from the very frame at which it is cut
    spare = taken if item.repeat else min(taken, max(0, made_frames(plan, item) - item.frames))
    return replace(item, frames=item.frames + spare)


def _check(
    plan: Plan, item: Item, after: Overlap | None, following: Item | None, asked: Mapping[str, Transition]
) -> None:
    taken, has = (item.into.frames if item.into else 0) + (after.frames if after else 0), frames_of(plan, item)
    if taken < has or not taken or (isinstance(item, SceneEdit) and is_guessed(plan, item)):
        return  # the length of a guessed one is known when its clip is here
    names = [name_of(one) for one, of in ((item, item.into), (following, after)) if of and one]
    told = " and ".join(f"{asked[name]} into {name if ' ' in name else repr(name)}" for name in names)
    raise BadInput(
        f"lasts {in_seconds(has)} s, and its transitions take {in_seconds(taken)} s ({told})",
        where=_longest(item, after, following),
        hint=f"make the {'scene' if isinstance(item, SceneEdit) else 'card'} longer, or its transitions shorter; "
        "nothing was ordered",
    )


def _longest(item: Item, after: Overlap | None, following: Item | None) -> str:
    """The place of the longer of the two transitions at an item's ends, as errors name places."""
    into = item.into.frames if item.into else 0
    of = following if following is not None and after is not None and after.frames > into else item
    if isinstance(of, SceneEdit):
        return f"scene '{of.scene}', field 'transition'"
    return of.field.removesuffix("'") + ".transition'"


def _notes(asked: Mapping[str, Transition], overlaps: Mapping[str, Overlap], kept: int, drawn: int) -> Iterator[str]:
    """The notes on transitions. ``kept``: frames of clips that are shown for them, ``drawn``: frames of cards."""
    by_kind: dict[str, list[str]] = {}
    for name, of in asked.items():
        by_kind.setdefault(str(of), []).append(name)
    for told, names in by_kind.items():
        scenes, cards = [n for n in names if " " not in n], [n for n in names if " " in n]
        into = [*([scenes_in_words(scenes)] if scenes else []), *cards[:4]]
        more = [f"{len(cards) - 4} more cards"] if len(cards) > 4 else []
        yield f"transition into {', '.join([*into, *more])}: {told} s"
    total = sum(of.frames for of in overlaps.values())
    spared = f"; {in_seconds(kept)} s of that are frames that were to be cut off" if kept else ""
    longer = f"; cards last {in_seconds(drawn)} s longer for them" if drawn else ""
    less = in_seconds(total - kept - drawn)
    yield (
        f"scenes overlap for {in_seconds(total)} s in their transitions: the film is {less} s shorter than what is "
        f"written{spared}{longer}"
    )
