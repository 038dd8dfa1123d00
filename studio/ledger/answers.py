"""The answers that people gave to a run's questions: what was approved, and for how much.

A run asks one question after another. Each has a number, and an attempt for every time it was asked. An answer is
written once: a second one to the same attempt changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import insert, select

from studio.ledger.journal import Journal
from studio.ledger.queries import by_field
from studio.ledger.schema import answers


@dataclass(frozen=True)
class Answered:
    """One answer.

    kind:     what was asked: ``plan``, ``draft``, ``final``
    identity: the digest of the plan that was shown
    amount:   USD that the run, with all films that it makes, may have spent after it
    decision: ``approve``, ``change``, ``reject``, or ``unclear`` for one that could not be read
    given:    the answer as it came
    at:       when it was written down, aware UTC
    """

    question: int
    attempt: int
    kind: str
    identity: str
    amount: Decimal
    decision: str
    given: Mapping[str, Any]
    at: datetime


def answers_of(ledger: Journal, run: str) -> tuple[Answered, ...]:
    """All answers to a run's questions, in the order in which they were asked."""
    query = select(answers).where(answers.c.run == run).order_by(answers.c.question, answers.c.attempt)
    return tuple(_answered(row) for row in ledger.ask(query))


def keep_answer(
    ledger: Journal, run: str, *, question: int, attempt: int, kind: str, identity: str, amount: Decimal, decision: str,
    given: Mapping[str, Any],
) -> Answered:  # fmt: skip
    """Write an answer down, and return the one that holds: the first to this attempt."""
    this = answers.c.run == run, answers.c.question == question, answers.c.attempt == attempt
    with ledger.writing() as connection:
        ledger.admit_one_at_a_time(connection)
        row = connection.execute(select(answers).where(*this)).first()
        if row is None:
            values = {
                "run": run, "question": question, "attempt": attempt, "kind": kind, "identity": identity,
                "amount": amount, "decision": decision, "given": dict(given), "at": ledger.moment(connection),
            }  # fmt: skip
            connection.execute(insert(answers).values(values))
            row = connection.execute(select(answers).where(*this)).one()
    return _answered(row)


def _answered(row: Any) -> Answered:
    values = by_field(row)
    del values["run"]
    return Answered(**values)
