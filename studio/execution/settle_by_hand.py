"""Checks of settlements by hand before they are booked: adoption of a generation, release, and undoing either."""

from __future__ import annotations

import asyncio

from studio.errors import BadInput
from studio.execution.reconciliation import find_order
from studio.execution.session import Session
from studio.ledger import OrderRow
from studio.ledger.by_hand import adopt, release, undo
from studio.providers import Generation
from studio.providers.order_trace import order_token
from studio.providers.registry import provider_of, spec_of
from studio.remedies import Place


async def adopt_by_hand(session: Session, order: str, generation_id: str) -> OrderRow:
    """Book a generation as the purchase of an order in doubt. ``order``: the beginning of its key.

    Raises BadInput where the generation cannot be that order's, ServiceError where the service does not show it,
    LedgerError where another order has it.
    """
    row = await asyncio.to_thread(find_order, session, order)
    if not generation_id.strip():
        raise BadInput("names no generation", where=Place("adopt"), hint="give its id, as the account's list shows it")
    # The service must know the generation: a mistyped id would lose a paid clip.
    await session.connect()
    generation = await session.provider_of(provider_of(row)).get(generation_id)
    fault = _mismatch(session, row, generation)
    if fault:
        raise BadInput(
            f"generation {generation_id} cannot be order {row.key[:12]}'s: {fault}", where=Place("adopt"),
            hint="look at the account's generations again; nothing was booked",
        )  # fmt: skip
    return await asyncio.to_thread(adopt, session.ledger, row.key, generation_id)


async def release_by_hand(session: Session, order: str) -> OrderRow:
    """Release an order, so that it may be sent again. Raises BadInput or LedgerError."""
    row = await asyncio.to_thread(find_order, session, order)
    return await asyncio.to_thread(release, session.ledger, row.key)


async def undo_by_hand(session: Session, order: str) -> OrderRow:
    """Undo the last settlement of an order by hand. Raises BadInput or LedgerError."""
    row = await asyncio.to_thread(find_order, session, order)
    return await asyncio.to_thread(undo, session.ledger, row.key)


def _mismatch(session: Session, row: OrderRow, generation: Generation) -> str:
    """The reason why a generation cannot be what an order bought; empty: it can."""
    # What it is says the generation itself; by which kind of request it was made, its echo.
    spec = spec_of(provider_of(row))
    picture, asked = spec.is_still(row.endpoint), spec.echo_kinds.get(row.endpoint)
    if generation.kind and (generation.kind == "image") != picture:
        return f"it is of the kind '{generation.kind}', and {'an image' if picture else 'a video'} was ordered"
    made_by = generation.request.get("generation_type")
    if isinstance(made_by, str) and asked is not None and made_by != asked:
        return f"it was made by '{made_by}', and '{asked}' was ordered"
    model, ordered = generation.model or generation.request.get("model"), row.sent.get("model")
    if model and ordered and model != ordered:
        return f"{model} made it, and {ordered} was ordered"
    token = order_token(generation.request.get("callback_url"))
    if token is not None and token != row.token:
        ours = token.startswith(session.ledger.token_prefix)
        return "its callback names another order" if ours else "its callback names an order of another ledger"
    return ""
