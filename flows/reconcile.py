"""``python -m flows.reconcile``: settles what earlier runs left behind; also a flow, for a schedule."""

# No `from __future__ import annotations` here: Prefect reads the parameters' types when a flow is served.

if __name__ == "__main__":
    # Before the imports: settling one order by hand does not wait for Prefect to load.
    from studio_cli.ending import entry

    entry("studio_cli.reconcile")

import asyncio
from typing import Any

from prefect import flow, get_run_logger, task
from prefect.artifacts import acreate_markdown_artifact

from flows.logs import tell_in_lines, unbilled
from flows.loopback import past_proxies
from flows.observed import observed
from studio.consoles import replace_unshowable
from studio.errors import InDoubt
from studio.execution.late_bookings import file_late
from studio.execution.reconciliation import Reconciliation
from studio.execution.reconciliation import reconcile as settle
from studio.execution.reconciliation_lines import as_json, told
from studio.execution.retries import SETTLE
from studio.execution.session import Session, open_session
from studio.execution.storing import upload_pending
from studio.purchasing.order_errors import in_doubt
from studio.settings import choose_service, load_settings
from studio.wording import Surface, asked_from
from tasks.caching import worth
from tasks.start_retry import begun

past_proxies()  # a worker's run, too, uses Prefect's server on this machine
replace_unshowable()  # and writes a log to a console that may not be UTF-8
tell_in_lines()


@task(
    name="settle the books",
    tags=["luma"],
    persist_result=False,
    retries=len(SETTLE.pauses),
    retry_delay_seconds=list(SETTLE.pauses),
    retry_condition_fn=worth(SETTLE),
)
async def settle_the_books(session: Session) -> Reconciliation:
    """Adopt lost answers, book ends, fetch paid clips, compare the balance."""
    return await settle(session)


@flow(name="reconcile")
@observed
async def reconcile() -> dict[str, Any]:
    """Settle every open order: adopt lost answers, book ends, fetch paid clips, compare the ledger with the balance.

    Fails if an order stays in doubt, so that somebody notices it.
    """
    with asked_from(Surface.FORM):
        settings = load_settings()
        unbilled.set(not choose_service(settings).billed)
        async with open_session(settings) as session:
            done = await begun(settle_the_books, session)
            filed = await asyncio.to_thread(file_late, session)
            stored = await upload_pending(session)
        lines = (*told(done), *(f"late bookings are in {path}" for path in filed),
                 *(f"in the store now: {path}" for path in stored))  # fmt: skip
        for line in lines:
            get_run_logger().info("%s", line)
        text = "\n".join(f"- {line}" for line in lines)
        await acreate_markdown_artifact(
            key="reconciliation", markdown=text, description="What was settled, what is left"
        )
        if done.in_doubt:
            error: InDoubt = in_doubt(done.in_doubt[0], done.reasons.get(done.in_doubt[0].key, ""))
            raise error
        return as_json(done)
