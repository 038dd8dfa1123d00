"""Approvals of a run: what is asked, what an answer does, and that no more is spent. A real sandbox over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from studio.errors import BadInput, NotApproved, OverBudget
from studio.execution.approvals import Gate, Question
from studio.execution.run import Run
from studio.execution.session import open_session
from studio.execution.stages import Asked, Drawn, Make, Stages
from studio.ledger.answers import answers_of, keep_answer
from studio.library.film import carry_out
from studio.production import Production
from studio.report.records import RunRecord
from studio.settings import load_settings
from tests.support.running import Sandbox, booked, chain, charged

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
APPROVE = {"decision": "approve"}
PRICE, DRAFT = Decimal("0.42"), Decimal("0.42")


@pytest.fixture
def at_sandbox(workplace: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder whose runs go to the sandbox, without Prefect."""
    monkeypatch.setenv("LUMAAI_BASE_URL", sandbox.url)
    return workplace


class Person:
    """Gives one answer after another, and keeps the questions. An exception among the answers is raised: the process
    ends there."""

    def __init__(self, *answers: Mapping[str, Any] | BaseException) -> None:
        self.answers, self.asked = list(answers), list[Question]()

    async def __call__(self, question: Question) -> Mapping[str, Any]:
        self.asked.append(question)
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    @property
    def gates(self) -> list[str]:
        return [question.gate.value for question in self.asked]


async def made(
    person: Person, production: Production, run: str = "run", make: Make | None = None, **asked: Any
) -> RunRecord:
    """The film of a run with these answers."""

    async def told(drawn: Drawn) -> None:
        """Plans are looked at in the questions."""

    make = make or partial(carry_out, allow_missing=False)
    async with open_session(load_settings()) as session:
        return await Stages(session, Asked(production, **asked), run, make=make, ask=person, told=told).film()


def latest(folder: Path, name: str = "latest") -> Path | None:
    link = folder / "films" / "chain" / name
    return link.resolve() if link.exists() else None


async def test_a_plan_is_bought_once_it_is_approved(at_sandbox: Path, sandbox: Sandbox) -> None:
    """The price that was shown is what is spent; again, the same film costs nothing, and nobody is asked."""
    person = Person(APPROVE)
    record = await made(person, chain(), approve=Gate.PLAN)

    assert (person.gates, person.asked[0].amount) == (["plan"], PRICE)
    assert record.cost == booked(at_sandbox) == charged(sandbox) == PRICE

    nobody = Person()
    assert (await made(nobody, chain(), "again", approve=Gate.PLAN)).cost == 0
    assert nobody.asked == []


