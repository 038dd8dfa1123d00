"""``python -m luma_sandbox.handbook``: writes the table of assumptions from the code into docs/sandbox.md."""

from __future__ import annotations

from pathlib import Path

from luma_sandbox.assumptions import TABLE

PLACE = Path(__file__).parents[1] / "docs" / "sandbox.md"
BEGIN, END = "<!-- assumptions: written by python -m luma_sandbox.handbook -->", "<!-- end of assumptions -->"


def assumptions() -> str:
    """The table as Markdown."""
    lines = ["| name | here | can be | what it decides | source |", "|---|---|---|---|---|"]
    for entry in TABLE:
        others = " ".join(f"`{choice}`" for choice in entry.choices if choice != entry.value)
        can_be = others or ("only this" if entry.choices else "any")
        cells = (f"`{entry.name}`", f"`{entry.value}`", can_be, entry.about, entry.source)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def filled(text: str) -> str:
    """The document with the table replaced by that of the code."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{assumptions()}\n\n{END}{after}"


if __name__ == "__main__":
    PLACE.write_text(filled(PLACE.read_text("utf-8")), "utf-8")
