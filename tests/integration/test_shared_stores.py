"""Machines without a folder in common: one ledger, clips and films in S3, each clip fetched from the service once."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from studio.errors import SettingsError, StoreError
from studio.execution.retries import STORE
from studio.library import LumaProvider
from studio.settings import Settings
from tests.support.books import new_database
from tests.support.bucket import BUCKET, Network, keys
from tests.support.running import Sandbox

SCENES = 10
FILM: dict[str, Any] = {
    "title": "Ten", "model": "ray-flash-2", "resolution": "540p",
    "scenes": [{"id": f"s{n}", "prompt": f"a harbour, hour {n}"} for n in range(SCENES)],
}  # fmt: skip
SMALL = FILM | {"title": "One", "scenes": FILM["scenes"][:1]}
CLIPS = f"s3://{BUCKET}/clips"


@pytest.fixture
def service(sandbox: Sandbox, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    monkeypatch.setenv("LUMAAI_BASE_URL", sandbox.url)
    return sandbox


def home(root: Path, name: str, ledger: str, **more: Any) -> Settings:
    """The settings of a machine: its own home, the ledger and the stores of all."""
    given = {"films": f"s3://{BUCKET}/films", "clips": CLIPS} | more
    return Settings(home=root / name, ledger_url=ledger, **given)


async def make(settings: Settings, film: dict[str, Any] = FILM) -> Path:
    async with LumaProvider(settings=settings) as luma:
        return (await luma.make_film(film)).path


def fetched(sandbox: Sandbox) -> dict[str, int]:
    """GETs of clips at the service, by path."""
    return {path: count for path, count in sandbox.books()["reads"].items() if path.endswith("video.mp4")}


@pytest.mark.long
@pytest.mark.postgres
@pytest.mark.timeout(900)
async def test_two_machines_fetch_each_clip_once(service: Sandbox, postgres: str, s3: Any, tmp_path: Path) -> None:
    """Both make the same production at the same time: ten purchases, ten fetches, two whole films in the store."""
    ledger = new_database(postgres)
    films = await asyncio.gather(*(make(home(tmp_path, name, ledger)) for name in ("one", "two")))
    assert len(service.books()["creates"]) == SCENES
    assert list(fetched(service).values()) == [1] * SCENES
    there = keys(s3)
    assert len([key for key in there if key.startswith("clips/clips/")]) == SCENES
    for path in films:
        run = path.parent.name
        ours = {key.rpartition("/")[2] for key in there if f"/{run}/" in key}
        assert ours >= {"film.mp4", "report.html", "costs.csv", "manifest.json", "timeline.otio"}
    assert {path.read_bytes() for path in films} == {films[0].read_bytes()}
    third = await make(home(tmp_path, "three", ledger))  # a machine that comes later has nothing but the stores
    assert third.read_bytes() == films[0].read_bytes()
    assert list(fetched(service).values()) == [1] * SCENES


@pytest.mark.long
async def test_a_truncated_object_is_replaced(service: Sandbox, s3: Any, tmp_path: Path) -> None:
    """A clip whose object was cut short comes from the service again, is told, and the object is whole afterwards."""
    ledger = f"sqlite:///{tmp_path}/ledger.db"
    await make(home(tmp_path, "one", ledger), SMALL)
    (key,) = [key for key in keys(s3) if key.startswith("clips/")]
    whole = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    s3.put_object(Bucket=BUCKET, Key=key, Body=whole[:-1])
    await make(home(tmp_path, "two", ledger), SMALL)
    assert list(fetched(service).values()) == [2]
    assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == whole
    await make(home(tmp_path, "three", ledger), SMALL)
    assert list(fetched(service).values()) == [2]


@pytest.mark.long
async def test_an_upload_that_fails_loses_nothing(
    service: Sandbox, s3: Any, network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store goes away once the money is spent: one line with the remedy, all files here; a rerun pays nothing."""
    settings = home(tmp_path, "one", f"sqlite:///{tmp_path}/ledger.db", clips="")
    monkeypatch.setattr("studio.execution.storing.STORE", replace(STORE, pauses=(0.0,)))
    network.breaks, network.after = 1_000_000, network.sent + 50_000  # more than the checks send, less than a film
    with pytest.raises(StoreError, match="the film is made, and is not in the store") as caught:
        await make(settings, SMALL)
    assert "uploaded at no cost" in str(caught.value)
    (folder,) = (tmp_path / "one" / "films" / "one").glob("[0-9l]*")
    assert {"film.mp4", "report.html", "costs.csv", "manifest.json"} <= {p.name for p in folder.iterdir()}
    network.breaks = 0
    again = await make(settings, SMALL)
    assert len(service.books()["creates"]) == 1
    runs = {key.split("/")[2] for key in keys(s3) if key.endswith("/film.mp4")}
    assert runs == {folder.name, again.parent.name}  # the earlier one was uploaded as well


@pytest.mark.long
@pytest.mark.parametrize(("films", "clips", "where"), [
    ("s3://elsewhere/x", "", "STUDIO_FILMS"), (f"s3://{BUCKET}/films", "s3://elsewhere/x", "STUDIO_CLIPS"),
])  # fmt: skip
async def test_a_store_that_is_not_there_is_told_before_money(
    service: Sandbox, s3: Any, tmp_path: Path, films: str, clips: str, where: str
) -> None:
    """A bucket that does not exist ends the run in one line that names the setting; nothing was ordered."""
    settings = home(tmp_path, "one", f"sqlite:///{tmp_path}/ledger.db", films=films, clips=clips)
    with pytest.raises(SettingsError, match="there is no bucket 'elsewhere'") as caught:
        await make(settings, SMALL)
    assert caught.value.where == where
    assert service.books()["creates"] == []


@pytest.mark.long
async def test_a_folder_that_is_named_stays_here(service: Sandbox, s3: Any, tmp_path: Path) -> None:
    """A film with a folder of its own (``out``) is not uploaded."""
    async with LumaProvider(settings=home(tmp_path, "one", f"sqlite:///{tmp_path}/ledger.db", clips="")) as luma:
        film = await luma.make_film(SMALL, out=tmp_path / "here")
    assert film.path.parent == tmp_path / "here"
    assert keys(s3) == {}
    assert "SECRET" not in json.dumps([p.read_text(errors="replace") for p in film.path.parent.glob("*.[hjc]*")])
