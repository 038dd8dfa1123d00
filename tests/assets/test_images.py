"""Seed images: what is refused before anything is paid, and what is sent of the others."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import os
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from studio.assets import SeedImage, ratio_note, source_key
from studio.assets.images import KINDS, SENT_BYTES, SENT_PIXELS, SENT_SIDE
from studio.assets.metadata import strip
from studio.assets.reencode import render
from studio.errors import AssetError, SettingsError
from tests.support.seeds import BLUE, RED, Source, encoded, halves, look, look_at_bytes, phone_exif


def near(pixel: Any, color: tuple[int, int, int]) -> bool:
    return all(abs(a - b) < 40 for a, b in zip(pixel, color, strict=True))


@pytest.mark.parametrize(
    ("kind", "media_type", "suffix"),
    [("PNG", "image/png", ".png"), ("JPEG", "image/jpeg", ".jpg"), ("WEBP", "image/webp", ".webp")],
)
async def test_what_fits_is_sent_byte_for_byte(tmp_path: Path, kind: str, media_type: str, suffix: str) -> None:
    """A picture without metadata and within the limits is kept as it is, named by its hash; its name plays no part."""
    data = encoded(halves(), kind)
    image = await look_at_bytes(data, tmp_path)
    assert (image.media_type, image.suffix, image.width, image.height) == (media_type, suffix, 160, 90)
    assert image.sha256 == hashlib.sha256(data).hexdigest()
    assert image.path == tmp_path / "kept" / f"{image.sha256}{suffix}"
    assert image.path.read_bytes() == data
    assert (image.url, image.notes) == (None, ())
    assert not list((tmp_path / "kept").glob(".*")), "nothing half-written stays"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
async def test_a_picture_is_sent_upright_and_without_its_place(tmp_path: Path, kind: str) -> None:
    """EXIF's rotation is carried out, GPS and maker are gone; the purchase is still named by the source's bytes."""
    data = encoded(halves(), kind, exif=phone_exif(orientation=6), quality=95)
    image = await look_at_bytes(data, tmp_path)
    assert image.sha256 == hashlib.sha256(data).hexdigest()
    assert (image.width, image.height) == (90, 160)
    assert image.path == tmp_path / "kept" / "sent" / f"{image.sha256}{image.suffix}"
    with Image.open(image.path) as sent:
        sent.load()
        assert sent.size == (90, 160)
        # Turned by 90° clockwise: what was left is above.
        assert near(sent.convert("RGB").getpixel((45, 10)), RED)
        assert near(sent.convert("RGB").getpixel((45, 150)), BLUE)
        assert not sent.getexif()
        assert "exif" not in sent.info
    assert b"Camera Works" in data
    assert b"Camera Works" not in image.path.read_bytes()
    assert image.notes == ("turned as its EXIF says", "without its metadata")


@pytest.mark.parametrize("orientation", range(1, 9))
async def test_every_orientation_ends_upright(tmp_path: Path, orientation: int) -> None:
    """All eight of EXIF's orientations are turned and mirrored as Pillow's own reading of them does."""
    stored = halves(96, 64)
    stored.paste((250, 250, 20), (0, 0, 48, 32))
    data = encoded(stored, "PNG", exif=phone_exif(orientation))
    image = await look_at_bytes(data, tmp_path)
    swaps = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}
    upright = stored.transpose(Image.Transpose(swaps[orientation])) if orientation > 1 else stored
    with Image.open(image.path) as sent:
        assert sent.convert("RGB").tobytes() == upright.tobytes()


@pytest.mark.parametrize(
    "data",
    [
        encoded(halves(), "JPEG", comment=b"shot by SECRET"),
        encoded(halves(), "JPEG", exif=phone_exif(), comment=b"SECRET"),
        encoded(halves(), "JPEG", xmp=b"<x:xmpmeta>SECRET</x:xmpmeta>"),
        encoded(halves(), "JPEG", progressive=True, exif=phone_exif(), comment=b"SECRET") + b"motion SECRET",
        encoded(halves(), "JPEG", restart_marker_blocks=1, comment=b"SECRET"),
        encoded(halves(), "WEBP", xmp=b"<x:xmpmeta>SECRET</x:xmpmeta>"),
        encoded(halves(mode="RGBA"), "WEBP", lossless=True, exif=phone_exif(), xmp=b"SECRET"),
        encoded(halves(), "PNG", exif=phone_exif()) + b"SECRET",
    ],
)
async def test_metadata_goes_and_the_picture_stays(tmp_path: Path, data: bytes) -> None:
    """Comments, XMP and what a telephone hides behind the picture are taken out; every pixel stays as it was."""
    assert b"SECRET" in data
    image = await look_at_bytes(data, tmp_path)
    sent = image.path.read_bytes()
    assert b"SECRET" not in sent
    assert b"Camera Works" not in sent
    with Image.open(io.BytesIO(data)) as before, Image.open(image.path) as after:
        assert before.convert("RGBA").tobytes() == after.convert("RGBA").tobytes()
    assert image.notes == ("without its metadata",)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(KINDS)), st.data())
def test_any_damage_is_said(kind: str, data: st.DataObject) -> None:
    """Whatever is wrong inside a file, taking out its metadata ends, with a file or a ValueError."""
    spoilt = bytearray(encoded(halves(), kind, exif=phone_exif()))
    for _ in range(data.draw(st.integers(1, 6))):
        spoilt[data.draw(st.integers(0, len(spoilt) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(spoilt[: data.draw(st.integers(12, len(spoilt)))])
    with contextlib.suppress(ValueError):
        assert len(strip(cut, kind)) <= len(cut)


async def test_text_in_a_png_goes(tmp_path: Path) -> None:
    """A PNG's text chunks (a generator's whole prompt is often in there) are not sent; its transparency is."""
    told = PngImagePlugin.PngInfo()
    told.add_text("parameters", "SECRET prompt")
    told.add_itxt("Comment", "SECRET comment", zip=False)
    picture = halves(mode="RGBA")
    picture.putpixel((0, 0), (1, 2, 3, 0))
    image = await look_at_bytes(encoded(picture, "PNG", pnginfo=told), tmp_path)
    assert b"SECRET" not in image.path.read_bytes()
    with Image.open(image.path) as sent:
        assert (sent.mode, sent.getpixel((0, 0))) == ("RGBA", (1, 2, 3, 0))


async def test_what_is_too_large_is_scaled(tmp_path: Path) -> None:
    """A picture with too many pixels is scaled down to what Luma reads, in its own shape."""
    image = await look_at_bytes(encoded(halves(8400, 1680), "JPEG"), tmp_path)
    assert (image.width, image.height) == (SENT_SIDE, 1638)
    assert image.width * image.height <= SENT_PIXELS
    with Image.open(image.path) as sent:
        assert sent.size == (image.width, image.height)
        assert near(sent.getpixel((10, 800)), RED)
        assert near(sent.getpixel((8000, 800)), BLUE)
    assert image.notes == ("scaled down from 8400×1680",)


async def test_scaling_and_turning_together(tmp_path: Path) -> None:
    """A large picture that was held upright is scaled as it is stored, and then turned."""
    image = await look_at_bytes(encoded(halves(8400, 1680), "JPEG", exif=phone_exif(8)), tmp_path)
    assert (image.width, image.height) == (1638, SENT_SIDE)
    with Image.open(image.path) as sent:
        assert near(sent.getpixel((800, 8000)), RED)


async def test_too_many_bytes_are_encoded_anew(tmp_path: Path) -> None:
    """A picture whose file is too large, though its size fits, is encoded within the limit."""
    data = encoded(halves(2700, 2700), compress_level=0)
    assert len(data) > SENT_BYTES
    image = await look_at_bytes(data, tmp_path)
    assert image.path.stat().st_size <= SENT_BYTES
    assert (image.media_type, image.notes) == ("image/png", ("made smaller than 20 MB",))


def test_what_no_png_holds_becomes_a_jpeg(tmp_path: Path) -> None:
    """A picture too large as a PNG becomes a JPEG, reduced until it fits, with transparent parts white."""
    noise = Image.frombytes("RGBA", (400, 300), os.urandom(400 * 300 * 4))
    noise.paste((0, 0, 0, 0), (0, 0, 100, 100))
    for most in (250_000, 20_000):
        path = render(noise, "PNG", tmp_path / str(most), size=noise.size, most=most)
        assert (path.suffix, path.stat().st_size <= most) == (".jpg", True)
        with Image.open(path) as sent:
            assert near(sent.getpixel((10, 10)), (255, 255, 255))
            assert (sent.size == noise.size) == (most == 250_000)


@pytest.mark.parametrize(("mode", "kind"), [("CMYK", "JPEG"), ("I;16", "PNG")])
async def test_colours_that_few_read_are_converted(tmp_path: Path, mode: str, kind: str) -> None:
    """Printing colours become RGB, 16-bit grey becomes 8-bit grey, about as bright as before."""
    picture = halves(mode="CMYK") if mode == "CMYK" else Image.new("I;16", (160, 90), 200 * 256)
    image = await look_at_bytes(encoded(picture, kind), tmp_path)
    with Image.open(image.path) as sent:
        assert sent.mode in ("RGB", "L")
        expected = RED if mode == "CMYK" else (200, 200, 200)
        assert near(sent.convert("RGB").getpixel((20, 20)), expected)
    assert image.notes == ("converted to 8-bit RGB",)


async def test_a_camera_jpeg_with_two_pictures(tmp_path: Path) -> None:
    """Telephones put a second picture behind the first (MPO): the first is sent."""
    data = encoded(halves(), "MPO", save_all=True, append_images=[Image.new("RGB", (160, 90), "white")])
    image = await look_at_bytes(data, tmp_path)
    assert image.media_type == "image/jpeg"
    with Image.open(image.path) as sent:
        assert (sent.format, getattr(sent, "n_frames", 1)) == ("JPEG", 1)
        assert sent.convert("RGB").tobytes() == Image.open(io.BytesIO(data)).convert("RGB").tobytes()
    assert image.notes == ("without its metadata",)


async def test_the_same_source_gives_the_same_file(tmp_path: Path) -> None:
    """A file made of a source is used again; a kept copy that is damaged is put right."""
    data = encoded(halves(), "JPEG", exif=phone_exif(6))
    first = await look_at_bytes(data, tmp_path)
    made = first.path.stat().st_mtime_ns
    assert await look_at_bytes(data, tmp_path) == first
    assert first.path.stat().st_mtime_ns == made
    plain = encoded(halves())
    kept = (await look_at_bytes(plain, tmp_path)).path
    kept.write_bytes(plain[:-9] + b"\0" * 9)
    assert (await look_at_bytes(plain, tmp_path)).path.read_bytes() == plain


def animated(kind: str) -> bytes:
    return encoded(halves(), kind, save_all=True, append_images=[Image.new("RGB", (160, 90), "white")])


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", "is empty"),
        (b"hello " * 40, "is neither an image nor footage"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 400, "neither an image nor footage|damaged"),
        (encoded(halves(), "PNG")[:-60], "is a damaged picture"),
        (encoded(halves(400, 400), "JPEG")[:1200], "is a damaged picture"),
        (encoded(halves(), "GIF"), "is a GIF image"),
        (encoded(halves(), "BMP"), "is a BMP image"),
        (encoded(halves(), "TIFF"), "is a TIFF image"),
        (b"\0\0\0\x18ftypheic" + bytes(40), r"is a HEIF \(HEIC\) picture"),
        (encoded(halves(63, 300)), "is 63×300: smaller than 64 pixels"),
        (encoded(halves(700, 100)), "is 700×100: longer than 5:1"),
        (animated("PNG"), "is animated"),
        (animated("WEBP"), "is animated"),
    ],
    ids=str.split("empty text head cut-PNG cut-JPEG GIF BMP TIFF HEIC small strip APNG WebP"),
)
async def test_what_is_refused(tmp_path: Path, data: bytes, fault: str) -> None:
    """Each fault is one clear error that names the asset; nothing of it is kept."""
    with pytest.raises(AssetError, match=fault) as caught:
        await look_at_bytes(data, tmp_path)
    assert caught.value.where == "asset 'seed'"
    assert not [f for f in (tmp_path / "kept").rglob("*") if f.is_file()]


async def test_a_bomb_is_not_decoded(tmp_path: Path) -> None:
    """A small file that claims a gigantic picture is refused by what it claims."""
    data = bytearray(encoded(halves(), "PNG"))
    for size in (20_000, 7_000):  # beyond Pillow's own limit, and between its limit and ours
        data[16:24] = size.to_bytes(4, "big") * 2
        with pytest.raises(AssetError, match=r"damaged|more than 120 million pixels|neither"):
            await look_at_bytes(bytes(data), tmp_path)


@pytest.mark.parametrize("place", ["missing.png", ".", "\0"])
async def test_a_file_that_is_not_there(tmp_path: Path, place: str) -> None:
    """A missing file and a folder are said as such."""
    path = place if place == "\0" else str(tmp_path / place)
    with pytest.raises(AssetError, match=r"No such file|is a folder|not the name of a file"):
        await look(Source(path=path), tmp_path / "kept")


@pytest.mark.parametrize(
    ("mode", "fill", "seen_through"),
    [("RGBA", (255, 0, 0, 90), True), ("RGBA", (255, 0, 0, 255), False), ("LA", (90, 0), True), ("RGB", "red", False)],
)
async def test_a_picture_that_is_seen_through(tmp_path: Path, mode: str, fill: Any, seen_through: bool) -> None:
    """A picture is transparent if some of it is, not if it only could be; so is one that is sent without metadata."""
    picture = Image.new(mode, (160, 90), fill)
    assert (await look_at_bytes(encoded(picture), tmp_path)).transparent is seen_through
    told = PngImagePlugin.PngInfo()
    told.add_text("Author", "me")
    assert (await look_at_bytes(encoded(picture, pnginfo=told), tmp_path)).transparent is seen_through


async def test_an_edit_during_the_run_changes_nothing(tmp_path: Path) -> None:
    """A run uses its own copy of a file, which the producer may save anew in the meantime."""
    data = encoded(halves())
    image = await look_at_bytes(data, tmp_path)
    (tmp_path / "seed.bin").write_bytes(encoded(Image.new("RGB", (80, 80))))
    assert image.path.read_bytes() == data


@pytest.mark.parametrize("note", ["kept", "zeros", "gone"])
@pytest.mark.parametrize("way", ["bared", "rendered", "as it is"])
async def test_a_kept_file_that_was_overwritten(tmp_path: Path, way: str, note: str) -> None:
    """A file to send is made anew where other bytes of the same length replaced it; ``content`` tells which it is."""
    options = {"bared": {"exif": phone_exif()}, "rendered": {"exif": phone_exif(6)}, "as it is": {}}[way]
    data = encoded(halves(), "JPEG", **options)
    first = await look_at_bytes(data, tmp_path)
    sent = first.path.read_bytes()
    assert hashlib.sha256(sent).hexdigest() == first.content
    assert (first.content == first.sha256) == (way == "as it is")
    first.path.write_bytes(bytes(len(sent)))
    for said in first.path.parent.glob("*.sha256"):
        if note == "zeros":
            said.write_bytes(bytes(64))
        elif note == "gone":
            said.unlink()
    again = await look_at_bytes(data, tmp_path)
    assert again == first
    assert again.path.read_bytes() == sent


async def test_what_a_killed_process_left(tmp_path: Path) -> None:
    """Half-written files of long ago are removed; a fresh one may be somebody's who is still writing."""
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / ".1-old.part").write_bytes(b"half")
    os.utime(kept / ".1-old.part", (1, 1))
    (kept / ".2-new.part").write_bytes(b"half")
    await look_at_bytes(encoded(halves()), tmp_path)
    assert [f.name for f in kept.glob(".*")] == [".2-new.part"]


