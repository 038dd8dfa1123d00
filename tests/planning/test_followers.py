"""Scenes that follow an edited one: made anew, or kept as they are, and the price of both ways."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from studio.errors import BadInput
from studio.execution.session import Session, open_session
from studio.ledger import open_ledger
from studio.planning.plan import Plan
from studio.production import Production, load_production, parse_production
from studio.production.choices import Choices, Chosen, write_beside
from studio.report.records import ShotRecord
from studio.report.take_notes import take_notes
from studio.settings import load_settings
from studio.wording import Surface, asked_from
from tests.media.clips import moving, write_frames
from tests.planning.test_takes import CHAIN, bought, buy, clip, states  # noqa: F401
from tests.support.productions import film, scene
from tests.support.running import command

EDITED = film({**scene("a"), "prompt": "something else"}, *CHAIN[1:])


def told(plan: Plan) -> list[str]:
    """The plan's notes in the words of the command."""
    with asked_from(Surface.COMMAND):
        return [str(note) for note in plan.notes]


async def planned(session: Session, production: Production, **options: Any) -> Plan:
    plan, _ = await session.plan(production, **options)
    return plan


async def test_an_edit_tells_both_prices(workplace: Path, clip: Path) -> None:  # noqa: F811
    """The scenes after an edited one are made anew, and the plan tells what the run pays if it keeps its clips."""
    async with open_session(load_settings()) as session:
        await bought(session, film(*CHAIN), clip)
        plan = await planned(session, EDITED)
        assert states(plan) == {"a": "new", "b": "new", "c": "new", "d": "cached"}
        assert plan.to_pay == Decimal("2.13")
        assert told(plan)[-1] == (
            "scene 'a' was edited: 'b' and 'c', which follow it, are made anew, and this run pays $2.13; with the "
            "clips that they have it pays $0.71: --keep all"
        )


async def test_clips_are_kept_after_an_edit(workplace: Path, clip: Path) -> None:  # noqa: F811
    """``keep`` leaves what follows an edited scene stale: the same orders, and nothing to pay for them."""
    async with open_session(load_settings()) as session:
        first = await bought(session, film(*CHAIN), clip)
        for keep in (("all",), ("b", "c"), ("b",)):
            plan = await planned(session, EDITED, keep=keep)
            assert states(plan) == {"a": "new", "b": "stale", "c": "stale", "d": "cached"}
            assert plan.to_pay == Decimal("0.71")
            assert [plan.shot(s).key for s in "bc"] == [first.shot(s).key for s in "bc"]
        assert [n for n in told(plan) if "scene 'b' is stale: what it was made from was edited." in n]
        assert told(plan)[-1].endswith(
            "keep the clips that they have, and this run pays $0.71; made anew it pays $2.13: --renew all"
        )
        buy(session, plan.shot("a"), clip)
        again = await planned(session, EDITED, keep=("all",))
        assert (states(again)["a"], again.to_pay) == ("cached", Decimal(0))


async def test_the_same_words_decide_after_a_retake(workplace: Path, clip: Path) -> None:  # noqa: F811
    """After a new take what follows keeps its clips; the plan tells both prices, and ``renew`` and ``keep`` decide."""
    async with open_session(load_settings()) as session:
        await bought(session, film(*CHAIN), clip)
        kept = await planned(session, film(*CHAIN), retake=("a",))
        assert told(kept)[-1] == (
            "scene 'a' has another take: 'b' and 'c', which follow it, keep the clips that they have, and this run "
            "pays $0.71; made anew it pays $2.13: --renew all"
        )
        part = await planned(session, film(*CHAIN), retake=("a",), renew=("all",), keep=("c",))
        assert states(part) == {"a": "new", "b": "new", "c": "stale", "d": "cached"}


