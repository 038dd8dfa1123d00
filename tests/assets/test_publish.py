"""Publishing: by own URLs, from this machine, and through a folder that somebody serves."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from studio.assets import SeedImage
from studio.assets.publish import FolderFiles, LoopbackFiles, PublicUrls
from studio.assets.publish.lifetime import expires_at
from studio.assets.publish.reach import TRIES, try_out
from studio.errors import AssetError, SettingsError
from studio.execution.inputs import give
from studio.execution.session import open_session
from studio.settings import load_settings
from tests.support.seeds import encoded, halves, look_at_bytes

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PUBLIC = SeedImage("lamp", "a" * 64, "image/png", ".png", 960, 540, url="https://x.example/p.png")


@pytest.fixture
async def image(tmp_path: Path) -> SeedImage:
    """A local picture, looked at."""
    return await look_at_bytes(encoded(halves()), tmp_path)


def no_sleep(_: float) -> None:
    """A test does not wait."""


def get(url: str, **headers: str) -> httpx.Response:
    return httpx.get(url, headers=headers, trust_env=False)


# Own URLs


def test_a_public_url_is_sent_as_it_is() -> None:
    """An asset with a URL of its own needs no publishing."""
    publisher = PublicUrls()
    publisher.check([PUBLIC])
    assert publisher.publish(PUBLIC) == "https://x.example/p.png"


def test_a_local_file_names_the_ways_out(image: SeedImage) -> None:
    """Without a place to publish to, the error names the setting and the other ways."""
    with pytest.raises(AssetError, match="a local file, which the service cannot read") as caught:
        PublicUrls().check([image])
    assert "STUDIO_PUBLISH_URL" in caught.value.hint


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:1", "192.168.1.7", "10.0.0.1"])
def test_a_private_url_is_none(host: str) -> None:
    """An address of this machine or of a private network cannot be read from the internet."""
    asset = SeedImage("lamp", "a" * 64, "image/png", ".png", 960, 540, url=f"http://{host}/p.png")
    with pytest.raises(AssetError, match="on this machine or network"):
        PublicUrls().check([asset])


def signed(form: str, end: datetime) -> str:
    begin = end - timedelta(hours=1)
    query = {
        "s3": f"X-Amz-Date={begin:%Y%m%dT%H%M%SZ}&X-Amz-Expires=3600&X-Amz-Signature=SECRET",
        "google": f"X-Goog-Date={begin:%Y%m%dT%H%M%SZ}&X-Goog-Expires=3600&X-Goog-Signature=SECRET",
        "cloudfront": f"Expires={end.timestamp():.0f}&Signature=SECRET&Key-Pair-Id=K",
        "azure": f"sv=2024&se={end:%Y-%m-%dT%H:%M:%SZ}&sig=SECRET",
    }[form]
    return f"https://bucket.example/p.png?{query}"


@pytest.mark.parametrize("form", ["s3", "google", "cloudfront", "azure"])
@pytest.mark.parametrize(
    ("left", "fault"), [(-1, "has expired"), (600, "ends in 10 min, and a run may wait for 45 min"), (2701, None)]
)
def test_a_signed_url_must_live_long_enough(form: str, left: int, fault: str | None) -> None:
    """A signed URL that ends while a run may still wait is refused before anything is paid, and not shown."""
    end = NOW + timedelta(seconds=left)
    url = signed(form, end)
    assert expires_at(url) == end
    publisher = PublicUrls(lives=2700, now=lambda: NOW)
    asset = SeedImage("lamp", "a" * 64, "image/png", ".png", 960, 540, url=url)
    if fault is None:
        publisher.check([asset])
        return
    with pytest.raises(AssetError, match=fault) as caught:
        publisher.check([asset])
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize("query", ["", "?Expires=tomorrow&Signature=x", "?X-Amz-Date=x&X-Amz-Expires=9", "?expires=1"])
def test_a_url_that_says_no_end(query: str) -> None:
    """A URL that is not signed, or not in a way that is known, is taken as it is."""
    assert expires_at(f"https://x.example/p.png{query}") is None


# From this machine


@pytest.fixture
def loopback() -> Iterator[LoopbackFiles]:
    publisher = LoopbackFiles()
    yield publisher
    publisher.close()


def test_a_file_is_served_on_loopback(loopback: LoopbackFiles, image: SeedImage) -> None:
    """A published file is read from this machine, whole or in part; nothing else is."""
    loopback.check([image])
    url = loopback.publish(image)
    assert loopback.publish(image) == url
    data = image.path.read_bytes() if image.path else b""
    whole = get(url)
    assert (whole.status_code, whole.content, whole.headers["content-type"]) == (200, data, "image/png")
    head = httpx.head(url, trust_env=False)
    assert (head.headers["content-length"], head.content) == (str(len(data)), b"")
    assert get(url.rpartition("/")[0] + "/other.png").status_code == 404
    try_out(url, image, sleep=no_sleep)


@pytest.mark.parametrize(
    ("wanted", "part"),
    [
        ("bytes=0-0", slice(0, 1)), ("bytes=5-9", slice(5, 10)), ("bytes=20-", slice(20, None)),
        ("bytes=-7", slice(-7, None)), ("bytes=3-999999", slice(3, None)),
    ],
)  # fmt: skip
def test_ranges_are_served(loopback: LoopbackFiles, image: SeedImage, wanted: str, part: slice) -> None:
    """A part of a file is what was asked for, and says where it belongs."""
    data = image.path.read_bytes() if image.path else b""
    answer = get(loopback.publish(image), Range=wanted)
    first = part.indices(len(data))[0]
    assert (answer.status_code, answer.content) == (206, data[part])
    assert answer.headers["content-range"] == f"bytes {first}-{first + len(data[part]) - 1}/{len(data)}"


@pytest.mark.parametrize(("wanted", "status"), [("bytes=9999999-", 416), ("bytes=x", 200), ("bytes=1-2,4-5", 200)])
def test_ranges_that_cannot_be_served(loopback: LoopbackFiles, image: SeedImage, wanted: str, status: int) -> None:
    """Beyond the end is refused; what is not understood is answered with the whole."""
    assert get(loopback.publish(image), Range=wanted).status_code == status


def test_a_file_that_is_gone(image: SeedImage) -> None:
    """A kept file that somebody removed is said before anything is bought."""
    assert image.path is not None
    image.path.unlink()
    for publisher in (LoopbackFiles(), FolderFiles(image.path.parent, "https://x.example")):
        with pytest.raises(AssetError, match="its file is gone"):
            publisher.check([image])


# Through a folder


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder and the address that an ordinary web server gives it."""
    folder = tmp_path / "www"
    folder.mkdir()

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_a_folder_that_is_served(served: tuple[Path, str], image: SeedImage) -> None:
    """A file is copied under its hash once, and its public URL is tried out."""
    folder, base = served
    publisher = FolderFiles(folder, base, sleep=no_sleep)
    publisher.check([image])
    url = publisher.publish(image)
    assert url == f"{base}{image.sha256}.png"
    assert image.path is not None
    assert get(url).content == image.path.read_bytes()
    copy = folder / f"{image.sha256}.png"
    assert copy.stat().st_mode & 0o044, "a web server of another user may read it"
    before = copy.stat().st_mtime_ns
    assert publisher.publish(image) == url
    assert copy.stat().st_mtime_ns == before
    assert [f.name for f in folder.iterdir()] == [copy.name]


