"""Files at a URL that machines share: over real S3, with a network that breaks off; and in a folder."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from studio.errors import SettingsError, StoreError, StoreRefused
from studio.storage.object_store import PART, ObjectStore, media_type
from tests.support.bucket import BUCKET, Network, keys

URL = f"s3://{BUCKET}/studio"
LARGE = 3 * PART + 5  # four parts


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "film.mp4"
    path.write_bytes(os.urandom(1 << 20) * (LARGE >> 20) + bytes(LARGE % (1 << 20)))
    return path


@pytest.fixture(params=["bucket", "folder"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    if request.param == "folder":
        return ObjectStore(str(tmp_path / "shared"), "STUDIO_CLIPS")
    request.getfixturevalue("s3")
    return ObjectStore(URL, "STUDIO_FILMS")


def test_a_file_is_put_listed_read_and_removed(store: ObjectStore, large: Path, tmp_path: Path) -> None:
    """What was put comes back byte for byte; what is not there is told as missing, and not as an error."""
    store.check()
    assert store.list() == {}
    store.put(large, "quay/run/film.mp4")
    store.write("quay/latest.txt", b"run\n")
    assert {key: seen.size for key, seen in store.list().items()} == {"quay/run/film.mp4": LARGE, "quay/latest.txt": 4}
    assert store.list("quay/run").keys() == {"quay/run/film.mp4"}
    assert store.get("quay/run/film.mp4", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == large.read_bytes()
    assert (store.read("quay/latest.txt", most=2), store.read("none", most=2)) == (b"ru", None)
    assert (store.stat("none"), store.get("none", tmp_path / "no")) == (None, False)
    before = store.stat("quay/latest.txt")
    store.write("quay/latest.txt", b"other")
    assert store.stat("quay/latest.txt") != before
    store.delete(["quay/run/film.mp4", "quay/latest.txt", "none"])
    assert store.list() == {}


def test_objects_have_their_types(s3: Any, tmp_path: Path) -> None:
    """A browser plays the film and shows the page: each object has the type of its name."""
    for name, kind in {
        "film.mp4": "video/mp4", "report.html": "text/html; charset=utf-8", "costs.csv": "text/csv; charset=utf-8",
        "manifest.json": "application/json", "timeline.otio": "application/json", "x": "application/octet-stream",
    }.items():  # fmt: skip
        (tmp_path / name).write_bytes(b"it")
        ObjectStore(URL, "STUDIO_FILMS").put(tmp_path / name, name)
        assert s3.head_object(Bucket=BUCKET, Key=f"studio/{name}")["ContentType"] == media_type(name) == kind


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("s3://", "is no s3://bucket/prefix"),
        ("s3://key:SECRET@films/x", "is no s3://bucket/prefix"),
        ("s3://films/x?sig=SECRET", "is no s3://bucket/prefix"),
        ("s3://films/../x", "is no s3://bucket/prefix"),
        ("s3://films/x#", "is no s3://bucket/prefix"),
        ("nowhere://films/x", "nowhere:// is no place for files that is known here"),
        ("gs://films/x", "gs:// needs a package of fsspec that is not installed"),
    ],
)
def test_a_bad_url_is_refused_in_one_line(url: str, message: str) -> None:
    """The error names the variable, and repeats nothing that may be secret."""
    with pytest.raises(SettingsError, match=message) as caught:
        ObjectStore(url, "STUDIO_FILMS").check()
    assert caught.value.where == "STUDIO_FILMS"
    assert "SECRET" not in str(caught.value)


def test_without_the_extra_the_command_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without s3fs the error says what to install."""
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(SettingsError, match="S3 needs s3fs") as caught:
        ObjectStore(URL, "STUDIO_FILMS")
    assert caught.value.hint == "pip install 'studio-producer[s3]'"


