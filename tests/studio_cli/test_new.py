"""The command ``new``: a film to begin with, from a template or from prompts, as a user writes one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from studio.production import load_production
from studio.production.templates import TEMPLATES
from tests.studio_cli.test_loading import HEAVY, loaded_by
from tests.studio_cli.test_takes import run, told


def test_a_first_film(workplace: Path) -> None:
    """A title is enough: one file, its price, and the commands that come next; nothing else is written."""
    done = run(workplace, "new", "The Harbour")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "the-harbour.yaml: The Harbour: 3 scenes, $0.53",
        "next:",
        "  studio plan the-harbour.yaml     each shot with its price; buys nothing",
        "  studio produce the-harbour.yaml  makes the film",
    ]
    assert [path.name for path in workplace.iterdir()] == ["the-harbour.yaml"]
    assert "# " in (workplace / "the-harbour.yaml").read_text("utf-8")
    again = run(workplace, "new", "The Harbour")
    assert again.returncode == 2
    assert again.stderr == (
        "error: the-harbour.yaml: is there already, and is not overwritten\n"
        "  → give another title, or another file by --out; or remove the one that is there\n"
    )


@pytest.mark.parametrize("name", [one.name for one in TEMPLATES])
def test_each_template_can_be_checked_and_planned(name: str, workplace: Path) -> None:
    """From an empty folder, without a key: the plan has the price that was told."""
    new = told(workplace, "new", "A Film", "--template", name)
    check = run(workplace, "check", ".")
    assert (check.returncode, check.stderr) == (0, "")
    assert "note" not in check.stdout
    command = [word for word in new["next"][0].split() if word != "studio"]
    plan = json.loads(run(workplace, *command, "--json").stdout)
    assert Decimal(plan["to_pay_usd"]) == Decimal(new["price_usd"]) > 0


def test_a_schema_in_the_folder_is_named(workplace: Path) -> None:
    """Editors find it by the first line, in a template's file and in one of prompts."""
    (workplace / "production.schema.json").write_text(run(workplace, "schema").stdout)
    (workplace / "prompts.txt").write_text("A boat in fog\n")
    told(workplace, "new", "One")
    told(workplace, "new", "Two", "--prompts", "prompts.txt")
    for file in ("one.yaml", "two.yaml"):
        text = (workplace / file).read_text("utf-8")
        assert text.startswith("# yaml-language-server: $schema=production.schema.json\n")
        assert run(workplace, "check", file).returncode == 0


def test_the_list(workplace: Path) -> None:
    """Each template with a line; it waits for no library."""
    done = run(workplace, "new", "--list")
    assert [line.split()[0] for line in done.stdout.splitlines()] == [one.name for one in TEMPLATES]
    assert told(workplace, "new", "--list")["templates"][0]["name"] == "film"
    assert loaded_by(workplace, "studio_cli", "new", "--list") & HEAVY == set()


def test_prompts_of_a_file_and_of_standard_input(workplace: Path) -> None:
    """A prompt a line, with the fields that are asked for."""
    lines = "1. A harbour: dawn\r\n2. A boat leaves\r\n"
    (workplace / "prompts.txt").write_bytes(lines.encode("utf-16"))
    options = ["--model", "ray-2", "--aspect-ratio", "9:16", "--duration", "5", "--budget", "3", "--chain"]
    done = run(workplace, "new", "Boats", "--prompts", "prompts.txt", *options)
    assert (done.returncode, done.stderr) == (0, "")
    film = load_production(workplace / "boats.yaml")
    assert [(s.id, s.prompt, film.parent_of(s)) for s in film.scenes] == [
        ("harbour-dawn", "A harbour: dawn", None), ("boat-leaves", "A boat leaves", "harbour-dawn"),
    ]  # fmt: skip
    assert (film.model, film.aspect_ratio, film.duration, film.budget) == ("ray-2", "9:16", 5, 3)
    piped = subprocess.run(
        [sys.executable, "-m", "studio_cli", "new", "Piped", "--prompts", "-", "--json"], cwd=workplace,
        input=lines.encode(), capture_output=True, check=False, env=os.environ, timeout=240,
    )  # fmt: skip
    assert json.loads(piped.stdout)["scenes"] == 2, piped.stderr


@pytest.mark.parametrize(
    "text",
    [
        '["A boat, red", "A harbour"]', '[{"prompt": "A boat, red"}, {"prompt": "A harbour"}]',
        'prompt,duration\n"A boat, red",5\nA harbour,5\n', "duration;prompt\n5;A boat, red\n5;A harbour\n",
        "prompt\tduration\nA boat, red\t5\nA harbour\t5\n", "- A boat, red\n- A harbour\n",
    ],
)  # fmt: skip
def test_a_list_tells_its_form_by_itself(workplace: Path, text: str) -> None:
    """JSON, tables and lists without a file's ending become scenes, and nothing of their syntax is a prompt."""
    (workplace / "list.txt").write_text(text)
    told(workplace, "new", "Boats", "--prompts", "list.txt")
    assert [s.prompt for s in load_production(workplace / "boats.yaml").scenes] == ["A boat, red", "A harbour"]


@pytest.mark.parametrize(
    ("words", "budget", "price"),
    [(["--model", "ray-2", "--resolution", "1080p"], "$2.00", "6.05"), (["--budget", "0.01"], "$0.01", "0.53")],
)
def test_a_film_beyond_its_budget(workplace: Path, words: list[str], budget: str, price: str) -> None:
    """A film that costs more than it may: that is said at once, with the budget that it needs."""
    found = told(workplace, "new", "Big", *words)
    assert found["note"] == f"its budget is {budget}, which is less: write budget: {price} or more into big.yaml"
    assert found["price_usd"] == price


def test_a_folder_that_cannot_be_written(workplace: Path) -> None:
    """It is one error, of bad input, that names no file of ours."""
    done = run(workplace, "new", "A", "--out", "/proc/a.yaml")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: /proc: nothing can be written there: ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["A", "--prompts", ""], "error: --prompts: is empty\n"),
        (["A", "--out", ""], "error: --out: is empty\n"),
        (["A", "--out", "a.takes.yaml"], "error: --out: 'a.takes.yaml' is the name of choices of takes"),
        (["A", "--template", "variations", "--aspect-ratio", "1:1"], "error: --aspect-ratio: each film of this"),
        ([], "error: TITLE: a new production needs a title\n"),
        (["A", "--template", "adds"], "error: --template: there is no template 'adds'\n"),
        (["A", "--template", "ad", "--prompts", "p.txt"], "error: a template and a list of prompts are given"),
        (["A", "--model", "ray2"], "error: --model: 'ray2' is not possible\n"),
        (["A", "--aspect-ratio", "2:1"], "error: --aspect-ratio: '2:1' is not possible\n"),
        (["A", "--out", "a.txt"], "error: --out: 'a.txt' is no name of a .yaml file\n"),
        (["A", "--prompts", "none.txt"], "error: none.txt: there is no such file\n"),
        (["A", "--prompts", "p.txt"], "error: p.txt:2, scene 'ab', field 'prompt': has 2 characters\n"),
    ],
)
def test_one_error_and_nothing_written(workplace: Path, words: list[str], said: str) -> None:
    """A production that cannot be made is one error, and leaves no file."""
    (workplace / "p.txt").write_text("a cat\nab\n")
    done = run(workplace, "new", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(said)
    assert [path.name for path in workplace.iterdir()] == ["p.txt"]
