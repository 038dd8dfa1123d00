"""Alternatives of a plan: bridges into chains that were bought, and lengths that meet the one that is wished."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from studio.errors import BadInput
from studio.execution.session import Session, open_session
from studio.planning import derived
from studio.planning.plan import Plan
from studio.production import Production, parse_production
from studio.settings import load_settings
from tests.planning.test_joins import buy, generation_of
from tests.support.planned import film, scene


@pytest.fixture
async def session(workplace: Path) -> AsyncIterator[Session]:
    async with open_session(load_settings()) as session:
        yield session


async def bought(session: Session, production: Production) -> Plan:
    drawn, _ = await session.plan(production)
    for shot in drawn.shots:
        if shot.to_pay:
            buy(session, shot, None)
            session.ledger.completed(shot.key, generation_of(shot))
    return drawn


def chain(*scenes: dict[str, Any], **fields: Any) -> Production:
    return film(*scenes, chain=True, resolution="540p", **fields)


FIVE = tuple(scene(name) for name in "abcde")


async def test_an_inserted_scene_may_be_a_bridge(session: Session) -> None:
    """A scene that is put into a chain makes what follows new; as a bridge it costs itself alone, and the plan of what
    the alternative says costs just that."""
    await bought(session, chain(*FIVE))
    written = (*FIVE[:2], scene("x"), *FIVE[2:])
    plan, _ = await session.plan(chain(*written))
    assert plan.to_pay == Decimal("0.56")
    (other,) = plan.alternatives
    assert (other.to_pay, other.instead_of, other.frames) == (Decimal("0.14"), Decimal("0.56"), 720)
    assert "write `lead_into: c` into 'x', and `continue_from: b` into 'c'" in other.what
    bridge = (*FIVE[:2], scene("x", lead_into="c"), scene("c", continue_from="b"), *FIVE[3:])
    done, _ = await session.plan(chain(*bridge))
    assert (done.to_pay, done.alternatives) == (Decimal("0.14"), ())


async def test_an_edited_scene_may_be_a_bridge(session: Session) -> None:
    """A prompt edited in a chain: the scenes after it are named by their generations, and it leads into them."""
    first = await bought(session, chain(*FIVE))
    edited = scene("b", prompt="something else is seen")
    plan, _ = await session.plan(chain(FIVE[0], edited, *FIVE[2:]))
    if plan.to_pay == Decimal("0.14"):
        return  # what follows is left stale anyway
    (other,) = plan.alternatives
    assert (other.to_pay, other.instead_of) == (Decimal("0.14"), Decimal("0.56"))
    ids = {name: generation_of(first.shot(name)) for name in "cde"}
    assert all(f"`generation: {ids[name]}` into '{name}'" in other.what for name in "cde")
    pinned = (scene(name, generation=ids[name]) for name in "cde")
    done, _ = await session.plan(chain(FIVE[0], edited | {"lead_into": "c"}, *pinned))
    assert done.to_pay == Decimal("0.14")


async def test_no_alternative_where_none_costs_less(session: Session) -> None:
    """A first plan and a chain that is only longer have no bridge; a loop cannot be one, but the scene after it can."""
    assert (await session.plan(chain(*FIVE)))[0].alternatives == ()
    await bought(session, chain(*FIVE))
    assert (await session.plan(chain(*FIVE, scene("f"), scene("g"))))[0].alternatives == ()
    loop = (*FIVE[:2], scene("x", loop=True), *FIVE[2:])
    (other,) = (await session.plan(chain(*loop)))[0].alternatives
    assert other.what.startswith("'c' as a bridge to the clips that follow, as they are: write `lead_into: d` into 'c'")


async def test_the_enlarged_clips_may_be_reframed(session: Session) -> None:
    """If the film was finished from its draft, the plan of its upright version says what it costs to reframe the
    enlarged clips, and a production that says so uses them."""
    written = film(scene("a"), scene("b"), model="ray-2", resolution="1080p")
    await bought(session, derived(written, from_draft=True))
    plan, _ = await session.plan(derived(written, from_draft=True, reframe="9:16"))
    (other,) = plan.alternatives
    assert other.what.startswith("`reframe_from: enlarged` reframes the enlarged clips, which are bought already")
    written = film(scene("a"), scene("b"), model="ray-2", resolution="1080p", reframe_from="enlarged")
    done, _ = await session.plan(derived(written, from_draft=True, reframe="9:16"))
    assert (done.to_pay, done.alternatives) == (other.to_pay, ())
    assert [s.id for s in done.shots if s.to_pay] == ["a.large.9x16", "b.large.9x16"]
    assert [(s.resolution, s.aspect_ratio) for s in done.shots if s.to_pay] == [("720p", "9:16")] * 2
    fresh, _ = await session.plan(derived(film(scene("z"), model="ray-2", resolution="1080p"), from_draft=True,
                                          reframe="9:16"))  # fmt: skip
    assert [other.to_pay < other.instead_of for other in fresh.alternatives] in ([], [True])


async def length_note(session: Session, production: Production) -> str:
    plan, _ = await session.plan(production)
    return next((str(note) for note in plan.notes if "the film lasts" in str(note)), "")


async def test_a_length_that_is_wished(session: Session) -> None:
    """The difference is told with durations that meet it, and what the film then costs; a length that is met is not."""
    two = (scene("a", duration=5), scene("b", duration=12))
    assert await length_note(session, film(*two, length=17)) == ""
    assert await length_note(session, film(*two)) == ""
    note = await length_note(session, film(*two, length=19, resolution="540p"))
    assert note == (
        "the film lasts 17 s (408 frames), 2 s less than the length of 19 s that is wished; met by this duration: "
        "'b' 12 → 14 (to pay then: $0.53)"
    )
    longer = await length_note(session, film(*two, length="24.5 s", resolution="540p"))
    assert longer.endswith("7.5 s less than the length of 24.5 s that is wished; met by this duration: "
                           "'b' 12 → 19.5 (to pay then: $0.70)")  # fmt: skip
    shorter = await length_note(session, film(*two, length=12, resolution="540p"))
    assert shorter.endswith("5 s more than the length of 12 s that is wished; met by these durations: "
                            "'b' 12 → 8, 'a' 5 → 4 (to pay then: $0.39)")  # fmt: skip


async def test_a_chain_is_made_longer_at_its_end(session: Session) -> None:
    """The scene that is changed is one that no other depends on, so that nothing that was bought is bought again."""
    await bought(session, chain(*FIVE))
    note = await length_note(session, chain(*FIVE, length=30))
    assert note.endswith("met by this duration: 'e' 5 → 10 (to pay then: $0.14)")


async def test_a_length_that_no_duration_meets_is_told_all_the_same(session: Session) -> None:
    """A loop's length is its clips', so only the difference is told; of a few scenes of a film nothing is."""
    loop = scene("a", loop=True)
    told = "the film lasts 5 s (120 frames), 1 s less than the length of 6 s that is wished"
    assert await length_note(session, film(loop, length=6)) == told
    plan, _ = await session.plan(film(scene("a"), scene("b"), length=30), only=("a",))
    assert not [note for note in plan.notes if "wished" in str(note)]


@pytest.mark.parametrize(
    ("length", "told"), [("soon", "expected seconds"), (0, "between one frame and a day"), (True, "expected seconds")]
)
def test_a_length_that_is_none_is_refused(length: object, told: str) -> None:
    """It is told with its field and what to write."""
    with pytest.raises(BadInput, match=rf"(?s)field 'length': .*{told}"):
        parse_production({"title": "A Film", "scenes": [scene("a")], "length": length})