def test_no_bucket_no_endpoint_no_credentials(s3: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each is one line with what to set, found by the check that comes before anything is ordered."""
    missing = ObjectStore("s3://elsewhere/x", "STUDIO_CLIPS")
    with pytest.raises(SettingsError, match="there is no bucket 'elsewhere'") as caught:
        missing.check()
    assert (caught.value.where, caught.value.hint.endswith("nothing was ordered")) == ("STUDIO_CLIPS", True)
    with pytest.raises(StoreRefused, match="there is no bucket"):
        missing.list()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(SettingsError, match="cannot be reached: its endpoint refused the connection") as caught:
        ObjectStore(URL, "STUDIO_FILMS").check()
    assert "AWS_ENDPOINT_URL" in caught.value.hint
    monkeypatch.setenv("AWS_ENDPOINT_URL", "nonsense")
    with pytest.raises(SettingsError, match="AWS_ENDPOINT_URL is no http or https address"):
        ObjectStore(URL, "STUDIO_FILMS").check()
    for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(SettingsError, match="no credentials for S3 were found"):
        ObjectStore(URL, "STUDIO_FILMS").check()


def test_rights_that_are_missing_are_named(refusing: None) -> None:
    """A bucket that refuses to be written to is told as that, with its code and the rights that are needed."""
    with pytest.raises(SettingsError, match=r"may not be written to with these credentials \(AccessDenied\)") as caught:
        ObjectStore(URL, "STUDIO_FILMS").check()
    assert "s3:PutObject" in caught.value.hint
    assert "SECRET" not in str(caught.value)
    with pytest.raises(StoreRefused, match="may not be listed"):
        ObjectStore(URL, "STUDIO_FILMS").list()


@pytest.mark.long
def test_an_upload_that_breaks_off_shows_nothing(s3: Any, network: Network, large: Path) -> None:
    """While parts are missing, the old object stays; the parts are given up. Later it goes through."""
    store = ObjectStore(URL, "STUDIO_FILMS")
    store.write("film.mp4", b"old")
    network.breaks, network.after = 1000, PART // 2
    with pytest.raises(StoreError) as caught:
        store.put(large, "film.mp4")
    assert not isinstance(caught.value, StoreRefused)
    assert network.broke > 0
    assert keys(s3) == {"studio/film.mp4": 3}
    network.breaks = 0
    store.put(large, "film.mp4")
    assert keys(s3) == {"studio/film.mp4": LARGE}


def test_a_killed_upload_shows_nothing(s3: Any, network: Network, large: Path) -> None:
    """A process that is killed between two parts leaves no object; another one uploads it whole."""
    network.breaks, network.after, network.hangs = 1000, PART + PART // 2, True
    program = (
        "import sys; from pathlib import Path; from studio.storage.object_store import ObjectStore\n"
        "ObjectStore(sys.argv[1], 'STUDIO_FILMS').put(Path(sys.argv[2]), 'film.mp4')"
    )
    process = subprocess.Popen([sys.executable, "-c", program, URL, str(large)])
    assert network.hung.wait(240)
    process.kill()
    process.wait()
    assert keys(s3) == {}
    network.breaks, network.hangs = 0, False
    ObjectStore(URL, "STUDIO_FILMS").put(large, "film.mp4")
    assert keys(s3) == {"studio/film.mp4": LARGE}


def test_signed_urls_are_fresh_and_never_logged(
    s3: Any,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    """Whoever has the URL reads the file without a key; at the most talkative level no log has the signature."""
    import httpx

    caplog.set_level(logging.DEBUG)
    store = ObjectStore(URL, "STUDIO_FILMS")
    store.write("quay/run/report.html", b"<p>quay</p>")
    url = store.sign("quay/run/report.html", 60)
    logged = caplog.text
    answer = httpx.get(url, trust_env=False)
    assert (answer.content, answer.headers["content-type"]) == (b"<p>quay</p>", "text/html; charset=utf-8")
    signature = url.partition("X-Amz-Signature=")[2]
    assert signature
    assert signature not in logged
    assert "SECRET" not in logged
    with pytest.raises(SettingsError, match="cannot be given a signed address"):
        ObjectStore(str(tmp_path / "shared"), "STUDIO_FILMS").sign("x", 60)
    with pytest.raises(ValueError, match="1 to 604800 seconds"):
        store.sign("x", 10**6)
