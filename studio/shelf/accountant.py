"""An accountant's folder: the bookings of the film's run, and a summary in words."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from studio.atomic import copy
from studio.errors import BadInput
from studio.money import ZERO, plain
from studio.report.costs import FILE, read_costs
from studio.shelf.films import ShelvedFilm
from studio.shelf.package import AGAIN

SUMMARY = "summary.txt"
WIDTH = 40  # columns before the amounts


def write_accountant(film: ShelvedFilm, folder: Path) -> None:
    """Write costs.csv and summary.txt. Raises BadInput where the film has no costs.csv, OSError."""
    source = film.folder / FILE
    if film.cost is None or not source.is_file():
        raise BadInput("the film has no costs.csv", where=str(film.folder), hint=AGAIN)
    copy(source, folder / FILE)
    (folder / SUMMARY).write_text("\n".join(summary(film, read_costs(source))) + "\n", "utf-8")


def summary(film: ShelvedFilm, rows: Sequence[dict[str, str]] | None) -> list[str]:
    """The lines of the summary. ``rows``: of costs.csv; None where an earlier version wrote it."""
    cost, total = film.cost or ZERO, film.total or ZERO
    service = film.service if film.billed else f"{film.service} (made on one's own machine: NOTHING WAS BILLED)"
    lines = [
        f"{film.title}: costs of one film",
        "",
        f"Version     {film.version}",
        f"Made        {film.made_at:%Y-%m-%d %H:%M} UTC",
        f"Production  {film.slug}",
        f"Project     {film.project}",
        f"Run         {film.run}",
        f"Service     {service}",
        "Currency    US dollars (USD)",
        "",
    ]
    if rows is None:
        lines += [
            _amount("Spent by this run", cost, film),
            _amount("Paid by earlier runs for its clips", total - cost, film),
            "",
            f"{FILE} was written by an earlier version of Studio Producer: a row for each shot, and a total.",
        ]
        return lines
    column = "amount" if film.billed else "sandbox_amount"
    amounts = [(row["entry"], Decimal(row[column])) for row in rows]
    bought = sum((usd for _, usd in amounts if usd > 0), ZERO)
    back = sum((usd for _, usd in amounts if usd < 0), ZERO)
    runs = sorted({row["run"] for row in rows} - {film.run})
    lines += [
        _amount(f"Purchases in {FILE}", bought, film),
        _amount(f"Refunds and releases in {FILE}", back, film),
        _amount(f"Sum of {FILE}", bought + back, film),
        "",
        _amount("Paid by earlier runs for its clips", total - cost, film),
        "  (in the files of those runs: not to be added to them)",
        "",
        f"{FILE} has a row for each booking: {len(rows)} of them. A booking stands in the file of one run,",
        "so the column 'amount' of the files of all runs adds up to what was billed. What was made on",
        "one's own machine is in 'sandbox_amount': nobody is owed it.",
    ]
    if runs:
        lines += ["", f"Booked late, for earlier runs: {', '.join(runs)}."]
    return lines


def _amount(what: str, usd: Decimal, film: ShelvedFilm) -> str:
    return f"{what:<{WIDTH}} {plain(usd):>12} USD{'' if film.billed else ' (not billed)'}"
