"""An S3 over HTTP for tests, and a network in front of it that breaks off."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

BUCKET = "films"


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """The address of a server that speaks S3."""
    from moto.server import ThreadedMotoServer  # loaded by those tests alone that need it

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of the server, with an empty bucket, and the environment that leads to it."""
    httpx.post(f"{s3_endpoint}/moto-api/reset", trust_env=False)
    for name, value in {
        "AWS_ENDPOINT_URL": s3_endpoint, "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "SECRET",
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true", "NO_PROXY": "127.0.0.1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    import boto3

    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    yield client
    client.close()


def keys(client: Any, bucket: str = BUCKET) -> dict[str, int]:
    """The objects of a bucket, with their bytes."""
    return {found["Key"]: found["Size"] for found in client.list_objects_v2(Bucket=bucket).get("Contents", [])}


class Network:
    """A way to a server on loopback. After ``after`` bytes that all connections have sent, the next ``breaks`` that
    send more break off; with ``hangs``, they stay open, and nothing more goes through."""

    def __init__(self, origin: str) -> None:
        host, _, port = origin.removeprefix("http://").partition(":")
        self._goal = host, int(port)
        self.breaks, self.after, self.hangs, self.broke, self.sent = 0, 0, False, 0, 0
        self.hung = threading.Event()
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.origin = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._listen, daemon=True).start()

    def close(self) -> None:
        """Close every connection."""
        for one in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):
                one.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._goal)
                self._sockets += [near, far]
                threading.Thread(target=self._send, args=(near, far), daemon=True).start()
                threading.Thread(target=self._pass, args=(far, near), daemon=True).start()

    def _send(self, near: socket.socket, far: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := near.recv(1 << 16):
                self.sent += len(data)
                if self.breaks > 0 and self.sent > self.after:
                    self.breaks -= 1
                    self.broke += 1
                    if self.hangs:
                        self.hung.set()
                        return
                    break
                far.sendall(data)
        self._end(near, far)

    def _pass(self, far: socket.socket, near: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := far.recv(1 << 16):
                near.sendall(data)
        self._end(near, far)

    def _end(self, *both: socket.socket) -> None:
        for one in both:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


@pytest.fixture
def refusing(s3: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server that answers every request as S3 does where the rights are missing."""

    class Refusing(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # answers a client that asks before it sends

        def refuse(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = b"<Error><Code>AccessDenied</Code><Message>key SECRET may not</Message></Error>"
            self.send_response(403)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(b"" if self.command == "HEAD" else body)

        do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = refuse

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    yield
    server.shutdown()
    server.server_close()


@pytest.fixture
def network(s3_endpoint: str, s3: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Network]:
    """The way that everything takes to the server, but for the client ``s3``."""
    way = Network(s3_endpoint)
    monkeypatch.setenv("AWS_ENDPOINT_URL", way.origin)
    yield way
    way.close()
