"""A store of stills on disk, each named by the SHA-256 of its bytes."""

from __future__ import annotations

import hashlib
from pathlib import Path

from studio.atomic import write_atomic
from studio.digests import Digests

SUFFIXES = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp"}


class StillStore:
    """A folder of pictures: ``<root>/ab/abcdef….jpg``. Several processes may share one."""

    def __init__(self, root: Path, digests: Digests | None = None) -> None:
        self.root = root.absolute()
        self._digests = digests or Digests()

    def find(self, sha256: str) -> Path | None:
        """The path of a still; None where it is missing or damaged."""
        for path in sorted((self.root / sha256[:2]).glob(f"{sha256}.*")):
            if path.suffix in SUFFIXES.values() and self._digests.is_sound(path, sha256):
                return path
        return None

    def has(self, sha256: str) -> bool:
        return self.find(sha256) is not None

    def keep(self, data: bytes, suffix: str) -> str:
        """Store a picture, and return its SHA-256."""
        sha256 = hashlib.sha256(data).hexdigest()
        path = self.root / sha256[:2] / f"{sha256}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, data)
        return sha256
