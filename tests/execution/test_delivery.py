"""The check of deliveries against orders: no size or length that a sandbox gives is odd, and every other one is."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest

from luma_sandbox import sizes
from luma_sandbox.agents import sizes as agents
from studio.execution.delivery import Ordered, odd, orders_of
from studio.planning import reframed
from studio.planning.plan import Plan, Shot
from studio.production import Production
from studio.providers.luma.models import MODELS
from studio.providers.models import VideoModel, tier_of
from tests.support.planned import FOOTAGE, MAYA, PARENT, PICTURE, SEEDS, film, plan, scene

BY_HASH = {seed.sha256: seed for seed in SEEDS.values()}
NEW = [(m, tier, ratio) for m in MODELS.values() for tier, ratio in product(m.resolutions, m.aspect_ratios)]


def held(production: Production) -> tuple[Plan, dict[str, Ordered]]:
    """A production's plan, and the expected measures of each of its shots."""
    drawn = plan(production)
    return drawn, orders_of(drawn, BY_HASH)


def rendered(shot: Shot, tier: str | None = None) -> tuple[int, int]:
    """The size that a sandbox makes of a new clip, at its own tier or at another one."""
    if shot.api == "agents":
        return agents.clip(tier or shot.resolution, agents.ratio_of(shot.aspect_ratio))
    return sizes.of(tier or shot.resolution, shot.aspect_ratio)


@pytest.mark.parametrize(("model", "tier", "ratio"), [(m.name, tier, r) for m, tier, r in NEW])
def test_what_the_sandboxes_render_is_what_was_ordered(model: str, tier: str, ratio: str) -> None:
    """Every tier and shape of every model, as the sandbox renders it, passes at each of its lengths.

    Another tier or shape, a thumbnail, another length, and one off by over half a second are odd.
    """
    for seconds in MODELS[model].lengths:
        wanted = scene("a", model=model, duration=seconds, clips="longest")
        production = film(wanted, resolution=tier, aspect_ratio=ratio)
        (shot,), orders = held(production)[0].shots, held(production)[1]
        ordered, size = orders["a"], rendered(shot)
        long = Fraction(seconds)
        for near in (long, long - Fraction(1, 2), long + Fraction(1, 24), long + Fraction(1, 2)):
            assert odd(ordered, *size, near) is None
        for far in (
            Fraction(1, 12),
            long - Fraction(13, 24),
            long + Fraction(13, 24),
            *(Fraction(n) for n in (4, 6, 7, 20)),
        ):
            assert "too short" in (odd(ordered, *size, far) or "") or "too long" in (odd(ordered, *size, far) or "")
        for other in MODELS[model].resolutions:
            assert (odd(ordered, *rendered(shot, other), long) is None) == (other == tier)
        for shape in MODELS[model].aspect_ratios:
            width, height = agents.clip(tier, agents.ratio_of(shape)) if tier == "360p" else sizes.of(tier, shape)
            assert (odd(ordered, width, height, long) is None) == (shape == ratio)
        assert "too few pixels" in (odd(ordered, 64, 48, long) or "")


@pytest.mark.parametrize(
    ("tier", "ratio", "size"),
    [
        ("720p", "4:3", (1152, 864)),  # seen
        # multiples of 8, 16, 32 and 64 near a tier's area
        ("720p", "16:9", (1360, 752)), ("720p", "16:9", (1248, 704)), ("720p", "1:1", (1024, 1024)),
        ("720p", "21:9", (1568, 672)), ("720p", "21:9", (1536, 640)), ("720p", "9:16", (704, 1280)),
        ("540p", "21:9", (1088, 448)), ("540p", "16:9", (960, 544)), ("540p", "3:4", (624, 832)),
        ("1080p", "16:9", (1920, 1088)), ("1080p", "1:1", (1536, 1536)), ("4k", "21:9", (4096, 1728)),
    ],
)  # fmt: skip
def test_roundings_that_a_service_may_have(tier: str, ratio: str, size: tuple[int, int]) -> None:
    """A size that is of the right tier and shape, however it was rounded, is not odd."""
    _, orders = held(film(scene("a", model="ray-2"), resolution=tier, aspect_ratio=ratio))
    assert odd(orders["a"], *size, Fraction(121, 24)) is None


