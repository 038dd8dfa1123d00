"""The process that renders: scores arrive on standard input, one line of JSON each, and answers leave the same way.

It is given its starter's process id, and ends once that is no longer its parent: after a kill -9 of the server no
worker is left behind, and its ffmpeg ends with it, since its input ends.
"""

from __future__ import annotations

import json
import os
import sys

from luma_sandbox.agents import painter
from luma_sandbox.errors import BadClip, SandboxError
from luma_sandbox.renderer import MAKERS, render

NICE = 2  # the server answers first


def main(parent: int) -> None:
    """Render until the input ends or the parent has ended."""
    os.nice(NICE)
    MAKERS.update(painter.MAKERS)

    def still_wanted() -> None:
        if os.getppid() != parent:
            # Not an exception: threads that draw ahead would be awaited.
            os._exit(3)

    for line in sys.stdin:
        still_wanted()
        try:
            answer = {"ok": True, "sha256": render(json.loads(line), still_wanted)}
        except (SandboxError, OSError, ValueError) as error:
            # A clip that cannot be decoded came from outside: clips made here are intact.
            answer = {"ok": False, "error": f"{type(error).__name__}: {error}", "input": isinstance(error, BadClip)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
