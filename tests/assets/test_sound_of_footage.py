"""Footage whose sound cannot be decoded: it is taken without that sound, and the producer is told."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import httpx
import pytest

from studio.assets import SeedFootage
from studio.errors import AssetError
from studio.media.clip import examine
from studio.media.measure import measure
from tests.media.clips import ffmpeg
from tests.support.footage import two_sounds, whole
from tests.support.seeds import Source, look


def renamed(file: Path, old: bytes, new: bytes, number: int = 0) -> Path:
    """The same file, in which one track has another codec's name and set-up: of a phone that is newer than we are."""
    data = bytearray(file.read_bytes())
    place = -1
    for _ in range(number + 1):
        place = data.index(old, place + 1)
    data[place : place + 4] = new
    setup = data.index({b"mp4a": b"esds", b"avc1": b"avcC"}[old], place)
    data[setup : setup + 4] = b"zzzz"
    file.write_bytes(data)
    return file


async def looked_at(file: Path, folder: Path) -> SeedFootage:
    """The footage as it is measured and sent."""
    seed = await look(Source(path=str(file)), folder / "kept", footage=True)
    assert isinstance(seed, SeedFootage)
    assert seed.path is not None
    return seed


def sounds(file: Path) -> int:
    with av.open(str(file)) as container:
        return len(container.streams.audio)


async def test_the_only_sound_cannot_be_decoded(tmp_path: Path) -> None:
    """The picture is copied bit by bit into a file without sound; the note names the codec as the file does."""
    made = whole(tmp_path / "clip.mp4")
    before = examine(made)
    seed = await looked_at(renamed(made, b"mp4a", b"apac"), tmp_path)
    assert seed.notes == ("without its sound (codec apac), which cannot be decoded",)
    assert seed.path is not None
    after = examine(seed.path)
    assert (after.packets, after.frames, after.audio) == (before.packets, before.frames, "")
    assert (sounds(seed.path), seed.frames, seed.seconds) == (0, 48, Fraction(2))
    assert await looked_at(made, tmp_path) == seed


async def test_the_first_sound_cannot_be_decoded(tmp_path: Path) -> None:
    """The first track that decodes goes with the picture; the longer one that does not counts in no length."""
    made = two_sounds(tmp_path / "clip.mp4")  # the second track outlasts the picture
    ffmpeg("-i", made, "-map", "0:v", "-map", "0:a:1", "-map", "0:a:0", "-c", "copy", tmp_path / "turned.mp4")
    file = renamed(tmp_path / "turned.mp4", b"mp4a", b"ac-4")
    assert not measure(file).plain
    seed = await looked_at(file, tmp_path)
    told = "without its first sound track (codec ac-4), which cannot be decoded, and with track 2"
    assert seed.notes == (told,)
    assert seed.path is not None
    assert (sounds(seed.path), examine(seed.path).audio) == (1, "aac 44100 Hz mono")
    assert (seed.frames, measure(seed.path).plain) == (48, True)


async def test_a_sound_that_is_cut_anew(tmp_path: Path) -> None:
    """Footage that is cut anew takes the track that decodes, and none that does not."""
    made = two_sounds(tmp_path / "clip.mp4")
    seed = await looked_at(renamed(made, b"mp4a", b"apac"), tmp_path)
    assert seed.notes[0] == "cut to its picture, without what comes before or after it"
    assert "codec apac" in seed.notes[1]
    assert seed.path is not None
    assert (sounds(seed.path), measure(seed.path).plain) == (1, True)


async def test_a_damaged_sound(tmp_path: Path) -> None:
    """A known codec whose bytes are no sound is told in the same way."""
    made = whole(tmp_path / "clip.mp4")
    with av.open(str(made)) as container:
        spans = [(p.pos, p.size) for p in container.demux(container.streams.audio[0]) if p.size]
    data = bytearray(made.read_bytes())
    for place, size in spans:
        data[place : place + size] = b"\xff" * size
    made.write_bytes(data)
    seed = await looked_at(made, tmp_path)
    assert seed.notes == ("without its sound (codec mp4a), which cannot be decoded",)


async def test_footage_at_a_url_is_published_without_it(tmp_path: Path) -> None:
    """The file at the address has the sound in it, so the address is not what is sent."""
    data = renamed(whole(tmp_path / "clip.mp4"), b"mp4a", b"apac").read_bytes()
    seed = await look(
        Source(url="https://example.com/a.mp4"),
        tmp_path,
        footage=True,
        answer=lambda _: httpx.Response(200, content=data),
    )
    assert isinstance(seed, SeedFootage)
    assert seed.url is None


async def test_a_second_sound_that_cannot_be_decoded(tmp_path: Path) -> None:
    """Other tracks are not mentioned where the first one decodes."""
    made = two_sounds(tmp_path / "clip.mp4")
    seed = await looked_at(renamed(made, b"mp4a", b"apac", number=1), tmp_path)
    assert not [note for note in seed.notes if "apac" in note]


@pytest.mark.parametrize("name", [b"brxq", b"evc1"])
async def test_a_picture_that_cannot_be_decoded(tmp_path: Path, name: bytes) -> None:
    """The error says that it is the picture, and its codec, with the fix."""
    made = renamed(whole(tmp_path / "clip.mp4"), b"avc1", name, number=1)  # the first is a brand
    with pytest.raises(AssetError, match=f"its picture has the codec {name.decode()}") as caught:
        await looked_at(made, tmp_path)
    assert "H.264" in caught.value.hint
