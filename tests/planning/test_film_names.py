"""Slugs and budgets of films whose titles lose letters, also of those that an earlier version began."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from studio.errors import OverBudget
from studio.execution.run import check_budget
from studio.execution.session import Session, films_folder, open_session
from studio.ledger import Ledger
from studio.ledger.budgets import bought_for, films_with, first_of, has_bought, keep_name, part, share
from studio.planning import derived
from studio.planning.plan import Plan
from studio.production import Production, load_production
from studio.production.slugs import RESERVED, earlier_slugs, film_name, slugify
from studio.settings import load_settings
from tests.support.bought import begun, buy_all
from tests.support.orders import intent
from tests.support.productions import film, scene
from tests.support.running import Sandbox

SPRING, WINTER = "第1集 春", "第1集 冬"


async def planned(session: Session, production: Production, **options: bool) -> Plan:
    plan, _ = await session.plan(production, **options)
    return plan


async def buy_as_earlier(session: Session, production: Production, slug: str, *, only: Sequence[str] = ()) -> Plan:
    """Fill a ledger as an earlier version did: every order under the slug that it made of the title."""
    plan, _ = await session.plan(production, only=tuple(only))
    for shot in plan.shots:
        if shot.to_pay:
            session.ledger.reserve(shot.intent(slug, "local", film=slug), run="r0", caps=[])
            session.ledger.submitted(shot.key, 1, f"g-{shot.key[:16]}")
            session.ledger.completed(shot.key, f"g-{shot.key[:16]}")
    return plan


def manifest(folder: Path, slug: str, title: str, run: str = "r0") -> None:
    """Put a film with its manifest into the folder of all films."""
    out = folder / "films" / slug / run
    out.mkdir(parents=True, exist_ok=True)
    (out / "manifest.json").write_text(json.dumps({"title": title, "slug": slug}), encoding="utf-8")


# Names that today's version makes


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (SPRING, WINTER), ("Cafe", "Café"), ("Café", "Cafè"), ("Straße", "Strasse"), ("Film 🎬", "Film 🎥"),
        ("Один 1", "Два 1"), ("C++", "C#"), ("C++", "C"), ("A" * 64 + "x", "A" * 64 + "y"), ("A" * 64, "A" * 64 + "y"),
        ("1", "１"), ("007", "7"), ("東京", "大阪"), ("A/B", "A-B"), ("A/B", "A.B"), ("Part 1.5", "Part 1-5"),
        ("Take 1–2", "Take 12"), ("Half 1/2", "Half 1 2"),
    ],
)  # fmt: skip
def test_titles_that_differ_have_budgets_of_their_own(one: str, other: str) -> None:
    """Titles that differ in letters, digits or signs have two budgets; those that differ in letters, two slugs, too."""
    first, second = film(scene("a"), title=one), film(scene("a"), title=other)
    assert first.budget_name != second.budget_name
    if not (one + other).isascii() or len(one) > 63 or one == "007":
        assert first.slug != second.slug
    for production in (first, second):
        assert len(production.slug) <= 64
        assert len(production.budget_name) <= 80
        versions = [derived(production, draft=True), derived(production, reframe="9:16")]
        assert {v.budget_name for v in versions} == {production.budget_name}
    assert derived(first, reframe="9:16").slug != derived(second, reframe="9:16").slug or first.slug == second.slug


@pytest.mark.parametrize("title", ["The Keeper's Light", "First: a film!", "1984", "A" * 64, "Film — One “Boat”"])
def test_a_title_that_loses_no_letters_is_called_as_ever(title: str) -> None:
    """Its slug and its budget's name are the same in every version."""
    production = film(scene("a"), title=title)
    assert production.slug == production.budget_name == slugify(title) == film_name(title)
    assert earlier_slugs(title) == ()


@pytest.mark.parametrize("title", ["CON", "Nul", "aux", "Com1", "aux."])
def test_a_title_that_windows_keeps_for_a_device_has_a_slug(title: str) -> None:
    """The title is accepted, and its slug is not a name that Windows refuses."""
    production = film(scene("a"), title=title)
    assert production.title == title
    assert not RESERVED.fullmatch(production.slug)


def test_a_title_is_one_however_its_accents_are_stored() -> None:
    """NFC and NFD of a title are one film, in each script."""
    for title in ("Café", "ガラス", "한국 1"):
        assert len({film_name(unicodedata.normalize(form, title)) for form in ("NFC", "NFD")}) == 1


def test_a_slug_that_is_written_is_the_name() -> None:
    """A slug that is written decides on folder and budget."""
    assert film(scene("a"), title=SPRING, slug="1").budget_name == "1"
    assert film(scene("a"), title="C++", slug="cpp").budget_name == "cpp"


