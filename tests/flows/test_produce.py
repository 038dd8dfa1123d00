"""The flow, end to end: a real Prefect server, a real sandbox over HTTP, real films."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import httpx
import pytest

from studio.errors import Incomplete, OverBudget
from studio.ledger import open_ledger
from studio.media.clip import examine
from studio.media.seam import measure_seam
from studio.production import Production
from tests.support.footage import trimmed
from tests.support.orders import PRICE, intent
from tests.support.proxy import Proxy
from tests.support.running import Sandbox, booked, chain, charged, command, wait_for_ids

pytestmark = pytest.mark.timeout(900)


async def test_a_film_a_rerun_and_an_edit(studio: Path, sandbox: Sandbox) -> None:
    """A chain becomes a film; again, it costs nothing; an edit pays for the scene and what descends from it.

    After each, both books agree to the cent, and every continued seam is whole.
    """
    from flows.produce import produce

    first = await produce(production=chain(), out="one")
    film = examine(Path(first["film"]))
    assert (film.frames, film.width, film.height) == (360, 960, 540)
    assert first["cost_usd"] == "0.42"
    assert [s["ssim"] > 0.9 for s in first["seams"] if s["continued"]] == [True, True]  # drawn coarsely here
    clips = [Path(s["clip"]) for s in first["scenes"]]
    assert all(measure_seam(a, b).ssim > 0.9 for a, b in pairwise(clips))
    assert booked(studio) == charged(sandbox) == Decimal("0.42")
    for name in ("report.html", "costs.csv", "manifest.json", "timeline.otio"):
        assert (studio / "one" / name).stat().st_size > 0

    again = await produce(production=chain(), out="two")
    assert again["cost_usd"] == "0.00"
    assert again["reused_usd"] == "0.42"
    assert all(s["cached"] for s in again["scenes"])
    assert examine(Path(again["film"])).sha256 == film.sha256
    assert len(sandbox.prompts()) == 3

    edited = await produce(production=chain(b={"prompt": "a boat stays in the harbour"}), out="three")
    assert sandbox.prompts()[3:] == ["a boat stays in the harbour", "the open sea"]
    assert [s["state"] for s in edited["scenes"]] == ["reused", "new", "new"]
    assert booked(studio) == charged(sandbox) == Decimal("0.70")


@pytest.mark.long
async def test_trimmed_footage_is_charged_as_it_was_planned(studio: Path, sandbox: Sandbox) -> None:
    """Of footage with an edit list, the plan counts, the sandbox charges and the clip has the frames that are shown."""
    from flows.produce import produce

    trimmed(studio / "trimmed.mp4")
    scene = {"id": "one", "prompt": "Make it rain here.", "modify": str(studio / "trimmed.mp4")}
    written = {"title": "Trimmed", "resolution": "540p", "budget": "0.30", "scenes": [scene]}
    made = await produce(production=Production.model_validate(written), out="one")
    assert booked(studio) == charged(sandbox) == Decimal("0.25")
    clip = examine(Path(made["scenes"][0]["clip"]))
    assert (clip.frames, clip.fps) == (31, 24)


@pytest.mark.long
async def test_a_rerun_without_prefect_s_results(studio: Path, sandbox: Sandbox) -> None:
    """Prefect's result store is not the truth about money: without it, and with the service away, a rerun costs $0."""
    from flows.produce import produce

    await produce(production=chain(), out="one")
    sandbox.stop()
    # Another ledger id would be another cache key; here the store itself is what is gone.
    for record in Path(os.environ["PREFECT_LOCAL_STORAGE_PATH"]).rglob("luma/**/*"):
        if record.is_file():
            record.unlink()
    again = await produce(production=chain(), out="two")
    assert (again["cost_usd"], again["reused_usd"]) == ("0.00", "0.42")


@pytest.mark.long
async def test_a_failed_scene_leaves_its_siblings(studio: Path, sandbox: Sandbox) -> None:
    """A scene that fails costs its descendants their start and nobody else; a rerun pays only for what is missing."""
    from flows.produce import produce

    broken = chain(scenes=[
        {"id": "a", "prompt": "a harbour at dawn"},
        {"id": "b", "prompt": "never made"},
        {"id": "c", "prompt": "the open sea"},
    ])  # fmt: skip
    refusal = {"kind": "fails", "containing": "never made", "reason": "Frame moderation failed"}
    async with httpx.AsyncClient(trust_env=False) as client:
        (await client.post(f"{sandbox.origin}/sandbox/faults", json=[refusal])).raise_for_status()
    with pytest.raises(Incomplete) as error:
        await produce(production=broken, out="one")
    assert error.value.missing == ("b",)
    manifest = json.loads((studio / "one" / "manifest.json").read_text())
    assert sorted(sandbox.prompts()) == ["a harbour at dawn", "never made", "the open sea"]
    assert booked(studio) == charged(sandbox) == Decimal("0.28")  # what failed was refunded
    assert not (studio / "one" / "film.mp4").exists()
    assert manifest["film"] is None

    gap = await produce(production=broken, out="two", allow_missing=True)
    assert examine(Path(gap["film"])).frames == 360
    assert gap["cost_usd"] == "0.00"


