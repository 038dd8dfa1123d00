"""A chain whose colours drift: told while it is bought, measured for its film, and matched at no cost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import opentimelineio as otio
import pytest
from numpy.typing import NDArray

from studio.execution.drift import TOLD, links_of
from studio.execution.progress import Listener, listener
from studio.library import LumaProvider
from studio.library.film import Film
from studio.media.color_difference import apart
from studio.media.frames import frame_at, picture
from tests.support.planned import film as production
from tests.support.planned import plan, scene
from tests.support.running import Sandbox
from tests.support.shop import Shop

PROMPTS = (
    "a harbour at dawn", "a boat leaves the harbour", "the open sea", "an island ahead", "a beach with palm trees",
    "a path into the forest", "a river in the forest", "a meadow beside the river", "hills behind the meadow",
)  # fmt: skip
LINKS = len(PROMPTS) - 1
FRAMES = 120  # of each scene


def chain(scenes: int = LINKS + 1, **fields: Any) -> dict[str, Any]:
    written = [
        {"id": f"s{n}", "prompt": prompt} | ({"continue_from": f"s{n - 1}"} if n else {})
        for n, prompt in enumerate(PROMPTS[:scenes])
    ]
    return {"title": "Drift", "model": "ray-flash-2", "resolution": "540p", "scenes": written, **fields}


class Heard(Listener):
    """Keeps the warnings of drift, each with the number of orders at that time."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.warnings: list[tuple[str, int]] = []

    def note(self, text: str) -> None:
        if text.startswith("warning: colours drift"):
            self.warnings.append((text, len(self._sandbox.books()["creates"])))


@pytest.fixture
def sandbox_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Start a sandbox whose colours drift by an amount."""
    started = list[Sandbox]()

    def start(amount: str) -> Shop:
        monkeypatch.setenv("STUDIO_SANDBOX_DRIFT", amount)
        sandbox = Sandbox(tmp_path / f"sandbox-{amount}", latency=0.5)
        sandbox.start()
        started.append(sandbox)
        monkeypatch.setenv("LUMAAI_BASE_URL", sandbox.url)
        return Shop(sandbox)

    yield start
    for sandbox in started:
        sandbox.stop()


def at_seams(film: Film) -> list[float]:
    """ΔE of the two frames at each seam of the film's file."""
    seams = range(FRAMES, FRAMES * (LINKS + 1), FRAMES)
    return [apart(seen(film.path, n - 1), seen(film.path, n)) for n in seams]


def seen(path: Path, index: int) -> NDArray[np.float64]:
    """A frame as it is shown, in fields of 15×15 pixels."""
    whole = np.asarray(picture(frame_at(path, index)), np.float64) / 255
    return np.asarray(whole.reshape(36, 15, 64, 15, 3).mean(axis=(1, 3)), np.float64)


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_a_chain_that_drifts(workplace: Path, sandbox_of: Any) -> None:
    """The drift is told before the last links are bought, with what helps. The film matched is free, its seams are less
    than half as far apart, and report, manifest and timeline tell each. A rerun makes the same film."""
    shop = sandbox_of("1")
    heard = Heard(shop.sandbox)
    listener.set(heard)
    async with LumaProvider() as luma:
        made = await luma.make_film(chain(), out="made")
        bought = len(shop.creates)
        assert bought == LINKS + 1
        (warning, orders), *_ = heard.warnings
        assert orders < bought
        assert "along the chain that starts with 's0': ΔE" in warning
        assert "to re-anchor, let the next scene start from a picture" in warning
        assert any("colours drift along the chain that starts with 's0'" in str(n) for n in made.record.notes)
        assert [seam.how for seam in made.record.colors] == ["as made"] * LINKS
        assert made.record.colors[-1].first == "s0"
        assert max(seam.drifted for seam in made.record.colors) > TOLD

        matched = await luma.make_film(chain(film={"colors": "match"}), out="matched")
        assert any("; the film evens it out; to re-anchor" in str(note) for note in matched.record.notes)
        assert (matched.cost, len(shop.creates)) == (0, bought)
        before, after = at_seams(made), at_seams(matched)
        assert min(before) > 1
        assert all(now < then / 2 for now, then in zip(after, before, strict=True)), (before, after)
        assert [seam.how for seam in matched.record.colors] == ["matched"] * LINKS
        again = await luma.make_film(chain(film={"colors": "match"}), out="again")
        assert again.path.read_bytes() == matched.path.read_bytes()
    check_told(workplace / "matched")


def check_told(out: Path) -> None:
    """The files beside the film tell what was done at each seam."""
    assert (out / "report.html").read_text().count(" now, colours matched") == LINKS
    seams = json.loads((out / "manifest.json").read_text())["colors"]
    assert [(seam["before"], seam["after"], seam["colors"]) for seam in seams] == [
        (f"s{n}", f"s{n + 1}", "matched") for n in range(LINKS)
    ]
    timeline = otio.adapters.read_from_file(str(out / "timeline.otio"))
    clips = list(timeline.video_tracks()[0].find_clips())
    told = [clip.metadata["studio_producer"].get("colors") for clip in clips]
    assert told[0] is None
    for seam, colors in zip(seams, told[1:], strict=True):
        assert colors["matched_to"] == seam["before"]
        assert round(colors["delta_e_as_made"], 3) == seam["delta_e_as_made"] > 2 * seam["delta_e_shown"]
        assert [len(row) for row in colors["rgb_matrix"]] == [4, 4, 4]


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_a_chain_without_drift(workplace: Path, sandbox_of: Any) -> None:
    """Nothing is told, and asked to match, the film is the same file."""
    shop = sandbox_of("0")
    heard = Heard(shop.sandbox)
    listener.set(heard)
    async with LumaProvider() as luma:
        made = await luma.make_film(chain(4), out="made")
        matched = await luma.make_film(chain(4, film={"colors": "match"}), out="matched")
    assert heard.warnings == []
    assert not any("drift" in str(note) for note in made.record.notes)
    assert matched.path.read_bytes() == made.path.read_bytes()
    assert [seam.how for seam in matched.record.colors] == ["as made"] * 3


def test_the_links_of_a_plan() -> None:
    """Clips that go on from a clip of the plan by its generation, or from the frame at which it is cut; no stills, no
    upscales, no first clips."""
    drawn = plan(
        production(
            scene("a", duration=10), scene("b", duration=3, continue_from="a"), scene("c", continue_from="b"),
            scene("d"), upscale="1080p", model="ray-2", resolution="540p",
        )
    )  # fmt: skip
    found = {(link.parent, link.child): link.frame for link in links_of(drawn)}
    made = [shot.id for shot in drawn.shots if not shot.finishes]
    assert {one for pair in found for one in pair} <= set(made)
    assert {child.partition(".")[0] for _, child in found} >= {"b", "c"}
    assert next(frame for (parent, child), frame in found.items() if child.startswith("c")) == 71
    assert not any(child == "d" for _, child in found)
