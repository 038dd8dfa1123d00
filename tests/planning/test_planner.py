"""The planner: every feature of both APIs as purchases, with the request and the price of each."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from studio.assets import SeedFootage
from studio.errors import BadInput
from studio.planning.plan import Plan, Source
from studio.production import Production
from tests.support.planned import FOOTAGE, MAYA, PARENT, PICTURE, PRICES, film, plan, scene, sent


def test_an_upgrade_buys_nothing_again() -> None:
    """The keys of everything that earlier versions could buy are unchanged, so no upgrade buys a shot again."""
    written = film(
        scene("a", start_image=PICTURE, camera=["orbit"]), scene("b", continue_from="a", duration=14),
        scene("c", loop=True), scene("d", continue_from="b", lead_into="c", take=3, resolution="1080p"),
        scene("e"), scene("f", continue_from="e", end_image=PICTURE),
    )  # fmt: skip
    there = {"e": {"generation": "gen-1"}}  # which earlier versions took, whatever the service calls its generations
    scenes = tuple(s.model_copy(update=there.get(s.id, {})) for s in written.scenes)
    drawn = plan(written.model_copy(update={"scenes": scenes}))
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


THREE = {"model": "ray-3", "resolution": "540p"}


def lengths_of(drawn: Plan) -> dict[str, list[int]]:
    return {cut.scene: [int(s.seconds) for s in drawn.shots if s.scene == cut.scene] for cut in drawn.cuts}


def test_ray_3_lengths() -> None:
    """The cheapest clips: 10 s cost three times as much as 5 s, so all have 5 s; a loop is one clip of 5 s."""
    drawn = plan(film(
        scene("long", duration=18, **THREE), scene("framed", duration=9, start_image=PICTURE, **THREE),
        scene("ends", duration=10, end_image=PICTURE, **THREE), scene("loop", loop=True, **THREE),
    ))  # fmt: skip
    assert lengths_of(drawn) == {"long": [5, 5, 5, 5], "framed": [5, 5], "ends": [5, 5], "loop": [5]}
    assert sum(s.quote.usd for s in drawn.shots) == Decimal("0.15") * 9
    assert sent(drawn, "long.2")["video"]["start_frame"] == {"generation_id": "g-long.1"}
    assert "start_frame" not in sent(drawn, "ends.1")["video"]
    assert sent(drawn, "loop")["video"] == {"resolution": "540p", "duration": "5s", "loop": True}
    assert drawn.notes == (
        "scenes 'long', 'framed', 'ends' have the cheapest clips: 8 for $1.20; "
        "with `clips: longest` they would be 5 for $1.65",
    )


def test_the_longest_clips_on_wish() -> None:
    """`clips: longest` takes the fewest clips; a picture in a clip of 10 s is sent by its frame number."""
    drawn = plan(film(
        scene("long", duration=18, **THREE), scene("framed", duration=9, start_image=PICTURE, **THREE),
        scene("ends", duration=10, end_image=PICTURE, **THREE), scene("short", duration=9, clips="cheapest", **THREE),
        scene("flash", duration=14), clips="longest",
    ))  # fmt: skip
    assert lengths_of(drawn) == {"long": [10, 5, 5], "framed": [10], "ends": [10], "short": [5, 5], "flash": [9, 5]}
    picture = [{"file_id": "image-aaaaaaaa"}]
    assert sent(drawn, "framed")["video"] == {
        "resolution": "540p", "duration": "10s", "keyframes": picture, "keyframe_indexes": [0],
    }  # fmt: skip
    assert sent(drawn, "ends")["video"] == {
        "resolution": "540p", "duration": "10s", "keyframes": picture, "keyframe_indexes": [240],
    }  # fmt: skip
    assert drawn.notes == (
        "scene 'short' has the cheapest clips: 2 for $0.30; with `clips: longest` they would be 1 for $0.45",
        "scenes 'long', 'framed', 'ends' have the longest clips: 5 for $1.65; "
        "with `clips: cheapest` they would be 8 for $1.20",
    )


def test_both_ends_of_a_clip_of_ray_3_are_pictures() -> None:
    """A request takes one generation alone, so a bridge, an end picture or a fresh still has our frame instead."""
    drawn = plan(film(
        scene("a", **THREE), scene("bridge", continue_from="a", lead_into="c", **THREE), scene("c", **THREE),
        scene("ended", continue_from="c", duration=10, end_image=PICTURE, **THREE),
        scene("outside", continue_from=PARENT, lead_into="a", **THREE),
        scene("who", continue_from="c", character="maya", **THREE), characters=[MAYA],
    ))  # fmt: skip
    assert (drawn.shot("bridge").start, drawn.shot("bridge").end) == (Source("last", "a"), Source("first", "c"))
    assert (drawn.shot("ended.1").start, drawn.shot("ended.1").end) == (Source("shot", "c"), None)
    assert drawn.shot("ended.2").start == Source("last", "ended.1")
    assert drawn.shot("outside").start == Source("last", "outside.from")
    assert (drawn.shot("outside.from").generation, drawn.shot("outside.from").to_pay) == (PARENT, 0)
    assert (drawn.shot("who").start, drawn.shot("who").end) == (Source("last", "c"), Source("still", "who.still"))
    for shot in drawn.shots:
        if shot.endpoint == "video" and not shot.generation:
            frames = [sent(drawn, shot.id)["video"].get(name) for name in ("start_frame", "end_frame")]
            by_id = [frame for frame in frames if frame and "generation_id" in frame]
            assert not by_id or frames.count(None) == 1
    before = {cut.scene: cut for cut in drawn.cuts}
    assert drawn.continues(before["a"], before["bridge"])
    assert drawn.continues(before["bridge"], before["c"])


def test_one_generation_alone_is_an_extension() -> None:
    """Forward or backward, a generation is given by its id, in a plain clip of 5 s."""
    drawn = plan(film(scene("a", **THREE), scene("b", continue_from="a", loop=True, **THREE),
                      scene("c", lead_into=PARENT, **THREE)))  # fmt: skip
    assert sent(drawn, "b")["video"]["start_frame"] == {"generation_id": "g-a"}
    assert sent(drawn, "c")["video"]["end_frame"] == {"generation_id": PARENT}


def test_high_dynamic_range_with_guides() -> None:
    """A clip in HDR with EXR frames, and with guide pictures by frame, costs three times the price."""
    guides = [{"at": 0, "image": PICTURE}, {"at": 2.5, "image": PICTURE}]
    drawn = plan(
        film(scene("a", model="ray-3", hdr=True, exr=True, guides=guides), scene("b", model="ray-3", hdr=True))
    )
    video = sent(drawn, "a")["video"]
    assert (video["hdr"], video["exr_export"], video["duration"]) == (True, True, "5s")
    assert (video["keyframe_indexes"], len(video["keyframes"])) == ([0, 60], 2)
    assert [s.quote.usd for s in drawn.shots] == [Decimal("0.90"), Decimal("0.60")]


def test_guides_keep_a_scene_in_one_clip() -> None:
    """A guide's frame counts within one clip, so a scene with guides is one clip, even where two would cost less."""
    drawn = plan(film(scene("a", duration=8, guides=[{"at": 7, "image": PICTURE}], **THREE)))
    assert lengths_of(drawn) == {"a": [10]}
    assert sent(drawn, "a")["video"]["keyframe_indexes"] == [168]


