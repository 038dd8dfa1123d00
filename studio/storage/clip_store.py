"""A store of clips on disk, each named by the SHA-256 of its bytes: no clip is kept twice, no damaged one is
returned."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from studio.atomic import digest, is_sound, part_beside, settle
from studio.digests import Digests
from studio.errors import BadClip

NAME = re.compile(r"[0-9a-f]{64}")


class ClipStore:
    """A folder of clips: `<root>/ab/abcdef….mp4`, with a folder `abcdef….frames` beside it for first and last frame.

    Several processes may share one. `incoming` holds files that are still being downloaded. `digests` is what is
    remembered of files: an unchanged clip is not hashed again.
    """

    def __init__(self, root: Path, digests: Digests | None = None) -> None:
        self.root = root.absolute()
        self.digests = digests or Digests()
        self._sound: dict[str, tuple[int, int, int]] = {}

    @property
    def incoming(self) -> Path:
        """The folder of partly downloaded files; made on the first access."""
        folder = self.root / "incoming"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def path(self, sha256: str) -> Path:
        """The path at which the clip is, or would be. Raises ValueError for a string that is no SHA-256."""
        if not NAME.fullmatch(sha256):
            raise ValueError(f"not a SHA-256 in hexadecimal: {sha256[:80]!r}")
        return self.root / sha256[:2] / f"{sha256}.mp4"

    def frames_dir(self, sha256: str) -> Path:
        """The folder for the clip's first and last frame. It is not created here."""
        return self.path(sha256).with_suffix(".frames")

    def has(self, sha256: str) -> bool:
        """True if the clip is here and undamaged: its bytes are hashed again whenever the file has changed."""
        path = self.path(sha256)
        try:
            stamp = _stamp(path)
            if self._sound.get(sha256) != stamp:
                if self.digests.of(path) != sha256:
                    return False
                self._sound[sha256] = stamp
        except OSError:
            return False
        return True

    def verify(self, sha256: str) -> Path:
        """The clip's path, after hashing all its bytes again. Raises BadClip where it is missing or damaged."""
        self._sound.pop(sha256, None)
        path = self.path(sha256)
        if not path.exists():
            raise BadClip("is not in the store", path=str(path), hint="download it again")
        if not is_sound(path, sha256):
            raise BadClip(
                "is damaged: its bytes are not those that were stored", path=str(path), hint="download it again"
            )
        return path

    def adopt(self, file: Path, *, sha256: str | None = None) -> str:
        """Move a file into the store and return its SHA-256. After this returns, a power cut does not lose it.

        `sha256` avoids hashing again where the caller has just done it.
        """
        sha256 = sha256 or digest(file)
        if self.has(sha256):
            if file.absolute() != self.path(sha256):
                file.unlink()
            return sha256
        path = self.path(sha256)
        path.parent.mkdir(parents=True, exist_ok=True)
        with _at_hand(file, path) as near:
            settle(near, path)
        self._sound[sha256] = _stamp(path)
        return sha256


@contextmanager
def _at_hand(file: Path, goal: Path) -> Iterator[Path]:
    """The file itself, or a copy beside its goal where the two are on different disks and a rename is impossible."""
    if file.stat().st_dev == goal.parent.stat().st_dev:
        yield file
        return
    part = part_beside(goal)
    try:
        shutil.copyfile(file, part)
        yield part
    finally:
        part.unlink(missing_ok=True)
    file.unlink()


def _stamp(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size, status.st_ino
