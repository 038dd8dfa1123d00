"""A film's folder in a store: whole when the film is seen, mirrored by manifests, pending until it is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from studio.errors import SettingsError, StoreError
from studio.execution.storing import upload
from studio.settings import load_settings
from studio.storage.chosen_stores import film_store, signed_url
from studio.storage.film_store import FilmStore
from studio.storage.object_store import ObjectStore
from tests.support.bucket import BUCKET, Network, keys
from tests.support.shelf import shelved

RUN = "the-quay/20261127-101500-aaaa"


def store_in(home: Path, public: str = "") -> FilmStore:
    return FilmStore(ObjectStore(f"s3://{BUCKET}/pre", "STUDIO_FILMS"), home / "films", public=public)


async def no_sleep(_: float) -> None:
    """Wait for nothing."""


@pytest.fixture
def made(s3: Any, tmp_path: Path) -> tuple[FilmStore, Path]:
    """A store, and a film's folder of this machine that is not in it yet."""
    home = tmp_path / "one"
    return store_in(home), shelved(home / "films", home)


async def test_all_of_a_folder_is_uploaded_and_another_machine_gets_it(
    s3: Any,
    made: tuple[FilmStore, Path],
    tmp_path: Path,
) -> None:
    """Every file of the folder is there; another machine sees the manifest at once, and the rest when it asks."""
    store, folder = made
    assert store.pending(()) == (folder,)
    assert store.pending((folder.name,)) == ()  # a run that is at work uploads its own
    (folder / ".film.mp4.1-ab.part").write_bytes(b"half")
    await upload(store, folder, sleep=no_sleep)
    assert store.pending(()) == ()
    here = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    there = {key.removeprefix(f"pre/{RUN}/") for key in keys(s3)}
    assert there == here - {".in-store.json", ".film.mp4.1-ab.part"}
    other = store_in(tmp_path / "two")
    other.mirror()
    copy = other.local / RUN
    assert {p.name for p in copy.iterdir()} == {"manifest.json", ".studio-producer.json", ".in-store.json"}
    assert other.pending(()) == ()  # it came from there
    other.bring(copy)
    assert (copy / "film.mp4").read_bytes() == (folder / "film.mp4").read_bytes()


@pytest.mark.long
async def test_the_film_is_the_last_file(s3: Any, made: tuple[FilmStore, Path], network: Network) -> None:
    """An upload that breaks off has no film in the store; what has arrived is not sent again, and then it is whole."""
    store, folder = made
    (folder / "manifest.json").write_bytes(b" " * 400_000 + (folder / "manifest.json").read_bytes())
    first, last = store.uploads(folder)
    assert [one.file.name for one in last] == ["manifest.json", "film.mp4"]
    network.breaks, network.after = 100_000, network.sent + sum(one.file.stat().st_size for one in first) + 100_000
    with pytest.raises(StoreError):
        await upload(store, folder, sleep=no_sleep)
    assert f"pre/{RUN}/film.mp4" not in keys(s3)
    assert keys(s3)
    assert store.pending(()) == (folder,)
    network.breaks = 0
    left = store.uploads(folder)
    assert len(left[0]) < len(first)
    await upload(store, folder, sleep=no_sleep)
    assert store.uploads(folder) == ((), ())
    assert f"pre/{RUN}/film.mp4" in keys(s3)


def test_latest_is_a_small_object(s3: Any, made: tuple[FilmStore, Path]) -> None:
    """It names the folder, is replaced by the next film's, and what is no such object of ours stays."""
    store, folder = made
    assert store.point_latest("the-quay", "latest", folder) == ""
    assert store.objects.read("the-quay/latest.txt", most=99).startswith(b"20261127-101500-aaaa\n#")
    assert store.point_latest("film", "latest-9x16", folder) == ""
    assert store.objects.read("film/latest-9x16.txt", most=99).startswith(f"../{RUN}\n".encode())
    store.objects.write("the-quay/latest.txt", b"my notes")
    assert "is not ours, and stays" in store.point_latest("the-quay", "latest", folder)
    assert store.objects.read("the-quay/latest.txt", most=99) == b"my notes"


def test_signed_urls_stay_inside_the_store(s3: Any, monkeypatch: pytest.MonkeyPatch, workplace: Path) -> None:
    """A path that leaves the store is refused; a public address is used where there is one; a folder signs nothing."""
    monkeypatch.setenv("STUDIO_FILMS", f"s3://{BUCKET}/pre")
    url = signed_url(load_settings(), "the-quay/run/film.mp4", 60)
    assert "/pre/the-quay/run/film.mp4?" in url
    assert "X-Amz-Expires=60" in url
    for path in ("../x", "/etc/passwd", "a/../../b", "", "a//b", "a\\b", "a/./b", "a\n"):
        with pytest.raises(ValueError, match="no path of a file"):
            signed_url(load_settings(), path, 60)
    monkeypatch.setenv("STUDIO_FILMS_PUBLIC", "https://films.example.com/all/")
    assert signed_url(load_settings(), "a b/r/film.mp4", 60) == "https://films.example.com/all/a%20b/r/film.mp4"
    monkeypatch.setenv("STUDIO_FILMS_PUBLIC", "https://user:SECRET@films.example.com")
    with pytest.raises(SettingsError, match="STUDIO_FILMS_PUBLIC") as caught:
        load_settings()
    assert "SECRET" not in str(caught.value)
    monkeypatch.setenv("STUDIO_FILMS_PUBLIC", "https://films.example.com")
    monkeypatch.setenv("STUDIO_FILMS", "films")
    with pytest.raises(SettingsError, match="the films are in a folder"):
        load_settings()
    monkeypatch.delenv("STUDIO_FILMS_PUBLIC")
    assert film_store(load_settings()) is None
    with pytest.raises(SettingsError, match="no signed address"):
        signed_url(load_settings(), "a/b/film.mp4", 60)


def test_hostile_names_in_the_bucket_leave_the_folder_alone(s3: Any, tmp_path: Path) -> None:
    """An object whose key would lead out of the films folder is not mirrored, and not fetched."""
    store = store_in(tmp_path)
    for key in ("pre/../../out/manifest.json", "pre/a/../../../manifest.json", "pre/a\\b/r/manifest.json"):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"{}")
    store.mirror()
    assert [p.name for p in tmp_path.rglob("manifest.json")] == []
