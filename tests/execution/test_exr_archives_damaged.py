"""An archive or a still that a service sends is fetched as a clip is: within limits, resumed, and examined."""

from __future__ import annotations

import asyncio
import io
import json
import random
import stat
import struct
import warnings
import zipfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from studio.errors import BadClip, DownloadError, MediaError, StudioError
from studio.execution.exr_archives import archives_of, check_archive
from studio.execution.run import Run
from studio.execution.session import open_session
from studio.settings import load_settings
from studio.storage.still_download import fetch_still
from studio.storage.still_store import StillStore
from tests.support.misbehaving import Answer, Request, Server, endless, refusal, serving, whole, write_head
from tests.support.productions import film, scene

SECRET = "X-Signature=abcdef0123456789"
FRAMES = {f"{number:05d}.exr": random.Random(number).randbytes(4000) for number in range(3)}


def packed(members: dict[str, bytes] = FRAMES, kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive of these members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", kind) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of two members of one name
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def patched(data: bytes, signature: bytes, offset: int, form: str, value: int) -> bytes:
    """The archive with one field of every record of that kind overwritten."""
    changed, place = bytearray(data), -1
    while (place := changed.find(signature, place + 1)) >= 0:
        struct.pack_into(form, changed, place + offset, value)
    return bytes(changed)


def encrypted() -> bytes:
    """An archive that says that its members are encrypted."""
    return patched(patched(packed(), b"PK\1\2", 8, "<H", 1), b"PK\3\4", 6, "<H", 1)


def linked() -> bytes:
    """An archive whose member is a symbolic link."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        link = zipfile.ZipInfo("frames.exr")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    return out.getvalue()


def spoilt() -> bytes:
    """An archive whose compressed data is damaged."""
    data = bytearray(packed())
    data[100:200] = bytes(100)
    return bytes(data)


BAD: dict[str, Callable[[], bytes]] = {
    "cut short": lambda: packed()[:-40],
    "its end alone": lambda: packed()[-22:],
    "no end": lambda: b"PK\3\4" + bytes(5000),
    "empty": lambda: packed({}),
    "folders only": lambda: packed({"frames/": b""}),
    "damaged data": spoilt,
    "encrypted": encrypted,
    "unknown compression": lambda: patched(patched(packed(), b"PK\1\2", 10, "<H", 99), b"PK\3\4", 8, "<H", 99),
    "LZMA": lambda: packed(kind=zipfile.ZIP_LZMA),
    "BZIP2": lambda: packed(kind=zipfile.ZIP_BZIP2),
    "a bomb": lambda: packed({"a.exr": bytes(80 << 20)}),
    "a declared bomb": lambda: patched(packed(), b"PK\1\2", 24, "<L", 0xFFFFFFF0),
    "many members": lambda: packed({f"{number}.exr": b"" for number in range(2100)}),
    "a count of members": lambda: patched(packed(), b"PK\5\6", 10, "<H", 60_000),
    "a long directory": lambda: patched(packed(), b"PK\5\6", 12, "<L", 0x7FFFFFFF),
    "a parent folder": lambda: packed({"../evil.exr": b"x"}),
    "a parent folder within": lambda: packed({"a/../../evil.exr": b"x"}),
    "an absolute name": lambda: packed({"/etc/evil.exr": b"x"}),
    "a drive": lambda: packed({"C:\\evil.exr": b"x"}),
    "strokes the other way": lambda: packed({"..\\evil.exr": b"x"}),
    "escape sequences": lambda: packed({"a\x1b[2J.exr": b"x"}),
    "a link": linked,
    "two of one name": lambda: packed({"ab.exr": b"x", "cd.exr": b"y"}).replace(b"cd.exr", b"ab.exr"),
    "a page": lambda: b"<html>sign in</html>" * 20,
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_archive_is_a_bad_clip(name: str, tmp_path: Path) -> None:
    """Any fault of an archive is one error of ours, found without unpacking more than the limits."""
    file = tmp_path / "frames.zip"
    file.write_bytes(BAD[name]())
    with pytest.raises(BadClip) as caught:
        check_archive(file)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize("kind", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_good_archive(kind: int, tmp_path: Path) -> None:
    """An archive of frames in folders, stored or deflated, is accepted."""
    file = tmp_path / "frames.zip"
    file.write_bytes(packed(FRAMES | {"more/": b"", "more/black.exr": bytes(1 << 20)}, kind))
    check_archive(file)


@settings(max_examples=150, deadline=None)
@given(
    changes=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=6), end=st.floats(0, 1)
)
def test_a_spoilt_archive_is_good_or_a_bad_clip(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]], end: float
) -> None:
    """Changed bytes and a cut-off end give no traceback, wherever they are."""
    data = bytearray(packed({name: frame[:200] for name, frame in FRAMES.items()}))
    for place, value in changes:
        data[place % len(data)] = value
    file = tmp_path_factory.mktemp("spoilt") / "frames.zip"
    file.write_bytes(data if end < 0.7 else data[: int(len(data) * end)])
    try:
        check_archive(file)
    except StudioError as error:
        assert type(error) is BadClip  # noqa: PT017


async def no_sleep(_: float) -> None:
    """Nothing is waited for."""


@asynccontextmanager
async def ordered(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, *answers: Answer
) -> AsyncIterator[tuple[Callable[[], Any], list[Request]]]:
    """An order of EXR frames that is paid for, at a service whose archive is told in ``answers``; and how to get it."""
    fetched: list[Request] = []

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        if not request.path.startswith("/v1/"):
            fetched.append(request)
            await answers[min(len(fetched), len(answers)) - 1](request, writer)
            return
        url = f"{server.origin}/frames.zip?{SECRET}"
        body = json.dumps({"id": "g", "state": "completed", "output": [{"type": "exr", "url": url}]}).encode()
        write_head(writer, "200 OK", Content_Type="application/json", Content_Length=len(body))
        writer.write(body)

    async with serving(answer) as server:
        monkeypatch.setenv("LUMA_BASE_URL", f"{server.origin}/v1")
        async with open_session(load_settings()) as session:
            wanted = film(scene("dawn", model="ray-3", resolution="720p", hdr=True, exr=True))
            plan, _ = await session.plan(wanted)
            intent = plan.shot("dawn").intent("film", session.service.access("agents").account)
            session.ledger.reserve(intent, run="run", caps=[])
            session.ledger.submitted(intent.key, 1, "g")
            run = cast(Run, SimpleNamespace(session=session, out=workplace / "out"))
            yield lambda: archives_of(run, [plan.shot("dawn")], sleep=no_sleep), fetched


async def test_an_archive_is_resumed_and_kept(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken download is resumed, a finished one is not fetched again, and nothing is left over."""
    data = packed({"00000.exr": random.Random(1).randbytes(300_000)})
    async with ordered(workplace, monkeypatch, whole(data, stop=100_000), whole(data)) as (get, asked):
        (placed,) = await get()
        assert placed.read_bytes() == data
        assert [request.start for request in asked] == [None, 100_000]
        assert all(request.headers["accept-encoding"] == "identity" for request in asked)
        await get()
        assert len(asked) == 2
    assert not [path for path in (workplace / ".studio" / "exr").rglob("*") if path.is_file() and path.suffix != ".zip"]


def bomb(request: Request, writer: asyncio.StreamWriter) -> Any:
    """A small body that would become three gigabytes."""

    async def answer() -> None:
        write_head(writer, "200 OK", Content_Type="application/zip", Content_Encoding="gzip", Content_Length=1000)
        writer.write(b"\x1f\x8b" + bytes(998))

    return answer()


@pytest.mark.parametrize(
    ("answer", "error", "told"),
    [
        (bomb, BadClip, "compressed"),
        (whole(b"PK\3\4" + bytes(100), length=9 * 1024**3), BadClip, "the most that is accepted"),
        (whole(encrypted()), BadClip, "encrypted"),
        (whole(spoilt()), BadClip, "archive"),
        (whole(b"<html>sign in</html>"), BadClip, "a web page"),
        (refusal("500 Oops"), DownloadError, "status 500"),
        (refusal("403 Forbidden"), DownloadError, "status 403"),
    ],
)
async def test_an_archive_that_does_not_come(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, answer: Answer, error: type[StudioError], told: str
) -> None:
    """Anything but the archive is one error that names the scene and no address; nothing of it is kept."""
    async with ordered(workplace, monkeypatch, answer) as (get, asked):
        with pytest.raises(error, match=told) as caught:
            await get()
        assert str(caught.value).startswith("scene 'dawn', field 'exr': ")
        assert SECRET not in repr(vars(caught.value)) + str(caught.value)
        assert len(asked) <= 5
    assert not list((workplace / ".studio" / "exr").rglob("*.zip"))
    assert not (workplace / "out").exists()


async def still_from(tmp_path: Path, *answers: Answer) -> tuple[StillStore, str, Server]:
    """A still fetched from a server with these answers."""
    store = StillStore(tmp_path / "stills")
    async with serving(*answers) as server, httpx.AsyncClient(trust_env=False) as client:

        async def fresh_url() -> str:
            return f"{server.origin}/still?{SECRET}"

        sha256 = await fetch_still(fresh_url, store, client=client, name="girl.still", sleep=no_sleep)
    return store, sha256, server


def picture(kind: str, **options: Any) -> bytes:
    """A picture of noise in that format."""
    out = io.BytesIO()
    Image.effect_noise((320, 180), 80).convert("RGB").save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
async def test_a_still_is_resumed_and_kept(tmp_path: Path, kind: str) -> None:
    """A broken download of a still is resumed, and leaves no temporary file."""
    data = picture(kind)
    store, sha256, server = await still_from(tmp_path, whole(data, stop=3000), whole(data))
    kept = store.find(sha256)
    assert kept is not None
    assert kept.read_bytes() == data
    assert [request.start for request in server.asked] == [None, 3000]
    assert not list((store.root / "incoming").iterdir())


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (bomb, "compressed"),
        (whole(picture("PNG"), length=65 * 1024**2), "the most that is accepted"),
        (endless(picture("PNG")), "did not end"),
        (whole(picture("PNG")[:2000]), "no whole picture"),
        (whole(picture("GIF")), "a GIF image"),
        (whole(b"<html>sign in</html>"), "a web page"),
        (whole(b"%!PS-Adobe-3.0 EPSF-3.0\n" * 9), "a PostScript file"),
    ],
)
async def test_a_still_that_does_not_come(tmp_path: Path, answer: Answer, told: str) -> None:
    """Anything but the still is one error that names the shot and no address; nothing of it is kept."""
    with pytest.raises(MediaError, match=told) as caught:
        await still_from(tmp_path, answer)
    assert str(caught.value).startswith("girl.still: ")
    assert SECRET not in repr(vars(caught.value)) + str(caught.value)
    assert not [path for path in (tmp_path / "stills").rglob("*") if path.is_file()]
