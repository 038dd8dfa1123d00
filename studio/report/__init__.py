"""The files beside a film: page, costs, manifest and timeline; and two summaries for Prefect.

Everything here only reads one frozen `RunRecord`. Files are written atomically.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from studio.report.costs import cost_rows, write_costs
    from studio.report.manifest import write_manifest
    from studio.report.page import write_report
    from studio.report.summary import markdown_summary
    from studio.report.timeline import write_timeline
    from studio.report.writing import write_all

__all__ = [
    "cost_rows",
    "markdown_summary",
    "write_all",
    "write_costs",
    "write_manifest",
    "write_report",
    "write_timeline",
]
_HOMES = {
    "cost_rows": "costs", "markdown_summary": "summary", "write_all": "writing", "write_costs": "costs",
    "write_manifest": "manifest", "write_report": "page", "write_timeline": "timeline",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    # Loaded when used: a plan needs the record's values, and no templates, pictures or timelines.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
