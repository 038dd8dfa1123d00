"""The drift of colours along chains: measured beside a run's own work, and told as soon as it is known.

A clip that goes on from another comes with slightly other colours, and along a chain that adds up. Each link is
measured when both of its clips are here: nothing waits for it, and the film uses what was measured.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.errors import BadClip
from studio.execution.progress import listener
from studio.planning.plan import Plan, Shot
from studio.providers.shot_request import Operation
from studio.workers import on_worker

if TYPE_CHECKING:
    from studio.editing.colors import Meeting
    from studio.editing.values import ColorSeam
    from studio.execution.run import Run
    from studio.media.clip import Clip
    from studio.media.correction import Correction

log = logging.getLogger(__name__)
TOLD = 3.0  # ΔE since the start of a chain from which it is told: it is seen at a glance
ANCHOR = "to re-anchor, let the next scene start from a picture of its own (start_image) or a new still"
MATCH, MATCHED = "`film: {colors: match}` evens it out in the film", "the film evens it out"


@dataclass(frozen=True)
class Link:
    """A clip that goes on from another: both by their shots, and the frame of the first that it goes on from (None:
    the last)."""

    parent: str
    child: str
    frame: int | None


@dataclass(frozen=True)
class _Drifted:
    """The change of colours up to a clip: the chain's first clip, and the correction that undoes it."""

    first: str
    undone: Correction


class DriftWatch:
    """A watch on the chains of one run. Call its methods in the run's event loop."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._into = {link.child: link for link in links_of(run.plan)}
        self._from: dict[str, list[str]] = {}
        for link in self._into.values():
            self._from.setdefault(link.parent, []).append(link.child)
        self._clips: dict[str, Clip] = {}
        self._begun: dict[str, asyncio.Task[None]] = {}
        self._met: dict[str, Meeting] = {}
        self._drifted: dict[str, _Drifted] = {}

    def known(self, clips: Mapping[str, Clip]) -> None:
        """Clips that were here before, by shot: measured only where a new one goes on from them."""
        self._clips |= clips

    def came(self, shot: str, clip: Clip) -> None:
        """A clip has come: measure what it goes on from, and what goes on from it, where both are here."""
        self._clips[shot] = clip
        self._begin(shot)
        for child in self._from.get(shot, ()):
            self._begin(child)

    async def settled(self) -> None:
        """Wait until what was begun is measured and told."""
        for ended in await asyncio.gather(*self._begun.values(), return_exceptions=True):
            if isinstance(ended, Exception):
                log.warning("the drift of colours could not be measured", exc_info=ended)

    def _begin(self, child: str) -> None:
        """Begin to measure the link into a clip, and those before it in its chain."""
        while (link := self._into.get(child)) is not None:
            if child in self._begun or child not in self._clips or link.parent not in self._clips:
                return
            self._begun[child] = self._run.beginning(self._measure(link))
            child = link.parent

    async def _measure(self, link: Link) -> None:
        from studio.editing.colors import link_of  # loaded here: a plan measures nothing

        parent, child = self._clips[link.parent], self._clips[link.child]
        asked = self._run.plan.shot(link.child)
        try:
            met = await on_worker(
                lambda: link_of(parent, child, link.frame, seconds=asked.seconds, kept=self._run.session.kept)
            )
        except (BadClip, OSError) as error:
            log.info("the colours of '%s' could not be compared: %s", link.child, error)
            return
        self._met[link.child] = met
        self._follow(link.child)

    def _follow(self, child: str) -> None:
        """Add up the drift from a clip on, as far as it is measured, and tell it."""
        from studio.media.correction import AS_MADE

        waiting = [child]
        while waiting:
            name = waiting.pop()
            link, met = self._into[name], self._met.get(name)
            before = self._drifted.get(link.parent)
            if met is None or (before is None and link.parent in self._into):
                continue  # it is told when all before it is measured
            start = before or _Drifted(link.parent, AS_MADE)
            whole = _Drifted(start.first, met.change.then(start.undone))
            self._drifted[name] = whole if met.fit.same_picture else _Drifted(name, AS_MADE)
            far = met.drifted(whole.undone)
            if met.fit.same_picture and far >= TOLD and start.first not in self._run.drift:
                self._tell(start.first, name, far, met.apart)
            waiting += self._from.get(name, ())

    def _tell(self, first: str, shot: str, far: float, apart: float) -> None:
        scene = self._run.plan.shot(shot).scene
        matched = any(cut.colors == "match" for cut in self._run.plan.cuts if cut.scene == scene)
        since = f"{apart:.1f} of it from '{self._into[shot].parent}' on"
        told = f"{told_of(first, shot, far)}, {since}; {_remedy(matched=matched)}"
        self._run.drift[first] = told
        listener.get().note(f"warning: {told}")


def links_of(plan: Plan) -> tuple[Link, ...]:
    """The clips of a plan that go on from another of its clips."""
    known = {shot.id: shot for shot in plan.shots}
    return tuple(link for shot in plan.shots if (link := _link(shot, known)) is not None)


def told_of(first: str, shot: str, far: float) -> str:
    """The drift of a chain in words."""
    return f"colours drift along the chain that starts with '{first}': ΔE {far:.1f} at '{shot}'"


def drift_notes(seams: Sequence[ColorSeam]) -> list[str]:
    """The drift of the chains of a film, each by its farthest clip."""
    farthest: dict[str, ColorSeam] = {}
    for seam in seams:
        if seam.drifted >= TOLD and seam.drifted > (farthest[seam.first].drifted if seam.first in farthest else 0):
            farthest[seam.first] = seam
    return [
        f"{told_of(first, seam.after, seam.drifted)}; {_remedy(matched=seam.how != 'as made')}"
        for first, seam in farthest.items()
    ]


def _remedy(*, matched: bool) -> str:
    return f"{MATCHED if matched else MATCH}; {ANCHOR}"


def _link(shot: Shot, known: Mapping[str, Shot]) -> Link | None:
    start = shot.start
    if shot.operation is not Operation.VIDEO or shot.finishes or start is None or start.ref not in known:
        return None
    if start.kind not in ("shot", "last", "cut") or known[start.ref].is_still:
        return None
    return Link(start.ref, shot.id, start.frame if start.kind == "cut" else None)
