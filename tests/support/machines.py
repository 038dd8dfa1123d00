"""Machines for tests: each with a copy of the project, a home, a host name of its own, and a worker that runs there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from tests.conftest import ROOT
from tests.support.deployed import end

PROJECT = ("prefect.yaml", "pyproject.toml", "flows", "tasks", "studio", "studio_cli", "luma_sandbox", "deployments",
           "productions")  # fmt: skip
#: Under a host name of its own, so that no machine can ask the kernel whether another one's process is alive.
RENAMED = ("unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"')


class Machine:
    """A worker's machine. ``shared``: the environment that leads to server, ledger, stores and service."""

    def __init__(self, folder: Path, name: str, shared: Mapping[str, str]) -> None:
        self.name, self.folder, self.log = name, folder / name, folder / f"{name}.log"
        self.project, self.home = self.folder / "project", self.folder / "home"
        self.project.mkdir(parents=True)
        for part in PROJECT:
            here = ROOT / part
            if here.is_dir():
                shutil.copytree(here, self.project / part, ignore=shutil.ignore_patterns(".studio", "films"))
            else:
                shutil.copy(here, self.project)
        own = {"HOME": self.home, "TMPDIR": self.folder / "tmp", "PREFECT_HOME": self.home / "prefect",
               "STUDIO_HOME": self.home / "studio"}  # fmt: skip
        for path in own.values():
            path.mkdir(parents=True, exist_ok=True)
        self.env = {**shared, **{key: str(path) for key, path in own.items()}, "PYTHONPATH": str(self.project)}

    def start(self, runs: int) -> None:
        """Start the worker, which executes so many runs at a time."""
        worker = [sys.executable, "-m", "prefect", "worker", "start", "--pool", "studio", "--name", self.name]
        worker += ["--limit", str(runs)]
        if os.geteuid() == 0:
            worker = [*RENAMED, self.name, *worker]
        with self.log.open("wb") as log:
            self.worker = subprocess.Popen(
                worker, cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip

    def runs(self) -> set[str]:
        """The ids of the flow runs that its processes execute now."""
        found = set()
        with suppress(psutil.Error):
            for process in psutil.Process(self.worker.pid).children(recursive=True):
                with suppress(psutil.Error):
                    found.add(process.environ().get("PREFECT__FLOW_RUN_ID", ""))
        return found - {""}

    def kill(self) -> None:
        """Kill the worker and all that it started, at once and without a word."""
        family = [psutil.Process(self.worker.pid), *psutil.Process(self.worker.pid).children(recursive=True)]
        for process in family:
            process.suspend()  # the worker must not see its run's process die
        for process in family:
            process.kill()
        self.worker.wait(60)

    def stop(self) -> None:
        """End the worker, if it is still there."""
        if self.worker.poll() is None:
            end(self.worker)
