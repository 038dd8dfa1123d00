"""A server of files on this machine, for the sandbox to fetch."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@contextmanager
def published(files: dict[str, bytes]) -> Iterator[str]:
    """Serve ``files`` by their paths (``/a.png``), and yield the base URL. A file may be added later."""

    class Publisher(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = files.get(self.path.split("?")[0])
            self.send_response(404 if content is None else 200)
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Publisher) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
