"""Money: ``Decimal`` US dollars in the program, whole micro-dollars in the books, text at the edges. Never a float."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

CENT = Decimal("0.01")
MICRO = Decimal("0.000001")
ZERO = Decimal("0.00")
MOST = Decimal(10**9)  # dollars: no budget is larger, and no arithmetic overflows


def usd(value: Decimal) -> str:
    """``Decimal('0.4')`` → ``$0.40``, ``$1,234.50``; further decimals are kept where there are any (``$0.0073``)."""
    whole, _, part = plain(abs(value)).partition(".")
    minus = "-" if value < 0 and (whole, part) != ("0", "00") else ""
    return f"{minus}${int(whole):,}.{part}"


def plain(value: Decimal) -> str:
    """A decimal number with at least two decimals, no exponent: what goes into JSON and CSV."""
    micros = value.quantize(MICRO, ROUND_HALF_UP)
    text = format(micros, "f").rstrip("0")
    whole, _, part = text.partition(".")
    return f"{whole}.{part:0<2}"


def to_micros(value: Decimal) -> int:
    """Whole micro-dollars. Raises ValueError for an amount that is finer than that."""
    micros = value / MICRO
    if micros != micros.to_integral_value():
        raise ValueError(f"{value} USD is finer than a micro-dollar")
    return int(micros)


def from_micros(micros: int) -> Decimal:
    """Dollars, with at least two decimals."""
    return Decimal(plain(Decimal(micros) * MICRO))


def parse_usd(text: str) -> Decimal:
    """``12``, ``12.50`` or ``$12.50`` → Decimal. Raises ValueError for what is no amount of dollars and whole cents."""
    try:
        value = Decimal(text.strip().removeprefix("$").strip())
    except InvalidOperation:
        raise ValueError(f"{text!r} is not an amount in US dollars, such as 12.50") from None
    if not value.is_finite() or not 0 <= value <= MOST or value != value.quantize(CENT):
        raise ValueError(f"{text!r} is not an amount in US dollars and whole cents, such as 12.50")
    return value.quantize(CENT)
