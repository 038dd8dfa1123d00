"""The reader of price books in TOML: it understands a table as a whole, or refuses it with the entry's name."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from studio.errors import SettingsError
from studio.money import MICRO
from studio.providers.pricing import KINDS, MOST, RANGES, Clip, PriceTable, StillPrice
from studio.providers.registry import all_specs
from studio.providers.spec import ProviderSpec

LEAST = Decimal("0.000000001")  # USD, or a rate or factor: a smaller one, other than 0, is a mistake
MOST_DIGITS = 40  # of an amount as written
MOST_BYTES = 1_000_000  # of a book
MOST_PIXELS = 16_384  # of a side
MOST_FPS = 240
MOST_SECONDS = 3_600
COARSEST = Decimal("0.10")  # USD that a price may be rounded to


def load_prices(book: Path | None = None, table: str | None = None) -> PriceTable:
    """Read ``book`` (default: the packaged one of the first service) and choose ``table`` (default: the book's own).

    ``of`` of the result gives the tables of services that bring a book of their own: what ``book`` has a price for, of
    such a service's models, it prices alone. One of theirs that cannot be used is told where it is asked for.
    Raises SettingsError that names the file and the entry.
    """
    first, *others = all_specs()
    chosen = read_table(book or first.price_book, table)
    own = {
        spec.id: _own_table(spec)
        for spec in others
        if str(spec.price_book) != str(first.price_book)
        and not (book and chosen.priced & {model.name for model in spec.sold})
    }
    return replace(chosen, beside=own)


def _own_table(spec: ProviderSpec) -> PriceTable | SettingsError:
    """The table that a service brings, or why it cannot be used: the other services' films can be made without it."""
    try:
        return read_table(spec.price_book)
    except SettingsError as error:
        return SettingsError(
            error.message, where=f"the prices of {spec.title}, {error.where}",
            hint="they came with its package; price its models in a book of your own (STUDIO_PRICE_BOOK) until it is "
            "mended",
        )  # fmt: skip


def read_table(book: Path | Traversable, table: str | None = None) -> PriceTable:
    """One table of a price book. Raises SettingsError that names the file and the entry."""
    where = str(book) if isinstance(book, Path) and not _is_packaged(book) else book.name
    try:
        data = tomllib.loads(_read(book).decode())
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
    renamed = data.get("renamed")
    if isinstance(renamed, dict) and isinstance(name, str) and name not in tables:
        name = renamed.get(name, name)
    if not isinstance(name, str) or name not in tables:
        raise SettingsError(f"no price table '{name}'", where=where, hint=f"it has: {', '.join(sorted(tables))}")
    try:
        return _table(name, Entry(f"tables.{name}", tables[name]))
    except ValueError as error:
        raise SettingsError(
            f"price table '{name}' cannot be used: {error}", where=where,
            hint="correct that entry; nothing is bought by a table that is not understood as a whole",
        ) from None  # fmt: skip


ANOTHER = "correct STUDIO_PRICE_BOOK, or unset it to use the included prices"


def _is_packaged(book: Path) -> bool:
    return any(str(book) == str(spec.price_book) for spec in all_specs())


def _read(book: Path | Traversable) -> bytes:
    with book.open("rb") as file:
        raw = file.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise SettingsError(f"the price book has more than {MOST_BYTES} bytes", where=str(book), hint=ANOTHER)
    return raw


@dataclass(frozen=True)
class Entry:
    """A value of the book and its name in it. Each way to read it raises ValueError that begins with the name."""

    name: str
    value: Any

    def wrong(self, told: str) -> ValueError:
        return ValueError(f"{self.name} {told}")

    def items(self) -> dict[str, Entry]:
        """The entries of a section."""
        if not isinstance(self.value, dict):
            raise self.wrong("is no section of entries")
        return {key: Entry(f"{self.name}.{key}", value) for key, value in self.value.items()}

    def get(self, key: str, default: Any) -> Entry:
        """One entry of a section, or ``default`` where it is left out."""
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
        # A huge whole number is not even converted to digits, which alone would take long.
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

    def price(self) -> Decimal:
        """An amount in USD that the ledger can store: 0, or at least a micro-dollar."""
        amount = self.amount()
        if amount and amount < MICRO:
            raise self.wrong(f"is {_shown(self.value)}, which is less than the books can hold ({MICRO:f})")
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
    if "blocks" in raw.items():
        raise raw.get("blocks", {}).wrong(
            "is of an earlier form: no model is sold in blocks any more. Write its prices as fixed (see prices.toml)"
        )
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
        fixed=_fixed(raw),
        longer=edits.get("longer", None).amount() if "longer" in edits.items() else None,
        reframes={
            (model, tier): second.price()
            for model, tiers in raw.get("reframe_seconds", {}).items().items()
            for tier, second in tiers.items().items()
        },
        fps=raw.get("fps", 24).whole(MOST_FPS),
        round_to=round_to,
        stills=_stills(raw.get("stills", {})),
        edits={model: rate.amount() for model, rate in edits.get("rates", {}).items().items()},
        edit_most=edit_most,
        upscale=_optional(raw, "upscale_rate"),
        sound=_optional(raw, "sound_second"),
        at_most={name: why.text() for name, why in raw.get("at_most", {}).items().items()},
    )


def _fixed(raw: Entry) -> dict[Clip, dict[int, Decimal]]:
    """Prices of whole clips: ``prices`` by model, tier and length; ``fixed`` by model, kind, range, tier and length."""
    found: dict[Clip, dict[int, Decimal]] = {}
    for model, kinds in raw.get("fixed", {}).items().items():
        for kind, ranges in kinds.items().items():
            if kind not in KINDS:
                raise ranges.wrong(f"is named after no kind of clip: write one of {', '.join(KINDS)}")
            for name, tiers in ranges.items().items():
                dynamic = next((known for known in RANGES if known == name), None)
                if dynamic is None:
                    raise tiers.wrong(f"is named after no range: write one of {', '.join(RANGES)}")
                found |= {Clip(model, kind, dynamic, tier): _lengths(entry) for tier, entry in tiers.items().items()}
    for model, tiers in raw.get("prices", {}).items().items():
        found |= {Clip(model, "video", "sdr", tier): _lengths(entry) for tier, entry in tiers.items().items()}
    return found


def _lengths(tier: Entry) -> dict[int, Decimal]:
    return {_seconds(length): length.price() for length in tier.items().values()}


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


def _stills(raw: Entry) -> dict[str, StillPrice]:
    """A still's price as text, or as a table of ``text``, ``first`` and ``more``."""
    found = {}
    for model, price in raw.items().items():
        if isinstance(price.value, dict):
            text, first = price.get("text", None).price(), price.get("first", None).price()
            found[model] = StillPrice(text, first, price.get("more", None).amount())
        else:
            found[model] = StillPrice(price.price(), price.price(), Decimal(0))
    return found


def _optional(raw: Entry, name: str) -> Decimal | None:
    return raw.get(name, None).amount() if name in raw.items() else None
