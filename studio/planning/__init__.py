"""Planning: turns a production into the clips and stills to buy, in order. Pure functions throughout."""

from studio.planning.planner import draw_plan
from studio.planning.variants import as_draft, derived, finished_draft, reframed

__all__ = ["as_draft", "derived", "draw_plan", "finished_draft", "reframed"]
