"""Three films from real briefs, made by the command of the examples: each has the figures that its brief asked for."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import pytest
import yaml

from studio.production import parse_production
from studio.report.costs import read_costs
from studio.shelf.latest import point_latest
from studio_cli.app import COMMANDS
from tests.support.features import EXAMPLES, ROOT
from tests.support.shelf import shelved


def made(films: Path, slug: str) -> tuple[Path, dict[str, Any]]:
    """The film of an example, and its manifest."""
    (manifest,) = (path for path in films.glob(f"{slug}/*/manifest.json") if not path.parent.is_symlink())
    return manifest.with_name("film.mp4"), json.loads(manifest.read_text("utf-8"))


def frames(file: Path) -> list[bytes]:
    """A digest of each decoded frame of a file."""
    with av.open(str(file)) as container:
        return [hashlib.sha256(frame.to_ndarray().tobytes()).digest() for frame in container.decode(video=0)]


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_the_three_briefs(workplace: Path) -> None:
    """A spot of 45.0 s in three shapes, a short in chains whose continued seams are all good, and a film of five clips
    that are unchanged."""
    script = ROOT / "productions" / "make_examples.py"
    done = subprocess.run(
        [sys.executable, str(script), "spot", "short", "mixed"], cwd=workplace, capture_output=True, text=True,
        check=False, env={name: value for name, value in os.environ.items() if name != "STUDIO_SANDBOX_COARSE"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    films = workplace / "films"
    for slug in ("example-spot", "example-spot-9x16", "example-spot-1x1"):
        assert made(films, slug)[1]["film"]["seconds"] == 45
    _, short = made(films, "example-short")
    continued = [seam for seam in short["seams"] if seam["expected"] == "continued"]
    assert len(continued) == 10
    assert {seam["grade"] for seam in continued} == {"good"}
    film, mixed = made(films, "example-mixed")
    shown = frames(film)
    clips = {cut["scene"]: cut for cut in mixed["cuts"] if (EXAMPLES / f"harbour-{cut['scene']}.mp4").exists()}
    assert len(clips) == 5
    for scene, cut in clips.items():
        start = cut["start_frame"]
        assert shown[start : start + cut["frames"]] == frames(EXAMPLES / f"harbour-{scene}.mp4"), scene
    assert {seam["grade"] for seam in mixed["seams"] if seam["expected"] in ("continued", "bridged")} == {"good"}


def test_the_how_tos_name_commands_that_are_there() -> None:
    """Every command that docs/how-to.md names is one of the program's."""
    named = set(re.findall(r"studio ([a-z]+)", (ROOT / "docs" / "how-to.md").read_text("utf-8")))
    assert {"takes", "films", "package", "clean", "diff"} <= named
    assert named <= set(COMMANDS)


HOW_TO = (ROOT / "docs" / "how-to.md").read_text("utf-8")


def test_a_bridge_between_two_finished_clips_is_shown() -> None:
    """The lines of the how-to are scenes: the bridge continues the clip before, and leads into the next."""
    (lines,) = re.findall(r"```yaml\n(  - \{id: pier.*?)```", HOW_TO, re.DOTALL)
    production = parse_production({"title": "A Film", "scenes": yaml.safe_load(lines)}, base=EXAMPLES)
    assert [(s.id, s.continue_from, s.lead_into) for s in production.scenes] == [
        ("pier", None, None), ("cast-off", "pier", "boat"), ("boat", None, None),
    ]  # fmt: skip


def test_the_command_that_adds_up_costs(workplace: Path) -> None:
    """The command of the how-to adds up the films' files, each once, whatever `latest` links to."""
    films, home = workplace / "films", workplace / ".studio"
    shelved(films, home, "20261127-101500-aaaa")
    last = shelved(films, home, "20261127-111500-bbbb", made=1)
    assert point_latest(films, "the-quay", "final", last) == ""
    (command,) = re.findall(r"^python -c \"(.*)\"$", HOW_TO, re.MULTILINE)
    amounts = [float(row["amount"]) for path in films.glob("*/2*/costs.csv") for row in read_costs(path) or []]
    assert sum(amounts) > 0
    done = subprocess.run([sys.executable, "-c", command], cwd=workplace, capture_output=True, text=True, check=True)
    assert float(done.stdout) == pytest.approx(sum(amounts))
