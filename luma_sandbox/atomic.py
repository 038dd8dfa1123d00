"""Files of the sandbox that are written whole or not at all, whoever else writes them at the same time."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def atomic(place: Path) -> Iterator[Path]:
    """A path beside ``place``, with its suffix, to write to: once the block has ended it is ``place``.

    After an error ``place`` is as it was. The folder must be there. Raises OSError.
    """
    part = place.with_name(f".{place.stem}.{uuid.uuid4().hex[:12]}.part{place.suffix}")
    try:
        yield part
        part.replace(place)
    finally:
        part.unlink(missing_ok=True)
