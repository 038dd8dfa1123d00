"""Reading an account's whole list, twice and to its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import httpx
import pytest

from studio.errors import InDoubt
from studio.ledger import Ledger
from studio.providers import GenerationPage
from studio.providers.luma.dream_machine import DreamMachine
from studio.purchasing.gateway import PurchaseGateway
from tests.support.books import Clock
from tests.support.luma import Luma, fail
from tests.support.orders import PARAMS, Slept, place, witness


class Service(DreamMachine):
    """The real provider on a given transport, whose pages a test changes."""

    def __init__(
        self, luma: Luma, change: Callable[[int], Callable[[GenerationPage], GenerationPage]], most: int = 100
    ):
        super().__init__(
            api_key="k", base_url="https://api.example/dream-machine/v1", transport=httpx.MockTransport(luma)
        )
        self._change, self._most = change, most

    async def list(self, *, limit: int = 100, offset: int = 0) -> GenerationPage:
        change = self._change(offset)
        return change(await super().list(limit=min(limit, self._most), offset=offset))


@pytest.mark.parametrize("shown_in", [2, 3], ids=["the first", "the second"])
async def test_two_readings_must_show_the_same(ledger: Ledger, luma: Luma, clock: Clock, shown_in: int) -> None:
    """A list that shows an accepted create in only one of two readings proves nothing: it is not sent again."""
    witness(ledger, luma)
    luma.script = [luma.lose()]
    began: list[datetime] = []

    def flickering(offset: int) -> Callable[[GenerationPage], GenerationPage]:
        if offset == 0:
            began.append(clock.now)
        # At one moment the first reading is for an adoption, the other two are the whole ones of a release.
        shown = began.count(clock.now) == shown_in

        def change(page: GenerationPage) -> GenerationPage:
            rows = tuple(g for g in page.generations if shown or g.id != "generation-3")
            return replace(page, generations=rows)

        return change

    service = Service(luma, flickering)
    with pytest.raises(InDoubt):
        await place(PurchaseGateway(ledger, lambda: service, run="run", patience=600, sleep=Slept(clock)))
    assert len(luma.sent) == 1


async def test_what_only_a_whole_reading_shows_is_adopted(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """A lost order is found further back, although the service says after its first page that there is no more."""
    witness(ledger, luma)
    for number in range(5):
        luma.accept(PARAMS | {"prompt": f"other {number}"})
    luma.arranged, luma.script = lambda newest: newest[::-1], [luma.lose()]
    service = Service(luma, lambda _: lambda page: replace(page, has_more=False), most=3)
    placed = await place(PurchaseGateway(ledger, lambda: service, run="run", patience=600, sleep=Slept(clock)))
    assert (placed.generation_id, len(luma.sent)) == ("generation-8", 1)


async def test_a_list_that_is_too_long_to_be_read_proves_nothing(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """With thousands of generations, an order that may be behind the last page read is left to a person."""
    luma.created_at = clock.now - timedelta(days=9)
    for number in range(4700):
        luma.accept(PARAMS | {"prompt": f"old {number}"})
    luma.created_at = clock.now
    witness(ledger, luma)
    luma.script = [fail(httpx.ReadTimeout)]
    with pytest.raises(InDoubt, match="too long to be read to its end"):
        await place(PurchaseGateway(ledger, luma.provider, run="run", patience=600, sleep=Slept(clock)))
    assert len(luma.sent) == 1
