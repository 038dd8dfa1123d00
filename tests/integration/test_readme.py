"""The README is a promise: every command in it runs, and its example is a production."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from studio.media.clip import examine
from studio.production import load_production
from tests.support.running import Sandbox

README = (Path(__file__).resolve().parents[2] / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    """The README's code blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


COMMANDS = [line.partition("#")[0].strip() for block in blocks("sh") for line in block.splitlines() if line.strip()]

# How each command is held to its word: run as it stands ("run"), or by the test or file that runs it.
HELD = {
    "make film": "test_the_bundled_example_becomes_a_film",
    "make test": ".ci/run",
    "make examples": "tests/integration/test_examples.py",
    "studio concepts": "run",
    ". .venv/bin/activate": "the interpreter that runs these tests",
    "studio plan productions/coffee-shop.yaml": "run",
    "studio produce productions/coffee-shop.yaml": "run",
    'studio new "My Film"': "run",
    "studio check my-film.yaml": "run",
    "studio costs --by scene": "run",
    "studio reconcile": "run",
    "studio backup ledger-copy.db": "run",
    "export LUMAAI_API_KEY=luma-…": "test_going_live",
    "studio plan my-film.yaml": "test_going_live",
    "studio produce my-film.yaml": "test_going_live",
    "make ui": "tests/deployments/test_serve.py",
    "make serve": "tests/deployments/test_serve.py",
    "python -m luma_sandbox --port 8000": "test_the_sandbox_by_itself",
}


def run(command: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    values = {n: v for n, v in os.environ.items() if not n.startswith(("LUMA", "PREFECT_API"))}
    program, *words = shlex.split(command)
    module = ("-m", "studio_cli") if program == "studio" else ()
    return subprocess.run(
        [sys.executable, *module, *words], cwd=folder, env=values | {"STUDIO_SANDBOX_LATENCY": "0"} | environment,
        capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=840,
    )  # fmt: skip


@pytest.fixture
def fresh(workplace: Path, root: Path) -> Path:
    """A folder with the project's productions in it."""
    (workplace / "productions").symlink_to(root / "productions")
    return workplace


def test_every_command_is_held_to_its_word() -> None:
    """No command stands in the README that no test runs."""
    assert sorted(set(COMMANDS)) == sorted(HELD)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_the_commands_run_in_their_order(fresh: Path) -> None:
    """The README's commands work one after the other, and a second run costs nothing."""
    for command in (c for c in COMMANDS if HELD[c] == "run"):
        done = run(command, fresh)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    again = run("studio produce productions/coffee-shop.yaml", fresh)
    assert "$0.00 this run, $2.13 reused" in again.stdout, again.stderr


@pytest.mark.long
@pytest.mark.timeout(900)
def test_the_bundled_example_becomes_a_film(fresh: Path, root: Path) -> None:
    """``make film`` ends with a film of six scenes and whole seams, says where it is, and that nothing was billed."""
    # Run by `make test`, this is make within make, which would say where it goes.
    dry = ["make", "--no-print-directory", "-n", "film"]
    environment = {n: v for n, v in os.environ.items() if not n.startswith("MAKE")}
    recipe = subprocess.run(dry, cwd=root, env=environment, capture_output=True, text=True, check=True).stdout
    assert recipe.rstrip().endswith("-m flows.produce")
    done = run("python -m flows.produce", fresh, STUDIO_SANDBOX_COARSE="0")  # the very film that a newcomer sees
    assert done.returncode == 0, done.stderr
    assert "nothing was billed" in done.stdout
    film = Path(re.search(r"^film +(.+)$", done.stdout, re.MULTILINE)[1])
    assert examine(film).frames == 720
    seams = r"^seams +3 continued, 1 bridged, .*; the worst .*: good, SSIM ([\d.]+)$"
    worst = re.search(seams, done.stdout, re.MULTILINE)
    assert worst is not None, done.stdout
    assert float(worst[1]) > 0.97


@pytest.mark.long
@pytest.mark.timeout(900)
def test_going_live(fresh: Path) -> None:
    """With a key, the README's example is planned and made; local images need a public URL, and that is said first."""
    (fresh / "assets").mkdir()
    Image.effect_noise((960, 540), 60).convert("RGB").save(fresh / "assets" / "sketch.png")
    (fresh / "my-film.yaml").write_text(blocks("yaml")[0])
    refused = run("studio plan my-film.yaml", fresh, LUMAAI_API_KEY="luma-x")
    assert (refused.returncode, "asset 'sketch'" in refused.stderr) == (2, True), refused.stderr
    sandbox = Sandbox(fresh / "sandbox")
    sandbox.start()
    try:
        live = {"LUMAAI_API_KEY": "luma-x", "LUMAAI_BASE_URL": sandbox.url}
        plan = run("studio plan my-film.yaml", fresh, **live)
        assert "to pay now: $2.69" in plan.stdout, plan.stderr
        done = run("studio produce my-film.yaml --yes", fresh, **live)
        assert done.returncode == 0, done.stderr
        assert "19.0 s, 1280×720" in done.stdout
        assert sandbox.books()["charged_cents"] == 269
    finally:
        sandbox.stop()


def test_the_example_is_a_production(fresh: Path) -> None:
    """The production file that the README explains is one."""
    (fresh / "assets").mkdir()
    Image.new("RGB", (960, 540)).save(fresh / "assets" / "sketch.png")
    (fresh / "film.yaml").write_text(blocks("yaml")[0])
    assert [s.id for s in load_production(fresh / "film.yaml").scenes] == ["arrival", "order", "window"]


@pytest.mark.long
def test_the_sandbox_by_itself(workplace: Path) -> None:
    """The sandbox shows its page and its books to a browser."""
    import httpx

    sandbox = Sandbox(workplace / "sandbox")
    sandbox.start()
    try:
        assert "text/html" in httpx.get(sandbox.origin, trust_env=False).headers["content-type"]
        assert sandbox.books()["creates"] == []
    finally:
        sandbox.stop()
