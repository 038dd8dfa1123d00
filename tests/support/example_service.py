"""A small video service that is none of Luma's: its specification, its client, and the server that tests run.

It is registered as any other is, by an entry point: see ``installed``. Its API takes a job by POST ``/jobs`` and tells
of it by GET ``/jobs/ID``; it takes no files, has no list, and makes a clip of 4 or 8 s.
"""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import imageio_ffmpeg

from studio.errors import Ambiguous, NotFound, NotSent, Refused, ServiceError
from studio.failures import FailureClass
from studio.providers import Generation, GenerationService
from studio.providers.models import VideoModel
from studio.providers.request_stage import Stage, answering, asking
from studio.providers.shot_request import Given, Operation, ShotRequest, Source, asked_in_plain
from studio.providers.spec import Connection, ProviderSpec, RateLimits

PRICES = """
default = "example"
[tables.example]
dated = 2026-11-01
source = "made up"
sizes = { "540p" = [960, 540], "720p" = [1280, 720] }
[tables.example.prices."example-1"]
"540p" = { "4s" = "0.05", "8s" = "0.09" }
"720p" = { "4s" = "0.10", "8s" = "0.18" }
"""
STATES = {"waiting": "queued", "working": "dreaming", "done": "completed", "broken": "failed"}


def request(shot: ShotRequest, sent: Mapping[Source, Given]) -> dict[str, Any]:
    """A shot in the service's words; a clip that goes on from another one names its job."""
    params = asked_in_plain(shot)
    frames = {"first": shot.start, "last": shot.end}
    return params | {name: dict(sent[source]) for name, source in frames.items() if source is not None}


class ExampleService(GenerationService):
    """The client."""

    name, has_list = "example", False
    endpoints = frozenset({"jobs"})

    def __init__(self, connection: Connection) -> None:
        self._http = httpx.AsyncClient(
            base_url=connection.base_url, trust_env=not connection.local, timeout=30,
            headers={"Authorization": f"Bearer {connection.api_key}"},
            event_hooks={"request": [asking], "response": [answering]},
        )  # fmt: skip

    async def create(
        self, endpoint: str, params: Mapping[str, Any], *, request_id: str = "", user_id: str = ""
    ) -> Generation:
        if endpoint not in self.endpoints:
            raise Refused(f"no endpoint '{endpoint}'")
        with Stage() as stage:
            try:
                answer = await self._http.post(f"/{endpoint}", json=dict(params), headers={"X-Trace": request_id})
            except httpx.HTTPError as error:
                if stage.asked:
                    raise Ambiguous(type(error).__name__, answered=stage.answered) from None
                raise NotSent(type(error).__name__) from None
        if answer.status_code == 422:
            raise Refused("the service refused the request", status=422)
        if not answer.is_success:
            raise Ambiguous(f"status {answer.status_code}", status=answer.status_code, answered=True)
        return _job(answer.json())

    async def get(self, generation_id: str) -> Generation:
        try:
            answer = await self._http.get(f"/jobs/{generation_id}")
        except httpx.HTTPError as error:
            raise ServiceError(type(error).__name__) from None
        if answer.status_code == 404:
            raise NotFound(f"no job {generation_id}")
        return _job(answer.json())

    async def ping(self) -> None:
        await self._http.get("/jobs/none")

    async def aclose(self) -> None:
        await self._http.aclose()


def _job(body: Mapping[str, Any]) -> Generation:
    return Generation(
        id=body["job"], state=STATES[body["state"]], video_url=body.get("clip"), kind="video",  # type: ignore[arg-type]
        failure_reason=body.get("why"), failure=FailureClass.SERVICE,
    )  # fmt: skip


class _Book:
    """The service's prices, as a file that is read like one of a package."""

    name = "example prices"

    def open(self, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        import io

        return io.BytesIO(PRICES.encode()) if "b" in mode else io.StringIO(PRICES)


SPEC = ProviderSpec(
    id="example",
    vendor="Example",
    title="the example service",
    label="Example",
    key_variables=("EXAMPLE_API_KEY",),
    url_variable="EXAMPLE_BASE_URL",
    base_url="https://video.example/v1",
    models=(
        VideoModel(
            "example-1", "example", "example", (4, 8), ("540p", "720p"), "example-1", ("example-1", "540p"), "",
            aspect_ratios=("16:9", "9:16"), continued=(4, 8), loop_lengths=(), concepts=False, upscales=False,
            sound=False,
        ),
    ),
    price_book=_Book(),  # type: ignore[arg-type]
    endpoints={Operation.VIDEO: "jobs"},
    build_request=request,
    open=ExampleService,
    limits={"example": RateLimits(at_once=2)},
)  # fmt: skip


def installed(folder: Path) -> str:
    """A folder that makes the service known to a process which has it on its path: as a package's installation does."""
    package = folder / "site" / "example_service-1.0.dist-info"
    package.mkdir(parents=True)
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: example-service\nVersion: 1.0\n")
    points = "[studio_producer.providers]\nexample = tests.support.example_service:SPEC\n"
    (package / "entry_points.txt").write_text(points)
    return str(package.parent)


class ExampleServer:
    """The service on this machine. ``jobs``: the requests that it took, by their job's id."""

    def __init__(self, folder: Path) -> None:
        self.jobs: dict[str, dict[str, Any]] = {}
        served = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                name = f"job-{len(served.jobs) + 1}"
                served.jobs[name] = body
                served.took(name)
                self._say({"job": name, "state": "waiting"})

            def do_GET(self) -> None:
                name = self.path.rpartition("/")[2]
                if name.endswith(".mp4"):
                    self._send(served.clip(folder, served.jobs[name.removesuffix(".mp4")]).read_bytes(), "video/mp4")
                elif name in served.jobs:
                    self._say({"job": name, "state": "done", "clip": f"{served.url}/clips/{name}.mp4"})
                else:
                    self.send_error(404)

            def _say(self, body: Any) -> None:
                self._send(json.dumps(body).encode(), "application/json")

            def _send(self, body: bytes, kind: str) -> None:
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def took(self, name: str) -> None:
        """Called with the id of a job that was just taken."""

    def clip(self, folder: Path, job: Mapping[str, Any]) -> Path:
        """A clip as long and as large as a job asked for."""
        return self.of_form(folder, job["resolution"], job["duration"])

    @staticmethod
    def of_form(folder: Path, resolution: str, duration: str) -> Path:
        """A clip of a size and a length."""
        size = {"540p": "960x540", "720p": "1280x720"}[resolution]
        path = folder / f"{size}-{duration}.mp4"
        if not path.exists():
            source = f"testsrc2=size={size}:rate=24:duration={duration.removesuffix('s')}"
            subprocess.run(
                [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", source, "-pix_fmt", "yuv420p",
                 "-preset", "ultrafast", str(path)], check=True,
            )  # fmt: skip
        return path

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
