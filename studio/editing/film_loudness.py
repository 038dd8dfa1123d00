"""The loudness of films, measured once for their content, and kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict

from studio.media.loudness import Loudness
from studio.storage.kept import MADE_FROM, Kept

KIND = "loudness"
VERSION = 1  # of the measurement; a change makes every kept one invalid


def measured_once(sha256: str, kept: Kept, measure: Callable[[], Loudness | None]) -> Loudness | None:
    """The loudness of the film with this content; None for silence. Raises what ``measure`` raises."""
    told = json.loads(kept.once(KIND, _made_from(sha256), lambda: _written(measure())))
    return None if told is None else Loudness(**told)


def remember(sha256: str, kept: Kept, found: Loudness) -> None:
    """Keep what was measured when the film was made."""
    kept.put(KIND, _made_from(sha256), _written(found))


def _made_from(sha256: str) -> MADE_FROM:
    return (VERSION, sha256)


def _written(found: Loudness | None) -> bytes:
    return json.dumps(None if found is None else asdict(found)).encode()
