"""A price book of one's own: read in full, or refused with the place of the error."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from studio.errors import SettingsError
from studio.providers.price_book import load_prices


def test_a_book_of_one_s_own(tmp_path: Path) -> None:
    """A user's price book is used as written, and its table's name goes with every quote."""
    book = tmp_path / "mine.toml"
    book.write_text('[tables.deal]\ndated = 2026-01-01\n[tables.deal.prices."ray-2"]\n"720p" = {"5s" = "0.333"}\n')
    quote = load_prices(book).quote("ray-2", "720p", 5)
    assert (str(quote.usd), quote.table) == ("0.333", "deal (2026-01-01)")


def test_a_book_of_one_s_own_for_everything(tmp_path: Path) -> None:
    """Each section of a book of one's own is used as written; a still can be one amount, whatever guides it."""
    book = tmp_path / "mine.toml"
    book.write_text("""[tables.deal]
dated = 2026-01-01
round_to = "0.0001"
sizes = {"720p" = [1000, 1000]}
upscale_rate = "0.5"
sound_second = "0.24"
[tables.deal.edits]
rates = {"ray-2" = "0.1"}
[tables.deal.fixed."ray-3"]
video.hdr = {"720p" = {"5s" = "0.495"}}
edit.sdr = {"720p" = {"4s" = "0.4"}}
[tables.deal.reframe_seconds."ray-3"]
"720p" = "0.07"
[tables.deal.at_most]
upscale = "by agreement"
[tables.deal.stills]
"photon-1" = "0.0123"
[tables.deal.prices."ray-3"]
"720p" = {"10s" = "0.33"}
""")
    table = load_prices(book)
    assert [
        str(quote.usd.normalize())
        for quote in (
            table.quote("ray-3", "720p", 10), table.quote("ray-3", "720p", 10, extends=True),
            table.quote("ray-3", "720p", 5, dynamic="hdr"),
            table.quote_edit("ray-3", "720p", 97), table.quote_reframe("ray-3", "720p", 48),
            table.quote_edit("ray-2", "720p", 3), table.quote_upscale("720p", 3), table.quote_audio(1),
            table.quote_still("photon-1"), table.quote_still("photon-1", references=4),
        )
    ] == ["0.33", "0.33", "0.495", "0.4", "0.14", "0.3", "1.5", "0.01", "0.0123", "0.0123"]  # fmt: skip
    assert (table.quote_upscale("720p", 3).at_most, table.quote_audio(1).at_most) == ("by agreement", "")
    with pytest.raises(SettingsError, match="no price for ray-3 at 720p, edited"):
        table.quote_edit("ray-3", "720p", 98)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[tables.a]\ndated=2026-01-01\n[tables.a.edits]\nmost="720p"', "720p"),
        ("[tables.a]\ndated=2026-01-01\n[tables.a.blocks]\nseconds=5", "tables.a.blocks is of an earlier form"),
        ('[tables.a]\ndated=2026-01-01\nfixed={"ray-3"={film={sdr={}}}}', "ray-3.film is named after no kind of clip"),
        ('[tables.a]\ndated=2026-01-01\nfixed={"ray-3"={video={dim={}}}}', "video.dim is named after no range"),
        ('[tables.a]\ndated=2026-01-01\nfixed={"ray-3"={video={sdr={"540p"="1"}}}}', "540p is no section"),
        ("[tables.a]\ndated=2026-01-01\nupscale_rate=0.5", "write 0.5 as text"),
        ('[tables.a]\ndated=2026-01-01\nstills={"uni-1"={text="0.1"}}', "first"),
        ("[tables.a]\ndated=2026-01-01\nfps=0", "fps"),
        ("", "no \\[tables"),
        ("[tables", "not TOML"),
        ('[tables.a]\ndated="soon"', "must be a date"),
        ('[tables.a]\ndated=2026-01-01\nrates={"ray-2"=0.0064}', "write 0.0064 as text"),
        ('[tables.a]\ndated=2026-01-01\nrates={"ray-2"="-1"}', "not an amount"),
        ('[tables.a]\ndated=2026-01-01\nrates={"ray-2"="much"}', "cannot be used"),
        ('[tables.a]\ndated=2026-01-01\nsizes={"540p"=[1]}', "cannot be used"),
        ('[tables.a]\ndated=2026-01-01\nsizes={"540p"=[-960, 540]}', "tables.a.sizes.540p is -960"),
        ('[tables.a]\ndated=2026-01-01\nsizes={"540p"=[true, 540]}', "tables.a.sizes.540p is True"),
        ('[tables.a]\ndated=2026-01-01\nsizes={"540p"=[1.5, 540]}', "sizes.540p is 1.5"),
        ('[tables.a]\ndated=2026-01-01\nsizes={"540p"="large"}', "width, height"),
        ('[tables.a]\ndated=2026-01-01\nsizes={"540p"=[99999, 540]}', "at most 16384"),
        ("[tables.a]\ndated=2026-01-01\nfps=true", "tables.a.fps"),
        ("[tables.a]\ndated=2026-01-01\nfps=24.0", "tables.a.fps"),
        ("[tables.a]\ndated=2026-01-01\nfps=100000", "tables.a.fps"),
        ('[tables.a]\ndated=2026-01-01\nrates={"ray-2"="1e30"}', "tables.a.rates.ray-2 .*'1e30'"),
        ('[tables.a]\ndated=2026-01-01\nrates={"ray-2"="1e-40"}', "tables.a.rates.ray-2 .*'1e-40'"),
        ('[tables.a]\ndated=2026-01-01\nrates={"ray-2"="NaN"}', "tables.a.rates.ray-2"),
        ('[tables.a]\ndated=2026-01-01\nrates={"ray-2"="sNaN"}', "tables.a.rates.ray-2"),
        ('[tables.a]\ndated=2026-01-01\nrates={"ray-2"="-0"}', "tables.a.rates.ray-2"),
        ('[tables.a]\ndated=2026-01-01\nrates={"ray-2"=nan}', "tables.a.rates.ray-2"),
        ('[tables.a]\ndated=2026-01-01\nrates={"ray-2"=true}', "write True as text"),
        (f'[tables.a]\ndated=2026-01-01\nrates={{"ray-2"=0x{"f" * 9000}}}', "tables.a.rates.ray-2"),
        (f'[tables.a]\ndated=2026-01-01\nrates={{"ray-2"={"9" * 9000}}}', "cannot be used|not TOML"),
        (f'[tables.a]\ndated=2026-01-01\nrates={{"ray-2"="0.{"0" * 9000}1"}}', "tables.a.rates.ray-2"),
        ('[tables.a]\ndated=2026-01-01\nrates="cheap"', "tables.a.rates is no section"),
        ('[tables.a]\ndated=2026-01-01\nround_to="0"', "tables.a.round_to"),
        ('[tables.a]\ndated=2026-01-01\nround_to="1"', "tables.a.round_to"),
        ('[tables.a]\ndated=2026-01-01\nround_to="0.0000001"', "tables.a.round_to"),
        ('[tables.a]\ndated=2026-01-01\nstills={"uni-1"="0.0000001"}', "uni-1 is .*less than the books can hold"),
        (
            '[tables.a]\ndated=2026-01-01\nprices={"ray-2"={"540p"={"5s"="0.0000001"}}}',
            "5s is .*than the books can hold",
        ),
        ('[tables.a]\ndated=2026-01-01\nprices={"ray-2"={"540p"={"soon"="1"}}}', "named after no length"),
        ('[tables.a]\ndated=2026-01-01\nprices={"ray-2"={"540p"={"-5s"="1"}}}', "named after no length"),
        ("[tables]\na=1", "tables.a is no section"),
        ("default=[1]\n[tables.a]\ndated=2026-01-01", "no price table"),
        ("a=" + "[" * 3000, "nested too deeply|not TOML"),
        ("#" * 1_000_001, "more than 1000000 bytes"),
        ('a = "\x00"', "not TOML"),
    ],
)
def test_a_bad_price_book(tmp_path: Path, text: str, message: str) -> None:
    """A price book that cannot be used is one clear error that names the file."""
    book = tmp_path / "mine.toml"
    book.write_text(text)
    with pytest.raises(SettingsError, match=message) as error:
        load_prices(book)
    assert "mine.toml" in str(error.value)


