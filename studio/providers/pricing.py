"""Prices of purchases, by named, dated price tables, which ``price_book`` reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_HALF_UP, ROUND_UP, Decimal
from typing import Literal, get_args

from studio.errors import SettingsError
from studio.money import MICRO

MILLION = Decimal(1_000_000)
ONE = Decimal(1)
MOST = Decimal(100_000)
# Frames by which a source may exceed a length, or second, free of charge: containers count the last one differently.
LAP = 1
Range = Literal["sdr", "hdr", "exr"]
KINDS = ("video", "extend", "edit")
RANGES: tuple[Range, ...] = get_args(Range)


@dataclass(frozen=True)
class Quote:
    """A price in USD and the table that gave it, as ``name (date)``.

    ``at_most``: the reason why the bill may be lower; empty where the service documents this price.
    """

    usd: Decimal
    table: str
    at_most: str = ""


@dataclass(frozen=True)
class Clip:
    """The row in which a clip is looked up in a table of fixed prices.

    ``kind``: ``video``, ``extend`` (it continues a generation) or ``edit``; ``dynamic``: its range.
    """

    model: str
    kind: str
    dynamic: Range
    resolution: str

    def __str__(self) -> str:
        what = {"video": "", "extend": ", extended", "edit": ", edited"}[self.kind]
        dynamic = {"sdr": "", "hdr": " in HDR", "exr": " in HDR with EXR"}[self.dynamic]
        return f"{self.model} at {self.resolution}{what}{dynamic}"


@dataclass(frozen=True)
class StillPrice:
    """USD of a still from words alone; with a first input image; and what each further one adds."""

    text: Decimal
    first: Decimal
    more: Decimal


@dataclass(frozen=True)
class PriceTable:
    """One price table. A purchase that is not in it has no price.

    rates:     USD per million pixels of new clips, by model
    sizes:     the pixels that a tier is billed at
    fixed:     USD of one clip by seconds; used before the rates. An edit has the price of the next longer length
    longer:    the factor on the price of the longest length that an edit of up to twice that length costs at most
    reframes:  USD for each second, or part of one, of the reframed source, by model and resolution
    fps:       frames a second
    round_to:  computed prices are rounded to this, half up; those above 0 to this at least
    stills:    by model
    edits:     USD per million pixels of modified or reframed footage, by model
    edit_most: the largest tier that such footage is billed at; empty: any
    upscale:   USD per million pixels of the larger clip
    sound:     USD for a second of added sound
    at_most:   by name, why a price is an upper bound: ``upscale``, ``sound``, ``edit`` (by rate), ``longer_edit``, or a
               kind and a resolution such as ``extend_360p``
    beside:    tables of further services, by the id of their provider, or why one cannot be used
    """

    name: str
    dated: date
    source: str
    rates: Mapping[str, Decimal]
    sizes: Mapping[str, tuple[int, int]]
    fixed: Mapping[Clip, Mapping[int, Decimal]] = field(default_factory=dict)
    longer: Decimal | None = None
    reframes: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)
    fps: int = 24
    round_to: Decimal = Decimal("0.01")
    stills: Mapping[str, StillPrice] = field(default_factory=dict)
    edits: Mapping[str, Decimal] = field(default_factory=dict)
    edit_most: str = ""
    upscale: Decimal | None = None
    sound: Decimal | None = None
    at_most: Mapping[str, str] = field(default_factory=dict)
    beside: Mapping[str, PriceTable | SettingsError] = field(default_factory=dict, repr=False)

    def of(self, provider: str) -> PriceTable:
        """The table that a service's models are priced by: one of its own, or this one.

        Raises SettingsError where its own cannot be used.
        """
        found = self.beside.get(provider, self)
        if isinstance(found, SettingsError):
            raise found
        return found

    @property
    def priced(self) -> frozenset[str]:
        """The models that it has any price for."""
        by_tier = {model for model, _ in self.reframes} | {row.model for row in self.fixed}
        return frozenset({*self.rates, *self.stills, *self.edits, *by_tier})

    @property
    def label(self) -> str:
        return f"{self.name} ({self.dated.isoformat()})"

    def quote(
        self, model: str, resolution: str, seconds: int, *, dynamic: Range = "sdr", extends: bool = False
    ) -> Quote:
        """Price of one new clip of ``seconds`` whole seconds; ``extends``: it continues a generation, by its id.

        Raises SettingsError where the table has none.
        """
        row = Clip(model, "extend" if extends else "video", dynamic, resolution)
        lengths = self.fixed.get(row)
        if lengths is None and extends and not self._sells(model, "extend"):
            # A service or table without a price for continuations sells them as clips.
            lengths = self.fixed.get(replace(row, kind="video"))
        if lengths is not None and seconds in lengths:
            return self._as_written(lengths[seconds], self.at_most.get(f"{row.kind}_{resolution}", ""))
        what = f"{row}, {seconds} s"
        if dynamic != "sdr":
            raise self._none(what)
        return self._rounded(self._pixels(resolution, what) * self.fps * seconds * self._rate(self.rates, model, what))

    def quote_still(self, model: str, *, references: int = 0) -> Quote:
        """Price of one still with so many input images; the source of an edited still is one of them."""
        price = self.stills.get(model)
        if price is None:
            raise self._none(f"a still of {model}")
        exact = price.first + price.more * (references - 1) if references else price.text
        return self._as_written(exact)

    def quote_edit(self, model: str, resolution: str, frames: int, *, dynamic: Range = "sdr") -> Quote:
        """Price of a modified clip of so many frames.

        ``resolution`` is the source's tier, or for a model that sells edits by length the one that is asked for.
        """
        row = Clip(model, "edit", dynamic, resolution)
        lengths = self.fixed.get(row)
        if lengths is None:
            return self._by_rate(model, resolution, frames, str(row), dynamic)
        length = next((n for n in sorted(lengths) if frames - LAP <= n * self.fps), None)
        if length is not None:
            return self._as_written(lengths[length], self.at_most.get(f"edit_{resolution}", ""))
        longest = max(lengths)
        if self.longer is None or frames - LAP > 2 * longest * self.fps:
            raise self._none(f"{row}, {frames} frames")
        return self._as_written(lengths[longest] * self.longer, self.at_most.get("longer_edit", ""))

    def quote_reframe(self, model: str, resolution: str, frames: int) -> Quote:
        """Price of a reframed clip of so many frames; ``resolution`` as for ``quote_edit``."""
        second = self.reframes.get((model, resolution))
        if second is not None:
            return self._as_written(second * _begun(frames - LAP, self.fps))
        return self._by_rate(model, resolution, frames, f"a reframe with {model} at {resolution}", "sdr")

    def _by_rate(self, model: str, resolution: str, frames: int, what: str, dynamic: Range) -> Quote:
        if dynamic != "sdr":
            raise self._none(what)
        rate, pixels = self._rate(self.edits, model, what), self._pixels(resolution, what)
        if self.edit_most:
            pixels = min(pixels, self._pixels(self.edit_most, what))
        return self._rounded(pixels * frames * rate, self.at_most.get("edit", ""))

    def _sells(self, model: str, kind: str) -> bool:
        return any(row.model == model and row.kind == kind for row in self.fixed)

    def quote_upscale(self, resolution: str, frames: int) -> Quote:
        """Price of making a clip of so many frames as large as ``resolution``."""
        what = f"an upscale to {resolution}"
        if self.upscale is None:
            raise self._none(what)
        exact = self._pixels(resolution, what) * frames * self.upscale / MILLION
        return self._rounded(exact, self.at_most.get("upscale", ""))

    def quote_audio(self, frames: int) -> Quote:
        """Price of a sound for a clip of so many frames."""
        if self.sound is None:
            raise self._none("an added sound")
        return self._rounded(self.sound * frames / self.fps, self.at_most.get("sound", ""))

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

    def _as_written(self, exact: Decimal, at_most: str = "") -> Quote:
        """A price from the table, rounded only, and up, where the ledger cannot store it exactly."""
        return self._quote(exact.quantize(MICRO, ROUND_UP) if exact != exact.quantize(MICRO) else exact, at_most)

    def _rounded(self, exact: Decimal, at_most: str = "") -> Quote:
        return self._quote(_to_step(exact, self.round_to), at_most)

    def _quote(self, price: Decimal, at_most: str) -> Quote:
        if price > MOST:
            raise SettingsError(
                f"price table '{self.name}' gives {price:f} USD as the price of a single purchase: more than {MOST}",
                hint="correct its rates; nothing was bought",
            )
        return Quote(price, self.label, at_most)

    def _none(self, what: str) -> SettingsError:
        return SettingsError(
            f"price table '{self.name}' has no price for {what}",
            hint="nothing is bought without a price: choose another model or resolution, another table "
            "(STUDIO_PRICE_TABLE), or add the price to a book of your own (STUDIO_PRICE_BOOK)",
        )


def _begun(frames: int, fps: int) -> int:
    """The number of seconds, a part of one counted in full; at least one."""
    return max(1, -(-frames // fps))


def _to_step(exact: Decimal, step: Decimal) -> Decimal:
    """A price rounded half up to a multiple of ``step``; one above 0 to one step at least."""
    steps = (exact / step).quantize(ONE, ROUND_HALF_UP)
    return (max(steps, ONE) if exact else steps) * step
