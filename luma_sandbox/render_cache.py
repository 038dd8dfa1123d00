"""A cache of finished renders: the same score makes the same bytes, so it is rendered only once.

Off unless ``STUDIO_SANDBOX_RENDERS`` names a folder. Several sandboxes may share it. The key covers everything that
decides a render's bytes: the score, the content of its inputs, this package's own source, and the ffmpeg.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from luma_sandbox.atomic import atomic
from luma_sandbox.ffmpeg import identity

VARIABLE = "STUDIO_SANDBOX_RENDERS"
_PLACES = ("out", "poster")


def folder() -> Path | None:
    """The folder of the cache; None if it is off."""
    name = os.environ.get(VARIABLE, "")
    return Path(name) if name else None


def key_of(score: Mapping[str, Any]) -> str | None:
    """The key of a score's render; None for a score that makes more than a clip and its poster."""
    if score.get("exr"):
        return None
    wanted = {name: _by_content(value) for name, value in score.items() if name not in _PLACES}
    told = json.dumps([_made_with(), Path(score["out"]).suffix, wanted], sort_keys=True, default=str)
    return hashlib.sha256(told.encode()).hexdigest()


def fetch(key: str, score: Mapping[str, Any]) -> bool:
    """Copy a cached render to the places in the score. False if there is none."""
    cached = folder()
    if cached is None:
        return False
    kept = cached / key[:2] / key
    try:
        for name in reversed(_PLACES):  # the clip comes last: its presence means a complete render
            _copy(kept / name, Path(score[name]))
    except OSError:
        return False
    return True


def keep(key: str, score: Mapping[str, Any]) -> None:
    """Store a render. A full or missing disk is no reason to fail."""
    cached = folder()
    if cached is None:
        return
    kept = cached / key[:2] / key
    try:
        kept.mkdir(parents=True, exist_ok=True)
        for name in reversed(_PLACES):
            _copy(Path(score[name]), kept / name)
    except OSError:
        return


def _copy(source: Path, goal: Path) -> None:
    with atomic(goal) as part:
        shutil.copyfile(source, part)


def _by_content(value: Any) -> Any:
    """A part of a score, with the digest of its contents for every file."""
    if isinstance(value, Mapping):
        return {
            name: _digest(Path(part)) if name == "path" and isinstance(part, str) else _by_content(part)
            for name, part in value.items()
        }
    return [_by_content(part) for part in value] if isinstance(value, list | tuple) else value


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def _made_with() -> str:
    """A digest of this package's source and the ffmpeg: another version may make other bytes."""
    found = hashlib.sha256(identity().encode())
    for file in sorted(Path(__file__).parent.rglob("*.py")):
        found.update(file.read_bytes())
    return found.hexdigest()
