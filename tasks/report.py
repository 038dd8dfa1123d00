"""The task that writes the report: files beside the film, artifacts in the Prefect UI."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from prefect import task
from prefect.artifacts import acreate_image_artifact, acreate_markdown_artifact, acreate_table_artifact

from studio.report import cost_rows, markdown_summary, write_all
from studio.report.links import Links
from studio.report.records import RunRecord
from studio.storage.kept import Kept


class Told:
    """A record passed to a task, with what earlier runs kept and where films are served: opaque, so that Prefect does
    not walk through a thousand shots."""

    def __init__(self, record: RunRecord, links: Links, kept: Kept | None = None) -> None:
        self.record, self.links, self.kept = record, links, kept


@task(name="report", task_run_name="film · report", persist_result=False)
async def write_report(told: Told, made_of: Sequence[Any]) -> dict[str, Path]:
    """Write report.html, costs.csv, manifest.json, timeline.otio and the contact sheet, and put costs, summary and
    pictures into the Prefect UI.

    ``made_of``: the results that the report covers, for the edges in the UI.
    """
    record = told.record
    written: dict[str, Path] = await asyncio.to_thread(write_all, record, record.out, told.kept)
    links = {name: told.links.of(path) for name, path in written.items()}
    await acreate_table_artifact(
        key=f"costs-{record.slug}",
        table=cost_rows(record),
        description=f"What each shot of {record.title} cost, in USD",
    )
    await acreate_markdown_artifact(
        key=f"film-{record.slug}",
        markdown=markdown_summary(
            record, film=told.links.of(record.film.path) if record.film else None, report=links["report"],
            sheet=links.get("contact_sheet"),
        ),
        description=f"{record.title}, run {record.run_id}",
    )  # fmt: skip
    if sheet := links.get("contact_sheet"):
        await acreate_image_artifact(
            key=f"pictures-{record.slug}", image_url=sheet, description=f"First and last frames of {record.title}"
        )
    return written
