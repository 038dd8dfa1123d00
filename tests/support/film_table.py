"""Films of a few clips that are joined again and again, with the number of pieces that each join encodes."""

from __future__ import annotations

from pathlib import Path

from studio.editing.assembly import Assembly, assemble
from studio.media.clip import Clip
from studio.planning.plan import Plan
from studio.storage.kept import Kept


class FilmTable:
    """A folder with clips by the name of their shot, and films of them, whose pieces are kept."""

    clips: dict[str, Clip]

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def film(self, out: str, drawn: Plan) -> tuple[Assembly, int]:
        """The film, and the number of pieces that were encoded for it; clips of cards are not counted."""
        before = self.pieces()
        made = assemble(
            drawn, self.clips, self.folder / out / "film.mp4", pieces=self.folder / "pieces",
            kept=Kept(self.folder / "kept"),
        )  # fmt: skip
        return made, len(self.pieces() - before)

    def pieces(self) -> set[str]:
        """The names of the pieces that are kept."""
        return {path.name for path in (self.folder / "pieces").glob("*.mp4") if not path.name.startswith("title-")}
