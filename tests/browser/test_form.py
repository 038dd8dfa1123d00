"""From the form to the film and to a changed copy of it, through a browser, in both versions of Prefect's UI."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flows.names import made_up
from tests.browser.conftest import CHROMIUM, Site
from tests.conftest import ROOT

pages = pytest.importorskip("tests.browser.pages", reason="needs playwright", exc_type=ImportError)

pytestmark = [
    pytest.mark.long, pytest.mark.browser, pytest.mark.timeout(1800),
    pytest.mark.skipif(not CHROMIUM, reason="needs Chromium"),
]  # fmt: skip
VERSIONS = ["v1", "v2"]
MISSING = "'title' is a required property"


@pytest.mark.parametrize("version", VERSIONS)
def test_from_the_form_to_a_changed_copy(
    site: Site, open_ui: Callable[[str], pages.Ui], version: str, pictures: Path | None
) -> None:
    """A production written in the form becomes a film; a copy with one prompt changed pays for that shot alone."""
    ui = open_ui(version)
    before = len(site.sandbox.prompts())
    ui.open_form("produce")
    assert made_up(ui.run_name.input_value())
    ui.tab("Production: written here", "Production")
    assert ui.refused("Title") == MISSING

    ui.open_form("produce")
    ui.tab("Production: written here", "Production")
    title = f"Two cups, {version}"
    ui.write("Title", title)
    ui.choose("Look: model", "ray-flash-2")
    ui.choose("Look: resolution", "540p")
    for place, prompt in enumerate((f"a cup of coffee, {version}", f"a cup of tea, {version}")):
        ui.add("Scenes")
        ui.write("Id", f"cup-{place}", place)
        ui.write("Prompt", prompt, place)
    ui.choose("Look: loop", "true", 1)
    ui.write("Budget: US dollars", "0.30")
    if version == "v1":
        ui.run_name.scroll_into_view_if_needed()
        ui.picture(pictures, "prefect-form")
    run = ui.submit()

    assert site.ended(run) == "COMPLETED"
    ui.open_run(run)
    ui.until("Completed")
    found = site.ask("GET", f"/flow_runs/{run}")
    assert found["name"] == title
    written = found["parameters"]["production"]["scenes"]
    assert written == [
        {"id": "cup-0", "prompt": f"a cup of coffee, {version}"},
        {"id": "cup-1", "prompt": f"a cup of tea, {version}", "loop": True},
    ], "what is left empty is not sent"
    assert len(site.sandbox.prompts()) == before + 2
    if version == "v1":
        ui.page.get_by_text("Task Runs", exact=True).click()  # the log names folders of the machine
        ui.page.get_by_text("film · report", exact=True).first.wait_for()
        ui.picture(pictures, "prefect-run")
    ui.open_artifact(run, f"film-two-cups-{version}", "Nothing was billed")

    ui.open_run(run)
    ui.copy()
    assert [ui.value("Prompt", place) for place in (0, 1)] == [scene["prompt"] for scene in written]
    ui.run_name.fill(f"Second cut, {version}")
    ui.write("Prompt", f"a glass of water, {version}", 1)
    again = ui.submit()
    ui.open_run(again)
    ui.until("Completed")
    found = site.ask("GET", f"/flow_runs/{again}")
    assert found["name"] == f"Second cut, {version}"
    assert site.sandbox.prompts()[before + 2 :] == [f"a glass of water, {version}"]
    total = json.loads(site.artifacts(found)[f"costs-two-cups-{version}"])[-1]
    assert (total["new"], total["reused"]) == ("$0.14", "$0.14")


@pytest.mark.parametrize("version", VERSIONS)
def test_what_earlier_forms_sent_can_be_copied(site: Site, open_ui: Callable[[str], pages.Ui], version: str) -> None:
    """A production as a program writes it, with null for empty fields of text and numbers, is copied and submitted."""
    nothing = dict.fromkeys(
        ("duration", "start_image", "character", "sound", "controls", "source_position", "in", "out")
    )
    scene: dict[str, Any] = {"id": "cup", "prompt": f"a cup of milk, {version}"} | nothing
    production = {"title": f"Milk, {version}", "model": "ray-flash-2", "resolution": "540p", "scenes": [scene]}
    run = site.run(production=production)
    assert run["state"]["type"] == "COMPLETED", run["state"]["message"]
    ui = open_ui(version)
    ui.open_run(run["id"])
    ui.copy()
    assert ui.value("Prompt") == scene["prompt"]
    assert site.ended(ui.submit()) == "COMPLETED"
    assert site.sandbox.prompts().count(scene["prompt"]) == 1


@pytest.mark.parametrize("version", VERSIONS)
def test_a_question_is_answered(site: Site, open_ui: Callable[[str], pages.Ui], version: str) -> None:
    """A run that waits for an answer shows its question, takes a choice and words, and goes on."""
    with site.serving("tests.browser.asking", "asking/asking"):
        ui = open_ui(version)
        ui.open_form("asking/asking")
        ui.write("Subject", f"Is it good, {version}?")
        run = ui.submit()
        ui.open_run(run)
        ui.until("Suspended")
        ui.begin_answer()
        ui.page.get_by_text(f"Is it good, {version}?").first.wait_for()
        ui.choose("Decision", "approve")
        ui.write("Words", "very")
        ui.answer()
        ui.until("Completed")
        assert site.ended(run) == "COMPLETED"
        assert site.artifacts({"id": run})["answer"] == "approve: very"


def test_all_pictures_of_the_ui_are_made_here() -> None:
    """Every picture of Prefect in the documents has a name that these tests take it under."""
    named = {
        found
        for text in ROOT.rglob("*.md")
        for found in re.findall(r"pictures/(prefect-[\w-]+)\.png", text.read_text("utf-8"))
    }
    assert named == set(pages.PICTURES)
    assert {path.stem for path in (ROOT / "docs" / "pictures").glob("prefect-*.png")} == named
