"""The steps of a shot as tasks of Prefect, with edges, retries, cache keys and names."""

from collections.abc import Sequence
from typing import Any

from prefect.client.schemas.objects import State
from prefect.utilities.annotations import quote

from studio.execution.run import Run
from studio.planning.plan import Shot
from tasks.download import download
from tasks.generate import booked, ended_in_the_books, submit, wait
from tasks.publish import publish_asset
from tasks.start_retry import begun

End = State[Any]


class PrefectSteps:
    """A step runner whose steps are tasks. A step's end is its State, passed on whole, so that Prefect knows the edges
    and begins nothing on a failed parent.

    Shots are quoted: otherwise Prefect would treat a string that a shot shares with some result as an edge.
    """

    async def publish(self, run: Run, sha256: str) -> End:
        return await _state(publish_asset, run, quote(run.seeds[sha256]))

    async def submit(self, run: Run, shot: Shot, parents: Sequence[End], images: Sequence[End], attempt: int) -> End:
        given = (run, quote(shot), list(parents), list(images), attempt)
        ordered = await _state(submit, *given)
        if ordered.is_completed() and not await booked(run, shot, await ordered.aresult()):
            # The recorded result is of a purchase that neither the ledger nor the service has.
            ordered = await _state(submit.with_options(refresh_cache=True), *given)
        return ordered

    async def wait(self, run: Run, shot: Shot, submitted: End) -> End:
        waited = await _state(wait, run, quote(shot), submitted)
        if waited.is_completed() and not await ended_in_the_books(run, shot):
            waited = await _state(wait.with_options(refresh_cache=True), run, quote(shot), submitted)
        return waited

    async def download(self, run: Run, shot: Shot, waited: End) -> End:
        return await _state(download, run, quote(shot), waited)

    async def error(self, end: End) -> BaseException | None:
        if end.is_completed() or end.is_pending():
            return None
        result = await end.aresult(raise_on_failure=False)
        return result if isinstance(result, BaseException) else RuntimeError(end.message or end.name)

    async def sha256(self, downloaded: End) -> str | None:
        return str((await downloaded.aresult()).sha256) if downloaded.is_completed() else None


async def _state(task: Any, *args: Any) -> End:
    state: End = await begun(task, *args, return_state=True)
    return state
