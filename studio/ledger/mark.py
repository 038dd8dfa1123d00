"""A mark of each ledger's progress at its last use from here: by it, a restored older copy is noticed, and a second
ledger for the same account."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from studio.atomic import write_atomic
from studio.ledger.clock import utc_now
from studio.ledger.journal import Journal
from studio.ledger.schema import entries


class LedgerMark:
    """A small file with each ledger's highest entry, by the ledger's id, whether an older copy was restored, and for
    which accounts and when something was booked in it last."""

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
        return self.knows_others(ledger.id)

    def knows_others(self, ledger: str) -> bool:
        """True if purchases were booked from here in a ledger other than the one of this id."""
        return any(mark.highest > 0 for name, mark in self._read().items() if name != ledger)

    def is_restored(self, ledger: str, highest: int) -> bool:
        """True if the ledger of this id, with this highest entry, is an older copy. Nothing is written."""
        mark = self._read().get(ledger, _Mark())
        return mark.restored or mark.highest > highest

    def used_since(self, ledger: str, accounts: Collection[str]) -> str:
        """The day on which another ledger last booked something for one of these accounts from here, after the ledger
        of this id did; empty where none did."""
        marks = self._read()
        own = marks.get(ledger, _Mark()).at
        others = (m.at for name, m in marks.items() if name != ledger and set(accounts).intersection(m.accounts))
        return max((at for at in others if at > own), default="")[:10]

    def set(self, ledger: Journal, accounts: Collection[str] = ()) -> None:
        """Record the ledger's highest entry, and the accounts that were bought from. If the disk does not take it, it
        is recorded another time."""
        mark, highest = self._read().get(ledger.id, _Mark()), _highest(ledger)
        if highest > mark.highest:
            known = tuple(sorted({*mark.accounts, *accounts}))
            self._write(ledger.id, replace(mark, highest=highest, at=utc_now().isoformat(), accounts=known))

    def restore(self, ledger: Journal) -> None:
        """Record that an older copy was restored, as a person says, in case the mark was restored with it."""
        self._write(ledger.id, replace(self._read().get(ledger.id, _Mark()), restored=True))

    def settled(self, ledger: Journal) -> None:
        """Record that a person has settled what the restored ledger missed."""
        mark = self._read().get(ledger.id, _Mark())
        self._write(ledger.id, replace(mark, highest=_highest(ledger), restored=False))

    def _write(self, ledger: str, mark: _Mark) -> None:
        marks = self._read() | {ledger: mark}
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(self._path, json.dumps({name: asdict(mark) for name, mark in marks.items()}).encode())

    def _read(self) -> dict[str, _Mark]:
        try:
            found = json.loads(self._path.read_text("utf-8"))
            return {str(name): _Mark.of(mark) for name, mark in found.items()}
        except (OSError, ValueError, TypeError, AttributeError, KeyError):
            return {}


@dataclass(frozen=True)
class _Mark:
    """The state of a ledger when it was last used from here. ``at``: ISO, UTC; empty before marks had it."""

    highest: int = 0
    restored: bool = False
    at: str = ""
    accounts: tuple[str, ...] = ()

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> _Mark:
        accounts = tuple(map(str, found.get("accounts", ())))
        return cls(int(found["highest"]), bool(found["restored"]), str(found.get("at", "")), accounts)


def _highest(ledger: Journal) -> int:
    (row,) = ledger.ask(select(func.max(entries.c.id)))
    return int(row[0] or 0)
