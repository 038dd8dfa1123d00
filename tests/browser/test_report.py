"""A film's report in a browser, from the disk: its players play, and the report in one file asks for nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from studio.report.records import RunRecord
from studio.shelf.films import ShelvedFilm, film_in
from studio.shelf.single_file import write_single
from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.support.real_films import LENGTH, shelved_film

api = pytest.importorskip("playwright.sync_api", reason="needs playwright", exc_type=ImportError)

pytestmark = [
    pytest.mark.long, pytest.mark.browser, pytest.mark.timeout(600),
    pytest.mark.skipif(not CHROMIUM, reason="needs Chromium"),
]  # fmt: skip
#: Of a player: it shows pictures, and time passes.
PLAYS = "v => v.videoWidth > 0 && v.currentTime > 0 && !v.error"


@dataclass
class Opened:
    """A page that is open, with what it asked for and what it complained about."""

    page: Any
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def until(self, condition: str, locator: Any) -> None:
        """Wait until a condition on an element holds."""
        self.page.wait_for_function(condition, arg=locator.element_handle())


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> RunRecord:
    """A film's folder, as its run left it."""
    folder = tmp_path_factory.mktemp("work")
    return shelved_film(folder / "films", folder / ".studio")


@pytest.fixture
def opened() -> Iterator[Opened]:
    """A browser's page, in which sound needs no gesture."""
    with api.sync_playwright() as playwright:
        allowed = [*ARGUMENTS, "--autoplay-policy=no-user-gesture-required"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=allowed)
        found = Opened(browser.new_page())
        found.page.on("request", lambda request: found.asked.append(request.url))
        found.page.on("console", lambda said: found.complaints.append(said.text) if said.type == "error" else None)
        found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
        yield found
        browser.close()


def test_clips_and_takes_are_played(film: RunRecord, opened: Opened) -> None:
    """By keyboard alone: a scene's clip plays where its pictures were, Escape brings these back, and its link has the
    focus again; a take plays, and both takes play at once. Nothing but the film was read before."""
    page = opened.page
    page.goto((film.out / "report.html").as_uri())
    page.wait_for_function("document.querySelector('#film video').readyState >= 1")
    assert [url.rpartition("/")[2] for url in opened.asked] == ["report.html", "film.mp4"]

    link = page.get_by_role("link", name="Play the clip of boat")
    link.focus()
    page.keyboard.press("Enter")
    player = page.locator("#storyboard video")
    opened.until(PLAYS, player)
    assert player.get_attribute("aria-label") == "The clip of boat"
    page.keyboard.press("Escape")
    assert page.locator("#storyboard video").count() == 0
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Play the clip of boat"

    takes = page.locator("#takes video")
    assert takes.count() == 2
    takes.nth(0).evaluate("v => v.play()")
    opened.until(PLAYS, takes.nth(0))
    page.get_by_role("button", name="Play together").press("Enter")
    opened.until(PLAYS, takes.nth(1))
    opened.until("v => v.currentTime > 0 && !v.paused || v.ended", takes.nth(0))
    page.locator("#film video").evaluate("v => v.play()")
    opened.until(PLAYS, page.locator("#film video"))
    assert takes.evaluate_all("all => all.every(v => v.paused)")
    assert opened.complaints == []


def test_one_file_plays_and_asks_for_nothing(film: RunRecord, opened: Opened, tmp_path: Path) -> None:
    """Moved to a folder of its own, it makes no request but for itself; film and takes play, and a scene's name shows
    it in the film."""
    shelved = film_in(film.out)
    assert isinstance(shelved, ShelvedFilm)
    made = write_single(shelved, tmp_path / "alone" / "sent.html", home=tmp_path / "home")
    page = opened.page
    page.goto(made.path.as_uri())
    player = page.locator("#film video")
    opened.until("v => v.readyState >= 1", player)
    assert player.evaluate("v => v.duration") == pytest.approx(LENGTH / 24, abs=0.05)
    page.get_by_role("link", name="sea", exact=True).click()
    opened.until("v => Math.abs(v.currentTime - 3.5) < 0.1 && v.readyState >= 2", player)
    for video in page.locator("video").all():
        video.evaluate("v => v.play()")
        opened.until(PLAYS, video)
    assert page.locator("video").count() == 3
    assert [url for url in opened.asked if not url.startswith("data:")] == [made.path.as_uri()]
    assert opened.complaints == []
