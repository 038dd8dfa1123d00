"""``python -m deployments.serve``: serves every deployment of ``prefect.yaml`` from this one process.

For one machine: it needs a Prefect server (``make ui``), but no work pool and no worker.
"""

import sys

if __name__ == "__main__":
    # Before Prefect is imported and reads its settings: an invalid one is reported in one line.
    from studio.errors import StudioError
    from studio_cli.prefect_checks import check_address
    from studio_cli.prefect_server import load_prefect
    from studio_cli.produce import check_surroundings
    from studio_cli.streams import make_sound

    make_sound()
    try:
        check_surroundings()
        check_address("the server of `make ui` is used")
        load_prefect()
    except StudioError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_status)

from pathlib import Path
from typing import Any, cast

import httpx
from prefect import serve
from prefect.client.schemas.objects import ConcurrencyLimitConfig
from prefect.deployments.runner import RunnerDeployment
from prefect.events import DeploymentTriggerTypes
from prefect.flows import load_flow_from_entrypoint
from prefect.runner.storage import LocalStorage
from prefect.schedules import Schedule
from prefect.settings import PREFECT_API_URL, PREFECT_UI_URL, get_current_settings, temporary_settings
from pydantic import TypeAdapter
from ruamel.yaml import YAML

from deployments.steps import enter_project
from flows.loopback import past_proxies
from studio.addresses import shown
from studio.connections import trouble_of
from studio.consoles import replace_unshowable
from studio_cli.prefect_checks import NO_ADDRESS

_TRIGGERS: TypeAdapter[DeploymentTriggerTypes] = TypeAdapter(DeploymentTriggerTypes)


def read_deployments(project: Path) -> list[RunnerDeployment]:
    """The deployments in the project's ``prefect.yaml``, to be run in its folder."""
    written = YAML(typ="safe").load(project / "prefect.yaml")
    return [_deployment(project, one) for one in written["deployments"]]


def _deployment(project: Path, written: dict[str, Any]) -> RunnerDeployment:
    # Imported here too, so that an error in the flow's file is reported now, not by the first run.
    load_flow_from_entrypoint(str(project / written["entrypoint"]), use_placeholder_flow=False)
    limit = written.get("concurrency_limit")
    made = RunnerDeployment.from_storage(
        LocalStorage(str(project)),
        entrypoint=written["entrypoint"],
        name=written["name"],
        description=written["description"],
        tags=written["tags"],
        parameters=written.get("parameters"),
        triggers=[_trigger(trigger) for trigger in written.get("triggers", ())],
        schedules=[Schedule(**schedule) for schedule in written.get("schedules", ())],
        concurrency_limit=ConcurrencyLimitConfig(**limit) if limit else None,
    )
    deployment = cast(RunnerDeployment, made)  # it is a coroutine only while an event loop runs
    # Set, not left out: otherwise a deployment that `prefect deploy` gave to a work pool would run at a worker as well.
    deployment.work_pool_name = deployment.work_queue_name = None
    return deployment


def _trigger(written: dict[str, Any]) -> DeploymentTriggerTypes:
    return _TRIGGERS.validate_python(written)


def main() -> None:
    """Serve until stopped, at the configured server, or else at the one that ``make ui`` starts."""
    past_proxies()
    replace_unshowable()
    listens = get_current_settings().server.api
    url = PREFECT_API_URL.value() or f"http://{listens.host}:{listens.port}/api"
    try:
        httpx.get(f"{url}/health", timeout=30).raise_for_status()
    except httpx.HTTPError as error:
        status = f"status {error.response.status_code}" if isinstance(error, httpx.HTTPStatusError) else ""
        trouble, wrong = trouble_of(error), isinstance(error, httpx.UnsupportedProtocol)
        hint = trouble.hint if trouble is not None and trouble.untrusted else "start one with: make ui"
        # Neither the address nor the error is shown in full: both may hold a password.
        print(
            f"error: no Prefect server answers at {shown(url)}: "
            f"{status or (trouble.said if trouble else NO_ADDRESS if wrong else type(error).__name__)}\n  → {hint}",
            file=sys.stderr,
        )
        sys.exit(2)
    with temporary_settings({PREFECT_API_URL: url}):
        print(f"Prefect UI: {shown(f'{PREFECT_UI_URL.value()}/deployments')}", flush=True)
        serve(*read_deployments(Path(enter_project()["directory"])))


if __name__ == "__main__":
    main()
