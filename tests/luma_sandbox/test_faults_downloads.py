"""Downloads that go wrong, as a real client over a real socket meets them. The file is 10240 known bytes."""

from __future__ import annotations

import io
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.support.sandbox_wire import Wire

FILE = bytes(range(256)) * 40


async def url_of_a_clip(wire: Wire) -> str:
    """A fresh URL of a finished clip."""
    done = await wire.ended((await wire.create()).id)
    assert done.assets is not None
    return str(done.assets.video)


async def fetched(wire: Wire, fault: dict[str, Any]) -> httpx.Response:
    """The answer to a download that this fault strikes, once; the next one is whole."""
    url = await url_of_a_clip(wire)
    await wire.faults(fault | {"nth": 1})
    struck = await wire.http.get(url)
    assert (await wire.http.get(url)).content == FILE
    return struck


async def test_an_expired_url(wire: Wire) -> None:
    """A fresh URL answers as an expired one does; a fresh get gives one that works."""
    answer = await fetched(wire, {"kind": "expired_url"})
    assert answer.status_code == 403
    assert "expired" in answer.json()["detail"]


async def test_a_truncated_download(wire: Wire) -> None:
    """The length of the whole file is promised, half of it comes, and the connection ends."""
    url = await url_of_a_clip(wire)
    await wire.faults({"kind": "truncated"})
    got = bytearray()

    async def whole(answer: httpx.Response) -> None:
        async for chunk in answer.aiter_bytes():
            got.extend(chunk)

    async with wire.http.stream("GET", url) as answer:
        assert int(answer.headers["content-length"]) == len(FILE)
        with pytest.raises(httpx.RemoteProtocolError):
            await whole(answer)
    assert got == FILE[: len(FILE) // 2]


async def test_a_silently_truncated_download(wire: Wire) -> None:
    """Half the file with its own right length: only the file itself can tell."""
    answer = await fetched(wire, {"kind": "truncated", "silent": True})
    assert answer.status_code == 200
    assert answer.content == FILE[: len(FILE) // 2]


async def test_a_bit_flipped_download(wire: Wire) -> None:
    """As many bits differ as were asked for, and the length is right."""
    answer = await fetched(wire, {"kind": "bit_flipped", "bits": 3})
    assert len(answer.content) == len(FILE)
    assert sum((a ^ b).bit_count() for a, b in zip(answer.content, FILE, strict=True)) == 3


async def test_an_endless_download(wire: Wire) -> None:
    """No length is promised and far more comes than the file holds; the server ends it when the client leaves."""
    url = await url_of_a_clip(wire)
    await wire.faults({"kind": "endless"})
    got = 0
    async with wire.http.stream("GET", url) as answer:
        assert "content-length" not in answer.headers
        async for chunk in answer.aiter_bytes():
            got += len(chunk)
            if got > 50 * len(FILE):
                break
    assert (await wire.luma.ping.check()).message == "pong"


@pytest.mark.parametrize(("disguised", "told"), [(False, "image/png"), (True, "video/mp4")])
async def test_a_download_of_the_wrong_type(wire: Wire, disguised: bool, told: str) -> None:
    """A picture comes for a clip, and says so or does not."""
    answer = await fetched(wire, {"kind": "wrong_type", "disguised": disguised})
    assert answer.headers["content-type"] == told
    with Image.open(io.BytesIO(answer.content)) as image:
        assert image.format == "PNG"


async def test_a_playlist_poses_as_an_mp4(wire: Wire) -> None:
    """A playlist that names a local file comes as video/mp4: who hands it to ffmpeg unasked would read that file."""
    answer = await fetched(wire, {"kind": "playlist"})
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.text.startswith("#EXTM3U")
    assert "file:///" in answer.text


async def test_a_lost_download(wire: Wire) -> None:
    """The faults of any call strike downloads as well, where they are named."""
    url = await url_of_a_clip(wire)
    await wire.faults({"kind": "lost_answer", "on": "download", "nth": 1})
    with pytest.raises(httpx.RemoteProtocolError):
        await wire.http.get(url)
    assert (await wire.http.get(url)).content == FILE


async def test_a_part_of_a_file_is_struck_too(wire: Wire) -> None:
    """A download that is taken up where it stopped can be damaged again."""
    url = await url_of_a_clip(wire)
    await wire.faults({"kind": "bit_flipped"})
    answer = await wire.http.get(url, headers={"Range": "bytes=10000-"})
    assert answer.status_code == 206
    assert len(answer.content) == 240
    assert answer.content != FILE[10000:]
