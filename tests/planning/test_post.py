"""Later versions of clips in a plan: reframed, larger, and the final from a draft."""

from __future__ import annotations

from decimal import Decimal

import pytest

from studio.assets import SeedImage
from studio.errors import BadInput
from studio.planning import as_draft, finished_draft, reframed
from studio.planning.plan import Source
from tests.support.planned import PICTURE, PRICES, SEEDS, film, plan, scene, sent


def test_any_number_of_seconds_is_reframed() -> None:
    """A film in another shape keeps its lengths and its guides' moments, whole seconds or not, and its money."""
    odd = film(
        scene("a", duration=4.7), scene("b", model="ray-3", guides=[{"at": 0.55, "image": PICTURE}]), budget="1.10",
        source_position={"x": 0.1, "y": 0, "width": 0.8, "height": 1},
    )  # fmt: skip
    shaped = reframed(odd, "1:1")
    assert (shaped.scenes, shaped.budget, shaped.source_position) == (odd.scenes, odd.budget, odd.source_position)


def test_where_a_reframed_picture_stands() -> None:
    """The reframe has the scene's `source_position`, else the production's; without one the service centres."""
    place = {"x": -0.5, "y": 0, "width": 2, "height": 1}
    drawn = plan(reframed(film(
        scene("a", model="ray-3"), scene("b", model="ray-3", source_position={**place, "x": 0.25}), scene("c"),
        source_position=place,
    ), "9:16"))  # fmt: skip
    at = {"x_norm": -0.5, "y_norm": 0.0, "w_norm": 2.0, "h_norm": 1.0}
    assert sent(drawn, "a.9x16")["video"]["source_position"] == at
    assert sent(drawn, "b.9x16")["video"]["source_position"] == {**at, "x_norm": 0.25}
    assert "source_position" not in sent(drawn, "c.9x16")
    assert drawn.shot("a.9x16").quote.usd == Decimal("0.60")


def test_what_has_the_shape_already_is_not_reframed() -> None:
    """A clip that has the new shape by its first picture, or by the footage that it changes, is used as it is."""
    tall = "https://x.example/tall.png"
    seeds = SEEDS | {tall: SeedImage("tall", "b" * 64, "image/png", ".png", 540, 960, url=tall)}
    drawn = plan(
        reframed(film(scene("a", model="ray-3", start_image=tall), scene("b", model="ray-3")), "9:16"), images=seeds
    )
    assert [c.shots for c in drawn.cuts] == [("a",), ("b.9x16",)]
    assert "scene 'a': 'a' has the shape 9:16 already, and is not reframed" in drawn.notes


def test_finishing_steps_are_shots_of_their_own() -> None:
    """A reframe, an upscale and a sound follow in this order, each a purchase, and the film uses the last one."""
    production = reframed(film(scene("a", upscale="1080p", sound="gulls"), scene("b", continue_from="a")), "9:16")
    drawn = plan(production)
    assert production.slug == "a-film-9x16"
    assert [s.id for s in drawn.shots] == ["a", "b", "a.9x16", "a.9x16.large", "a.9x16.large.sound", "b.9x16"]
    assert [c.shots for c in drawn.cuts] == [("a.9x16.large.sound",), ("b.9x16",)]
    assert sent(drawn, "a.9x16") == {
        "model": "ray-flash-2", "prompt": "what is seen in a", "aspect_ratio": "9:16",
        "generation_type": "reframe_video", "media": {"url": "https://clip/a"},
    }  # fmt: skip
    assert sent(drawn, "a.9x16.large") == {"resolution": "1080p", "id": "g-a.9x16"}
    assert sent(drawn, "a.9x16.large.sound") == {"prompt": "gulls", "id": "g-a.9x16.large"}
    assert drawn.shot("b").start == Source("shot", "a")
    assert drawn.origin("a.9x16.large.sound").id == "a"
    assert {s.id: s.quote.usd for s in drawn.shots if s.endpoint in ("upscale", "audio")} == {
        "a.9x16.large": PRICES.quote_upscale("1080p", 120).usd, "a.9x16.large.sound": PRICES.quote_audio(120).usd
    }  # fmt: skip
    assert {s.key for s in plan(film(scene("a"), scene("b", continue_from="a"))).shots} <= {s.key for s in drawn.shots}


def test_ray_3_is_reframed_by_its_generation() -> None:
    """``video_reframe`` of the second API takes the generation itself."""
    drawn = plan(reframed(film(scene("a", model="ray-3")), "1:1"))
    assert sent(drawn, "a.1x1") == {
        "model": "ray-3.2", "prompt": "what is seen in a", "aspect_ratio": "1:1",
        "source": {"generation_id": "g-a"}, "video": {"resolution": "720p"},
    }  # fmt: skip


def test_no_shape_that_nobody_makes() -> None:
    """A ratio that does not exist, or that the model does not make, is one clear error."""
    with pytest.raises(BadInput, match=r"'5:4' is no aspect ratio"):
        reframed(film(scene("a")), "5:4")
    with pytest.raises(BadInput, match=r"ray-3 makes no 9:21 pictures"):
        reframed(film(scene("a", model="ray-3")), "9:21")


def test_a_draft_and_the_final_from_it() -> None:
    """A draft is each API's cheapest tier; a final from it buys the draft's clips and makes them larger."""
    production = film(scene("a", sound="gulls"), scene("b", model="ray-3", hdr=True), model="ray-2", resolution="1080p")
    cheap = plan(as_draft(production))
    assert [(s.model, s.resolution, s.options.hdr) for s in cheap.shots] == [
        ("ray-flash-2", "540p", False), ("ray-3", "360p", False)
    ]  # fmt: skip
    final = plan(finished_draft(production))
    assert [(s.id, s.model, s.resolution) for s in final.shots] == [
        ("a", "ray-flash-2", "540p"), ("b", "ray-3", "1080p"),
        ("a.large", "ray-flash-2", "1080p"), ("a.large.sound", "ray-flash-2", "1080p"),
    ]  # fmt: skip
    assert final.shot("a").key == cheap.shot("a").key
    assert {s.key for s in plan(production).shots}.isdisjoint(s.key for s in cheap.shots)


def test_a_film_s_upscale_leaves_alone_what_cannot_be_upscaled() -> None:
    """An upscale of the whole film applies to the scenes whose clips allow it; the plan names the others."""
    drawn = plan(film(scene("a"), scene("b", model="ray-3"), scene("c", resolution="1080p"), upscale="1080p"))
    assert [c.shots for c in drawn.cuts] == [("a.large",), ("b",), ("c",)]
    assert drawn.notes == ("scene 'b': clips of ray-3 cannot be upscaled: it stays 720p",)
