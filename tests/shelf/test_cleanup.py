"""Files that can be made again: shown with its size, removed when that is asked for, and nothing else, ever."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from studio.shelf.latest import point_latest
from studio.storage.running import AtWork, at_work
from studio_cli.clean import app
from tests.support.shelf import shelved

PRECIOUS = (
    "ledger.db", "ledger.db-wal", "purchases.jsonl", "ledger-mark.json", "unbooked/one.json", "clips/ab/x.mp4",
    "clips/incoming/half.part", "stills/cd/y.jpg", "assets/face.png", "exr/z.exr", "sandbox/state.json",
    "prefect-server/log", "last-error.txt",
)  # fmt: skip
CACHED = ("pieces/p.mp4", "pieces/p.json", "kept/thumbnails/ab/t", "kept/digests")


@pytest.fixture
def home(workplace: Path) -> Path:
    """A home with everything in it that runs leave there."""
    home = workplace / ".studio"
    for name in (*PRECIOUS, *CACHED):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(b"x" * 1000)
    return home


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def cleaned(*words: str) -> dict[str, Any]:
    done = CliRunner().invoke(app, [*words, "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_nothing_is_removed_unless_it_is_asked_for(home: Path) -> None:
    """The command shows what can go, with sizes, and what never goes; no file changes."""
    before = files(home)
    found = cleaned()
    assert (found["removed"], found["bytes"]) == (False, 4000)
    assert [(part["name"], part["files"]) for part in found["removable"]] == [
        ("pieces of films", 2), ("measurements, thumbnails and digests", 2),
    ]  # fmt: skip
    assert {part["name"]: part["bytes"] for part in found["kept"]} == {"clips": 2000, "stills": 1000}
    said = CliRunner().invoke(app, []).stdout
    assert "4.0 kB can go: nothing was removed yet. To remove it: --yes" in said
    assert "2.0 kB  clips: never removed, since they may have been paid for" in said
    assert files(home) == before


def test_what_was_paid_for_is_never_removed(home: Path) -> None:
    """With --yes the caches go; ledger, purchases, clips, stills and all else stay. A second time, nothing is left."""
    assert cleaned("--yes")["removed"] is True
    assert files(home) - {"running/.gate.lock"} == set(PRECIOUS)
    assert cleaned()["removable"] == []
    assert "Nothing here can be made again" in CliRunner().invoke(app, []).stdout


def test_a_link_in_a_cache_is_removed_and_not_what_it_leads_to(home: Path, workplace: Path) -> None:
    """A cache that was put on another disk, or a link within it: only the link goes."""
    (workplace / "mine").mkdir()
    (workplace / "mine" / "holiday.mp4").write_bytes(b"mine")
    (home / "pieces" / "link").symlink_to(workplace / "mine")
    cleaned("--yes")
    assert (workplace / "mine" / "holiday.mp4").read_bytes() == b"mine"


def test_nothing_is_removed_while_a_run_is_at_work(home: Path) -> None:
    """A run in the same home, in this process or another: one error that names it, and every file stays. After the run
    has ended, or was killed, it is removed."""
    before = files(home)
    run = AtWork(home, "run 1/ä")
    done = CliRunner().invoke(app, ["--yes"])
    assert (done.exit_code, "a run is at work here (run 1/ä): nothing was removed" in done.output) == (2, True)
    run.end()
    run.end()
    code = "import sys,time; from pathlib import Path; from studio.storage.running import AtWork; "
    code += "kept = AtWork(Path(sys.argv[1]), 'run-2'); print('in', flush=True); time.sleep(600)"
    with subprocess.Popen([sys.executable, "-c", code, str(home)], stdout=subprocess.PIPE, text=True) as other:
        try:
            assert other.stdout is not None
            other.stdout.readline()
            assert at_work(home) == ("run-2",)
            assert CliRunner().invoke(app, ["--yes"]).exit_code == 2
            assert files(home) >= before
        finally:
            other.kill()
    assert at_work(home) == ()
    assert cleaned("--yes")["bytes"] == 4000
    assert not list((home / "running").glob("run*"))


def test_older_films_go_where_their_clips_are_here(workplace: Path) -> None:
    """With --films: the newest of each version stays, and what a link leads to; of the others the film and the copies
    of its clips go, and accounts and manifest stay."""
    films, home = workplace / "films", workplace / ".studio"
    folders = [shelved(films, home, f"run-{n}", made=n) for n in range(3)]
    draft = shelved(films, home, "run-9", made=-5, version="draft")
    (folders[0] / "mine.mov").write_bytes(b"mine")
    (folders[0] / "clips" / "mine.mp4").write_bytes(b"mine")
    assert point_latest(films, "the-quay", "final", folders[1]) == ""
    before = files(films)
    found = cleaned("--films")
    assert files(films) == before
    (part,) = [part for part in found["removable"] if part["name"] == "older films"]
    assert part["files"] == 3
    cleaned("--films", "--yes")
    assert files(folders[0]) == {
        "mine.mov", "clips/mine.mp4", "costs.csv", "manifest.json", "report.html", "timeline.otio", "timeline.fcpxml",
        "timeline.edl", ".studio-producer.json",
    }  # fmt: skip
    assert all((folder / "film.mp4").exists() for folder in (folders[1], folders[2], draft))
    assert [part["name"] for part in cleaned("--films")["removable"] if "films" in part["name"]] == []


def test_a_film_that_cannot_be_made_again_stays(workplace: Path) -> None:
    """If a clip is nowhere else, or the film was changed, the older film stays, and the reason is said."""
    films, home = workplace / "films", workplace / ".studio"
    changed, lonely = (shelved(films, home, f"run-{n}", made=n, title=f"Film {n}") for n in range(2))
    shelved(films, home, "new-0", made=8, title="Film 0")
    shelved(films, home, "new-1", made=9, title="Film 1", scenes=("other",))
    (changed / "film.mp4").write_bytes(b"graded by hand")
    sha256 = json.loads((lonely / "manifest.json").read_text("utf-8"))["shots"][0]["clip"]["sha256"]
    shutil.rmtree(home / "clips" / sha256[:2])
    found = cleaned("--films", "--yes")
    assert (changed / "film.mp4").exists()
    assert (lonely / "film.mp4").exists()
    assert any("it was changed after it was made" in line for line in found["left"])
    assert any("the clip of 'wake' is nowhere else" in line for line in found["left"])


def test_nothing_outside_of_a_film_s_folder_is_removed(workplace: Path) -> None:
    """A manifest that names a file elsewhere, and a folder of clips that is a link into the store: neither is
    followed."""
    films, home = workplace / "films", workplace / ".studio"
    folder = shelved(films, home, "run-0")
    shelved(films, home, "run-1", made=1)
    mine = (folder / "film.mp4").rename(workplace / "holiday.mp4")
    found = json.loads((folder / "manifest.json").read_text("utf-8"))
    found["film"]["path"] = str(mine)
    (folder / "manifest.json").write_text(json.dumps(found))
    linked = shelved(films, home, "run-2", made=-1)
    clip = home / "clips" / found["shots"][0]["clip"]["sha256"][:2]
    shutil.rmtree(linked / "clips")
    (linked / "clips").symlink_to(clip)
    before = files(home / "clips")
    cleaned("--films", "--yes")
    assert mine.exists()
    assert not (linked / "film.mp4").exists()
    assert files(home / "clips") == before


def test_films_of_one_production(workplace: Path) -> None:
    """With a production, only its films are looked at; --keep says how many of each version stay."""
    films, home = workplace / "films", workplace / ".studio"
    for title in ("The Quay", "The Pier"):
        for number in range(4):
            shelved(films, home, f"run-{number}", made=number, title=title)
    (workplace / "quay.yaml").write_text("title: The Quay\nscenes:\n  - {id: wake, prompt: a quay at dawn}\n")
    cleaned("quay.yaml", "--films", "--keep", "2", "--yes")
    left = sorted(path.relative_to(films).parent.as_posix() for path in films.rglob("film.mp4"))
    assert left == [*(f"the-pier/run-{n}" for n in range(4)), "the-quay/run-2", "the-quay/run-3"]
    assert CliRunner().invoke(app, ["--films", "--keep", "0"]).exit_code == 2
    assert CliRunner().invoke(app, ["nothing.yaml", "--films"]).exit_code == 2


def test_a_home_that_is_not_there(workplace: Path) -> None:
    """Nothing was ever made here: nothing is removed, and no folder is made."""
    assert cleaned("--yes")["removable"] == []
    assert list(workplace.iterdir()) == []