def test_pictures_in_high_dynamic_range() -> None:
    """In HDR a picture, or another clip's frame, is sent by its frame number, and never a generation's id."""
    three = {"model": "ray-3", "hdr": True}
    drawn = plan(film(
        scene("a", model="ray-3"), scene("b", continue_from="a", **three),
        scene("c", start_image=PICTURE, end_image=PICTURE, **three), scene("d", character="maya", **three),
        characters=[MAYA],
    ))  # fmt: skip
    assert sent(drawn, "b")["video"]["keyframes"] == [{"file_id": "last-a"}]
    assert sent(drawn, "c")["video"]["keyframe_indexes"] == [0, 120]
    assert sent(drawn, "d")["video"]["keyframes"] == [{"url": "https://still/d.still"}]
    assert not {"start_frame", "end_frame"} & {name for s in "bcd" for name in sent(drawn, s)["video"]}


@pytest.mark.parametrize(
    "beside",
    [{"continue_from": PARENT, "lead_into": "a"}, {"lead_into": "a"}, {"continue_from": "a", "character": "maya"}],
)
def test_both_ends_of_a_clip_in_high_dynamic_range(beside: dict[str, str]) -> None:
    """A bridge, a clip that leads into another and a fresh still are keyframes in HDR as well, at the price of HDR."""
    drawn = plan(film(
        scene("a", model="ray-3"), scene("b", model="ray-3", hdr=True, **beside), characters=[MAYA],
    ))  # fmt: skip
    anchored = {"keyframes", "keyframe_indexes", "hdr", "resolution", "duration"}
    assert (drawn.shot("b").quote.usd, set(sent(drawn, "b")["video"])) == (Decimal("0.60"), anchored)


