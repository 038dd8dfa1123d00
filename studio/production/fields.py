"""The text fields of a production file, by kind of text: prose, a file or address, a name.

A text field keeps what is written in it (``007``), even if YAML would read it as something else.
"""

from __future__ import annotations

from typing import Literal

from studio.production.locations import Loc
from studio.production.normalize import SCENE_WORDS, SEED_WORDS

TextKind = Literal["prose", "path", "name"]

_KINDS: dict[str, TextKind] = {
    "title": "prose", "prompt": "prose", "prompt_hints": "prose", "description": "prose", "sound": "prose",
    "path": "path", "url": "path", "start_image": "path", "end_image": "path", "modify": "path", "images": "path",
    "image": "path", "asset": "path",
    "id": "name", "slug": "name", "continue_from": "name", "lead_into": "name", "character": "name",
    "camera": "name", "generation": "name", "usage": "name",
}  # fmt: skip
_WORDS = SCENE_WORDS | SEED_WORDS
#: The field that a group's item stands for if it is no mapping: ``lamp: lamp.png``, ``dusk: A boat in fog.``
_SHORT = {"assets": "path", "characters": "images", "scenes": "prompt"}


def text_kind(loc: Loc) -> TextKind | None:
    """The kind of text that a place of a production file holds, in the user's words; None if it holds no text."""
    if not loc:
        return None
    if loc[0] in _SHORT:
        if len(loc) == 2 or (len(loc) == 3 and isinstance(loc[2], int)):
            return _KINDS[_SHORT[str(loc[0])]]
    elif loc[0] not in ("title", "slug"):
        return None
    name = next(str(step) for step in reversed(loc) if isinstance(step, str))
    return _KINDS.get(_WORDS.get(name, name))
