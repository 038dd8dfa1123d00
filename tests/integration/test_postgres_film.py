"""A whole production with its books on PostgreSQL: the command, a real server, a real sandbox, a real film."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from studio.ledger import costs, open_ledger
from studio.media.clip import examine
from tests.support.books import new_database
from tests.support.running import Sandbox, chain, charged, command

pytestmark = [pytest.mark.long, pytest.mark.postgres, pytest.mark.timeout(900)]


def test_a_film_a_rerun_and_an_edit_on_postgres(workplace: Path, postgres: str, sandbox: Sandbox) -> None:
    """A chain becomes a film; again, it costs nothing; an edit pays for the scene and what descends from it.

    After each, the books on PostgreSQL say to the cent what the sandbox charged, and no file of books lies beside them.
    """
    url = new_database(postgres)
    ledger = open_ledger(url)
    film = workplace / "film.json"

    def produce(**changes: Any) -> dict[str, Any]:
        film.write_text(chain(**changes).model_dump_json(exclude_defaults=True))
        done = command(workplace, "film.json", "--json", LUMAAI_BASE_URL=sandbox.url, STUDIO_LEDGER_URL=url)
        assert done.returncode == 0, done.stderr
        assert url not in done.stdout + done.stderr
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    def booked() -> Decimal:
        (line,) = costs(ledger)
        return line.spent

    first = produce()
    assert examine(Path(first["film"])).frames == 360
    assert (first["cost_usd"], booked(), charged(sandbox)) == ("0.42", Decimal("0.42"), Decimal("0.42"))

    again = produce()
    assert (again["cost_usd"], again["reused_usd"]) == ("0.00", "0.42")
    assert all(scene["cached"] for scene in again["scenes"])
    assert examine(Path(again["film"])).sha256 == examine(Path(first["film"])).sha256
    assert len(sandbox.prompts()) == 3

    edited = produce(c={"prompt": "the open sea at night"})
    assert [scene["state"] for scene in edited["scenes"]] == ["reused", "reused", "new"]
    assert sandbox.prompts()[3:] == ["the open sea at night"]
    assert (edited["cost_usd"], booked(), charged(sandbox)) == ("0.14", Decimal("0.56"), Decimal("0.56"))

    ours = sorted(
        ledger.orders(scene["order"] for told in (first, edited) for scene in told["scenes"]).values(), key=str
    )
    assert {row.generation_id for row in ours} == {create["id"] for create in sandbox.books()["creates"]}
    assert not list(workplace.rglob("ledger.db"))
    ledger.close()
