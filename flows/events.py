"""Announcements as events of Prefect, which automations and triggers of deployments match.

The resource of an event is ``studio.production.<slug>``, of a film ``studio.film.<slug>``; the other of the two, the
project, the flow run and its deployment are related to it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from prefect.context import FlowRunContext
from prefect.events import emit_event
from prefect.runtime import flow_run
from prefect.settings import PREFECT_UI_URL

from studio.execution.announcements import Announcement, announcer

log = logging.getLogger(__name__)


@contextmanager
def announcing() -> Iterator[None]:
    """A block whose announcements become events of Prefect."""
    before = announcer.set(announce)
    try:
        yield
    finally:
        announcer.reset(before)


def announce(said: Announcement) -> None:
    """Emit an announcement as an event. It is put into a queue, and sent by Prefect's own thread: this returns at once,
    and what cannot be sent is a line in the log, never an error of the run."""
    about = said.about
    production = {
        "prefect.resource.id": f"studio.production.{about.production}", "prefect.resource.name": about.title,
    }  # fmt: skip
    film = {"prefect.resource.id": f"studio.film.{about.film}", "prefect.resource.name": about.title}
    first, other, role = (film, production, "production") if said.of_film else (production, film, "film")
    related = [other | {"prefect.resource.role": role}]
    if about.project:
        project = {"prefect.resource.id": f"studio.project.{about.project}", "prefect.resource.name": about.project}
        related.append(project | {"prefect.resource.role": "project"})
    run = _flow_run()
    if run:
        # The deployment, the flow and its tags are added by Prefect, from the context.
        related.append(run | {"prefect.resource.role": "flow-run"})
    try:
        emit_event(said.name, resource=first, related=related, payload={**said.payload(), **link_of_run()})
    except Exception as error:  # noqa: BLE001 - a paid run goes on whatever becomes of an event
        log.warning("the event %s could not be emitted: %s", said.name, error)


def link_of_run() -> dict[str, Any]:
    """The id of this flow run, and its page in the UI, as values of an event; nothing outside of one."""
    identity = flow_run.id
    if not identity:
        return {}
    page = f"{PREFECT_UI_URL.value()}/runs/flow-run/{identity}" if PREFECT_UI_URL.value() else ""
    return {"flow_run": identity, "flow_run_url": page}


def _flow_run() -> dict[str, str]:
    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        return {}
    found = context.flow_run
    return {"prefect.resource.id": f"prefect.flow-run.{found.id}", "prefect.resource.name": found.name}
