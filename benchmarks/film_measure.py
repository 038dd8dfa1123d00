"""Memory of each process of a command, its time, and the processors that all else kept busy."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

PAUSE = 0.05  # seconds between two looks
MB = 1e6


@dataclass(frozen=True)
class Taken:
    """The time and memory that a program of the benchmark took. Memory in bytes.

    seconds:  by its own clock, from the first clip to the end
    own:      the most that its own process had; ``greatest``: the most that any process had, its children among them
    tree:     the most that all of them had together
    cpu:      processor seconds of all of them in that time
    others:   processors that all else on the machine kept busy meanwhile
    failed:   the reason why there are no figures; empty where there are
    """

    seconds: float = 0.0
    frames: int = 0
    pieces: int = 0
    own: int = 0
    greatest: int = 0
    tree: int = 0
    cpu: float = 0.0
    others: float = 0.0
    failed: str = ""


def take(command: Sequence[str], *, log: Path, most: float, timeout: float) -> Taken:
    """Run a program and read the JSON in its last line. It is ended where its processes together have more than
    ``most`` bytes, or after ``timeout`` seconds."""
    before, began = _used(), time.monotonic()
    with log.open("wb") as said:
        process = subprocess.Popen(list(command), stdout=subprocess.PIPE, stderr=said, start_new_session=True)
    watch = _Watch(process.pid, most, began + timeout)
    watch.start()
    assert process.stdout is not None
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    watch.ended.set()
    watch.join()
    wall = time.monotonic() - began
    cpu = usage.ru_utime + usage.ru_stime
    others = max(0.0, (_used() - before - cpu) / wall)
    found = Taken(wall, own=watch.own, greatest=watch.greatest, tree=watch.tree, cpu=cpu, others=others)
    if watch.stopped or process.returncode:
        return replace(found, failed=watch.stopped or f"exit status {process.returncode}: see {log.name}")
    told = json.loads(out.decode().strip().splitlines()[-1])
    return replace(found, **told)


class _Watch(threading.Thread):
    """Looks at the memory of a process and its descendants until it is told to end."""

    def __init__(self, pid: int, most: float, deadline: float) -> None:
        super().__init__(daemon=True)
        self.own = self.greatest = self.tree = 0
        self.stopped, self.ended = "", threading.Event()
        self._pid, self._most, self._deadline = pid, most, deadline

    def run(self) -> None:
        with suppress(psutil.NoSuchProcess):
            main = psutil.Process(self._pid)
            while not self.ended.wait(PAUSE):
                family = [main, *main.children(recursive=True)]
                self.own = max(self.own, _peak(main.pid))
                self.greatest = max(self.greatest, *(_peak(process.pid) for process in family))
                self.tree = max(self.tree, sum(map(_now, family)))
                if self.tree > self._most:
                    self._end(family, f"ended at {self._most / 1e9:.0f} GB")
                elif time.monotonic() > self._deadline:
                    self._end(family, "ended: it took too long")

    def _end(self, family: Sequence[psutil.Process], why: str) -> None:
        self.stopped = why
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()


def _peak(pid: int) -> int:
    """The most memory that a process ever had, as the system counts it."""
    with suppress(OSError, StopIteration):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM:")).split()[1]) * 1024
    return 0


def _now(process: psutil.Process) -> int:
    with suppress(psutil.NoSuchProcess):
        return int(process.memory_info().rss)
    return 0


def _used() -> float:
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system)
