"""What a purchase costs before it is made: named, dated price tables, read from TOML."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from importlib import resources
from pathlib import Path
from typing import Any

from studio.errors import SettingsError

MILLION = Decimal(1_000_000)
ONE = Decimal(1)
# Frames by which a source may lap into the next block unpaid: containers count the last frame differently.
LAP = 1


@dataclass(frozen=True)
class Quote:
    """A price in USD and the table that gave it, as ``name (date)``."""

    usd: Decimal
    table: str


@dataclass(frozen=True)
class Blocks:
    """Clips that are sold in blocks of ``seconds``, each begun one in full: USD of a block by model and resolution.

    ``hdr`` and ``edit``: how many times that an HDR clip and an edit cost. None: the table does not say.
    """

    prices: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)
    seconds: int = 5
    hdr: Decimal | None = None
    edit: Decimal | None = None


@dataclass(frozen=True)
class StillPrice:
    """USD of a still from words alone; with a first input image; and what each further one adds."""

    text: Decimal
    first: Decimal
    more: Decimal


@dataclass(frozen=True)
class PriceTable:
    """One table. What is not in it has no price.

    rates:     USD per million pixels of new clips, by model
    sizes:     the pixels that a tier is billed at
    clips:     USD of one new clip by model, resolution and seconds; wins over the other ways
    fps:       frames a second
    round_to:  prices are rounded to this, half up
    blocks:    clips that are sold in blocks
    stills:    by model
    edits:     USD per million pixels of modified or reframed footage, by model
    edit_most: the largest tier that such footage is billed at
    upscale:   USD per million pixels of the larger clip
    sound:     USD for a second of added sound
    """

    name: str
    dated: date
    source: str
    rates: Mapping[str, Decimal]
    sizes: Mapping[str, tuple[int, int]]
    clips: Mapping[tuple[str, str, int], Decimal]
    fps: int = 24
    round_to: Decimal = Decimal("0.01")
    blocks: Blocks = field(default_factory=Blocks)
    stills: Mapping[str, StillPrice] = field(default_factory=dict)
    edits: Mapping[str, Decimal] = field(default_factory=dict)
    edit_most: str = ""
    upscale: Decimal | None = None
    sound: Decimal | None = None

    @property
    def label(self) -> str:
        return f"{self.name} ({self.dated.isoformat()})"

    def quote(self, model: str, resolution: str, seconds: int, *, hdr: bool = False) -> Quote:
        """Price of one new clip of ``seconds`` whole seconds. Raises SettingsError where the table has none."""
        what = f"{model} at {resolution}, {seconds} s" + (" in HDR" if hdr else "")
        factor = self._factor(self.blocks.hdr if hdr else ONE, what)
        fixed = self.clips.get((model, resolution, seconds))
        if fixed is not None:
            return Quote(fixed * factor, self.label)
        block = self.blocks.prices.get((model, resolution))
        if block is not None:
            return self._rounded(block * _begun(seconds, self.blocks.seconds) * factor)
        if hdr:
            raise self._none(what)
        return self._rounded(self._pixels(resolution, what) * self.fps * seconds * self._rate(self.rates, model, what))

    def quote_still(self, model: str, *, references: int = 0) -> Quote:
        """Price of one still with so many input images; the source of an edited still is one of them."""
        price = self.stills.get(model)
        if price is None:
            raise self._none(f"a still of {model}")
        exact = price.first + price.more * (references - 1) if references else price.text
        return self._rounded(exact)

    def quote_edit(self, model: str, resolution: str, frames: int, *, hdr: bool = False) -> Quote:
        """Price of a modified or reframed clip of so many frames.

        ``resolution`` is the source's tier, or for a model that is sold in blocks the one that is asked for.
        """
        what = f"an edit with {model} at {resolution}" + (" in HDR" if hdr else "")
        block = self.blocks.prices.get((model, resolution))
        if block is not None:
            factor = self._factor(self.blocks.edit, what) * self._factor(self.blocks.hdr if hdr else ONE, what)
            return self._rounded(block * _begun(frames - LAP, self.blocks.seconds * self.fps) * factor)
        if hdr:
            raise self._none(what)
        rate, pixels = self._rate(self.edits, model, what), self._pixels(resolution, what)
        if self.edit_most:
            pixels = min(pixels, self._pixels(self.edit_most, what))
        return self._rounded(pixels * frames * rate)

    def quote_upscale(self, resolution: str, frames: int) -> Quote:
        """Price of making a clip of so many frames as large as ``resolution``."""
        what = f"an upscale to {resolution}"
        if self.upscale is None:
            raise self._none(what)
        return self._rounded(self._pixels(resolution, what) * frames * self.upscale / MILLION)

    def quote_audio(self, frames: int) -> Quote:
        """Price of a sound for a clip of so many frames."""
        if self.sound is None:
            raise self._none("an added sound")
        return self._rounded(self.sound * frames / self.fps)

    def _factor(self, factor: Decimal | None, what: str) -> Decimal:
        if factor is None:
            raise self._none(what)
        return factor

    def _rate(self, rates: Mapping[str, Decimal], model: str, what: str) -> Decimal:
        """USD for one pixel."""
        if model not in rates:
            raise self._none(what)
        return rates[model] / MILLION

    def _pixels(self, resolution: str, what: str) -> Decimal:
        if resolution not in self.sizes:
            raise self._none(what)
        width, height = self.sizes[resolution]
        return Decimal(width * height)

    def _rounded(self, exact: Decimal) -> Quote:
        return Quote(exact.quantize(self.round_to, ROUND_HALF_UP), self.label)

    def _none(self, what: str) -> SettingsError:
        return SettingsError(
            f"price table '{self.name}' has no price for {what}",
            hint="nothing is bought without a price: choose another model or resolution, another table "
            "(STUDIO_PRICE_TABLE), or add the price to a book of your own (STUDIO_PRICE_BOOK)",
        )


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
    sizes = {tier: (int(w), int(h)) for tier, (w, h) in raw.get("sizes", {}).items()}
    edits = raw.get("edits", {})
    edit_most = str(edits.get("most", ""))
    if edit_most and edit_most not in sizes:
        raise ValueError(f"edits.most is '{edit_most}', which has no size")
    fps = int(raw.get("fps", 24))
    if fps < 1:
        raise ValueError("fps must be at least 1")
    return PriceTable(
        name=name,
        dated=dated,
        source=str(raw.get("source", "")),
        rates={model: _amount(rate) for model, rate in raw.get("rates", {}).items()},
        sizes=sizes,
        clips={
            (model, tier, int(length.removesuffix("s"))): _amount(price)
            for model, tiers in raw.get("prices", {}).items()
            for tier, lengths in tiers.items()
            for length, price in lengths.items()
        },
        fps=fps,
        round_to=_amount(raw.get("round_to", "0.01")),
        blocks=_blocks(raw.get("blocks", {})),
        stills=_stills(raw.get("stills", {})),
        edits={model: _amount(rate) for model, rate in edits.get("rates", {}).items()},
        edit_most=edit_most,
        upscale=_optional(raw, "upscale_rate"),
        sound=_optional(raw, "sound_second"),
    )


def _blocks(raw: Mapping[str, Any]) -> Blocks:
    seconds = int(raw.get("seconds", 5))
    if seconds < 1:
        raise ValueError("blocks.seconds must be at least 1")
    prices = {
        (model, tier): _amount(price) for model, tiers in raw.get("prices", {}).items() for tier, price in tiers.items()
    }
    return Blocks(prices, seconds, _optional(raw, "hdr_factor"), _optional(raw, "edit_factor"))


def _stills(raw: Mapping[str, Any]) -> dict[str, StillPrice]:
    """A still's price as text, or as a table of ``text``, ``first`` and ``more``."""
    found = {}
    for model, price in raw.items():
        if isinstance(price, dict):
            found[model] = StillPrice(*(_amount(price[name]) for name in ("text", "first", "more")))
        else:
            found[model] = StillPrice(_amount(price), _amount(price), Decimal(0))
    return found


def _begun(length: int, block: int) -> int:
    """How many blocks are begun: at least one."""
    return max(1, -(-length // block))


def _optional(raw: Mapping[str, Any], name: str) -> Decimal | None:
    return _amount(raw[name]) if name in raw else None


def _amount(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise TypeError(f"write {value!r} as text, so that it stays exact")
    amount = Decimal(value)
    if not amount.is_finite() or amount < 0:
        raise ValueError(f"{value!r} is not an amount")
    return amount
