"""The command ``diff``: what changed in a production since its last film, and what that costs."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from studio.editing.values import FilmCut, FilmRecord
from studio.execution.record import ShotResult, make_record
from studio.execution.run import Run
from studio.execution.session import open_session
from studio.planning import derived
from studio.planning.plan import Plan, ShotState
from studio.production import load_production
from studio.report.changes import Changes, FieldChange, changes_since
from studio.report.last_film import last_film
from studio.report.manifest import write_manifest
from studio.report.records import RunRecord
from studio.settings import load_settings
from studio_cli.diff import change_in_words
from tests.planning.test_takes import buy, clip  # noqa: F401
from tests.studio_cli.test_takes import FILM, run, told


async def _filmed(
    file: Path, clip: Path, name: str = "one", *, from_draft: bool = False, language: str = "", **options: Any  # noqa: F811
) -> None:  # fmt: skip
    """Buy what the plan lacks, and write the manifest of a film that shows it."""
    async with open_session(load_settings()) as session:
        film = derived(load_production(file), from_draft=from_draft, language=language)
        plan, _ = await session.plan(film, **options)
        for shot in plan.shots:
            if shot.state is ShotState.NEW:
                buy(session, shot, clip)
        plan, seeds = await session.plan(film, **options)
        out = file.parent / "films" / plan.production.slug / name
        made = Run(session, plan, seeds, run_id=name, out=out, budget=None, started_at=datetime.now(UTC))
        record = make_record(made, {s.id: ShotResult(s) for s in plan.shots})
        write_manifest(_with_film(record, plan, out), out)


def _with_film(record: RunRecord, plan: Plan, out: Path) -> RunRecord:
    cuts = tuple(FilmCut(cut.scene, cut.shots, at * 120, 120) for at, cut in enumerate(plan.cuts))
    film = FilmRecord(
        path=out / "film.mp4", sha256="f" * 64, bytes=1, frames=360, fps=Fraction(24), width=960,
        height=540, has_audio=False, method="copy",
    )  # fmt: skip
    return replace(record, cuts=cuts, film=film)


@pytest.fixture
async def made(workplace: Path, clip: Path) -> Path:  # noqa: F811
    """A file of which a film was made."""
    file = workplace / "film.yaml"
    file.write_text(FILM)
    await _filmed(file, clip)
    return file


async def since(file: Path, **options: Any) -> Changes:
    async with open_session(load_settings()) as session:
        plan, _ = await session.plan(load_production(file), **options)
    found = last_film(file.parent / "films", "a-film", "sandbox")
    assert found is not None
    return changes_since(found.manifest, plan)


def kinds(changes: Changes) -> list[tuple[str, str]]:
    return [(change.scene, change.kind) for change in changes.scenes]


def test_a_film_is_compared_with_its_own_version(made: Path) -> None:
    """A later draft in the same folder is not the last film of the final, and a link to another version is none."""
    films = made.parent / "films"
    final = last_film(films, "a-film", "sandbox")
    assert final is not None
    manifest = json.loads(final.path.with_name("manifest.json").read_text())
    manifest["version"] = "draft"
    manifest["run"]["finished_at"] = "2099-01-01T00:00:00+00:00"
    draft = films / "a-film" / "later"
    draft.mkdir()
    (draft / "manifest.json").write_text(json.dumps(manifest))
    upright = films / "a-film-9x16" / "later"
    upright.mkdir(parents=True)
    (upright / "manifest.json").write_text(json.dumps(manifest | {"version": "final"}))
    (films / "a-film" / "latest-9x16").symlink_to(upright)
    assert last_film(films, "a-film", "sandbox") == final
    found = last_film(films, "a-film", "sandbox", "draft")
    assert found is not None
    assert found.path.parent == draft.resolve()


async def test_a_film_in_another_language(workplace: Path, clip: Path) -> None:  # noqa: F811
    """It is compared with the last film in that language, whose texts are those of the table."""
    file, table = workplace / "film.yaml", workplace / "t.csv"
    file.write_text(f"{FILM}film: {{titles: {{opening: Hello}}}}\nlanguage: en\ntranslations: t.csv\n")
    table.write_text("text,de\nopening,Hallo\n")
    await _filmed(file, clip, language="de")
    assert told(workplace, "diff", "film.yaml")["last_film"] is None
    table.write_text("text,de\nopening,Moin\n")
    found = told(workplace, "diff", "film.yaml", "--language", "de")
    assert (found["film"][0]["old"], found["film"][0]["new"], found["scenes"]) == ("Hallo", "Moin", [])
    await _filmed(file, clip, "two", from_draft=True, language="de")
    (told_of,) = [n for n in told(workplace, "diff", "film.yaml", "--language", "de")["notes"] if "its draft" in n]
    assert told_of.endswith("studio diff film.yaml --from-draft --language de")


async def test_without_a_film(workplace: Path) -> None:
    """If no film was made yet, that is said with the price of all of it, and the status is 0."""
    (workplace / "film.yaml").write_text(FILM)
    done = run(workplace, "diff", "film.yaml")
    assert (done.returncode, done.stderr) == (0, "")
    assert "there is no film yet" in done.stdout
    assert "to pay: $2.13" in done.stdout
    assert told(workplace, "diff", "film.yaml")["last_film"] is None


async def test_nothing_changed(made: Path) -> None:
    """An unchanged production has no differences, and nothing to pay."""
    found = told(made.parent, "diff", "film.yaml")
    assert (found["film"], found["scenes"], found["to_pay_usd"]) == ([], [], "0.00")
    assert "nothing changed" in run(made.parent, "diff", "film.yaml").stdout


async def test_scenes_added_removed_moved_and_edited(made: Path) -> None:
    """Each scene that differs is told with what differs, and its price."""
    made.write_text(
        FILM.replace("  - id: a       # first\n    prompt: a harbour at dawn\n", "")
        .replace("    continue_from: a\n", "    duration: 4\n")
        .replace("title: A Film\n", "title: A Film\nbudget: 5\n")
        + "  - id: d\n    prompt: gulls\n"
    )
    changes = await since(made)
    assert kinds(changes) == [("a", "removed"), ("b", "edited"), ("c", "remade"), ("d", "added")]
    assert [(f.name, f.old, f.new) for f in changes.film] == [("budget", None, 5.0)]
    edited = next(c for c in changes.scenes if c.scene == "b")
    assert {(f.name, f.old is None, f.new is None) for f in edited.fields} == {
        ("continue_from", False, True), ("duration", True, False),
    }  # fmt: skip
    shown = run(made.parent, "diff", "film.yaml")
    assert shown.returncode == 0, shown.stderr
    assert max(map(len, (line for line in shown.stdout.splitlines() if "/" not in line))) <= 80
    assert "- a               removed" in shown.stdout
    assert [str(price) for price in changes.to_pay.values()] == ["0.71", "0.71", "0.71"]
    assert "to pay: $2.13" in shown.stdout


@pytest.mark.long
@pytest.mark.parametrize("earlier", [False, True], ids=["now", "by an earlier program"])
async def test_a_film_that_was_finished_from_its_draft(made: Path, clip: Path, earlier: bool) -> None:  # noqa: F811
    """The fields of the draft are nobody's edit: the scenes are told as made in another way, with what to compare.
    Compared as what it is, nothing changed; nor are fields told of a film that an earlier program made."""
    await _filmed(made, clip, "two", from_draft=True)
    if earlier:
        manifest = made.parent / "films" / "a-film" / "two" / "manifest.json"
        noted = json.loads(manifest.read_text())
        del noted["from_draft"]
        for scene in noted["production"]["scenes"]:
            scene |= {"model": "ray-flash-2", "resolution": "540p", "upscale": "720p"}
        manifest.write_text(json.dumps(noted))
    shown = run(made.parent, "diff", "film.yaml").stdout
    assert "540p" not in shown
    assert "(none)" not in shown
    found = told(made.parent, "diff", "film.yaml")
    assert [change["fields"] for change in found["scenes"] if change["fields"]] == []
    if earlier:
        return
    assert {(change["change"], change["told"]) for change in found["scenes"]} == {
        ("remade", "the last film finished the draft's clip")
    }
    (command,) = [note.split(": ", 1)[1] for note in found["notes"] if "made from its draft" in note]
    assert command == "studio diff film.yaml --from-draft"
    same = told(made.parent, "diff", "film.yaml", "--from-draft")
    assert (same["film"], same["scenes"], same["to_pay_usd"]) == ([], [], "0.00")
    made.write_text(FILM.replace("the open sea", "an open sea"))
    edited = told(made.parent, "diff", "film.yaml", "--from-draft")["scenes"]
    assert [(change["scene"], change["change"]) for change in edited] == [("c", "edited")]


async def test_a_moved_and_a_renamed_scene(made: Path) -> None:
    """If only the order or an id changes, that is all that is told, and nothing is to pay."""
    first = "  - id: a       # first\n    prompt: a harbour at dawn\n"
    made.write_text(FILM.replace(first, "") + first)
    moved = await since(made)
    assert kinds(moved) == [("a", "moved")]
    assert moved.scenes[0].told == "from place 1 to 3"
    made.write_text(FILM.replace("id: c\n", "id: sea\n"))
    renamed = await since(made)
    assert kinds(renamed) == [("sea", "renamed")]
    assert not renamed.to_pay


async def test_takes_and_what_is_stale(made: Path, clip: Path) -> None:  # noqa: F811
    """A chosen take is told with its number in the last film, and what follows it as stale."""
    async with open_session(load_settings()) as session:
        plan, _ = await session.plan(load_production(made), retake=("b",))
        buy(session, plan.shot("b"), clip)
    told(made.parent, "takes", "film.yaml", "choose", "b=2")
    changes = await since(made)
    assert kinds(changes) == [("b", "take"), ("c", "stale")]
    assert (changes.scenes[0].fields[0].old, changes.scenes[0].fields[0].new) == (1, 2)
    assert not changes.to_pay


async def test_an_edit_and_what_follows_it(made: Path) -> None:
    """A scene that is made anew only because of what it follows is told so; both prices stand below."""
    made.write_text(FILM.replace("harbour at dawn", "harbour at dusk"))
    found = told(made.parent, "diff", "film.yaml")
    assert [(c["scene"], c["change"], c["told"]) for c in found["scenes"]] == [
        ("a", "edited", None), ("b", "remade", "follows 'a'"), ("c", "remade", "follows 'b'"),
    ]  # fmt: skip
    assert found["to_pay_by_scene_usd"] == {"a": "0.71", "b": "0.71", "c": "0.71"}
    assert [n for n in found["notes"] if "this run pays $2.13; with the clips that they have it pays $0.71" in n]


async def test_a_film_that_kept_a_clip(made: Path, clip: Path) -> None:  # noqa: F811
    """A clip that the last film kept after an edit, and the next would make anew, is told as that."""
    made.write_text(FILM.replace("harbour at dawn", "harbour at dusk"))
    await _filmed(made, clip, "two", keep=("all",))
    changes = await since(made)
    assert [(c.scene, c.kind, c.told) for c in changes.scenes] == [
        ("b", "remade", "the last film kept an earlier clip of it"), ("c", "remade", "follows 'b'"),
    ]  # fmt: skip
    assert kinds(await since(made, keep=("all",))) == [("b", "stale"), ("c", "stale")]


@pytest.mark.long
async def test_the_latest_film_counts(made: Path, clip: Path) -> None:  # noqa: F811
    """The film that was made last is compared with, not one of another service; ``--film`` names any."""
    made.write_text(FILM.replace("title: A Film", "title: A Film\nresolution: 540p"))
    await _filmed(made, clip, "two")
    folder = made.parent / "films" / "a-film"
    other = json.loads((folder / "two" / "manifest.json").read_text())
    other["service"]["name"], other["run"]["finished_at"] = "luma", "2999-01-01T00:00:00Z"
    (folder / "three").mkdir()
    (folder / "three" / "manifest.json").write_text(json.dumps(other))
    (folder / "broken").mkdir()
    (folder / "broken" / "manifest.json").write_text("{")
    assert told(made.parent, "diff", "film.yaml")["film"] == []
    older = told(made.parent, "diff", "film.yaml", "--film", str(folder / "one"))
    assert older["film"] == [{"field": "resolution", "old": None, "new": "540p"}]
    assert {c["told"] for c in older["scenes"]} == {"the film's options changed"}
    assert run(made.parent, "diff", "film.yaml", "--film", str(folder / "broken")).returncode == 2
    assert run(made.parent, "diff", "gone.yaml").returncode == 2


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("/films/harbour/clips/one.mp4", "/films/harbour/clips/two.mp4", "clip: …one.mp4 → …two.mp4"),
        ("a harbour", "a port", "clip: a harbour → a port"),
        ("x" * 60 + "1" + "y" * 60, "x" * 60 + "2" + "y" * 60, "clip: …xxxxx1yyyyyyyyyyyy… → …xxxxx2yyyyyyyyyyyy…"),
    ],
)
def test_what_differs_is_seen_of_long_texts(old: str, new: str, told: str) -> None:
    """Of long texts with the same beginning, such as two paths, the part is shown in which they differ."""
    assert change_in_words(FieldChange("clip", old, new)) == told


async def test_a_film_of_another_service(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The only film was made at another service: diff says so, and names its place."""
    monkeypatch.setenv("LUMAAI_API_KEY", "luma-x")
    done = run(made.parent, "diff", made.name)
    said = " ".join(done.stdout.split())
    assert "no film was made at Luma" in said, done.stderr
    assert "the latest from another service is" in said
    assert "film.mp4" in said
    assert "there is no film yet" not in said
