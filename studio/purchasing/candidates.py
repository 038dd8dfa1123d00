"""Generations that an order in doubt may have bought, and the certainty of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from studio.ledger import OrderRow, OrderState
from studio.providers import Generation
from studio.providers.order_trace import Likeness, by_token, order_token
from studio.providers.registry import find_spec, provider_of
from studio.providers.spec import ProviderSpec
from studio.purchasing.absence import ServiceTime

RANK: dict[Likeness, int] = {"certain": 0, "exact": 1, "likely": 2, "possible": 3}
#: The outcome of a look for a lost answer.
Settled = Literal["adopted", "released", "waiting", "unclear"]


@dataclass(frozen=True)
class Candidate:
    """A generation that an order may have bought.

    ``apart``: seconds between the two; None where the generation is of another time.
    """

    generation: Generation
    like: Likeness
    apart: float | None


def candidates(row: OrderRow, generations: Iterable[Generation], time: ServiceTime | None = None) -> list[Candidate]:
    """The generations that an order in doubt may have bought: the likeliest first, of equals the nearest in time."""
    found = [fit for generation in generations if (fit := fit_of(row, generation, time or ServiceTime())) is not None]
    return sorted(found, key=lambda fit: (fit.apart is None, RANK[fit.like], fit.apart or 0.0))


def fit_of(row: OrderRow, generation: Generation, time: ServiceTime) -> Candidate | None:
    echoed = {**generation.request, "model": generation.request.get("model") or generation.model}
    spec = spec_of_order(row)
    match = spec.match_echo if spec is not None else by_token
    like = match(row.sent, echoed, token=row.token, endpoint=row.endpoint)
    if like == "possible" and generation.kind in ("image", "video"):
        # The kind excludes a generation only where the echo is silent; equal prompts prove more than a kind.
        like = like if (generation.kind == "image") == is_still(row) else None
    if like is None:
        return None
    # A token belongs to this attempt alone, whatever time the service gives.
    return Candidate(generation, like, 0.0 if like == "certain" else time.apart(row, generation))


def spec_of_order(row: OrderRow) -> ProviderSpec | None:
    """The service that an order was sent to; None where its package is no longer installed."""
    return find_spec(provider_of(row))


def is_still(row: OrderRow) -> bool:
    spec = spec_of_order(row)
    return spec.is_still(row.endpoint) if spec is not None else row.endpoint.startswith("image")


def is_nameless(row: OrderRow) -> bool:
    """True if the echo of such a create does not name the clip that it was made from: two of them look alike."""
    spec = spec_of_order(row)
    return spec is not None and row.endpoint in spec.nameless


def names_orders(known: Iterable[OrderRow], shown: Mapping[str, Generation]) -> bool:
    """True if the service echoes a generation of ours with the callback that names its order."""
    told = ((k.token, shown.get(k.generation_id or "")) for k in known if k.token)
    return any(one is not None and order_token(one.request.get("callback_url")) == token for token, one in told)


def is_likelier_theirs(rival: OrderRow, fit: Candidate, time: ServiceTime) -> bool:
    """True if this generation fits another order's request better."""
    theirs = fit_of(rival, fit.generation, time)
    return theirs is not None and theirs.apart is not None and RANK[theirs.like] < RANK[fit.like]


def uncertainty(found: list[Candidate], rivals: list[OrderRow], time: ServiceTime, *, nameless: bool) -> Settled | None:
    """The outcome where the first candidate is only likely, and it may be another order's, or another one may be ours;
    None: it is taken.

    ``waiting``: an answer that may name it is under way.
    """
    best, *others = found
    alike = [
        rival.state
        for rival in rivals
        if (theirs := fit_of(rival, best.generation, time)) is not None and theirs.apart is not None
    ]
    if alike:
        return "waiting" if OrderState.RESERVED in alike else "unclear"
    differs = any(fit.generation.request != best.generation.request for fit in others)
    return "unclear" if differs or (others and nameless) else None


def of_its_kind(row: OrderRow, generation: Generation, time: ServiceTime) -> bool:
    """True if a generation is of an order's time, model and kind, whatever request its echo shows."""
    if time.apart(row, generation) is None and time.measured:
        return False
    model, ordered = generation.request.get("model") or generation.model, row.sent.get("model")
    if model and ordered and model != ordered:
        return False
    spec, made_by = spec_of_order(row), generation.request.get("generation_type")
    if spec is not None and spec.echo_kinds and made_by not in (None, spec.echo_kinds.get(row.endpoint)):
        return False
    return not generation.kind or (generation.kind == "image") == is_still(row)
