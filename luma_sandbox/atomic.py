"""Atomic writes of the sandbox's files, safe with several writers."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def atomic(place: Path) -> Iterator[Path]:
    """Yield a path beside ``place``, with its suffix, to write to. After the block it is renamed to ``place``.

    After an error ``place`` is unchanged. The folder must exist. Raises OSError.
    """
    part = place.with_name(f".{place.stem}.{uuid.uuid4().hex[:12]}.part{place.suffix}")
    try:
        yield part
        part.replace(place)
    finally:
        part.unlink(missing_ok=True)