async def test_a_rejected_plan_buys_nothing(at_sandbox: Path, sandbox: Sandbox) -> None:
    """The run ends with who rejected it and why, and goes on being rejected when it is continued."""
    with pytest.raises(NotApproved, match="the plan was rejected by Ada: too dear"):
        await made(Person({"decision": "reject", "note": "too dear", "by": "Ada"}), chain(), approve=Gate.PLAN)
    with pytest.raises(NotApproved, match="too dear"):
        await made(Person(), chain(), approve=Gate.PLAN)

    assert sandbox.prompts() == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "decision is missing"),
        ({"decision": "yes"}, "'yes' is none"),
        ({"decision": "change"}, "change names no scene"),
        ({"decision": "change", "retake": ["bb"]}, "no scene 'bb'"),
        ({"decision": "change", "prompts": ["b"]}, "'b' has no prompt"),
        ({"decision": "change", "prompts": ["b: x"]}, "prompt"),
        ({"decision": "change", "retake": {"b": 1}}, "retake"),
        ({"decision": "approve", "retake": ["b"]}, "approve stands beside"),
        ({"decision": "change", "prompts": [1]}, "prompts"),
    ],
)
async def test_an_answer_that_cannot_be_read_is_asked_for_again(
    at_sandbox: Path, sandbox: Sandbox, given: Mapping[str, Any], said: str
) -> None:
    """The next question says what was wrong; nothing is bought meanwhile, and nothing of the run is lost."""
    person = Person(given, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        await made(person, chain(), approve=Gate.PLAN)
    assert said in person.asked[1].unclear
    assert person.asked[0].key != person.asked[1].key
    assert sandbox.prompts() == []

    later = Person({"decision": "reject"})
    with pytest.raises(NotApproved):
        await made(later, chain(), approve=Gate.PLAN)
    assert [(one.attempt, said in one.unclear) for one in later.asked] == [(2, True)]


async def test_a_changed_prompt_is_priced_before_it_is_bought(at_sandbox: Path, sandbox: Sandbox) -> None:
    """The plan with the new prompt is approved before it is made; the production stays as it was written."""
    written = chain()
    person = Person({"decision": "change", "prompts": ["b: a boat stays in the harbour"]}, APPROVE)
    record = await made(person, written, approve=Gate.PLAN)

    assert person.asked[1].changes.prompts == {"b": "a boat stays in the harbour"}
    assert sandbox.prompts()[1] == "a boat stays in the harbour"
    assert written.scenes[1].prompt == "a boat leaves the harbour"
    assert record.cost == PRICE


async def test_a_draft_a_change_of_it_and_the_final_version(at_sandbox: Path, sandbox: Sandbox) -> None:
    """Draft, review, another take of one scene at a price that is shown, review, final version: all in one run, and
    what was spent is what was approved."""
    production = chain(model="ray-2", resolution="720p")
    person = Person({"decision": "change", "retake": ["c"]}, APPROVE, APPROVE)
    record = await made(person, production, approve=Gate.DRAFT, budget=Decimal(20))

    assert person.gates == ["draft", "plan", "draft"]
    first, changes, second = person.asked
    assert (first.spent, changes.plan.to_pay, second.spent) == (DRAFT, DRAFT / 3, DRAFT + DRAFT / 3)
    assert [shot.take for shot in changes.plan.shots] == [1, 1, 2]
    assert booked(at_sandbox) == charged(sandbox) == second.amount
    assert {shot.model for shot in record.shots} == {"ray-2"}
    assert latest(at_sandbox) == record.out.resolve()
    assert latest(at_sandbox, "latest-draft") != latest(at_sandbox)


async def test_a_final_version_is_made_from_the_approved_draft(at_sandbox: Path, sandbox: Sandbox) -> None:
    """With ``from_draft``, the take that was approved in the draft is the one that is made larger."""
    person = Person({"decision": "change", "retake": ["c"]}, APPROVE, APPROVE)
    record = await made(person, chain(resolution="720p"), approve=Gate.DRAFT, from_draft=True)

    draft = {shot.scene: shot.key for shot in person.asked[1].plan.shots}
    final = {shot.id: shot for shot in person.asked[2].plan.shots}
    assert draft["c"] in {shot.key for shot in final.values()}
    assert record.film is not None
    assert charged(sandbox) == person.asked[2].amount


async def test_a_film_is_the_latest_once_it_is_approved(at_sandbox: Path, sandbox: Sandbox) -> None:
    """Changes that are too dear can be taken back; then the film that is there is approved, and becomes the latest."""
    person = Person({"decision": "change", "retake": ["a"]}, {"decision": "change"}, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        await made(person, chain(), approve=Gate.FINAL)
    assert person.gates == ["final", "plan", "final"]
    assert person.asked[2].amount == charged(sandbox) == PRICE
    assert latest(at_sandbox) is None

    record = await made(Person(APPROVE), chain(), approve=Gate.FINAL)
    assert latest(at_sandbox) == record.out.resolve()
    assert charged(sandbox) == PRICE


async def test_a_run_that_is_continued_does_not_ask_again(at_sandbox: Path, sandbox: Sandbox) -> None:
    """Killed while it buys, it goes on from the ledger: no question is asked twice, and nothing is bought twice."""
    with pytest.raises(KeyboardInterrupt):
        await made(Person(APPROVE), chain(), approve=Gate.PLAN, make=_killed_after_one)
    assert len(sandbox.prompts()) == 1

    nobody = Person()
    record = await made(nobody, chain(), approve=Gate.PLAN)
    assert (nobody.asked, record.cost) == ([], PRICE)
    assert booked(at_sandbox) == charged(sandbox) == PRICE


async def test_another_plan_needs_another_approval(at_sandbox: Path, sandbox: Sandbox) -> None:
    """A production that was edited after the answer, before or while the run bought, is asked about again: with what is
    spent already, and what more it would spend."""
    with pytest.raises(KeyboardInterrupt):
        await made(Person(APPROVE), chain(), approve=Gate.PLAN, make=_killed_after_one)
    edited, person = chain(b={"prompt": "a boat stays in the harbour", "duration": 9}), Person(APPROVE)
    record = await made(person, edited, approve=Gate.PLAN)

    (question,) = person.asked
    assert (question.attempt, question.spent) == (2, PRICE / 3)
    assert question.amount == record.cost == charged(sandbox) > PRICE


async def test_no_more_than_was_approved_is_spent(at_sandbox: Path, sandbox: Sandbox) -> None:
    """The approved price is a cap of the ledger for the run: what a step would buy beyond it is refused there."""

    async def dearer(run: Run) -> RunRecord:
        more, _ = await run.session.plan(chain(c={"duration": 9}), run=run.id)
        run.plan = more
        return await carry_out(run, allow_missing=False)

    with pytest.raises(OverBudget):
        await made(Person(APPROVE), chain(), approve=Gate.PLAN, make=dearer)
    assert charged(sandbox) <= PRICE


async def test_a_budget_bounds_an_approval(at_sandbox: Path, sandbox: Sandbox) -> None:
    """A final version beyond the budget is refused, not asked about; the draft is kept."""
    person = Person()
    with pytest.raises(OverBudget):
        await made(person, chain(model="ray-2", resolution="720p"), approve=Gate.DRAFT, budget=Decimal("0.50"))
    assert (person.asked, charged(sandbox)) == ([], DRAFT)


async def test_an_answer_counts_once(at_sandbox: Path, sandbox: Sandbox) -> None:
    """Of two answers to one question, such as from two browsers, the first holds; both are by the question's number."""
    with pytest.raises(NotApproved):
        await made(Person({"decision": "reject", "by": "Ada"}), chain(), approve=Gate.PLAN)
    async with open_session(load_settings()) as session:
        ledger = session.ledger
        (first,) = answers_of(ledger, "run")
        second = keep_answer(
            ledger, "run", question=1, attempt=1, kind="plan", identity=first.identity, amount=Decimal(99),
            decision="approve", given=APPROVE,
        )  # fmt: skip
        assert (second, second.given["by"]) == (first, "Ada")
        assert answers_of(ledger, "run") == (first,)


async def test_a_draft_of_a_draft_is_refused(workplace: Path) -> None:
    """Two options that contradict each other are one line, before anything is planned."""
    with pytest.raises(BadInput, match="contradict each other"):
        Asked(chain(), draft=True, approve=Gate.DRAFT)


async def _killed_after_one(run: Run) -> RunRecord:
    """Makes the first shot of the plan, and dies."""
    run.plan = replace(run.plan, shots=run.plan.shots[:1], cuts=run.plan.cuts[:1])
    await carry_out(run, allow_missing=False)
    raise KeyboardInterrupt
