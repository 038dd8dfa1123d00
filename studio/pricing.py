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
from studio.money import MICRO

MILLION = Decimal(1_000_000)
ONE = Decimal(1)
LEAST = Decimal("0.000000001")  # USD, or a rate or factor: what is smaller, and not 0, is a slip of the pen
MOST = Decimal(100_000)
MOST_DIGITS = 40  # of an amount, as it is written
MOST_BYTES = 1_000_000  # of a book
MOST_PIXELS = 16_384  # of a side
MOST_FPS = 240
MOST_SECONDS = 3_600
COARSEST = Decimal("0.10")  # USD that a price may be rounded to
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
    round_to:  prices are rounded to this, half up; what costs anything at all, to this at least
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
            exact = fixed * factor
            # As it is written: only what the books cannot hold is rounded.
            return self._quote(exact if exact == exact.quantize(MICRO) else _to_step(exact, MICRO))
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
        return self._quote(_to_step(exact, self.round_to))

    def _quote(self, price: Decimal) -> Quote:
        if price > MOST:
            raise SettingsError(
                f"price table '{self.name}' makes {price:f} US dollars of a single purchase: more than {MOST}",
                hint="correct its rates; nothing was bought",
            )
        return Quote(price, self.label)

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
        raw = _read(book) if book else resources.files("studio").joinpath("prices.toml").read_bytes()
        data = tomllib.loads(raw.decode())
    except OSError as error:
        raise SettingsError(f"the price book cannot be read: {error.strerror}", where=where, hint=ANOTHER) from None
    except RecursionError:
        raise SettingsError("the price book is nested too deeply", where=where, hint=ANOTHER) from None
    except ValueError as error:  # of TOML, of UTF-8, of a number with too many digits
        told = str(error) if isinstance(error, tomllib.TOMLDecodeError) else type(error).__name__
        raise SettingsError(f"the price book is not TOML: {told}", where=where, hint=ANOTHER) from None
    tables = data.get("tables")
    if not isinstance(tables, dict) or not tables:
        raise SettingsError("the price book has no [tables.…]", where=where)
    name = table or data.get("default") or next(iter(tables))
    if not isinstance(name, str) or name not in tables:
        raise SettingsError(f"no price table '{name}'", where=where, hint=f"it has: {', '.join(sorted(tables))}")
    try:
        return _table(name, Entry(f"tables.{name}", tables[name]))
    except ValueError as error:
        raise SettingsError(
            f"price table '{name}' cannot be used: {error}", where=where,
            hint="correct that entry; nothing is bought by a table that is not understood as a whole",
        ) from None  # fmt: skip


ANOTHER = "correct STUDIO_PRICE_BOOK, or unset it to use the prices that come along"


def _read(book: Path) -> bytes:
    with book.open("rb") as file:
        raw = file.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise SettingsError(f"the price book has more than {MOST_BYTES} bytes", where=str(book), hint=ANOTHER)
    return raw


@dataclass(frozen=True)
class Entry:
    """A value of the book and its name in it. Each reading raises ValueError that begins with the name."""

    name: str
    value: Any

    def wrong(self, told: str) -> ValueError:
        return ValueError(f"{self.name} {told}")

    def items(self) -> dict[str, Entry]:
        """What a section holds."""
        if not isinstance(self.value, dict):
            raise self.wrong("is no section of entries")
        return {key: Entry(f"{self.name}.{key}", value) for key, value in self.value.items()}

    def get(self, key: str, default: Any) -> Entry:
        """One entry of a section, or what holds where it is left out."""
        return self.items().get(key, Entry(f"{self.name}.{key}", default))

    def text(self) -> str:
        if not isinstance(self.value, str):
            raise self.wrong(f"is {_shown(self.value)}: write text")
        return self.value

    def whole(self, most: int) -> int:
        """A whole number from 1 to ``most``."""
        if isinstance(self.value, bool) or not isinstance(self.value, int) or not 1 <= self.value <= most:
            raise self.wrong(f"is {_shown(self.value)}: it must be a whole number, at least 1 and at most {most}")
        return self.value

    def amount(self) -> Decimal:
        """An amount, a rate or a factor: exact, and of a size that a price can have."""
        if isinstance(self.value, bool) or not isinstance(self.value, str | int):
            raise self.wrong(f"is no amount: write {_shown(self.value)} as text, so that it stays exact")
        # Of a huge whole number not even the digits are asked for: that alone would take long.
        huge = isinstance(self.value, int) and abs(self.value) > MOST
        try:
            amount = MOST + 1 if huge else Decimal(self.value)
        except InvalidOperation:
            raise self.wrong(f'is wrong: {_shown(self.value)} is not an amount, such as "0.40"') from None
        long = isinstance(self.value, str) and len(self.value) > MOST_DIGITS
        if long or not amount.is_finite() or (amount != 0 and not LEAST <= amount <= MOST) or amount.is_signed():
            told = f"{_shown(self.value)} is not an amount"
            raise self.wrong(f"is wrong: {told}, which is 0, or from {LEAST:f} to {MOST}")
        return amount

    def price(self, step: Decimal = MICRO) -> Decimal:
        """An amount in USD that is not less than a price is rounded to."""
        amount = self.amount()
        if amount and amount.quantize(step, ROUND_HALF_UP) == 0:
            raise self.wrong(f"is {_shown(self.value)}, which would be rounded to $0.00 (to {step:f})")
        return amount