async def test_two_films_of_one_old_slug_do_not_share_a_budget(local: Path) -> None:
    """The budget of the second is whole, although the first has spent its own."""
    spring = film(scene("one", prompt="Cherry trees in spring."), title=SPRING, budget="0.80")
    winter = film(scene("one", prompt="Snow on a roof in winter."), title=WINTER, budget="0.80")
    async with open_session(load_settings()) as session:
        buy_all(session, await begun(session, spring, "r1", local))
        plan = await planned(session, winter)
        assert check_budget(session, plan, None) == Decimal("0.80")
        assert films_folder(session.settings, plan.production, "r") != films_folder(session.settings, spring, "r")
        buy_all(session, await begun(session, winter, "r2", local))
        for production in (spring, winter):
            assert session.ledger.spent("production", production.budget_name, realm="local") == Decimal("0.71")


# Films that an earlier version began


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        (SPRING, "1"),
        ("Café", "cafe"),
        ("A" * 70, "a" * 64),
        ("Film 🎬", "film"),
        ("C++", "c"),
        ("007", "7"),
        ("A/B", "a-b"),
    ],
)
async def test_a_film_keeps_the_slug_it_was_begun_with(local: Path, title: str, slug: str) -> None:
    """Its folder, orders and budget continue, in every version of it, and nothing is bought a second time."""
    written = film(scene("a"), scene("b"), title=title, budget="2.00")
    async with open_session(load_settings()) as session:
        bought = await buy_as_earlier(session, written, slug)
        plan = await planned(session, written)
        assert (plan.production.slug, plan.production.budget_name) == (slug, slug)
        assert plan.to_pay == 0
        assert [s.key for s in plan.shots] == [s.key for s in bought.shots]
        assert any(f"was begun as '{slug}'" in str(note) for note in plan.notes)
        tall = await planned(session, derived(written, reframe="9:16"))
        assert (tall.production.slug, tall.production.budget_name) == (f"{slug[:56]}-9x16", slug)
        spent = session.ledger.spent("production", slug, realm="local")
        with pytest.raises(OverBudget, match=f"\\${spent} are spent already"):
            check_budget(session, tall, None)
        await begun(session, written, "r1", local)
        # From now on the books say so, whatever the film becomes.
        assert first_of(session.ledger, film_name(title), "local") == slug
        rewritten = await planned(session, film(scene("x", prompt="A desert."), title=title, budget="3.00"))
        assert (rewritten.production.slug, rewritten.budgeting.others) == (slug, ())
        assert check_budget(session, rewritten, None) == Decimal("3.00") - spent
        assert not any("begun as" in note or "shared" in note for note in map(str, rewritten.notes))


async def test_a_film_that_was_begun_in_part_is_known(local: Path) -> None:
    """One bought scene of six, or equal prompts alone, identify the film."""
    written = film(*(scene(name, prompt=f"Scene {name} at sea.") for name in "abcdef"), title="Café", budget="9.00")
    async with open_session(load_settings()) as session:
        await buy_as_earlier(session, written, "cafe", only=["c"])
        assert (await planned(session, written)).production.slug == "cafe"
        assert (await planned(session, derived(written, draft=True))).production.slug == "cafe"


async def test_another_film_s_slug_is_not_kept(local: Path) -> None:
    """A film has its own name and a whole budget if another film was bought under the old slug."""
    async with open_session(load_settings()) as session:
        await buy_as_earlier(session, film(scene("a"), scene("b"), title="Cafe"), "cafe")
        other = film(scene("a", prompt="Snow."), scene("b", prompt="Ice."), title="Café", budget="1.50")
        plan = await planned(session, other)
        assert (plan.production.slug, plan.budgeting.others) == (slugify("Café"), ())
        assert check_budget(session, plan, None) == Decimal("1.50")
        buy_all(session, await begun(session, other, "r1", local))
        assert session.ledger.spent("production", film_name("Café"), realm="local") == Decimal("1.42")


async def test_manifests_tell_whose_an_old_slug_is(local: Path) -> None:
    """A film whose scenes are all new is known by its title in its folder; one that only shares an intro does not get
    the folder of the other."""
    intro = scene("intro", prompt="The logo of the series.")
    spring = film(intro, scene("one", prompt="Cherry trees."), title=SPRING, budget="3.00")
    winter = film(intro, scene("one", prompt="Snow on a roof."), title=WINTER, budget="3.00")
    async with open_session(load_settings()) as session:
        await buy_as_earlier(session, spring, "1")
        manifest(local, "1", unicodedata.normalize("NFD", SPRING))
        edited = film(scene("one", prompt="All is new."), title=SPRING, budget="3.00")
        assert (await planned(session, edited)).production.budget_name == "1"
        assert (await planned(session, winter)).production.budget_name == film_name(WINTER)
        # Both were begun under it: both keep it.
        manifest(local, "1", WINTER, run="r1")
        for production in (spring, winter):
            assert (await planned(session, production)).production.budget_name == "1"


