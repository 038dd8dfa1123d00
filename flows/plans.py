"""The plan of a run as an artifact in Prefect, before anything of it is bought."""

from __future__ import annotations

from prefect.artifacts import acreate_markdown_artifact

from studio.execution.announcements import announce, plan_ready
from studio.execution.session import Session
from studio.execution.stages import Drawn
from studio.report.plan_text import plan_page


async def show(session: Session, drawn: Drawn) -> None:
    """Announce a plan, and write it into an artifact."""
    plan = drawn.plan
    announce(plan_ready(plan, run=drawn.run, billed=session.service.billed))
    service = session.service
    await acreate_markdown_artifact(
        key=f"plan-{plan.production.slug}",
        markdown=plan_page(plan, service=service.title, billed=service.billed),
        description=f"The plan of {plan.production.title}: what will be bought, at which price",
    )
