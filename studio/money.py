"""Money: ``Decimal`` US dollars in the program, whole micro-dollars in the ledger, text in files. Never a float."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

CENT = Decimal("0.01")
MICRO = Decimal("0.000001")
ZERO = Decimal("0.00")
MOST = Decimal(10**9)  # dollars; larger than any budget, and small enough that no sum overflows


def usd(value: Decimal) -> str:
    """Format dollars: ``Decimal('0.4')`` → ``$0.40``, ``$1,234.50``; further decimals are kept (``$0.0073``)."""
    whole, _, part = plain(abs(value)).partition(".")
    minus = "-" if value < 0 and (whole, part) != ("0", "00") else ""
    return f"{minus}${int(whole):,}.{part}"


def plain(value: Decimal) -> str:
    """Format a decimal number for JSON and CSV: at least two decimals, no exponent."""
    micros = value.quantize(MICRO, ROUND_HALF_UP)
    text = format(micros, "f").rstrip("0")
    whole, _, part = text.partition(".")
    return f"{whole}.{part:0<2}"


def to_micros(value: Decimal) -> int:
    """Convert dollars to whole micro-dollars. Raises ValueError for a finer amount."""
    micros = value / MICRO
    if micros != micros.to_integral_value():
        raise ValueError(f"{value} USD is finer than a micro-dollar")
    return int(micros)


def from_micros(micros: int) -> Decimal:
    """Convert micro-dollars to dollars, with at least two decimals."""
    return Decimal(plain(Decimal(micros) * MICRO))


def parse_usd(text: str) -> Decimal:
    """Parse ``12``, ``12.50`` or ``$12.50``. Raises ValueError for anything but an amount in dollars and whole
    cents."""
    try:
        value = Decimal(text.strip().removeprefix("$").strip())
    except InvalidOperation:
        raise ValueError(f"{text!r} is not an amount in US dollars, such as 12.50") from None
    if not value.is_finite() or not 0 <= value <= MOST or value != value.quantize(CENT):
        raise ValueError(f"{text!r} is not an amount in US dollars and whole cents, such as 12.50")
    return value.quantize(CENT)
