"""``python -m flows.produce``, with the stalls of its event loop measured.

    python benchmarks/produce_watched.py STALLS.json FILE --yes

Every 5 ms the loop notes by how much it is late; STALLS.json gets the delays above 50 ms, with what the main thread was
doing: a second thread looks at its stack while it is late. A machine that is busy delays it as well, so the
figures are worth something on a quiet one only.
"""

from __future__ import annotations

import asyncio
import json
import runpy
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import ClassVar

TICK, LATE = 0.005, 0.05  # seconds
FRAMES = 6  # of a stack


class Watched(asyncio.SelectorEventLoop):
    """An event loop that notes by how much its timers are late, in the main thread."""

    late: ClassVar[list[tuple[float, str]]] = []
    beat = 0.0

    def run_forever(self) -> None:
        if threading.current_thread() is threading.main_thread():
            self._begin()
        super().run_forever()

    def _begin(self) -> None:
        due = self.time() + TICK

        def tick() -> None:
            nonlocal due
            delay = self.time() - due
            Watched.beat = time.monotonic()
            if delay > LATE:
                Watched.late.append((delay, Seen.stack))
            Seen.stack = ""
            due = self.time() + TICK
            self.call_later(TICK, tick)

        self.call_later(TICK, tick)


class Seen:
    """The stack of the main thread at a moment when its loop was late."""

    stack = ""


def look(main: int) -> None:
    """Keep the main thread's stack whenever its loop has not ticked for most of the time that counts as late."""
    while True:
        time.sleep(LATE / 5)
        if Watched.beat and time.monotonic() - Watched.beat > LATE * 0.6 and not Seen.stack:
            frame = sys._current_frames().get(main)
            lines = traceback.extract_stack(frame)[-FRAMES:]
            Seen.stack = " < ".join(f"{Path(line.filename).name}:{line.lineno} {line.name}" for line in reversed(lines))


class Policy(asyncio.DefaultEventLoopPolicy):
    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        return Watched()


def main() -> None:
    out = Path(sys.argv[1])
    sys.argv = ["flows.produce", *sys.argv[2:]]
    asyncio.set_event_loop_policy(Policy())
    threading.Thread(target=look, args=(threading.get_ident(),), daemon=True).start()
    try:
        runpy.run_module("flows.produce", run_name="__main__", alter_sys=True)
    finally:
        worst = sorted(Watched.late, reverse=True)
        told = [{"ms": round(1000 * delay), "in": stack} for delay, stack in worst[:40]]
        out.write_text(json.dumps({"longest ms": told[0]["ms"] if told else 0, "late": told}, indent=1))


if __name__ == "__main__":
    main()
