"""Questions that a run asks a person before it goes on, and what follows from the answers.

An approval is for one plan: it has a digest of what that plan buys and at which prices, and the amount that the run may
have spent after it. A run that is continued, in another process or after a crash, finds the answers in the ledger and
does not ask again, unless the plan is another one by then, or would exceed what was approved.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any

from studio.errors import BadInput, NotApproved
from studio.ledger.answers import Answered, answers_of, keep_answer
from studio.ledger.books import Ledger
from studio.money import usd
from studio.planning.keys import digest
from studio.planning.plan import Plan
from studio.production import Production, parse_production
from studio.report.plan_text import to_pay
from studio.report.records import RunRecord
from studio.spelling import nearest

MOST_UNCLEAR = 20  # answers to one question that cannot be read, after which the run ends


class Gate(StrEnum):
    """The point at which a run stops for an approval."""

    PLAN = "plan"  # before anything is bought
    DRAFT = "draft"  # with the draft made, before the final version is bought
    FINAL = "final"  # with the film made, before it is the latest


class Decision(StrEnum):
    """The decisions that a person can take."""

    APPROVE = "approve"
    CHANGE = "change"
    REJECT = "reject"


@dataclass(frozen=True)
class Changes:
    """Changes by answers, for one run: new prompts by scene, and scenes to make once more."""

    prompts: Mapping[str, str] = field(default_factory=dict)
    retake: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.prompts or self.retake)

    def then(self, later: Changes) -> Changes:
        """These, and then others."""
        return Changes({**self.prompts, **later.prompts}, tuple(dict.fromkeys((*self.retake, *later.retake))))

    def applied(self, production: Production) -> Production:
        """The production with the new prompts. Raises ProductionError where one cannot be sent."""
        if not self.prompts:
            return production
        written = production.model_dump(mode="json")
        for scene in written["scenes"]:
            scene["prompt"] = self.prompts.get(scene["id"], scene["prompt"])
        return parse_production(written).as_edition_of(production)


@dataclass(frozen=True)
class Answer:
    """A person's answer. ``amount``: USD that the run may have spent after it. ``note`` and ``by`` are the person's."""

    decision: Decision
    changes: Changes
    amount: Decimal
    note: str = ""
    by: str = ""


@dataclass(frozen=True)
class Question:
    """A question to a person.

    number:   its place among the questions of the run, from 1
    attempt:  how often it is asked, from 1
    gate:     what is to be approved
    plan:     what is bought if it is approved
    spent:    USD that the run has spent before
    film:     the film that is to be looked at; None before there is one
    unclear:  what was wrong with the last answer; empty at first
    changes:  what earlier answers have changed
    changed:  True if it is the price of changes that is asked about; a change of nothing takes them back
    """

    number: int
    attempt: int
    gate: Gate
    plan: Plan
    spent: Decimal
    film: RunRecord | None = None
    unclear: str = ""
    changes: Changes = Changes()
    changed: bool = False

    @property
    def identity(self) -> str:
        """A digest of what is shown: the purchases of the plan with their prices, and the clips of the film."""
        bought = [[shot.id, shot.key, str(shot.quote.usd)] for shot in self.plan.shots]
        film = [[shot.id, shot.sha256] for shot in self.film.shots] if self.film is not None else []
        return digest({"gate": self.gate.value, "bought": bought, "film": film})

    @property
    def amount(self) -> Decimal:
        """USD that the run may have spent after an approval."""
        return self.spent + self.plan.limit

    @property
    def key(self) -> str:
        """A name of this question that no other one of the run has."""
        return f"{self.gate}-{self.number}-{self.attempt}-{self.identity[:12]}"

    @property
    def scenes(self) -> tuple[str, ...]:
        """The ids of the scenes that an answer may name."""
        return tuple(scene.id for scene in self.plan.production.scenes)


#: Puts a question to a person. Returns the answer as it came: ``decision``, ``retake``, ``prompts``, ``note``, ``by``.
Ask = Callable[[Question], Awaitable[Mapping[str, Any]]]


class Approvals:
    """The questions of one run, in order. ``spent`` gives the USD that the run has spent by now."""

    def __init__(self, ledger: Ledger, run: str, ask: Ask, spent: Callable[[], Decimal]) -> None:
        self._ledger, self._run, self._ask, self._spent = ledger, run, ask, spent
        self._number = 0

    async def ask(
        self, gate: Gate, plan: Plan, film: RunRecord | None, changes: Changes, *, changed: bool = False
    ) -> Answer:
        """The answer to the next question: the one that the ledger has, else a person's.

        Raises NotApproved where the person rejects, or never gives an answer that can be read.
        """
        self._number += 1
        spent = await asyncio.to_thread(self._spent)
        question = Question(self._number, 1, gate, plan, spent, film, changes=changes, changed=changed)
        known = await asyncio.to_thread(answers_of, self._ledger, self._run)
        for given in (one for one in known if one.question == question.number):
            question = replace(question, attempt=given.attempt + 1, unclear="")
            if given.identity != question.identity:
                continue  # the plan is another one by now
            answer = self._read(question, given)
            if isinstance(answer, str):
                question = replace(question, unclear=answer)
            elif answer.decision is not Decision.APPROVE or question.amount <= answer.amount:
                return _obeyed(answer, question)
        while question.attempt <= MOST_UNCLEAR:
            came = await self._ask(question)
            given = await asyncio.to_thread(self._kept, question, came)
            answer = self._read(question, given)
            if not isinstance(answer, str):
                return _obeyed(answer, question)
            question = replace(question, attempt=given.attempt + 1, unclear=answer)
        raise NotApproved(
            f"no answer that could be read: {question.unclear}",
            where=_where(question),
            hint="nothing was bought for it",
        )

    def _kept(self, question: Question, came: Mapping[str, Any]) -> Answered:
        try:
            decision = parse_answer(question, came).decision.value
        except BadInput:
            decision = "unclear"
        return keep_answer(
            self._ledger, self._run, question=question.number, attempt=question.attempt, kind=question.gate.value,
            identity=question.identity, amount=question.amount, decision=decision, given=_plain(came),
        )  # fmt: skip

    def _read(self, question: Question, given: Answered) -> Answer | str:
        """The answer; or what is wrong with it."""
        try:
            return replace(parse_answer(question, given.given), amount=given.amount)
        except BadInput as error:
            return f"{error.message} ({error.hint})" if error.hint else error.message


def parse_answer(question: Question, came: Mapping[str, Any]) -> Answer:
    """An answer as it came, checked. Raises BadInput that names its field."""
    decision = str(came.get("decision") or "").strip().lower()
    if decision not in [one.value for one in Decision]:
        raise BadInput(
            f"decision: {decision!r} is none" if decision else "decision is missing",
            hint=f"one of {', '.join(Decision)}",
        )
    retake, prompts = _lines(came, "retake"), dict[str, str]()
    for name in retake:
        _known(question, "retake", name)
    for line in _lines(came, "prompts"):
        scene, colon, prompt = (part.strip() for part in line.partition(":"))
        if not colon or not prompt:
            raise BadInput(f"prompts: {line!r} has no prompt", hint="write SCENE: the new prompt")
        _known(question, "prompts", scene)
        prompts[scene] = prompt
    changes = Changes(prompts, tuple(dict.fromkeys(retake)))
    if changes and decision != Decision.CHANGE:
        raise BadInput(
            f"{decision} stands beside scenes that are to change", hint="choose change, or empty retake and prompts"
        )
    if decision == Decision.CHANGE and not changes and not question.changed:
        raise BadInput("change names no scene", hint="write scenes into retake, or SCENE: the new prompt into prompts")
    _sendable(question, changes)
    said = {name: " ".join(str(came.get(name) or "").split())[:2000] for name in ("note", "by")}
    return Answer(Decision(decision), changes, question.amount, **said)


def _sendable(question: Question, changes: Changes) -> None:
    """Check that the new prompts can be sent. Raises BadInput with the first fault."""
    try:
        changes.applied(question.plan.production)
    except BadInput as error:
        raise BadInput(f"prompts: {error.message.splitlines()[0]}", hint="write another prompt") from None


def _lines(came: Mapping[str, Any], name: str) -> list[str]:
    """A list of texts, or a text with one in each line."""
    given = came.get(name) or []
    if isinstance(given, str):
        given = given.splitlines()
    if not isinstance(given, Sequence) or not all(isinstance(one, str) for one in given):
        raise BadInput(f"{name} is no list of texts", hint="write one in each line")
    return [text for one in given if (text := one.strip())]


def _known(question: Question, name: str, scene: str) -> None:
    if scene not in question.scenes:
        near = nearest(scene, question.scenes)
        raise BadInput(
            f"{name}: there is no scene {scene!r}",
            hint=f"did you mean {near!r}?" if near else f"scenes: {', '.join(question.scenes[:20])}",
        )


def _obeyed(answer: Answer, question: Question) -> Answer:
    """The answer. Raises NotApproved if it rejects."""
    if answer.decision is Decision.REJECT:
        by, why = (f" by {answer.by}" if answer.by else ""), (f": {answer.note}" if answer.note else "")
        kept = f"{usd(question.spent)} were spent before, and what they bought is kept" if question.spent else ""
        raise NotApproved(
            f"the {question.gate} was rejected{by}{why}", where=_where(question),
            hint=kept or "nothing was bought",
        )  # fmt: skip
    return answer


def _where(question: Question) -> str:
    return question.plan.production.title


def _plain(came: Mapping[str, Any]) -> dict[str, Any]:
    """The part of an answer that is kept: its known fields, as plain values of bounded length."""
    kept: dict[str, Any] = {}
    for name in ("decision", "retake", "prompts", "note", "by"):
        value = came.get(name)
        if isinstance(value, str):
            kept[name] = value[:20_000]
        elif isinstance(value, Sequence):
            kept[name] = [str(one)[:10_000] for one in value[:1000]]
        elif value is not None:
            kept[name] = str(value)[:200]
    return kept


def in_words(question: Question) -> str:
    """The question in one line: ``Approve the plan of Harbour: $0.42 will be spent.``"""
    price = f"{to_pay(question.plan)} will be spent"
    title = question.plan.production.title
    match question.gate:
        case Gate.PLAN if question.changed:
            return f"Approve the changes in {title}: {price}."
        case Gate.PLAN:
            return f"Approve the plan of {title}: {price}."
        case Gate.DRAFT:
            return f"Approve the draft of {title}: for the final version, {price}."
        case _:
            return f"Approve the film {title}: nothing more will be spent."
