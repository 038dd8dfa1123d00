"""A watch on attached processes: the sandbox ends when the last of them has died."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import psutil

CHECK_SECONDS = 0.5
GRACE_SECONDS = 2.0


def lives(process: psutil.Process) -> bool:
    """True while that very process runs; another one with its number does not count."""
    try:
        return process.is_running() and process.status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    except psutil.NoSuchProcess:
        return False


class ParentWatch:
    """The attached processes."""

    def __init__(self) -> None:
        self._processes: list[psutil.Process] = []
        self._ever = False

    def attach(self, pid: int) -> bool:
        """Attach a process. False if it has ended."""
        self._ever = True
        try:
            process = psutil.Process(pid)
        except (psutil.Error, ValueError, OverflowError):
            return False
        if not lives(process):
            return False
        self._processes.append(process)
        return True

    def alone(self) -> bool:
        """True if a process was attached and none is left."""
        self._processes = [process for process in self._processes if lives(process)]
        return self._ever and not self._processes

    async def outlive(self, leave: Callable[[], None]) -> None:
        """Watch them; call ``leave`` once all have been gone for the grace period."""
        alone_for = 0.0
        while True:
            alone_for = alone_for + CHECK_SECONDS if self.alone() else 0.0
            if alone_for > GRACE_SECONDS:
                leave()
                return
            await asyncio.sleep(CHECK_SECONDS)
