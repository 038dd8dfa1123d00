"""Prices: exact, named, and refused where there are none."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from studio.errors import BadInput, SettingsError
from studio.models import MODELS, STILL_MODELS, VideoModel, clip_lengths, still_model, video_model
from studio.money import from_micros, parse_usd, plain, to_micros, usd
from studio.pricing import Quote, load_prices
from studio.sandbox import prices as charged
from studio.sandbox.agents import prices as charged_agents
from studio.sandbox.agents.rules import IMAGE_REFS
from studio.sandbox.assumptions import Assumptions

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


ASSUME = Assumptions()
DREAM_MACHINE = [m for m in MODELS.values() if m.api == "dream-machine"]
AGENTS = [m for m in MODELS.values() if m.api == "agents"]
LENGTHS = (1, 23, 24, 119, 120, 121, 122, 216, 240, 241, 242, 360, 361, 432, 433, 719, 720)  # frames


def cents(quote: Quote) -> int:
    """A quote in whole cents, which every quote of the default table has."""
    assert quote.usd * 100 == int(quote.usd * 100)
    assert quote.table == "luma-per-pixel (2025-11-01)"
    return int(quote.usd * 100)


def test_new_clips_cost_what_the_service_charges() -> None:
    """Our price of a new clip is what the sandbox books for it: every model, tier and length, standard and HDR."""
    table = load_prices()
    for model in DREAM_MACHINE:
        for tier in model.resolutions:
            for seconds in model.lengths:
                assert cents(table.quote(model.name, tier, seconds)) == charged.video(model.wire, tier, seconds)
    for model in AGENTS:
        for tier in model.resolutions:
            for seconds in model.lengths:
                for hdr in (False, True):
                    price = charged_agents.video(tier, seconds, ASSUME, hdr=hdr)
                    assert cents(table.quote(model.name, tier, seconds, hdr=hdr)) == price


def test_stills_cost_what_the_service_charges() -> None:
    """Our price of a still is what the sandbox books for it, with any number of references."""
    table = load_prices()
    full, least = charged.TIER_PIXELS["1080p"], int(ASSUME.number("image_cents_least"))
    for model in STILL_MODELS.values():
        for references in range(model.references + 1):
            price = cents(table.quote_still(model.name, references=references))
            if model.api == "dream-machine":
                assert price == charged.image(model.wire, full, least)
                continue
            assert price == charged_agents.image(model.wire, references, edit=False)
            if 1 <= references <= IMAGE_REFS["image_edit"] + 1:
                assert price == charged_agents.image(model.wire, references - 1, edit=True)


def test_edits_cost_what_the_service_charges() -> None:
    """Modify and reframe: pixels of the source's tier, at most 720p; with Ray 3 a new clip of the source's length."""
    table = load_prices()
    for model in DREAM_MACHINE:
        for tier in model.resolutions:
            billed = tier if tier == "540p" else "720p"
            for frames in LENGTHS:
                assert cents(table.quote_edit(model.name, tier, frames)) == charged.edit(model.wire, billed, frames)
    for model in AGENTS:
        for tier in model.resolutions:
            for frames in LENGTHS:
                for hdr in (False, True):
                    price = charged_agents.video(tier, frames / 24, ASSUME, hdr=hdr, edit=True)
                    assert cents(table.quote_edit(model.name, tier, frames, hdr=hdr)) == price


def test_finishing_costs_what_the_service_charges() -> None:
    """Our price of an upscale and of an added sound is what the sandbox books."""
    table = load_prices()
    rate, second = ASSUME.number("upscale_rate"), ASSUME.number("audio_cents_a_second")
    for frames in LENGTHS:
        assert cents(table.quote_audio(frames)) == charged.audio(frames, second)
        for tier in ("720p", "1080p", "4k"):
            assert cents(table.quote_upscale(tier, frames)) == charged.upscale(tier, frames, rate)


def test_nothing_falls_back_on_another_table() -> None:
    """What a table does not price is refused when it is asked for, and only then; each refusal says what to do."""
    table, default = load_prices(table="mission"), load_prices()
    for refused in (
        lambda: table.quote("ray-flash-2", "540p", 5),
        lambda: table.quote("ray-2", "720p", 5, hdr=True),
        lambda: table.quote("ray-3", "720p", 5),
        lambda: table.quote_still("photon-1"),
        lambda: table.quote_edit("ray-2", "720p", 120),
        lambda: table.quote_edit("ray-3", "720p", 120),
        lambda: table.quote_upscale("1080p", 120),
        lambda: table.quote_audio(120),
        lambda: default.quote("ray-2", "720p", 5, hdr=True),
        lambda: default.quote("ray-3", "4k", 5),
        lambda: default.quote_edit("ray-2", "720p", 120, hdr=True),
        lambda: default.quote_edit("ray-2", "360p", 120),
        lambda: default.quote_still("uni-2"),
        lambda: default.quote_upscale("8k", 120),
    ):
        with pytest.raises(SettingsError, match="has no price for") as error:
            refused()
        assert "STUDIO_PRICE_BOOK" in error.value.hint


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
[tables.deal.blocks]
seconds = 4
hdr_factor = "1.5"
prices = {"ray-3" = {"720p" = "0.2"}}
[tables.deal.stills]
"photon-1" = "0.0123"
[tables.deal.prices."ray-3"]
"720p" = {"10s" = "0.33"}
""")
    table = load_prices(book)
    assert [
        str(quote.usd.normalize())
        for quote in (
            table.quote("ray-3", "720p", 5), table.quote("ray-3", "720p", 10),
            table.quote("ray-3", "720p", 10, hdr=True),
            table.quote_edit("ray-2", "720p", 3), table.quote_upscale("720p", 3), table.quote_audio(1),
            table.quote_still("photon-1"), table.quote_still("photon-1", references=4),
        )
    ] == ["0.4", "0.33", "0.495", "0.3", "1.5", "0.01", "0.0123", "0.0123"]  # fmt: skip
    with pytest.raises(SettingsError, match="no price for an edit"):
        table.quote_edit("ray-3", "720p", 3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[tables.a]\ndated=2026-01-01\n[tables.a.edits]\nmost="720p"', "720p"),
        ("[tables.a]\ndated=2026-01-01\n[tables.a.blocks]\nseconds=0", "at least 1"),
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
        ('[tables.a]\ndated=2026-01-01\nblocks={prices={"ray-3"={"540p"="0.004"}}}', "540p is .*rounded to \\$0.00"),
        ('[tables.a]\ndated=2026-01-01\nstills={"uni-1"="0.001"}', "uni-1 is .*rounded to \\$0.00"),
        ('[tables.a]\ndated=2026-01-01\nprices={"ray-2"={"540p"={"5s"="0.0000001"}}}', "5s is .*rounded to"),
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
    """A book that is missing, or a folder, is one clear error with what to do."""
    with pytest.raises(SettingsError, match="cannot be read") as error:
        load_prices(tmp_path / book)
    assert "STUDIO_PRICE_BOOK" in error.value.hint


def test_no_price_is_rounded_to_nothing(tmp_path: Path) -> None:
    """What costs anything costs at least one step of the table; what a book says is free, is; no quote is absurd."""
    book = tmp_path / "mine.toml"
    book.write_text("""
[tables.deal]
dated = 2026-01-01
sizes = {"720p" = [1280, 720]}
rates = {"cheap" = "0.000000001", "free" = "0", "dear" = "100000"}
upscale_rate = "0.000001"
sound_second = "0.000001"
prices = {"ray-2" = {"720p" = {"5s" = "0"}}}
[tables.deal.blocks]
hdr_factor = "0.000001"
prices = {"ray-3" = {"720p" = "0.30"}}
""")
    table = load_prices(book)
    assert table.quote("cheap", "720p", 5).usd == Decimal("0.01")
    assert table.quote_upscale("720p", 1).usd == table.quote_audio(1).usd == Decimal("0.01")
    assert table.quote("ray-3", "720p", 5, hdr=True).usd == Decimal("0.01")
    assert table.quote("free", "720p", 5).usd == table.quote("ray-2", "720p", 5).usd == 0
    with pytest.raises(SettingsError, match="of a single purchase"):
        table.quote("dear", "720p", 5)


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


def test_a_scene_of_some_lengths_only() -> None:
    """Where a clip must begin or end on a frame, only the lengths that allow it are chosen from."""
    ray_3, table = MODELS["ray-3"], load_prices()

    def price(seconds: int) -> Decimal:
        return table.quote("ray-3", "720p", seconds).usd

    assert clip_lengths(ray_3, Fraction(20), price) == (10, 10)
    assert clip_lengths(ray_3, Fraction(20), price, lengths=ray_3.framed_lengths) == (5, 5, 5, 5)


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_every_model_can_be_bought(model: VideoModel) -> None:
    """What a model can make has a price; its draft is no dearer than any of it; its stills come from the same API."""
    table = load_prices()
    for seconds in model.lengths:
        prices = [table.quote(model.name, tier, seconds).usd for tier in model.resolutions]
        assert prices == sorted(prices)
    draft, tier = model.draft
    drafted = video_model(draft)
    assert tier in drafted.resolutions
    assert set(model.aspect_ratios) <= set(drafted.aspect_ratios)
    assert drafted.api == model.api
    shortest = min(model.lengths)
    assert table.quote(draft, tier, shortest).usd <= table.quote(model.name, model.resolutions[0], shortest).usd
    assert still_model(model.still).api == model.api
    assert {*model.framed_lengths, *model.loop_lengths} <= set(model.lengths)
    assert set(model.hdr_resolutions) <= set(model.resolutions)


def test_a_still_has_the_nearest_shape() -> None:
    """A still is asked for in the film's shape, or in the nearest that its model makes."""
    uni, photon = STILL_MODELS["uni-1"], STILL_MODELS["photon-1"]
    wanted = ("16:9", "21:9", "4:3", "3:4", "9:21", "1:1")
    assert [uni.ratio_for(ratio) for ratio in wanted] == ["16:9", "2:1", "3:2", "2:3", "1:2", "1:1"]
    assert tuple(photon.ratio_for(ratio) for ratio in wanted) == wanted


@pytest.mark.parametrize(("find", "listed"), [(video_model, "ray-2, ray-flash-2, ray-3"), (still_model, "photon-1")])
def test_an_unknown_model(find: Callable[[str], object], listed: str) -> None:
    """A model that is none is refused with the list of those that are."""
    with pytest.raises(BadInput, match="no model 'sora'") as error:
        find("sora")
    assert listed in error.value.hint


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
