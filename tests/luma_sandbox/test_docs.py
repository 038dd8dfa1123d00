"""docs/sandbox.md says what the code does: every route, fault, option and assumption, each with a test that exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from luma_sandbox import handbook
from luma_sandbox.app import create_app
from luma_sandbox.assumptions import TABLE
from luma_sandbox.faults import KINDS, Plan
from luma_sandbox.faults_file import plan_of
from luma_sandbox.faults_routes import ROUTES

HERE = Path(__file__).parent
TEXT = handbook.PLACE.read_text("utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading."""
    section = TEXT.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines[1:]]


@pytest.mark.filterwarnings("ignore:Duplicate Operation ID")
def test_every_route_is_in_the_table(tmp_path: Path) -> None:
    """Each route that the application has stands there with its methods, and no other one does."""
    paths = create_app(tmp_path).openapi()["paths"]
    has = {(method.upper(), path) for path, methods in paths.items() for method in methods if method != "head"}
    # Without the base path they answer too; the text says so once.
    bare = {(method, path) for method, path in has if (method, f"/dream-machine/v1{path}") in has}
    told = set()
    for row in rows("Routes"):
        *methods, path = row[0].split(" ")
        told |= {(method, path.strip("`")) for method in methods}
    assert told == has - bare


def test_every_fault_is_in_the_table() -> None:
    """Each kind stands there once, with exactly its options, its place, and the sort of its source."""
    told = {
        row[0].strip("`"): (
            row[1].removeprefix("a ").strip(),
            tuple(row[2].replace("`", "").split()),
            re.split(r"\W", row[4])[0],
        )
        for row in rows("Faults")
    }
    assert told == {kind.name: (kind.place, kind.options, re.split(r"\W", kind.source)[0]) for kind in KINDS.values()}


def test_every_route_of_a_fault_file_is_in_the_table() -> None:
    """Each name that `on` understands is told."""
    assert {row[3].strip("`") for row in rows("Routes")} - {""} == set(ROUTES)


def test_the_assumptions_are_those_of_the_code() -> None:
    """The table is what ``python -m luma_sandbox.handbook`` writes; run it after changing an assumption."""
    assert handbook.filled(TEXT) == TEXT, "run python -m luma_sandbox.handbook"
    assert all(f"`{entry.name}`" in TEXT for entry in TABLE)


def test_every_named_test_exists() -> None:
    """No row of routes, rules and faults is without a test, and each test that it names is there."""
    for heading in ("Routes", "Rules", "Faults"):
        for row in rows(heading):
            named = re.findall(r"(test_\w+\.py)::(test_\w+)", row[-1])
            assert named, row
            for file, test in named:
                assert re.search(rf"^(?:async )?def {test}\(", (HERE / file).read_text("utf-8"), re.M), (file, test)


def test_the_example_is_a_fault_file() -> None:
    """The text's example can be used as it stands."""
    from ruamel.yaml import YAML

    (example,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.S)
    plan = Plan.model_validate(plan_of(YAML(typ="safe", pure=True).load(example)))
    assert [fault.kind for fault in plan.faults] == [
        "lost_answer",
        "rate_limited",
        "error_before",
        "fails",
        "truncated",
    ]


def test_every_option_of_the_command_is_told() -> None:
    """No option is missing from the text."""
    import inspect

    from luma_sandbox.__main__ import main

    for name in inspect.signature(main).parameters:
        assert f"--{name.replace('_', '-')}" in TEXT, name
