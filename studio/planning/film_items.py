"""The items of a planned film: its scenes and cards, one after the other, and their lengths in frames of the film."""

from __future__ import annotations

from studio.media.overlap import starts_of
from studio.planning.plan import FPS, Plan, SceneEdit
from studio.planning.title_edits import CardEdit

Item = SceneEdit | CardEdit


def items_of(plan: Plan) -> list[Item]:
    """All that the film shows one after the other."""
    found = list[Item]()
    for cut in plan.cuts:
        found += [card for card in plan.titles.cards if card.before == cut.scene]
        found.append(cut)
    return found + [card for card in plan.titles.cards if not card.before]


def name_of(item: Item) -> str:
    """The scene's id, or the card's name."""
    return item.scene if isinstance(item, SceneEdit) else item.name


def frames_of(plan: Plan, item: Item) -> int:
    """The frames of a scene or card, with those in which it overlaps another."""
    if isinstance(item, CardEdit):
        return item.frames
    return made_frames(plan, item) if item.frames is None else item.frames


def placed_items(plan: Plan) -> list[tuple[Item, int, int]]:
    """All that the film shows, each with its first frame in the film, and its frames."""
    items = items_of(plan)
    lengths = [frames_of(plan, item) for item in items]
    return list(zip(items, starts_of(lengths, [item.into for item in items]), lengths, strict=True))


def made_frames(plan: Plan, cut: SceneEdit) -> int:
    """The frames that a scene's clips have."""
    if cut.part is not None:
        return round(plan.shot(cut.shots[0]).seconds * FPS)
    return round(sum(plan.shot(name).seconds for name in cut.shots) * FPS)


def is_guessed(plan: Plan, cut: SceneEdit) -> bool:
    """True if a scene's length is known only when its clip is here."""
    return any(plan.shot(name).generation and not plan.shot(name).facts for name in cut.shots)
