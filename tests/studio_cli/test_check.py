"""The command ``check``: productions are read, with all their problems, and nothing else is used."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.planning.test_takes import clip  # noqa: F401
from tests.studio_cli.test_loading import FILM, loaded_by
from tests.studio_cli.test_takes import run


def test_a_good_and_a_bad_file(workplace: Path) -> None:
    """One line for what can be made, every problem of what cannot, and status 2."""
    (workplace / "good.yaml").write_text(FILM)
    (workplace / "bad.yaml").write_text(
        f"{FILM}    promt: twice\n    start_image: face\nassets:\n  - {{id: face, path: no.png}}\n"
    )
    good = run(workplace, "check", "good.yaml")
    assert (good.returncode, good.stderr) == (0, "")
    assert "Alone: 1 scene, 5 s" in good.stdout
    both = run(workplace, "check", "good.yaml", "bad.yaml")
    assert both.returncode == 2
    assert "Alone: 1 scene" in both.stdout
    assert "promt" in both.stderr
    assert "no.png" in both.stderr
    assert "Traceback" not in both.stderr
    assert not (workplace / ".studio").exists()


def test_the_length_of_what_is_cut(workplace: Path, clip: Path) -> None:  # noqa: F811
    """Seconds are those that are shown, as they are written; a finished clip without its end is as long as it is."""
    cut = f"  - {{id: b, clip: {clip}, in: 0.5, out: 1}}\n"
    (workplace / "film.yaml").write_text(f"title: Cut\nscenes:\n  - {{id: a, prompt: the calm sea}}\n{cut}")
    done = run(workplace, "check", "film.yaml")
    assert (done.returncode, done.stdout) == (0, "film.yaml: Cut: 2 scenes, 5.5 s\n"), done.stderr
    whole = f"  - {{id: c, clip: {clip}, in: 0.5}}\n  - {{id: d, clip: {clip}}}\n"
    (workplace / "film.yaml").write_text(f"title: Cut\nscenes:\n{whole}")
    done = run(workplace, "check", "film.yaml")
    assert (done.returncode, done.stdout) == (0, "film.yaml: Cut: 2 scenes, 2 as long as their clips\n"), done.stderr


def test_a_folder_and_what_is_included(workplace: Path) -> None:
    """Productions below a folder are checked; what they include, choices of takes and schemas are none."""
    deep = workplace / "all" / "deep"
    deep.mkdir(parents=True)
    (deep / "film.yaml").write_text(FILM)
    (deep / "shared.yaml").write_text("style: calm\n")
    (deep / "cast.json").write_text('{"$schema": "included.schema.json", "style": "calm"}')
    (deep / "film.yaml.takes.yaml").write_text("{}\n")
    (deep / "production.schema.json").write_text(run(workplace, "schema").stdout)
    done = run(workplace, "check", "all", "--json")
    assert done.returncode == 0, done.stderr
    assert [Path(one["file"]).name for one in json.loads(done.stdout)["productions"]] == ["film.yaml"]
    (workplace / "empty").mkdir()
    none = run(workplace, "check", "empty")
    assert none.returncode == 2
    assert none.stderr.startswith("error: empty")


def test_a_folder_with_odd_things_in_it(workplace: Path) -> None:
    """Hidden files and those that are no productions are left out; what cannot be read is told, the rest checked."""
    (workplace / "film.yaml").write_text(FILM)
    (workplace / ".#film.yaml").symlink_to("me@host.1:2")  # as Emacs makes it for a file that is not saved
    (workplace / ".studio").mkdir()
    (workplace / ".studio" / "kept.json").write_text("{")
    (workplace / "package.json").write_text('{"name": "x"}')
    clean = run(workplace, "check", ".")
    assert (clean.returncode, clean.stdout, clean.stderr) == (0, "film.yaml: Alone: 1 scene, 5 s\n", "")
    os.mkfifo(workplace / "pipe.yaml")  # reading it would wait forever
    (workplace / "self.yaml").symlink_to("self.yaml")
    done = run(workplace, "check", ".")
    assert (done.returncode, done.stdout) == (2, "film.yaml: Alone: 1 scene, 5 s\n")
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == ["pipe.yaml", "'self.yaml'"]


@pytest.mark.parametrize(
    ("words", "told"), [(["check", ""], "the name of a file is empty"), (["plan", "."], "is a folder")]
)
def test_names_that_are_no_files(workplace: Path, words: list[str], told: str) -> None:
    """An empty name, as of a variable that is not set, and a folder where a file is wanted."""
    done = run(workplace, *words)
    assert (done.returncode, told in done.stderr) == (2, True), done.stderr


def test_the_languages_of_a_table(workplace: Path) -> None:
    """A table's languages are told; a text that no film can have is a problem of its language."""
    (workplace / "film.yaml").write_text(f"{FILM}    narration: The harbour sleeps.\ntranslations: texts.csv\n")
    (workplace / "texts.csv").write_text("text,de\nonly.narration,Der Hafen schläft.\n")
    done = run(workplace, "check", "film.yaml", "--json")
    (one,) = json.loads(done.stdout)["productions"]
    assert one.get("languages") == ["de"], one


def test_a_text_that_no_film_can_have(workplace: Path) -> None:
    """A cell that is too much for its card is a problem of its language, at its row; the other language is fine."""
    (workplace / "film.yaml").write_text(f"{FILM}    lower_third: Maya\ntranslations: texts.csv\n")
    (workplace / "texts.csv").write_text('text,de,fr\nonly.lower_third,"Eins\nZwei\nDrei",Maya\n')
    done = run(workplace, "check", "film.yaml")
    assert (done.returncode, done.stdout) == (2, "")
    told = "texts.csv:2, scene 'only', field 'lower_third', column 'de': a lower third has one or two lines"
    assert done.stderr.startswith(told)
    assert len(done.stderr.splitlines()) == 2  # it, and what to do


def test_a_table_beside_a_production(workplace: Path) -> None:
    """A production with placeholders is read with the table of its name; without it, its placeholders are told."""
    (workplace / "film.yaml").write_text(FILM.replace("a quiet harbour", "a {{ colour }} harbour"))
    alone = run(workplace, "check", "film.yaml")
    assert (alone.returncode, "is a placeholder" in alone.stderr) == (2, True)
    (workplace / "film.csv").write_text("row,colour\none,red\ntwo,blue\n")
    done = run(workplace, "check", "film.yaml")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "film.yaml: Alone · one: 1 scene, 5 s; 2 films, one a row of film.csv\n"
    (workplace / "film.csv").write_text("row,color\none,red\n")
    wrong = run(workplace, "check", "film.yaml")
    assert (wrong.returncode, "film.csv has no column 'colour'" in wrong.stderr) == (2, True)


def test_neither_prefect_nor_the_ledger_is_loaded(workplace: Path) -> None:
    """Reading a production needs no service, no ledger and no client."""
    (workplace / "film.yaml").write_text(FILM)
    assert loaded_by(workplace, "studio_cli", "check", "film.yaml") & {"prefect", "sqlalchemy", "httpx", "av"} == set()
