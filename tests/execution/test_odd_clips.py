"""Whole runs with a delivery that differs from its order: kept, reported, used only where allowed, nothing bought."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from studio.errors import Incomplete, OddClip
from studio.execution.executor import PlainSteps, execute
from studio.execution.run import Run
from studio.execution.session import open_session
from studio.library import LumaProvider
from studio.media.clip import examine
from studio.settings import load_settings
from studio.wording import Surface
from tests.support.running import Sandbox, booked, chain, charged, command

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]

SAID = "ordered: 5 s at 540p, 16:9; came: 0.08333 s, 64×48"


def faults(sandbox: Sandbox, *wanted: dict[str, Any]) -> None:
    """Set the faults of the sandbox from now on."""
    httpx.put(f"{sandbox.origin}/sandbox/faults", json=list(wanted), trust_env=False).raise_for_status()


async def test_an_odd_clip_is_kept_and_not_used(studio: Path, sandbox: Sandbox) -> None:
    """Its scene fails, nothing is bought from it, and a rerun fails again without buying or fetching it anew.

    Where it is allowed, the film is made with it, and says so; later runs use it only where it is allowed, too.
    """
    from flows.produce import produce

    faults(sandbox, {"kind": "odd_clip", "nth": 1})
    with pytest.raises(Incomplete) as first:
        await produce(production=chain(), out="one")
    assert first.value.missing == ("a", "b", "c")
    assert f"scene 'a': {SAID}" in str(first.value)
    assert "with the field 'allow_odd'" in str(first.value)
    assert sandbox.prompts() == ["a harbour at dawn"]
    assert booked(studio) == charged(sandbox) == Decimal("0.14")
    told = {s["id"]: s for s in json.loads((studio / "one" / "manifest.json").read_text())["shots"]}
    assert told["a"]["outcome"] == "failed"

    faults(sandbox, {"kind": "expired_url"})  # what is here is not fetched again
    with pytest.raises(Incomplete, match="64×48"):
        await produce(production=chain(), out="two")
    assert sandbox.prompts() == ["a harbour at dawn"]

    faults(sandbox)
    taken = await produce(production=chain(), out="three", allow_odd=True)
    assert examine(Path(taken["film"])).frames == 242
    assert sandbox.prompts()[1:] == ["a boat leaves the harbour", "the open sea"]
    notes = json.loads((studio / "three" / "manifest.json").read_text())["notes"]
    assert any(f"shot 'a': {SAID}" in note for note in notes)
    assert "64×48" in (studio / "three" / "report.html").read_text()

    again = await produce(production=chain(), out="four", allow_odd=True)
    assert again["cost_usd"] == "0.00"
    notes = json.loads((studio / "four" / "manifest.json").read_text())["notes"]
    assert any(f"shot 'a': {SAID}" in note for note in notes)
    with pytest.raises(Incomplete) as unasked:
        await produce(production=chain(), out="five")
    assert unasked.value.missing == ("a",)
    assert len(sandbox.prompts()) == 3


def test_the_command_ends_with_status_1(studio: Path, sandbox: Sandbox) -> None:
    """The command names scene, order and delivery; with --allow-odd the same run costs nothing and makes the film."""
    faults(sandbox, {"kind": "odd_clip", "width": 960, "height": 540, "frames": 48})
    (studio / "film.json").write_text(
        chain(scenes=[{"id": "a", "prompt": "a harbour at dawn"}]).model_dump_json(exclude_defaults=True)
    )
    to = {"LUMAAI_BASE_URL": sandbox.url, "LUMAAI_API_KEY": "sandbox"}
    failed = command(studio, "film.json", "--yes", **to)
    assert failed.returncode == 1
    assert "scene 'a': ordered: 5 s at 540p, 16:9; came: 2 s, 960×540 (too short)" in failed.stderr
    assert "Traceback" not in failed.stderr
    taken = command(studio, "film.json", "--yes", "--allow-odd", **to)
    assert taken.returncode == 0, taken.stderr
    assert len(sandbox.prompts()) == 1


async def test_an_odd_still_is_not_filmed(studio: Path, sandbox: Sandbox) -> None:
    """A still that came as a thumbnail is reported, and no clip is bought from it."""
    from flows.produce import produce
    from tests.support.seeds import encoded, halves

    (studio / "maya.png").write_bytes(encoded(halves()))
    film = chain(
        scenes=[{"id": "a", "prompt": "a harbour at dawn", "character": "maya"}],
        characters=[{"id": "maya", "images": [str(studio / "maya.png")]}],
    )
    faults(sandbox, {"kind": "odd_clip", "on": "create.image", "width": 320, "height": 180})
    with pytest.raises(Incomplete, match="ordered: a still, 16:9; came: 320×180"):
        await produce(production=film, out="one")
    assert len(sandbox.books()["creates"]) == 1
    taken = await produce(production=film, out="two", allow_odd=True)
    assert examine(Path(taken["film"])).frames == 120


async def test_an_odd_clip_in_the_library(workplace: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The call raises OddClip, and again; a provider that allows it gives the clip, and says what is odd."""
    monkeypatch.setenv("LUMAAI_BASE_URL", sandbox.url)
    faults(sandbox, {"kind": "odd_clip", "nth": 1})
    scenes = [{"prompt": "a harbour at dawn"}, {"prompt": "a boat leaves the harbour"}]
    for _ in range(2):
        async with LumaProvider("ray-flash-2", budget="1") as luma:
            with pytest.raises(OddClip, match=r"came: 0\.08333 s, 64×48") as odd:
                await luma.generate_continuous(scenes, width=960, height=540)
    assert "allow_odd=True" in odd.value.hint
    assert len(sandbox.prompts()) == 1
    async with LumaProvider("ray-flash-2", budget="1", allow_odd=True) as luma:
        first, second = await luma.generate_continuous(scenes, width=960, height=540)
    assert (first.width, first.height, second.width) == (64, 48, 960)
    assert any("64×48" in note for note in first.metadata["notes"])
    assert (first.metadata["cached"], second.metadata["cached"]) == (True, False)


