"""Productions bought without a service."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from studio.execution.run import Run
from studio.execution.session import Session


@pytest.fixture
def local(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A server address on this machine for runs that never call it."""
    monkeypatch.setenv("LUMAAI_BASE_URL", "http://127.0.0.1:9/dream-machine/v1")
    return workplace


async def begun(session: Session, production: object, run: str, folder: Path, **options: bool) -> Run:
    plan, seeds = await session.plan(production, run=run, **options)  # type: ignore[arg-type]
    it = Run(session, plan, seeds, run_id=run, out=folder / run, budget=None, started_at=datetime.now(UTC))
    await it.begin()
    return it


def buy_all(session: Session, it: Run) -> None:
    for shot in it.plan.shots:
        if shot.to_pay:
            wanted = shot.intent(it.production, "local", film=it.plan.production.budget_name)
            session.ledger.reserve(wanted, run=it.id, caps=[])
            session.ledger.submitted(shot.key, 1, f"g-{shot.key[:16]}")
            session.ledger.completed(shot.key, f"g-{shot.key[:16]}")
