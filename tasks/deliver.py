"""The task that makes the film into what it is delivered as."""

from __future__ import annotations

from prefect import task

from studio.delivery.values import DeliveryRecord
from studio.editing.assembly import Assembly
from studio.execution.deliveries import make_deliveries
from studio.execution.run import Run


@task(name="deliver", task_run_name="film · deliver", tags=["ffmpeg"], persist_result=False)
async def deliver_film(run: Run, film: Assembly) -> tuple[DeliveryRecord, ...]:
    """Make the film into the presets that its production asks for; those made before are copied.

    One that fails is recorded with its reason.
    """
    return await make_deliveries(run, film.film)
