"""Watched folders and stores: a real Prefect server and sandbox; the store is moto's S3 over HTTP."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from moto.server import ThreadedMotoServer
from PIL import ImageFont

from studio.digests import Digests
from studio.errors import BadInput, NotSent, OverBudget, ProductionError, SettingsError
from studio.execution.session import open_session
from studio.execution.watching import Candidate, candidates, is_due, is_whole, loaded, state_after
from studio.ledger.watched import Watched, WatchState
from studio.settings import load_settings
from studio.storage.places import FilePlace
from tests.support.running import Sandbox
from tests.support.seeds import encoded, halves

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
FILM = """title: Lamp
model: ray-flash-2
resolution: 540p
budget: 1
assets: [{id: lamp, path: pictures/lamp.png}]
scenes: [{id: a, prompt: a lamp is lit, start_image: lamp}]
"""
SCENES = "scenes: [{id: a, prompt: a lamp}]\nmodel: ray-flash-2\nresolution: 540p\n"


def picture(path: Path, width: int = 160) -> Path:
    path.write_bytes(encoded(halves(width)))
    return path


def found(folder: Path, budget: Any = None) -> dict[str, Candidate]:
    return {one.name: one for one in candidates(FilePlace(str(folder)), digests=Digests(), budget=budget)}


def inbox(folder: Path) -> Path:
    """A folder with a production and its picture."""
    place = folder / "inbox"
    (place / "spot" / "pictures").mkdir(parents=True)
    (place / "spot" / "lamp.yaml").write_text(FILM)
    picture(place / "spot" / "pictures" / "lamp.png")
    return place


def aged(place: Path, seconds: float = 3600) -> None:
    """Let all files of a folder be that old."""
    for path in place.rglob("*"):
        os.utime(path, (time.time() - seconds,) * 2)


class TestWhatIsLookedAt:
    """Looks at a folder, without a run."""

    def test_all_that_a_film_is_made_of_counts(self, tmp_path: Path) -> None:
        """Its text, the pictures that it names, the choices beside it and the budget make it another content; anything
        else does not. Included files, choices and hidden files are no productions."""
        place = inbox(tmp_path)
        (place / "cast.yaml").write_text("style: warm light\n")
        (place / ".draft.yaml").write_text(FILM)
        first = found(place)
        assert list(first) == ["spot/lamp.yaml"]
        assert first["spot/lamp.yaml"].files == ("spot/lamp.yaml", "spot/pictures/lamp.png")
        content = first["spot/lamp.yaml"].content
        (place / "spot" / "other.png").write_bytes(b"x")
        assert found(place)["spot/lamp.yaml"].content == content
        assert found(place, budget="2.00")["spot/lamp.yaml"].content != content
        seen = {content}
        picture(place / "spot" / "pictures" / "lamp.png", width=320)
        seen.add(found(place)["spot/lamp.yaml"].content)
        (place / "spot" / "lamp.yaml.takes.yaml").write_text("take: {a: 2}\n")
        seen.add(found(place)["spot/lamp.yaml"].content)
        (place / "spot" / "pictures" / "lamp.png").unlink()
        seen.add(found(place)["spot/lamp.yaml"].content)
        assert len(seen) == 4

    def test_a_file_that_is_still_written_is_left(self) -> None:
        """It is whole once nothing of it changed for long, by its own time or between two looks."""
        settle = timedelta(seconds=20)
        known = Watched("a", "c", NOW - timedelta(seconds=5), WatchState.SEEN, "", 0, NOW)
        young = Candidate("a", "c", NOW - timedelta(seconds=3), ("a",))
        assert not is_whole(young, known, NOW, settle)
        assert is_whole(young, known, NOW + timedelta(seconds=15), settle)
        assert is_whole(Candidate("a", "c", NOW - timedelta(seconds=20), ("a",)), known, NOW, settle)
        assert not is_whole(Candidate("a", "c", None, ("a",)), known, NOW, settle)

    def test_when_it_is_tried_again(self) -> None:
        """What is bad or has failed waits for a change; what was interrupted, for some minutes, and not for ever; what
        was over budget, for the next month."""
        states = [state_after(error, 1) for error in (ProductionError([]), ValueError("x"), NotSent("x"), None)]
        assert states == [WatchState.BAD, WatchState.FAILED, WatchState.AGAIN, WatchState.AGAIN]
        assert state_after(NotSent("x"), 5) is WatchState.FAILED
        assert state_after(OverBudget("x", cap=1, needed=2), 1) is WatchState.OVER  # type: ignore[arg-type]

        def due(state: WatchState, later: timedelta, tries: int = 1) -> bool:
            return is_due(Watched("a", "c", NOW, state, "", tries, NOW), NOW + later)

        for state in (WatchState.MADE, WatchState.BAD, WatchState.FAILED):
            assert not due(state, timedelta(days=400))
        assert not due(WatchState.AGAIN, timedelta(minutes=9))
        assert due(WatchState.AGAIN, timedelta(minutes=10))
        assert not due(WatchState.AGAIN, timedelta(minutes=19), tries=2)
        assert not due(WatchState.OVER, timedelta(days=2))
        assert due(WatchState.OVER, timedelta(days=5))

    @pytest.mark.parametrize("name", ["../x.yaml", "/etc/x.yaml", "a/../../x.yaml", "a\\b.yaml", ""])
    def test_no_name_leads_out_of_a_place(self, tmp_path: Path, name: str) -> None:
        """Neither a read nor a write follows a name out of the place."""
        place = FilePlace(str(tmp_path / "inbox"))
        (tmp_path / "inbox").mkdir()
        (tmp_path / "x.yaml").write_text("x")
        for use in (lambda: place.read(name, 10), lambda: place.put(tmp_path / "x.yaml", name)):
            with pytest.raises(BadInput, match="leads out of the place"):
                use()

    @pytest.mark.parametrize(
        ("url", "error", "said"),
        [
            ("gone", BadInput, "there is no such folder"),
            ("nowhere://x", SettingsError, "no place that can be read here"),
        ],
    )
    def test_places_that_are_not_there(self, workplace: Path, url: str, error: type[Exception], said: str) -> None:
        """One line says which place, and what is wrong."""
        with pytest.raises(error, match=said):
            FilePlace(url).files()


@pytest.mark.long
@pytest.mark.timeout(900)
class TestAFolder:
    """Runs of the flow over a folder."""

    @pytest.mark.long
    async def test_new_and_changed_films_are_made_once(self, studio: Path, sandbox: Sandbox) -> None:
        """A film is made when it is whole, by one of two watchers at once; another look repeats nothing; a change pays
        for what changed; a bad one gets one line, and none again."""
        from flows.watch import watch

        place = inbox(studio)
        assert (await watch(folder="inbox", settle=600))["rows"] == []
        aged(place)
        looks = await asyncio.gather(watch(folder="inbox", settle=600), watch(folder="inbox", settle=600))
        rows = [row for look in looks for row in look["rows"]]
        assert [(row["file"], row["state"], row["paid_usd"]) for row in rows] == [("spot/lamp.yaml", "made", "0.14")]
        assert Path(rows[0]["film"]).is_file()
        assert len(sandbox.prompts()) == 1
        assert (await watch(folder="inbox", settle=0)) | {"folder": ""} == {"folder": "", "looked_at": 1, "rows": []}

        (place / "spot" / "lamp.yaml").write_text(FILM.replace("is lit", "goes out"))
        (place / "bad.yaml").write_text("title: Bad\nscenes: []\n")
        (place / "dear.yaml").write_text(f"title: Dear\nbudget: 0.10\n{SCENES}")
        again = {row["file"]: row for row in (await watch(folder="inbox", settle=0))["rows"]}
        assert [(again[name]["state"], again[name]["paid_usd"]) for name in sorted(again)] == [
            ("bad", "0.00"), ("over budget", "0.00"), ("made", "0.14")
        ]  # fmt: skip
        assert again["bad.yaml"]["error"].startswith("bad.yaml:2, field 'scenes': a film needs at least one scene")
        assert (await watch(folder="inbox", settle=0))["rows"] == []
        assert sandbox.prompts() == ["a lamp is lit", "a lamp goes out"]

    async def test_a_billed_film_needs_a_budget(
        self, studio: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Without a budget in the file or of the watcher nothing is bought; with another one it is looked at anew."""
        from flows.watch import watch

        monkeypatch.setenv("LUMAAI_API_KEY", "key")
        (studio / "inbox").mkdir()
        (studio / "inbox" / "a.yaml").write_text(f"title: Bare\n{SCENES}")
        (row,) = (await watch(folder="inbox", settle=0))["rows"]
        assert (row["state"], row["film"]) == ("bad", None)
        assert "this film would be billed $0.14, and it has no budget" in row["error"]
        (row,) = (await watch(folder="inbox", settle=0, budget=Decimal("0.13")))["rows"]
        assert row["state"] == "over budget"
        assert sandbox.prompts() == []

    async def test_a_folder_that_is_gone(self, studio: Path) -> None:
        """The run fails with one line."""
        from flows.watch import watch

        state = await watch(folder="inbox", return_state=True)
        assert state.is_failed()
        assert "inbox: there is no such folder" in state.message
        with pytest.raises(BadInput, match="no folder is named"):
            await watch()


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of the server, with an empty bucket, and the environment that leads to it."""
    httpx.post(f"{endpoint}/moto-api/reset", trust_env=False)
    for name, value in {
        "AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "SECRET",
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true", "NO_PROXY": "127.0.0.1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    client = boto3.client("s3")
    client.create_bucket(Bucket="inbox")
    yield client
    client.close()


class TestAStore:
    """A bucket of S3."""

    @pytest.mark.long
    @pytest.mark.timeout(900)
    async def test_a_film_of_a_bucket(self, studio: Path, sandbox: Sandbox, s3: Any) -> None:
        """Its files are fetched with it, and it is made and delivered to another prefix; nothing is repeated."""
        from flows.deliver import deliver
        from flows.watch import watch

        local = inbox(studio)
        for path in (p for p in local.rglob("*") if p.is_file()):
            s3.upload_file(str(path), "inbox", f"new/{path.relative_to(local).as_posix()}")
        (row,) = (await watch(folder="s3://inbox/new", settle=0))["rows"]
        assert (row["file"], row["state"], row["paid_usd"]) == ("spot/lamp.yaml", "made", "0.14")
        assert (await watch(folder="s3://inbox/new", settle=0))["rows"] == []
        for _ in range(2):
            made = await deliver(film=row["film"], to="s3://inbox/films")
            listed = s3.list_objects_v2(Bucket="inbox", Prefix="films/")["Contents"]
            assert {entry["Key"].removeprefix(f"films/{made['folder']}/") for entry in listed} == {
                "lamp.mp4", "manifest.json", "report.html"
            }  # fmt: skip

    async def test_no_file_of_this_machine(self, workplace: Path, s3: Any) -> None:
        """A production of a store names files of the store alone: neither a path of this machine, nor one above it."""
        secret = picture(workplace / "secret.png")
        async with open_session(load_settings()) as session:
            place = FilePlace("s3://inbox/new")
            for number, path in enumerate((str(secret), "../" * 12 + str(secret).lstrip("/"))):
                body = FILM.replace("pictures/lamp.png", path).encode()
                s3.put_object(Bucket="inbox", Key=f"new/{number}.yaml", Body=body)
            font = workplace / "own.ttf"
            font.write_bytes(ImageFont.load_default(size=10).font_bytes)
            titled = (
                f"title: T\nfilm: {{titles: {{font: {font}, closing: End}}}}\nscenes: [{{id: a, prompt: the sea}}]\n"
            )
            s3.put_object(Bucket="inbox", Key="new/titled.yaml", Body=titled.encode())
            for one in candidates(place, digests=Digests(), budget=None):
                with pytest.raises(BadInput, match="a file of this machine, which no production of a store may name"):
                    loaded(place, one, session)

    def test_a_bucket_that_is_gone(self, workplace: Path, s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """A bucket, a prefix or an endpoint that is not there is one line, without a secret."""
        for url in ("s3://elsewhere/new", "s3://inbox/nothing"):
            with pytest.raises(BadInput, match="there is no such folder"):
                FilePlace(url).files()
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        with pytest.raises(BadInput, match="cannot be reached") as error:
            FilePlace("s3://inbox/new").files()
        assert "SECRET" not in str(error.value)
