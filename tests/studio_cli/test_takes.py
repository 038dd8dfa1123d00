"""The command ``takes``: the list of takes, and choices that are written down without spending anything."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from studio.execution.session import Session, open_session
from studio.planning import derived
from studio.planning.plan import ShotState
from studio.production import load_production
from studio.settings import load_settings
from tests.planning.test_takes import buy, clip  # noqa: F401
from tests.support.running import Sandbox, booked, chain, charged

FILM = """\
# a film
title: A Film
scenes:
  - id: a       # first
    prompt: a harbour at dawn
  - id: b
    prompt: 'a boat leaves'
    continue_from: a
  - id: c
    prompt: the open sea
    continue_from: b
"""


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command ``studio`` as a user does."""
    values = {n: v for n, v in os.environ.items() if not n.startswith("PREFECT_API")}
    return subprocess.run(
        [sys.executable, "-m", "studio_cli", *words], cwd=folder, env=values, capture_output=True, text=True,
        stdin=subprocess.DEVNULL, timeout=240,
    )  # fmt: skip


def told(folder: Path, *words: str) -> dict[str, Any]:
    """The JSON object that a command prints."""
    done = run(folder, *words, "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture
async def made(workplace: Path, clip: Path) -> Path:  # noqa: F811
    """A file whose film was made, and of whose scene b there is a second take."""
    file = workplace / "film.yaml"
    file.write_text(FILM)
    async with open_session(load_settings()) as session:
        for options in ({}, {"retake": ("b",)}):
            await _make(session, file, clip, **options)
    return file


async def _make(session: Session, file: Path, clip: Path, *, draft: bool = False, **options: Any) -> None:  # noqa: F811
    plan, _ = await session.plan(derived(load_production(file), draft=draft), **options)
    for shot in plan.shots:
        if shot.state is ShotState.NEW:
            buy(session, shot, clip)


async def test_takes_are_listed(made: Path) -> None:
    """Each take has its time, price, state, generation, model and words, and the used one its reason."""
    takes = told(made.parent, "takes", "film.yaml")["takes"]
    assert [(t["scene"], t["take"], t["used"], t["why"]) for t in takes] == [
        ("a", 1, True, "first"), ("b", 1, True, "first"), ("b", 2, False, None), ("c", 1, True, "first"),
    ]  # fmt: skip
    assert {(t["price_usd"], t["state"], t["model"], t["as_written"]) for t in takes} == {
        ("0.71", "ready", "ray-2", True)
    }
    assert takes[1]["prompt"] == takes[2]["prompt"] == "a boat leaves"
    assert takes[1]["generation_id"] != takes[2]["generation_id"]
    shown = run(made.parent, "takes", "film.yaml")
    assert shown.returncode == 0, shown.stderr
    assert max(map(len, shown.stdout.splitlines())) <= 80
    assert "* take 1" in shown.stdout
    assert "studio takes film.yaml choose SCENE=N" in shown.stdout


async def test_takes_of_a_film_in_another_language(made: Path) -> None:
    """Both films show the same ones; a choice goes into the file, for every language; commands have the option."""
    made.write_text(f"{FILM}film: {{titles: {{opening: Hello}}}}\nlanguage: en\ntranslations: t.csv\n")
    (made.parent / "t.csv").write_text("text,de\nopening,Hallo\n")
    german = ("takes", "film.yaml", "--language", "de")
    assert told(made.parent, *german)["takes"] == told(made.parent, "takes", "film.yaml")["takes"]
    shown = run(made.parent, *german).stdout
    assert shown.startswith("A Film, de (sandbox)\n")
    assert "studio takes film.yaml choose SCENE=N --language de\n" in shown
    chosen = told(made.parent, *german[:2], "choose", "b=2", *german[2:])
    assert chosen["written"] == {"scene 'b': take 2 of the final": "film.yaml"}
    used = [t["take"] for t in told(made.parent, "takes", "film.yaml")["takes"] if t["scene"] == "b" and t["used"]]
    assert used == [2]
    wrong = run(made.parent, *german[:2], "--language", "fr")
    assert (wrong.returncode, "there are no texts in 'fr'" in wrong.stderr) == (2, True)


async def test_a_take_of_other_words_is_listed_apart(made: Path) -> None:
    """After an edit the earlier clips are listed without a number that could be chosen, and the scene as not bought."""
    made.write_text(FILM.replace("a boat leaves", "two boats leave"))
    takes = told(made.parent, "takes", "film.yaml")["takes"]
    assert [(t["as_written"], t["used"]) for t in takes if t["scene"] == "b"] == [(False, False), (False, False)]
    shown = run(made.parent, "takes", "film.yaml").stdout
    assert "not bought yet as it is written now" in shown
    assert "of other words or settings" in shown
    assert "(N): a take of the scene as it was before" in shown


async def test_what_is_there_is_no_scene_without_takes(workplace: Path, clip: Path) -> None:  # noqa: F811
    """A finished clip and an existing generation are listed as what they are, not as bought by nobody."""
    there = "123e4567-e89b-12d3-a456-426614174000"
    scenes = f"  - {{id: mine, clip: {clip}}}\n  - {{id: theirs, generation: {there}}}\n  - {{id: a, prompt: a quay}}\n"
    (workplace / "film.yaml").write_text(f"title: A Film\nscenes:\n{scenes}")
    shown = run(workplace, "takes", "film.yaml").stdout
    assert "mine: own clip clip.mp4\n" in shown
    assert "theirs: generation 123e4567\n" in shown
    assert "a: nothing is bought yet\n" in shown
    assert told(workplace, "takes", "film.yaml")["as_they_are"] == {
        "mine": "own clip clip.mp4", "theirs": "generation 123e4567"
    }  # fmt: skip


async def test_a_choice_is_written_into_the_file(made: Path) -> None:
    """One line is added; the next plan pays nothing, and what follows is stale, with the price of a fresh one."""
    done = told(made.parent, "takes", "film.yaml", "choose", "b=2")
    assert made.read_text() == FILM.replace("  - id: b\n", "  - id: b\n    final_take: 2\n")
    assert done["written"] == {"scene 'b': take 2 of the final": "film.yaml"}
    assert done["to_pay_usd"] == "0.00"
    assert [n for n in done["notes"] if "scene 'c' is stale" in n and "costs $0.71: --renew c" in n]
    takes = told(made.parent, "takes", "film.yaml")["takes"]
    assert [(t["take"], t["why"]) for t in takes if t["scene"] == "b"] == [(1, None), (2, "file")]
    assert not (made.parent / "film.yaml.takes.yaml").exists()


@pytest.mark.long
async def test_a_choice_for_the_draft_is_no_choice_for_the_final(made: Path, clip: Path) -> None:  # noqa: F811
    """Each is written in a field of its own, shows in its own list alone, and leaves the other's film as it was."""
    async with open_session(load_settings()) as session:
        for options in ({}, {"retake": ("b",)}):
            await _make(session, made, clip, draft=True, **options)
    done = told(made.parent, "takes", "film.yaml", "choose", "b=2", "--draft")
    assert done["written"] == {"scene 'b': take 2 of the draft": "film.yaml"}
    assert made.read_text() == FILM.replace("  - id: b\n", "  - id: b\n    draft_take: 2\n")
    assert done["to_pay_usd"] == "0.00"
    assert used(made, "--draft") == {"a": 1, "b": 2, "c": 1}
    assert used(made) == {"a": 1, "b": 1, "c": 1}
    assert told(made.parent, "plan", "film.yaml")["to_pay_usd"] == "0.00"
    told(made.parent, "takes", "film.yaml", "choose", "b=2")
    told(made.parent, "takes", "film.yaml", "choose", "b=1", "--draft", "--beside")
    assert (used(made, "--draft")["b"], used(made)["b"]) == (1, 2)
    finished = told(made.parent, "plan", "film.yaml", "--from-draft")["shots"]
    assert [shot["state"] for shot in finished if shot["id"] == "b"] == ["cached"]
    assert told(made.parent, "takes", "film.yaml", "forget", "b", "--draft") == {"forgotten": ["b"]}
    assert used(made, "--draft")["b"] == 2


@pytest.mark.long
async def test_a_take_of_another_version_is_pointed_to(made: Path, clip: Path) -> None:  # noqa: F811
    """Where the draft alone has the take, the error has the command that chooses it there; it works as it is printed.
    So does the one below a list."""
    async with open_session(load_settings()) as session:
        for options in ({}, {"retake": ("c",)}):
            await _make(session, made, clip, draft=True, **options)
    refused = run(made.parent, "takes", "film.yaml", "choose", "c=2")
    assert refused.returncode == 2
    assert "'c=2': take 2 was never bought; takes that are there: 1" in refused.stderr
    (command,) = [line.split(": ", 1)[1] for line in refused.stderr.splitlines() if "studio takes" in line]
    assert shlex.split(command) == ["studio", "takes", "film.yaml", "choose", "c=2", "--draft"]
    assert run(made.parent, *shlex.split(command)[1:]).returncode == 0
    elsewhere = run(made.parent, "takes", "film.yaml", "choose", "b=2", "--draft")
    assert elsewhere.stderr.splitlines()[-1].endswith("the final has take 2: studio takes film.yaml choose b=2")
    spaced = made.rename(made.with_name("my film.yaml"))
    shown = run(made.parent, "takes", spaced.name, "--draft").stdout
    assert shown.startswith("A Film, draft (")
    (command,) = [line for line in shown.splitlines() if line.startswith("studio takes")]
    again = run(made.parent, *shlex.split(command.replace("SCENE=N", "c=1"))[1:])
    assert (again.returncode, "take 1 of the draft" in again.stdout) == (0, True)


def used(file: Path, *options: str) -> dict[str, int]:
    """The take that the film uses of each scene."""
    return {t["scene"]: t["take"] for t in told(file.parent, "takes", file.name, *options)["takes"] if t["used"]}


@pytest.mark.long
async def test_a_choice_beside_the_file(made: Path) -> None:
    """The production stays as it is; plans follow the file beside it; a later choice in the production replaces it."""
    assert told(made.parent, "takes", "film.yaml", "choose", "b=2", "--beside")["to_pay_usd"] == "0.00"
    assert made.read_text() == FILM
    plan = told(made.parent, "plan", "film.yaml")
    assert "film.yaml.takes.yaml: scene 'b' uses take 2" in plan["notes"]
    assert plan["to_pay_usd"] == "0.00"
    told(made.parent, "takes", "film.yaml", "choose", "b=1")
    assert "final_take: 1" in made.read_text()
    assert not (made.parent / "film.yaml.takes.yaml").exists()


async def test_a_file_that_may_not_be_written(made: Path) -> None:
    """The choice for a read-only production is written beside it."""
    made.chmod(0o444)
    assert told(made.parent, "takes", "film.yaml", "choose", "b=2")["written"] == {
        "scene 'b': take 2 of the final": "film.yaml.takes.yaml"
    }
    assert made.read_text() == FILM


@pytest.mark.long
async def test_what_cannot_be_chosen(made: Path) -> None:
    """Each wrong choice is one line, in the order given, and nothing is written of any."""
    pairs = ("b=3", "z=1", "b", "b=0", "a=1")
    done = run(made.parent, "takes", "film.yaml", "choose", *pairs)
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    assert lines[0] == "error: 'b=3': take 3 was never bought; takes that are there: 1, 2"
    assert lines[1].startswith("'z=1': there is no such scene")
    assert lines[2:] == ["'b': is not SCENE=N, such as arrival=2", "'b=0': is not SCENE=N, such as arrival=2"]
    assert made.read_text() == FILM
    assert run(made.parent, "takes", "film.yaml", "chose", "b=2").returncode == 2
    assert run(made.parent, "takes", "gone.yaml").returncode == 2


@pytest.mark.long
async def test_a_scene_keeps_its_clip_for_good(made: Path) -> None:
    """After an edit before it, ``keep`` is remembered beside the file; ``forget`` makes it follow the edit again."""
    made.write_text(FILM.replace("a harbour at dawn", "a harbour at dusk"))
    assert told(made.parent, "plan", "film.yaml")["to_pay_usd"] == "2.13"
    refused = run(made.parent, "takes", "film.yaml", "choose", "c=1")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "to use the clip that is there: keep c" in refused.stderr
    assert told(made.parent, "takes", "film.yaml", "keep", "all")["to_pay_usd"] == "0.71"
    assert told(made.parent, "plan", "film.yaml")["to_pay_usd"] == "0.71"
    assert told(made.parent, "plan", "film.yaml", "--renew", "all")["to_pay_usd"] == "2.13"
    assert told(made.parent, "takes", "film.yaml", "forget", "b", "c") == {"forgotten": ["b", "c"]}
    assert told(made.parent, "plan", "film.yaml")["to_pay_usd"] == "2.13"
    assert run(made.parent, "takes", "film.yaml", "forget", "b").returncode == 2
    assert run(made.parent, "takes", "film.yaml", "keep", "a").returncode == 2


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_a_chosen_take_costs_nothing(studio: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A retake's end says what keeps it; once chosen, the next run uses it and both books stay as they were."""
    from flows.produce import produce

    file = studio / "film.json"
    file.write_text(json.dumps(chain().model_dump(mode="json", exclude_defaults=True), indent=2))
    await produce(production_file=str(file))
    retaken = await produce(production_file=str(file), retake=["b"], out="two")
    assert retaken["cost_usd"] == "0.14"
    (note,) = [n for n in retaken["notes"] if "has takes 1 and 2" in n]
    assert note == (
        "scene 'b' has takes 1 and 2; this film uses 2, as this run was asked to. To keep it, write final_take: 2 in "
        "the scene"
    )
    page = (studio / "two" / "report.html").read_text()
    assert page.count('src="clips/b-') == 2
    assert page.count('class="play" href="clips/') == 3
    assert len(re.findall(r"ray-flash-2 · 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC", page)) == 2
    assert str(studio) not in page
    assert len(list((studio / "two" / "clips").glob("b-*.mp4"))) == 2

    monkeypatch.setenv("LUMAAI_BASE_URL", sandbox.url)
    assert told(studio, "takes", "film.json", "choose", "b=2")["to_pay_usd"] == "0.00"
    before = booked(studio)
    again = await produce(production_file=str(file), out="three")
    assert again["cost_usd"] == "0.00"
    assert [s["take"] for s in again["scenes"]] == [1, 2, 1]
    assert booked(studio) == charged(sandbox) == before == Decimal("0.56")
    assert [n for n in again["notes"] if "has takes 1 and 2 and uses 2, which the production says" in n]
