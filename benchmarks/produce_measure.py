"""Time, memory and processor time of a command and all that it starts."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

PAUSE = 0.25  # seconds between two looks at memory
QUIET, LOOK, PATIENCE = 0.05, 0.5, 30.0  # a server is at rest below 5 % of a processor


@dataclass(frozen=True)
class Spent:
    """The time and memory of a command. ``wall`` and ``cpu`` in seconds, ``cpu`` with all that it started and awaited.

    own, tree: the most memory in bytes, of the process, and of it with all that it started
    machine:   seconds of processor time that the whole machine used meanwhile
    """

    status: int
    wall: float
    cpu: float
    own: int
    tree: int
    machine: float


def run(
    command: Sequence[str], *, log: Path, environment: Mapping[str, str], folder: Path, timeout: float
) -> Spent:  # fmt: skip
    """Run a command to its end, or stop it after ``timeout`` seconds. Its output goes to ``log``."""
    before = _used()
    with log.open("ab") as out:
        began = time.monotonic()
        process = subprocess.Popen(list(command), stdout=out, stderr=out, env=environment, cwd=folder)
    watch = _Memory(process.pid)
    stop = threading.Timer(timeout, process.kill)
    stop.start()
    watch.start()
    # Its exact processor time, which only the one who waits for it is told.
    try:
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
    except BaseException:
        process.kill()
        process.wait()
        raise
    finally:
        stop.cancel()
        watch.end()
    process.returncode = os.waitstatus_to_exitcode(status)
    return Spent(process.returncode, wall, usage.ru_utime + usage.ru_stime, watch.own, watch.tree, _used() - before)


def _used() -> float:
    """Seconds of processor time that the machine has used since its start."""
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system)


class _Memory(threading.Thread):
    """Looks at the memory of a process and its descendants until told to end."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.own = self.tree = 0
        self._pid, self._ended = pid, threading.Event()

    def run(self) -> None:
        try:
            main = psutil.Process(self._pid)
        except psutil.NoSuchProcess:
            return
        while not self._ended.wait(PAUSE):
            own = _memory(main)
            try:
                children = main.children(recursive=True)
            except psutil.NoSuchProcess:
                return
            self.own = max(self.own, own)
            self.tree = max(self.tree, own + sum(_memory(child) for child in children))

    def end(self) -> None:
        """Stop looking."""
        self._ended.set()
        self.join()


def _memory(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def cpu_of(pid: int) -> float:
    """Seconds of processor time of a running process, with its descendants that run or were waited for."""
    seconds = 0.0
    try:
        main = psutil.Process(pid)
        for process in (main, *main.children(recursive=True)):
            times = process.cpu_times()
            seconds += times.user + times.system + times.children_user + times.children_system
    except psutil.NoSuchProcess:
        pass
    return seconds


def at_rest(pid: int) -> float:
    """Wait until a server has nothing to do any more, and return its processor time in seconds."""
    end, before = time.monotonic() + PATIENCE, cpu_of(pid)
    while time.monotonic() < end:
        time.sleep(LOOK)
        now = cpu_of(pid)
        if now - before < QUIET * LOOK:
            return now
        before = now
    return before


def end_with(variable: str, value: str) -> None:
    """End the processes that were left behind with this environment variable, such as a server that stays a while."""
    left = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(variable) == value:
                process.terminate()
                left.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    for process in psutil.wait_procs(left, timeout=10)[1]:
        process.kill()
