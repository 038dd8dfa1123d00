"""Seed footage: real clips of many forms, looked at before anything is paid."""

from __future__ import annotations

import hashlib
from fractions import Fraction
from pathlib import Path

import httpx
import pytest

from studio.assets import SeedFootage
from studio.assets.seeds import MAX_BYTES
from studio.errors import AssetError
from studio.media.clip import examine
from tests.media.clips import H264, ffmpeg, make
from tests.support.seeds import Source, encoded, halves, look, look_at_bytes

URL = "https://bucket.example/a.mp4?X-Amz-Signature=SECRET"


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten seconds of 160×90 at 24 frames a second, with sound."""
    return make(tmp_path_factory.mktemp("footage") / "clip.mp4", frames=240, size="160x90", sound=True)


async def test_footage_is_measured(clip: Path, tmp_path: Path) -> None:
    """A clip's frames, rate, length and size are its own; it is kept byte for byte, named by its hash."""
    footage = await look(Source(path=str(clip), kind="video"), tmp_path, footage=True)
    assert isinstance(footage, SeedFootage)
    sha256 = hashlib.sha256(clip.read_bytes()).hexdigest()
    assert footage == SeedFootage(
        "seed", sha256, "video/mp4", ".mp4", 160, 90, 240, Fraction(24), Fraction(10), clip.stat().st_size,
        tmp_path / f"{sha256}.mp4", audio="aac 44100 Hz mono",
    )  # fmt: skip
    assert footage.path is not None
    assert footage.path.read_bytes() == clip.read_bytes()


async def test_quicktime_is_known_by_its_content(tmp_path: Path) -> None:
    """A QuickTime file is one whatever its name says."""
    made = make(tmp_path / "clip.mov", frames=12, rate="30")
    footage = await look_at_bytes(made.read_bytes(), tmp_path, name="clip.mp4", footage=True)
    assert (footage.media_type, footage.suffix, footage.frames, footage.fps) == ("video/quicktime", ".mov", 12, 30)


async def test_rotated_footage_is_as_it_is_shown(tmp_path: Path) -> None:
    """A telephone's footage that is to be shown upright has its upright size."""
    made = make(tmp_path / "made.mp4", frames=6, size="320x180")
    ffmpeg("-display_rotation", "90", "-i", made, "-c", "copy", tmp_path / "turned.mp4")
    footage = await look(Source(path=str(tmp_path / "turned.mp4")), tmp_path / "kept", footage=True)
    assert (footage.width, footage.height) == (180, 320)


@pytest.mark.parametrize("name", ["told.mp4", "told.mov"])
async def test_footage_is_sent_without_its_place(tmp_path: Path, name: str) -> None:
    """Place and title are taken out, packet by packet the picture stays; the purchase is named by the source."""
    told = ("-metadata", "location=+52.52+013.40/", "-metadata", "title=SECRET", "-metadata", "comment=SECRET")
    options = ("-movflags", "use_metadata_tags") if name.endswith("mov") else ()
    made = make(tmp_path / name, frames=24, sound=True, options=(*told, *options))
    assert b"SECRET" in made.read_bytes()
    footage = await look(Source(path=str(made)), tmp_path / "kept", footage=True)
    assert isinstance(footage, SeedFootage)
    assert footage.path is not None
    sent = footage.path.read_bytes()
    assert not any(word in sent for word in (b"SECRET", b"+52.52"))
    before, after = examine(made), examine(footage.path)
    assert (after.packets, after.frames, after.audio) == (before.packets, before.frames, before.audio)
    assert footage.sha256 == before.sha256 != after.sha256
    assert (footage.bytes, footage.notes) == (len(sent), ("without its metadata",))
    assert await look(Source(path=str(made)), tmp_path / "kept", footage=True) == footage
    # Overwritten by as many zeros, it is made anew.
    footage.path.write_bytes(bytes(len(sent)))
    assert await look(Source(path=str(made)), tmp_path / "kept", footage=True) == footage
    assert hashlib.sha256(footage.path.read_bytes()).hexdigest() == footage.content
    assert footage.path.read_bytes() == sent


async def test_remote_footage_is_sent_by_its_own_url(clip: Path, tmp_path: Path) -> None:
    """Footage at a URL is fetched to be measured, and sent by that URL, which is shown nowhere."""
    data = clip.read_bytes()
    footage = await look(Source(url=URL), tmp_path, footage=True, answer=lambda _: httpx.Response(200, content=data))
    assert isinstance(footage, SeedFootage)
    assert (footage.url, footage.frames) == (URL, 240)
    assert "SECRET" not in repr(footage)


