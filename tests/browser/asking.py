"""A flow that asks a person, served for the tests of the browser: ``python -m tests.browser.asking``."""

# No `from __future__ import annotations` here: Prefect reads the parameters' types when a flow is served.

from typing import Annotated

from prefect import flow, suspend_flow_run
from prefect.artifacts import acreate_markdown_artifact
from prefect.input import RunInput
from pydantic import Field, WithJsonSchema

from flows.form import in_the_form


class Answer(RunInput):
    """What a person is asked."""

    decision: Annotated[str, WithJsonSchema({"type": "string", "enum": ["approve", "reject"]})] = Field(
        default="reject", title="Decision", description="approve or reject."
    )
    words: str = Field(default="", title="Words", description="Anything else.")


@flow(name="asking", persist_result=True)
@in_the_form({"subject": "Subject"})
async def asking(subject: str = "") -> str:
    """Ask about a subject."""
    answer = await suspend_flow_run(wait_for_input=Answer.with_initial_data(description=f"# {subject}"), timeout=3600)
    told = f"{answer.decision}: {answer.words}"
    await acreate_markdown_artifact(key="answer", markdown=told)
    return told


if __name__ == "__main__":
    asking.serve(name="asking")
