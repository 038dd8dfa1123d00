"""A session's plan: takes, images that must be readable, scenes that must exist. Nothing is sent."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from PIL import Image

from studio.errors import AssetError, BadInput, OverBudget
from studio.execution.run import Run, check_budget
from studio.execution.session import open_session
from studio.production import Production
from studio.settings import choose_service, load_settings
from studio.wording import Surface, asked_from
from tests.support.productions import film, scene


async def test_a_new_take_is_bought_once_for_one_wish(workplace: Path) -> None:
    """``retake`` means the next take; one that was begun for the same request and not finished is resumed."""
    production = film(scene("a"), scene("b"))
    async with open_session(load_settings()) as session:

        async def take(run: str = "") -> int:
            plan, _ = await session.plan(production, retake=("a",), run=run)
            return plan.shot("a").take

        async def finish(number: int, run: str) -> None:
            plan, _ = await session.plan(production, takes={"a": number})
            wanted = plan.shot("a").intent("film", "sandbox")
            session.ledger.reserve(wanted, run=run, caps=[])
            assert await take() == number  # killed here: the same take
            session.ledger.submitted(wanted.key, 1, f"g-{number}")
            assert await take() == number  # and here
            session.ledger.completed(wanted.key, f"g-{number}")
            session.ledger.keep_clip(wanted.key, "c" * 64)

        assert await take() == 1
        await finish(1, "first")
        assert await take() == 2
        await finish(2, "second")
        assert (await take(), await take("second"), await take("third")) == (3, 2, 3)


async def test_a_clip_of_ten_seconds_that_is_bought_is_used(workplace: Path) -> None:
    """The plan now has two clips of 5 s, which cost less; a bought clip of 10 s is used, and so is its form for
    another take, so that the clips continuing it stay as they are."""
    wish = scene("a", model="ray-3", resolution="540p", duration=10)
    after = scene("b", model="ray-3", resolution="540p", continue_from="a")
    async with open_session(load_settings()) as session:
        earlier, _ = await session.plan(film({**wish, "clips": "longest"}))
        bought = earlier.shot("a").intent("film", "sandbox")
        session.ledger.reserve(bought, run="before", caps=[])
        session.ledger.submitted(bought.key, 1, "g-1")
        session.ledger.completed(bought.key, "g-1")
        session.ledger.keep_clip(bought.key, "c" * 64)
        plan, _ = await session.plan(film(wish, after))
        assert [s.id for s in plan.shots] == ["a", "b"]
        assert (plan.shot("a").key, plan.to_pay) == (bought.key, Decimal("0.15"))
        again, _ = await session.plan(film(wish, after), retake=("a",))
        assert [(s.id, s.take) for s in again.shots] == [("a", 2), ("b", 1)]
        assert again.to_pay == Decimal("0.60")


async def test_a_scene_that_is_not_there(workplace: Path) -> None:
    """A scene named by an option and missing in the production is one error that suggests the nearest."""
    async with open_session(load_settings()) as session:
        with pytest.raises(BadInput, match="did you mean 'arrival'"):
            await session.plan(film(scene("arrival")), only=("arival",))


async def test_images_are_looked_at_before_anything_is_bought(workplace: Path) -> None:
    """A file that is no image, or a damaged one, is an error that names it; a good one is kept by its content."""
    good, bad, cut = (workplace / name for name in ("good.png", "bad.png", "cut.png"))
    Image.effect_noise((640, 360), 50).save(good)
    bad.write_text("not an image")
    cut.write_bytes(good.read_bytes()[:3000])
    async with open_session(load_settings()) as session:
        for path in (bad, cut):
            with pytest.raises(AssetError, match=path.stem):
                await session.plan(picture(path))
        plan, images = await session.plan(picture(good))
        (sha256,) = plan.shots[0].images
        kept = images[sha256].path
        good.unlink()
        assert kept.is_file()


async def test_local_images_cannot_go_to_luma(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a key and no public URL, a local image is refused by the plan already."""
    monkeypatch.setenv("LUMAAI_API_KEY", "luma-x")
    Image.effect_noise((640, 360), 50).save(workplace / "good.png")
    async with open_session(load_settings()) as session:
        with pytest.raises(AssetError, match=r"public|internet"):
            await session.plan(picture(workplace / "good.png"))


