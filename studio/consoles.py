"""Output to consoles whose encoding lacks some characters: these are replaced instead of raising an error."""

from __future__ import annotations

import codecs
import sys

#: Characters of our own messages that have a plain form; any other that is lacking becomes ``?``.
PLAIN = {
    "→": "->", "·": "-", "…": "...", "×": "x", "≤": "<=", "–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"',
}  # fmt: skip
REPLACE = "studio-replace"


def _plainly(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(PLAIN.get(sign, "?") for sign in error.object[error.start : error.end]), error.end


codecs.register_error(REPLACE, _plainly)


def replace_unshowable() -> None:
    """Make this process's standard output and error replace the characters that their encoding lacks, from now on."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None and getattr(stream, "errors", None) == "strict":
            reconfigure(errors=REPLACE)
