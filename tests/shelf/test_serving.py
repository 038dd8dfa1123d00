"""The films folder over HTTP: films, reports and pictures, in parts; and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from studio.errors import StoreError
from studio.shelf.serving import SERVICE, Remote, create_app, served_file
from tests.support.shelf import shelved

FILM = bytes(range(256)) * 40


@pytest.fixture
def films(tmp_path: Path) -> Path:
    """A films folder with one film, a link to it, a folder that is no film's, and files that are nobody's business."""
    folder = tmp_path / "films" / "harbour" / "20260101-000000-aa"
    (folder / "clips").mkdir(parents=True)
    (folder / "film.mp4").write_bytes(FILM)
    (folder / "report.html").write_text("<title>Harbour</title>")
    (folder / "costs.csv").write_text("a,b\n")
    (folder / "clips" / "a b.mp4").write_bytes(b"clip")
    (folder / "manifest.json").write_text(json.dumps({"production": {"title": "Harbour"}}))
    (folder / ".studio-producer.json").write_text("{}")
    (folder.parent / "latest").symlink_to(folder.name)
    (tmp_path / "films" / "private").mkdir()
    (tmp_path / "films" / "private" / "letter.txt").write_text("secret")
    (tmp_path / "films" / "loose.mp4").write_bytes(b"secret")
    (tmp_path / "ledger.db").write_text("secret")
    (folder / "out").symlink_to(tmp_path)
    (folder / "ledger.db").symlink_to(tmp_path / "ledger.db")
    return tmp_path / "films"


@pytest.fixture
async def client(films: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application, without a socket between."""
    transport = httpx.ASGITransport(app=create_app(films, names=["studio.example"]))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8789") as client:
        yield client


@pytest.mark.parametrize("run", ["20260101-000000-aa", "latest"])
async def test_a_film_and_what_lies_beside_it(client: httpx.AsyncClient, run: str) -> None:
    """Each file has its type; what a browser does not show is saved under its name; a folder leads to its report."""
    film = await client.get(f"/harbour/{run}/film.mp4")
    assert (film.status_code, film.content, film.headers["content-type"]) == (200, FILM, "video/mp4")
    assert film.headers["accept-ranges"] == "bytes"
    costs = await client.get(f"/harbour/{run}/costs.csv")
    assert costs.headers["content-disposition"] == 'attachment; filename="costs.csv"'
    assert (await client.get(f"/harbour/{run}/clips/a%20b.mp4")).content == b"clip"
    for folder in (f"/harbour/{run}", f"/harbour/{run}/"):
        report = await client.get(folder, follow_redirects=True)
        assert report.text == "<title>Harbour</title>"
        assert "frame-ancestors 'none'" in report.headers["content-security-policy"]
    assert (await client.head(f"/harbour/{run}/film.mp4")).headers["content-length"] == str(len(FILM))


@pytest.mark.parametrize(
    ("asked", "status", "content"),
    [
        ("bytes=0-9", 206, FILM[:10]),
        ("bytes=10000-", 206, FILM[10000:]),
        ("bytes=-7", 206, FILM[-7:]),
        ("bytes=99999-", 416, None),
        ("pages=1-2", 400, None),
    ],
)
async def test_parts(client: httpx.AsyncClient, asked: str, status: int, content: bytes | None) -> None:
    """A player asks for parts of a film, of the film that it began with; one that has it all asks if it is the same."""
    url = "/harbour/latest/film.mp4"
    part = await client.get(url, headers={"range": asked})
    assert part.status_code == status
    if content is not None:
        assert part.content == content
    tag = (await client.get(url)).headers["etag"]
    assert (await client.get(url, headers={"range": "bytes=0-1", "if-range": tag})).status_code == 206
    assert (await client.get(url, headers={"range": "bytes=0-1", "if-range": '"other"'})).status_code == 200
    assert (await client.get(url, headers={"if-none-match": tag})).status_code == 304


@pytest.mark.parametrize(
    "path",
    [
        "/loose.mp4", "/private/letter.txt", "/private", "/harbour", "/harbour/latest/.studio-producer.json",
        "/harbour/latest/ledger.db", "/harbour/latest/out/ledger.db", "/harbour/latest/nothing", "/../ledger.db",
        "/harbour/latest/../../../ledger.db", "/%2e%2e/ledger.db", "/harbour/latest/%2e%2e%2f%2e%2e%2floose.mp4",
        "/harbour/latest/film.mp4%00.txt", "/harbour//latest/film.mp4", "//etc/passwd", "/harbour/latest/clips",
        "/harbour\\latest\\film.mp4", "/" + "a" * 5000,
    ],
)  # fmt: skip
async def test_nothing_else_is_served(client: httpx.AsyncClient, films: Path, path: str) -> None:
    """What is hidden, beside the films, or behind a link that leads out, is not there, however it is written."""
    answer = await client.get(httpx.URL("http://127.0.0.1:8789", raw_path=path.encode()))
    assert answer.status_code == 404
    assert "secret" not in answer.text
    assert served_file(films, path.lstrip("/")) is None


