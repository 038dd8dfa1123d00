"""The task that writes the report: files beside the film, artifacts in the Prefect UI."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from prefect import task
from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact

from studio.report import cost_rows, markdown_summary, write_all
from studio.report.records import RunRecord
from studio.storage.kept import Kept


class Told:
    """A record passed to a task, with what earlier runs kept: opaque, so that Prefect does not walk through a thousand
    shots."""

    def __init__(self, record: RunRecord, kept: Kept | None = None) -> None:
        self.record, self.kept = record, kept


@task(name="report", task_run_name="film · report", persist_result=False)
async def write_report(told: Told, made_of: Sequence[Any]) -> dict[str, Path]:
    """Write report.html, costs.csv, manifest.json and timeline.otio, and put costs and summary into the Prefect UI.

    ``made_of``: the results that the report covers, for the edges in the UI.
    """
    record = told.record
    written: dict[str, Path] = await asyncio.to_thread(write_all, record, record.out, told.kept)
    await acreate_table_artifact(
        key=f"costs-{record.slug}",
        table=cost_rows(record),
        description=f"What each shot of {record.title} cost, in USD",
    )
    await acreate_markdown_artifact(
        key=f"film-{record.slug}", markdown=markdown_summary(record), description=f"{record.title}, run {record.run_id}"
    )
    return written
