"""A price that was agreed to in a command is enough for the run that follows, and nothing more is spent."""

from __future__ import annotations

import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from studio.execution.session import open_session
from studio.production import load_production
from studio.settings import load_settings
from tests.support.running import Sandbox, booked, charged, command

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

STILL = """\
title: Clown{more}
model: ray-3
resolution: 360p
characters:
  - {{id: clown, description: A tall clown in red{more}}}
scenes:
  - {{id: d, prompt: A clown stands there., character: clown}}
"""
FILM = """\
title: Given Back
model: ray-flash-2
resolution: 540p
scenes:
  - {id: zero, prompt: a harbour at dawn}
  - {id: one, prompt: a boat leaves}
  - {id: two, prompt: the open sea, continue_from: one}
"""


@pytest.fixture
def live(sandbox: Sandbox) -> dict[str, str]:
    """Variables under which runs are billed, by the sandbox as a service of its own."""
    return {
        "LUMAAI_API_KEY": "luma-x", "LUMAAI_BASE_URL": sandbox.url, "LUMA_AGENTS_API_KEY": "luma-x",
        "LUMA_BASE_URL": f"{sandbox.origin}/v1", "STUDIO_DOUBT_GRACE": "1",
    }  # fmt: skip


def test_a_price_that_is_not_in_whole_cents(workplace: Path, sandbox: Sandbox, live: dict[str, str]) -> None:
    """The still of a character costs parts of a cent: the price that is agreed to is the limit, to the millionth."""
    (workplace / "clown.yaml").write_text(STILL.format(more=""))
    made = command(workplace, "clown.yaml", "--yes", **live)
    assert made.returncode == 0, made.stderr
    paid = booked(workplace)
    assert paid == charged(sandbox)
    assert paid != round(paid, 2)

    (workplace / "clowns.yaml").write_text(STILL.format(more=" {{ name }}"))
    (workplace / "clowns.csv").write_text("name\nPipo\nGrock\n")
    values = {n: v for n, v in os.environ.items() if not n.startswith(("LUMA", "PREFECT_API"))}
    several = subprocess.run(
        [sys.executable, "-m", "flows.variations", "clowns.yaml", "clowns.csv", "--yes"], cwd=workplace,
        env=values | live, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=540, check=False,
    )  # fmt: skip
    assert several.returncode == 0, several.stderr
    assert booked(workplace) == charged(sandbox) == 3 * paid


async def test_an_order_in_doubt_that_never_arrived(
    workplace: Path, sandbox: Sandbox, live: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An earlier run's order that turns out not to have been accepted is given back and sent again: the price that was
    agreed to for the rest is enough, and the shot is shown with what it cost."""
    file = workplace / "given-back.yaml"
    file.write_text(FILM)
    assert command(workplace, file.name, "--yes", "--only", "zero", **live).returncode == 0
    for name, value in live.items():
        monkeypatch.setenv(name, value)
    async with open_session(load_settings()) as session:
        plan, _ = await session.plan(load_production(file))
        shot = plan.shot("one")
        account = session.service.access(shot.api).account
        session.ledger.reserve(shot.intent("given-back", account, film="given-back"), run="killed", caps=[])
        session.ledger.doubt(shot.key, 1, "its sender died")
        seen, _ = await session.plan(load_production(file))
        assert (seen.to_pay, seen.limit) == (Decimal("0.14"), Decimal("0.28"))
    made = command(workplace, file.name, "--yes", **live)
    assert made.returncode == 0, made.stderr
    said = " ".join((made.stdout + made.stderr).split())
    assert "to pay now: $0.14 of $0.42 in all" in said
    assert "counted already: $0.14 for orders that have no end yet (one): where one was not accepted" in said
    ready = next(
        line for line in (made.stdout + made.stderr).splitlines() if line.startswith("one ") and "ready" in line
    )
    assert "$0.14" in ready
    assert sandbox.prompts() == ["a harbour at dawn", "a boat leaves", "the open sea"]
    assert booked(workplace) == charged(sandbox) == Decimal("0.42")
