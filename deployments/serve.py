"""``python -m deployments.serve``: every deployment of ``prefect.yaml``, run by this one process.

For one machine: it needs a Prefect server (``make ui``), but no work pool and no worker.
"""

import sys
from pathlib import Path
from typing import Any

from prefect import serve
from prefect.client.schemas.objects import ConcurrencyLimitConfig
from prefect.deployments.runner import RunnerDeployment
from prefect.flows import load_flow_from_entrypoint
from prefect.schedules import Schedule
from prefect.settings import PREFECT_API_URL, PREFECT_UI_URL
from ruamel.yaml import YAML

from deployments.steps import enter_project

NO_SERVER = """error: no Prefect server is named
  make ui                                                starts one
  export PREFECT_API_URL=http://127.0.0.1:4200/api       names it"""


def read_deployments(file: Path) -> list[RunnerDeployment]:
    """The deployments of a ``prefect.yaml``, for serving: without its work pool and its pull steps."""
    return [_deployment(written) for written in YAML(typ="safe").load(file)["deployments"]]


def _deployment(written: dict[str, Any]) -> RunnerDeployment:
    limit = written.get("concurrency_limit")
    # Loaded here, so that an error in the flow's file is told now, and not by the first run.
    load_flow_from_entrypoint(written["entrypoint"], use_placeholder_flow=False)
    return RunnerDeployment.from_entrypoint(
        written["entrypoint"],
        name=written["name"],
        description=written["description"],
        tags=written["tags"],
        parameters=written.get("parameters"),
        schedules=[Schedule(**schedule) for schedule in written.get("schedules", ())],
        concurrency_limit=ConcurrencyLimitConfig(**limit) if limit else None,
    )


def main() -> None:
    """Serve until stopped; schedules are paused meanwhile."""
    if not PREFECT_API_URL.value():
        print(NO_SERVER, file=sys.stderr)
        sys.exit(2)
    enter_project()
    print(f"Prefect UI: {PREFECT_UI_URL.value()}/deployments", flush=True)
    serve(*read_deployments(Path("prefect.yaml")))


if __name__ == "__main__":
    main()