async def test_a_home_that_cannot_be_written(tmp_path: Path) -> None:
    """A folder that cannot be made is the home's fault and not the picture's."""
    (tmp_path / "kept").write_bytes(b"a file")
    with pytest.raises(SettingsError, match="assets cannot be kept in") as caught:
        await look_at_bytes(encoded(halves()), tmp_path)
    assert caught.value.where == "STUDIO_HOME"


URL = "https://bucket.example/a.png?X-Amz-Signature=SECRET"


async def test_a_remote_image_is_sent_by_its_own_url(tmp_path: Path) -> None:
    """A public picture that fits is sent by its own URL, its metadata too: it is public already."""
    data = encoded(halves(), "JPEG", exif=phone_exif())
    image = await look(Source(url=URL), tmp_path, answer=lambda _: httpx.Response(200, content=data))
    assert isinstance(image, SeedImage)
    assert (image.url, image.notes) == (URL, ())
    assert "SECRET" not in repr(image)
    assert image.path is not None
    assert image.path.read_bytes() == data


@pytest.mark.parametrize("data", [encoded(halves(), "JPEG", exif=phone_exif(3)), encoded(halves(8200, 1640))])
async def test_a_remote_image_that_must_change_is_published_anew(tmp_path: Path, data: bytes) -> None:
    """A URL is not used where its file cannot be sent as it is."""
    image = await look(Source(url=URL), tmp_path, answer=lambda _: httpx.Response(200, content=data))
    assert image.url is None
    assert image.path is not None
    assert image.path.parent.name == "sent"


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (httpx.Response(404), "answers with status 404"),
        (httpx.Response(200, content=b""), "empty"),
        (httpx.ReadTimeout("slow"), "sent no answer in time"),
        (httpx.Response(200, html="<html>log in</html>"), "is a web page"),
        (
            httpx.Response(200, headers={"Content-Encoding": "gzip"}, content=gzip.compress(encoded(halves()))),
            "sends it compressed",
        ),
        (httpx.Response(200, headers={"Content-Length": "209715200"}, content=b"GIF89a"), "larger than 100 MB"),
    ],
)
async def test_a_url_that_gives_no_image(tmp_path: Path, answer: Any, fault: str) -> None:
    """An error about a URL does not show the URL, which may be signed."""

    def handle(request: httpx.Request) -> httpx.Response:
        assert request.headers["accept-encoding"] == "identity"
        if isinstance(answer, Exception):
            raise answer
        return answer

    with pytest.raises(AssetError, match=fault) as caught:
        await look(Source(url=URL), tmp_path, answer=handle)
    assert "SECRET" not in str(caught.value)


