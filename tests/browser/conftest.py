"""A Prefect server with its UI, the deployments as ``make serve`` offers them, a sandbox, and a browser."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.conftest import ROOT
from tests.support.deployed import PATIENCE, Place, running, tells
from tests.support.running import Sandbox

if TYPE_CHECKING:  # where there is no playwright, the tests say so
    from tests.browser import pages

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--force-color-profile=srgb"]


class Site(Place):
    """A server with its UI, what is deployed on it, and the sandbox that its runs order from."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        super().__init__(folder)
        self.sandbox = sandbox
        self.env |= {
            "PREFECT_UI_API_URL": f"{self.url}/api",
            "PREFECT_API_URL": f"{self.url}/api",
            "LUMAAI_BASE_URL": sandbox.url,
        }
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.films_port = free.getsockname()[1]
        self.links = f"http://127.0.0.1:{self.films_port}"
        self.env["STUDIO_LINKS"] = self.links

    @contextmanager
    def films_served(self) -> Iterator[None]:
        """The films over HTTP, as ``make ui`` serves them."""
        log = self.folder / "films.log"
        command = [sys.executable, "-m", "flows.serve", "--port", str(self.films_port)]
        with running(command, cwd=ROOT, env=self.env, log=log) as process:
            deadline = time.monotonic() + PATIENCE
            while "Films:" not in tells(log):
                assert process.poll() is None, tells(log)
                assert time.monotonic() < deadline, tells(log)
                time.sleep(0.2)
            yield

    @contextmanager
    def serving(self, module: str, offered: str) -> Iterator[None]:
        """A process that serves flows, once it offers the deployment ``FLOW/DEPLOYMENT``."""
        log = self.folder / f"{module}.log"
        env = self.env | {"PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))}
        with running([sys.executable, "-m", module], cwd=self.elsewhere, env=env, log=log) as process:
            deadline = time.monotonic() + PATIENCE
            while not self.api.get(f"/deployments/name/{offered}").is_success:
                assert process.poll() is None, tells(log)
                assert time.monotonic() < deadline, tells(log)
                time.sleep(0.2)
            yield

    def ended(self, run: str) -> str:
        """The type of the state in which a run has ended."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            state = self.ask("GET", f"/flow_runs/{run}")["state"]["type"]
            if state in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED"):
                return str(state)
            time.sleep(0.2)
        raise TimeoutError("the run did not end")


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site, for all tests of a session; a test that counts purchases has prompts of its own."""
    sandbox = Sandbox(tmp_path_factory.mktemp("sandbox"))
    sandbox.start()
    site = Site(tmp_path_factory.mktemp("site"), sandbox)
    log = site.folder / "server.log"
    try:
        with running(
            [sys.executable, "-m", "prefect", "server", "start"], cwd=site.elsewhere, env=site.env, log=log
        ) as server:
            deadline = time.monotonic() + PATIENCE
            while True:
                with suppress(httpx.HTTPError):
                    if site.api.get("/health", timeout=5).is_success:
                        break
                assert server.poll() is None, tells(log)
                assert time.monotonic() < deadline, tells(log)
                time.sleep(0.2)
            with site.films_served(), site.serving("deployments.serve", "produce/produce"):
                yield site
    finally:
        site.api.close()
        sandbox.stop()


@pytest.fixture(scope="session")
def pictures() -> Path | None:
    """The folder that pictures for the documents go to; None where nobody asks for them (``make pictures``)."""
    named = os.environ.get("DOCS_PICTURES")
    return (ROOT / named) if named else None


@pytest.fixture
def open_ui(site: Site) -> Iterator[Callable[[str], pages.Ui]]:
    """Open a window with one version of the UI. Nothing but the site can be reached from it."""
    from playwright.sync_api import Route, expect, sync_playwright

    from tests.browser import pages

    expect.set_options(timeout=PATIENCE * 1000)

    def only_ours(route: Route) -> None:
        if route.request.url.startswith((f"{site.url}/", f"{site.links}/")):
            route.continue_()
        else:
            route.abort()

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)

        def opened(version: str) -> pages.Ui:
            context = browser.new_context(
                viewport={"width": 1280, "height": 900}, timezone_id="UTC", locale="en-GB", color_scheme="dark"
            )
            context.set_default_timeout(PATIENCE * 1000)
            page = context.new_page()
            page.route("**/*", only_ours)
            return {one.name: one for one in (pages.First, pages.Second)}[version](page, site)

        yield opened
        browser.close()
