"""The run in one line, and in a few lines of Markdown."""

from __future__ import annotations

from studio.money import usd
from studio.report.formats import in_markdown, seconds, span
from studio.report.records import DeliveryRecord, RunRecord, SeamRecord
from studio.report.scenes import scenes
from studio.report.seams import grade

NOT_BILLED = "Nothing was billed: made in the sandbox."


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


def markdown_summary(
    record: RunRecord, *, film: str | None = None, report: str | None = None, sheet: str | None = None
) -> str:
    """The text of the Prefect artifact: the summary line, links, a table of scenes, the failures, the notes.

    ``film``, ``report``, ``sheet`` (a picture): where a browser opens each; None where it is not served.
    """
    lines = [f"# {in_markdown(record.title)}", "", one_line(record), ""]
    lines += _places(record, film, report)
    if sheet is not None:
        lines += [f"![First and last frames of each scene]({sheet})", ""]
    if not record.billed:
        lines += [f"**{NOT_BILLED}**", ""]
    if record.deliveries:
        lines += ["| delivery | | file |", "|---|---|---|"]
        lines += [f"| {made.preset} | {in_markdown(made.error or made.form)} | {_named(made)} |"
                  for made in record.deliveries]  # fmt: skip
        lines.append("")
    lines += ["| # | scene | state | seam in | new | reused | refunded |", "|--:|---|---|---|--:|--:|--:|"]
    for scene in scenes(record):
        seam = "" if scene.seam is None else _seam(scene.seam)
        amounts = " | ".join(usd(value) for value in (scene.cost, scene.reused, scene.refunded))
        state = f"{scene.outcome}, stale" if scene.stale else scene.outcome
        lines.append(f"| {scene.number} | {in_markdown(scene.id)} | {state} | {seam} | {amounts} |")
    totals = " | ".join(f"**{usd(value)}**" for value in (record.cost, record.reused, record.refunded))
    lines.append(f"| | **total** | | | {totals} |")
    errors = [(shot.id, shot.error) for shot in record.shots if shot.error]
    if errors:
        lines += ["", "## What went wrong", ""]
        lines += [f"- **{in_markdown(name)}**: {in_markdown(error)}" for name, error in errors]
    if record.notes:
        lines += ["", "## Notes", "", *(f"- {in_markdown(note)}" for note in record.notes)]
    return "\n".join(lines) + "\n"


def _places(record: RunRecord, film: str | None, report: str | None) -> list[str]:
    """Links to film and report, the folder they are in, and what makes the links work."""
    links = [f"**[{name}]({url})**" for name, url in (("Watch the film", film), ("Report", report)) if url]
    told = [" · ".join(links), ""] if links else []
    served = "The links work while `studio serve` (or `make ui`) runs there. " if links else ""
    return [*told, f"{served}Folder: `{record.out}`", ""]


def _named(made: DeliveryRecord) -> str:
    return f"`{made.path.parent.name}/{made.path.name}`" if made.path else "none"


def _seam(seam: SeamRecord) -> str:
    return f"{grade(seam)} {seam.measured[0]:.3f}" if seam.measured else grade(seam)
