"""Drawing: every feature of both APIs as purchases, with what is sent for each and what it costs."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from studio.assets import SeedFootage, SeedImage
from studio.drawing import as_draft, draw_plan, finished_draft, reframed
from studio.errors import BadInput
from studio.plan import Plan, Source
from studio.pricing import load_prices
from studio.production import Production
from studio.requests import Given, wire_request

PRICES = load_prices()
PICTURE = "https://x.example/p.png"
FOOTAGE = "https://x.example/f.mp4"
PARENT = "123e4567-e89b-12d3-a456-426614174000"
SEEDS = {
    PICTURE: SeedImage("picture", "a" * 64, "image/png", ".png", 960, 540, url=PICTURE),
    FOOTAGE: SeedFootage("footage", "f" * 64, "video/mp4", ".mp4", 1280, 720, 96, Fraction(24), Fraction(4), 999),
}
MAYA = {"id": "maya", "description": "a woman with a red scarf", "images": [PICTURE]}


def scene(name: str, **fields: Any) -> dict[str, Any]:
    return {"id": name, "prompt": f"what is seen in {name}", **fields}


def film(*scenes: dict[str, Any], **fields: Any) -> Production:
    return Production.model_validate({"title": "A Film", "model": "ray-flash-2", "scenes": list(scenes), **fields})


def plan(production: Production, **options: Any) -> Plan:
    return draw_plan(production, **({"prices": PRICES, "images": SEEDS, "seller": "luma"} | options))


def sent(drawn: Plan, shot_id: str) -> dict[str, Any]:
    """What goes over the wire for a shot: images and clips by a URL of their name, generations by ``g-`` and a shot."""

    def given(source: Source) -> Given:
        match source.kind:
            case "shot":
                return {"generation_id": f"g-{source.ref}"}
            case "generation":
                return {"generation_id": source.ref}
            case "image" | "footage" | "first" | "last" if shot.api == "agents":
                return {"file_id": f"{source.kind}-{source.ref[:8]}"}
            case kind:
                return {"url": f"https://{kind}/{source.ref[:8]}"}

    shot = drawn.shot(shot_id)
    return wire_request(shot, {source: given(source) for source in shot.sources})


def test_an_upgrade_buys_nothing_again() -> None:
    """The keys of what earlier versions could buy are what they were: a purchase outlives the program."""
    drawn = plan(film(
        scene("a", start_image=PICTURE, camera=["orbit"]), scene("b", continue_from="a", duration=14),
        scene("c", loop=True), scene("d", continue_from="b", lead_into="c", take=3, resolution="1080p"),
        scene("e", generation="gen-1"), scene("f", continue_from="e", end_image=PICTURE),
    ))  # fmt: skip
    assert {s.id: s.key[:12] for s in drawn.shots} == {
        "a": "46778b049db1", "b.1": "0040c01feb6c", "b.2": "72acd79cbee4", "c": "5d677120b4d3",
        "d": "e2cb53d5a4da", "e": "48277400fa00", "f": "b769dd367c1c",
    }  # fmt: skip


def test_ray_3_is_asked_of_the_second_api() -> None:
    """Model by its newest name, tiers and frames in ``video``, the camera as words in the prompt."""
    drawn = plan(film(scene("a", model="ray-3", resolution="360p", camera=["push_in"], start_image=PICTURE)))
    (shot,) = drawn.shots
    assert (shot.api, shot.endpoint, shot.quote.usd) == ("agents", "video", Decimal("0.06"))
    assert sent(drawn, "a") == {
        "model": "ray-3.2", "prompt": shot.prompt, "aspect_ratio": "16:9",
        "video": {"resolution": "360p", "duration": "5s", "start_frame": {"file_id": "image-aaaaaaaa"}},
    }  # fmt: skip
    assert shot.prompt == "what is seen in a. The camera pushes in slowly."


def test_ray_3_lengths() -> None:
    """A first clip may last 10 s; one that continues another, or has a given frame, 5 s. A loop is one clip of 5 s."""
    three = {"model": "ray-3", "resolution": "540p"}
    drawn = plan(film(
        scene("long", duration=18, **three), scene("framed", duration=9, start_image=PICTURE, **three),
        scene("ends", duration=10, end_image=PICTURE, **three), scene("loop", loop=True, **three),
    ))  # fmt: skip
    lengths = {name: [int(s.seconds) for s in drawn.shots if s.scene == name] for name in ("long", "framed", "ends")}
    assert lengths == {"long": [10, 5, 5], "framed": [5, 5], "ends": [5, 5]}
    assert sent(drawn, "long.2")["video"]["start_frame"] == {"generation_id": "g-long.1"}
    assert "start_frame" not in sent(drawn, "ends.1")["video"]
    assert sent(drawn, "ends.2")["video"]["end_frame"] == {"file_id": "image-aaaaaaaa"}
    assert sent(drawn, "loop")["video"] == {"resolution": "540p", "duration": "5s", "loop": True}


def test_high_dynamic_range_with_guides() -> None:
    """HDR with EXR frames, and pictures that the clip passes through, by frame; at twice the price."""
    guides = [{"at": 0, "image": PICTURE}, {"at": 2.5, "image": PICTURE}]
    drawn = plan(film(scene("a", model="ray-3", hdr=True, exr=True, duration=10, guides=guides)))
    video = sent(drawn, "a")["video"]
    assert (video["hdr"], video["exr_export"], video["duration"]) == (True, True, "10s")
    assert (video["keyframe_indexes"], len(video["keyframes"])) == ([0, 60], 2)
    assert drawn.shots[0].quote.usd == 2 * PRICES.quote("ray-3", "720p", 10).usd
    with pytest.raises(BadInput, match=r"scene 'a', field 'duration'.*cannot be continued"):
        plan(film(scene("a", model="ray-3", hdr=True, duration=12)))


@pytest.mark.parametrize(("first", "second"), [("ray-2", "ray-3"), ("ray-3", "ray-flash-2")])
def test_a_continuation_across_the_apis_is_a_picture(first: str, second: str) -> None:
    """The parent's last frame goes over as a picture, and the plan says so."""
    drawn = plan(film(scene("a", model=first), scene("b", model=second, continue_from="a", lead_into="c"),
                      scene("c", model=first)))  # fmt: skip
    b = drawn.shot("b")
    assert (b.start, b.end) == (Source("last", "a"), Source("first", "c"))
    assert set(b.parents) == {"a", "c"}
    assert b.request["keyframes"]["frame0"] == {"type": "last", "order": drawn.shot("a").key}
    assert [n for n in drawn.notes if "different APIs" in n and f"({second})" in n]