async def test_a_scene_that_is_edited_itself_is_made_anew(workplace: Path, clip: Path) -> None:  # noqa: F811
    """No earlier clip is kept for other words, another model or another length of the scene itself, or another take."""
    for change in ({"prompt": "else"}, {"resolution": "540p"}, {"duration": 9}, {"take": 2}):
        async with open_session(load_settings()) as session:
            await bought(session, film(*CHAIN), clip)
            own = film({**scene("a"), "prompt": "something else"}, {**CHAIN[1], **change}, *CHAIN[2:])
            plan = await planned(session, own, keep=("all",))
            assert states(plan) == {"a": "new", "b": "new", "c": "stale", "d": "cached"}, change


async def test_what_was_bought_anew_is_used(workplace: Path, clip: Path) -> None:  # noqa: F811
    """Followers that were made anew are the film's, whatever ``keep`` says; and of a killed run the rest is bought."""
    async with open_session(load_settings()) as session:
        await bought(session, film(*CHAIN), clip)
        plan = await planned(session, EDITED)
        buy(session, plan.shot("a"), clip)
        buy(session, plan.shot("b"), clip)
        rest = await planned(session, EDITED)
        assert (states(rest)["c"], rest.to_pay) == ("new", Decimal("0.71"))
        buy(session, rest.shot("c"), clip)
        done = await planned(session, EDITED, keep=("all",))
        assert set(states(done).values()) == {"cached"}


async def test_a_bridge_between_finished_clips_is_kept(workplace: Path, clip: Path) -> None:  # noqa: F811
    """A bridge whose file was exported anew, or is shown to another end, is kept like any scene after an edit; the plan
    names the clip that changed, and both prices."""
    for number, name in enumerate(("pier", "boat", "pier-2")):
        write_frames(workplace / f"{name}.mp4", moving(12 + 6 * number))

    def written(pier: str, **fields: Any) -> Production:
        own = {"id": "pier", "clip": f"{pier}.mp4", **fields}
        bridge = scene("bridge", continue_from="pier", lead_into="boat")
        return parse_production(
            {"title": "A Film", "scenes": [own, bridge, {"id": "boat", "clip": "boat.mp4"}]}, base=workplace
        )

    async with open_session(load_settings()) as session:
        first = await bought(session, written("pier"), clip)
        for changed in (written("pier-2"), written("pier", out=0.3)):
            plan = await planned(session, changed)
            assert (states(plan)["bridge"], plan.to_pay) == ("new", Decimal("0.71"))
            assert told(plan)[-1] == (
                "scene 'pier' was edited: 'bridge', which follows it, is made anew, and this run pays $0.71; with the "
                "clips that it has it pays $0.00: --keep all"
            )
            for keep in (("all",), ("bridge",)):
                kept = await planned(session, changed, keep=keep)
                assert (states(kept)["bridge"], kept.to_pay) == ("stale", Decimal(0))
                assert kept.shot("bridge").key == first.shot("bridge").key


@pytest.mark.parametrize(
    ("change", "note"),
    [
        (
            {"prompt": "something new"},
            "'b' was edited, too, and only what follows an edit can be kept: it is made anew",
        ),
        ({"take": 2}, "another take of 'b' is asked for than was bought: it is made anew, and not kept"),
        ({}, "the clip that was bought for 'b' is not here: it is made anew, and not kept"),
    ],
    ids=["its own words", "its take", "its clip is gone"],
)
async def test_what_cannot_be_kept_is_told(
    workplace: Path,
    clip: Path,  # noqa: F811
    change: dict[str, Any],
    note: str,
) -> None:
    """A scene that was to be kept, and is made anew, is named with the reason."""
    async with open_session(load_settings()) as session:
        first = await bought(session, film(*CHAIN[:2]), clip)
        order = session.ledger.order(first.shot("b").key)
        assert order is not None
        if not change:
            session.store.path(order.clip or "").unlink()
        for keep in (("all",), ("b",)):
            plan = await planned(session, film({**scene("a"), "prompt": "else"}, CHAIN[1] | change), keep=keep)
            assert states(plan) == {"a": "new", "b": "new"}
            assert [n for n in told(plan) if n.startswith(note)], told(plan)
        plan = await planned(session, film(*CHAIN[:2], scene("e")), keep=("e",))
        assert "nothing was bought for 'e' yet: it is made anew, and not kept" in told(plan)


