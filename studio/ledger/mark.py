"""How far a ledger had come when it was last used from here: an older copy that was restored is noticed by it."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

from sqlalchemy import func, select

from studio.files import write_atomic
from studio.ledger.journal import Journal
from studio.ledger.schema import entries


class LedgerMark:
    """A small file with the highest entry that each ledger had, by the ledger's id."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def is_ahead_of(self, ledger: Journal) -> bool:
        """Whether the ledger had come further before than it has now."""
        return self._read().get(ledger.id, 0) > _highest(ledger)

    def knows_another(self, ledger: Journal) -> bool:
        """Whether purchases were booked in another ledger from here."""
        return any(highest > 0 for name, highest in self._read().items() if name != ledger.id)

    def set(self, ledger: Journal, *, back: bool = False) -> None:
        """Note how far the ledger has come. ``back``: also where that is less than before.

        Where the disk does not take it, it is noted another time: nothing is bought or lost by it.
        """
        marks = self._read()
        highest = _highest(ledger)
        if highest <= marks.get(ledger.id, 0) and not back:
            return
        marks[ledger.id] = highest
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(self._path, json.dumps(marks).encode())

    def _read(self) -> dict[str, int]:
        try:
            found = json.loads(self._path.read_text("utf-8"))
            return {str(name): int(highest) for name, highest in found.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}


def _highest(ledger: Journal) -> int:
    (row,) = ledger.ask(select(func.max(entries.c.id)))
    return int(row[0] or 0)
