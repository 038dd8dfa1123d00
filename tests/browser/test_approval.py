"""The whole way through a browser, in both versions of Prefect's UI: form, plan, approval, film, a changed copy."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.conftest import CHROMIUM, Site

pages = pytest.importorskip("tests.browser.pages", reason="needs playwright", exc_type=ImportError)

pytestmark = [
    pytest.mark.long, pytest.mark.browser, pytest.mark.timeout(1800),
    pytest.mark.skipif(not CHROMIUM, reason="needs Chromium"),
]  # fmt: skip
#: Of a player in the page: the seconds of the film that it can play.
PLAYS = "() => { const v = document.querySelector('video'); return v && v.readyState >= 2 ? v.duration : 0 }"
#: A picture for the documents names no folder of a machine, but the one below it.
UNPLACED = (
    "() => [...document.querySelectorAll('code')].filter(c => c.innerText.startsWith('/'))"
    ".forEach(c => { c.innerText = 'films/' + c.innerText.split('/').slice(-2).join('/') })"
)
DRAWN = "() => [...document.images].some(i => i.src.endsWith('contact-sheet.jpg') && i.naturalWidth > 300)"


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_the_whole_way(site: Site, open_ui: Callable[[str], pages.Ui], version: str, pictures: Path | None) -> None:
    """A production written in the form is planned, approved, made and watched; a copy of the run with one prompt
    changed asks for the price of that shot alone, and pays no more."""
    ui = open_ui(version)
    before, slug = len(site.sandbox.prompts()), f"two-boats-{version}"
    ui.open_form("produce")
    ui.tab("Production: written here", "Production")
    ui.write("Title", f"Two boats, {version}")
    ui.choose("Look: model", "ray-flash-2")
    ui.choose("Look: resolution", "540p")
    for place, prompt in enumerate((f"a red boat at dawn, {version}", f"a blue boat at night, {version}")):
        ui.add("Scenes")
        ui.write("Id", f"boat-{place}", place)
        ui.write("Prompt", prompt, place)
    ui.choose("Approval: approve", "plan")
    run = ui.submit()

    ui.open_run(run)
    ui.until("Suspended")
    assert len(site.sandbox.prompts()) == before
    ui.open_artifact(run, f"plan-{slug}", "To pay now: $0.28")
    ui.open_run(run)
    ui.begin_answer()
    ui.page.get_by_text(f"Approve the plan of Two boats, {version}: $0.28 will be spent.").first.wait_for()
    ui.choose("Decision", "approve")
    if version == "v1":
        ui.picture(pictures, "prefect-approval")
    ui.answer()
    assert site.ended(run) == "COMPLETED"
    assert len(site.sandbox.prompts()) == before + 2

    ui.open_run(run)
    ui.until("Completed")
    ui.open_artifact(run, f"film-{slug}", "Watch the film")
    ui.page.wait_for_function(DRAWN)
    if version == "v1":
        ui.page.evaluate(UNPLACED)
        ui.picture(pictures, "prefect-film")
    for link, sought in (("Watch the film", "/film.mp4"), ("Report", "/report.html")):
        address = ui.page.get_by_role("link", name=link, exact=True).first.get_attribute("href")
        assert address is not None
        assert address.startswith(f"{site.links}/{slug}/")
        assert address.endswith(sought)
        ui.page.goto(address)
        ui.page.wait_for_function(PLAYS)
        assert ui.page.evaluate(PLAYS) == pytest.approx(10, abs=0.1)
        ui.page.go_back()

    ui.open_run(run)
    ui.copy()
    ui.write("Prompt", f"a green boat at noon, {version}", 1)
    again = ui.submit()
    ui.open_run(again)
    ui.until("Suspended")
    ui.begin_answer()
    ui.page.get_by_text("$0.14 will be spent").first.wait_for()
    ui.choose("Decision", "approve")
    ui.answer()
    assert site.ended(again) == "COMPLETED"
    assert site.sandbox.prompts()[before + 2 :] == [f"a green boat at noon, {version}"]
    total = json.loads(site.artifacts({"id": again})[f"costs-{slug}"])[-1]
    assert (total["new"], total["reused"]) == ("$0.14", "$0.14")
