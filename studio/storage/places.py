"""Places of files: a folder of this machine, or a store behind a URL such as s3://bucket/prefix, by one interface.

Names in a place are relative, with ``/``. Nothing outside the place is read or written through it.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from studio.addresses import shown
from studio.cleaning import clean
from studio.connections import trouble_of
from studio.errors import BadInput, SettingsError
from studio.production.paths import is_file_url, local_path

MOST_FILES = 20_000
_S3 = {
    "signature_version": "s3v4",
    "connect_timeout": 10,
    "read_timeout": 60,
    "retries": {"max_attempts": 2},
}
# It logs every signature at debug level.
logging.getLogger("botocore.auth").addFilter(lambda _: False)


@dataclass(frozen=True)
class Listed:
    """A file of a place: its name, its bytes, when it was changed (aware UTC; None where the store does not say), and a
    mark that changes with its content, where the store has one."""

    name: str
    size: int
    changed_at: datetime | None
    mark: str = ""


class FilePlace:
    """A place by its URL or path. Every method raises BadInput where the place is gone or cannot be reached, and
    SettingsError where nothing here can read such a place, in one line that holds no secret."""

    def __init__(self, url: str) -> None:
        self._url = url.strip()
        self.is_local = "://" not in self._url or is_file_url(self._url)
        self.root: Path | None = local_path(self._url).absolute() if self.is_local else None
        self.name = str(self.root) if self.root is not None else shown(self._url)
        self._opened: tuple[Any, str] | None = None

    def files(self) -> dict[str, Listed]:
        """All files, by name. Hidden ones, and what is in hidden folders, are left out."""
        with self._faults():
            fs, root = self._open()
            if not fs.exists(root) or not fs.isdir(root):
                raise BadInput("there is no such folder", where=self.name, hint="create it, or correct its name")
            found = {}
            for path, info in fs.find(root, detail=True).items():
                name = path[len(root) :].lstrip("/") if path.startswith(root) else path
                if not name or any(part.startswith(".") for part in name.split("/")):
                    continue
                found[name] = Listed(name, int(info.get("size") or 0), _changed(info), _mark(info))
                if len(found) > MOST_FILES:
                    raise BadInput(f"has more than {MOST_FILES} files", where=self.name, hint="watch a smaller folder")
            return found

    def read(self, name: str, most: int) -> bytes:
        """A file's bytes, at most ``most`` and one more. Raises FileNotFoundError where it is gone."""
        with self._faults(missing=True):
            fs, root = self._open()
            return bytes(fs.cat_file(_inside(root, name), start=0, end=most + 1))

    def fetch(self, name: str, goal: Path) -> None:
        """Copy a file of the place to ``goal``, whole or not at all. Raises FileNotFoundError where it is gone."""
        with self._faults(missing=True):
            fs, root = self._open()
            goal.parent.mkdir(parents=True, exist_ok=True)
            part = goal.with_name(f".{goal.name}.{os.getpid()}.part")
            try:
                fs.get_file(_inside(root, name), str(part))
                part.replace(goal)
            finally:
                part.unlink(missing_ok=True)

    def put(self, source: Path, name: str) -> str:
        """Copy a file of this machine into the place, and return where it is, as a person reads it.

        In a folder it appears whole or not at all, as it does in a store of objects.
        """
        with self._faults():
            fs, root = self._open()
            goal = _inside(root, name)
            if self.root is not None:
                path = Path(goal)
                path.parent.mkdir(parents=True, exist_ok=True)
                part = path.with_name(f".{path.name}.{os.getpid()}.part")
                try:
                    fs.put_file(str(source), str(part))
                    part.replace(path)
                finally:
                    part.unlink(missing_ok=True)
            else:
                fs.put_file(str(source), goal)
            return f"{self.name.rstrip('/')}/{name}"

    def _open(self) -> tuple[Any, str]:
        if self._opened is None:
            from fsspec.core import url_to_fs  # type: ignore[import-untyped]

            scheme = "" if self.is_local else self._url.partition("://")[0].lower()
            options: dict[str, Any] = {"skip_instance_cache": True, "use_listings_cache": False} if scheme else {}
            if scheme in ("s3", "s3a"):
                options |= {"config_kwargs": _S3, "client_kwargs": _authorities()}
            try:
                fs, root = url_to_fs(str(self.root or self._url.rstrip("/")), **options)
            except ValueError:
                hint = "name a folder, or a store's URL such as s3://bucket/prefix"
                raise SettingsError("is no place that can be read here", where=self.name, hint=hint) from None
            self._opened = fs, str(root).rstrip("/")
        return self._opened

    @contextmanager
    def _faults(self, *, missing: bool = False) -> Iterator[None]:
        try:
            yield
        except (BadInput, SettingsError):
            raise
        except FileNotFoundError:
            if missing:
                raise
            raise BadInput("there is no such folder", where=self.name, hint="create it, or correct its name") from None
        except (ImportError, NotImplementedError) as error:
            named = clean(str(error), limit=120)
            hint = "for s3:// install studio-producer[s3]"
            raise SettingsError(f"nothing here can read such a place: {named}", where=self.name, hint=hint) from None
        except PermissionError:
            raise BadInput("may not be read or written with these rights", where=self.name, hint="check them") from None
        except _bucket_errors() as error:
            trouble = trouble_of(error)
            said = trouble.said if trouble is not None else getattr(error, "strerror", None) or type(error).__name__
            hint = (
                trouble.hint if trouble is not None and trouble.untrusted else "is it there, and reachable from here?"
            )
            raise BadInput(f"cannot be reached: {said}", where=self.name, hint=hint) from None


def _bucket_errors() -> tuple[type[Exception], ...]:
    try:
        from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]
    except ImportError:
        return OSError, ValueError
    return OSError, ValueError, BotoCoreError, ClientError


def _inside(root: str, name: str) -> str:
    """A name's path in the place. Raises BadInput for one that leads out of it."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts or "\\" in name or "\0" in name:
        raise BadInput(f"'{clean(name, limit=100)}' leads out of the place", where=clean(root, limit=100))
    return f"{root}/{path}"


def _authorities() -> dict[str, str]:
    """``SSL_CERT_FILE``, for a client that reads only ``AWS_CA_BUNDLE``, which takes precedence."""
    named = os.environ.get("SSL_CERT_FILE")
    return {"verify": named} if named and not os.environ.get("AWS_CA_BUNDLE") else {}


def _changed(info: dict[str, Any]) -> datetime | None:
    for key in ("mtime", "LastModified", "last_modified", "updated", "created"):
        value = info.get(key)
        if isinstance(value, datetime):
            return value if value.tzinfo is not None else value.replace(tzinfo=UTC)
        if isinstance(value, int | float) and key == "mtime":
            return datetime.fromtimestamp(value, UTC)
    return None


def _mark(info: dict[str, Any]) -> str:
    return str(info.get("ETag") or info.get("etag") or info.get("md5Hash") or "").strip('"')
