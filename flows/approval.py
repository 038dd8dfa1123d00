"""Approvals in Prefect: a run that asks is suspended, and goes on in a new process once it is answered."""

# No `from __future__ import annotations` here: Prefect reads the types of the input's fields.
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from prefect.flow_runs import asuspend_flow_run
from prefect.input import RunInput
from prefect.logging import get_run_logger
from prefect.runtime import deployment
from pydantic import Field, ValidationError

from studio.errors import SettingsError
from studio.execution.announcements import ApprovalWanted, announce, subject_of
from studio.execution.approvals import Ask, Decision, Gate, Question, in_words
from studio.remedies import Place
from studio.report.formats import in_markdown
from studio.report.plan_text import plan_page

HOUR = 3600  # seconds
#: A front-end that can ask a person itself, such as the command in a terminal, sets this before it calls the flow.
asker: ContextVar[Ask | None] = ContextVar("asker", default=None)


class Approval(RunInput):
    """The answer to a run that waits for an approval."""

    decision: Literal[tuple(Decision)] = Field(  # type: ignore[valid-type]
        title="Decision",
        description="approve: go on, for at most the price that is shown. change: make the scenes below anew; their "
        "price is shown before it is spent. reject: end the run; what was bought is kept.",
        json_schema_extra={"position": 0},
    )
    retake: list[str] = Field(
        [], title="Retake", json_schema_extra={"position": 1},
        description="With change: ids of scenes to make once more.",
    )  # fmt: skip
    prompts: list[str] = Field(
        [], title="New prompts", json_schema_extra={"position": 2},
        description="With change: SCENE: the new prompt. It counts for this run; the production is not edited.",
    )  # fmt: skip
    note: str = Field("", title="Note", json_schema_extra={"position": 3}, description="Kept with the answer.")
    by: str = Field("", title="Your name", json_schema_extra={"position": 4}, description="Kept with the answer.")


def ask_by(gate: Gate | None, hours: float) -> Ask:
    """The way in which this run puts its questions: by the front-end that called it, else by being suspended.

    Raises SettingsError, before anything is bought, for a run that cannot be suspended: one without a deployment.
    """
    own = asker.get()
    if own is not None:
        return own
    if gate is not None and deployment.id is None:
        raise SettingsError(
            "a run without a deployment cannot wait for an approval",
            where=Place("approve"),
            hint="start it from a deployment (Deployments → produce → Run), or ask in the terminal: "
            f"studio produce YOUR_PRODUCTION --approve {gate}",
        )

    async def ask(question: Question) -> Mapping[str, Any]:
        get_run_logger().info("%s", in_words(question))
        production, billed = question.plan.production, question.plan.realm == "luma"
        announce(ApprovalWanted(
            subject_of(production, billed=billed), which=question.gate.value, price=question.plan.to_pay,
            until=datetime.now(UTC) + timedelta(hours=hours),
        ))  # fmt: skip
        wanted = Approval.with_initial_data(description=page(question))
        try:
            answer = await asuspend_flow_run(wait_for_input=wanted, timeout=round(hours * HOUR), key=question.key)
        except ValidationError as error:  # of an answer that the server did not check
            fault = error.errors(include_url=False)[0]
            return {"decision": f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}"}
        return {name: getattr(answer, name) for name in ("decision", "retake", "prompts", "note", "by")}

    return ask


def page(question: Question) -> str:
    """The question in Markdown: what is asked, what was wrong with the last answer, the plan, what was changed."""
    lines = []
    if question.unclear:
        lines += [f"**Your last answer could not be used: {in_markdown(question.unclear)}**", ""]
    # The first version of the UI gives a long text a few lines of room: what counts comes first.
    slug = question.plan.production.slug
    film = "" if question.film is None else f"; the film is in `film-{question.film.slug}`"
    shown = f"The plan is below, and in the artifact `plan-{slug}`{film}."
    lines += [f"**{in_markdown(in_words(question))}** {shown}", ""]
    if question.changed:
        lines += ["To take the changes back, answer change and name no scene.", ""]
    if question.changes:
        lines += ["Changed in this run:", ""]
        lines += [f"- {in_markdown(scene)}: {in_markdown(text)}" for scene, text in question.changes.prompts.items()]
        lines += [f"- {in_markdown(scene)}: made once more" for scene in question.changes.retake]
        lines += [""]
    if question.gate is not Gate.FINAL:
        lines.append(plan_page(question.plan, service=question.plan.realm, billed=question.plan.realm == "luma"))
    return "\n".join(lines)
