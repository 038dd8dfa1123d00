"""The rows of docs/features.md and the examples."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


PLACE = ROOT / "docs" / "features.md"


TEXT = PLACE.read_text("utf-8")


EXAMPLES = ROOT / "productions" / "examples"


MADE, REST, PROVIDER, SHOWN = "What is made", "The rest of a production file", "The provider, function", "The examples"
MANY = "Many films"


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading with this beginning."""
    section = next(part for part in TEXT.split("\n## ") if part.startswith(heading))
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.split(" | ")] for line in (line.strip("| ") for line in lines[1:])]
