"""``python -m deployments.ui``: the Prefect server with its UI, and beside it the films that its artifacts link to.

Both end together: on Ctrl-C, on SIGTERM, or when the server ends. Films that cannot be served (their port is taken) are
no reason to end the server.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from types import FrameType

PAUSE = 0.2  # seconds between two looks at the server
PATIENCE = 15.0  # seconds that a process has to end


def main() -> int:
    """Run both until one of the ends above. Returns the exit status of the server."""
    environment = {"PREFECT_SERVER_ANALYTICS_ENABLED": "false", **os.environ}
    stopped: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        stopped.append(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    server = subprocess.Popen([sys.executable, "-m", "prefect", "server", "start", *sys.argv[1:]], env=environment)
    films = subprocess.Popen([sys.executable, "-m", "flows.serve"])
    try:
        while not stopped and server.poll() is None:
            time.sleep(PAUSE)
    finally:
        for process in (server, films):
            _end(process)
    return 128 + stopped[0] if stopped else server.returncode


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask a process to end, and kill it if it does not."""
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


if __name__ == "__main__":
    sys.exit(main())