async def test_a_scene_that_is_put_between_leaves_the_choice(workplace: Path, clip: Path) -> None:  # noqa: F811
    """If a scene is inserted into a chain, those behind it can keep their clips."""
    between = film(CHAIN[0], scene("x", continue_from="a"), scene("b", continue_from="x"), *CHAIN[2:])
    async with open_session(load_settings()) as session:
        await bought(session, film(*CHAIN), clip)
        anew = await planned(session, between)
        assert anew.to_pay == Decimal("2.13")
        kept = await planned(session, between, keep=("b",))
        assert states(kept) == {"a": "cached", "x": "new", "b": "stale", "c": "stale", "d": "cached"}


async def test_a_version_in_another_shape_finds_the_clips(workplace: Path, clip: Path) -> None:  # noqa: F811
    """A reframed version, which has a slug of its own, is left stale by a new take as the film is."""
    async with open_session(load_settings()) as session:
        await bought(session, film(*CHAIN), clip)
        other = film(*CHAIN).named("a-film-9x16", film(*CHAIN).budget_name)
        plan = await planned(session, other, takes={"a": 2})
        assert states(plan) == {"a": "new", "b": "stale", "c": "stale", "d": "cached"}


async def test_options_that_contradict_each_other(workplace: Path) -> None:
    """A scene that is to be made anew and kept is refused, and so is one that is not there."""
    async with open_session(load_settings()) as session:
        with pytest.raises(BadInput, match="contradict"):
            await session.plan(film(*CHAIN), keep=("b",), renew=("b",))
        with pytest.raises(BadInput, match="no scene 'z'"):
            await session.plan(film(*CHAIN), keep=("z",))


async def test_the_command_keeps_clips(workplace: Path, clip: Path) -> None:  # noqa: F811
    """``--keep all`` with ``--plan --json`` names the same orders as before the edit, and buys nothing."""
    async with open_session(load_settings()) as session:
        first = await bought(session, film(*CHAIN), clip)
    (workplace / "film.json").write_text(EDITED.model_dump_json(exclude_unset=True))
    asked = command(workplace, "film.json", "--keep", "all", "--plan", "--json")
    assert asked.returncode == 0, asked.stderr
    shots = {s["id"]: s for s in json.loads(asked.stdout)["shots"]}
    assert [shots[s]["order"] for s in "bcd"] == [first.shot(s).key for s in "bcd"]
    ledger = open_ledger(load_settings().ledger)
    assert len(ledger.made_for(["a-film"], "sandbox", list("abcd"))) == 4
    ledger.close()


async def test_what_was_kept_for_one_run_is_told(workplace: Path, clip: Path) -> None:  # noqa: F811
    """The end of a run that kept clips says that the next one will not, and what keeps them; not once it is written."""
    file = workplace / "film.json"
    async with open_session(load_settings()) as session:
        await bought(session, film(*CHAIN), clip)
        await bought(session, EDITED, clip, keep=("all",))
        (note,) = take_notes(await planned(session, EDITED, keep=("all",)), _records("abcd"))
        with asked_from(Surface.COMMAND):
            assert str(note).endswith("unless it has --keep b --keep c, or: studio takes YOUR_PRODUCTION keep b c")
        file.write_text(EDITED.model_dump_json(exclude_unset=True))
        write_beside(file, Choices(Chosen(keep=("b",))))
        plan = await planned(session, load_production(file))
        assert (states(plan)["c"], plan.to_pay) == ("stale", Decimal(0))
        assert take_notes(plan, _records("abcd")) == []


def _records(names: str) -> list[ShotRecord]:
    """Records of shots without takes."""
    return [
        ShotRecord(
            id=name, scene=name, outcome="reused", prompt="", model="ray-2", resolution="720p", aspect_ratio="16:9",
            seconds=Fraction(5),
        )
        for name in names
    ]  # fmt: skip
