"""Drawing a plan: from what a producer wrote to the clips and stills to have, in order. Pure functions throughout."""

from studio.drawing.tiers import as_draft, derived, finished_draft, reframed
from studio.drawing.walk import draw_plan

__all__ = ["as_draft", "derived", "draw_plan", "finished_draft", "reframed"]
