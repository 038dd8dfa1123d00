"""compose.yaml, the Dockerfile and the job of Kubernetes, as far as they can be checked without Docker and Kubernetes.

Their fields against schemas that are written down here from the published ones, their variables against the settings,
their commands against the commands' own help. What the service ``setup`` does is run in test_two_workers.py.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.conftest import ROOT
from tests.support.containers import SECRET, compose, container, environments, instructions, job, unknown

SCHEMAS = Path(__file__).parent / "schemas"
KNOWN = {"FROM", "RUN", "WORKDIR", "COPY", "ENV", "VOLUME", "USER", "HEALTHCHECK", "CMD"}


def schema(name: str) -> Any:
    return json.loads((SCHEMAS / name).read_text("utf-8"))


def test_the_files_fit_their_schemas() -> None:
    """Every field is one that Compose and Kubernetes have, of the right type."""
    jsonschema.validate(compose(), schema("compose.json"), jsonschema.Draft202012Validator)
    jsonschema.validate(job(), schema("job.json"), jsonschema.Draft202012Validator)


@pytest.mark.parametrize(("wrong", "name"), [
    (compose() | {"service": {}}, "compose.json"),
    (compose() | {"services": {"worker": {"image": "x", "commands": ["a"]}}}, "compose.json"),
    (compose() | {"services": {"server": {"image": "x", "ports": ["4200:4200"]}}}, "compose.json"),
    (job() | {"kind": "Jobs"}, "job.json"),
])  # fmt: skip
def test_a_wrong_field_is_seen(wrong: Any, name: str) -> None:
    """A field that is misspelt, or a port for everybody, does not fit the schema."""
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, schema(name), jsonschema.Draft202012Validator)


def test_every_variable_is_a_setting() -> None:
    """Each variable that a file sets is read by this project, by Prefect, or by the program that it is for."""
    written = list(environments())
    assert {"compose.yaml, worker", "job.yaml", "Dockerfile"} <= {where for where, _ in written}
    assert {where: unknown(set(variables)) for where, variables in written if unknown(set(variables))} == {}
    assert unknown({"STUDIO_FLIMS", "PREFECT_API_URI", "STUDIO_FILMS"}) == {"STUDIO_FLIMS", "PREFECT_API_URI"}


def test_secrets_are_named_and_not_written() -> None:
    """A key or a password comes from the environment (compose) or by reference (the job), and from no layer."""
    seen = 0
    for where, variables in environments():
        for name, value in variables.items():
            if not SECRET.search(name):
                continue
            seen += 1
            assert where != "Dockerfile", name
            if where == "job.yaml":
                assert value == {"secretKeyRef": {"name": "studio", "key": name}}
            elif "URL" in name:
                assert re.search(r"://studio:\$\{POSTGRES_PASSWORD:\?[^}]*\}@", value), (where, name)
            else:
                assert value is None or re.fullmatch(r"\$\{[A-Z_]+(:[-?][^}]*)?\}", value), (where, name)
    assert seen > 10
    assert not [rest for name, rest in instructions() if name in ("ARG", "ENV") and SECRET.search(rest)]


def test_references_lead_somewhere() -> None:
    """Services wait for services that are there and can be healthy; volumes, configs and mounts are declared."""
    written = compose()
    services = written["services"]
    for name, service in services.items():
        for needed, how in service.get("depends_on", {}).items():
            assert needed in services, name
            checked = "test" in services[needed].get("healthcheck", {})
            assert checked or how["condition"] != "service_healthy", (name, needed)
        assert {volume.partition(":")[0] for volume in service.get("volumes", ())} <= set(written["volumes"])
        assert {config["source"] for config in service.get("configs", ())} <= set(written["configs"])
        if "build" in service:
            assert (ROOT / "deployments" / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
    volumes = {volume["name"] for volume in job()["spec"]["template"]["spec"]["volumes"]}
    assert {mount["name"] for mount in container()["volumeMounts"]} == volumes


def test_the_image_has_all_of_the_project() -> None:
    """Every package that is installed is copied and compiled; the extras exist; nothing runs as root; it has a check
    of its health."""
    written = instructions()
    assert {name for name, _ in written} == KNOWN
    assert written[0][0] == "FROM"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    patterns = project["tool"]["setuptools"]["packages"]["find"]["include"]
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    packages = {name for name in packages if any(fnmatch(name, pattern) for pattern in patterns)}
    assert len(packages) == 6
    copied = {word for name, rest in written if name == "COPY" for word in rest.split()[:-1]}
    assert packages <= copied
    (installing,) = [rest for name, rest in written if name == "RUN" and "pip install" in rest]
    compiled = re.search(r"compileall -q ([\w ]+?) *&&", installing)
    assert compiled is not None
    assert set(compiled[1].split()) == packages
    extras = re.search(r"\.\[([\w,]+)\]", installing)
    assert extras is not None
    assert set(extras[1].split(",")) <= set(project["project"]["optional-dependencies"])
    order = [name for name, _ in written]
    assert order.index("RUN") < order.index("USER") < order.index("CMD")
    assert [rest for name, rest in written if name == "USER"] == ["studio"]


@pytest.mark.skipif(shutil.which("apt-cache") is None, reason="needs apt-cache")
def test_what_the_image_takes_of_debian_is_there() -> None:
    """The packages that the Dockerfile names exist in Debian."""
    (line,) = [rest for name, rest in instructions() if name == "RUN" and "apt-get install" in rest]
    options = re.search(r"apt-get install ([^&]+)", line)
    assert options is not None
    names = [word for word in options[1].split() if not word.startswith("-")]
    assert {"espeak-ng", "fonts-dejavu-core"} <= set(names)
    shown = subprocess.run(["apt-cache", "show", "apt", *names], capture_output=True, text=True, check=False).stdout
    if "Package: espeak-ng" not in shown:
        pytest.skip("the list of Debian's packages is not here: apt-get update")
    assert [name for name in names if f"Package: {name}\n" not in shown] == []


def commands() -> list[list[str]]:
    """The commands of ours and of Prefect's that the files start."""
    found = [json.loads(rest) for name, rest in instructions() if name == "CMD"]
    found += [container()["command"]]
    for service in compose()["services"].values():
        command = service.get("command", [])
        found += [part.split() for part in command[2].split("&&")] if command[:1] == ["sh"] else [command]
    return [command for command in found if command]


@cache
def _help(program: str, *words: str) -> str:
    module = {"studio": "studio_cli", "prefect": "prefect"}[program]
    done = subprocess.run(
        [sys.executable, "-m", module, *words, "--help"], cwd=ROOT, env=os.environ | {"COLUMNS": "200"},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.long
@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_commands_are_there(command: list[str]) -> None:
    """Each command exists, and knows the options that it is given."""
    words = [word for word in command[1:] if word != "--no-prompt"]
    options = [word for word in words if word.startswith("-")]
    first = words.index(options[0]) if options else len(words)
    named = [word for word in words[:first] if "/" not in word and not (words[0] == "work-pool" and word == "studio")]
    told = _help(command[0], *named)
    assert "Usage" in told
    assert [option for option in options if option not in told] == []
