"""Delivery: a finished film and its report are copied to a folder or a store, such as when a run has made it."""

# No `from __future__ import annotations` here: Prefect reads the parameters' types when a flow is served.

import asyncio
from typing import Any, Literal

from prefect import flow, get_run_logger
from prefect.artifacts import acreate_markdown_artifact
from prefect.runtime import flow_run

from flows.form import in_the_form
from flows.logs import tell_in_lines
from flows.loopback import past_proxies
from flows.names import made_up
from studio.cleaning import printable
from studio.consoles import replace_unshowable
from studio.settings import load_settings
from studio.shelf.handing_over import check_named, deliver_film
from studio.wording import Surface, asked_from

past_proxies()  # a worker's run, too, uses Prefect's server on this machine
replace_unshowable()  # and writes a log to a console that may not be UTF-8
tell_in_lines()

Recipient = Literal["client", "editor", "accountant"]


def _run_name() -> str:
    name = flow_run.name or ""
    parts = str(flow_run.parameters.get("film") or "").rstrip("/").split("/")
    return f"deliver {printable('/'.join(parts[-3:-1]) or parts[-1])}".strip() if not name or made_up(name) else name


@flow(name="deliver", flow_run_name=_run_name, validate_parameters=True)
@in_the_form({"film": "Film", "to": "Delivery: to", "recipient": "Delivery: recipient"})
async def deliver(
    film: str = "",
    to: str = "",
    recipient: Recipient = "client",
) -> dict[str, Any]:
    """Copy a finished film and its report to a folder or a store. Nothing is bought, and nothing is made.

    Args:
        film: The film's file, or the folder of its run; from a trigger, the path in the event film.completed.
        to: A folder on the machine that runs this, or a store such as s3://bucket/films. The film gets a folder in it.
        recipient: client: the film, and a report without prices; editor: timelines and clips, too; accountant: costs.
    """
    with asked_from(Surface.FORM):
        settings = load_settings()
        check_named(film, to)
        home = settings.home.absolute()
        made = await asyncio.to_thread(deliver_film, film.strip(), to.strip(), recipient, home=home)
        told = f"{made.film.title}, {made.film.version}: {len(made.files)} files are in {made.place}/{made.folder}"
        get_run_logger().info("%s", told)
        files = "\n".join(f"- `{name}`" for name in made.files)
        await acreate_markdown_artifact(
            key=f"delivered-{made.film.slug}",
            markdown=f"{told}\n\n{files}",
            description=f"{made.film.title}, delivered",
        )
        return {"place": made.place, "folder": made.folder, "files": list(made.files)}
