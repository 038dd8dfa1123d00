"""Clips and stills in a store that machines share, by content, behind the folders in STUDIO_HOME:
``clips/ab/abc….mp4``, ``stills/ab/abc….jpg``, ``exr/ab/abc….zip``.

What comes from it is believed only after all its bytes were hashed: a file that was cut short, damaged or replaced is
not used.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

from studio.atomic import digest, part_beside
from studio.storage.clip_store import ClipStore
from studio.storage.kept import Kept
from studio.storage.object_store import ObjectStore
from studio.storage.still_store import SUFFIXES, StillStore

MARK = "shared"  # the kind under which is kept that a store has a file


class Brought(Enum):
    """The end of a look for a file in the store."""

    HERE = "it is here now"
    MISSING = "the store does not have it"
    DAMAGED = "the store's copy is damaged"


class SharedFiles:
    """The shared store of clips and stills, and the local ones that it stands behind. Methods block.

    All raise StoreError, and OSError for the local disk.
    """

    def __init__(self, objects: ObjectStore, clips: ClipStore, stills: StillStore, kept: Kept) -> None:
        self.objects, self._clips, self._stills, self._kept = objects, clips, stills, kept

    def share(self, sha256: str, anew: bool = False) -> int:
        """Upload a clip or still that is here, unless the store has it; returns its bytes. ``anew``: replace what is
        there.

        That the store has it is remembered, and not asked again.
        """
        file, key = self._place(sha256)
        return self.share_file(file, key, sha256, anew=anew)

    def share_file(self, file: Path, key: str, sha256: str, *, anew: bool = False) -> int:
        """Upload a file under a key of its content, as ``share`` does."""
        size, mark = file.stat().st_size, (self.objects.url, key)
        if not anew and self._kept.get(MARK, mark) is not None:
            return size
        there = None if anew else self.objects.stat(key)
        if there is None or there.size != size:
            self.objects.put(file, key)
        self._kept.put(MARK, mark, sha256.encode())
        return size

    def has(self, sha256: str) -> bool:
        """True if the store shows a clip or still of this name. Its content is examined when it is fetched."""
        return any(self.objects.stat(key) is not None for key in (_clip_key(sha256), *_still_keys(sha256)))

    def bring_clip(self, sha256: str, size: int | None = None) -> Brought:
        """Fetch a clip into the local store. ``size``: its bytes, where they are known."""
        with self._fetched(_clip_key(sha256), self._clips.incoming, sha256, size) as (end, part):
            if end is Brought.HERE:
                self._clips.adopt(part, sha256=sha256)
        return end

    def bring_still(self, sha256: str, size: int | None = None) -> Brought:
        """Fetch a still into the local store."""
        folder = self._stills.root / "incoming"
        folder.mkdir(parents=True, exist_ok=True)
        for key in _still_keys(sha256):
            with self._fetched(key, folder, sha256, size) as (end, part):
                if end is Brought.HERE:
                    self._stills.keep(part.read_bytes(), Path(key).suffix)
            if end is not Brought.MISSING:
                return end
        return Brought.MISSING

    def bring_file(self, key: str, goal: Path, sha256: str, size: int | None = None) -> Brought:
        """Fetch a file to ``goal``, whose folder exists."""
        with self._fetched(key, goal.parent, sha256, size) as (end, part):
            if end is Brought.HERE:
                part.replace(goal)
        return end

    @contextlib.contextmanager
    def _fetched(self, key: str, folder: Path, sha256: str, size: int | None) -> Iterator[tuple[Brought, Path]]:
        """The store's file in a part in ``folder``, if it is the one that is meant; the part goes with the block."""
        part = part_beside(folder / Path(key).name)
        try:
            yield self._examined(key, part, sha256, size), part
        finally:
            part.unlink(missing_ok=True)

    def _examined(self, key: str, part: Path, sha256: str, size: int | None) -> Brought:
        there = self.objects.stat(key)
        if there is None:
            return Brought.MISSING
        if size is not None and there.size != size:
            return Brought.DAMAGED  # cut short: not fetched at all
        if not self.objects.get(key, part):
            return Brought.MISSING
        return Brought.HERE if digest(part) == sha256 else Brought.DAMAGED

    def _place(self, sha256: str) -> tuple[Path, str]:
        """The local file of a clip or still, and its key in the store. Raises FileNotFoundError."""
        still = self._stills.find(sha256)
        if still is not None:
            return still, f"stills/{sha256[:2]}/{sha256}{still.suffix}"
        return self._clips.path(sha256), _clip_key(sha256)


def archive_key(sha256: str) -> str:
    """The key of an archive of EXR frames."""
    return f"exr/{sha256[:2]}/{sha256}.zip"


def _clip_key(sha256: str) -> str:
    return f"clips/{sha256[:2]}/{sha256}.mp4"


def _still_keys(sha256: str) -> tuple[str, ...]:
    return tuple(f"stills/{sha256[:2]}/{sha256}{suffix}" for suffix in SUFFIXES.values())
