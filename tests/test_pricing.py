"""Prices: exact, named, and refused where there are none."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from studio.errors import SettingsError
from studio.models import MODELS, clip_lengths
from studio.money import from_micros, parse_usd, plain, to_micros, usd
from studio.pricing import load_prices

PUBLISHED = {
    "ray-2": ["0.40", "0.72", "0.71", "1.27", "1.59", "2.87", "6.37", "11.47"],
    "ray-flash-2": ["0.14", "0.25", "0.24", "0.44", "0.55", "0.99", "2.19", "3.94"],
}


@pytest.mark.parametrize("model", PUBLISHED)
def test_the_default_table_gives_the_published_prices(model: str) -> None:
    """Rates per million pixels reproduce every published price, to the cent."""
    table = load_prices()
    prices = [table.quote(model, tier, s) for tier in ("540p", "720p", "1080p", "4k") for s in (5, 9)]
    assert [str(p.usd) for p in prices] == PUBLISHED[model]
    assert {p.table for p in prices} == {"luma-per-pixel (2025-11-01)"}


def test_the_mission_s_table() -> None:
    """The specification's own table can be chosen by name, and has no price for what it does not list."""
    table = load_prices(table="mission")
    assert table.quote("ray-2", "720p", 5).usd == Decimal("0.40")
    with pytest.raises(SettingsError, match="no price for ray-2 at 4k"):
        table.quote("ray-2", "4k", 5)


def test_a_book_of_one_s_own(tmp_path: Path) -> None:
    """A user's price book is used as written, and its table's name goes with every quote."""
    book = tmp_path / "mine.toml"
    book.write_text('[tables.deal]\ndated = 2026-01-01\n[tables.deal.prices."ray-2"]\n"720p" = {"5s" = "0.333"}\n')
    quote = load_prices(book).quote("ray-2", "720p", 5)
    assert (str(quote.usd), quote.table) == ("0.333", "deal (2026-01-01)")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no \\[tables"),
        ("[tables", "not TOML"),
        ('[tables.a]\ndated="soon"', "must be a date"),
        ('[tables.a]\ndated=2026-01-01\nrates={"ray-2"=0.0064}', "write 0.0064 as text"),
        ('[tables.a]\ndated=2026-01-01\nrates={"ray-2"="-1"}', "not an amount"),
        ('[tables.a]\ndated=2026-01-01\nrates={"ray-2"="much"}', "cannot be used"),
        ('[tables.a]\ndated=2026-01-01\nsizes={"540p"=[1]}', "cannot be used"),
    ],
)
def test_a_bad_price_book(tmp_path: Path, text: str, message: str) -> None:
    """A price book that cannot be used is one clear error that names the file."""
    book = tmp_path / "mine.toml"
    book.write_text(text)
    with pytest.raises(SettingsError, match=message) as error:
        load_prices(book)
    assert "mine.toml" in str(error.value)


def test_a_table_that_is_not_there() -> None:
    """An unknown table's error lists those that there are."""
    with pytest.raises(SettingsError, match="mission"):
        load_prices(table="misson")


@pytest.mark.parametrize(
    ("seconds", "lengths"),
    [("5", (5,)), ("1", (5,)), ("7.5", (9,)), ("9", (9,)), ("10", (5, 5)), ("23", (9, 9, 5)), ("14.01", (5, 5, 5))],
)
def test_a_long_scene_is_the_cheapest_clips(seconds: str, lengths: tuple[int, ...]) -> None:
    """A scene of any length becomes the cheapest clips that cover it, and of equal price the fewest."""
    table = load_prices()
    chosen = clip_lengths(MODELS["ray-2"], Fraction(seconds), lambda s: table.quote("ray-2", "720p", s).usd)
    assert chosen == lengths


def test_money_as_text() -> None:
    """Amounts are written with two decimals, or as many as they need."""
    assert [usd(Decimal(x)) for x in ("0.4", "12", "0.0073", "-1.5")] == ["$0.40", "$12.00", "$0.0073", "-$1.50"]
    assert from_micros(to_micros(Decimal("11.47"))) == Decimal("11.47")
    assert plain(Decimal("1E+2")) == "100.00"
    with pytest.raises(ValueError, match="finer"):
        to_micros(Decimal("0.0000001"))


@pytest.mark.parametrize("text", ["", "-1", "1.234", "NaN", "Infinity", "1,50", "five", "1e999999"])
def test_what_is_no_amount(text: str) -> None:
    """A budget that is no amount of dollars and cents is refused with an example."""
    with pytest.raises(ValueError, match=r"12\.50"):
        parse_usd(text)
