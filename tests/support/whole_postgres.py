"""A PostgreSQL with the extensions that Prefect's server needs (pg_trgm), which the one from PyPI does not bring along.

Debian's has them. It listens on loopback, so that processes of other working folders reach it as other machines would.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

PATIENCE = 60.0


def programs() -> Path | None:
    """The folder of PostgreSQL's programs; None where there are none, or none with pg_trgm."""
    for server in sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), reverse=True):
        share = Path("/usr/share/postgresql") / server.parts[-3]
        if (share / "extension" / "pg_trgm.control").is_file():
            return server.parent
    return None


@contextmanager
def whole_postgres(*databases: str) -> Iterator[str]:
    """The address of a running server, ``127.0.0.1:PORT``, with these empty databases of the user ``studio``."""
    found = programs()
    if found is None:
        pytest.skip("needs a PostgreSQL with pg_trgm (Debian: postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="studio-whole-pg-"))
    user: dict[str, Any] = {}
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        shutil.chown(folder, "nobody", "nogroup")
        user = {"user": "nobody", "group": "nogroup", "extra_groups": []}
    data = folder / "data"
    initdb = [found / "initdb", "--pgdata", data, "--username", "studio", "--auth", "trust", "--no-sync"]
    initdb += ["--encoding", "UTF8", "--locale", "C.UTF-8"]
    made = subprocess.run(initdb, cwd=folder, capture_output=True, text=True, check=False, **user)
    assert made.returncode == 0, made.stderr
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        "listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": "", "fsync": "off",
        "full_page_writes": "off", "max_connections": 200,
    }  # fmt: skip
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [found / "postgres", "-D", data, *options], cwd=folder, stdout=log, stderr=log, **user
        )
    try:
        _make(port, databases, server, folder / "log")
        yield f"127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _make(port: int, databases: tuple[str, ...], server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with psycopg.connect(f"postgresql://studio@127.0.0.1:{port}/postgres", autocommit=True) as connection:
                for name in databases:
                    connection.execute(f"CREATE DATABASE {name}".encode())
            return
        except psycopg.OperationalError:
            assert server.poll() is None, log.read_text("utf-8", "replace")
            assert time.monotonic() < deadline, log.read_text("utf-8", "replace")
            time.sleep(0.1)
