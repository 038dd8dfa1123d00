"""``python -m flows.produce``, with everything counted that it asks of the ledger's database and over HTTP.

    python benchmarks/scale_counted.py COUNTS.json FILE --yes

COUNTS.json gets the transactions of the ledger, its statements with their times, and the requests by host and path.
"""

from __future__ import annotations

import json
import re
import runpy
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Connection, Engine, event

# What is in a path that differs from one request to the next: ids and names of files.
OWN = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32,}")


class Statements:
    """The transactions and statements of every SQLAlchemy engine of this process, once ``watch`` was called."""

    def __init__(self) -> None:
        self.begun = 0
        self.seconds: dict[str, list[float]] = defaultdict(list)

    def watch(self) -> None:
        """Count from now on."""
        for name, heard in self._heard():
            event.listen(Engine, name, heard)

    def leave(self) -> None:
        """Count no more."""
        for name, heard in self._heard():
            event.remove(Engine, name, heard)

    def _heard(self) -> tuple[tuple[str, Callable[..., None]], ...]:
        return (
            ("begin", self._begin), ("before_cursor_execute", self._before), ("after_cursor_execute", self._after),
        )  # fmt: skip

    def _begin(self, connection: Connection) -> None:
        self.begun += 1

    def _before(self, connection: Connection, cursor: Any, statement: str, *_: Any) -> None:
        connection.info["began"] = time.perf_counter()

    def _after(self, connection: Connection, cursor: Any, statement: str, *_: Any) -> None:
        self.seconds[statement].append(time.perf_counter() - connection.info["began"])

    def told(self) -> dict[str, Any]:
        """The counts, and the statements by the time that they took in all."""
        each = sorted(self.seconds.items(), key=lambda item: -sum(item[1]))
        return {
            "transactions": self.begun,
            "statements": sum(len(taken) for taken in self.seconds.values()),
            "each": [{"sql": sql, "times": len(s), "seconds": sum(s), "most": max(s)} for sql, s in each],
        }  # fmt: skip


def counted(send: Callable[..., Any], requests: Counter[str]) -> Callable[..., Any]:
    """A client's ``send`` that counts its requests by method, address and path."""

    def sending(client: Any, request: httpx.Request, **given: Any) -> Any:
        requests[f"{request.method} {request.url.netloc.decode()} {OWN.sub('ID', request.url.path)}"] += 1
        return send(client, request, **given)

    return sending


def main() -> None:
    out = Path(sys.argv[1])
    sys.argv = ["flows.produce", *sys.argv[2:]]
    statements, requests = Statements(), Counter[str]()
    statements.watch()
    # The coroutine that an asynchronous client returns is passed on as it is.
    for client in (httpx.Client, httpx.AsyncClient):
        client.send = counted(client.send, requests)  # type: ignore[method-assign]
    began = time.perf_counter()
    try:
        runpy.run_module("flows.produce", run_name="__main__", alter_sys=True)
    finally:
        counts = {"ledger": statements.told(), "requests": dict(requests.most_common())}
        out.write_text(json.dumps({"seconds": time.perf_counter() - began} | counts, indent=1))


if __name__ == "__main__":
    main()
