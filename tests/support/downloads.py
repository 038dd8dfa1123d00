"""Downloads for tests: a store, a client, and servers that deliver files in many ways."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from studio.errors import StudioError
from studio.media.clip import Clip
from studio.storage.clip_store import ClipStore
from studio.storage.download import download
from tests.media.clips import make
from tests.support.misbehaving import (
    Server,
)

SECRET = "X-Signature=abcdef0123456789"


@pytest.fixture(scope="module")
def clip_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip of some hundred kilobytes."""
    folder = tmp_path_factory.mktemp("remote")
    return make(folder / "clip.mp4", frames=24, look="noise=alls=30:allf=t", options=("-crf", "18"))


@pytest.fixture(scope="module")
def data(clip_file: Path) -> bytes:
    """The clip's bytes."""
    return clip_file.read_bytes()


@pytest.fixture
def store(tmp_path: Path) -> ClipStore:
    return ClipStore(tmp_path / "store")


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as plain:
        yield plain


class Fetcher:
    """A downloader from a server that counts URLs and pauses."""

    def __init__(self, store: ClipStore, client: httpx.AsyncClient) -> None:
        self.store, self.client = store, client
        self.urls = 0
        self.pauses: list[float] = []

    async def __call__(self, server: Server, **options: object) -> Clip:
        async def fresh_url() -> str:
            self.urls += 1
            return f"{server.origin}/clip.mp4?{SECRET}&n={self.urls}"

        async def sleep(seconds: float) -> None:
            self.pauses.append(seconds)

        options = {"name": "arrival", "sleep": sleep, "stall": 60.0, **options}
        return await download(fresh_url, self.store, client=self.client, **options)  # type: ignore[arg-type]

    async def failing(self, kind: type[StudioError], server: Server, **options: object) -> StudioError:
        """The error of a download that must fail; it names the scene and no address."""
        with pytest.raises(kind) as caught:
            await self(server, **options)
        error: BaseException | None = caught.value
        assert str(error).startswith("arrival: ")
        while error is not None:
            told = f"{error} {error!r} {vars(error)}"
            assert SECRET not in told
            assert "http" not in told
            assert server.origin.removeprefix("http://") not in told
            error = error.__cause__ or error.__context__
        return caught.value


@pytest.fixture
def fetch(store: ClipStore, client: httpx.AsyncClient) -> Fetcher:
    return Fetcher(store, client)


async def until(happened: Callable[[], bool]) -> None:
    """Wait for something that another task or process does."""
    async with asyncio.timeout(240):
        while not happened():  # noqa: ASYNC110  # another process sets no event
            await asyncio.sleep(0.02)


def empty(folder: Path) -> bool:
    return not list(folder.iterdir())
