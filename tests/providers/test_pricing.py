"""Prices: exact, named, and refused where the table has none."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from itertools import product

import pytest

from luma_sandbox import prices as charged
from luma_sandbox.agents import prices as charged_agents
from luma_sandbox.agents.rules import IMAGE_REFS
from luma_sandbox.assumptions import Assumptions
from studio.errors import BadInput, SettingsError
from studio.money import from_micros, parse_usd, plain, to_micros, usd
from studio.providers.luma.models import MODELS, STILL_MODELS
from studio.providers.models import VideoModel, clip_lengths
from studio.providers.price_book import load_prices
from studio.providers.pricing import Quote, Range
from studio.providers.registry import still_model, video_model

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
    assert {(p.table, p.at_most) for p in prices} == {("luma (2026-10-01)", "")}


#: Luma's pricing guide for Ray 3.2, July to October 2026: kind, range, length; then 360p, 540p, 720p, 1080p in USD.
RAY_3 = """
video   sdr  5    .06   .15   .30   1.20
video   sdr 10    .18   .45   .90   3.60
video   hdr  5    -     -     .60   2.40
video   exr  5    -     -     .90   3.60
extend  sdr  5    .06   .15   .30   1.20
edit    sdr  5    .54   .72   1.08  2.16
edit    sdr 10    1.08  1.44  2.16  4.32
edit    hdr  5    1.08  1.44  2.16  4.32
edit    hdr 10    2.16  2.88  4.32  8.64
edit    exr  5    1.62  2.16  3.24  6.48
edit    exr 10    3.24  4.32  6.48  12.96
reframe sdr  1    .03   .06   .12   .36
"""
TIERS = ("360p", "540p", "720p", "1080p")
CELLS = [
    (kind, dynamic, int(seconds), tier, price)
    for kind, dynamic, seconds, *prices in map(str.split, RAY_3.strip().splitlines())
    for tier, price in zip(TIERS, prices, strict=True)
]


def quoted(kind: str, dynamic: Range, tier: str, frames: int) -> Quote:
    """The default table's quote for Ray 3."""
    table = load_prices()
    if kind == "reframe":
        return table.quote_reframe("ray-3", tier, frames)
    if kind == "edit":
        return table.quote_edit("ray-3", tier, frames, dynamic=dynamic)
    return table.quote("ray-3", tier, frames // 24, dynamic=dynamic, extends=kind == "extend")


@pytest.mark.parametrize(("kind", "dynamic", "seconds", "tier", "price"), CELLS)
def test_ray_3_costs_what_luma_s_guide_says(kind: str, dynamic: Range, seconds: int, tier: str, price: str) -> None:
    """Our quotes equal every cell of Luma's guide, to the cent; a clip that it leaves out has no price."""
    if price == "-":
        with pytest.raises(SettingsError, match="has no price for"):
            quoted(kind, dynamic, tier, seconds * 24)
        return
    quote = quoted(kind, dynamic, tier, seconds * 24)
    assert quote.usd == Decimal(price)
    assert bool(quote.at_most) == (kind == "extend" and tier == "360p")


@pytest.mark.parametrize(
    ("kind", "frames", "price"),
    [
        ("edit", 1, ".72"), ("edit", 119, ".72"), ("edit", 121, ".72"), ("edit", 122, "1.44"), ("edit", 241, "1.44"),
        ("edit", 242, "4.32"), ("edit", 432, "4.32"), ("edit", 481, "4.32"),
        ("reframe", 1, ".06"), ("reframe", 24, ".06"), ("reframe", 25, ".06"), ("reframe", 26, ".12"),
        ("reframe", 121, ".30"), ("reframe", 122, ".36"), ("reframe", 720, "1.80"),
    ],
)  # fmt: skip
def test_edits_and_reframes_by_the_length_of_their_source(kind: str, frames: int, price: str) -> None:
    """An edit has the price of the next longer length, over 10 s an upper bound; a reframe pays each begun second."""
    quote = quoted(kind, "sdr", "540p", frames)
    assert quote.usd == Decimal(price)
    assert ("threefold" in quote.at_most) == (kind == "edit" and frames > 241)


def test_an_edit_that_is_longer_than_any_bound_has_no_price() -> None:
    """An edit of more than twice the longest documented length has no price."""
    with pytest.raises(SettingsError, match="has no price for ray-3 at 540p, edited, 482 frames"):
        quoted("edit", "sdr", "540p", 482)


@pytest.mark.parametrize(
    ("model", "references", "price"),
    [
        ("uni-1", 0, "0.0404"), ("uni-1", 1, "0.0434"), ("uni-1", 2, "0.0464"), ("uni-1", 9, "0.0674"),
        ("uni-1-max", 0, "0.1000"), ("uni-1-max", 1, "0.1030"), ("uni-1-max", 9, "0.1270"),
        ("photon-1", 0, "0.02"), ("photon-1", 4, "0.02"), ("photon-flash-1", 4, "0.01"),
    ],
)  # fmt: skip
def test_stills_cost_what_luma_s_guide_says(model: str, references: int, price: str) -> None:
    """A still's price is exact, finer than a cent where Luma's is."""
    assert load_prices().quote_still(model, references=references).usd == Decimal(price)


def test_what_is_not_documented_is_an_upper_bound_with_its_reason() -> None:
    """An upscale, a sound and an edit by rate cost at most what is quoted, and the quote says why."""
    table = load_prices()
    assert (table.quote_upscale("4k", 120).usd, table.quote_audio(120).usd) == (Decimal("2.19"), Decimal("0.14"))
    assert table.quote_upscale("4k", 120).usd == table.quote("ray-flash-2", "4k", 5).usd
    assert table.quote_audio(120).usd == table.quote("ray-flash-2", "540p", 5).usd
    for quote in (table.quote_upscale("4k", 120), table.quote_audio(120), table.quote_edit("ray-2", "1080p", 120)):
        assert "not documented" in quote.at_most or "documented, not what" in quote.at_most
    assert table.quote_edit("ray-2", "1080p", 120).usd == Decimal("3.94")


def test_the_name_of_earlier_versions_still_chooses_the_table() -> None:
    """Settings that name the table by its earlier name get today's prices."""
    assert load_prices(table="luma-per-pixel").label == "luma (2026-10-01)"


def test_the_mission_s_table() -> None:
    """The specification's own table can be chosen by name, and has no price for what it does not list."""
    table = load_prices(table="mission")
    assert table.quote("ray-2", "720p", 5).usd == Decimal("0.40")
    with pytest.raises(SettingsError, match="no price for ray-2 at 4k"):
        table.quote("ray-2", "4k", 5)


ASSUME = Assumptions()
DREAM_MACHINE = [m for m in MODELS.values() if m.api == "dream-machine"]
AGENTS = [m for m in MODELS.values() if m.api == "agents"]
LENGTHS = (1, 23, 24, 119, 120, 121, 122, 216, 240, 241, 242, 360, 361, 432, 433)  # frames
WIDE: dict[Range, charged_agents.Range] = {"sdr": "SDR", "hdr": "HDR", "exr": "HDR+EXR"}


def cents(quote: Quote) -> Decimal:
    """A quote of the default table, in US cents."""
    assert quote.table == "luma (2026-10-01)"
    return quote.usd * 100


def test_new_clips_cost_what_the_service_charges() -> None:
    """Our price of a new clip is what the sandbox books for it: every model, tier, range and length."""
    table = load_prices()
    for model in DREAM_MACHINE:
        for tier, seconds in product(model.resolutions, model.lengths):
            assert cents(table.quote(model.name, tier, seconds)) == charged.video(model.wire, tier, seconds)
    for model in AGENTS:
        for tier, seconds in product(model.resolutions, model.lengths):
            assert cents(table.quote(model.name, tier, seconds)) == charged_agents.clip(tier, seconds, "SDR")
        for tier, dynamic in product(model.hdr_resolutions, ("hdr", "exr")):
            price = charged_agents.clip(tier, 5, WIDE[dynamic])
            assert cents(table.quote(model.name, tier, 5, dynamic=dynamic)) == price
        for tier in model.resolutions:
            assert cents(table.quote(model.name, tier, 5, extends=True)) == charged_agents.extension(tier, ASSUME)


def test_stills_cost_what_the_service_charges() -> None:
    """Our price of a still is what the sandbox books for it, with any number of references, to the part of a cent."""
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
    """Modify and reframe: all pixels of the source's tier; with Ray 3 by the source's length, also beyond 10 s."""
    table = load_prices()
    for model, frames in product(DREAM_MACHINE, LENGTHS):
        for tier in model.resolutions:
            price = charged.edit(model.wire, tier, frames)
            assert cents(table.quote_edit(model.name, tier, frames)) == price
            assert cents(table.quote_reframe(model.name, tier, frames)) == price
    for model, frames in product(AGENTS, LENGTHS):
        for tier in model.resolutions:
            assert cents(table.quote_reframe(model.name, tier, frames)) == charged_agents.reframe(tier, frames, ASSUME)
            for dynamic, wide in WIDE.items():
                price = charged_agents.edit(tier, frames, wide, ASSUME)
                assert cents(table.quote_edit(model.name, tier, frames, dynamic=dynamic)) == price


def test_finishing_costs_what_the_service_charges() -> None:
    """Our price of an upscale and of an added sound is what the sandbox books."""
    table = load_prices()
    rate, second = ASSUME.number("upscale_rate"), ASSUME.number("audio_cents_a_second")
    for frames in LENGTHS:
        assert cents(table.quote_audio(frames)) == charged.audio(frames, second)
        for tier in ("720p", "1080p", "4k"):
            assert cents(table.quote_upscale(tier, frames)) == charged.upscale(tier, frames, rate)


def test_nothing_falls_back_on_another_table() -> None:
    """A purchase without a price in the table is refused when it is asked for, and only then, with a hint."""
    table, default = load_prices(table="mission"), load_prices()
    for refused in (
        lambda: table.quote("ray-flash-2", "540p", 5),
        lambda: table.quote("ray-2", "720p", 5, dynamic="hdr"),
        lambda: table.quote("ray-3", "720p", 5),
        lambda: table.quote_still("photon-1"),
        lambda: table.quote_edit("ray-2", "720p", 120),
        lambda: table.quote_edit("ray-3", "720p", 120),
        lambda: table.quote_upscale("1080p", 120),
        lambda: table.quote_audio(120),
        lambda: default.quote("ray-2", "720p", 5, dynamic="hdr"),
        lambda: default.quote("ray-3", "720p", 10, dynamic="hdr"),
        lambda: default.quote("ray-3", "720p", 9),
        lambda: default.quote("ray-3", "4k", 5),
        lambda: default.quote_edit("ray-2", "720p", 120, dynamic="hdr"),
        lambda: default.quote_edit("ray-2", "360p", 120),
        lambda: default.quote_still("uni-2"),
        lambda: default.quote_upscale("8k", 120),
    ):
        with pytest.raises(SettingsError, match="has no price for") as error:
            refused()
        assert "STUDIO_PRICE_BOOK" in error.value.hint


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
    """For a clip that must begin or end on a frame, only the lengths that allow it are considered."""
    ray_3, table = MODELS["ray-3"], load_prices()

    def price(seconds: int) -> Decimal:
        return table.quote("ray-3", "720p", seconds).usd

    assert clip_lengths(ray_3, Fraction(20), price) == (5, 5, 5, 5)
    assert clip_lengths(ray_3, Fraction(20), price, longest=True) == (10, 10)
    assert clip_lengths(ray_3, Fraction(20), price, lengths=ray_3.continued, longest=True) == (5, 5, 5, 5)


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_every_model_can_be_bought(model: VideoModel) -> None:
    """Every clip that a model can make has a price, its draft costs no more, and its stills come from the same API."""
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
    assert {*model.continued, *model.loop_lengths, *model.hdr_lengths} <= set(model.lengths)
    assert set(model.hdr_resolutions) <= set(model.resolutions)


def test_a_still_has_the_nearest_shape() -> None:
    """A still has the film's shape, or the nearest that its model makes."""
    uni, photon = STILL_MODELS["uni-1"], STILL_MODELS["photon-1"]
    wanted = ("16:9", "21:9", "4:3", "3:4", "9:21", "1:1")
    assert [uni.ratio_for(ratio) for ratio in wanted] == ["16:9", "2:1", "3:2", "2:3", "1:2", "1:1"]
    assert tuple(photon.ratio_for(ratio) for ratio in wanted) == wanted


@pytest.mark.parametrize(("find", "listed"), [(video_model, "ray-2, ray-flash-2, ray-3"), (still_model, "photon-1")])
def test_an_unknown_model(find: Callable[[str], object], listed: str) -> None:
    """An unknown model is refused with the list of models."""
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
    """A budget that is not an amount of dollars and cents is refused with an example."""
    with pytest.raises(ValueError, match=r"12\.50"):
        parse_usd(text)
