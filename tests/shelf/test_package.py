"""Packages: a film's folder for an editor, a client, an accountant."""

from __future__ import annotations

import csv
import errno
import hashlib
import json
import os
import re
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import opentimelineio as otio
import pytest
from typer.testing import CliRunner

from studio.report.costs import COLUMNS
from studio_cli.package import app
from tests.support.shelf import shelved

ALL = ("editor", "client", "accountant")


@pytest.fixture
def film(workplace: Path) -> Path:
    """A film's folder, as its run left it."""
    return shelved(workplace / "films", workplace / ".studio")


def packed(*words: str) -> Path:
    done = CliRunner().invoke(app, [*words, "--json"])
    assert done.exit_code == 0, done.output
    return Path(json.loads(done.stdout)["folder"])


def refused(*words: str) -> str:
    """The error of a package that is not made: nothing is left of it."""
    before = {path for path in Path.cwd().rglob("*") if "kept" not in path.parts}
    done = CliRunner().invoke(app, list(words))
    assert {path for path in Path.cwd().rglob("*") if "kept" not in path.parts} == before
    assert (done.exit_code, "Traceback" in done.output) in ((2, False), (1, False))
    return done.output


def inside(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_an_editor_s_folder(film: Path) -> None:
    """The film, and its clips numbered by tens in the film's order with their takes; the timeline, read back, links to
    these by relative addresses, and they are copies of what was made."""
    out = packed("the quay", "--for", "editor", "--out", "edit")
    assert inside(out) == {
        "the-quay.mp4", "timeline.otio", "timeline.fcpxml", "timeline.edl",
        "clips/010_wake_t1.mp4", "clips/020_walk_t2.mp4",
    }  # fmt: skip
    moved = out.rename(out.with_name("sent"))
    shutil.rmtree(film)
    timeline = otio.adapters.read_from_file(str(moved / "timeline.otio"))
    clips = list(timeline.find_clips())
    assert [clip.media_reference.target_url for clip in clips] == ["clips/010_wake_t1.mp4", "clips/020_walk_t2.mp4"]
    assert [clip.source_range.duration.value for clip in clips] == [120, 120]
    for clip in clips:
        file = moved / unquote(clip.media_reference.target_url)
        assert sha256(file) == clip.metadata["studio_producer"]["sha256"]
        assert (file.stat().st_nlink, clip.media_reference.available_range.duration.value) == (1, 120)


@pytest.mark.parametrize("recipient", ["editor", "client"])
def test_captions_go_with_the_film_under_its_name(film: Path, recipient: str) -> None:
    """An editor's program and a player find them by the film's name; one that was removed is left out."""
    manifest = film / "manifest.json"
    told = json.loads(manifest.read_text())
    told["captions"] = [{"language": "en", "cues": 1, "files": ["film.en.srt", "film.en.vtt"]}]
    manifest.write_text(json.dumps(told))
    (film / "film.en.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nHello\n\n")
    folder = packed(str(film), "--for", recipient)
    (found,) = folder.rglob("*.srt")
    (copied,) = folder.glob("*.mp4")
    assert found.name == f"{copied.stem}.en.srt"
    assert sha256(found) == sha256(film / "film.en.srt")
    assert not list(folder.rglob("*.vtt"))


def test_clips_are_numbered_in_the_film_s_order(workplace: Path) -> None:
    """More clips than two digits count, and names that no file system takes as they are."""
    scenes = tuple(f"s{n} a:é" for n in range(101))
    shelved(workplace / "films", workplace / ".studio", scenes=scenes)
    out = packed("the quay", "--for", "editor", "--out", "edit")
    names = sorted(path.name for path in (out / "clips").iterdir())
    assert (names[0], names[-1]) == ("0010_s0-a-é_t1.mp4", "1010_s100-a-é_t101.mp4")
    timeline = otio.adapters.read_from_file(str(out / "timeline.otio"))
    urls = [unquote(clip.media_reference.target_url) for clip in timeline.find_clips()]
    assert [url.partition("/")[2] for url in urls] == names


def test_a_timeline_of_an_earlier_version(film: Path) -> None:
    """Links to the store, and links to nothing, are found by the manifest; the package's are relative all the same."""
    timeline = otio.adapters.read_from_file(str(film / "timeline.otio"))
    first, second = timeline.find_clips()
    manifest = json.loads((film / "manifest.json").read_text("utf-8"))
    first.media_reference.target_url = Path(manifest["shots"][0]["clip"]["path"]).as_uri()
    second.media_reference = otio.schema.MissingReference(available_range=second.media_reference.available_range)
    (film / "timeline.otio").write_text(otio.adapters.write_to_string(timeline, "otio_json"))
    shutil.rmtree(film / "clips")
    out = packed(str(film), "--for", "editor", "--out", "edit")
    found = otio.adapters.read_from_file(str(out / "timeline.otio"))
    assert [clip.media_reference.target_url for clip in found.find_clips()] == [
        "clips/010_wake_t1.mp4", "clips/020_walk_t2.mp4",
    ]  # fmt: skip


def test_a_client_s_folder_shows_no_money_and_no_machine(film: Path, workplace: Path) -> None:
    """Film, report and manifest, with pictures and words of the scenes: and no price, order, generation, key or path,
    though the producer's own have them all."""
    assert "0.71" in (film / "report.html").read_text("utf-8")
    out = packed("the quay", "--for", "client", "--out", "client")
    assert inside(out) == {"the-quay.mp4", "report.html", "manifest.json"}
    manifest = json.loads((film / "manifest.json").read_text("utf-8"))
    secret = [str(workplace), str(Path.home()), ".studio", "0.71", "1.42", "1.50", "$", "USD", "gen-", "luma"]
    secret += [
        part for shot in manifest["shots"] for part in (shot["order"], shot["order"][:12], shot["generation_id"])
    ]
    for name in ("report.html", "manifest.json"):
        told = re.sub(r"base64,[A-Za-z0-9+/=]+", "", (out / name).read_text("utf-8"))
        assert [word for word in secret if word in told] == []
        assert not re.search(r"price|cost|budget|refund|billed", told, re.IGNORECASE)
    page = (out / "report.html").read_text("utf-8")
    assert page.count("data:image/jpeg;base64,") == 4
    assert 'src="the-quay.mp4"' in page
    told = json.loads((out / "manifest.json").read_text("utf-8"))
    assert (told["title"], told["version"], told["film"]["seconds"]) == ("The Quay", "final", 10.0)
    assert told["film"]["sha256"] == sha256(out / told["film"]["name"])
    assert [(scene["id"], scene["starts"], scene["words"]) for scene in told["scenes"]] == [
        ("wake", 0.0, "wake: a quay at dawn"), ("walk", 5.0, "walk: a quay at dawn"),
    ]  # fmt: skip


def test_a_title_is_text_on_the_page(workplace: Path) -> None:
    """A production's title is never read as HTML."""
    shelved(workplace / "films", workplace / ".studio", title="<script>alert(1)</script>", slug="odd")
    page = (packed("odd", "--for", "client") / "report.html").read_text("utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize(("service", "column"), [("luma", "amount"), ("sandbox", "sandbox_amount")])
def test_an_accountant_s_folder(workplace: Path, service: str, column: str) -> None:
    """The bookings of the run as they are in its file, and a summary whose sums are theirs; the sandbox's are told
    apart in both."""
    film = shelved(workplace / "films", workplace / ".studio", service=service, billed=service == "luma")
    out = packed("the-quay", "--for", "accountant", "--out", "books")
    assert inside(out) == {"costs.csv", "summary.txt"}
    assert (out / "costs.csv").read_bytes() == (film / "costs.csv").read_bytes()
    with (out / "costs.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert sum(Decimal(row[column]) for row in rows) == Decimal("1.42")
    summary = (out / "summary.txt").read_text("utf-8")
    assert re.search(r"Sum of costs\.csv +1\.42 USD", summary)
    assert ("NOTHING WAS BILLED" in summary) == (service == "sandbox")


def test_costs_of_an_earlier_version(film: Path) -> None:
    """A costs.csv with a row a shot and a total is handed over as it is, and the summary says what it is."""
    (film / "costs.csv").write_text("scene,shot,new_usd\nwake,wake,0.71\nTOTAL,,1.42\n")
    out = packed("the-quay", "--for", "accountant")
    summary = (out / "summary.txt").read_text("utf-8")
    assert re.search(r"Spent by this run +1\.42 USD", summary)
    assert "written by an earlier version" in summary


def test_all_at_once_in_a_folder_of_its_own(film: Path) -> None:
    """Without --for, a folder for each; without --out, below packages, named by film, version and run."""
    done = CliRunner().invoke(app, ["latest"])
    out = Path("packages") / f"the-quay-final-{film.name}"
    assert {path.name for path in out.iterdir()} == set(ALL)
    assert done.stdout.splitlines()[0].startswith(f"{out}: The Quay, final, of 2025-11-22")
    assert "all of it copies" in done.stdout


def test_a_title_means_its_newest_final(workplace: Path) -> None:
    """A title is the newest final film; ``latest`` the newest of all; a folder, a link or the film's file that film."""
    films, home = workplace / "films", workplace / ".studio"
    for number, version in enumerate(("final", "final", "draft")):
        shelved(films, home, f"run-{number}", made=number, version=version)
    (films / "the-quay" / "latest").symlink_to("run-0")
    asked = {
        "The Quay": "run-1", "latest": "run-2", "films/the-quay/latest": "run-0", "films/the-quay/run-2": "run-2",
        "films/the-quay/run-0/film.mp4": "run-0",
    }  # fmt: skip
    for number, (called, run) in enumerate(asked.items()):
        out = packed(called, "--for", "accountant", "--out", f"out-{number}")
        assert f"Run         {run}\n" in (out / "summary.txt").read_text("utf-8")


def written(place: Path, title: str, *scenes: str) -> dict[str, Any]:
    """Write a production file with a title and these scenes, and return the production as a manifest has it."""
    found = {"title": title, "scenes": [{"id": name, "prompt": f"{name} at dawn"} for name in scenes]}
    place.write_text(json.dumps(found))
    return found


def test_of_two_files_of_one_title_that_is_packaged_which_was_made_of_it(workplace: Path) -> None:
    """A production file means the film that was made of its scenes, also where a newer one has the same title; if none
    was, a line says which film is packaged."""
    films, home = workplace / "films", workplace / ".studio"
    mine = written(workplace / "mine.json", "The Quay", "wake", "walk")
    other = written(workplace / "other.json", "The Quay", "wake", "sail")
    shelved(films, home, "run-mine", production=mine)
    shelved(films, home, "run-other", made=1, production=other)
    for name, run in (("mine.json", "run-mine"), ("other.json", "run-other"), ("mine", "run-mine")):
        done = CliRunner().invoke(app, [name, "--for", "accountant", "--json", "--out", f"out-{name}-{run}"])
        assert done.exit_code == 0, done.output
        assert Path(json.loads(done.stdout)["film"]).parent.name == run
        assert json.loads(done.stdout)["note"] == ""
    written(workplace / "mine.json", "The Quay", "wake", "walk", "sleep")
    done = CliRunner().invoke(app, ["mine.json", "--for", "accountant"])
    first = done.stdout.splitlines()[0]
    assert first.startswith("note: no film was made of mine.json as it is now: this is the film 'The Quay' of 2025-")


def test_packaging_again_says_where_it_is(film: Path, workplace: Path) -> None:
    """If no target was named, the error says that this film is packaged already, and where."""
    place = packed("latest", "--for", "editor")
    told = refused("latest", "--for", "editor")
    assert "this film is packaged there already" in told
    assert str(place) in told.replace("\n", "")
    assert "--out DIR" in told


def test_a_target_that_is_in_use_is_refused(film: Path, workplace: Path) -> None:
    """A folder with anything in it, a file or a link is never written to; an empty folder is."""
    (workplace / "mine").mkdir()
    (workplace / "mine" / "notes.txt").write_text("mine")
    (workplace / "file").write_text("mine")
    (workplace / "link").symlink_to(workplace / "mine")
    assert "is there already, and is not empty" in refused("latest", "--out", "mine")
    assert "is there already, and is no folder" in refused("latest", "--out", "file")
    assert "is there already, and is no folder" in refused("latest", "--out", "link")
    (workplace / "empty").mkdir()
    assert packed("latest", "--out", "empty") == workplace / "empty"


def _without_clip(film: Path) -> str:
    shutil.rmtree(film / "clips")
    shutil.rmtree(film.parents[2] / ".studio" / "clips")
    return "the clip of 'wake' is missing"


def _with_another_clip(film: Path) -> str:
    next((film / "clips").glob("walk*")).write_bytes(b"another")
    return "the clip of 'walk' is damaged, or was changed"


def _with_another_film(film: Path) -> str:
    (film / "film.mp4").write_bytes(b"graded")
    return "the film was changed after it was made"


def _without_timeline(film: Path) -> str:
    (film / "timeline.otio").unlink()
    return "the film has no timeline"


def _with_a_bad_timeline(film: Path) -> str:
    (film / "timeline.otio").write_text("{")
    return "the timeline cannot be read"


def _without_costs(film: Path) -> str:
    (film / "costs.csv").unlink()
    return "the film has no costs.csv"


def _without_manifest(film: Path) -> str:
    (film / "manifest.json").unlink()
    return "its run left no manifest"


def _with_half_a_manifest(film: Path) -> str:
    found: dict[str, Any] = json.loads((film / "manifest.json").read_text("utf-8"))
    del found["shots"]
    (film / "manifest.json").write_text(json.dumps(found))
    return "the manifest lacks what is needed of it"


@pytest.mark.parametrize(
    "fault",
    [
        _without_clip, _with_another_clip, _with_another_film, _without_timeline, _with_a_bad_timeline, _without_costs,
        _without_manifest, _with_half_a_manifest,
    ],
)  # fmt: skip
def test_what_is_missing_is_told_and_nothing_is_written(film: Path, fault: Any) -> None:
    """A clip, film, timeline or manifest that is missing or changed: one error that names it, and no folder."""
    told = fault(film)
    assert told in refused(str(film), "--out", "new/folder")


def test_a_full_disk_gives_one_line(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the copies do not fit: what cannot be written, where, what to do, and nothing half-written."""

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.copy_file_range", full)
    monkeypatch.setattr("shutil.copyfile", full)
    told = refused("latest", "--for", "editor", "--out", "new/folder")
    assert "the package cannot be written to" in told
    assert "No space left on device" in told
    assert "make room there" in told


def test_a_film_that_is_not_there(film: Path, workplace: Path) -> None:
    """A title that no film has names the nearest; a folder without a film says why it is none."""
    assert "is it 'The Quay'?" in refused("The Kay")
    (workplace / "empty").mkdir()
    assert "no folder of a film of ours" in refused("empty")
    shutil.rmtree(workplace / "films")
    assert "there is no film yet" in refused("latest")
