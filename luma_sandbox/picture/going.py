"""The movement of drawings: what an action means for a drawing of its kind."""

from __future__ import annotations

from luma_sandbox.picture.named import Named
from luma_sandbox.picture.vocabulary import ACTIONS, words

AFLOAT = words("boat rowboat trawler ship duck fish whale dolphin")
WHEELED = words("car van bus truck train tractor bicycle motorcycle suitcase")
WINGED = words("bird butterfly plane helicopter drone balloon kite ufo")


def action_of(named: Named) -> str:
    """The movement of a drawing, in the way of its kind; nothing where it stays."""
    action = named.action
    if not action or (action == "rock" and named.drawing not in AFLOAT):
        return ""
    if named.drawing in AFLOAT:
        return action if action in ("rock", "jump", "fall", "swim") else "sail"
    if named.drawing in WHEELED and action in ("walk", "run", "drive"):
        return "drive"
    if named.drawing in WINGED and action in ("walk", "run", "drive", "sail"):
        return "fly"
    return "walk" if action in ("drive", "sail") and named.person else action


def travelled(named: Named) -> float:
    """The part of the picture's width that a drawing goes through in a clip."""
    action = action_of(named)
    return ACTIONS[action][0] if action else 0.0
