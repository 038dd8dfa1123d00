"""Fixtures of the sandbox's own tests: it renders every clip, under the assumptions that hold by default."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.edited_clips import files  # noqa: F401
from tests.support.sandbox_in_process import Sandbox, nothing_kept, opened, unrendered  # noqa: F401
from tests.support.sandbox_wire import Wire, served


@pytest.fixture(autouse=True)
def _nothing_kept(nothing_kept: None) -> None:  # noqa: F811 - it is a fixture
    """Here every test renders anew."""


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    """A sandbox with the default options."""
    async with opened(tmp_path / "home") as opened_sandbox:
        yield opened_sandbox


@pytest.fixture
async def wire(tmp_path: Path) -> AsyncIterator[Wire]:
    """A sandbox on a socket."""
    async with served(tmp_path / "home") as running:
        yield running
