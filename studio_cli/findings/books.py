"""Findings on the ledger: its form, its clock, its last copy, whether it was restored, and other ledgers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from studio.addresses import ledger_name
from studio.ledger.clock import REFUSED, TOLD
from studio.ledger.copies import last_copy
from studio.ledger.engine import HEAD, RESTORE
from studio.ledger.mark import LedgerMark
from studio.ledger.state import LedgerState, file_without_ledger, look_at
from studio.settings import Settings, choose_service
from studio_cli.findings.services import NTP
from studio_cli.findings.values import Finding, long

OLD = timedelta(days=1)
SHARE = "one ledger for an account: set STUDIO_LEDGER_URL to the same one for all that run from here"


def books(settings: Settings) -> Iterator[Finding]:
    """The ledger, and what belongs to it. It is not brought to a newer form, nor made."""
    name = ledger_name(settings.ledger)
    state = look_at(settings.ledger)
    if state is None:
        yield _none_yet(settings)
    elif state.is_current:
        yield Finding("ledger", f"{name}: can be read and written, schema {HEAD}")
    else:
        yield Finding(
            "ledger",
            f"{name}: can be read and written, schema {state.revision}; the next run brings it to {HEAD}",
            hint="make a backup before (studio backup FILE): earlier versions refuse it from then on",
        )
    yield from _others(settings, state)
    if state is None:
        return
    yield from _restored(settings, state)
    yield from _copies(settings, state)
    if state.reader is not None and state.reader.dialect != "sqlite":
        ahead = state.reader.clock_difference()
        well, off = abs(ahead) <= REFUSED, abs(ahead) > TOLD
        told = f"{ahead.total_seconds():+.0f} s off" if off else f"within {TOLD.total_seconds():.0f} s of"
        refused = "" if well else "; no run begins here"
        yield Finding("clock", f"this machine's is {told} that of the ledger{refused}", well, NTP if off else "")


def _none_yet(settings: Settings) -> Finding:
    """The finding where no ledger is at its place: nothing, or a file that has none in it."""
    name, file = ledger_name(settings.ledger), file_without_ledger(settings.ledger)
    if file is None:
        return Finding("ledger", f"{name}: none yet; the first run makes it")
    what = "an empty file" if file.stat().st_size == 0 else "a database without tables"
    told = f"{name}: {what}, in which the next run begins a new ledger"
    if copy := last_copy(file):
        told += f"; the latest copy of the one that was there is {copy.path}"
    elif _mark(settings).knows_others(""):
        told += "; one that has purchases was used from here before"
    else:
        return Finding("ledger", told, hint=f"if one was there before: {RESTORE}")
    return Finding("ledger", told, hint=RESTORE)


def _mark(settings: Settings) -> LedgerMark:
    return LedgerMark(settings.home.absolute() / "ledger-mark.json")


def _restored(settings: Settings, state: LedgerState) -> Iterator[Finding]:
    if _mark(settings).is_restored(state.id, state.highest):
        yield Finding(
            "restored ledger", "it is older than it was: a copy was restored, and purchases may be missing in it",
            hint="studio reconcile, then studio reconcile --restored-settled (docs/backup.md)",
        )  # fmt: skip


def _others(settings: Settings, state: LedgerState | None) -> Iterator[Finding]:
    """Other ledgers that were used from here for the same account."""
    service = choose_service(settings)
    if not service.billed:
        return
    mark, known = _mark(settings), state.id if state is not None else ""
    if (state is None or not state.highest) and mark.knows_others(known) and not settings.new_ledger:
        yield Finding(
            "other ledgers", "this one is empty, and another one has purchases from here: no billed run begins",
            well=False, hint="correct STUDIO_LEDGER_URL or STUDIO_HOME, or restore the ledger from its backup; "
            "STUDIO_NEW_LEDGER=yes begins a new one",
        )  # fmt: skip
        return
    day = mark.used_since(known, {access.account for access in service.apis.values()})
    if day:
        yield Finding("other ledgers", f"another one has purchases of this account, the last from here on {day}",
                      hint=SHARE)  # fmt: skip


def _copies(settings: Settings, state: LedgerState) -> Iterator[Finding]:
    """The age of the latest copy of a ledger on SQLite."""
    url = settings.ledger
    if url.get_backend_name() != "sqlite":
        yield Finding("backup", "PostgreSQL's own matter (pg_dump); not seen from here")
        return
    if not state.highest:
        return
    matters = choose_service(settings).billed
    remedy = "studio backup FILE, each day; keep the copies on another disk"
    copy = last_copy(Path(url.database or ""))
    if copy is None:
        yield Finding("backup", "no copy of the ledger was made yet", hint=remedy if matters else "")
        return
    age, since = datetime.now(copy.at.tzinfo) - copy.at, max(0, state.highest - copy.highest)
    gone = "" if copy.path.exists() else ", which was moved or removed since"
    more = f"; {since} entries came since" if since else "; nothing was booked since"
    old = matters and age > OLD and since
    yield Finding("backup", f"{long(age)} old: {copy.path}{gone}{more}", hint=remedy if old else "")