@pytest.mark.parametrize(
    ("cap", "warned"),
    [("3.56", ()), ("3.55", ("this run brings the month to $2.84 of $3.55 (80%)",))],
)
async def test_most_of_a_cap_is_warned_of(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, cap: str, warned: tuple[str, ...]
) -> None:
    """A run that brings the spending to 80 % of a cap says so before it buys; with one cent less it says nothing."""
    monkeypatch.setenv("LUMAAI_BASE_URL", "http://127.0.0.1:9/dream-machine/v1")
    monkeypatch.setenv("STUDIO_MONTH_CAP", cap)
    async with open_session(load_settings()) as session:
        before, _ = await session.plan(film(scene("a")))
        bought = before.shots[0].intent("film", session.service.access("dream-machine").account)
        session.ledger.reserve(bought, run="before", caps=[])
        session.ledger.submitted(bought.key, 1, "g-1")
        plan, seeds = await session.plan(film(*(scene(name) for name in "abcd")))
        assert plan.to_pay == Decimal("2.13")
        now = datetime.now(UTC)
        run = Run(session, plan, seeds, run_id="now", out=workplace, budget=None, started_at=now)
        await run.begin()
        assert run.warnings == warned


async def test_what_fits_is_told(workplace: Path) -> None:
    """A plan over its budget names the excess, and the scenes that the budget covers."""
    production = film(scene("a"), scene("b", continue_from="a"), scene("c"), budget="1.50")
    async with open_session(load_settings()) as session:
        plan, _ = await session.plan(production)
        said = r"(?s)\$0.63 too much.*--only a --only b$"
        with pytest.raises(OverBudget, match=said), asked_from(Surface.COMMAND):
            check_budget(session, plan, None)


@pytest.mark.parametrize(
    ("environment", "realm", "billed"),
    [
        ({}, "sandbox", False),
        ({"LUMAAI_API_KEY": "k"}, "luma", True),
        ({"LUMA_API_KEY": "k"}, "luma", True),
        ({"LUMAAI_API_KEY": "k", "LUMAAI_BASE_URL": "http://127.0.0.1:9/x"}, "local", True),
        ({"LUMAAI_BASE_URL": "http://localhost:9"}, "local", False),
    ],
)
def test_which_service_is_used(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], realm: str, billed: bool
) -> None:
    """With a key it bills; a URL on this machine is another realm than Luma; with neither it is the sandbox."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    service = choose_service(load_settings())
    assert (service.realm, service.billed) == (realm, billed)
    assert "api_key" not in repr(service)


@pytest.mark.parametrize(
    ("environment", "apis"),
    [
        ({}, {"dream-machine": "", "agents": ""}),
        (
            {"LUMAAI_BASE_URL": "http://127.0.0.1:9/dream-machine/v1"},
            {"dream-machine": "http://127.0.0.1:9/dream-machine/v1", "agents": "http://127.0.0.1:9/v1"},
        ),
        ({"LUMA_BASE_URL": "http://127.0.0.1:9/v1"}, {"agents": "http://127.0.0.1:9/v1"}),
        ({"LUMA_AGENTS_API_KEY": "k"}, {"agents": "https://agents.lumalabs.ai/v1"}),
    ],
)
def test_which_apis_are_there(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], apis: dict[str, str]
) -> None:
    """A server on this machine that has the first API may have the second; one that has the second has only that."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    service = choose_service(load_settings())
    assert {api: access.base_url for api, access in service.apis.items()} == apis


@pytest.mark.parametrize("environment", [
    {"LUMAAI_BASE_URL": "https://elsewhere.example"}, {"LUMAAI_BASE_URL": "ftp://x", "LUMAAI_API_KEY": "k"},
    {"STUDIO_WAIT_TIMEOUT": "soon"}, {"LUMAAI_API_KEY": "k\u00e9y"},
])  # fmt: skip
def test_settings_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> None:
    """A setting that cannot be used is one error that names the variable."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(BadInput) as error:
        choose_service(load_settings())
    assert str(error.value).startswith(next(iter(environment)))


def picture(path: Path) -> Production:
    return film(scene("a", start_image=str(path)))
