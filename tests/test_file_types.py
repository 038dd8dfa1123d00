"""Files judged by their content: what Luma does not read is called what it is, with what to do about it."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, features

import studio
from studio.assets.images import EIGHT_BITS
from studio.errors import AssetError, ProductionError
from studio.file_types import FileType, content_of
from studio.production import load_production
from tests.media.clips import make
from tests.support.contents import OTHERS, box, brand, deep_png
from tests.support.seeds import encoded, halves, look_at_bytes


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("suffix", ["png", "mp4"])
async def test_what_a_file_is_its_content_says(tmp_path: Path, name: str, suffix: str) -> None:
    """Whatever its suffix, a file of another kind is refused as what it is, with the fix, by plan and by asset."""
    data, said, hint = OTHERS[name]
    file = tmp_path / f"seed.{suffix}"
    file.write_bytes(data)
    field = "start_image" if suffix == "png" else "modify"
    (tmp_path / "film.yaml").write_text(
        f"title: T\nscenes:\n  - {{id: one, prompt: A boat in fog., {field}: {file.name}}}\n"
    )
    with pytest.raises(ProductionError) as refused:
        load_production(tmp_path / "film.yaml")
    (problem,) = refused.value.problems
    assert problem.message.startswith(f"'{file.name}' is {said}")
    assert hint in problem.hint
    assert problem.where == f"film.yaml:3, scene 'one', field '{field}'"
    with pytest.raises(AssetError, match=r"(^|: )is ") as caught:
        await look_at_bytes(data, tmp_path, footage=suffix == "mp4")
    assert caught.value.message.startswith(f"is {said}")
    assert hint in caught.value.hint


@pytest.mark.parametrize("kind", ["AVIF", "TIFF", "BMP", "GIF", "JPEG2000", "PPM"])
async def test_real_pictures_of_other_kinds(tmp_path: Path, kind: str) -> None:
    """A real encoder's picture is named, too."""
    if kind == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow writes no AVIF")
    said = {"JPEG2000": "JPEG 2000"}.get(kind, kind)
    with pytest.raises(AssetError, match=f"is an? {said} (image|picture)"):
        await look_at_bytes(encoded(halves(), kind), tmp_path)


@pytest.mark.parametrize("major", [b"isom", b"qt  ", b"zzzz", b"MSNV", b"3gp4"])
def test_footage_by_any_brand(tmp_path: Path, major: bytes) -> None:
    """A film stays one by its boxes, whatever brand it carries, and whatever other brands it lists."""
    (tmp_path / "clip").write_bytes(brand(major, b"mif1", b"avif") + box(b"free") + box(b"moov") + box(b"meta"))
    assert content_of(tmp_path / "clip").kind == "video"


def test_footage_with_another_brand_written_in(tmp_path: Path) -> None:
    """Real footage whose brand nobody knows is footage."""
    made = make(tmp_path / "clip.mp4", frames=12)
    data = made.read_bytes()
    assert data[4:8] == b"ftyp"
    made.write_bytes(data[:8] + b"ABCD" + data[12:])
    assert content_of(made).kind == "video"


@pytest.mark.parametrize(
    ("head", "type_"),
    [
        (encoded(halves(), "PNG")[:64], FileType.PNG),
        (encoded(halves(), "JPEG")[:64], FileType.JPEG),
        (encoded(halves(), "WEBP")[:64], FileType.WEBP),
        (brand(b"isom") + box(b"moov"), FileType.MP4),
        (box(b"wide") + box(b"mdat"), FileType.QUICKTIME),
        (OTHERS["heic"][0], FileType.OTHER_PICTURE),
        (OTHERS["cr2"][0], FileType.RAW),
        (OTHERS["zip"][0], FileType.ZIP),
        (OTHERS["webm"][0], FileType.OTHER_VIDEO),
        (OTHERS["page"][0], FileType.PAGE),
        (b"no such thing", FileType.TEXT),
        (b"\x07\x91\x02\xfe" * 20, FileType.UNKNOWN),
        (b"", FileType.UNKNOWN),
    ],
    ids=lambda value: value.name if isinstance(value, FileType) else "",
)
def test_the_first_bytes_tell_the_type(tmp_path: Path, head: bytes, type_: FileType) -> None:
    """The first bytes of a file tell the same type as the whole file."""
    (tmp_path / "file").write_bytes(head)
    assert content_of(head).type is content_of(tmp_path / "file").type is type_


def test_files_are_told_apart_in_one_place() -> None:
    """No other module of the domain compares what a file begins with; one cuts metadata out of a file and writes it,
    and one has the formats of sounds, as libav must be told them."""
    begins = re.compile(r"ftyp|x89PNG|RIFF|WEBP\b.*==|xff.xd8.xff|GIF8|PK.0?[35]\b|b\"PK\"|#EXTM3U|II\*")
    root = Path(studio.__file__).parent
    found = {
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        if any(begins.search(line) for line in path.read_text("utf-8").splitlines() if 'b"' in line)
    }
    assert found == {"file_types.py", "media/sound_file.py", "assets/metadata.py"}