async def test_a_signed_url_is_not_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Fetching an asset leaves no line in the log, at any level."""
    caplog.set_level(0)
    await look(Source(url=URL), tmp_path, answer=lambda _: httpx.Response(200, content=encoded(halves())))
    assert "SECRET" not in caplog.text


def test_what_tells_sources_apart() -> None:
    """A source is its path, or its URL."""
    assert source_key(Source(path="/a.png", url="https://x")) == "/a.png"
    assert source_key(Source(url="https://x")) == "https://x"


@pytest.mark.parametrize(
    ("size", "ratio", "note"),
    [
        ((1920, 1080), "16:9", None),
        ((1376, 768), "16:9", None),  # what many generators call 16:9
        ((1500, 1000), "16:9", "16% of its height is cut off, or bars stand left and right"),
        ((1000, 1000), "21:9", "57% of its height"),
        ((1920, 1080), "9:16", "68% of its width is cut off, or bars stand above and below"),
    ],
)
def test_a_shape_that_differs_from_the_films(size: tuple[int, int], ratio: str, note: str | None) -> None:
    """The producer is told how much of a picture is lost, where its shape differs by more than a little."""
    said = ratio_note(SeedImage("lamp", "a" * 64, "image/png", ".png", *size), ratio)
    assert (said is None) == (note is None)
    assert note is None or (note in str(said) and f"{size[0]}×{size[1]}" in str(said))