@pytest.mark.parametrize("harm", ["zeros", "cut"])
def test_a_published_copy_that_was_overwritten(served: tuple[Path, str], image: SeedImage, harm: str) -> None:
    """A copy in the folder is compared byte by byte: other bytes of the same length are replaced."""
    folder, base = served
    publisher = FolderFiles(folder, base, sleep=no_sleep)
    url = publisher.publish(image)
    copy = folder / f"{image.sha256}.png"
    data = copy.read_bytes()
    copy.write_bytes(bytes(len(data)) if harm == "zeros" else data[:-1])
    assert publisher.publish(image) == url
    assert get(url).content == data
    assert [f.name for f in folder.iterdir()] == [copy.name]


def test_a_kept_file_that_was_overwritten_is_not_published(served: tuple[Path, str], image: SeedImage) -> None:
    """The file that is read for sending is hashed, by every publisher: what is not what was looked at is not sent."""
    assert image.path is not None
    image.path.write_bytes(bytes(image.path.stat().st_size))
    folder, base = served
    for publisher in (FolderFiles(folder, base, sleep=no_sleep), LoopbackFiles()):
        with pytest.raises(AssetError, match="its file was changed since it was looked at"):
            publisher.publish(image)
        publisher.close()
    assert not list(folder.iterdir())


def test_what_is_served_on_loopback_is_hashed_each_time(loopback: LoopbackFiles, image: SeedImage) -> None:
    """A file that is overwritten after it was published is not served any more."""
    assert image.path is not None
    url = loopback.publish(image)
    data = image.path.read_bytes()
    image.path.write_bytes(bytes(len(data)))
    assert (get(url).status_code, get(url, Range="bytes=0-0").status_code) == (404, 404)
    image.path.write_bytes(data)
    assert get(url).content == data