def _shown(value: object) -> str:
    if isinstance(value, int) and abs(value) > 10**MOST_DIGITS:
        return "a number of very many digits"
    text = repr(value)
    return text if len(text) <= MOST_DIGITS else f"{text[:MOST_DIGITS]}…"


def _table(name: str, raw: Entry) -> PriceTable:
    dated = raw.get("dated", None).value
    if not isinstance(dated, date):
        raise raw.get("dated", None).wrong("must be a date, such as 2025-11-01")
    sizes = {tier: _size(entry) for tier, entry in raw.get("sizes", {}).items().items()}
    edits = raw.get("edits", {})
    edit_most = edits.get("most", "").text()
    if edit_most and edit_most not in sizes:
        raise edits.get("most", "").wrong(f"is '{edit_most}', which has no size")
    round_to = raw.get("round_to", "0.01").amount()
    if not MICRO <= round_to <= COARSEST or round_to != round_to.quantize(MICRO):
        raise raw.get("round_to", "0.01").wrong(
            f"is {round_to:f}: write from {MICRO:f} to {COARSEST}, in whole micro-dollars"
        )
    return PriceTable(
        name=name,
        dated=dated,
        source=raw.get("source", "").text(),
        rates={model: rate.amount() for model, rate in raw.get("rates", {}).items().items()},
        sizes=sizes,
        clips={
            (model, tier, _seconds(length)): length.price()
            for model, tiers in raw.get("prices", {}).items().items()
            for tier, lengths in tiers.items().items()
            for length in lengths.items().values()
        },
        fps=raw.get("fps", 24).whole(MOST_FPS),
        round_to=round_to,
        blocks=_blocks(raw.get("blocks", {}), round_to),
        stills=_stills(raw.get("stills", {}), round_to),
        edits={model: rate.amount() for model, rate in edits.get("rates", {}).items().items()},
        edit_most=edit_most,
        upscale=_optional(raw, "upscale_rate"),
        sound=_optional(raw, "sound_second"),
    )


def _size(entry: Entry) -> tuple[int, int]:
    if not isinstance(entry.value, list) or len(entry.value) != 2:
        raise entry.wrong(f"is {_shown(entry.value)}: write [width, height] in pixels")
    width, height = (Entry(entry.name, side).whole(MOST_PIXELS) for side in entry.value)
    return width, height


def _seconds(entry: Entry) -> int:
    """The seconds that a price is for: the last part of the entry's name, such as ``5s``."""
    digits = entry.name.rpartition(".")[2].removesuffix("s")
    if not (digits.isascii() and digits.isdecimal() and len(digits) < 6 and 1 <= int(digits) <= MOST_SECONDS):
        raise entry.wrong("is named after no length: write whole seconds, such as 5s")
    return int(digits)


def _blocks(raw: Entry, step: Decimal) -> Blocks:
    prices = {
        (model, tier): price.price(step)
        for model, tiers in raw.get("prices", {}).items().items()
        for tier, price in tiers.items().items()
    }
    seconds = raw.get("seconds", 5).whole(MOST_SECONDS)
    return Blocks(prices, seconds, _optional(raw, "hdr_factor"), _optional(raw, "edit_factor"))


def _stills(raw: Entry, step: Decimal) -> dict[str, StillPrice]:
    """A still's price as text, or as a table of ``text``, ``first`` and ``more``."""
    found = {}
    for model, price in raw.items().items():
        if isinstance(price.value, dict):
            text, first = price.get("text", None).price(step), price.get("first", None).price(step)
            found[model] = StillPrice(text, first, price.get("more", None).amount())
        else:
            found[model] = StillPrice(price.price(step), price.price(step), Decimal(0))
    return found


def _begun(length: int, block: int) -> int:
    """How many blocks are begun: at least one."""
    return max(1, -(-length // block))


def _to_step(exact: Decimal, step: Decimal) -> Decimal:
    """Rounded half up to a multiple of ``step``; what costs anything at all, to one step at least."""
    steps = (exact / step).quantize(ONE, ROUND_HALF_UP)
    return (max(steps, ONE) if exact else steps) * step


def _optional(raw: Entry, name: str) -> Decimal | None:
    return raw.get(name, None).amount() if name in raw.items() else None
