"""The examples: each can be planned at the price that the documents say, and the film of everything is really made."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from studio.execution.session import open_session
from studio.media.clip import examine
from studio.planning import derived
from studio.planning.plan import Plan
from studio.production import load_production
from studio.settings import load_settings
from tests.support.features import EXAMPLES, ROOT, SHOWN, rows
from tests.support.running import Sandbox, booked, charged

#: Scenes, shots and price of each example, as docs/features.md says.
TOLD = {row[0].partition("]")[0].strip("["): tuple(row[1:]) for row in rows(SHOWN)}


async def plan_of(file: Path, **options: Any) -> Plan:
    """An example's plan, against empty books: no network, no key, nothing spent."""
    async with open_session(load_settings()) as session:
        plan, _ = await session.plan(derived(load_production(file), **options))
    return plan


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.yaml")), ids=lambda file: file.stem)
async def test_an_example_s_plan(file: Path, workplace: Path) -> None:
    """It has the scenes, shots and price that the documents say, within its own budget, and connects to nothing."""
    plan = await plan_of(file)
    scenes, shots, price = TOLD[file.stem]
    assert (str(len(plan.cuts)), str(len(plan.shots)), f"${plan.to_pay}") == (scenes, shots, price)
    assert plan.to_pay <= (plan.production.budget or 0)
    assert not (workplace / ".studio" / "sandbox").exists()


@pytest.mark.parametrize(
    ("name", "options", "price"),
    [
        ("continuity", {"reframe": "1:1"}, "1.44"),
        ("draft", {"draft": True}, "0.28"),
        ("draft", {"from_draft": True}, "0.76"),
        ("everything", {"draft": True}, "2.08"),
        ("spot", {"reframe": "9:16"}, "4.32"),
    ],
)
async def test_the_plan_of_an_example_with_options(
    name: str, options: dict[str, Any], price: str, workplace: Path
) -> None:
    """An example with its options costs this much, and what is not there already is within the budget."""
    plan = await plan_of(EXAMPLES / f"{name}.yaml", **options)
    there = {shot.key for shot in (await plan_of(EXAMPLES / f"{name}.yaml")).shots}
    more = sum(shot.quote.usd for shot in plan.shots if shot.key not in there)
    assert plan.to_pay == Decimal(price)
    assert more <= (plan.production.budget or 0)


def test_all_are_made_by_one_command() -> None:
    """``make examples`` runs the script that makes every example as it stands, and some with options as well."""
    script = runpy.run_path(str(ROOT / "productions" / "make_examples.py"))
    made = [example.name for example in script["examples"]()]
    assert sorted(name for name in made if " " not in name) == sorted(TOLD)
    assert {name for name in made if " " in name} == {
        "continuity --reframe 1:1", "draft --draft", "draft --from-draft", "everything --draft", "spot --reframe 9:16",
        "spot --reframe 1:1",
    }  # fmt: skip
    assert made.index("text") < min(made.index("existing"), made.index("mixed"))  # which use what text made
    dry = subprocess.run(
        ["make", "--no-print-directory", "-n", "examples"], cwd=ROOT, capture_output=True, text=True, check=True,
        env={n: v for n, v in os.environ.items() if not n.startswith("MAKE")},
    )  # fmt: skip
    assert dry.stdout.rstrip().endswith("productions/make_examples.py")


def test_an_example_that_is_not_there(workplace: Path) -> None:
    """A name that no example has is one error that lists them, before anything is started."""
    script = str(ROOT / "productions" / "make_examples.py")
    done = subprocess.run([sys.executable, script, "lop"], cwd=workplace, capture_output=True, text=True, timeout=240)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert "no example is called lop" in done.stderr
    assert not (workplace / ".studio").exists()


