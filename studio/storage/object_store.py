"""A place for files that several machines share, by its URL: a bucket (``s3://bucket/prefix``), or any other place that
universal-pathlib opens.

A file is there whole or not at all: buckets show an object when all of it has arrived, elsewhere it gets its name last.
Endpoint and credentials are those of the place's own environment (AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID …), never part of
the URL. Memory does not depend on a file's size. All methods block: async callers use a thread.
"""

from __future__ import annotations

import contextlib
import os
import threading
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from studio.disk import FULL
from studio.errors import SettingsError, StoreError, StoreRefused
from studio.remedies import text_of
from studio.storage.bucket_faults import CONFIG, PIP, client_errors, client_options, fault_of, is_installed

if TYPE_CHECKING:
    from upath import UPath

PART = 8 * 1024 * 1024  # bytes of an upload's part; a file of less than two goes in one request
TRIES = 2  # of one request
AT_ONCE = 2  # parts of one file under way
BUCKETS = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az"})  # an object appears there when it is whole
RIGHTS = "s3:ListBucket, s3:GetObject, s3:PutObject and s3:DeleteObject"
PROBE = ".studio-check-"
NOTHING = "nothing was ordered"
MAX_SECONDS = 7 * 24 * 3600  # of a signature: S3's own limit
TYPES = {
    ".mp4": "video/mp4", ".html": "text/html; charset=utf-8", ".csv": "text/csv; charset=utf-8",
    ".json": "application/json", ".otio": "application/json", ".zip": "application/zip", ".png": "image/png",
    ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp", ".txt": "text/plain; charset=utf-8",
    ".srt": "text/plain; charset=utf-8", ".vtt": "text/vtt; charset=utf-8", ".xml": "application/xml",
    ".fcpxml": "application/xml", ".edl": "text/plain; charset=utf-8", ".wav": "audio/wav",
}  # fmt: skip
UNKNOWN = "application/octet-stream"


@dataclass(frozen=True)
class Stored:
    """A file of a store: its bytes, when it was written (aware UTC), and a stamp that changes with its content."""

    size: int
    at: datetime
    stamp: str


def media_type(name: str) -> str:
    """The media type of a file of ours, by its name."""
    return TYPES.get(Path(name).suffix.lower(), UNKNOWN)