async def test_only_this_machine_is_asked_and_only_read(client: httpx.AsyncClient) -> None:
    """A page elsewhere whose name leads here is refused, and so is all that would change something."""
    for host, status in (
        ("127.0.0.1:8789", 200), ("localhost", 200), ("[::1]:8789", 200), ("studio.example", 200), ("10.0.0.7", 200),
        ("evil.example", 421), ("127.0.0.1.evil.example", 421), ("", 421), ("[", 421),
    ):  # fmt: skip
        assert (await client.get("/healthz", headers={"host": host})).status_code == status
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        assert (await client.request(method, "/harbour/latest/film.mp4")).status_code == 405
    answer = await client.get("/harbour/latest/film.mp4", headers={"origin": "https://evil.example"})
    assert "access-control-allow-origin" not in answer.headers


async def test_the_shelf_in_a_browser(client: httpx.AsyncClient, films: Path) -> None:
    """Every film with its links; titles are text; a folder without films says so."""
    folder = shelved(films, films.parent / "home", title="The <b>Quay</b>", slug="quay")
    page = (await client.get("/")).text
    assert f"quay/{folder.name}/film.mp4" in page
    assert "The &lt;b&gt;Quay&lt;/b&gt;" in page
    assert "private" not in page
    empty = httpx.ASGITransport(app=create_app(films / "nowhere"))
    async with httpx.AsyncClient(transport=empty, base_url="http://localhost") as other:
        assert "There is no finished film yet." in (await other.get("/")).text


async def test_films_of_other_machines(films: Path) -> None:
    """What this machine lacks is sent for at a fresh address, which nobody keeps; a report is served itself, so that
    its links work; a store that cannot be asked is one line."""
    asked: list[str] = []

    def address(key: str) -> str:
        asked.append(key)
        if key.startswith("gone"):
            raise StoreError("the store cannot be read", where="STUDIO_FILMS")
        return f"https://bucket.example/{key}?signature={len(asked)}"

    store = Remote(address, lambda key: b"<title>Far</title>" if key == "far/r1/report.html" else None)
    transport = httpx.ASGITransport(app=create_app(films, store=store))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        for number in (1, 2):
            sent = await client.get("/far/r1/film.mp4")
            assert (sent.status_code, sent.headers["cache-control"]) == (307, "no-store")
            assert sent.headers["location"] == f"https://bucket.example/far/r1/film.mp4?signature={number}"
        assert (await client.get("/far/r1", follow_redirects=True)).text == "<title>Far</title>"
        assert (await client.get("/other/r1/report.html")).status_code == 404
        assert (await client.get("/harbour/latest/film.mp4")).content == FILM
        gone = await client.get("/gone/r1/film.mp4")
        assert (gone.status_code, gone.text) == (503, "the store cannot be read\n")
        for path in ("/far/.hidden/film.mp4", "/far/r1/.studio-producer.json", "/far/%2e%2e/film.mp4", "/far"):
            assert (await client.get(path)).status_code == 404
    assert {*asked} == {"far/r1/film.mp4", "gone/r1/film.mp4"}


@pytest.mark.long
def test_the_command(films: Path) -> None:
    """It says where it serves, on this machine alone, and ends on a signal; a port that is taken is one line."""
    values = {n: v for n, v in os.environ.items() if not n.startswith("STUDIO_")}
    values |= {"STUDIO_FILMS": str(films), "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONUNBUFFERED": "1"}
    line = [sys.executable, "-m", "flows.serve", "--port"]
    with subprocess.Popen([*line, "0"], env=values, stdout=subprocess.PIPE, text=True) as server:
        threading.Timer(240, server.kill).start()
        assert server.stdout is not None
        url = server.stdout.readline().split()[-1]
        assert url.startswith("http://127.0.0.1:")
        assert httpx.get(f"{url}/healthz", trust_env=False).json() == {"service": SERVICE}
        taken = subprocess.run([*line, url.rpartition(":")[2]], env=values, capture_output=True, text=True, check=False)
        assert (taken.returncode, "Traceback" in taken.stderr) == (2, False)
        assert "cannot listen on 127.0.0.1" in taken.stderr
        server.terminate()
        assert server.wait(60) == 0
