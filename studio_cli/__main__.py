"""``studio``, also ``python -m studio_cli``: one command over all the others."""

from __future__ import annotations

from studio_cli.ending import entry


def run() -> None:
    """Entry point of the console script ``studio``: a signal ends it in one line even while it loads."""
    entry("studio_cli.app")


if __name__ == "__main__":
    run()
