"""The plan: the order of shots, the keys of purchases, and the shots that an edit buys again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from studio.failures import FailureClass
from studio.ledger.values import OrderRow, OrderState
from studio.planning import as_draft
from studio.planning.plan import Plan, Shot, ShotState, Source
from studio.production import Production
from tests.support.planned import wire
from tests.support.productions import IMAGE, film, plan, scene


def chain(length: int, **fields: Any) -> Production:
    scenes = [scene("s0")] + [scene(f"s{n}", continue_from=f"s{n - 1}") for n in range(1, length)]
    return film(*scenes, **fields)


def keys(drawn: Plan) -> dict[str, str]:
    return {s.id: s.key for s in drawn.shots}


def test_parents_come_before_their_children() -> None:
    """In any order of scenes, a shot comes after everything that it is made from."""
    drawn = plan(film(
        scene("c", continue_from="b", lead_into="d"), scene("b", continue_from="a"), scene("a"), scene("d"),
    ))  # fmt: skip
    seen: set[str] = set()
    for shot in drawn.shots:
        assert set(shot.parents) <= seen
        seen.add(shot.id)
    assert [cut.scene for cut in drawn.cuts] == ["c", "b", "a", "d"]


def test_a_continuation_is_a_generation_keyframe() -> None:
    """``continue_from`` starts at the parent's generation, ``lead_into`` ends at the other's; both are sent by id."""
    drawn = plan(film(scene("a"), scene("b"), scene("bridge", continue_from="a", lead_into="b")))
    bridge = drawn.shot("bridge")
    assert (bridge.start, bridge.end) == (Source("shot", "a"), Source("shot", "b"))
    sent = wire(bridge, {Source("shot", "a"): {"generation_id": "g-a"}, Source("shot", "b"): {"generation_id": "g-b"}})
    assert sent["keyframes"] == {
        "frame0": {"type": "generation", "id": "g-a"}, "frame1": {"type": "generation", "id": "g-b"},
    }  # fmt: skip
    assert (sent["resolution"], sent["duration"], sent["aspect_ratio"]) == ("720p", "5s", "16:9")


def test_an_image_is_named_by_its_content() -> None:
    """A purchase contains an image's hash, never its URL, so a newly signed URL is the same purchase."""
    production = film(scene("a", start_image="https://x.example/p.png"))
    one = plan(production)
    other = plan(production, images={"https://x.example/p.png": replace(IMAGE, url="https://x.example/p.png?sig=2")})
    changed = plan(production, images={"https://x.example/p.png": replace(IMAGE, sha256="b" * 64)})
    assert keys(one) == keys(other) != keys(changed)
    assert "sig" not in str(one.shots[0].request)
    sent = wire(one.shots[0], {Source("image", "a" * 64): {"url": "https://signed"}})
    assert sent["keyframes"]["frame0"] == {"type": "image", "url": "https://signed"}


def test_the_key_of_a_purchase_is_stable() -> None:
    """Keys made by earlier versions do not change: a change would buy every shot again."""
    drawn = plan(film(scene("a"), scene("b", continue_from="a", loop=True, camera=["push_in"])))
    assert keys(drawn) == {
        "a": "7f264d2999ea2a73b27074c5112da34ae2865eafe476b5c74fcc3aa17df61721",
        "b": "e9e74a3b78b724f3658d9bf26e17e6ee0b52aeb8663f9c57a3b93b07b4cc14f5",
    }


def test_an_edit_buys_what_changed_and_its_descendants() -> None:
    """In a chain of twelve, another prompt in the seventh makes new purchases of the seventh to the twelfth alone."""
    before = chain(12)
    edited = [s.model_dump() for s in before.scenes]
    edited[6]["prompt"] += ", at night"
    after = film(*edited)
    changed = [i for i, key in keys(plan(before)).items() if keys(plan(after))[i] != key]
    assert changed == [f"s{n}" for n in range(6, 12)]


@pytest.mark.parametrize(
    "change",
    [{"title": "Another Title"}, {"slug": "elsewhere"}, {"budget": "5.00"}, {"film": {"audio": "none"}}],
)
def test_what_is_not_sent_buys_nothing(change: dict[str, Any]) -> None:
    """Title, slug, budget and film options are not part of a purchase."""
    assert keys(plan(chain(2))) == keys(plan(chain(2, **change)))


@pytest.mark.parametrize(
    "change",
    [{"model": "ray-flash-2"}, {"resolution": "1080p"}, {"aspect_ratio": "9:16"}, {"duration": 9}],
)
def test_what_is_sent_is_part_of_the_purchase(change: dict[str, Any]) -> None:
    """Model, resolution, ratio and duration each make another purchase."""
    assert not set(keys(plan(chain(2))).values()) & set(keys(plan(chain(2, **change))).values())


def test_realms_and_takes_and_drafts_never_share_an_order() -> None:
    """The sandbox's clip never stands in for Luma's, a draft never for the final, a take never for another."""
    production = chain(2)
    variants = [
        plan(production), plan(production, realm="sandbox"), plan(production, takes={"s0": 2, "s1": 2}),
        plan(as_draft(production)),
    ]  # fmt: skip
    assert len({key for v in variants for key in keys(v).values()}) == 8
    assert {s.quote.usd for s in variants[3].shots} == {Decimal("0.14")}


def test_a_new_take_of_a_parent_is_another_child_too() -> None:
    """Re-rolling a parent makes its descendants new purchases, and leaves its siblings."""
    production = film(scene("a"), scene("b", continue_from="a"), scene("c"))
    before, after = keys(plan(production)), keys(plan(production, takes={"a": 2}))
    assert [i for i in before if before[i] != after[i]] == ["a", "b"]
    assert plan(production).shot("a").family == plan(production, takes={"a": 2}).shot("a").family


