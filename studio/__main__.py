"""``python -m studio``: a list of the commands that are not flows."""

from __future__ import annotations

import sys

from studio_cli.overview import tell
from studio_cli.streams import end, make_sound

COMMANDS = {
    "sandbox": "a stand-in for Luma's two APIs on this machine: nothing is billed, clips are real",
}
EPILOGUE = "Films are made by python -m flows.produce (python -m flows tells all); from Python, see docs/library.md."

if __name__ == "__main__":
    make_sound()
    end(tell("studio", "What Studio Producer has beside its films:", COMMANDS, sys.argv[1:], EPILOGUE))
