"""A watched folder or store: each new or changed production is planned, and made if its budget allows.

Run it on a schedule (see ``prefect.yaml``), as ``studio watch FOLDER``, or as ``python -m flows.watch``.
"""

# No `from __future__ import annotations` here: Prefect reads the parameters' types when a flow is served.

if __name__ == "__main__":
    # Before the imports: errors do not wait for Prefect to load.
    from studio_cli.ending import entry

    entry("studio_cli.watch")

import asyncio
import re
import uuid
from datetime import timedelta
from typing import Annotated, Any

from prefect import flow, get_run_logger
from prefect.artifacts import acreate_table_artifact
from prefect.runtime import flow_run
from pydantic import Field

from flows.films import Where, made_in_a_run
from flows.form import Budget, in_the_form
from flows.logs import one_line, tell_in_lines, unbilled
from flows.loopback import past_proxies
from flows.names import made_up
from flows.observed import observed
from flows.timing import keep_moving
from studio.consoles import replace_unshowable
from studio.errors import BadInput, NotConfirmed, StudioError
from studio.execution.run import check_budget
from studio.execution.session import Session, open_session
from studio.execution.watching import Candidate, candidates, is_due, is_whole, loaded, state_after
from studio.ledger.batches import Batch, begin_batch
from studio.ledger.claims import claim, let_go
from studio.ledger.watched import Watched, WatchState, digest_of, first_seen, keep_state, watched_in
from studio.money import plain, usd
from studio.remedies import Place, option, text_of
from studio.report.links import links_of
from studio.settings import choose_service, load_settings
from studio.storage.places import FilePlace
from studio.wording import Surface, asked_from

past_proxies()  # a worker's run, too, uses Prefect's server on this machine
replace_unshowable()  # and writes a log to a console that may not be UTF-8
tell_in_lines()
FORM = {
    "folder": "Watched: folder",
    "settle": "Watched: settle, in seconds",
    "budget": "Budget: US dollars, of each film",
    "at_once": "Films: at once",
    "where": "Films: where",
}


def _run_name() -> str:
    name = flow_run.name or ""
    return f"watch {flow_run.parameters.get('folder') or ''}".strip() if not name or made_up(name) else name


@flow(name="watch", flow_run_name=_run_name, validate_parameters=True)
@in_the_form(FORM)
@observed
async def watch(
    folder: str = "",
    budget: Budget = None,
    settle: Annotated[int, Field(ge=0, le=86400)] = 20,
    at_once: Annotated[int, Field(ge=1, le=20)] = 2,
    where: Where = "here",
) -> dict[str, Any]:
    """Look once at a folder, and make each production in it that is new or changed. What was made is not made again.

    Args:
        folder: A folder on the machine that runs this, or a store such as s3://bucket/prefix. Folders in it are looked
            at, too.
        budget: US dollars that each run of a film may spend at most. A billed film needs one, here or in its
            production.
        settle: Seconds for which nothing of a production may have changed: a file that is still written is left.
        at_once: How many films are made at the same time, at most.
        where: here: in this run's process. workers: each film as a run of the deployment produce/produce, which takes a
            place at a worker beside this run's own.
    """
    with asked_from(Surface.FORM):
        settings = load_settings()
        service = choose_service(settings)
        unbilled.set(not service.billed)
        if not folder.strip():
            raise BadInput("no folder is named", where=Place("folder"), hint="name a folder, or a store's URL")
        place = FilePlace(folder)
        async with open_session(settings) as session:
            look = _Look(session, place, budget, where, Batch(str(flow_run.id), None))
            due = await look.due(timedelta(seconds=settle))
            if due:
                await asyncio.to_thread(begin_batch, session.ledger, look.batch, service.realm)
            places = asyncio.Semaphore(at_once)

            async def one(candidate: Candidate) -> dict[str, Any] | None:
                async with places:
                    return await look.make(candidate)

            rows = [row for row in await asyncio.gather(*map(one, due)) if row is not None]
            if rows:
                links = links_of(settings)
                shown = [row | {"film": links.of(row["film"]) or row["film"] if row["film"] else ""} for row in rows]
                await acreate_table_artifact(
                    key=_key(place.name), table=shown, description=f"What became of what is new in {place.name}"
                )
        return {"folder": place.name, "looked_at": look.seen, "rows": rows}


