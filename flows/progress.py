"""A run's progress as an artifact in Prefect: one for the whole run, however many shots it has."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from typing import TypeAlias
from uuid import UUID

import httpx
from prefect import get_run_logger
from prefect.artifacts import acreate_progress_artifact, aupdate_progress_artifact
from prefect.exceptions import PrefectHTTPStatusError

from studio.execution.progress import Listener, listener
from studio.execution.run import Run
from studio.planning.plan import Plan, ShotState
from studio.report.records import RunRecord

Log: TypeAlias = "logging.Logger | logging.LoggerAdapter[logging.Logger]"
PLAIN = logging.getLogger(__name__)
WARNING = "warning: "  # the beginning of a note that is one
PAUSE = 3.0  # seconds between two looks at whether there is news
ENDED = ("ready", "failed", "not started")
#: Errors of Prefect's server: progress is for looking at, and no reason to end a run.
NOT_TOLD = (httpx.HTTPError, PrefectHTTPStatusError, OSError)


class Progress(Listener):
    """Counts the shots of a run, and passes everything on to the listener that was there. Warnings go to ``log``,
    too."""

    def __init__(self, inner: Listener, plan: Plan, log: Log = PLAIN) -> None:
        self._inner, self._log = inner, log
        self._states = {shot.id: "" for shot in plan.shots if shot.state is not ShotState.OWN}
        self._film = ""

    @property
    def percent(self) -> float:
        """The part of the shots that have ended."""
        ended = sum(state in ENDED for state in self._states.values())
        return 100 * ended / len(self._states) if self._states else 100.0

    @property
    def words(self) -> str:
        """``12 of 40 shots ready, 10 in work, 1 failed``."""
        states = list(self._states.values())
        told = [f"{states.count('ready')} of {len(states)} shots ready"]
        moving = sum(state not in ("", *ENDED) for state in states)
        told += [f"{moving} in work"] if moving else []
        told += [f"{failed} failed"] if (failed := states.count("failed")) else []
        return ", ".join(told + ([self._film] if self._film else []))

    def began(self) -> None:
        self._inner.began()

    def planned(self, plan: Plan) -> None:
        self._inner.planned(plan)

    def shot(self, shot_id: str, state: str, detail: str = "") -> None:
        self._states[shot_id] = state
        self._inner.shot(shot_id, state, detail)

    def bought(self, shot_id: str, price: Decimal) -> None:
        self._inner.bought(shot_id, price)

    def film(self, frames: int, total: int) -> None:
        self._film = "joining the film"
        self._inner.film(frames, total)

    def note(self, text: str) -> None:
        if text.startswith(WARNING):
            self._log.warning("%s", text.removeprefix(WARNING))
        self._inner.note(text)

    def ended(self, record: RunRecord) -> None:
        self._film = "film finished" if record.film else ""
        self._inner.ended(record)


@asynccontextmanager
async def shown(run: Run) -> AsyncIterator[None]:
    """A block during which the run's progress is shown in Prefect."""
    progress = Progress(listener.get(), run.plan, get_run_logger())
    before = listener.set(progress)
    news = asyncio.create_task(_tell(progress, run))
    try:
        yield
    finally:
        listener.reset(before)
        news.cancel()
        await asyncio.gather(news, return_exceptions=True)


async def _tell(progress: Progress, run: Run) -> None:
    """Write the progress down when it has changed, and a last time at the end of the run."""
    artifact: UUID | None = None
    told = ""

    async def write() -> None:
        nonlocal artifact, told
        words = progress.words
        if words == told:
            return
        with suppress(*NOT_TOLD):
            if artifact is None:
                artifact = await acreate_progress_artifact(
                    progress.percent, key=f"progress-{run.production}", description=words
                )
            else:
                await aupdate_progress_artifact(artifact, progress.percent, description=words)
            told = words

    try:
        while True:
            await write()
            await asyncio.sleep(PAUSE)
    finally:
        await write()
