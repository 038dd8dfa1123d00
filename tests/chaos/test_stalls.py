"""``benchmarks/stalls.py``: what it runs stands still now and then, and ends as it would have."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

from stalls import stall, tree

# Ends once it has been told three times to go on.
WATCHES = """
import signal, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
told = []
signal.signal(signal.SIGCONT, lambda *_: told.append(1))
while len(told) < 3:
    signal.pause()
child.kill()
sys.exit(7)
"""


def test_a_command_stands_still_and_ends_as_ever() -> None:
    """The command is told to go on each time, ends by itself, and its exit status is passed on."""
    status, stalls, seconds = stall([sys.executable, "-c", WATCHES], random.Random(1), a_second=20, longest=0.2)
    assert status == 7
    assert stalls >= 3
    assert seconds > 0


def test_its_exit_status_is_the_commands(root: Path) -> None:
    """As a command: it says how often, and ends as what it ran."""
    script = str(root / "benchmarks" / "stalls.py")
    done = subprocess.run([sys.executable, script, sys.executable, "-c", "exit(3)"], capture_output=True, text=True)
    assert done.returncode == 3
    assert "the command ended with 3" in done.stderr
    assert subprocess.run([sys.executable, script], capture_output=True).returncode == 2


def test_the_tree_has_children_and_grandchildren() -> None:
    """A process, what it started, and nothing else."""
    nested = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'print(1, flush=True); input()'])"
    line = [sys.executable, "-c", nested]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        found = tree(parent.pid)
        assert len(found) == 2
        assert found[parent.pid] in "SRD"
        parent.communicate(b"\n")
    assert tree(parent.pid) == {}
