"""What a clip costs before it is bought: named, dated price tables, read from TOML."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from importlib import resources
from pathlib import Path
from typing import Any

from studio.errors import SettingsError

MILLION = Decimal(1_000_000)


@dataclass(frozen=True)
class Quote:
    """A price in USD and the table that gave it, as ``name (date)``."""

    usd: Decimal
    table: str


@dataclass(frozen=True)
class PriceTable:
    """One table. ``per_pixel``: rates in USD per million pixels; ``per_clip``: USD by model, resolution, seconds."""

    name: str
    dated: date
    source: str
    rates: Mapping[str, Decimal]
    sizes: Mapping[str, tuple[int, int]]
    clips: Mapping[tuple[str, str, int], Decimal]
    fps: int = 24
    round_to: Decimal = Decimal("0.01")

    @property
    def label(self) -> str:
        return f"{self.name} ({self.dated.isoformat()})"

    def quote(self, model: str, resolution: str, seconds: int) -> Quote:
        """Price of one clip of ``seconds`` whole seconds. Raises SettingsError where the table has none."""
        fixed = self.clips.get((model, resolution, seconds))
        if fixed is not None:
            return Quote(fixed, self.label)
        rate, size = self.rates.get(model), self.sizes.get(resolution)
        if rate is None or size is None:
            raise SettingsError(
                f"price table '{self.name}' has no price for {model} at {resolution}, {seconds} s",
                hint="nothing is bought without a price: choose another model or resolution, another table "
                "(STUDIO_PRICE_TABLE), or add the price to a book of your own (STUDIO_PRICE_BOOK)",
            )
        exact = Decimal(size[0] * size[1] * self.fps * seconds) * rate / MILLION
        return Quote(exact.quantize(self.round_to, ROUND_HALF_UP), self.label)


def load_prices(book: Path | None = None, table: str | None = None) -> PriceTable:
    """Read ``book`` (default: the packaged ``prices.toml``) and choose ``table`` (default: the book's own default).

    Raises SettingsError that names the file and the entry.
    """
    where = str(book) if book else "prices.toml"
    try:
        text = book.read_text("utf-8") if book else resources.files("studio").joinpath("prices.toml").read_text("utf-8")
        data = tomllib.loads(text)
    except OSError as error:
        raise SettingsError(f"the price book cannot be read: {error.strerror}", where=where) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"the price book is not TOML: {error}", where=where) from None
    tables = data.get("tables")
    if not isinstance(tables, dict) or not tables:
        raise SettingsError("the price book has no [tables.…]", where=where)
    name = table or data.get("default") or next(iter(tables))
    if name not in tables:
        raise SettingsError(f"no price table '{name}'", where=where, hint=f"it has: {', '.join(sorted(tables))}")
    try:
        return _table(str(name), tables[name])
    except (KeyError, TypeError, ValueError, AttributeError, InvalidOperation) as error:
        detail = f"{type(error).__name__}: {error}"
        raise SettingsError(f"price table '{name}' cannot be used ({detail})", where=where) from None


def _table(name: str, raw: Mapping[str, Any]) -> PriceTable:
    dated = raw["dated"]
    if not isinstance(dated, date):
        raise TypeError("'dated' must be a date, such as 2025-11-01")
    return PriceTable(
        name=name,
        dated=dated,
        source=str(raw.get("source", "")),
        rates={model: _amount(rate) for model, rate in raw.get("rates", {}).items()},
        sizes={tier: (int(w), int(h)) for tier, (w, h) in raw.get("sizes", {}).items()},
        clips={
            (model, tier, int(length.removesuffix("s"))): _amount(price)
            for model, tiers in raw.get("prices", {}).items()
            for tier, lengths in tiers.items()
            for length, price in lengths.items()
        },
        fps=int(raw.get("fps", 24)),
        round_to=_amount(raw.get("round_to", "0.01")),
    )


def _amount(value: object) -> Decimal:
    if not isinstance(value, str | int):
        raise TypeError(f"write {value!r} as text, so that it stays exact")
    amount = Decimal(value)
    if not amount.is_finite() or amount < 0:
        raise ValueError(f"{value!r} is not an amount")
    return amount
