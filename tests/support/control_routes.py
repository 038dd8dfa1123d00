"""The sandbox's own routes."""

from __future__ import annotations

CONTROL = [
    ("GET", "/"), ("GET", "/sandbox/books"), ("GET", "/sandbox/callbacks"), ("GET", "/sandbox/faults"),
    ("POST", "/sandbox/faults"), ("PUT", "/sandbox/faults"), ("DELETE", "/sandbox/faults"), ("POST", "/sandbox/attach"),
]  # fmt: skip
