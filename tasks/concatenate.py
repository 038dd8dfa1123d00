"""The task that joins the scenes' clips into the film."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from prefect import task
from prefect.context import TaskRunContext

from studio.editing.assembly import Assembly
from studio.execution.film import FILM, make_film
from studio.execution.run import Run
from studio.planning.plan import canonical_json
from tasks.caching import key
from tasks.values import Footage


def _film_key(context: TaskRunContext, inputs: dict[str, Any]) -> str | None:
    run = inputs["run"]
    # Only a retried flow run has the same folder again; a recorded result is useless if the film itself is gone.
    if not (run.out / FILM).is_file():
        return None
    made_of = {
        "cuts": [asdict(cut) for cut in run.plan.cuts],
        "clips": {f.shot: f.sha256 for f in inputs["footage"]},
        "film": run.plan.production.film.model_dump(mode="json", exclude={"deliveries"}),
        "titles": asdict(run.plan.titles),
        "sound": repr(run.plan.sound),
        "out": str(run.out),
    }
    return key("concatenate", 3, hashlib.sha256(canonical_json(made_of).encode()).hexdigest())


@task(
    name="concatenate",
    task_run_name="film · concatenate",
    tags=["ffmpeg"],
    cache_key_fn=_film_key,
    result_serializer="pickle",
)
async def concatenate_film(run: Run, footage: Sequence[Footage]) -> Assembly:
    """Join the clips in the producer's order, write film.mp4, and measure the seams.

    A scene without footage gets a slate. Raises FilmMismatch where the film differs from the plan.
    """
    return await make_film(run, {f.shot: f.sha256 for f in footage})
