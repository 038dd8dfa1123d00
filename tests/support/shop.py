"""A service for the library's tests, and a provider for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from studio.library import LumaProvider
from tests.support.running import LOCAL, Sandbox

CHEAP = Decimal("0.14")  # 5 s of ray-flash-2 at 540p


ID = "123e4567-e89b-12d3-a456-426614174000"


class Shop:
    """The sandbox of this module, as one test sees it: the purchases since the test began."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._before = len(sandbox.books()["creates"])

    @property
    def creates(self) -> list[dict[str, Any]]:
        return self.sandbox.books()["creates"][self._before :]

    @property
    def requests(self) -> list[dict[str, Any]]:
        return [create["request"] for create in self.creates]

    @property
    def charged(self) -> Decimal:
        """USD charged, less refunds."""
        return sum((Decimal(c["usd"]) - Decimal(c["refunded_usd"]) for c in self.creates), Decimal(0))

    def faults(self, *faults: dict[str, Any]) -> None:
        url = f"{self.sandbox.origin}/sandbox/faults"
        LOCAL.put(url, json=list(faults)).raise_for_status()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    sandbox = Sandbox(tmp_path_factory.mktemp("sandbox"), assume="asset_urls=signed")
    sandbox.start()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def shop(server: Sandbox, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """The sandbox, with an empty ledger and store of ours in ``workplace``."""
    monkeypatch.setenv("LUMAAI_BASE_URL", server.url)
    shop = Shop(server)
    yield shop
    shop.faults()


@pytest.fixture
async def luma(shop: Shop) -> AsyncIterator[LumaProvider]:
    """A provider of small and cheap clips at that sandbox."""
    async with LumaProvider(model="ray-flash-2") as luma:
        yield luma


@pytest.fixture
def local_picture(workplace: Path) -> Path:
    """A picture in the working folder."""
    path = workplace / "sketch.png"
    Image.effect_noise((640, 360), 50).save(path)
    return path
