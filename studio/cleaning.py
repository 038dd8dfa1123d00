"""Cleaning of text from services, programs and files before it goes to screens, logs, the ledger and reports.

``clean`` is for every text that comes from a service: one line of limited length, no addresses, no control
characters. ``printable`` is the minimum for any other text that is shown in a terminal.
"""

from __future__ import annotations

import re

LONGEST = 600  # maximum length of a cleaned text, in characters
READ = 20_000  # characters that are examined; the rest of a longer text is dropped unread
URL = "<url>"  # replaces an address

# Whole escape sequences, so that their parameters do not remain as text: OSC, DCS, SOS, PM and APC with their payload,
# where it is terminated; CSI; and the short ones. Each may begin with ESC or with its single C1 character.
_ESCAPES = re.compile(
    r"(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])(?:[^\x00-\x1f\x7f-\x9f]*(?:\x07|\x1b\\|\x9c))?"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|\x1b[ -/]*[0-~]?"
)
# C0 and C1 without tab and newline, line and paragraph separators, overrides of direction, lone surrogates.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
# Invisible characters: soft hyphen, zero-width characters, marks of direction, fillers, variation selectors, tags.
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2060-\u2065\u206a-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\U000e0000-\U000e0fff]"
)
# An address with a scheme, also with its slashes escaped as in JSON, or percent-encoded as in a query.
_ADDRESS = re.compile(
    r"(?:\b[a-z][a-z0-9+.-]{0,30}(?::(?:\\?/){2}|%3a%2f%2f)|\b(?:data|file|blob):(?=\S))[^\s<>\"]*", re.IGNORECASE
)
_WORD = re.compile(r"[^\s<>\"']+")
# An address without a known scheme, found by the parameters that only a signed one has.
_SIGNATURE = re.compile(
    r"(?:^|[?&;#(])(?:x-(?:amz|goog|oss|cos|ms)-[a-z0-9-]+|signature|sig|sign|(?:access_?)?token|auth|policy|hdnea|hdnts"
    r"|expires|key-pair-id|(?:api[_-]?)?key|password|secret|awsaccesskeyid|googleaccessid)(?:=|%3d)\S",
    re.IGNORECASE,
)


def clean(text: str, *, limit: int = LONGEST) -> str:
    """Clean a service's text into one line of at most ``limit`` characters.

    Addresses become ``<url>``: they may be signed. Escape sequences, control characters, overrides of direction and
    invisible characters are removed; runs of white space become one space.
    """
    bare = _CONTROLS.sub(_space, _ESCAPES.sub("", text[:READ]))
    bare = _ADDRESS.sub(URL, _UNSEEN.sub("", bare))
    bare = _WORD.sub(lambda found: URL if _SIGNATURE.search(found[0]) else found[0], bare)
    told = " ".join(bare.split())
    return told if len(told) <= limit else told[: max(0, limit - 1)].rstrip() + "…"


def printable(text: str) -> str:
    """Make a text safe to print: lines and tabs stay, what a terminal obeys or cannot encode goes.

    Escape sequences are removed; other controls, overrides of direction and lone surrogates become ``�``.
    """
    return _CONTROLS.sub("\ufffd", _ESCAPES.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))


def _space(control: re.Match[str]) -> str:
    """A space for a control that separates words, nothing for any other, so that an address is not split in two."""
    return " " if control[0].isspace() else ""
