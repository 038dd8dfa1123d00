"""The body of a request, as a value that can be kept and told again."""

from __future__ import annotations

import json
from typing import Any


def parsed(body: bytes) -> Any:
    """The value of a JSON text.

    What JSON cannot say again is refused, too: infinities, half a surrogate pair, a nesting without end. Raises
    ValueError (JSONDecodeError where the text is no JSON) or RecursionError.
    """
    value = json.loads(body)
    json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    return value
