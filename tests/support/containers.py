"""The files about containers: the Dockerfile's instructions, and the environment and commands of all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ruamel.yaml import YAML

from studio.providers.registry import all_specs
from studio.settings import Settings
from tests.conftest import ROOT

DEPLOYMENTS = ROOT / "deployments"
#: Of s3fs and botocore, of Debian's image of PostgreSQL, and of minio's.
OTHERS = {
    "AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION",
    "POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_DB", "MINIO_ROOT_USER", "MINIO_ROOT_PASSWORD",
}  # fmt: skip
SECRET = re.compile(r"KEY|PASSWORD|SECRET|TOKEN|LEDGER_URL|CONNECTION_URL")


def compose() -> dict[str, Any]:
    """The content of compose.yaml."""
    written: dict[str, Any] = YAML(typ="safe").load(DEPLOYMENTS / "compose.yaml")
    return written


def job() -> dict[str, Any]:
    """The content of the job of Kubernetes."""
    written: dict[str, Any] = YAML(typ="safe").load(DEPLOYMENTS / "kubernetes" / "job.yaml")
    return written


def container() -> dict[str, Any]:
    """The only container of the job."""
    (only,) = job()["spec"]["template"]["spec"]["containers"]
    return dict(only)


def instructions() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile with their arguments, in order, lines that go on joined."""
    text = (DEPLOYMENTS / "Dockerfile").read_text("utf-8")
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    joined = re.sub(r"\\\n\s*", "", lines)
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in joined.splitlines() if line.strip())]


def environments() -> Iterator[tuple[str, dict[str, Any]]]:
    """The places that set variables, each with the values that it sets."""
    for name, service in compose()["services"].items():
        yield f"compose.yaml, {name}", service.get("environment", {})
    yield "job.yaml", {one["name"]: one.get("value", one.get("valueFrom")) for one in container()["env"]}
    words = [word for name, rest in instructions() if name == "ENV" for word in rest.split()]
    yield "Dockerfile", dict(word.split("=", 1) for word in words)


def unknown(names: Iterator[str] | set[str]) -> set[str]:
    """Those of the variables that nothing reads."""
    from prefect.settings.legacy import _get_settings_fields
    from prefect.settings.models.root import Settings as PrefectSettings

    known = OTHERS | {f"STUDIO_{name.upper()}" for name in Settings.model_fields} | {"STUDIO_DIR"}
    known |= {name for spec in all_specs() for name in (*spec.key_variables, spec.url_variable)}
    return set(names) - known - set(_get_settings_fields(PrefectSettings))
