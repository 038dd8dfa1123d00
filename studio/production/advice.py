"""Hints for a production file that is not valid YAML: the most likely mistake, in the user's words."""

from __future__ import annotations

import re

from ruamel.yaml.error import MarkedYAMLError

from studio.production.field_types import shown
from studio.production.invisible import called, first_invisible


def advice(said: str, lines: list[str], error: MarkedYAMLError) -> str:
    """The remedy for YAML that cannot be read, from the reader's message ``said`` and the lines where it stopped."""
    marks = [mark.line for mark in (error.context_mark, error.problem_mark) if mark is not None]
    last = min(marks[-1], len(lines) - 1) if marks else 0
    line = lines[last]
    # The fault is in the named line, or in the last line with text before it.
    before = next((i for i in range(last - 1, -1, -1) if lines[i].strip()), last)
    near = [lines[i] for i in sorted({before, last, *marks}) if i < len(lines)]
    if re.match(r"[ -]*\t", line):
        return "indent with spaces, not with tabs"
    if "\\t" in said or "\t" in line:
        return "there is a tab in that line: write spaces, or put the whole text in quotes"
    if hint := unseen(near):
        return hint
    if any(re.search(r"(\S |^[ \t]+)#[^\s#]", text) for text in near):
        return "a # after a space begins a comment: put the whole text in quotes"
    if "mapping values" in said:
        return "a text with a colon in it needs quotes; or the line is indented too far"
    if "cannot start any token" in said:
        return "put the text in quotes"
    if "quoted scalar" in said:
        return "close the quotes"
    if re.match(r"""[ \t]*(- )?[\w-]+:[ ]+["'\[{]""", line) and "<block end>" in said:
        return "a text that begins with a quote or a bracket needs quotes around the whole of it"
    if "flow" in said:
        return "close the bracket"
    return "check the indentation: the fields of one scene stand exactly below each other"


def unseen(lines: list[str]) -> str:
    """The hint for lines with misleading characters; empty where there are none."""
    for text in lines:
        if hidden := first_invisible(text):
            return f"there is {called(hidden)} in {shown(text)}: write a plain space, or remove it"
        if re.match(r"[ \t]*(- )?[\w-]+\uff1a", text):
            return f"{called(chr(0xFF1A))} is no colon to YAML: write : and a space"
        quoted = re.match(r"[ \t]*[{\[]?[ \t]*([\u2018-\u201e])", text)
        if quoted:
            return f"{called(quoted[1])} is no quote: use plain ones"
    return ""