class ObjectStore:
    """The files below ``url``, each by its key: a relative path with slashes. ``variable`` names the setting in errors.

    Every method raises StoreError where the place fails for now, and StoreRefused where another try is useless.
    """

    def __init__(self, url: str, variable: str) -> None:
        check_store_url(url, variable)
        parts = urlsplit(url)
        self.url, self.variable = url.rstrip("/"), variable
        self.scheme = parts.scheme or "file"
        self.bucket = parts.netloc if self.scheme in BUCKETS else self.url
        self._opening = threading.Lock()
        self._place: UPath | None = None

    def address(self, key: str) -> str:
        """The URL of a file, for people; it holds no secret."""
        return f"{self.url}/{key}"

    def put(self, file: Path, key: str) -> None:
        """Upload a file, with its media type. It replaces what is there once all of it has arrived."""
        with self._faults("written to", RIGHTS):
            fs, goal = self._fs(), self._path(key)
            if self.scheme in BUCKETS:
                fs.put_file(str(file), goal, **self._of_upload(key))
                return
            fs.makedirs(goal.rpartition("/")[0], exist_ok=True)
            part = f"{goal.rpartition('/')[0]}/.{uuid.uuid4().hex[:12]}.part"
            try:
                fs.put_file(str(file), part)
                fs.mv(part, goal)
            finally:
                with contextlib.suppress(FileNotFoundError):
                    fs.rm_file(part)

    def write(self, key: str, data: bytes) -> None:
        """Write a small file."""
        with self._faults("written to", RIGHTS):
            fs, goal = self._fs(), self._path(key)
            if self.scheme in BUCKETS:
                fs.pipe_file(goal, data, **({"ContentType": media_type(key)} if self._is_s3 else {}))
                return
            fs.makedirs(goal.rpartition("/")[0], exist_ok=True)
            part = f"{goal.rpartition('/')[0]}/.{uuid.uuid4().hex[:12]}.part"
            fs.pipe_file(part, data)
            fs.mv(part, goal)

    def get(self, key: str, file: Path) -> bool:
        """Download a file to a local one. False where there is none; the local one may hold a part then."""
        with self._faults("read", RIGHTS), contextlib.suppress(FileNotFoundError):
            self._fs().get_file(self._path(key), str(file), **({"max_concurrency": 1} if self._is_s3 else {}))
            return True
        return False

    def read(self, key: str, *, most: int) -> bytes | None:
        """The first ``most`` bytes of a file; None where there is none."""
        with self._faults("read", RIGHTS), contextlib.suppress(FileNotFoundError):
            return bytes(self._fs().cat_file(self._path(key), end=most))
        return None

    def stat(self, key: str) -> Stored | None:
        """Size and stamp of a file; None where there is none."""
        with self._faults("read", RIGHTS), contextlib.suppress(FileNotFoundError):
            fs, path = self._fs(), self._path(key)
            fs.invalidate_cache()
            return _stored(fs.info(path))
        return None

    def list(self, prefix: str = "") -> Mapping[str, Stored]:
        """All files whose keys begin with a folder's name, by key; empty where there are none."""
        with self._faults("listed", RIGHTS):
            fs, root = self._fs(), self._path("")
            fs.invalidate_cache()
            try:
                found = fs.find(self._path(prefix) if prefix else root, detail=True)
            except FileNotFoundError:
                found = {}
            if not found and self._is_s3 and not fs.exists(self.bucket):  # an empty list, and no error
                fault = fault_of(FileNotFoundError(), self.bucket)
                raise StoreRefused(fault.said, where=self.variable, hint=fault.hint)
            inside = {path[len(root) + 1 :]: info for path, info in found.items() if path.startswith(f"{root}/")}
            return {key: _stored(info) for key, info in inside.items() if info.get("type") == "file"}

    def delete(self, keys: Iterable[str]) -> None:
        """Remove files. One that is not there is no error."""
        with self._faults("removed from", RIGHTS):
            fs = self._fs()
            for key in keys:
                with contextlib.suppress(FileNotFoundError):
                    fs.rm_file(self._path(key))

    def sign(self, key: str, seconds: int) -> str:
        """A freshly signed URL, by which whoever has it reads the file for so many seconds. A secret: never log it.

        Nothing is sent, and a file that is not there is signed, too. Raises SettingsError where the place signs none.
        """
        if not 1 <= seconds <= MAX_SECONDS:
            raise ValueError(f"a signature is for 1 to {MAX_SECONDS} seconds, not {seconds}")
        with self._faults("read", RIGHTS):
            try:
                return str(self._fs().sign(self._path(key), expiration=seconds))
            except NotImplementedError:
                raise SettingsError(
                    f"files at {self.scheme}:// cannot be given a signed address", where=self.variable,
                    hint="use s3://bucket/prefix, or set STUDIO_FILMS_PUBLIC",
                ) from None  # fmt: skip

    def check(self) -> None:
        """Write a small file, find it in the list, read it, and remove it. Raises SettingsError."""
        key, told = f"{PROBE}{uuid.uuid4().hex[:12]}", b"Studio Producer can write here.\n"
        with before_money():
            self.write(key, told)
            try:
                seen = self.read(key, most=100)
                listed = key in self.list(key)
            finally:
                self.delete([key])
        if seen != told or not listed:
            raise SettingsError(
                f"{self.url} does not give back what was written to it", where=self.variable,
                hint="is it a bucket of its own, without a cache before it? Nothing was ordered",
            )  # fmt: skip

    @property
    def _is_s3(self) -> bool:
        return self.scheme in ("s3", "s3a")

    def _of_upload(self, key: str) -> dict[str, Any]:
        if not self._is_s3:
            return {}
        return {"ContentType": media_type(key), "chunksize": PART, "max_concurrency": AT_ONCE}

    def _path(self, key: str) -> str:
        root = str(self._root().path).rstrip("/")
        return f"{root}/{key}" if key else root

    def _fs(self) -> Any:
        return self._root().fs

    def _root(self) -> UPath:
        from upath import UPath

        with self._opening:
            if self._place is None:
                options: dict[str, Any] = {"skip_instance_cache": True, "use_listings_cache": False}
                if self._is_s3:
                    options |= {"config_kwargs": CONFIG, "client_kwargs": client_options()}
                try:
                    # A folder by its URL: as a plain path, it would take none of the options.
                    self._place = UPath(f"file://{self.url}" if "://" not in self.url else self.url, **options)
                    fs = self._place.fs  # loads what the place needs
                    if self._is_s3:
                        fs.retries = TRIES  # the rule for further tries is the caller's (studio/execution/retries.py)
                except ImportError:
                    raise _not_installed(self.scheme, self.variable) from None
                except ValueError:
                    raise SettingsError(
                        f"{self.scheme}:// is no place for files that is known here", where=self.variable,
                        hint="such as s3://bucket/prefix",
                    ) from None  # fmt: skip
            return self._place

    @contextlib.contextmanager
    def _faults(self, does: str, needs: str) -> Iterator[None]:
        """A block in which errors of the place become StoreError; one of the local disk stays what it is."""
        try:
            yield
        except SettingsError:
            raise
        except client_errors() as error:
            if isinstance(error, OSError) and error.errno in FULL:
                raise
            fault = fault_of(
                error, self.bucket, does=does, needs=needs, mends="is AWS_ENDPOINT_URL right, and the network up?"
            )
        else:
            return
        kind = StoreRefused if fault.lasting else StoreError
        raise kind(fault.said, where=self.variable, hint=fault.hint)


