"""The sandbox of the studio's own tests takes nothing that our code should not send."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

from tests.support.running import Sandbox

GOOD: dict[str, Any] = {"model": "ray-2", "prompt": "a quiet lake"}


def test_what_our_code_should_not_send_is_refused(sandbox: Sandbox) -> None:
    """A null, a field that the schema does not have, a missing model and an old one are findings, and cost nothing."""
    for body, kind in (
        (GOOD | {"loop": None}, "null_forbidden"), (GOOD | {"enhance_prompt": True}, "extra_forbidden"),
        ({"prompt": "a quiet lake"}, "missing"), (GOOD | {"model": "ray-1-6"}, "literal_error"),
    ):  # fmt: skip
        answer = httpx.post(
            f"{sandbox.url}/generations", json=body, headers={"Authorization": "Bearer k"}, trust_env=False
        )
        assert (answer.status_code, answer.json()["detail"][0]["type"]) == (422, kind)
    assert sandbox.books()["creates"] == []


def test_an_assumption_on_top(tmp_path: Path) -> None:
    """A test may switch an assumption for a sandbox of its own; the others stay strict."""
    sandbox = Sandbox(tmp_path / "sandbox", assume="unknown_fields=ignored")
    sandbox.start()
    try:
        statuses = [
            httpx.post(
                f"{sandbox.url}/generations", json=body, headers={"Authorization": "Bearer k"}, trust_env=False
            ).status_code
            for body in (GOOD | {"seed": 1}, GOOD | {"loop": None})
        ]
    finally:
        sandbox.stop()
    assert statuses == [201, 422]