@pytest.mark.long
@pytest.mark.timeout(1200)
async def test_everything_in_one_film(studio: Path, sandbox: Sandbox) -> None:
    """A character, a long scene, a bridge, modified footage and Ray 3 become one film.

    Both books agree to the cent, each feature's request really went out, and a rerun costs nothing.
    """
    from flows.produce import produce

    first = await produce(production_file=str(EXAMPLES / "everything.yaml"), out="one")
    film = examine(Path(first["film"]))
    assert (film.width, film.height, film.frames) == (960, 540, 24 * (5 + 14 + 5 + 5 + 5 + 5 + 5 + 5 + 10))
    assert film.has_audio
    assert first["cost_usd"] == TOLD["everything"][2].strip("$")
    assert booked(studio) == charged(sandbox) == Decimal(first["cost_usd"])
    continued = {(seam["before"], seam["after"]): seam["ssim"] for seam in first["seams"] if seam["continued"]}
    assert set(continued) == {("meet", "walk"), ("walk", "bridge"), ("bridge", "harbour"), ("harbour", "night")}
    assert min(continued.values()) > 0.9
    _see_what_was_asked(first, sandbox.books()["creates"])

    again = await produce(production_file=str(EXAMPLES / "everything.yaml"), out="two")
    assert (again["cost_usd"], again["reused_usd"]) == ("0.00", first["cost_usd"])
    assert len(sandbox.books()["creates"]) == len(shots_of(first))
    assert booked(studio) == charged(sandbox) == Decimal(first["cost_usd"])


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_a_finished_film_has_its_finished_form(studio: Path, sandbox: Sandbox) -> None:
    """A film that is reframed comes out in that shape, though most clips that were made for it have another one."""
    from flows.produce import produce

    told = await produce(production_file=str(EXAMPLES / "reframe.yaml"), out="upright")
    film = examine(Path(told["film"]))
    assert (film.width, film.height) == (540, 960)
    requests = [create["request"] for create in sandbox.books()["creates"]]
    assert sum(r.get("generation_type") == "reframe_video" for r in requests) == 2
    assert [r["aspect_ratio"] for r in requests if r.get("type") == "video_reframe"] == ["9:16"]
    assert booked(studio) == charged(sandbox) == Decimal(told["cost_usd"])


def shots_of(told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Every shot that a run tells of, by its id."""
    return {shot["id"]: shot for scene in told["scenes"] for shot in scene.get("shots", [scene])}


def _see_what_was_asked(told: dict[str, Any], creates: list[dict[str, Any]]) -> None:
    """Hold the requests that the sandbox accepted against what each scene wants."""
    requests = {create["id"]: create["request"] for create in creates}
    made = {name: shot["generation_id"] for name, shot in shots_of(told).items()}
    asked = {name: requests[generation] for name, generation in made.items()}

    assert len(asked["meet.still"]["character_ref"]["identity0"]["images"]) == 2
    assert asked["meet"]["keyframes"]["frame0"]["type"] == "image"
    generation = {"type": "generation"}
    assert asked["walk.1"]["keyframes"] == {"frame0": generation | {"id": made["meet"]}}
    assert asked["walk.2"]["keyframes"]["frame0"] == generation | {"id": made["walk.1"]}
    assert asked["walk.1"]["concepts"] == [{"key": "truck_right"}]
    assert asked["bridge"]["keyframes"] == {
        "frame0": generation | {"id": made["walk.2"]}, "frame1": generation | {"id": made["harbour"]},
    }  # fmt: skip
    assert asked["harbour.large"]["resolution"] == "720p"
    assert asked["harbour.large.sound"]["prompt"] == "gulls, water against the quay"
    assert asked["keeping"]["loop"] is True
    assert (asked["sails"]["generation_type"], asked["sails"]["mode"]) == ("modify_video", "flex_2")

    assert {name for name, request in asked.items() if request.get("model") == "ray-3.2"} == {"night", "storm", "drift"}
    assert set(asked["night"]["video"]["start_frame"]) == {"file_id"}
    assert asked["night"]["prompt"].endswith("The camera pushes in slowly.")
    assert asked["storm"]["source"] == {"generation_id": made["night"]}
    assert asked["storm"]["video"]["edit"] == {"strength": "reimagine_1"}
    assert asked["drift"]["video"]["keyframe_indexes"] == [0, 192]
    assert len(asked["drift"]["video"]["keyframes"]) == 2
