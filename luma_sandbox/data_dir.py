"""The folder of a sandbox: its lock, its address, its books and its files."""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from pathlib import Path

from filelock import FileLock, Timeout

from luma_sandbox.atomic import atomic
from luma_sandbox.errors import SettingsError


class DataDir:
    """The folder of one sandbox.

    books.sqlite   state and money
    server.json    address of the running server
    clips/         finished files, by generation id
    inputs/        fetched keyframes, by the SHA-256 of their content
    tls/           the certificate of a server that speaks HTTPS, and the authority to trust for it
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._lock: FileLock | None = None
        for folder in (self.clips, self.inputs):
            folder.mkdir(parents=True, exist_ok=True)

    @property
    def books(self) -> Path:
        """The database."""
        return self.root / "books.sqlite"

    @property
    def clips(self) -> Path:
        """Finished files."""
        return self.root / "clips"

    @property
    def inputs(self) -> Path:
        """Fetched keyframes."""
        return self.root / "inputs"

    @property
    def address(self) -> Path:
        """The file with the address of the running server."""
        return self.root / "server.json"

    @property
    def tls(self) -> Path:
        """Certificate and authority."""
        return self.root / "tls"

    def clip(self, identity: str) -> Path:
        """The finished clip of a generation."""
        return self.clips / f"{identity}.mp4"

    def still(self, identity: str, extension: str) -> Path:
        """The finished image of a generation, jpg or png."""
        return self.clips / f"{identity}.still.{extension}"

    def poster(self, identity: str) -> Path:
        """The picture that the page shows for a generation."""
        return self.clips / f"{identity}.jpg"

    def thumbnail(self, identity: str) -> Path:
        """The first frame of a clip as a JPEG, made on request."""
        return self.clips / f"{identity}.first.jpg"

    def input(self, digest: str) -> Path:
        """A fetched keyframe."""
        return self.inputs / digest

    def keep_input(self, content: bytes) -> str:
        """Store an input by its content, and return its digest."""
        digest = hashlib.sha256(content).hexdigest()
        place = self.input(digest)
        if not place.exists():
            with atomic(place) as part:
                part.write_bytes(content)
        return digest

    def part(self) -> Path:
        """A path for a file that is being received; removed at the next start if left behind."""
        return self.inputs / f"{uuid.uuid4().hex}.part"

    def adopt_input(self, part: Path) -> str:
        """Store a received file by its content, and return its digest."""
        with part.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        part.replace(self.input(digest))
        return digest

    def lock(self) -> None:
        """Lock the home for this process, until it ends. Raises SettingsError if another process has it."""
        lock = FileLock(self.root / "lock", blocking=False, thread_local=False)
        try:
            lock.acquire()
        except Timeout as error:
            raise SettingsError(
                f"another sandbox already lives in {self.root}",
                hint=f"use that one ({self.address} says where it listens), or give another --home",
            ) from error
        self._lock = lock
        for folder in (self.clips, self.inputs):
            for left in folder.glob("*.part*"):
                left.unlink()

    def unlock(self) -> None:
        """Release the lock on the home."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def announce(self, port: int, url: str) -> None:
        """Write this server's address, atomically."""
        with atomic(self.address) as part:
            part.write_text(json.dumps({"port": port, "pid": os.getpid(), "url": url}), encoding="utf-8")

    def withdraw(self) -> None:
        """Remove this server's address."""
        self.address.unlink(missing_ok=True)


def archive_of(clip: Path) -> Path:
    """Path of the EXR frames of a finished clip."""
    return clip.with_suffix(".frames.zip")
