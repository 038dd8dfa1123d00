"""Traces of our orders at a service: the token in a callback URL, and the part of a request kept for comparison."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

#: The certainty that a generation is what an order bought, the highest first.
Likeness = Literal["certain", "exact", "likely", "possible"]
ORDER_QUERY = "studio_order"


def traceable(params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a create, fit to be kept in the ledger: without its callback and the queries of its URLs, which
    may be signatures."""

    def kept(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {name: kept(part) for name, part in value.items()}
        if isinstance(value, list | tuple):
            return [kept(part) for part in value]
        return bare(value) if isinstance(value, str) and value.startswith(("http://", "https://")) else value

    return {name: kept(value) for name, value in params.items() if name != "callback_url"}


def order_token(callback_url: Any) -> str | None:
    """The order that a callback URL of ours names, or None."""
    if not isinstance(callback_url, str):
        return None
    try:
        found = parse_qs(urlsplit(callback_url).query, max_num_fields=100).get(ORDER_QUERY)
    except ValueError:
        return None  # not a URL
    return found[0] if found else None


def by_token(sent: Mapping[str, Any], echoed: Mapping[str, Any], *, token: str, endpoint: str) -> Likeness | None:
    """The comparison for a service that echoes only a request's callback: ``certain`` by it, or None."""
    del endpoint
    return "certain" if sent and order_token(echoed.get("callback_url")) == token else None


def bare(url: str) -> str:
    """A URL without its query and fragment."""
    return url.partition("?")[0].partition("#")[0]
