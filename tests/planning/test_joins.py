"""Scenes that go on from one that is cut to its length: from the frame of the cut, and what was bought stays."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from studio.errors import BadInput
from studio.execution.session import Session, open_session
from studio.planning.plan import Plan, Shot, ShotState, Source
from studio.production import Production, parse_production
from studio.settings import load_settings
from tests.media.clips import moving, write_frames
from tests.support.planned import MAYA, PARENT, PICTURE, film, plan, scene, sent

#: The middle one is tied at both ends, and its two clips last 14 s.
CHAIN = (scene("a"), scene("b", duration=12, continue_from="a"), scene("c", continue_from="b"))
THREE = {"model": "ray-3", "resolution": "540p"}


def chain(**of_c: Any) -> Production:
    return film(*CHAIN[:2], scene("c", continue_from="b", **of_c))


def frames_of(drawn: Plan) -> dict[str, int | None]:
    return {cut.scene: cut.frames for cut in drawn.cuts}


def test_a_scene_goes_on_from_the_frame_at_which_its_parent_is_cut() -> None:
    """Of 14 s the film shows 12: the child starts from frame 71 of the second clip, sent as a picture."""
    drawn = plan(chain())
    assert drawn.shot("c").start == Source("cut", "b.2", 71, ("a", "b.1"))
    assert drawn.shot("c").request["keyframes"]["frame0"] == {
        "type": "cut", "order": drawn.shot("b.2").key, "frame": 71,
    }  # fmt: skip
    assert sent(drawn, "c")["keyframes"] == {"frame0": {"type": "image", "url": "https://cut/b.2"}}
    assert drawn.shot("c").parents == ("b.2", "a", "b.1")
    assert drawn.shot("c").made_from == ("b.2",)
    assert [c.shots for c in drawn.cut_at.values()] == [("b.1", "b.2")]
    assert frames_of(drawn) == {"a": None, "b": 288, "c": None}
    assert [note for note in drawn.notes if "scene 'c' goes on from the frame at which 'b' is cut, 2 s before" in note]


def test_whole_shows_all_of_the_parent() -> None:
    """`join: whole` cuts nothing where a scene goes on, and the child continues the generation, as it did before."""
    drawn = plan(chain(join="whole"))
    assert frames_of(drawn) == {"a": None, "b": None, "c": None}
    assert drawn.shot("c").start == Source("shot", "b.2")
    assert drawn.shot("c").key == plan(chain(join="generation")).shot("c").key
    assert plan(film(*CHAIN, join="whole")).cuts == drawn.cuts
    bridge = scene("bridge", duration=3, continue_from="a", lead_into="z")
    assert frames_of(plan(film(scene("a"), bridge, scene("z"))))["bridge"] == 72
    assert frames_of(plan(film(scene("a"), bridge | {"join": "whole"}, scene("z"))))["bridge"] is None


def test_from_the_end_of_the_clip_on_wish() -> None:
    """`join: generation` is what earlier versions did: the plan says that the seam will jump."""
    drawn = plan(chain(join="generation"))
    assert (drawn.shot("c").start, frames_of(drawn)["b"]) == (Source("shot", "b.2"), 288)
    assert [note for note in drawn.notes if "scene 'c' goes on from the end of 'b', 2 s after the film cuts it" in note]


def test_where_nothing_is_cut_nothing_changes() -> None:
    """A parent whose head is cut, or whose clips are used whole, is continued by its generation whatever is written."""
    for join in ({}, {"join": "frame"}, {"join": "whole"}):
        drawn = plan(film(scene("a", duration=7), scene("b", continue_from="a", **join)))
        assert (drawn.shot("b").start, drawn.cuts[0].trim, drawn.cuts[0].frames) == (Source("shot", "a"), "head", 168)
        assert plan(film(scene("a"), scene("b", continue_from="a", **join))).shot("b").start == Source("shot", "a")


@pytest.mark.parametrize(
    ("scenes", "child", "start"),
    [
        ([scene("a", duration=17, start_image=PICTURE), scene("b", continue_from="a")], "b", ("a.2", 191, ("a.1",))),
        ([scene("a", duration=12, loop=True), scene("b", continue_from="a")], "b", ("a", 71, ())),
        ([scene("a", duration=4, generation=PARENT), scene("b", continue_from="a")], "b", ("a", 95, ())),
        ([scene("a", duration=4, start_image=PICTURE), scene("b", continue_from="a", **THREE)], "b", ("a", 95, ())),
        ([scene("a", duration=4, start_image=PICTURE, **THREE), scene("b", continue_from="a", duration=9, **THREE,
          clips="longest")], "b", ("a", 95, ())),
        ([scene("a", duration=4, character="maya"), scene("b", continue_from="a", character="maya")], "b",
         ("a", 95, ())),
    ],
    ids=["17 s", "a loop played again", "an existing generation", "another API", "ten seconds", "a character"],
)  # fmt: skip
def test_every_kind_of_parent_that_is_cut(
    scenes: list[dict[str, Any]], child: str, start: tuple[str, int, tuple[str, ...]]
) -> None:
    """Clips in a chain, loops, existing generations and clips of the other API are all continued where they are cut."""
    drawn = plan(film(*scenes, characters=[MAYA]))
    assert drawn.shot(child).start == Source("cut", *start)
    assert all("generation" not in str(kind) for kind in [drawn.shot(child).request["keyframes"]["frame0"]["type"]])


def test_a_picture_of_the_cut_in_a_clip_of_ten_seconds() -> None:
    """Ray 3 takes a generation in clips of 5 s alone; the frame of a cut may begin one of 10 s, by its frame number."""
    drawn = plan(film(scene("a", duration=4, start_image=PICTURE, **THREE),
                      scene("b", continue_from="a", duration=9, clips="longest", **THREE)))  # fmt: skip
    video = sent(drawn, "b")["video"]
    assert (video["duration"], video["keyframe_indexes"], len(video["keyframes"])) == ("10s", [0], 1)


def test_an_end_that_is_cut_off_before_it_is_reached_is_told() -> None:
    """A bridge that is cut, an end picture and a fresh still at an end that the film does not show: each is noted."""
    bridge = scene("bridge", duration=3, continue_from="a", lead_into="z")
    (note,) = (n for n in plan(film(scene("a"), bridge, scene("z"))).notes if "cut off" in n)
    assert "scene 'bridge': its clips last 5 s, and 2 s are cut off at its end, before it reaches 'z'" in note
    assert note.endswith("a duration of 5 keeps it, and so does `join: whole`")
    ends = film(scene("a"), scene("b", duration=4, continue_from="a", end_image=PICTURE))
    assert [n for n in plan(ends).notes if "before it reaches its end picture" in n]
    links = [scene("a", character="maya"), *(scene(f"s{n}", character="maya", duration=4) for n in range(3))]
    stills = plan(film(*links, chain=True, characters=[MAYA]))
    assert [n for n in stills.notes if "scene 's2'" in n and "the fresh still of 'maya'" in n]


def test_an_unknown_join_is_refused() -> None:
    """The message says what can be written."""
    written = {"title": "A Film", "scenes": [scene("a"), scene("b", continue_from="a", join="smooth")]}
    with pytest.raises(BadInput, match=r"(?s)scene 'b', field 'join': .*one of: frame, whole, generation"):
        parse_production(written)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_frames(tmp_path / "clip.mp4", moving(12))


def generation_of(shot: Shot) -> str:
    """The id of the generation that was made for a shot."""
    return str(uuid.UUID(shot.key[:32]))


def buy(session: Session, shot: Shot, clip: Path | None) -> None:
    """Book a shot as bought; with a clip, as fetched."""
    session.ledger.reserve(shot.intent("a-film", "sandbox"), run="r", caps=[])
    session.ledger.submitted(shot.key, 1, generation_of(shot))
    if clip is None:
        return
    session.ledger.completed(shot.key, generation_of(shot))
    copy = clip.with_name(f"{shot.key[:8]}.mp4")
    copy.write_bytes(clip.read_bytes())
    session.ledger.keep_clip(shot.key, session.store.adopt(copy))


@pytest.fixture
async def session(workplace: Path) -> AsyncIterator[Session]:
    async with open_session(load_settings()) as session:
        yield session


#: A longer chain: each of its middle scenes is cut at its end.
LONG = (*CHAIN[:2], scene("c", duration=17, continue_from="b"), scene("d", continue_from="c"))


async def as_earlier(session: Session, clip: Path | None, *scenes: dict[str, Any]) -> Plan:
    """The purchases of an earlier version, which continued every clip at its end."""
    drawn, _ = await session.plan(film(*scenes, join="generation"))
    for shot in drawn.shots:
        buy(session, shot, clip)
    return drawn


@pytest.mark.parametrize("fetched", [True, False])
async def test_a_rerun_of_an_earlier_production_pays_nothing(session: Session, clip: Path, fetched: bool) -> None:
    """Children that were bought from the end of a clip keep their orders, fetched or not; the plan says what a better
    join costs, and that showing the parent whole costs nothing."""
    earlier = await as_earlier(session, clip if fetched else None, *LONG)
    again, _ = await session.plan(film(*LONG))
    assert again.to_pay == 0
    assert {s.id: s.key for s in again.shots} == {s.id: s.key for s in earlier.shots}
    notes = [str(note) for note in again.notes if "was bought from the end of" in str(note)]
    assert [note.split("'")[1] for note in notes] == ["c", "d"]
    assert "`join: frame` buys 'd' anew from the frame of the cut for $0.24" in notes[1]
    whole, _ = await session.plan(film(*LONG, join="whole"))
    assert (whole.to_pay, [cut.frames for cut in whole.cuts]) == (0, [None] * 4)


async def test_what_was_begun_by_an_earlier_version_goes_on_so(session: Session) -> None:
    """Of a child of two clips whose first is bought from the end, the second continues it."""
    scenes = (*CHAIN[:2], scene("c", duration=14, continue_from="b"))
    drawn, _ = await session.plan(film(*scenes, join="generation"))
    for shot in drawn.shots[:-1]:
        buy(session, shot, None)
    again, _ = await session.plan(film(*scenes))
    assert [s.id for s in again.shots if s.state is ShotState.NEW] == ["c.2"]
    assert again.shot("c.1").key == drawn.shot("c.1").key


async def test_a_better_join_is_bought_when_it_is_asked_for(session: Session, clip: Path) -> None:
    """`join: frame` in a scene buys that scene; what goes on from it stays, stale."""
    await as_earlier(session, clip, *LONG)
    asked, _ = await session.plan(film(*LONG[:2], LONG[2] | {"join": "frame"}, LONG[3]))
    states = {s.id: s.state.value for s in asked.shots}
    assert states == {"a": "cached", "b.1": "cached", "b.2": "cached", "c.1": "new", "c.2": "new", "d": "stale"}
    assert asked.shot("c.1").start == Source("cut", "b.2", 71, ("a", "b.1"))


async def test_another_cut_leaves_the_child_stale(session: Session, clip: Path) -> None:
    """A parent's new length buys nothing: the child stays, with the price of one from the new frame."""
    drawn, _ = await session.plan(chain())
    for shot in drawn.shots:
        buy(session, shot, clip)
    for lasts in (13, 14):
        again, _ = await session.plan(film(CHAIN[0], CHAIN[1] | {"duration": lasts}, CHAIN[2]))
        assert again.shot("c").state is ShotState.STALE
        assert again.to_pay == 0
        assert [n for n in map(str, again.notes) if "scene 'c' is stale: what it was made from is cut at another" in n]
        renewed, _ = await session.plan(film(CHAIN[0], CHAIN[1] | {"duration": lasts}, CHAIN[2]), renew=("c",))
        assert renewed.to_pay == Decimal("0.24")


async def test_a_new_take_begins_at_the_frame_of_the_cut(session: Session, clip: Path) -> None:
    """A retake of a child that was bought from the end is a new purchase, and so takes the better join, once."""
    await as_earlier(session, clip, *CHAIN)
    again, _ = await session.plan(film(*CHAIN), retake=("c",))
    assert (again.shot("c").take, again.shot("c").start.kind if again.shot("c").start else "") == (2, "cut")
    assert again.to_pay == again.shot("c").quote.usd
