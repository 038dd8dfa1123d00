"""Making seed images readable for the service: by their own public URL, or from this machine for a server on it."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol

from studio.assets import SeedImage
from studio.errors import AssetError


class Publisher(Protocol):
    """``durable``: what was published once stays readable after this process has ended."""

    durable: bool

    def check(self, images: Iterable[SeedImage]) -> None:
        """Raises AssetError for what cannot be published, before anything is bought."""

    def publish(self, image: SeedImage) -> str:
        """A URL that the service can read."""

    def close(self) -> None: ...


class PublicUrls:
    """For a service on the internet: an image must have a public URL of its own."""

    durable = True

    def check(self, images: Iterable[SeedImage]) -> None:
        for image in images:
            if image.url is None:
                raise AssetError(
                    "a local file, which Luma cannot read",
                    where=f"asset '{image.name}'",
                    hint="put it where the internet can read it and write its URL in the production (url: https://…); "
                    "without an API key the sandbox reads local files",
                )

    def publish(self, image: SeedImage) -> str:
        self.check([image])
        assert image.url is not None  # noqa: S101 - check has just said so
        return image.url

    def close(self) -> None:
        """Nothing to close."""


class LoopbackFiles:
    """For a server on this machine: a small HTTP server on loopback that serves the published images, by their hash."""

    durable = False

    def __init__(self) -> None:
        self._files: dict[str, SeedImage] = {}
        self._server: ThreadingHTTPServer | None = None

    def check(self, images: Iterable[SeedImage]) -> None:
        """Every image that we have looked at is a file here."""

    def publish(self, image: SeedImage) -> str:
        if self._server is None:
            self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self._files))
            self._server.daemon_threads = True
            threading.Thread(target=self._server.serve_forever, name="seed images", daemon=True).start()
        path = f"/{image.sha256}{image.suffix}"
        self._files[path] = image
        return f"http://127.0.0.1:{self._server.server_port}{path}"

    def close(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


def _handler(files: dict[str, SeedImage]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(with_body=True)

        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def _answer(self, *, with_body: bool) -> None:
            image = files.get(self.path)
            if image is None:
                self.send_error(404)
                return
            data = Path(image.path or "").read_bytes()
            self.send_response(200)
            self.send_header("Content-Type", image.media_type)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if with_body:
                self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    return Handler
