"""``python -m flows``: a list of the commands."""

from __future__ import annotations

import sys

from studio_cli.overview import tell
from studio_cli.streams import end, make_sound

COMMANDS = {
    "produce": "a written production becomes a film (--plan shows only what it costs)",
    "variations": "a production and a table become a film a row",
    "watch": "each new or changed production of a folder or store becomes a film",
    "costs": "what was spent, on what, read from the ledger",
    "reconcile": "settles what earlier runs left behind, or one order by hand",
    "concepts": "what a camera can do, by key and in plain words",
    "serve": "the finished films in a browser, read-only",
    "callbacks": "receives the service's callbacks, so that runs notice ends sooner",
    "backup": "a verified copy of the ledger",
}
EPILOGUE = (
    "python -m studio tells of the sandbox and the library, make help of the Makefile's targets;\n"
    "python -m deployments.serve serves the flows to the Prefect UI."
)

if __name__ == "__main__":
    make_sound()
    end(tell("flows", "Studio Producer makes films of written productions.", COMMANDS, sys.argv[1:], EPILOGUE))
