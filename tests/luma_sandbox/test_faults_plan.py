"""When a fault strikes, and the file it comes from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from luma_sandbox import faults_file
from luma_sandbox.errors import SettingsError
from luma_sandbox.faults import KINDS, Faults, Plan, strikable
from luma_sandbox.faults_routes import ROUTES, route_of

YAML_TEXT = """
seed: 7
faults:
  - {kind: lost_answer, on: create.*, probability: 0.2}
  - kind: rate_limited
    nth: [2, 5]
    retry_after: 1.5
limits: {creates_a_minute: 20, at_once: {ray: 10}, credit: 5000}
"""


def struck(seed: int, calls: int, *, route: str = "create.video", **fault: Any) -> list[int]:
    """Which of so many calls are struck."""
    faults = Faults(Plan.model_validate({"seed": seed, "faults": [{"kind": "lost_answer"} | fault]}))
    return [n for n in range(1, calls + 1) if faults.strike(route, b'{"prompt": "a lake"}')]


@pytest.mark.parametrize(
    ("when", "calls"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({"nth": 2}, [2]),
        ({"nth": [1, 4]}, [1, 4]),
        ({"every": 3}, [3, 6]),
        ({"times": 2}, [1, 2]),
        ({"every": 2, "times": 1}, [2]),
        ({"probability": 0}, []),
        ({"probability": 1}, [1, 2, 3, 4, 5, 6]),
        ({"containing": "a lake", "nth": 1}, [1]),
        ({"containing": "a desert"}, []),
        ({"on": "create.image"}, []),
        ({"on": "create.*", "nth": 1}, [1]),
    ],
)
def test_when_a_fault_strikes(when: dict[str, Any], calls: list[int]) -> None:
    """By number, by every so many, so many times at most, by chance, by content, and on its own routes only."""
    assert struck(0, 6, **when) == calls


def test_chance_is_seeded() -> None:
    """The same seed strikes the same calls, another seed others, and about as many as the probability says."""
    first = struck(1, 1000, probability=0.2)
    assert first == struck(1, 1000, probability=0.2)
    assert first != struck(2, 1000, probability=0.2)
    assert 150 < len(first) < 250


def test_faults_count_for_themselves() -> None:
    """One fault does not affect another: each counts its own routes and draws its own chance."""
    alone = struck(3, 200, probability=0.3, on="create.video")
    others = [{"kind": "stuck", "probability": 0.5}, {"kind": "error_after", "on": "get", "nth": 3}]
    first = {"kind": "lost_answer", "on": "create.video", "probability": 0.3}
    crowd = Faults(Plan.model_validate({"seed": 3, "faults": [first, *others]}))
    hit = []
    for number in range(1, 201):
        crowd.strike("get")
        crowd.strike("create.image")
        if "call" in crowd.strike("create.video"):
            hit.append(number)
    assert hit == alone


def test_the_first_fault_in_the_plan_wins() -> None:
    """Of two faults that could strike one call the earlier does, and the later one is not counted as having struck."""
    faults = Faults(Plan.model_validate({"faults": [{"kind": "lost_answer"}, {"kind": "error_after"}]}))
    assert faults.strike("create.video")["call"].kind == "lost_answer"
    assert [(fault["calls"], fault["struck"]) for fault in faults.report()["faults"]] == [(1, 1), (1, 0)]


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_a_file_is_yaml_or_json(tmp_path: Path, form: str) -> None:
    """Both forms give the same plan."""
    place = tmp_path / f"faults.{form}"
    place.write_text(YAML_TEXT)
    plan = faults_file.read(place)
    if form == "json":
        place.write_text(json.dumps(plan.model_dump(mode="json", exclude_none=True)))
        assert faults_file.read(place) == plan
    assert (plan.seed, [fault.kind for fault in plan.faults]) == (7, ["lost_answer", "rate_limited"])
    assert plan.faults[1].nth == (2, 5)
    assert plan.limits == {"creates_a_minute": 20, "at_once": {"ray": 10}, "credit": 5000}


def test_a_bare_list_and_an_empty_file(tmp_path: Path) -> None:
    """A list is a list of faults, and an empty file an empty plan."""
    place = tmp_path / "faults.yaml"
    place.write_text("- kind: stuck\n")
    assert [fault.kind for fault in faults_file.read(place).faults] == ["stuck"]
    place.write_text("")
    assert faults_file.read(place) == Plan()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("faults: [{kind: gremlin}]", "gremlin"),
        ("faults: [{kind: stuck", "cannot be read"),
        ("faults: [{kind: rate_limited, at_once: true, a_minute: 20}]", "a_minute is not said"),
        ("faults: [{kind: rate_limited, a_minute: 0}]", "a_minute"),
        ('faults: [{kind: fails, reason: " "}]', "failure_reason is a text"),
        ('faults: [{kind: fails, reason: "\\ud800"}]', "failure_reason is a text"),
        ("nonsense: 1", "nonsense"),
        ("7", "file"),
        ("!!python/object/apply:os.system [id]", "cannot be read"),
    ],
)
def test_a_wrong_file_names_itself(tmp_path: Path, text: str, says: str) -> None:
    """The error names the file and what is wrong in it, and nothing in a file is ever run."""
    place = tmp_path / "faults.yaml"
    place.write_text(text)
    with pytest.raises(SettingsError) as refused:
        faults_file.read(place)
    assert says in str(refused.value)
    assert str(place) in str(refused.value)
    with pytest.raises(SettingsError, match="cannot be read"):
        faults_file.read(tmp_path / "nowhere.yaml")


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("POST", "/dream-machine/v1/generations", "create.video"),
        ("POST", "/generations/video", "create.video"),
        ("POST", "/dream-machine/v1/generations/video/modify", "create.modify"),
        ("POST", "/dream-machine/v1/generations/video/reframe", "create.reframe"),
        ("POST", "/dream-machine/v1/generations/image", "create.image"),
        ("POST", "/dream-machine/v1/generations/image/reframe", "create.image_reframe"),
        ("POST", "/dream-machine/v1/generations/abc/upscale", "create.upscale"),
        ("POST", "/dream-machine/v1/generations/abc/audio", "create.audio"),
        ("POST", "/v1/generations", "create.agents"),
        ("GET", "/dream-machine/v1/generations/concepts/list", "concepts"),
        ("GET", "/dream-machine/v1/generations/abc", "get"),
        ("GET", "/v1/generations/abc", "get.agents"),
        ("GET", "/dream-machine/v1/generations", "list"),
        ("DELETE", "/dream-machine/v1/generations/abc", "delete"),
        ("POST", "/v1/files/abc/complete", "files.complete"),
        ("PUT", "/sandbox/uploads/abc", "files.upload"),
        ("GET", "/sandbox/assets/abc/video.mp4", "download"),
        ("GET", "/sandbox/books", None),
        ("PUT", "/sandbox/faults", None),
        ("GET", "/", None),
    ],
)
def test_routes_have_names(method: str, path: str, name: str | None) -> None:
    """Every call is known by the name of its route, and the sandbox's own routes by none."""
    assert route_of(method, path) == name


def test_every_kind_can_strike_something() -> None:
    """No kind is out of reach, and downloads are struck on their route alone."""
    for kind in KINDS.values():
        assert strikable(kind.place)
    assert strikable("download") == ("download",)
    assert set(strikable("call")) == set(ROUTES)
