"""The processes that a sandbox lives for: when the last of them has died, it goes too."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import psutil

CHECK_SECONDS = 0.5
GRACE_SECONDS = 2.0


def lives(process: psutil.Process) -> bool:
    """True while that very process is there, and has not ended: another one with its number is not it."""
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
        """Live at least as long as that process. False where it does not live."""
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
        """True if some process was attached and none is left."""
        self._processes = [process for process in self._processes if lives(process)]
        return self._ever and not self._processes

    async def outlive(self, leave: Callable[[], None]) -> None:
        """Watch them; call ``leave`` once they have all been gone for the time of grace."""
        alone_for = 0.0
        while True:
            alone_for = alone_for + CHECK_SECONDS if self.alone() else 0.0
            if alone_for > GRACE_SECONDS:
                leave()
                return
            await asyncio.sleep(CHECK_SECONDS)
