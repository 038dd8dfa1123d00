"""Answers to a run's questions in the ledger, on both databases."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from studio.ledger import Ledger, open_ledger
from studio.ledger.answers import Answered, answers_of, keep_answer
from tests.support.books import Clock, as_of
from tests.support.orders import PRICE, intent


def keep(ledger: Ledger, run: str = "r1", question: int = 1, attempt: int = 1, **given: str) -> Answered:
    return keep_answer(
        ledger, run, question=question, attempt=attempt, kind="plan", identity="i" * 64, amount=Decimal("0.4201"),
        decision=given.get("decision", "approve"), given=given,
    )  # fmt: skip


def test_the_first_answer_holds(ledger: Ledger, clock: Clock) -> None:
    """A second answer to the same attempt changes nothing, not even the time; amounts are exact."""
    first = keep(ledger, decision="reject", by="Ada")
    clock.now += timedelta(hours=1)
    assert keep(ledger, decision="approve") == first
    assert (first.decision, first.given["by"], first.amount) == ("reject", "Ada", Decimal("0.4201"))
    assert first.at.utcoffset() == timedelta(0)


def test_answers_stand_in_the_order_of_their_questions(ledger: Ledger) -> None:
    """All attempts of all questions of one run, and of no other."""
    for question, attempt in ((2, 1), (1, 2), (1, 1)):
        keep(ledger, question=question, attempt=attempt)
    keep(ledger, run="r2")
    assert [(a.question, a.attempt) for a in answers_of(ledger, "r1")] == [(1, 1), (1, 2), (2, 1)]
    assert answers_of(ledger, "r3") == ()


def test_a_filled_ledger_of_an_earlier_version_is_opened(tmp_path: Path) -> None:
    """What was bought stays as it was, and answers can be kept."""
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    ledger = open_ledger(url)
    bought = intent("a")
    ledger.reserve(bought, run="r1", caps=[])
    before = ledger.entries(bought.key)
    ledger.close()
    as_of(url, "0008")

    ledger = open_ledger(url)
    assert ledger.entries(bought.key) == before
    assert [entry.amount for entry in before] == [PRICE]
    assert answers_of(ledger, "r1") == ()
    assert keep(ledger).decision == "approve"
    ledger.close()