async def test_a_lost_answer_is_found_again(studio: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """When answers to creates are lost on the way, the generations are found and awaited: nothing is bought twice."""
    from flows.produce import produce

    async with Proxy(sandbox.origin, lose=2) as proxy:
        monkeypatch.setenv("LUMAAI_BASE_URL", f"{proxy.origin}/dream-machine/v1")
        film = await produce(production=chain(), out="one")
    assert len(sandbox.prompts()) == 3
    assert film["cost_usd"] == "0.42"
    assert booked(studio) == charged(sandbox) == Decimal("0.42")


def test_an_order_in_doubt_is_settled_by_hand(studio: Path, sandbox: Sandbox) -> None:
    """``flows.reconcile`` lists what is in doubt, adopts a generation that the service knows, or releases the order."""
    ledger = open_ledger(f"sqlite:///{studio / '.studio' / 'ledger.db'}")
    for name in ("a", "b"):
        wanted = intent(f"{name}{name}", realm="local", sent={"model": "ray-flash-2", "prompt": f"never made {name}"})
        ledger.reserve(wanted, run="r", caps=[])
        ledger.doubt(wanted.key, 1, "lost")
    body = {"model": "ray-flash-2", "prompt": "by hand", "resolution": "540p", "duration": "5s"}
    headers = {"authorization": "Bearer x"}
    made = httpx.post(f"{sandbox.url}/generations/video", json=body, headers=headers, trust_env=False).json()["id"]
    environment = {n: v for n, v in os.environ.items() if not n.startswith("PREFECT_API")}

    def reconcile(*args: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "flows.reconcile", *args]
        return subprocess.run(line, cwd=studio, env=environment, capture_output=True, text=True, check=False)

    left = reconcile()
    assert (left.returncode, left.stdout.count("in doubt: order")) == (4, 2), left.stderr
    unnamed = reconcile("--adopt", intent("aa").key, " ")
    assert (unnamed.returncode, unnamed.stderr.splitlines()[0]) == (2, "error: --adopt: names no generation")
    mistyped = reconcile("--adopt", intent("aa").key, "no-such-generation")
    assert (mistyped.returncode, "Traceback" in mistyped.stderr) == (1, False)
    assert reconcile("--adopt", intent("aa").key, made).returncode == 0
    assert reconcile("--release", intent("bb").key).returncode == 0
    assert ledger.order(intent("aa").key).generation_id == made
    assert ledger.spent("run", "r", realm="local") == PRICE
    ledger.close()


@pytest.mark.long
def test_reconciling_settles_what_runs_left_behind(studio: Path, sandbox: Sandbox) -> None:
    """Lost answers are adopted, ends booked, clips fetched; what no order explains is shown, to the cent."""
    url = f"sqlite:///{studio / '.studio' / 'ledger.db'}"
    ledger = open_ledger(url)
    headers = {"authorization": "Bearer x"}
    body = {"model": "ray-flash-2", "prompt": "a lost one", "resolution": "540p", "duration": "5s"}

    def create(prompt: str) -> str:
        answer = httpx.post(
            f"{sandbox.url}/generations/video", json=body | {"prompt": prompt}, headers=headers, trust_env=False
        )
        return answer.json()["id"]

    wanted = intent("aa", realm="local", account="local", sent=body, request=body, price=Decimal("0.14"))
    ledger.reserve(wanted, run="r", caps=[])
    ledger.doubt(wanted.key, 1, "lost")
    lost = create("a lost one")

    def reconcile() -> str:
        environment = {n: v for n, v in os.environ.items() if not n.startswith("PREFECT_API")}
        line = [sys.executable, "-m", "flows.reconcile"]
        done = subprocess.run(line, cwd=studio, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    told = reconcile()
    assert "1 lost answers found again" in told
    assert ledger.order(wanted.key).generation_id == lost
    deadline = time.monotonic() + 300
    while "1 paid clips fetched" not in told and time.monotonic() < deadline:
        told = reconcile()
    assert ledger.order(wanted.key).clip is not None
    stray = create("made by hand")
    told = reconcile()
    assert f"generation {stray}" in told
    assert "$0.14 left the account that no order explains" in told
    assert booked(studio) + Decimal("0.14") == charged(sandbox)
    ledger.close()


async def test_a_budget_stops_the_run_before_anything_is_bought(studio: Path, sandbox: Sandbox) -> None:
    """A plan that goes over the run's or the production's budget buys nothing at all."""
    from flows.produce import produce

    with pytest.raises(OverBudget, match=r"\$0.42.*\$0.41.*\$0.01 too much"):
        await produce(production=chain(), budget="0.41", out="one")
    close = await produce(production=chain(budget="0.42"), out="two")
    assert close["notes"] == ["this run brings the production to $0.42 of $0.42 (100%)"]
    with pytest.raises(OverBudget, match=r"\$0.42 are spent already"):
        await produce(production=chain(budget="0.50", a={"prompt": "another harbour"}), out="three")
    assert len(sandbox.prompts()) == 3


@pytest.mark.long
def test_killed_in_flight_the_same_generations_are_awaited(workplace: Path, tmp_path: Path) -> None:
    """kill -9 while scenes are in flight, then the same command: the same generations, no second create, the film."""
    sandbox = Sandbox(tmp_path / "sandbox", latency=3600)  # nothing is ready before the kill
    sandbox.start()
    try:
        (workplace / "film.json").write_text(chain(b={"continue_from": None}).model_dump_json(exclude_defaults=True))
        environment = {n: v for n, v in os.environ.items() if not n.startswith("PREFECT_API")}
        environment |= {"LUMAAI_BASE_URL": sandbox.url}
        arguments = [sys.executable, "-m", "flows.produce", "film.json", "--json", "--out", "out"]
        run = subprocess.Popen(
            arguments, cwd=workplace, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        deadline = time.monotonic() + 300
        while len(sandbox.books()["creates"]) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        wait_for_ids(workplace, 2)
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        before = {c["id"] for c in sandbox.books()["creates"]}
        assert len(before) == 2
        sandbox.again(latency=0)
        environment |= {"LUMAAI_BASE_URL": sandbox.url}
        again = subprocess.run(arguments, cwd=workplace, env=environment, capture_output=True, text=True, timeout=540)
        assert again.returncode == 0, again.stderr
        told = json.loads(again.stdout)
        assert {s["generation_id"] for s in told["scenes"][:2]} == before
        assert len(sandbox.books()["creates"]) == 3
        assert examine(Path(told["film"])).frames == 360
        assert booked(workplace) == charged(sandbox) == Decimal("0.42")
    finally:
        sandbox.stop()


@pytest.mark.long
def test_no_secret_is_left_anywhere(workplace: Path, sandbox: Sandbox) -> None:
    """After a run with a key, neither the key nor an asset's URL, signed or not, is in any file, log or output."""
    key = "luma-0123456789abcdef-very-secret"
    (workplace / "film.json").write_text(chain().model_dump_json(exclude_defaults=True))
    home = workplace / "prefect"
    done = command(
        workplace, "film.json", "--yes", "--out", "out", LUMAAI_API_KEY=key, LUMAAI_BASE_URL=sandbox.url,
        PREFECT_HOME=str(home), PREFECT_LOCAL_STORAGE_PATH=str(home / "storage"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    texts = [done.stdout.encode(), done.stderr.encode()]
    files = [p for top in (workplace / ".studio", workplace / "out", home) for p in top.rglob("*") if p.is_file()]
    assert any(p.name == "prefect.db" for p in files)
    texts += [p.read_bytes() for p in files]
    assert not any(key.encode() in text for text in texts)
    assert not any(re.search(rb"/sandbox/assets/[\w-]+/|expires=\d+&(amp;)?sig=", text) for text in texts)


def test_a_billed_run_that_nobody_confirms(workplace: Path) -> None:
    """With a key, without a terminal, --yes or a budget, nothing is sent: exit status 2, and what to do."""
    (workplace / "film.json").write_text(chain().model_dump_json(exclude_defaults=True))
    done = command(workplace, "film.json", LUMAAI_API_KEY="k", LUMAAI_BASE_URL="http://127.0.0.1:9")
    assert done.returncode == 2
    assert "would be billed $0.42" in done.stderr
    assert "--yes" in done.stderr


@pytest.mark.parametrize(
    ("args", "status", "message"),
    [
        (["nowhere.yaml"], 2, "nowhere.yaml"),
        (["film.json", "--budget", "five"], 2, "--budget"),
        (["film.json", "--take", "a"], 2, "--take"),
        (["film.json", "--only", "z"], 2, "no scene 'z'"),
        (["film.json", "--budget", "0.10"], 3, "$0.32 too much"),
        (["--nonsense"], 2, "--nonsense"),
    ],
)
def test_what_the_command_refuses(workplace: Path, args: list[str], status: int, message: str) -> None:
    """Bad input is one clear error, without a traceback, with the exit status that scripts rely on."""
    (workplace / "film.json").write_text(chain().model_dump_json(exclude_defaults=True))
    done = command(workplace, *args)
    assert (done.returncode, "Traceback" in done.stderr) == (status, False), done.stderr
    assert message in done.stderr
    assert not (workplace / "films").exists()


def test_the_plan_needs_no_key_and_spends_nothing(workplace: Path) -> None:
    """``--plan`` prints every shot with its state and price, as a table or as JSON, and starts nothing."""
    (workplace / "film.json").write_text(chain().model_dump_json(exclude_defaults=True))
    table = command(workplace, "film.json", "--plan")
    assert "to pay now: $0.42 of $0.42" in table.stdout
    told = json.loads(command(workplace, "film.json", "--plan", "--json").stdout)
    assert [(s["id"], s["parents"], s["state"], s["price_usd"]) for s in told["shots"]] == [
        ("a", [], "new", "0.14"), ("b", ["a"], "new", "0.14"), ("c", ["b"], "new", "0.14"),
    ]  # fmt: skip
    assert not (workplace / ".studio" / "sandbox").exists()
