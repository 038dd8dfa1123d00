"""An order brought to each of its states."""

from __future__ import annotations

from dataclasses import replace

from studio.failures import FailureClass
from studio.ledger import Ledger
from tests.support.orders import PARAMS, intent

KEY = intent().key


WANTED = replace(intent(), sent=PARAMS)


def reserved(ledger: Ledger) -> None:
    ledger.reserve(WANTED, run="r", caps=[])


def doubted(ledger: Ledger) -> None:
    reserved(ledger)
    ledger.doubt(KEY, 1, "lost")


def submitted(ledger: Ledger) -> None:
    reserved(ledger)
    ledger.submitted(KEY, 1, "g")


def gone(ledger: Ledger) -> None:
    submitted(ledger)
    ledger.gone(KEY, "g")


def absent(ledger: Ledger) -> None:
    doubted(ledger)
    ledger.release_absent(KEY, 1, "not on the list")


def failed(ledger: Ledger) -> None:
    submitted(ledger)
    ledger.failed(KEY, "g", "Job failed", FailureClass.SERVICE)


def released(ledger: Ledger) -> None:
    reserved(ledger)
    ledger.release(KEY, 1, "never sent")
