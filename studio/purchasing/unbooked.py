"""Ids of purchases that the ledger could not take: one small file each, booked by the next run or reconciliation."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

from studio.atomic import write_atomic
from studio.errors import LedgerError
from studio.ledger import Ledger


class Unbooked:
    """The folder of these files. It is created when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, ledger: str, order: str, attempt: int, generation_id: str) -> Path | None:
        """Write an id to a file that a power cut does not lose. Returns its path; None where that fails, too."""
        path = self._folder / f"{order[:16]}.{attempt}.{uuid.uuid4().hex[:8]}.json"
        values = {"ledger": ledger, "order": order, "attempt": attempt, "generation_id": generation_id}
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_atomic(path, json.dumps(values).encode())
        except OSError:
            return None
        return path

    def book(self, ledger: Ledger) -> tuple[str, ...]:
        """Book the ids kept for this ledger. Returns the orders; raises LedgerError where one cannot be booked."""
        booked = []
        for path in sorted(self._folder.glob("*.json")):
            try:
                if not path.exists():
                    continue  # another process has booked it meanwhile
                values = json.loads(path.read_text("utf-8"))
                owner, order = str(values["ledger"]), str(values["order"])
                attempt, generation = int(values["attempt"]), str(values["generation_id"])
            except FileNotFoundError:
                continue
            except (OSError, ValueError, KeyError, TypeError):
                raise LedgerError(
                    "a purchase that is not booked yet cannot be read", where=str(path),
                    hint="it holds the id of a generation that was paid for: see what is in it, and adopt it by hand",
                ) from None  # fmt: skip
            if owner != ledger.id:
                continue
            if ledger.order(order) is None:
                continue  # an older copy of the ledger lacks the order: the file stays until that is settled
            ledger.submitted(order, attempt, generation)
            booked.append(order)
            path.unlink(missing_ok=True)
        return tuple(booked)
