"""The pool of worker processes that render clips, so that the server stays responsive.

A worker is started when it is first needed, takes one order at a time on its standard input, and ends by itself when
the server that started it has ended, even by kill -9 (see ``worker.py``).
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from typing import Any

from luma_sandbox.reader import Unreadable

ATTEMPTS = 2


class RenderFailed(Exception):
    """An order that could not be rendered; the text says why."""


class RenderPool:
    """A pool that renders scores in at most ``workers`` processes at once."""

    def __init__(self, workers: int) -> None:
        self._slots = asyncio.Semaphore(workers)
        self._idle: list[Process] = []
        self._all: set[Process] = set()
        self._closed = False

    async def render(self, score: Mapping[str, Any]) -> str:
        """Render a score to its ``out``, and return the file's SHA-256. Raises RenderFailed or, for a bad input,
        Unreadable."""
        async with self._slots:
            for attempt in range(1, ATTEMPTS + 1):
                worker = await self._take()
                try:
                    answer = await self._ask(worker, score)
                except asyncio.CancelledError:
                    self._kill(worker)
                    raise
                if answer is not None:
                    self._idle.append(worker)
                    if answer["ok"]:
                        return str(answer["sha256"])
                    raise Unreadable(answer["error"]) if answer.get("input") else RenderFailed(answer["error"])
                self._kill(worker)
                if attempt == ATTEMPTS or self._closed:
                    break
        raise RenderFailed("the worker that rendered it died")

    async def close(self) -> None:
        """End every worker, and its ffmpeg."""
        self._closed = True
        workers = list(self._all)
        for worker in workers:
            self._kill(worker)
        await asyncio.gather(*(worker.wait() for worker in workers))

    async def _take(self) -> Process:
        while self._idle:
            worker = self._idle.pop()
            if worker.returncode is None:
                return worker
            self._kill(worker)
        # A session of its own: Ctrl-C in the terminal reaches the server alone, and one signal ends worker and ffmpeg.
        worker = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "luma_sandbox.worker",
            str(os.getpid()),
            stdin=PIPE,
            stdout=PIPE,
            start_new_session=True,
        )
        self._all.add(worker)
        return worker

    async def _ask(self, worker: Process, score: Mapping[str, Any]) -> dict[str, Any] | None:
        """The worker's answer, or None if it died before answering."""
        if worker.stdin is None or worker.stdout is None:
            raise RuntimeError("a worker without pipes")
        try:
            worker.stdin.write(json.dumps(score).encode() + b"\n")
            await worker.stdin.drain()
            line = await worker.stdout.readline()
        except ConnectionError:
            return None
        if not line.endswith(b"\n"):
            return None
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _kill(self, worker: Process) -> None:
        self._all.discard(worker)
        try:
            os.killpg(worker.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
