"""A mark of a ledger's progress at its last use: by it, a restored older copy of the ledger is noticed."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from sqlalchemy import func, select

from studio.atomic import write_atomic
from studio.ledger.journal import Journal
from studio.ledger.schema import entries


class LedgerMark:
    """A small file with each ledger's highest entry, by the ledger's id, and whether an older copy was restored."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def restored(self, ledger: Journal) -> bool:
        """True if the ledger had more entries before than it has now, or had when this was first asked.

        It stays True until a person has settled what is missing: a restored copy that has grown since misses it all the
        same.
        """
        mark = self._read().get(ledger.id, _Mark())
        if mark.highest > _highest(ledger) and not mark.restored:
            mark = replace(mark, restored=True)
            self._write(ledger.id, mark)
        return mark.restored

    def knows_another(self, ledger: Journal) -> bool:
        """True if purchases were booked in another ledger from here."""
        return any(mark.highest > 0 for name, mark in self._read().items() if name != ledger.id)

    def set(self, ledger: Journal) -> None:
        """Record the ledger's highest entry. If the disk does not take it, it is recorded another time."""
        mark, highest = self._read().get(ledger.id, _Mark()), _highest(ledger)
        if highest > mark.highest:
            self._write(ledger.id, replace(mark, highest=highest))

    def restore(self, ledger: Journal) -> None:
        """Record that an older copy was restored, as a person says, in case the mark was restored with it."""
        self._write(ledger.id, replace(self._read().get(ledger.id, _Mark()), restored=True))

    def settled(self, ledger: Journal) -> None:
        """Record that a person has settled what the restored ledger missed."""
        self._write(ledger.id, _Mark(_highest(ledger)))

    def _write(self, ledger: str, mark: _Mark) -> None:
        marks = self._read() | {ledger: mark}
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(self._path, json.dumps({name: asdict(mark) for name, mark in marks.items()}).encode())

    def _read(self) -> dict[str, _Mark]:
        try:
            found = json.loads(self._path.read_text("utf-8"))
            return {str(name): _Mark(int(mark["highest"]), bool(mark["restored"])) for name, mark in found.items()}
        except (OSError, ValueError, TypeError, AttributeError, KeyError):
            return {}


@dataclass(frozen=True)
class _Mark:
    highest: int = 0
    restored: bool = False


def _highest(ledger: Journal) -> int:
    (row,) = ledger.ask(select(func.max(entries.c.id)))
    return int(row[0] or 0)