def test_extension_of_an_existing_generation_and_back() -> None:
    """A generation by its id, made anywhere: forward as the first frame, backward as the last; both as a bridge."""
    drawn = plan(film(scene("on", continue_from=PARENT), scene("before", lead_into=PARENT),
                      scene("bridge", continue_from="on", lead_into="before")))  # fmt: skip
    assert sent(drawn, "on")["keyframes"] == {"frame0": {"type": "generation", "id": PARENT}}
    assert sent(drawn, "before")["keyframes"] == {"frame1": {"type": "generation", "id": PARENT}}
    frames = sent(drawn, "bridge")["keyframes"]
    assert (frames["frame0"]["id"], frames["frame1"]["id"]) == ("g-on", "g-before")


def test_a_character_is_a_still_first() -> None:
    """A photon still with the reference pictures, then the clip from that still: two purchases, both priced."""
    drawn = plan(film(scene("a", character="maya", camera=["pan_left"]), characters=[MAYA]))
    still, clip = drawn.shots
    assert (still.id, still.model, still.is_still, still.quote.usd) == (
        "a.still", "photon-flash-1", True, Decimal("0.01")
    )  # fmt: skip
    assert sent(drawn, "a.still") == {
        "model": "photon-flash-1", "aspect_ratio": "16:9",
        "prompt": "what is seen in a. a woman with a red scarf.",
        "character_ref": {"identity0": {"images": ["https://image/aaaaaaaa"]}},
    }  # fmt: skip
    assert clip.parents == ("a.still",)
    assert sent(drawn, "a")["keyframes"] == {"frame0": {"type": "image", "url": "https://still/a.still"}}
    assert drawn.cuts[0].shots == ("a",)


def test_a_character_on_ray_3_is_a_uni_1_still() -> None:
    """The second API draws it from ``image_ref``, and the clip starts from the still by its URL."""
    drawn = plan(film(scene("a", model="ray-3", character="maya"), characters=[MAYA]))
    still = sent(drawn, "a.still")
    assert (still["model"], still["image_ref"]) == ("uni-1", [{"file_id": "image-aaaaaaaa"}])
    assert sent(drawn, "a")["video"]["start_frame"] == {"url": "https://still/a.still"}


def chained(length: int, **fields: Any) -> Production:
    scenes = [scene("s0", character="maya")]
    scenes += [scene(f"s{n}", character="maya", continue_from=f"s{n - 1}") for n in range(1, length)]
    return film(*scenes, characters=[MAYA], **fields)


def test_a_chain_inherits_its_character_and_is_anchored_again() -> None:
    """Only the first scene starts from a still; after ``reanchor`` clips a fresh one becomes a scene's last frame."""
    drawn = plan(chained(7))
    assert [s.id for s in drawn.shots if s.is_still] == ["s0.still", "s3.still", "s6.still"]
    assert (drawn.shot("s3").start, drawn.shot("s3").end) == (Source("shot", "s2"), Source("still", "s3.still"))
    assert not [n for n in drawn.notes if "drift" in n]
    late = plan(chained(5, reanchor=50))
    assert [s.id for s in late.shots if s.is_still] == ["s0.still"]
    assert [n for n in late.notes if "ends 3 clips after the last still" in n and "scene 's3'" in n]


