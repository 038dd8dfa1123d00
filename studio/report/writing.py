"""All files of a report, in the order in which they are written."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from studio.captions.files import write_captions
from studio.report.contact_page import write_contact_page
from studio.report.contact_sheet import write_contact_sheet
from studio.report.costs import write_costs
from studio.report.manifest import write_manifest
from studio.report.page import write_report
from studio.report.poster import write_poster
from studio.report.records import RunRecord
from studio.report.timeline import write_timeline
from studio.storage.kept import Kept


def write_all(
    record: RunRecord, out: Path, kept: Kept | None = None, *, poster_at: str | Fraction = ""
) -> dict[str, Path]:  # fmt: skip
    """Write every file of the report into ``out``. The manifest is written last, so that its presence means a whole
    report.

    ``kept`` has the thumbnails that earlier reports made, and the digests of files. ``poster_at`` is as for
    ``write_poster``.
    """
    for one in record.captions if record.film else ():
        write_captions(one.cues, record.film.fps if record.film else Fraction(24), one.language, out)
    sheet = write_contact_sheet(record, out, kept)
    poster = write_poster(record, out, poster_at, kept)
    return {
        **({} if sheet is None else {"contact_sheet": sheet}),
        "contact_page": write_contact_page(record, out, kept),
        **({} if poster is None else {"poster": poster}),
        "report": write_report(record, out, kept),
        "costs": write_costs(record, out),
        "timeline": write_timeline(record, out, kept),
        "manifest": write_manifest(record, out),
    }
