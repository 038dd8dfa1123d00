"""The processes that a sandbox lives for: when the last of them has died, it goes too."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

CHECK_SECONDS = 0.5
GRACE_SECONDS = 2.0


def birth(pid: int) -> str | None:
    """When that process began, or None where it does not live. With the pid it names one process for good."""
    if pid <= 0:
        return None
    if Path("/proc/self/stat").exists():
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return None
        # The name in the second field may hold blanks and brackets: the fields after it are counted from its end.
        fields = stat.rpartition(")")[2].split()
        return None if fields[0] in "ZX" else fields[19]
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass  # it lives, and belongs to somebody else
    asked = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S607
    return asked.stdout.strip() or None


class ParentWatch:
    """The attached processes."""

    def __init__(self) -> None:
        self._births: dict[int, str] = {}
        self._ever = False

    def attach(self, pid: int) -> bool:
        """Live at least as long as that process. False where it does not live."""
        born = birth(pid)
        self._ever = True
        if born is None:
            return False
        self._births[pid] = born
        return True

    def alone(self) -> bool:
        """Whether some process was attached and none is left."""
        self._births = {pid: born for pid, born in self._births.items() if birth(pid) == born}
        return self._ever and not self._births

    async def outlive(self, leave: Callable[[], None]) -> None:
        """Watch them; call ``leave`` once they have all been gone for the time of grace."""
        alone_for = 0.0
        while True:
            alone_for = alone_for + CHECK_SECONDS if self.alone() else 0.0
            if alone_for > GRACE_SECONDS:
                leave()
                return
            await asyncio.sleep(CHECK_SECONDS)
