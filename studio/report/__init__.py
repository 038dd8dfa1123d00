"""The files beside a film: page, costs, manifest and timeline; and two summaries for Prefect.

Everything here only reads one frozen `RunRecord`. Files are written atomically.
"""

from __future__ import annotations

from pathlib import Path

from studio.report.costs import cost_rows, write_costs
from studio.report.manifest import write_manifest
from studio.report.page import write_report
from studio.report.records import RunRecord
from studio.report.summary import markdown_summary
from studio.report.timeline import write_timeline
from studio.storage.kept import Kept

__all__ = [
    "cost_rows",
    "markdown_summary",
    "write_all",
    "write_costs",
    "write_manifest",
    "write_report",
    "write_timeline",
]


def write_all(record: RunRecord, out: Path, kept: Kept | None = None) -> dict[str, Path]:
    """Write every file of the report into ``out``. The manifest is written last, so that its presence means a whole
    report.

    ``kept`` has the thumbnails that earlier reports made, and the digests of files.
    """
    return {
        "report": write_report(record, out, kept),
        "costs": write_costs(record, out),
        "timeline": write_timeline(record, out, kept),
        "manifest": write_manifest(record, out),
    }
