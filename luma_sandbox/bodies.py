"""Parsing of request bodies into values that can be stored and written again."""

from __future__ import annotations

import json
from typing import Any


def parsed(body: bytes) -> Any:
    """The value of a JSON text.

    Values that cannot be written as JSON again are refused: infinities, half a surrogate pair, endless nesting. Raises
    ValueError (JSONDecodeError where the text is no JSON) or RecursionError.
    """
    value = json.loads(body)
    json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    return value
