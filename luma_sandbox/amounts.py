"""US cents, of which a create may cost a part, as they are written into answers."""

from __future__ import annotations

from decimal import Decimal


def number(cents: Decimal) -> int | float:
    """US cents as JSON has them: a whole number wherever it is one."""
    return int(cents) if cents == int(cents) else float(cents)


def dollars(cents: Decimal) -> str:
    """US cents as dollars, exactly: `1.50`, `0.0404`."""
    whole, _, part = f"{cents / 100:f}".partition(".")
    return f"{whole}.{part.rstrip('0'):0<2}"
