"""Where the Luma Agents API keeps what the sandbox has no place for."""

from __future__ import annotations

from pathlib import Path


def archive_of(clip: Path) -> Path:
    """Where the EXR frames of a finished clip lie."""
    return clip.with_suffix(".frames.zip")
