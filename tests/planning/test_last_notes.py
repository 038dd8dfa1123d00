"""Notes that are made last: the draft that a film is finished from, and the take of each scene that it uses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from studio.execution.session import Session, open_session
from studio.planning import as_draft, derived
from studio.production import Production
from studio.production.choices import Choices, Chosen
from studio.settings import load_settings
from studio.wording import Surface, asked_from
from tests.planning.test_takes import bought, clip  # noqa: F401
from tests.support.productions import film, scene

DRAFTED = film(
    scene("a"), scene("b", model="ray-3"), scene("c", resolution="540p"), scene("d", model="ray-flash-2"),
    {"id": "there", "generation": "123e4567-e89b-12d3-a456-426614174000"}, scene("e", model="ray-3", resolution="360p"),
    model="ray-2", resolution="1080p",
)  # fmt: skip


@pytest.fixture
async def session(workplace: Path) -> AsyncIterator[Session]:
    async with open_session(load_settings()) as session:
        yield session


async def told(session: Session, production: Production, word: str, **options: Any) -> list[str]:
    """The notes of a plan with a word in them, as the command words them."""
    plan, _ = await session.plan(production, **options)
    with asked_from(Surface.COMMAND):
        return [said for note in plan.all_notes if word in (said := str(note))]


async def test_a_final_says_what_it_does_not_have_from_the_draft(session: Session, clip: Path) -> None:  # noqa: F811
    """Scenes whose clips cannot be made of the draft's are named with the reason and the price of their new clips; so
    are those of which no draft is there. A draft that is there needs no word."""
    final = derived(DRAFTED, from_draft=True)
    new = [
        "scene 'b': not finished from the draft, since clips of ray-3 cannot be upscaled: the film has clips of ray-3 "
        "at 1080p of its own, for $1.20",
        "scene 'c': not finished from the draft, since its clips would not be larger than the draft's, which are of "
        "ray-flash-2 540p: the film has clips of ray-2 at 540p of its own, for $0.40",
    ]
    unseen = (
        "scenes 'a', 'd', 'e': no draft was made yet, as it is written now: this run buys the draft's clips, for "
        "$0.34, and finishes them before anybody has seen them. To see them first: --draft"
    )
    assert await told(session, final, "draft") == [*new, unseen]
    await bought(session, as_draft(DRAFTED), clip)
    assert await told(session, final, "draft") == new
    await bought(session, final, clip)
    assert [said.rpartition(", ")[2] for said in await told(session, final, "draft")] == [
        "which are bought already"
    ] * 2
    assert not await told(session, DRAFTED, "draft")


async def test_the_plan_says_which_take_is_used(session: Session, clip: Path) -> None:  # noqa: F811
    """Before a retake is bought, after it, and once a take is written or chosen, the plan tells the takes that are
    there, the one that the film uses, and what keeps it."""
    written = film(scene("a"), scene("b"))
    await bought(session, written, clip)
    assert not await told(session, written, "take")
    (before,) = await told(session, written, "take", retake=("a",))
    assert before == (
        "scene 'a' has take 1; this run buys take 2, and its film uses that. For later runs, write final_take: 2 in "
        "the scene, or: studio takes YOUR_PRODUCTION choose a=2"
    )
    await bought(session, written, clip, retake=("a",))
    assert await told(session, written, "take") == [
        "scene 'a' has takes 1 and 2; the film uses 1, since no other is chosen. To use 2, write final_take: 2 in the "
        "scene, or: studio takes YOUR_PRODUCTION choose a=2"
    ]
    assert await told(session, written, "take", takes={"a": 2}) == [
        "scene 'a' has takes 1 and 2; this film uses 2, as this run was asked to. To keep it, write final_take: 2 in "
        "the scene, or: studio takes YOUR_PRODUCTION choose a=2"
    ]
    second = film(scene("a", take=2), scene("b", take=3))
    assert await told(session, second, "take") == [
        "scene 'b' has take 1; this run buys take 3, and its film uses that, which the production says",
        "scene 'a' has takes 1 and 2 and uses 2, which the production says",
    ]
    second.choose(Choices(Chosen(takes={"a": 2}), file="film.yaml.takes.yaml"))
    assert "scene 'a' has takes 1 and 2 and uses 2, which film.yaml.takes.yaml says" in await told(
        session, second, "take"
    )


async def test_takes_of_other_words_are_not_told(session: Session, clip: Path) -> None:  # noqa: F811
    """After an edit the takes of the scene as it was are no takes of what is written now."""
    await bought(session, film(scene("a")), clip)
    await bought(session, film(scene("a")), clip, retake=("a",))
    assert not await told(session, film(scene("a", prompt="other words")), "take")
    plan, _ = await session.plan(film(scene("a"), scene("b")))
    assert plan.to_pay == Decimal("0.71")
    assert not [note for note in plan.notes if "takes" in str(note)]  # the end of a run tells them anew
