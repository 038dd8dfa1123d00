"""Deployments: they run the flows from Prefect, in one process, or by workers."""

import os

# Read when Prefect is first imported: without it, a notice on telemetry comes between a first run's lines.
os.environ.setdefault("DO_NOT_TRACK", "1")
