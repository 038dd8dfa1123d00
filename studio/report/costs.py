"""costs.csv: a row per shot and a total.

Columns, always in this order: ``scene, shot, take, outcome, model, resolution, aspect_ratio, seconds, new_usd,
reused_usd, refunded_usd, price_table, attempts, order, generation_id, submitted_at, completed_at, downloaded_at,
kind``. ``kind`` is clip, still, modify, reframe, upscale or sound; a still has no ``seconds``. ``new_usd`` is what this
run spent with refunds taken off. Amounts are plain decimals, times ISO 8601 in UTC. The last row says TOTAL in its
first column.
"""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from pathlib import Path

from studio.money import plain, usd
from studio.report.files import write_atomically
from studio.report.formats import clean, iso, seconds, short
from studio.report.labels import bought
from studio.report.records import RunRecord, ShotRecord
from studio.report.scenes import ordered_shots
from studio.report.shot_kinds import kind_of

COLUMNS = (
    "scene", "shot", "take", "outcome", "model", "resolution", "aspect_ratio", "seconds", "new_usd", "reused_usd",
    "refunded_usd", "price_table", "attempts", "order", "generation_id", "submitted_at", "completed_at",
    "downloaded_at", "kind",
)  # fmt: skip
TOTAL = "TOTAL"


def write_costs(record: RunRecord, out: Path) -> Path:
    """Write ``out/costs.csv``."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for shot in ordered_shots(record):
        writer.writerow(_row(shot))
    total = {"scene": TOTAL} | _amounts(record.cost, record.reused, record.refunded)
    writer.writerow([total.get(column, "") for column in COLUMNS])
    return write_atomically(out / "costs.csv", text.getvalue().encode())


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


def _row(shot: ShotRecord) -> list[str]:
    texts = {
        "scene": shot.scene,
        "shot": shot.id,
        "outcome": shot.outcome,
        "model": shot.model,
        "resolution": shot.resolution,
        "aspect_ratio": shot.aspect_ratio,
        "price_table": shot.price_table,
        "order": shot.order,
        "generation_id": shot.generation_id or "",
    }
    cells = {name: _harmless(value) for name, value in texts.items()} | {
        "take": str(shot.take),
        "seconds": "" if kind_of(shot) == "still" else seconds(shot.seconds),
        "kind": kind_of(shot),
        "attempts": str(shot.attempts),
        "submitted_at": iso(shot.submitted_at),
        "completed_at": iso(shot.completed_at),
        "downloaded_at": iso(shot.downloaded_at),
        **_amounts(shot.cost, shot.reused, shot.refunded),
    }
    return [cells[column] for column in COLUMNS]


def _amounts(new: Decimal, reused: Decimal, refunded: Decimal) -> dict[str, str]:
    return {"new_usd": plain(new), "reused_usd": plain(reused), "refunded_usd": plain(refunded)}


def _harmless(text: str) -> str:
    """A cell that a spreadsheet cannot execute: an apostrophe is put before anything that could start a formula."""
    text = clean(text)
    risky = text[:1] in ("\t", "\r", "\n") or text.lstrip()[:1] in tuple("=+-@＝＋－＠")
    return f"'{text}" if text and risky else text
