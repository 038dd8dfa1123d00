"""A create whose answer is a status that no document calls a refusal: it may have been accepted."""

from __future__ import annotations

import pytest

from studio.errors import Ambiguous
from studio.ledger import Ledger
from tests.luma import Luma
from tests.test_orders import PARAMS, PRICE, door, intent, luma, place, spent  # noqa: F401 - a fixture

STATUSES = (301, 302, 303, 307, 308, 304, 405, 410, 418, 425, 451)


@pytest.mark.parametrize("status", STATUSES)
async def test_a_status_that_nobody_documents_is_no_refusal(luma: Luma, status: int) -> None:
    """The provider calls a redirect, and whatever else is not documented as a refusal, ambiguous; it follows none."""
    luma.script = [luma.garble(status, b'{"detail": "see other"}')]
    with pytest.raises(Ambiguous):
        await luma.provider().create("video", PARAMS)
    assert len(luma.sent) == 1


@pytest.mark.parametrize("status", STATUSES)
async def test_what_was_accepted_under_such_a_status_is_adopted(ledger: Ledger, luma: Luma, status: int) -> None:
    """A create that was accepted and answered with such a status is found on the list, and not bought again."""
    luma.script = [luma.garble(status, b"")]
    placed = await place(door(ledger, luma))
    again = await place(door(ledger, luma, run="again"))
    assert (placed.generation_id, again.generation_id, len(luma.sent)) == ("generation-1", "generation-1", 1)
    assert spent(ledger) == PRICE
    assert [e.kind for e in ledger.entries(intent().key)] == ["reserved", "in doubt", "adopted"]
