"""The steps of a shot as tasks of Prefect, with edges, retries, cache keys and names."""

import copy
from collections.abc import Sequence
from typing import Any

from prefect.client.schemas.objects import State
from prefect.utilities.annotations import quote

from studio.execution.kept import Kept
from studio.execution.run import Run
from studio.planning.plan import Shot
from tasks.download import download
from tasks.generate import Reusable, generate, in_the_books, reuse
from tasks.publish import publish_asset
from tasks.start_retry import begun
from tasks.values import Footage

End = State[Any] | Footage


class PrefectSteps:
    """A step runner whose steps are tasks. A step's end is its State, or the file that a task returned, passed on
    whole, so that Prefect knows the edges and begins nothing on a failed parent.

    Shots are quoted: otherwise Prefect would treat a string that a shot shares with some result as an edge.
    """

    async def reuse(self, run: Run, kept: Sequence[Kept]) -> Sequence[End]:
        files: list[Footage] = await begun(reuse, Reusable(kept))
        return files

    async def publish(self, run: Run, sha256: str) -> End:
        return await _state(publish_asset, run, quote(run.seeds[sha256]))

    async def generate(self, run: Run, shot: Shot, parents: Sequence[End], images: Sequence[End], attempt: int) -> End:
        given = (run, quote(shot), list(parents), list(images), attempt)
        named = _named(generate, shot)
        made = await _state(named, *given)
        if made.is_completed() and not await in_the_books(run, shot, await made.aresult()):
            # The recorded result is of a purchase, or of an end, that the ledger does not have.
            made = await _state(named.with_options(refresh_cache=True), *given)
        return made

    async def download(self, run: Run, shot: Shot, generated: End) -> End:
        return await _state(_named(download, shot), run, quote(shot), generated)

    async def error(self, end: End) -> BaseException | None:
        if isinstance(end, Footage) or end.is_completed() or end.is_pending():
            return None
        result = await end.aresult(raise_on_failure=False)
        return result if isinstance(result, BaseException) else RuntimeError(end.message or end.name)

    async def sha256(self, downloaded: End) -> str | None:
        if isinstance(downloaded, Footage):
            return downloaded.sha256
        return str((await downloaded.aresult()).sha256) if downloaded.is_completed() else None


def _named(task: Any, shot: Shot) -> Any:
    """The task, with its shot in its name: Prefect gives a run its own name when it begins, and it may wait for a slot,
    or never begin. A copy, because ``with_options`` takes a millisecond and a film has two thousand.
    """
    named = copy.copy(task)
    named.name = f"{shot.id} · {task.name}"
    return named


async def _state(task: Any, *args: Any) -> State[Any]:
    state: State[Any] = await begun(task, *args, return_state=True)
    return state