class _Look:
    """One look at a place by one run."""

    def __init__(self, session: Session, place: FilePlace, budget: Any, where: Where, batch: Batch) -> None:
        self.session, self.place, self.budget, self.where, self.batch = session, place, budget, where, batch
        self.realm, self.seen = session.service.realm, 0
        self.owner = uuid.uuid4().hex

    async def due(self, settle: timedelta) -> list[Candidate]:
        """The productions about which something is to be done now."""
        ledger = self.session.ledger
        found = await asyncio.to_thread(candidates, self.place, digests=self.session.kept.digests, budget=self.budget)
        self.seen, due = len(found), []
        known = await asyncio.to_thread(watched_in, ledger, self.place.name, self.realm)
        now = await asyncio.to_thread(ledger.now)
        for one in found:
            state = known.get(one.name)
            if state is None or state.content != one.content:
                state = await asyncio.to_thread(first_seen, ledger, self.place.name, one.name, self.realm, one.content)
            if is_due(state, now) and (state.state is not WatchState.SEEN or is_whole(one, state, now, settle)):
                due.append(one)
        return due

    async def make(self, one: Candidate) -> dict[str, Any] | None:
        """Plan a production and make its film; returns what became of it, None where another watcher has it."""
        ledger = self.session.ledger
        name = f"watch/{self.realm}/{digest_of(self.place.name)[:32]}/{digest_of(one.name)[:32]}"
        if await asyncio.to_thread(claim, ledger, name, self.owner, one.name) is not None:
            return None
        renewing = asyncio.create_task(keep_moving(self.session, name, self.owner))
        try:
            known = (await asyncio.to_thread(watched_in, ledger, self.place.name, self.realm)).get(one.name)
            now = await asyncio.to_thread(ledger.now)
            if known is None or known.content != one.content or not is_due(known, now):
                return None  # another watcher has just made it, or it was changed meanwhile
            return await self._made(one, known)
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)
            await asyncio.to_thread(let_go, ledger, name, self.owner)

    async def _made(self, one: Candidate, known: Watched) -> dict[str, Any]:
        log, tries = get_run_logger(), known.tries + 1
        row: dict[str, Any] = {"file": one.name, "state": "", "film": None, "paid_usd": "0.00", "error": ""}
        try:
            path, written = await asyncio.to_thread(loaded, self.place, one, self.session)
            plan, _ = await self.session.plan(written)
            allowed = await asyncio.to_thread(check_budget, self.session, plan, self.budget)
            if self.session.service.billed and allowed is None and plan.to_pay > 0:
                raise NotConfirmed(
                    f"this film would be billed {usd(plan.to_pay)}, and it has no budget",
                    where=one.name,
                    hint=text_of("write one into it (budget:), or give each film one (", option("budget"), ")"),
                )
        except StudioError as error:
            state, told = state_after(error, tries), one_line(str(error))
            row |= {"state": state.value, "error": told}
            log.warning("%s: %s", one.name, told)
        else:
            log.info("%s: %s, %s to pay", one.name, plan.production.title, usd(plan.to_pay))
            made = await made_in_a_run(
                one.name, where=self.where, ledger=self.session.ledger, settings=self.session.settings,
                batch=self.batch.id, plan=plan, options={"production_file": str(path), "budget": self.budget},
            )  # fmt: skip
            state = state_after(made.cause, tries) if made.error else WatchState.MADE
            row |= {
                "state": state.value, "film": made.film, "paid_usd": plain(made.paid), "error": made.error
            }  # fmt: skip
            log.log(30 if made.error else 20, "%s: %s", one.name, made.error or f"made, {usd(made.paid)} paid")
        told = str(row["error"] or row["film"] or "")
        await asyncio.to_thread(
            keep_state, self.session.ledger, self.place.name, one.name, self.realm, one.content, state, told, tries
        )
        return row


def _key(name: str) -> str:
    return f"watched-{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')[-60:].strip('-') or 'folder'}"
