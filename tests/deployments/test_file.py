"""The deployments in prefect.yaml: they fit the flows, buy nothing unasked, and are all named by the documents."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from deployments.steps import enter_project
from tests.conftest import ROOT

WIDE = os.environ | {"COLUMNS": "200"}  # options are not cut


def written_deployments() -> list[dict[str, Any]]:
    """The deployments in prefect.yaml."""
    listed: list[dict[str, Any]] = YAML(typ="safe").load(ROOT / "prefect.yaml")["deployments"]
    return listed


def flow_of(written: dict[str, Any]) -> str:
    """The name of the flow that a deployment runs."""
    return str(written["entrypoint"]).rpartition(":")[2].replace("_", "-")


@pytest.mark.parametrize("written", written_deployments(), ids=lambda written: str(written["name"]))
def test_parameters_fit_the_flow(written: dict[str, Any]) -> None:
    """Every deployment's parameters are ones that its flow takes, and its file is there."""
    from prefect.flows import load_flow_from_entrypoint

    flow = load_flow_from_entrypoint(str(ROOT / written["entrypoint"]), use_placeholder_flow=False)
    given = written.get("parameters", {})
    flow.validate_parameters(given)
    if "production_file" in given:
        assert (ROOT / given["production_file"]).is_file()


def test_nothing_is_bought_on_a_schedule_without_a_budget_and_a_decision() -> None:
    """Schedules that buy are made switched off, and what they start has a budget. None runs twice at once."""
    scheduled = [d for d in written_deployments() if d.get("schedules")]
    buying = [d for d in scheduled if flow_of(d) != "reconcile"]
    assert buying
    for deployment in buying:
        assert all(s["active"] is False for s in deployment["schedules"])
        assert deployment["parameters"]["budget"] > 0
    for deployment in scheduled:
        assert all(s["slug"] for s in deployment["schedules"])
        assert deployment["concurrency_limit"]["limit"] == 1


def test_every_deployment_is_in_the_documents() -> None:
    """The table of docs/deploying.md names what prefect.yaml deploys, and nothing else."""
    text = (ROOT / "docs" / "deploying.md").read_text("utf-8")
    listed = re.findall(r"^\| `([a-z-]+/[a-z-]+)` \|", text, flags=re.MULTILINE)
    assert listed == [f"{flow_of(d)}/{d['name']}" for d in written_deployments()]


def test_serving_offers_what_prefect_yaml_says() -> None:
    """The deployments that are served have the names, parameters and schedules of prefect.yaml, and no work pool."""
    from deployments.serve import read_deployments

    served = read_deployments(ROOT)
    for written, deployment in zip(written_deployments(), served, strict=True):
        assert (deployment.name, deployment.flow_name) == (written["name"], flow_of(written))
        assert deployment.parameters == written.get("parameters", {})
        assert (deployment.description, deployment.tags) == (written["description"], written["tags"])
        assert [(s.slug, s.active) for s in deployment.schedules or []] == [
            (s["slug"], s["active"]) for s in written.get("schedules", [])
        ]
        limit = written.get("concurrency_limit", {})
        assert deployment.concurrency_limit == limit.get("limit")
        assert deployment.work_pool_name is None


def test_a_worker_goes_into_the_project(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pull step goes to the installed project, or to STUDIO_DIR, and refuses a folder that is not the project's."""
    monkeypatch.delenv("STUDIO_DIR", raising=False)
    assert enter_project() == {"directory": str(ROOT)}
    assert Path.cwd() == ROOT
    monkeypatch.setenv("STUDIO_DIR", str(workplace))
    with pytest.raises(NotADirectoryError, match="STUDIO_DIR"):
        enter_project()
    (workplace / "prefect.yaml").touch()
    assert enter_project() == {"directory": str(workplace)}


def test_the_pages_say_nothing_that_nobody_tried() -> None:
    """Nothing in the pages on deploying and operations is said to be untested, and the tests that they name exist."""
    for page in ("deploying.md", "operations.md"):
        text = " ".join((ROOT / "docs" / page).read_text("utf-8").split())
        assert re.findall(r"(?i)not (?:been )?(?:tested|tried|built)|never (?:built|tested|tried)|untested", text) == []
        for path in re.findall(r"`(tests/[\w/.]+|deployments/[\w/.]+)`", text):
            assert (ROOT / path).exists(), path
        modules = [path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py")]
        for name in re.findall(r"`(test_\w+)`", text):
            assert any(f"def {name}(" in module for module in modules), name


def test_the_commands_of_the_page_on_operations_exist() -> None:
    """Each command of ours that the page names is one that `studio` has, with the options that it is given."""
    text = (ROOT / "docs" / "operations.md").read_text("utf-8")
    named = set(re.findall(r"(?m)(?:`|^)studio ([a-z]+)((?: --?[a-z-]+)*)", text))
    assert len(named) > 8
    for command, options in sorted(named):
        words = [sys.executable, "-m", "studio_cli", command, "--help"]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, env=WIDE)
        assert done.returncode == 0, command
        assert [option for option in options.split() if option not in done.stdout] == [], command


def test_the_image_is_built_from_what_is_there() -> None:
    """Every file that the Dockerfile copies exists, and what it runs does not run as root."""
    lines = (ROOT / "deployments" / "Dockerfile").read_text("utf-8").splitlines()
    copied = [name for line in lines if line.startswith("COPY ") for name in line.split()[1:-1]]
    assert copied
    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert next(line for line in reversed(lines) if line.startswith("USER ")) != "USER root"