def test_how_footage_is_modified_by_ray_3() -> None:
    """Controls, automatic ones, and pictures at frames of the footage, as the service names them."""
    drawn = plan(film(
        scene("auto", modify=FOOTAGE, auto_controls=True, model="ray-3"),
        scene("some", modify=FOOTAGE, model="ray-3", hdr=True, resolution="360p",
              controls={"pose": "precise", "depth": 0.3, "normals": False, "trajectory": True, "face": "yes"}),
        scene("guided", modify=FOOTAGE, model="ray-3", strength="adhere_2", guides=[{"at": 1, "image": PICTURE}]),
    ))  # fmt: skip
    assert sent(drawn, "auto")["video"]["edit"] == {"auto_controls": True}
    assert sent(drawn, "some")["video"]["edit"] == {"controls": {
        "pose": {"enabled": True, "strength": "precise"}, "depth": {"enabled": True, "blur": 0.3},
        "normals": {"enabled": False}, "trajectory": {"enabled": True}, "face": {"enabled": True},
    }}  # fmt: skip
    assert sent(drawn, "guided")["video"]["edit"] == {
        "strength": "adhere_2", "keyframes": [{"file_id": "image-aaaaaaaa"}], "keyframe_indexes": [24],
    }  # fmt: skip
    assert [s.quote.usd for s in drawn.shots] == [Decimal("1.08"), Decimal("1.08"), Decimal("1.08")]
    assert len({s.key for s in drawn.shots}) == 3
    with pytest.raises(BadInput, match=r"scene 'late', field 'guides', number 1: 4.5 s is after the end"):
        plan(film(scene("late", modify=FOOTAGE, model="ray-3", guides=[{"at": 4.5, "image": PICTURE}])))


#: Orders as earlier versions named them.
EARLIER = {
    "a": "3a85c033c78b4d1ddf8ccfc05ba7b639c9178329619d5b0223b63742d7742c57",
    "c": "c1000ecb01ac168e02ff2c82dcadad12ce290d0b9e959e175aea13103d32c2ae",
    "bridge": "3c6eaf6eaa61a73ae30acca9bde228473fcec661836a7407b725580157dbb5b7",
    "who.still": "d89b1bacbf56eee35c2f8a3fa2d8ff4a362d6eac6699378510cb8aa34695069e",
    "who": "abca2e4a9f232071ed0af8caa9c8199ba5477d187fefd1d028e59a9fb9d4e753",
    "mixed.1": "a607cc31a5e4dbd421329cba77336c8e4a7dce3089cd5d60df429033e35cddf2",
    "mixed.2": "70070ea1922d56fad81e543fc8f87652b39fc912496f202e2a2cb09b6f3089d3",
}


def test_what_was_bought_in_its_earlier_form_is_used() -> None:
    """A clip of 10 s, a bridge by ids or a still beside a generation that was bought is not bought again."""
    scenes = (
        scene("a", duration=10, **THREE), scene("bridge", continue_from="a", lead_into="c", **THREE),
        scene("c", **THREE), scene("who", continue_from="c", character="maya", **THREE),
        scene("mixed", duration=14, **THREE),
    )  # fmt: skip
    production = film(*scenes, characters=[MAYA])
    drawn = plan(production, held=set(EARLIER.values()).__contains__)
    assert {s.id: s.key for s in drawn.shots} == EARLIER
    assert sent(drawn, "bridge")["video"]["start_frame"] == {"generation_id": "g-a"}
    fresh = plan(production)
    assert not {s.key for s in fresh.shots if s.scene in ("a", "bridge", "mixed")} & set(EARLIER.values())


def test_long_clips_are_bought_on_wish_however_many_short_ones_there_are() -> None:
    """`clips: longest` gives the long clip, even after two short ones were bought."""
    short = plan(film(scene("a", duration=10, **THREE)))
    production = film(scene("a", duration=10, clips="longest", **THREE))
    assert lengths_of(plan(production, held={s.key for s in short.shots}.__contains__)) == {"a": [10]}


