"""The purchase of one call: it is planned, checked against the budget, executed, and returned as videos."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from studio.errors import BadInput, NotConfirmed, OverBudget, ServiceError
from studio.execution.executor import PlainSteps, execute, publish_assets
from studio.execution.run import Run
from studio.execution.session import Session
from studio.ledger import OrderRow
from studio.library.values import GeneratedVideo
from studio.media.clip import Clip
from studio.money import ZERO
from studio.planning.plan import Plan, Shot
from studio.production import Production
from studio.purchasing.gateway import Placed

PROMPT_SHOWN = 200  # characters of a prompt in a video's metadata


@dataclass(frozen=True)
class _Made:
    """The shots of a plan that were made, by their ids: each one's order, and the clips."""

    placed: Mapping[str, Placed]
    clips: Mapping[str, Clip]


class Purchase:
    """The purchase of a call in an open session. ``run``: the id sharing ``budget`` (USD) with the provider's calls.

    ``allow_odd``: clips of another size or length than was ordered are returned, too.
    """

    def __init__(
        self, session: Session, *, run: str, budget: Decimal | None, allow_odd: bool = False,
        beside: Callable[[], tuple[str, ...]] = tuple,
    ) -> None:  # fmt: skip
        self._session, self._run_id, self._budget, self._allow_odd = session, run, budget, allow_odd
        self._beside = beside

    async def planned(self, written: Production) -> Run:
        """The production as purchases, with prices and states. Spends nothing."""
        plan, seeds = await self._session.plan(written, run=self._run_id, start=True)
        return Run(
            self._session, plan, seeds, run_id=self._run_id, out=self._session.home, budget=self._budget,
            started_at=datetime.now(UTC), allow_odd=self._allow_odd, beside=self._beside,
        )  # fmt: skip

    async def made(self, run: Run, *, provider: str, asked: Sequence[Mapping[str, Any]]) -> list[GeneratedVideo]:
        """Buy every clip of the plan; returns them in the film's order. ``asked``: the scenes as the call gave them."""
        try:
            with closing(run):
                await run.begin()
                made = await _carry_out(run)
        except NotConfirmed as error:
            error.hint = f"open the provider with what it may spend: budget=Decimal('{run.plan.to_pay}')"
            raise
        except OverBudget as error:
            error.hint = "open the provider with a larger budget, or raise the cap that is named"
            raise
        rows = await asyncio.to_thread(self._session.ledger.orders, [shot.key for shot in run.plan.shots])
        videos = []
        for cut, wish in zip(run.plan.cuts, asked, strict=True):
            for number, name in enumerate(cut.shots, 1):
                shot = run.plan.shot(name)
                clip, placed = made.clips[name], made.placed[name]
                url = await self._url(shot, placed, clip)
                told = _metadata(run, shot, wish, made.placed, rows)
                if len(cut.shots) > 1:
                    told |= {"clip": number, "clips": len(cut.shots)}
                price = sum((rows[s.key].price for s in _parts(run.plan, shot) if s.key in rows), ZERO)
                videos.append(GeneratedVideo(
                    video_id=placed.generation_id, video_url=url, duration=float(clip.duration),
                    width=clip.width, height=clip.height, generation_cost=price, provider=provider, metadata=told,
                    scene_id=shot.scene, path=clip.path,
                ))  # fmt: skip
        return videos

    async def _url(self, shot: Shot, placed: Placed, clip: Clip) -> str:
        """The service's URL of a clip; where it cannot be asked, or has none any more, that of the file."""
        try:
            generation = await self._session.provider_of(shot.api).get(placed.generation_id)
        except ServiceError:
            return clip.path.as_uri()
        return generation.video_url or clip.path.as_uri()


async def _carry_out(run: Run) -> _Made:
    """Order, await and fetch every shot of a run that has begun. Raises the first failure, in the plan's order."""
    steps = PlainSteps()
    results = (await execute(run, steps, await publish_assets(run, steps))).results
    for shot in run.plan.shots:
        if (error := results[shot.id].error) is not None:
            raise error
    return _Made(steps.placed, {name: result.clip for name, result in results.items() if result.clip is not None})


def single(plan: Plan) -> None:
    """Raises BadInput where a plan has more than one clip to show."""
    (cut,) = plan.cuts
    if len(cut.shots) > 1:
        lengths = " + ".join(f"{float(plan.shot(name).seconds):g}" for name in cut.shots)
        raise BadInput(
            f"{float(plan.production.duration_of(plan.production.scenes[0])):g} seconds are more than one clip "
            f"({lengths} s)", where="duration",
            hint="generate_continuous([…]) makes a scene of any length, and gives a video for each clip",
        )  # fmt: skip


def _parts(plan: Plan, shot: Shot) -> list[Shot]:
    """A clip, and the stills that were made for it."""
    return [*(still for name in shot.parents if (still := plan.shot(name)).is_still), shot]


def _metadata(
    run: Run, shot: Shot, wish: Mapping[str, Any], placed: Mapping[str, Placed], rows: Mapping[str, OrderRow]
) -> dict[str, Any]:
    bought = [s for s in _parts(run.plan, shot) if placed[s.id].bought]
    spent = sum((rows[s.key].price for s in bought), ZERO)
    return {
        "model": shot.model,
        "prompt": str(wish["prompt"])[:PROMPT_SHOWN],
        "resolution": shot.resolution,
        "aspect_ratio": shot.aspect_ratio,
        "keyframes": bool(shot.start or shot.end),
        "camera_motion": wish.get("camera_motion"),
        "concepts": list(shot.options.camera),
        "take": shot.take,
        "order": shot.key,
        "cached": not bought,
        "spent": spent,
        "service": shot.realm,
        "notes": [str(note) for note in (*run.warnings, *run.plan.notes, *run.odd.values())],
    }
