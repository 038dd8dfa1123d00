"""Publishing for a server on this machine: a small HTTP server on loopback that serves files by their hash."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from studio.assets.publish.base import Publishable, bytes_of, file_of
from studio.errors import AssetError

RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class LoopbackFiles:
    """A server of the published files until it is closed. Even an asset with a URL of its own is read from here."""

    def __init__(self) -> None:
        self._files: dict[str, Publishable] = {}
        self._server: ThreadingHTTPServer | None = None
        self._starting = threading.Lock()

    def check(self, assets: Iterable[Publishable]) -> None:
        for asset in assets:
            file_of(asset)

    def publish(self, asset: Publishable) -> str:
        bytes_of(asset)
        with self._starting:
            if self._server is None:
                self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self._files))
                self._server.daemon_threads = True
                threading.Thread(target=self._server.serve_forever, name="seed assets", daemon=True).start()
        path = f"/{asset.sha256}{asset.suffix}"
        self._files[path] = asset
        return f"http://127.0.0.1:{self._server.server_port}{path}"

    def try_place(self, *, tries: int = 3, seconds: float = 30) -> str:
        return ""

    def close(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


def _extent(wanted: str, size: int) -> tuple[int, int] | None:
    """First and last byte of a range (``bytes=0-99``, ``bytes=100-``, ``bytes=-100``); None for an impossible one."""
    match = RANGE.fullmatch(wanted)
    first, last = match.groups() if match else ("", "")
    if not first and not last:
        return None
    begin = int(first) if first else max(0, size - int(last))
    end = min(int(last), size - 1) if first and last else size - 1
    return (begin, end) if begin <= end else None


def _handler(files: dict[str, Publishable]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(with_body=True)

        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def _answer(self, *, with_body: bool) -> None:
            asset = files.get(self.path)
            try:
                data = None if asset is None else bytes_of(asset)
            except AssetError:
                data = None  # gone or damaged: the service must not use it
            if asset is None or data is None:
                self.send_error(404)
                return
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self._send(memoryview(data), asset.media_type, with_body=with_body)

        def _send(self, data: memoryview, media_type: str, *, with_body: bool) -> None:
            size = len(data)
            wanted = self.headers.get("Range", "")
            extent = _extent(wanted, size)
            if RANGE.fullmatch(wanted) and extent is None:
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{size}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            first, last = extent or (0, size - 1)
            self.send_response(206 if extent else 200)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(last - first + 1))
            self.send_header("Accept-Ranges", "bytes")
            if extent:
                self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
            self.end_headers()
            if with_body:
                self.wfile.write(data[first : last + 1])

        def log_message(self, format: str, *args: Any) -> None:
            """Log nothing."""

    return Handler