async def test_every_order_looks_at_what_is_published(
    served: tuple[Path, str], image: SeedImage, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy that is overwritten between two orders of one run is put there again before the second one is sent."""
    folder, base = served
    monkeypatch.setenv("LUMAAI_API_KEY", "key")
    monkeypatch.setenv("LUMAAI_BASE_URL", "http://127.0.0.1:9/dream-machine/v1")
    monkeypatch.setenv("STUDIO_PUBLISH_URL", str(folder))
    monkeypatch.setenv("STUDIO_PUBLISH_BASE_URL", base)
    async with open_session(load_settings()) as session:
        first = await give(session, "dream-machine", image)
        copy = folder / f"{image.sha256}.png"
        data = copy.read_bytes()
        copy.write_bytes(bytes(len(data)))
        assert await give(session, "dream-machine", image) == first
    assert copy.read_bytes() == data


def test_a_folder_that_is_not_served(served: tuple[Path, str], image: SeedImage, tmp_path: Path) -> None:
    """The error names the two settings that disagree where the base URL serves something else."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    pauses: list[float] = []
    with pytest.raises(AssetError, match="its URL answers with status 404") as caught:
        FolderFiles(elsewhere, served[1], sleep=pauses.append).publish(image)
    assert "STUDIO_PUBLISH_BASE_URL" in caught.value.hint
    assert len(pauses) == TRIES - 1


def test_a_folder_that_is_missing(image: SeedImage, tmp_path: Path) -> None:
    """A folder that is not there (a disk that is not mounted) is not made."""
    publisher = FolderFiles(tmp_path / "missing", "https://x.example")
    for act in (lambda: publisher.check([image]), lambda: publisher.publish(image)):
        with pytest.raises(SettingsError, match="there is no folder"):
            act()
    assert not (tmp_path / "missing").exists()


def test_a_public_asset_is_not_copied(tmp_path: Path) -> None:
    """An asset's own URL is sent without a copy."""
    publisher = FolderFiles(tmp_path, "https://x.example")
    publisher.check([PUBLIC])
    assert publisher.publish(PUBLIC) == PUBLIC.url
    assert not list(tmp_path.iterdir())


# Trying out


Answer = Callable[[httpx.Request], httpx.Response]


def answer(size: int, kind: str = "image/png", status: int = 206) -> httpx.Response:
    headers = {"content-type": kind}
    headers |= {"content-range": f"bytes 0-0/{size}"} if status == 206 else {"content-length": str(size)}
    return httpx.Response(status, headers=headers, content=None if status != 206 else b"x")


def test_trying_out_takes_one_byte(image: SeedImage) -> None:
    """One byte is asked for, by GET, with no key; a server that knows no ranges is no fault."""
    assert image.path is not None
    size = image.path.stat().st_size
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return answer(size, status=206 if len(seen) == 1 else 200)

    for _ in range(2):
        try_out("https://x.example/p?sig=SECRET", image, transport=httpx.MockTransport(handle), sleep=no_sleep)
    assert [(r.method, r.headers["range"]) for r in seen] == [("GET", "bytes=0-0")] * 2
    assert "authorization" not in seen[0].headers


@pytest.mark.parametrize(
    ("say", "fault", "tries"),
    [
        (lambda _: answer(7), "gives 7 bytes of", 1),
        (lambda _: answer(7, status=200), "gives 7 bytes of", 1),
        (lambda _: httpx.Response(200, html="<html>log in</html>"), "bytes of|says text/html", 1),
        (lambda _: httpx.Response(403), "status 403", 1),
        (lambda _: httpx.Response(503), "status 503", TRIES),
        (lambda _: (_ for _ in ()).throw(httpx.ConnectError("no")), r"cannot be read \(ConnectError\)", TRIES),
    ],
)
def test_a_url_that_cannot_be_read(image: SeedImage, say: Answer, fault: str, tries: int) -> None:
    """A URL that Luma could not read is found before Luma is asked to; a passing server error is tried again."""
    pauses: list[float] = []
    transport = httpx.MockTransport(say)
    with pytest.raises(AssetError, match=fault) as caught:
        try_out("https://x.example/p?sig=SECRET", image, transport=transport, sleep=pauses.append)
    assert len(pauses) == tries - 1
    assert "SECRET" not in str(caught.value)


def test_the_wrong_type_is_said(image: SeedImage) -> None:
    """A server that gives a picture another type is told which to send."""
    assert image.path is not None
    size = image.path.stat().st_size
    transport = httpx.MockTransport(lambda _: answer(size, "application/octet-stream"))
    with pytest.raises(AssetError, match="says application/octet-stream, not image/png"):
        try_out("https://x.example/p", image, transport=transport, sleep=no_sleep)


def test_trying_out_is_not_logged(image: SeedImage, caplog: pytest.LogCaptureFixture) -> None:
    """A signed URL reaches no log, at any level."""
    assert image.path is not None
    size = image.path.stat().st_size
    caplog.set_level(0)
    try_out("https://x.example/p?sig=SECRET", image, transport=httpx.MockTransport(lambda _: answer(size)))
    assert "SECRET" not in caplog.text


# Which of them
