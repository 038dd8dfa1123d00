"""Shots of a plan, to be ordered one by one."""

from __future__ import annotations

from studio.ledger import Intent
from tests.support.orders import intent

CLIP = {"prompt": "a sea", "model": "ray-3.2", "video": {"resolution": "540p", "duration": "5s"}}


def shot(name: str, **changes: object) -> Intent:
    """An order of a clip of the Agents API."""
    return intent(name, **{"model": "ray-3", "pool": "agents", "request": CLIP} | changes)
