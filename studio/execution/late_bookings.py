"""A costs.csv for bookings that came after the files of their runs were written, where no run has filed them since.

It has a folder of its own beside the film's, ``films/<slug>/settled-<time>/``, so that the files of a films folder
add up to what was billed.
"""

from __future__ import annotations

from pathlib import Path

from studio.disk import disk_errors
from studio.execution.session import Session
from studio.ledger.filing import claim, give_up, late_films, written
from studio.report.costs import FILE, as_csv, booking_row
from studio.report.files import write_atomically
from studio.storage import ownership
from studio.storage.running import at_work


def file_late(session: Session) -> tuple[Path, ...]:
    """Write a file for each film with late bookings, and return their paths. Raises LedgerError, CannotWrite."""
    ledger, films = session.ledger, session.settings.films.absolute()
    running, made = at_work(session.home), list[Path]()
    for production, film, realm in late_films(ledger, running):
        run = f"settled-{ledger.now():%Y%m%d-%H%M%S}-{len(made) + 1}"
        found = claim(ledger, run, film=film, realm=realm, running=running)
        if not found:
            continue  # another process has just filed them
        folder = films / Path(production).name / run
        try:
            path = write_atomically(folder / FILE, as_csv(map(booking_row, found)).encode())
            with disk_errors("the note of a folder", folder):
                ownership.claim(folder, production)
        except BaseException:
            give_up(ledger, run)
            raise
        written(ledger, run)
        made.append(path)
    return tuple(made)