@pytest.mark.parametrize("book", ["nowhere.toml", "."])
def test_a_price_book_that_cannot_be_read(tmp_path: Path, book: str) -> None:
    """A book that is missing, or a folder, is one clear error with a hint."""
    with pytest.raises(SettingsError, match="cannot be read") as error:
        load_prices(tmp_path / book)
    assert "STUDIO_PRICE_BOOK" in error.value.hint


def test_no_price_is_rounded_to_nothing(tmp_path: Path) -> None:
    """A price above 0 is at least one step of the table, a price of 0 is free, and no quote is absurdly high."""
    book = tmp_path / "mine.toml"
    book.write_text("""
[tables.deal]
dated = 2026-01-01
sizes = {"720p" = [1280, 720]}
rates = {"cheap" = "0.000000001", "free" = "0", "dear" = "100000"}
upscale_rate = "0.000001"
sound_second = "0.000001"
prices = {"ray-2" = {"720p" = {"5s" = "0"}}}
""")
    table = load_prices(book)
    assert table.quote("cheap", "720p", 5).usd == Decimal("0.01")
    assert table.quote_upscale("720p", 1).usd == table.quote_audio(1).usd == Decimal("0.01")
    assert table.quote("free", "720p", 5).usd == table.quote("ray-2", "720p", 5).usd == 0
    with pytest.raises(SettingsError, match="of a single purchase"):
        table.quote("dear", "720p", 5)


def test_a_table_that_is_not_there() -> None:
    """The error for an unknown table lists the tables of the book."""
    with pytest.raises(SettingsError, match="mission"):
        load_prices(table="misson")
