"""Formatting of US cents, with fractions, for answers."""

from __future__ import annotations

from decimal import Decimal


def number(cents: Decimal) -> int | float:
    """US cents for JSON: an integer where possible."""
    return int(cents) if cents == int(cents) else float(cents)


def dollars(cents: Decimal) -> str:
    """US cents as a text in dollars, exact: `1.50`, `0.0404`."""
    whole, _, part = f"{cents / 100:f}".partition(".")
    return f"{whole}.{part.rstrip('0'):0<2}"