def test_a_long_scene_is_a_chain_of_clips() -> None:
    """23 seconds are bought as 9 + 9 + 5, each continuing the one before; the next scene continues from the last."""
    drawn = plan(film(scene("long", duration=23), scene("next", continue_from="long")))
    assert [(s.id, s.seconds, s.parents) for s in drawn.shots] == [
        ("long.1", 9, ()), ("long.2", 9, ("long.1",)), ("long.3", 5, ("long.2",)), ("next", 5, ("long.3",)),
    ]  # fmt: skip
    assert drawn.cuts[0].frames is None


@pytest.mark.parametrize(
    ("scenes", "trim"),
    [
        ([scene("a", duration=7)], "tail"),
        ([scene("a", duration=7), scene("b", continue_from="a")], "head"),
        ([scene("z"), scene("a", duration=7, continue_from="z")], "tail"),
    ],
)
def test_a_scene_is_trimmed_where_nothing_holds_on(scenes: list[dict[str, Any]], trim: str) -> None:
    """A scene of 7 seconds is trimmed from a clip of 9, at the side that no other scene continues from."""
    drawn = plan(film(*scenes))
    cut = next(c for c in drawn.cuts if c.scene == "a")
    assert (cut.frames, cut.trim, drawn.notes) == (168, trim, ())


def test_a_long_loop_is_bought_once_and_played_again() -> None:
    """A loop of 20 seconds is one clip of 5, played four times; one of 13 is a clip of 9, played again in part."""
    drawn = plan(film(scene("a", duration=20, loop=True), scene("b", duration=13, loop=True)))
    assert [(s.id, s.seconds) for s in drawn.shots] == [("a", 5), ("b", 9)]
    assert [(c.repeat, c.frames) for c in drawn.cuts] == [(True, 480), (True, 312)]


def test_an_existing_generation_is_bought_by_nobody() -> None:
    """A pinned scene costs nothing, and a scene that continues it names its generation."""
    drawn = plan(film(scene("a", generation="123e4567-e89b-12d3-a456-426614174000"), scene("b", continue_from="a")))
    assert drawn.shot("a").state is ShotState.PINNED
    assert drawn.to_pay == Decimal("0.71")
    assert drawn.shot("b").start == Source("generation", "123e4567-e89b-12d3-a456-426614174000")
    assert drawn.shot("b").parents == ()


def test_equal_scenes_are_one_purchase() -> None:
    """Two equal scenes are paid once; another take of one is another purchase."""
    same = {"prompt": "the same sea"}
    assert plan(film(scene("a", **same), scene("b", **same))).to_pay == Decimal("0.71")
    assert plan(film(scene("a", **same), scene("b", take=2, **same))).to_pay == Decimal("1.42")


def test_only_keeps_what_a_scene_is_made_from() -> None:
    """``only`` makes the scene and its ancestors, and puts only the scene into the film."""
    drawn = plan(chain(4), only=("s2",))
    assert [s.id for s in drawn.shots] == ["s0", "s1", "s2"]
    assert [c.scene for c in drawn.cuts] == ["s2"]


def order(shot: Shot, state: OrderState, **fields: Any) -> OrderRow:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    intent = shot.intent("film", "luma-1")
    values = {name: getattr(intent, name) for name in intent.__dataclass_fields__}
    values |= {
        "state": state, "attempt": 1, "run": "r", "generation_id": "g", "reason": None, "holder": None,
        "lease_until": None, "reserved_at": now, "submitted_at": now, "finished_at": None, "clip": None,
    }  # fmt: skip
    return OrderRow(**(values | fields))


@pytest.mark.parametrize(
    ("state", "fields", "seen", "to_pay"),
    [
        (OrderState.COMPLETED, {"clip": "here"}, ShotState.CACHED, "0.00"),
        (OrderState.COMPLETED, {"clip": "lost"}, ShotState.PAID, "0.00"),
        (OrderState.SUBMITTED, {}, ShotState.IN_FLIGHT, "0.00"),
        (OrderState.RESERVED, {}, ShotState.IN_DOUBT, "0.00"),
        (OrderState.IN_DOUBT, {}, ShotState.IN_DOUBT, "0.00"),
        (OrderState.RELEASED, {}, ShotState.NEW, "0.71"),
        (OrderState.FAILED, {"reason": "Job failed"}, ShotState.NEW, "0.71"),
        (OrderState.FAILED, {"failure": FailureClass.MODERATION}, ShotState.REFUSED, "0.00"),
        (OrderState.GONE, {}, ShotState.GONE, "0.00"),
    ],
)
def test_states_come_from_the_books(state: OrderState, fields: dict[str, Any], seen: ShotState, to_pay: str) -> None:
    """Each state of an order gives one state of its shot, and only shots that are not paid for are to pay."""
    drawn = plan(film(scene("a")))
    shot = drawn.shots[0]
    known = drawn.seen_in({shot.key: order(shot, state, **fields)}, lambda sha: sha == "here")
    assert known.shots[0].state is seen
    assert known.to_pay == Decimal(to_pay)


def test_a_thousand_scenes_in_one_chain() -> None:
    """A chain of a thousand is planned without recursion; its last shot has its parent."""
    drawn = plan(chain(1000))
    assert drawn.shots[-1].parents == ("s998",)
    assert drawn.total == Decimal("710.00")
