"""The owner of a generation, with two ledgers on one account, or two orders with the same prompt."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import update

from studio.errors import InDoubt
from studio.ledger import Ledger
from studio.ledger.schema import orders
from tests.support.books import Clock
from tests.support.luma import Luma
from tests.support.orders import PARAMS, Slept, gateway, intent, place

HOOK = "https://hook.example/?studio_order="
SECOND = PARAMS | {"prompt": "the second scene"}


async def test_a_callback_of_another_ledger_is_a_sign(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """An echo without a callback is left to a person, where another callback shows that another ledger buys on this
    account."""
    luma.accept(SECOND | {"callback_url": f"{HOOK}0123abcd.{'0' * 40}.1"})
    luma.script = [luma.lose()]
    with pytest.raises(InDoubt, match="another ledger orders the same"):
        await place(gateway(ledger, luma, sleep=Slept(clock)))
    assert len(luma.sent) == 1


async def test_a_token_of_an_earlier_version_is_ours(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """A token that names no ledger, but an order of ours, is no sign of another ledger."""
    other = replace(intent("b"), sent=SECOND)
    ledger.reserve(other, run="r", caps=[])
    ledger.doubt(other.key, 1, "lost")
    old = f"{other.key[:40]}.1"
    with ledger.writing() as connection:
        connection.execute(update(orders).where(orders.c.key == other.key).values(token=old))
    luma.accept(SECOND | {"callback_url": f"{HOOK}{old}"})
    luma.script = [luma.lose()]
    placed = await place(gateway(ledger, luma, sleep=Slept(clock)))
    assert (placed.generation_id, len(luma.sent)) == ("generation-2", 1)


async def test_a_double_of_a_take_of_ours_that_was_lost_is_no_sign(ledger: Ledger, luma: Luma, clock: Clock) -> None:
    """The generation of another lost take with the same prompt is ours, and is no sign of another ledger."""
    await place(gateway(ledger, luma), intent("first"))
    take = replace(intent("second"), sent=PARAMS)
    ledger.reserve(take, run="r", caps=[])
    luma.accept(PARAMS)
    ledger.doubt(take.key, 1, "lost")
    luma.script = [luma.lose()]
    placed = await gateway(ledger, luma, sleep=Slept(clock)).purchase(intent("b"), SECOND, on_wait=lambda _: None)
    assert (placed.generation_id, len(luma.sent)) == ("generation-3", 2)
