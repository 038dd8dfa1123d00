"""The film that is made of clips: ``docs/film.md``, and the trailer, which has all of it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from ruamel.yaml import YAML

from studio.media.clip import examine
from studio.production import load_production
from tests.support.features import EXAMPLES, ROOT
from tests.support.running import Sandbox, booked, charged

PAGE = ROOT / "docs" / "film.md"
TEXT = PAGE.read_text("utf-8")
SNIPPETS = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)


def anchors(page: Path) -> set[str]:
    """The places of a page that a link can lead to."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("snippet", SNIPPETS, ids=range(len(SNIPPETS)))
def test_what_is_written_there_is_accepted(snippet: str, tmp_path: Path) -> None:
    """Each piece of a production on the page is a production, with a title and, where it has none, a scene."""
    said = YAML(typ="safe").load(re.sub(r"^ *font: .*\n", "", snippet, flags=re.MULTILINE))
    file = tmp_path / "film.yaml"
    file.write_text(json.dumps({"title": "Film", "scenes": [{"id": "a", "prompt": "a harbour"}]} | said))
    read = load_production(file)
    assert set(said.get("film", {})) <= read.film.model_fields_set


def test_its_links_lead_somewhere() -> None:
    """Pages, places in them, and pictures that the page leads to are there."""
    for target, place in re.findall(r"\]\(([^)#]+)#?([^)]*)\)", TEXT):
        assert (PAGE.parent / target).is_file(), target
        assert not place or place in anchors(PAGE.parent / target), (target, place)


def named(told: dict[str, Any], sort: str) -> list[Any]:
    """The items of the first track of the timeline beside a film, of one sort."""
    read = otio.adapters.read_from_file(str(Path(told["film"]).parent / "timeline.otio"))
    return [item for item in next(iter(read.tracks)) if item.schema_name() == sort]


@pytest.mark.long
@pytest.mark.timeout(1200)
async def test_the_trailer(studio: Path, sandbox: Sandbox) -> None:
    """One run makes the trailer, with cards, transitions, three deliveries and a signature; its timelines are as long
    as the film, and a second run buys nothing and makes no delivery anew."""
    from flows.produce import produce

    first = await produce(production_file=str(EXAMPLES / "trailer.yaml"), out="one")
    film = examine(Path(first["film"]))
    folder = Path(first["film"]).parent
    manifest = json.loads((folder / "manifest.json").read_text())
    assert booked(studio) == charged(sandbox) == Decimal("0.56")
    assert [card["kind"] for card in manifest["titles"]["cards"]] == ["opening", "closing", "credits"]
    assert [item.name for item in named(first, "Transition")] == ["fade", "fade", "fadeblack", "fade"]
    read = otio.adapters.read_from_file(str(folder / "timeline.otio"))
    assert read.duration().to_frames() == film.frames == manifest["film"]["frames"]
    for other in ("timeline.fcpxml", "timeline.edl"):
        assert (folder / other).stat().st_size > 0
    assert {path.name.split(".", 1)[1]: path.stat().st_size > 0 for path in (folder / "deliveries").iterdir()} == {
        "web.mp4": True, "prores.mov": True, "gif.gif": True,
    }  # fmt: skip
    for file, made_of in (
        (folder / "film.mp4", ["componentOf, model ray-flash-2"] * 4),
        (folder / "deliveries" / "example-trailer.web.mp4", ["Example: trailer (film), parentOf, has credentials"]),
    ):
        verify = [sys.executable, "-m", "studio_cli", "verify", str(file)]
        done = subprocess.run(verify, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "made for trying: nobody trusts it" in done.stdout
        assert done.stdout.count(made_of[0]) == len(made_of)

    again = await produce(production_file=str(EXAMPLES / "trailer.yaml"), out="two")
    assert (again["cost_usd"], again["reused_usd"]) == ("0.00", first["cost_usd"])
    assert examine(Path(again["film"])).packets == film.packets
    assert len(sandbox.books()["creates"]) == 4
