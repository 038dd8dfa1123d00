"""Stub of the addresses at which a browser opens files of the films folder: replaced by the module of the same name."""

from __future__ import annotations

from pathlib import Path

from studio.settings import Settings


class Links:
    """Addresses of files; None for a file that is not served."""

    def of(self, path: str | Path) -> str | None:
        return None


def links_of(settings: Settings) -> Links:
    """The addresses by the settings."""
    return Links()