async def test_what_this_version_began_stays_under_its_name(local: Path) -> None:
    """A film with orders under today's name keeps it, whatever is bought under an older slug later."""
    written = film(scene("a"), title="Café", budget="2.00")
    async with open_session(load_settings()) as session:
        buy_all(session, await begun(session, written, "r1", local))
        await buy_as_earlier(session, film(scene("a"), scene("b"), title="Cafe"), "cafe")
        assert (await planned(session, written)).production.slug == slugify("Café")


async def test_a_kept_film_can_be_parted_and_stays_known(local: Path) -> None:
    """``--apart`` separates it from the film that it was made out of, not from its own spending."""
    written = film(scene("a"), scene("b"), title="Café", budget="2.00")
    async with open_session(load_settings()) as session:
        await buy_as_earlier(session, written, "cafe")
        await begun(session, written, "r1", local, apart=True)
        plan = await planned(session, written)
        assert (plan.production.slug, plan.budgeting.others) == ("cafe", ())
        assert check_budget(session, plan, None) == Decimal("0.58")


async def test_unreadable_manifests_are_passed_over(local: Path) -> None:
    """A folder with other files, or half a manifest, is passed over, and the ledger decides."""
    written = film(scene("a"), title="Café")
    async with open_session(load_settings()) as session:
        await buy_as_earlier(session, written, "cafe")
        manifest(local, "cafe", "Cafe")
        for text in ("{", "[]", '{"title": 7}'):
            (local / "films" / "cafe" / "r0" / "manifest.json").write_text(text)
            assert (await planned(session, written)).production.slug == "cafe"


async def test_a_number_that_was_a_title_keeps_its_books(local: Path) -> None:
    """``title: 007`` was 7 to earlier versions: its film keeps the name 7, and its title is shown as written."""
    file = local / "film.yaml"
    file.write_text("title: 007\nbudget: 2\nscenes:\n  - id: 001\n    prompt: A boat in fog.\n")
    async with open_session(load_settings()) as session:
        earlier = film(scene("1", prompt="A boat in fog."), title="7")
        await buy_as_earlier(session, earlier, "7")
        plan = await planned(session, load_production(file))
        assert (plan.production.title, plan.production.slug, plan.to_pay) == ("007", "7", 0)
        assert [s.scene for s in plan.shots] == ["001"]


async def test_a_number_that_was_a_slug_keeps_its_books(local: Path) -> None:
    """``slug: 007`` was 7 to earlier versions, in every version of the film."""
    written = film(scene("a"), title="Bond", slug="007", budget="2.00")
    async with open_session(load_settings()) as session:
        await buy_as_earlier(session, written, "7")
        plan = await planned(session, derived(written, reframe="9:16"))
        assert (plan.production.slug, plan.production.budget_name) == ("7-9x16", "7")
        other = await planned(session, film(scene("a", prompt="A desert."), title="Other", slug="007"))
        assert other.production.slug == "007"


def test_what_the_books_know_of_a_film(ledger: Ledger) -> None:
    """The ledger has its orders and the name it was begun with, which stays when its budget is shared or separated."""
    request = {"prompt": "A boat", "model": "ray-2"}
    ledger.reserve(intent("x", production="cafe", film="cafe", realm="local", request=request), run="r1", caps=[])
    assert has_bought(ledger, "cafe", "local")
    assert not has_bought(ledger, "cafe", "luma")
    assert [prompt for _, prompt in bought_for(ledger, "cafe", "local")] == ["A boat"]
    assert first_of(ledger, "cafe-1", "local") is None
    share(ledger, "cafe", "first", "local")
    keep_name(ledger, "cafe-1", "cafe", "local")
    part(ledger, "cafe", "local")
    assert first_of(ledger, "cafe-1", "local") == "cafe"
    assert first_of(ledger, "cafe-1", "luma") is None
    assert films_with(ledger, "cafe", "local") == ("cafe-1",)


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_a_film_goes_on_in_its_folder(studio: Path, sandbox: Sandbox) -> None:
    """The flow makes it in the folder of an earlier version, and buys nothing."""
    from flows.produce import produce

    written = {"title": "Café", "resolution": "540p", "scenes": [{"id": "one", "prompt": "A boat in fog."}]}
    before = await produce(production=Production.model_validate(written | {"slug": "cafe"}))
    after = await produce(production=Production.model_validate(written))
    assert Path(before["film"]).parents[1] == Path(after["film"]).parents[1] == studio / "films" / "cafe"
    assert (before["cost_usd"], after["cost_usd"]) == ("0.40", "0.00")
    other = await produce(production=Production.model_validate(written | {"title": "Cafè"}))
    assert Path(other["film"]).parents[1].name == slugify("Cafè")
    assert other["cost_usd"] == "0.00"
