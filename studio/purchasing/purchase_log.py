"""A log of purchases beside the ledger: what an older copy of it lacks, after a restore, is adopted from here."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class LoggedPurchase:
    """The generation that an attempt of an order bought."""

    attempt: int
    generation_id: str


class PurchaseLog:
    """A file with a line of JSON for each purchase: the ledger's id, the order, its attempt, and the generation.

    Only ever added to, by any number of processes: a line is one write. It decides nothing while the ledger is whole.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, ledger: str, order: str, attempt: int, generation_id: str) -> None:
        """Add a purchase. A disk that does not take it costs nothing now: the ledger has it."""
        values = {"ledger": ledger, "order": order, "attempt": attempt, "generation_id": generation_id}
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                # Begun on a line of its own: a write that a full disk cut short spoils no other.
                os.write(file, f"\n{json.dumps(values)}\n".encode())
            finally:
                os.close(file)
        except OSError:
            return

    def latest(self, ledger: str, order: str) -> LoggedPurchase | None:
        """The last purchase for an order of this ledger, as far as the log tells."""
        found: LoggedPurchase | None = None
        try:
            with self._path.open("rb") as lines:
                for line in lines:
                    values = _values(line)
                    if (values.get("ledger"), values.get("order")) == (ledger, order):
                        bought = LoggedPurchase(int(values["attempt"]), str(values["generation_id"]))
                        found = bought if found is None or bought.attempt >= found.attempt else found
        except (OSError, KeyError, TypeError, ValueError):
            return found
        return found


def _values(line: bytes) -> dict[str, Any]:
    try:
        values = json.loads(line)
    except ValueError:
        return {}
    return values if isinstance(values, dict) else {}