@contextlib.contextmanager
def before_money() -> Iterator[None]:
    """A block before a run's first order, in which a store that fails is a setting that cannot be used."""
    try:
        yield
    except StoreError as error:
        hint = text_of(error.hint_text, "; ", NOTHING) if error.hint else text_of(NOTHING)
        raise SettingsError(error.message, where=error.where, hint=hint) from None


def check_store_url(url: str, variable: str) -> None:
    """Check the URL of a store; nothing is loaded or asked. Raises SettingsError, which repeats nothing of it."""
    try:
        parts = urlsplit(url)
        usable = url.isprintable() and not (parts.query or parts.fragment) and "@" not in parts.netloc
        usable = usable and parts.password is None and ".." not in parts.path.split("/")
        usable = usable and (parts.scheme not in BUCKETS or (bool(parts.netloc) and parts.port is None))
    except ValueError:
        usable = False
    if not usable or url.endswith(("?", "#")):
        raise SettingsError(
            "is no s3://bucket/prefix", where=variable, hint="credentials go into AWS_ACCESS_KEY_ID …, or AWS_PROFILE"
        )
    if parts.scheme in ("s3", "s3a") and not is_installed():
        raise _not_installed(parts.scheme, variable)


def _not_installed(scheme: str, variable: str) -> SettingsError:
    if scheme in ("s3", "s3a"):
        return SettingsError("S3 needs s3fs", where=variable, hint=PIP)
    return SettingsError(f"{scheme}:// needs a package of fsspec that is not installed", where=variable,
                         hint="use s3://bucket/prefix, or install it")  # fmt: skip


def _stored(info: Mapping[str, Any]) -> Stored:
    at = info.get("LastModified") or info.get("mtime") or info.get("created") or 0
    if not isinstance(at, datetime):
        at = datetime.fromtimestamp(float(at), UTC)
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    size = int(info.get("size") or 0)
    return Stored(size, at, str(info.get("ETag") or f"{size}-{at.timestamp()}").strip('"'))


def is_url(text: str) -> bool:
    """True if a setting names a place by its URL, and no folder of this machine."""
    return "://" in text


def expanded(text: str) -> str:
    """A place in a setting: a URL as it is, a folder as an absolute path."""
    return text if is_url(text) else os.path.abspath(os.path.expanduser(text))  # noqa: PTH100, PTH111 - a text