async def test_remote_footage_that_never_ends(tmp_path: Path) -> None:
    """Footage larger than Luma reads is given up at the limit, not at its end, and nothing of it stays."""
    sent = 0

    async def body():  # type: ignore[no-untyped-def]
        nonlocal sent
        block = bytes(4) + b"ftypisom" + bytes((4 << 20) - 12)
        while sent < 2 * MAX_BYTES:
            sent += len(block)
            yield block

    with pytest.raises(AssetError, match="larger than 100 MB"):
        await look(Source(url=URL), tmp_path, footage=True, answer=lambda _: httpx.Response(200, content=body()))
    assert sent <= MAX_BYTES + (8 << 20)
    assert not list(tmp_path.iterdir())


async def test_a_file_larger_than_luma_reads(tmp_path: Path) -> None:
    """A local file is given up at the limit as well."""
    file = tmp_path / "large.mp4"
    with file.open("wb") as large:
        large.truncate(MAX_BYTES + 1)
    with pytest.raises(AssetError, match="larger than 100 MB"):
        await look(Source(path=str(file)), tmp_path / "kept", footage=True)
    assert not list((tmp_path / "kept").iterdir())


PLAYLIST = b"#EXTM3U\n#EXTINF:10,\nfile:///etc/hostname\n"


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (PLAYLIST, "is a playlist"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + PLAYLIST, "its footage is (damaged|cut short)"),
        (b"ffconcat version 1.0\nfile /etc/hostname\n", "is neither an image nor footage"),
        (b"<html>log in</html>" * 9, "is a web page"),
        (encoded(halves()), "is an image, and footage is needed"),
        (b"\x1aE\xdf\xa3" + bytes(400), "is a Matroska or WebM video"),
    ],
    ids=["playlist", "playlist in an MP4's coat", "concat list", "page", "picture", "WebM"],
)
async def test_what_is_no_footage(tmp_path: Path, data: bytes, fault: str) -> None:
    """Playlists are never followed; pages, pictures and other containers are said for what they are."""
    with pytest.raises(AssetError, match=fault) as caught:
        await look_at_bytes(data, tmp_path, name="clip.mp4", footage=True)
    assert caught.value.where == "asset 'seed'"


@pytest.mark.parametrize("share", [0.3, 0.95])
async def test_footage_that_was_cut_short(clip: Path, tmp_path: Path, share: float) -> None:
    """A file that ends too early is not sent."""
    data = clip.read_bytes()
    with pytest.raises(AssetError, match="its footage is cut short"):
        await look_at_bytes(data[: int(len(data) * share)], tmp_path, footage=True)
    assert not list((tmp_path / "kept").iterdir())


async def test_footage_that_is_damaged_inside(clip: Path, tmp_path: Path) -> None:
    """All frames are decoded: damage in the middle is found before anything is paid."""
    data = bytearray(clip.read_bytes())
    middle = data.index(b"mdat") + (len(data) - data.index(b"mdat")) // 2
    data[middle : middle + 3000] = bytes(3000)
    with pytest.raises(AssetError, match=r"its footage (is damaged|cannot be decoded)"):
        await look_at_bytes(bytes(data), tmp_path, footage=True)


async def test_footage_that_is_too_long(tmp_path: Path) -> None:
    """Longer than any call of Luma's takes is refused by its packets, before it is decoded."""
    made = make(tmp_path / "long.mp4", frames=62, size="64x64", rate="2", encode=(*H264, "-g", "10"))
    with pytest.raises(AssetError, match=r"lasts 31\.0 s, and Luma takes 30 s at most"):
        await look(Source(path=str(made)), tmp_path / "kept", footage=True)


async def test_footage_that_is_too_small(tmp_path: Path) -> None:
    """A picture of fewer pixels than a frame needs is refused."""
    made = make(tmp_path / "small.mp4", frames=4, size="64x48")
    with pytest.raises(AssetError, match="64×48: smaller than 64 pixels"):
        await look(Source(path=str(made)), tmp_path / "kept", footage=True)


async def test_footage_where_an_image_is_needed(clip: Path, tmp_path: Path) -> None:
    """A start frame cannot be footage, whatever the file is called."""
    with pytest.raises(AssetError, match="is footage, and an image is needed"):
        await look_at_bytes(clip.read_bytes(), tmp_path, name="frame.png")


@pytest.mark.parametrize(("kind", "footage"), [("image", True), ("video", False)])
async def test_a_kind_that_the_content_contradicts(clip: Path, tmp_path: Path, kind: str, footage: bool) -> None:
    """An asset's content must be of the declared kind."""
    file = clip if footage else tmp_path / "seed.png"
    if not footage:
        file.write_bytes(encoded(halves()))
    with pytest.raises(AssetError, match="and the production says that it is"):
        await look(Source(path=str(file), kind=kind), tmp_path / "kept", footage=footage)