@pytest.mark.parametrize("tier", ["540p", "720p", "1080p", "4k"])
@pytest.mark.parametrize("ratio", ["16:9", "9:16", "1:1", "4:3", "3:4", "21:9", "9:21"])
def test_a_clip_used_as_footage_is_of_its_tier(tier: str, ratio: str) -> None:
    """Footage of the size that a tier's clips have is priced as that tier, by us and by the sandbox."""
    assert tier_of(*sizes.of(tier, ratio)) == sizes.tier_of(sizes.of(tier, ratio)) == tier


def test_what_is_said_of_an_odd_clip() -> None:
    """The text names the order, the delivery, and their difference."""
    _, orders = held(film(scene("a"), resolution="540p"))
    assert odd(orders["a"], 64, 48, Fraction(1, 12)) == (
        "ordered: 5 s at 540p, 16:9; came: 0.08333 s, 64×48 (too few pixels, another shape, too short)"
    )


def test_a_continuation_may_hold_its_parent_once_more() -> None:
    """A continuation may have its own length, or that and its parent's in full; nothing in between."""
    _, orders = held(film(
        scene("a", duration=5), scene("b", continue_from="a", duration=9), scene("c", continue_from="b", duration=5),
        scene("d", lead_into="a", duration=5), scene("e", continue_from="a", lead_into="b"),
    ))  # fmt: skip
    able = {name: [n for n in range(1, 40) if odd(orders[name], 1280, 720, Fraction(n)) is None] for name in "abcde"}
    assert able == {"a": [5], "b": [9, 14], "c": [5, 14, 19], "d": [5, 10], "e": [5, 10, 14, 19, 24]}


def test_a_continuation_of_a_generation_of_unknown_length() -> None:
    """It may be longer, as it may contain its parent, but not shorter, nor of another tier."""
    _, orders = held(film(scene("a", continue_from=PARENT)))
    assert [odd(orders["a"], 1280, 720, Fraction(n)) is None for n in (4, 5, 9, 30)] == [False, True, True, True]
    assert odd(orders["a"], 640, 360, Fraction(5)) is not None
    assert odd(orders["a"], 960, 960, Fraction(5)) is None  # nobody knows the parent's shape


@pytest.mark.parametrize("model", ["ray-2", "ray-3"])
@pytest.mark.parametrize("frame", ["start_image", "end_image"])
def test_a_frame_anchors_the_shape(model: str, frame: str) -> None:
    """A clip with a given frame has the shape that was ordered, or the frame's; the tier is the one ordered."""
    seeds = {BY_HASH["a" * 64].sha256: SEEDS[PICTURE].__class__("p", "a" * 64, "image/png", ".png", 800, 800)}
    drawn = plan(film(scene("a", model=model, **{frame: PICTURE})))
    ordered = orders_of(drawn, seeds)["a"]
    fits = [odd(ordered, *agents.clip("720p", ratio), Fraction(5)) is None for ratio in (16 / 9, 1.0, 9 / 16)]
    assert fits == [True, True, False]
    assert odd(ordered, *agents.clip("540p", 1.0), Fraction(5)) is not None


def test_a_guide_frame_anchors_the_shape_too() -> None:
    """Guide frames of ray-3 are frames as any other; a picture that nobody has measured may have any shape."""
    drawn = plan(film(scene("a", model="ray-3", duration=10, guides=[{"at": 2, "image": PICTURE}])))
    assert odd(orders_of(drawn, BY_HASH)["a"], *agents.clip("720p", 1.0), Fraction(10)) is not None
    assert odd(orders_of(drawn, {})["a"], *agents.clip("720p", 1.0), Fraction(10)) is None


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
def test_stills(model: VideoModel) -> None:
    """A still of any size but a thumbnail's, in the shape that was ordered."""
    for ratio in model.aspect_ratios:
        drawn, orders = held(
            film(scene("a", model=model.name, character="maya"), aspect_ratio=ratio, characters=[MAYA])
        )
        ordered, shape = orders["a.still"], agents.ratio_of(drawn.shot("a.still").aspect_ratio)
        for size in (agents.still(shape), agents.clip("1080p", shape), agents.clip("720p", shape)):
            assert odd(ordered, *size) is None
        assert odd(ordered, 64, 48) is not None
        assert odd(ordered, *agents.clip("360p", shape)) is not None
        assert odd(ordered, *agents.still(shape * 1.3)) is not None


