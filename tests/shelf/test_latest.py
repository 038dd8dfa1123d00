"""The links to the latest film of each version."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.planning import derived
from studio.production import parse_production
from studio.shelf.latest import latest_folders, link_name, point_latest

WRITTEN = {"title": "The Quay", "scenes": [{"id": "wake", "prompt": "a quay at dawn"}]}


def folder_of(films: Path, run: str, slug: str = "the-quay") -> Path:
    folder = films / slug / run
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize(
    ("options", "version", "link"),
    [
        ({}, "final", "latest"), ({"draft": True}, "draft", "latest-draft"), ({"from_draft": True}, "final", "latest"),
        ({"reframe": "9:16"}, "9:16", "latest-9x16"),
        ({"draft": True, "reframe": "9:16"}, "9:16 draft", "latest-9x16-draft"),
    ],
)  # fmt: skip
def test_every_version_has_its_name_and_link(options: dict[str, object], version: str, link: str) -> None:
    """The options of a run name its version; all versions belong to the film of the same slug."""
    made = derived(parse_production(WRITTEN), **options)
    assert (made.version, made.film_slug, link_name(made.version)) == (version, "the-quay", link)


def test_a_slug_of_an_earlier_version_is_its_film_s() -> None:
    """A reframed film that keeps the slug it was begun with still belongs to the film of that slug."""
    made = derived(parse_production(WRITTEN), reframe="9:16").named("the-old-9x16", "the-old")
    assert (made.slug, made.film_slug, made.version) == ("the-old-9x16", "the-old", "9:16")
    assert derived(parse_production(WRITTEN)).named("the-old", "the-old").film_slug == "the-old"


def test_the_link_moves_to_each_new_film(tmp_path: Path) -> None:
    """The link is relative, so that the films folder can be moved, and leads to the last film of its version."""
    first, second = folder_of(tmp_path, "run-1"), folder_of(tmp_path, "run-2")
    assert point_latest(tmp_path, "the-quay", "final", first) == ""
    assert point_latest(tmp_path, "the-quay", "final", second) == ""
    assert point_latest(tmp_path, "the-quay", "draft", first) == ""
    link = tmp_path / "the-quay" / "latest"
    assert (str(link.readlink()), link.resolve()) == ("run-2", second.resolve())
    assert str(link.with_name("latest-draft").readlink()) == "run-1"
    assert sorted(path.name for path in link.parent.iterdir()) == ["latest", "latest-draft", "run-1", "run-2"]
    assert latest_folders(tmp_path) == {first.resolve(), second.resolve()}


def test_another_shape_is_linked_beside_its_film(tmp_path: Path) -> None:
    """A reframed film, whose folder has a slug of its own, is found at the film it is a version of."""
    folder = folder_of(tmp_path, "run-1", "the-quay-9x16")
    assert point_latest(tmp_path, "the-quay", "9:16", folder) == ""
    link = tmp_path / "the-quay" / "latest-9x16"
    assert (link.readlink().as_posix(), link.resolve()) == ("../the-quay-9x16/run-1", folder.resolve())


def test_what_is_the_user_s_stays(tmp_path: Path) -> None:
    """A folder, a file or a link of the user's that is called so is not touched, and that is said."""
    folder = folder_of(tmp_path, "run-1")
    home = folder.parent
    (home / "latest").mkdir()
    (home / "latest" / "grade.mov").write_bytes(b"mine")
    (home / "latest-draft").write_bytes(b"mine")
    (home / "latest-9x16").symlink_to(tmp_path.parent)
    for version in ("final", "draft", "9:16"):
        assert "is not ours, and stays as it is" in point_latest(tmp_path, "the-quay", version, folder)
    assert (home / "latest" / "grade.mov").read_bytes() == b"mine"
    assert (home / "latest-draft").read_bytes() == b"mine"
    assert (home / "latest-9x16").readlink() == tmp_path.parent


def test_a_film_elsewhere_is_not_linked_to(tmp_path: Path) -> None:
    """With --out the film is where the user wanted it: no link of the films folder leads out of it."""
    elsewhere = tmp_path / "out"
    elsewhere.mkdir()
    assert point_latest(tmp_path / "films", "the-quay", "final", elsewhere) == ""
    assert not (tmp_path / "films").exists()


def test_a_file_system_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If no link can be made a text file names the folder; that is said once, and a file of the user's stays."""

    def refused(*_: object, **__: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr("os.symlink", refused)
    first, second = folder_of(tmp_path, "run-1"), folder_of(tmp_path, "run-2")
    assert "has no links: latest.txt names the folder" in point_latest(tmp_path, "the-quay", "final", first)
    assert point_latest(tmp_path, "the-quay", "final", second) == ""
    file = tmp_path / "the-quay" / "latest.txt"
    assert file.read_text("utf-8").splitlines()[0] == "run-2"
    assert latest_folders(tmp_path) == {second.resolve()}
    file.with_name("latest-draft.txt").write_text("my notes")
    assert "is not ours" in point_latest(tmp_path, "the-quay", "draft", first)
    assert file.with_name("latest-draft.txt").read_text() == "my notes"


def test_a_disk_that_takes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A finished film's run does not fail for want of a link: it is said where the film is."""
    folder = folder_of(tmp_path, "run-1")
    (tmp_path / "another").write_bytes(b"")  # a file where the folder of the film's versions would be
    assert f"the latest film is in {folder}" in point_latest(tmp_path, "another", "final", folder)