@given(
    st.binary(max_size=400),
    st.sampled_from([b"", b"II*\0", b"MM\0*", b"\0\0\0\x18ftyp", b"RIFF", b"<!--", b"\xff\xfe"]),
)
@settings(deadline=None)
def test_any_bytes_are_something(tmp_path_factory: pytest.TempPathFactory, data: bytes, head: bytes) -> None:
    """Whatever a file holds, looking at it ends, without an error."""
    file = tmp_path_factory.mktemp("any") / "file"
    file.write_bytes(head + data)
    found = content_of(file)
    assert found.kind is not None or found.hint


WIDTH = 80
#: By colour type of PNG: one pixel of 16-bit values, and the same in 8 bits.
DEEP = {
    0: ((0xC8FF,), (0xC8, 0xC8, 0xC8, 0xFF)),
    2: ((0xDC01, 0x14FE, 0x1480), (0xDC, 0x14, 0x14, 0xFF)),
    4: ((0xC8FF, 0x80FF), (0xC8, 0xC8, 0xC8, 0x80)),
    6: ((0xDC01, 0x14FE, 0x1480, 0x40AA), (0xDC, 0x14, 0x14, 0x40)),
}


@pytest.mark.parametrize("color", DEEP, ids=["grey", "RGB", "grey and alpha", "RGBA"])
async def test_sixteen_bits_become_eight(tmp_path: Path, color: int) -> None:
    """A PNG with 16 bits a colour is sent with 8, of the same colours and transparency, and that is noted."""
    deep, shallow = DEEP[color]
    row = b"".join(value.to_bytes(2, "big") for value in deep) * WIDTH
    image = await look_at_bytes(deep_png(color, [row] * WIDTH, WIDTH), tmp_path)
    assert image.notes == (EIGHT_BITS,)
    data = image.path.read_bytes()
    assert (data[:4], data[24]) == (b"\x89PNG", 8)
    with Image.open(io.BytesIO(data)) as sent:
        assert sent.convert("RGBA").getpixel((40, 40)) == shallow


@pytest.mark.parametrize(("color", "key"), [(0, b"\xc8\xff"), (2, b"\xdc\x01\x14\xfe\x14\x80")])
async def test_a_transparent_colour_of_sixteen_bits(tmp_path: Path, color: int, key: bytes) -> None:
    """The colour that is shown as transparent is still the transparent one in 8 bits."""
    rows = [key * 40 + bytes(len(key) * 40)] * WIDTH
    image = await look_at_bytes(deep_png(color, rows, WIDTH, key), tmp_path)
    with Image.open(image.path) as sent:
        shown = sent.convert("RGBA")
    assert [shown.getpixel((x, 40))[3] for x in (10, 70)] == [0, 255]  # type: ignore[index]


async def test_what_an_earlier_version_kept_of_a_deep_picture(tmp_path: Path) -> None:
    """A copy with 16 bits that was kept by an earlier version, bare of its metadata, is not what is sent now."""
    row = b"".join(value.to_bytes(2, "big") for value in DEEP[2][0]) * WIDTH
    data = deep_png(2, [row] * WIDTH, WIDTH)
    first = await look_at_bytes(data, tmp_path)
    old = first.path.with_name(f"{first.sha256}.png")
    old.write_bytes(data)
    old.with_name(f"{old.name}.sha256").write_text(first.sha256)
    assert (await look_at_bytes(data, tmp_path)).path.read_bytes()[24] == 8


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("share", [0.1, 0.6, 0.95])
async def test_a_picture_that_is_cut_short(tmp_path: Path, kind: str, share: float) -> None:
    """A download that was not finished is told as one, wherever it broke off."""
    noise = Image.effect_noise((300, 200), 90).convert("RGB")
    data = encoded(noise, kind)
    with pytest.raises(AssetError, match="is a damaged picture: it is cut short") as caught:
        await look_at_bytes(data[: int(len(data) * share)], tmp_path)
    assert "fetch it again" in caught.value.hint


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
async def test_a_photograph_whose_rest_is_zeros(tmp_path: Path, share: float) -> None:
    """A download whose room was kept and not filled is told as cut short: its lower part would be sent grey."""
    data = encoded(Image.effect_noise((300, 200), 90).convert("RGB"), "JPEG")
    whole = int(len(data) * share)
    with pytest.raises(AssetError, match="is a damaged picture: it is cut short") as caught:
        await look_at_bytes(data[:whole] + bytes(len(data) - whole), tmp_path)
    assert "fetch it again" in caught.value.hint


async def test_a_photograph_with_something_behind_its_end(tmp_path: Path) -> None:
    """A short film or padding behind a whole photograph does no harm to it."""
    data = encoded(Image.effect_noise((300, 200), 90).convert("RGB"), "JPEG")
    for behind in (bytes(100_000), b"\0\0\0\x18ftypmp42" + bytes(70_000)):
        assert (await look_at_bytes(data + behind, tmp_path)).media_type == "image/jpeg"
