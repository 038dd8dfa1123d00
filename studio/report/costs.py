"""costs.csv: a row for each booking of the ledger that moved money, as an accountant files it. No total.

``amount`` is what a service billed, negative where it was given back; ``sandbox_amount`` is what the same order would
have cost, where it was made on this machine and nothing is asked for it. A booking stands in the file of one run
(``studio/ledger/filing.py``), so ``amount`` of all files adds up to what was billed.

Columns, always in this order:

booking          number of the booking; the same in every file and list
production       slug of the production; ``project``: the name of its budget, which all versions of a film share
run              the run that ordered it
date             when it was booked, ISO 8601 in UTC, to the second
service          the service that it was ordered from
billing          ``billed``, or ``sandbox``
currency         ``USD``
amount, sandbox_amount
entry            purchase, refund (the service failed it), released (never accepted), or undone (by hand)
scene, shot, take, kind, model     what for; ``kind`` is clip, still, modify, reframe, upscale or sound
price_table      the table that gave the price
order, generation_id
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from studio.ledger.filing import Booking
from studio.money import ZERO, plain, usd
from studio.providers.registry import find_spec, provider_of
from studio.report.files import write_atomically
from studio.report.formats import clean, iso, short
from studio.report.labels import bought
from studio.report.records import RunRecord
from studio.report.scenes import ordered_shots
from studio.report.shot_kinds import kind_at

COLUMNS = (
    "booking", "production", "project", "run", "date", "service", "billing", "currency", "amount", "sandbox_amount",
    "entry", "scene", "shot", "take", "kind", "model", "price_table", "order", "generation_id",
)  # fmt: skip
NUMBERS = ("take", "amount", "sandbox_amount")  # columns that no text of anybody's gets into
CURRENCY = "USD"
FILE = "costs.csv"
MOST_BYTES = 64 * 1024 * 1024
#: Words for the kinds of entry; of an entry that added to the money spent: a purchase.
ENTRIES: Mapping[str, str] = {"failed": "refund", "released": "released", "absent": "released", "undone": "undone"}


def write_costs(record: RunRecord, out: Path) -> Path:
    """Write ``out/costs.csv``. Bookings that another run filed there before stay in it."""
    ours = [booking_row(booking) for booking in record.bookings]
    known = {row["booking"] for row in ours}
    kept = [row for row in _filed(out / FILE) if row["booking"] not in known]
    return write_atomically(out / FILE, as_csv([*kept, *ours]).encode())


def as_csv(rows: Iterable[Mapping[str, str]]) -> str:
    """Rows under their columns' names, as a CSV file has them."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([row[column] for column in COLUMNS] for row in rows)
    return text.getvalue()


def booking_row(booking: Booking) -> dict[str, str]:
    """The cells of a booking, none of which a spreadsheet executes."""
    provider = provider_of(booking)
    spec = find_spec(provider)
    cells = {
        "booking": booking.id,
        "production": booking.production,
        "project": booking.project,
        "run": booking.run,
        "date": iso(booking.at.replace(microsecond=0)),
        "service": provider if spec is None else spec.label,
        "billing": "billed" if booking.billed else "sandbox",
        "currency": CURRENCY,
        "amount": plain(booking.amount if booking.billed else ZERO),
        "sandbox_amount": plain(ZERO if booking.billed else booking.amount),
        "entry": ENTRIES.get(booking.kind, "purchase"),
        "scene": booking.scene,
        "shot": booking.shot,
        "take": str(booking.take),
        "kind": kind_at(provider, booking.endpoint),
        "model": booking.model,
        "price_table": booking.price_table,
        "order": booking.order,
        "generation_id": booking.generation_id or "",
    }
    return {name: text if name in NUMBERS else _harmless(text) for name, text in cells.items()}


def cost_rows(record: RunRecord) -> list[dict[str, str]]:
    """The rows for a Prefect table artifact: one per shot, then the total."""
    rows = [
        {
            "scene": shot.scene,
            "shot": shot.id,
            "state": f"{shot.outcome}, stale" if shot.stale else shot.outcome,
            "made with": bought(shot),
            "new": usd(shot.cost),
            "reused": usd(shot.reused),
            "refunded": usd(shot.refunded),
            "price table": shot.price_table,
            "order": short(shot.order),
            "generation": shot.generation_id or "",
        }
        for shot in ordered_shots(record)
    ]
    total = {"scene": "total", "new": usd(record.cost), "reused": usd(record.reused), "refunded": usd(record.refunded)}
    keys = ("scene", "shot", "state", "made with", "new", "reused", "refunded", "price table", "order", "generation")
    return [*rows, {key: total.get(key, "") for key in keys}]


def read_costs(path: Path) -> list[dict[str, str]] | None:
    """The rows of a costs.csv; None where there is none, or one of an earlier version. Raises OSError."""
    with suppress(FileNotFoundError, UnicodeDecodeError, csv.Error), path.open(newline="", encoding="utf-8") as file:
        if path.stat().st_size <= MOST_BYTES:
            found = csv.DictReader(file)
            rows = list(found)
            if tuple(found.fieldnames or ()) == COLUMNS:
                return [{name: row.get(name) or "" for name in COLUMNS} for row in rows]
    return None


def _filed(path: Path) -> list[dict[str, str]]:
    """The rows that are in the file already; none where it is of an earlier version, or cannot be read."""
    with suppress(OSError):
        return read_costs(path) or []
    return []


def _harmless(text: str) -> str:
    """A cell that a spreadsheet cannot execute: an apostrophe is put before anything that could start a formula."""
    text = clean(text)
    risky = text[:1] in ("\t", "\r", "\n") or text.lstrip()[:1] in tuple("=+-@＝＋－＠")
    return f"'{text}" if text and risky else text
