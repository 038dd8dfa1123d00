"""The addresses at which a browser opens the files of films."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from studio.settings import Settings


@dataclass(frozen=True)
class Links:
    """``base`` is the address under which ``films``, the folder of all films, is served. No address holds a secret."""

    base: str
    films: Path

    def of(self, path: Path | str) -> str | None:
        """The address of a file or folder; None for one that is not served."""
        try:
            inside = Path(path).absolute().relative_to(self.films)
        except ValueError:
            return None
        return f"{self.base}/{quote(inside.as_posix())}"


def links_of(settings: Settings) -> Links:
    """The links to films as the settings have them."""
    return Links((settings.films_public or settings.links).rstrip("/"), settings.films.absolute())
