"""Texts as a person would write them in a production file: plain where YAML reads them as they are, else in quotes.

Texts of prompts have single spaces between their words, as every reader of a production makes them.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator

from ruamel.yaml import YAML
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.reader import Reader

WIDTH = 100
_RESOLVER = YAML(typ="safe", pure=True).resolver
#: Words and numbers that other readers of YAML take for something else than text: YAML 1.1 has more of them.
_MISREAD = re.compile(r"(?i)y|n|yes|no|on|off|true|false|null|[\d:._]+")
_BREAKS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]")


def in_production(text: str) -> str:
    """The text with a backslash before each ``{{``, so that it is taken for no placeholder."""
    return re.sub(r"\{\{(?!\{)", r"\\{{", text)


def scalar(text: str) -> str:
    """A text of one line as a value in YAML's block style."""
    return text if _is_printable(text) and _is_plain(text) else quoted(text)


def quoted(text: str) -> str:
    """A text of one line in quotes."""
    if not _is_printable(text):
        return _escaped(text)
    return f'"{text}"' if not {'"', "\\"} & set(text) else "'" + text.replace("'", "''") + "'"


def value(text: str) -> str:
    """A value of a field that is no text: a number, or true or false, stays one."""
    tag = str(_RESOLVER.resolve(ScalarNode, text, (True, False))).rpartition(":")[2]
    return text if tag in ("int", "float", "bool") else scalar(text)


def prose(name: str, text: str, indent: int) -> Iterator[str]:
    """The lines of a field with a text: in its own line, or folded below it where it is longer than a line."""
    text = in_production(text)
    lead = f"{' ' * indent}{name}: "
    written = scalar(text)
    if len(lead) + len(written) <= WIDTH or not _is_printable(text):
        yield lead + written
        return
    yield f"{lead}>-"
    room = WIDTH - indent - 2
    for line in textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False):
        yield f"{' ' * (indent + 2)}{line}"


def lines_of(name: str, text: str, indent: int) -> Iterator[str]:
    """The lines of a field whose text keeps its line breaks."""
    text = in_production(text)
    rows = text.split("\n")
    lead = f"{' ' * indent}{name}: "
    if len(rows) == 1 or not all(map(_is_printable, rows)):
        yield lead + scalar(text)
        return
    yield f"{lead}|"
    for row in rows:
        yield f"{' ' * (indent + 2)}{row}".rstrip()


def _is_printable(text: str) -> bool:
    """True if YAML takes every character as it is, and no editor shows a line break in it."""
    return _BREAKS.search(text) is None and Reader.NON_PRINTABLE.search(text) is None


def _is_plain(text: str) -> bool:
    """True if a text needs no quotes."""
    if not text[:1].isalnum() or ": " in text or " #" in text or text.endswith((":", " ")) or _MISREAD.fullmatch(text):
        return False
    return str(_RESOLVER.resolve(ScalarNode, text, (True, False))).endswith(":str")


def _escaped(text: str) -> str:
    """The text in double quotes, with an escape for each character that YAML would not take."""

    def letter(found: str) -> str:
        return found if _is_printable(found) and found not in '"\\' else _code(found)

    return f'"{"".join(map(letter, text))}"'


def _code(letter: str) -> str:
    if letter in '"\\\n\r\t':
        return json.dumps(letter)[1:-1]
    return f"\\U{ord(letter):08X}" if ord(letter) > 0xFFFF else f"\\u{ord(letter):04X}"
