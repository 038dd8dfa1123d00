"""All files of a report, in the order in which they are written."""

from __future__ import annotations

from pathlib import Path

from studio.report.contact_sheet import write_contact_sheet
from studio.report.costs import write_costs
from studio.report.manifest import write_manifest
from studio.report.page import write_report
from studio.report.records import RunRecord
from studio.report.timeline import write_timeline
from studio.storage.kept import Kept


def write_all(record: RunRecord, out: Path, kept: Kept | None = None) -> dict[str, Path]:
    """Write every file of the report into ``out``. The manifest is written last, so that its presence means a whole
    report.

    ``kept`` has the thumbnails that earlier reports made, and the digests of files.
    """
    sheet = write_contact_sheet(record, out, kept)
    return {
        **({} if sheet is None else {"contact_sheet": sheet}),
        "report": write_report(record, out, kept),
        "costs": write_costs(record, out),
        "timeline": write_timeline(record, out, kept),
        "manifest": write_manifest(record, out),
    }
