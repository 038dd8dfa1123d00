"""The keys of every production in the repository, as an earlier version made them: a changed key is bought again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio.execution.session import open_session
from studio.planning import derived
from studio.production import load_production
from studio.production.variations import load_variations
from studio.settings import load_settings

PRODUCTIONS = Path(__file__).parents[2] / "productions"
#: By production and option of the command: the key of each shot. Made by version 0.1.0 of 2026-11-26; never changed.
KEYS: dict[str, dict[str, str]] = json.loads(Path(__file__).with_name("frozen_keys.json").read_text())
#: Productions with placeholders, with their tables: the rows stand in place of options.
TABLES = {"variations/kettles.yaml": "variations/kettles.csv"}


@pytest.mark.parametrize("case", KEYS)
async def test_a_production_names_the_same_purchases(workplace: Path, case: str) -> None:
    """As it is written, as a draft and reframed: every shot has the key that it was bought under before."""
    file, _, option = case.partition(" ")
    if file in TABLES:
        (row,) = load_variations(PRODUCTIONS / file, PRODUCTIONS / TABLES[file], [option])
        written = row.production
    else:
        written = load_production(PRODUCTIONS / file)
    async with open_session(load_settings()) as session:
        ratio = option.removeprefix("--reframe ") if option.startswith("--reframe") else ""
        plan, _ = await session.plan(derived(written, draft=option == "--draft", reframe=ratio))
    # A finished clip is bought by nobody: its key names no order.
    assert {shot.id: shot.key for shot in plan.shots if shot.own is None} == KEYS[case]


def test_no_production_is_forgotten() -> None:
    """Every production of the repository is among them."""
    files = {str(path.relative_to(PRODUCTIONS)) for path in PRODUCTIONS.rglob("*.yaml")}
    assert files == {case.partition(" ")[0] for case in KEYS}
