"""The run in one line, and in a few lines of Markdown."""

from __future__ import annotations

import html
import re

from studio.money import usd
from studio.remedies import Words
from studio.report.formats import seconds, span, told
from studio.report.records import RunRecord, SeamRecord
from studio.report.scenes import scenes
from studio.report.seams import grade

NOT_BILLED = "Nothing was billed: made in the sandbox."
_MARKS = re.compile(r"([\\`*_\[\]|~#])")


def one_line(record: RunRecord) -> str:
    """Length, scenes, cost and time, separated by dots."""
    told_of = scenes(record)
    missing = sum(scene.missing for scene in told_of)
    count = f"{len(told_of)} scene{'' if len(told_of) == 1 else 's'}"
    return " · ".join([
        f"{seconds(record.film.duration)} s of film" if record.film else "no film",
        f"{count}, {missing} missing" if missing else count,
        f"{usd(record.cost)} new",
        f"{usd(record.reused)} reused",
        f"{usd(record.refunded)} refunded",
        f"made in {span((record.finished_at - record.started_at).total_seconds())}",
    ])  # fmt: skip


def markdown_summary(record: RunRecord) -> str:
    """The text of the Prefect artifact: the summary line, a table of scenes, the failures, the notes."""
    lines = [f"# {_text(record.title)}", "", one_line(record), ""]
    if not record.billed:
        lines += [f"**{NOT_BILLED}**", ""]
    lines += ["| # | scene | state | seam in | new | reused | refunded |", "|--:|---|---|---|--:|--:|--:|"]
    for scene in scenes(record):
        seam = "" if scene.seam is None else _seam(scene.seam)
        amounts = " | ".join(usd(value) for value in (scene.cost, scene.reused, scene.refunded))
        state = f"{scene.outcome}, stale" if scene.stale else scene.outcome
        lines.append(f"| {scene.number} | {_text(scene.id)} | {state} | {seam} | {amounts} |")
    totals = " | ".join(f"**{usd(value)}**" for value in (record.cost, record.reused, record.refunded))
    lines.append(f"| | **total** | | | {totals} |")
    errors = [(shot.id, shot.error) for shot in record.shots if shot.error]
    if errors:
        lines += ["", "## What went wrong", ""]
        lines += [f"- **{_text(name)}**: {_text(error)}" for name, error in errors]
    if record.notes:
        lines += ["", "## Notes", "", *(f"- {_text(note)}" for note in record.notes)]
    return "\n".join(lines) + "\n"


def _seam(seam: SeamRecord) -> str:
    return f"{grade(seam)} {seam.measured[0]:.3f}" if seam.measured else grade(seam)


def _text(text: Words) -> str:
    """A text escaped for Markdown, on one line."""
    flat = " ".join(told(text).split())
    return _MARKS.sub(r"\\\1", html.escape(flat, quote=False))