def test_a_character_who_comes_in_later() -> None:
    """Somebody who is not in the scene before appears in its last frame; where that is taken, the plan warns."""
    drawn = plan(film(scene("a"), scene("b", continue_from="a", character="maya"),
                      scene("c", continue_from="a", lead_into="a2", character="maya"), scene("a2"),
                      characters=[MAYA]))  # fmt: skip
    assert drawn.shot("b").end == Source("still", "b.still")
    assert [n for n in drawn.notes if "scene 'c'" in n and "not in the scene that it goes on from" in n]


def test_footage_is_modified() -> None:
    """A modify of the first API: footage by URL, one of nine strengths, a start image as first frame; by its length."""
    drawn = plan(film(scene("a", modify=FOOTAGE, strength="reimagine_2", start_image=PICTURE)))
    assert sent(drawn, "a") == {
        "model": "ray-flash-2", "prompt": "what is seen in a", "mode": "reimagine_2",
        "generation_type": "modify_video", "media": {"url": "https://footage/ffffffff"},
        "first_frame": {"url": "https://image/aaaaaaaa"},
    }  # fmt: skip
    assert drawn.shots[0].quote.usd == PRICES.quote_edit("ray-flash-2", "720p", 96).usd
    assert (drawn.shots[0].seconds, drawn.cuts[0].frames) == (4, None)


def test_another_scene_s_clip_is_modified() -> None:
    """Clip by clip: on the first API by its URL, on the second by its generation, from one to the other by URL."""
    drawn = plan(film(scene("a", duration=14), scene("old", modify="a"), scene("three", model="ray-3"),
                      scene("storm", model="ray-3", modify="three", strength="flex_2"),
                      scene("mixed", model="ray-3", modify="a")))  # fmt: skip
    assert [s.id for s in drawn.shots if s.scene == "old"] == ["old.1", "old.2"]
    assert sent(drawn, "old.2")["media"] == {"url": "https://clip/a.2"}
    assert sent(drawn, "storm") == {
        "model": "ray-3.2", "prompt": "what is seen in storm", "source": {"generation_id": "g-three"},
        "video": {"resolution": "720p", "edit": {"strength": "flex_2"}},
    }  # fmt: skip
    assert sent(drawn, "mixed.1")["source"] == {"url": "https://clip/a.1", "media_type": "video/mp4"}


def test_footage_that_is_too_long_is_said_before_anything_is_paid() -> None:
    """10 s for ray-2, 15 s for ray-flash-2, 18 s for ray-3."""
    long = {FOOTAGE: SeedFootage("f", "f" * 64, "video/mp4", ".mp4", 1280, 720, 288, Fraction(24), Fraction(12), 9)}
    plan(film(scene("a", modify=FOOTAGE)), images=long)
    with pytest.raises(BadInput, match=r"scene 'a', field 'modify': its footage lasts 12.00 s, and ray-2 changes 10 s"):
        plan(film(scene("a", modify=FOOTAGE, model="ray-2")), images=long)


def test_finishing_steps_are_shots_of_their_own() -> None:
    """In another shape, then larger, then with sound: each a purchase, the last one in the film."""
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
    assert [(s.model, s.resolution, s.hdr) for s in cheap.shots] == [
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
    """Asked for the whole film, it holds for the scenes whose clips it is possible for; the plan names the others."""
    drawn = plan(film(scene("a"), scene("b", model="ray-3"), scene("c", resolution="1080p"), upscale="1080p"))
    assert [c.shots for c in drawn.cuts] == [("a.large",), ("b",), ("c",)]
    assert drawn.notes == ("scene 'b': clips of ray-3 cannot be upscaled: it stays 720p",)


def test_a_pinned_generation_is_continued() -> None:
    """A scene that shows an existing generation, and one that goes on from its id, or leads to it, are one movement."""
    drawn = plan(film(scene("before", lead_into=PARENT), scene("there", generation=PARENT),
                      scene("after", continue_from=PARENT)))  # fmt: skip
    before, there, after = drawn.cuts
    assert drawn.continues(before, there)
    assert drawn.continues(there, after)
    assert not drawn.continues(before, after)


@pytest.mark.parametrize("fields", [{"hdr": True}, {"guides": [{"at": 1, "image": PICTURE}]}])
def test_a_chain_ties_the_first_frame_too(fields: dict[str, Any]) -> None:
    """What cannot begin on another clip's frame is refused where only ``chain`` makes it do so; the first scene may."""
    film(scene("a", model="ray-3", **fields), chain=True)
    with pytest.raises(ValueError, match="cannot be combined with chain"):
        film(scene("a"), scene("b", model="ray-3", **fields), chain=True)