@pytest.mark.parametrize("tier", ["540p", "720p", "1080p", "4k"])
def test_finished_clips(tier: str) -> None:
    """An upscale, a sound and a reframe are each checked against their own order and their source's length."""
    drawn, orders = held(reframed(
        film(scene("a", model="ray-2", resolution="540p", upscale=None if tier == "540p" else tier, sound="waves")),
        "9:16",
    ))  # fmt: skip
    for shot in drawn.shots:
        ratio = "16:9" if shot.id == "a" else "9:16"
        size = sizes.of(tier if "large" in shot.id else "540p", ratio)
        if shot.endpoint != "audio":
            assert odd(orders[shot.id], *size, Fraction(5)) is None
        assert odd(orders[shot.id], *size, Fraction(9)) is not None
        assert odd(orders[shot.id], *reversed(size), Fraction(5)) is not None
        assert odd(orders[shot.id], 64, 48, Fraction(5)) is not None
    sound = next(shot for shot in drawn.shots if shot.endpoint == "audio")
    assert odd(orders[sound.id], *sizes.of(tier, "9:16"), Fraction(5)) is None
    assert odd(orders[sound.id], *sizes.of("1080p" if tier == "540p" else "540p", "9:16"), Fraction(5)) is not None


@pytest.mark.parametrize("size", [(1280, 720), (320, 180), (1920, 1080), (640, 480), (1080, 1920)])
def test_modified_footage(size: tuple[int, int]) -> None:
    """Footage keeps its shape and length; the first API its size up to 720p, the second has the tier ordered."""
    footage = SEEDS[FOOTAGE]
    measured = footage.__class__(**{**vars(footage), "width": size[0], "height": size[1]})  # type: ignore[arg-type]
    for model in ("ray-2", "ray-3"):
        drawn = plan(film(scene("a", model=model, modify=FOOTAGE)))
        ordered = orders_of(drawn, {measured.sha256: measured})["a"]
        made = sizes.edited(size, "720p") if model == "ray-2" else agents.clip("720p", size[0] / size[1])
        assert odd(ordered, *made, Fraction(4)) is None
        assert odd(ordered, *made, Fraction(5)) is not None
        assert odd(ordered, *reversed(made), Fraction(4)) is not None
        assert odd(ordered, 64, 48, Fraction(4)) is not None


@pytest.mark.parametrize("source", ["540p", "720p", "1080p", "4k"])
@pytest.mark.parametrize("model", ["ray-2", "ray-3"])
def test_another_scene_s_clip_modified(source: str, model: str) -> None:
    """It keeps its source's length and shape; a thumbnail is caught."""
    drawn, orders = held(film(
        scene("a", model="ray-2", resolution=source), scene("b", model=model, modify="a", resolution="720p")
    ))  # fmt: skip
    size = sizes.edited(sizes.of(source, "16:9"), "720p") if model == "ray-2" else agents.clip("720p", 16 / 9)
    assert drawn.shot("b").source is not None
    assert odd(orders["b"], *size, Fraction(5)) is None
    assert odd(orders["b"], *size, Fraction(9)) is not None
    assert odd(orders["b"], 320, 180, Fraction(5)) is not None


def test_an_existing_generation_was_not_ordered() -> None:
    """A generation named by its id is accepted as it is; clips made from it are checked against the known measures."""
    _, orders = held(
        film(scene("a", model="ray-2", generation="123e4567-e89b-12d3-a456-426614174000", upscale="1080p"))
    )
    assert odd(orders["a"], 64, 48, Fraction(1)) is None
    assert odd(orders["a.large"], 1080, 1920, Fraction(7)) is None
    assert odd(orders["a.large"], 64, 48, Fraction(7)) is not None