async def test_what_is_made_from_an_existing_generation_costs_what_that_is(
    studio: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clip that is longer than its scene says is planned at what it costs, since it is looked up.

    Where it could not be looked up, it is measured before anything is bought from it, and its price refused, unless it
    is allowed. Our ledger agrees with the sandbox's.
    """
    from flows.produce import produce

    await produce(production=chain(scenes=[{"id": "a", "prompt": "a harbour at dawn", "duration": 9}]), out="one")
    there = sandbox.books()["creates"][0]["id"]
    pinned = {"id": "p", "prompt": "a harbour at dawn", "generation": there, "sound": "gulls"}
    film = [pinned, {"id": "m", "prompt": "the same in oil", "modify": "p"}]
    monkeypatch.setenv("LUMAAI_BASE_URL", "http://127.0.0.1:9/dream-machine/v1")
    async with open_session(load_settings()) as session:
        blind, seeds = await session.plan(chain(scenes=film), apart=True)
    monkeypatch.setenv("LUMAAI_BASE_URL", sandbox.url)
    async with open_session(load_settings()) as session:
        run = Run(session, blind, seeds, run_id="two", out=studio / "two", budget=None, started_at=datetime.now(UTC))
        await run.begin()
        made = await execute(run, PlainSteps(), {})
    refused = made.results["m"].error
    assert isinstance(refused, OddClip)
    assert "lasts 9 s at 960×540, so that it costs $0.61, and the plan said $0.34" in str(refused)
    assert "write into scene 'p' the duration" in str(refused)
    assert "or buy it at that price, within every cap, by --allow-odd" in refused.worded(Surface.COMMAND)
    assert isinstance(made.results["p.sound"].error, OddClip)
    assert booked(studio) == charged(sandbox) == Decimal("0.25")
    await produce(production=chain(scenes=film), out="three", apart=True)
    assert booked(studio) == charged(sandbox) == Decimal("0.25") + Decimal("0.25") + Decimal("0.61")
    allowed = [pinned | {"sound": "waves"}, film[1] | {"prompt": "the same in ink"}]
    await produce(production=chain(scenes=allowed), out="four", apart=True, allow_odd=True)
    assert booked(studio) == charged(sandbox) == Decimal("0.25") + 2 * (Decimal("0.25") + Decimal("0.61"))


async def test_a_clip_that_holds_its_parent_s_footage_too(studio: Path, sandbox: Sandbox) -> None:
    """Nothing is bought unasked from a clip of double length for more than the plan said."""
    from flows.produce import produce

    sandbox.assume = "extension=parent_plus_new"
    sandbox.again(sandbox.latency)
    os.environ["LUMAAI_BASE_URL"] = sandbox.url  # the fixture `studio` puts it back
    scenes = [{"id": "a", "prompt": "a harbour at dawn"}]
    scenes += [{"id": "b", "prompt": "a boat leaves it", "continue_from": "a"}]
    scenes += [{"id": "m", "prompt": "the same in oil", "modify": "b"}]
    with pytest.raises(Incomplete, match=r"lasts 10 s at 960×540, so that it costs \$0\.68, and the plan said \$0\.34"):
        await produce(production=chain(scenes=scenes), out="one")
    assert booked(studio) == charged(sandbox) == Decimal("0.28")
    await produce(production=chain(scenes=scenes), out="two", allow_odd=True)
    assert booked(studio) == charged(sandbox) == Decimal("0.28") + Decimal("0.68")
