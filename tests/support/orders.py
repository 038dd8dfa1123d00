"""Orders for tests: one purchase, the gateway that makes it, and witnesses for the account's list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from studio.ledger import Cap, Intent, Ledger
from studio.purchasing.gateway import Placed, PurchaseGateway
from tests.support.books import Clock
from tests.support.luma import Luma

PARAMS = {"model": "ray-2", "prompt": "a lighthouse", "resolution": "720p", "duration": "5s", "aspect_ratio": "16:9"}


PRICE = Decimal("0.71")


def intent(name: str = "a", **changes: object) -> Intent:
    values = {
        "key": f"{name:0>64}", "family": f"{name:0>64}", "realm": "luma", "account": "luma-1", "endpoint": "video",
        "model": "ray-2", "production": "film", "scene": name, "shot": name, "take": 1, "request": {"prompt": name},
        "price": PRICE, "price_table": "t (2025-11-01)",
    }  # fmt: skip
    return Intent(**(values | changes))


@pytest.fixture
def luma() -> Luma:
    return Luma()


class Slept:
    """A sleep that records its length, and advances the clock."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.seconds: list[float] = []
        self.clock = clock or Clock()

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        self.clock.now += timedelta(seconds=seconds)


def gateway(
    ledger: Ledger,
    luma: Luma,
    *caps: Cap,
    sleep: Slept | None = None,
    patience: float = 600,
    run: str = "run",
    callback_url: str = "",
    passed: Callable[[], float] = lambda: 0.0,
) -> PurchaseGateway:
    sleep = sleep or Slept()
    return PurchaseGateway(
        ledger,
        luma.provider,
        run=run,
        caps=lambda: caps,
        patience=patience,
        sleep=sleep,
        jitter=lambda: 0.0,
        callback_url=callback_url,
        passed=passed,
    )


async def place(gateway: PurchaseGateway, wanted: Intent | None = None) -> Placed:
    return await gateway.purchase(wanted or intent(), PARAMS, on_wait=lambda _: None)


def witness(ledger: Ledger, luma: Luma, *, endpoint: str = "video", asked: str = "video") -> None:
    """Two orders of the same kind and time whose generations the list shows: one has ended, one is being made."""
    for name in ("ended", "made"):
        body = PARAMS | {"prompt": name}
        wanted = replace(intent(name, production="another", endpoint=endpoint), sent=body)
        ledger.reserve(wanted, run="another", caps=[])
        generation = luma.accept(body, asked)["id"]
        ledger.submitted(wanted.key, 1, generation)
        if name == "ended":
            luma.finish(generation)


def spent(ledger: Ledger) -> Decimal:
    return ledger.spent("production", "film", realm="luma")
