"""Publishing by copying assets into a folder that a web server serves."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from studio.assets.publish.base import PublicUrls, Publishable, bytes_of, file_of, probe
from studio.assets.publish.reach import SECONDS, TRIES, read_back, try_out
from studio.atomic import is_sound, write_atomic
from studio.errors import SettingsError

if TYPE_CHECKING:
    import httpx


class FolderFiles:
    """``base_url`` serves ``folder``. An asset with a URL of its own is sent by that URL."""

    def __init__(
        self,
        folder: Path,
        base_url: str,
        *,
        lives: float = 0,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.folder, self.base_url = folder, base_url.rstrip("/")
        self._own = PublicUrls(lives=lives)
        self._transport, self._sleep = transport, sleep

    def check(self, assets: Iterable[Publishable]) -> None:
        for asset in assets:
            if asset.url is not None:
                self._own.check([asset])
            else:
                self._check_folder()
                file_of(asset)

    def publish(self, asset: Publishable) -> str:
        if asset.url is not None:
            return self._own.publish(asset)
        self._check_folder()
        name = f"{asset.sha256}{asset.suffix}"
        self._put(asset, self.folder / name)
        url = f"{self.base_url}/{quote(name)}"
        try_out(url, asset, transport=self._transport, sleep=self._sleep)
        return url

    def try_place(self, *, tries: int = TRIES, seconds: float = SECONDS) -> str:
        self._check_folder()
        name, data = probe()
        try:
            self._write(self.folder / name, data)
            read_back(
                f"{self.base_url}/{name}", data, where="STUDIO_PUBLISH_BASE_URL", tries=tries, seconds=seconds,
                transport=self._transport, sleep=self._sleep,
            )  # fmt: skip
        finally:
            with contextlib.suppress(OSError):
                (self.folder / name).unlink(missing_ok=True)
        return f"{self.folder}, read at {self.base_url}"

    def close(self) -> None:
        """Do nothing: published files stay, since Luma may still read them."""

    def _check_folder(self) -> None:
        if not self.folder.is_dir():  # not created here: it may be on a disk that is not mounted
            raise SettingsError(f"there is no folder {self.folder}", where="STUDIO_PUBLISH_URL")

    def _put(self, asset: Publishable, goal: Path) -> None:
        data = bytes_of(asset)
        if not is_sound(goal, asset.content):
            self._write(goal, data)

    def _write(self, goal: Path, data: bytes) -> None:
        try:
            write_atomic(goal, data)
        except OSError as error:
            raise SettingsError(
                f"{self.folder} cannot be written: {error.strerror}", where="STUDIO_PUBLISH_URL"
            ) from None
