"""A runner that stops a command's processes at random moments, as on a busy machine.

    python benchmarks/stalls.py [--seed 1] [--a-second 1] [--longest 5] .venv/bin/python -m pytest -n 4 --dist loadfile

A test that hopes that one process is faster than another fails under it. Some processes of the tree are stopped
(SIGSTOP) for up to this many seconds each, and continued. Processes that somebody else has stopped are left alone.
Linux only: it reads /proc.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

TICK = 0.02  # seconds
LENGTHS = (0.01, 0.04, 0.12, 0.3, 1.0)  # shares of the longest stall; most stalls are short, as on a real machine


def tree(root: int) -> dict[int, str]:
    """The process and all its descendants, each with its state in one letter, as the kernel gives it."""
    states: dict[int, str] = {}
    children: dict[int, list[int]] = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = place.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue  # it has just ended
        states[int(place.parent.name)] = state
        children.setdefault(int(parent), []).append(int(place.parent.name))
    found, todo = {}, [root]
    while todo:
        pid = todo.pop()
        if pid in states:
            found[pid] = states[pid]
            todo += children.get(pid, [])
    return found


def send(pid: int, what: signal.Signals) -> bool:
    """Send a signal. True if the process still existed."""
    try:
        os.kill(pid, what)
    except ProcessLookupError:
        return False
    return True


def stall(command: list[str], chance: random.Random, *, a_second: float, longest: float) -> tuple[int, int, float]:
    """Run the command to its end; return its exit status, the number of stalls, and their seconds in all."""
    running = subprocess.Popen(command)
    ends: dict[int, float] = {}
    stalls, seconds = 0, 0.0
    try:
        while running.poll() is None:
            now = time.monotonic()
            for pid in [pid for pid, end in ends.items() if end <= now]:
                del ends[pid]
                send(pid, signal.SIGCONT)
            if chance.random() < a_second * TICK:
                awake = [pid for pid, state in tree(running.pid).items() if state in "RS" and pid not in ends]
                length = chance.choice(LENGTHS) * longest * chance.uniform(0.5, 1)
                if awake and send(pid := chance.choice(awake), signal.SIGSTOP):
                    ends[pid] = now + length
                    stalls, seconds = stalls + 1, seconds + length
            time.sleep(TICK)
    finally:
        for pid in ends:
            send(pid, signal.SIGCONT)
    return running.wait(), stalls, seconds


def main() -> None:
    """Run the command, print how often it was stopped, and end with its exit status."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--a-second", type=float, default=1.0, help="stalls a second, on average (default 1)")
    options.add_argument("--longest", type=float, default=5.0, help="seconds that one may last (default 5)")
    options.add_argument("command", nargs=argparse.REMAINDER)
    chosen = options.parse_args()
    if not chosen.command:
        options.error("which command? for example: python -m pytest -n 4 --dist loadfile")
    status, stalls, seconds = stall(
        chosen.command, random.Random(chosen.seed), a_second=chosen.a_second, longest=chosen.longest
    )
    print(f"{stalls} stalls, {seconds:.0f} s in all; the command ended with {status}", file=sys.stderr)
    sys.exit(status)


if __name__ == "__main__":
    main()
