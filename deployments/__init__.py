"""Deployments: the flows run from Prefect, in one process, or by workers."""

import os

# Prefect reads it on its first import: without it, a notice on telemetry appears among a first run's lines.
os.environ.setdefault("DO_NOT_TRACK", "1")