def test_half_of_an_earlier_form_is_finished_where_that_costs_less() -> None:
    """A clip missing after a bought one of 10 s is bought alone, in place of three clips of 5 s."""
    production = film(scene("mixed", duration=14, **THREE))
    drawn = plan(production, held={EARLIER["mixed.1"]}.__contains__)
    assert lengths_of(drawn) == {"mixed": [10, 5]}
    assert lengths_of(plan(production)) == {"mixed": [5, 5, 5]}


@pytest.mark.parametrize(("first", "second"), [("ray-2", "ray-3"), ("ray-3", "ray-flash-2")])
def test_a_continuation_across_the_apis_is_a_picture(first: str, second: str) -> None:
    """The parent's last frame is sent to the other API as a picture, and the plan says so."""
    drawn = plan(film(scene("a", model=first), scene("b", model=second, continue_from="a", lead_into="c"),
                      scene("c", model=first)))  # fmt: skip
    b = drawn.shot("b")
    assert (b.start, b.end) == (Source("last", "a"), Source("first", "c"))
    assert set(b.parents) == {"a", "c"}
    assert b.request["keyframes"]["frame0"] == {"type": "last", "order": drawn.shot("a").key}
    assert [n for n in drawn.notes if "different APIs" in n and f"({second})" in n]


def test_extension_of_an_existing_generation_and_back() -> None:
    """A generation by its id is extended forward as the first frame, backward as the last, and by both as a bridge."""
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
    """The second API makes it from ``image_ref``, and the clip starts from the still by its URL."""
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
    """A character who is not in the scene before comes in by the last frame; if that is taken, the plan warns."""
    drawn = plan(film(scene("a"), scene("b", continue_from="a", character="maya"),
                      scene("c", continue_from="a", lead_into="a2", character="maya"), scene("a2"),
                      characters=[MAYA]))  # fmt: skip
    assert drawn.shot("b").end == Source("still", "b.still")
    assert [n for n in drawn.notes if "scene 'c'" in n and "not in the scene that it goes on from" in n]


def test_footage_is_modified() -> None:
    """The first API modifies footage by URL, with a strength and a start image, at a price by its length."""
    drawn = plan(film(scene("a", modify=FOOTAGE, strength="reimagine_2", start_image=PICTURE)))
    assert sent(drawn, "a") == {
        "model": "ray-flash-2", "prompt": "what is seen in a", "mode": "reimagine_2",
        "generation_type": "modify_video", "media": {"url": "https://footage/ffffffff"},
        "first_frame": {"url": "https://image/aaaaaaaa"},
    }  # fmt: skip
    assert drawn.shots[0].quote.usd == PRICES.quote_edit("ray-flash-2", "720p", 96).usd
    assert (drawn.shots[0].seconds, drawn.cuts[0].frames) == (4, None)


def test_another_scene_s_clip_is_modified() -> None:
    """Each clip is given to the first API by its URL, to the second by its generation, and across the two by URL."""
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
    """Footage longer than 10 s for ray-2, 15 s for ray-flash-2 or 18 s for ray-3 is refused."""
    long = {FOOTAGE: SeedFootage("f", "f" * 64, "video/mp4", ".mp4", 1280, 720, 288, Fraction(24), Fraction(12), 9)}
    plan(film(scene("a", modify=FOOTAGE)), images=long)
    with pytest.raises(BadInput, match=r"scene 'a', field 'modify': its footage lasts 12.00 s, and ray-2 changes 10 s"):
        plan(film(scene("a", modify=FOOTAGE, model="ray-2")), images=long)


def test_a_pinned_generation_is_continued() -> None:
    """A scene that shows an existing generation flows into one that continues from its id, or leads to it."""
    drawn = plan(film(scene("before", lead_into=PARENT), scene("there", generation=PARENT),
                      scene("after", continue_from=PARENT)))  # fmt: skip
    before, there, after = drawn.cuts
    assert drawn.continues(before, there)
    assert drawn.continues(there, after)
    assert not drawn.continues(before, after)


def test_a_chain_ties_the_first_frame_too() -> None:
    """A scene that cannot begin on another clip's frame is refused in a ``chain``, unless it is the first."""
    guides = [{"at": 1, "image": PICTURE}]
    film(scene("a", model="ray-3", guides=guides), chain=True)
    with pytest.raises(ValueError, match="cannot be combined with chain"):
        film(scene("a"), scene("b", model="ray-3", guides=guides), chain=True)
