"""Names of routes in a fault file. A fault names one, or several with ``*``: ``create.*``."""

from __future__ import annotations

import re

DREAM_MACHINE = r"(?:/dream-machine/v1)?"

# (name, method, path)
_TABLE = (
    ("create.video", "POST", rf"{DREAM_MACHINE}/generations(?:/video)?"),
    ("create.modify", "POST", rf"{DREAM_MACHINE}/generations/video/modify"),
    ("create.reframe", "POST", rf"{DREAM_MACHINE}/generations/video/reframe"),
    ("create.image", "POST", rf"{DREAM_MACHINE}/generations/image"),
    ("create.image_reframe", "POST", rf"{DREAM_MACHINE}/generations/image/reframe"),
    ("create.upscale", "POST", rf"{DREAM_MACHINE}/generations/[^/]+/upscale"),
    ("create.audio", "POST", rf"{DREAM_MACHINE}/generations/[^/]+/audio"),
    ("create.agents", "POST", r"/v1/generations"),
    ("concepts", "GET", rf"{DREAM_MACHINE}/generations/concepts/list"),
    ("camera_motions", "GET", rf"{DREAM_MACHINE}/generations/camera_motion/list"),
    ("list", "GET", rf"{DREAM_MACHINE}/generations"),
    ("get", "GET", rf"{DREAM_MACHINE}/generations/[^/]+"),
    ("delete", "DELETE", rf"{DREAM_MACHINE}/generations/[^/]+"),
    ("credits", "GET", rf"{DREAM_MACHINE}/credits"),
    ("ping", "GET", rf"{DREAM_MACHINE}/ping"),
    ("get.agents", "GET", r"/v1/generations/[^/]+"),
    ("files.create", "POST", r"/v1/files"),
    ("files.list", "GET", r"/v1/files"),
    ("files.complete", "POST", r"/v1/files/[^/]+/complete"),
    ("files.get", "GET", r"/v1/files/[^/]+"),
    ("files.delete", "DELETE", r"/v1/files/[^/]+"),
    ("files.upload", "PUT", r"/sandbox/uploads/[^/]+"),
    ("download", "GET", r"/sandbox/assets/.+"),
)
ROUTES = tuple(row[0] for row in _TABLE)
CALLBACK = "callback"  # not a route of ours: the outgoing callback
_COMPILED = tuple((name, method, re.compile(path)) for name, method, path in _TABLE)


def route_of(method: str, path: str) -> str | None:
    """The name of the route of a call; None if no fault can affect it."""
    for name, verb, pattern in _COMPILED:
        if method == verb and pattern.fullmatch(path):
            return name
    return None
