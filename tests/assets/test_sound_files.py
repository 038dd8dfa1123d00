"""Sound files of the producer's: every common form, measured once, and files that are none."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from studio.assets.sound_files import sound_file
from studio.errors import AssetError
from studio.sound_types import format_of
from studio.storage.kept import Kept
from tests.media.clips import ffmpeg

WHERE = "field 'film.music'"
FORMS = {
    "wav": ("-c:a", "pcm_s16le"), "aiff": ("-c:a", "pcm_s16be"), "flac": ("-c:a", "flac"),
    "mp3": ("-c:a", "libmp3lame"), "m4a": ("-c:a", "aac"), "ogg": ("-c:a", "libvorbis"),
    "opus": ("-c:a", "libopus"), "aac": ("-c:a", "aac"),
    "mka": ("-c:a", "flac"), "caf": ("-c:a", "pcm_s16be"), "w64.wav": ("-c:a", "pcm_s24le", "-rf64", "always"),
}  # fmt: skip


def made(path: Path, *options: str, seconds: float = 2, source: str = "sine=440:sample_rate=44100") -> Path:
    ffmpeg("-f", "lavfi", "-i", f"{source}:duration={seconds}", "-ac", "2", *options, path)
    return path


@pytest.mark.parametrize("ending", FORMS)
def test_every_common_form_is_read(ending: str, tmp_path: Path) -> None:
    """By what it is, under any name: its seconds are those of its samples."""
    path = made(tmp_path / f"tone.{ending}", *FORMS[ending]).rename(tmp_path / "sound.bin")

    found = sound_file(path, Kept())

    assert found.channels == 2
    assert abs(found.seconds - 2) < Fraction(1, 10)  # MP3 and AAC fill their last frame
    if ending in ("wav", "aiff", "flac", "w64.wav"):
        assert (found.seconds, found.rate) == (2, 44100)


def test_the_sound_of_a_film_is_read(tmp_path: Path) -> None:
    """Its pictures are not decoded."""
    path = tmp_path / "film.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=d=2:s=64x64", "-f", "lavfi", "-i", "sine=440:duration=2", "-c:a", "aac", path)
    assert sound_file(path, Kept()).format == "mp4"


def test_it_is_decoded_once(tmp_path: Path) -> None:
    """A plan that is made again reads what was measured; another content is measured anew."""
    kept, path = Kept(tmp_path / "kept"), made(tmp_path / "tone.wav")
    first = sound_file(path, kept)
    (value,) = (tmp_path / "kept" / "sound-files").rglob("??????*")
    checksum_and_value = value.read_bytes()

    assert sound_file(path, kept) == first
    assert value.read_bytes() == checksum_and_value
    made(path, seconds=3)
    assert sound_file(path, kept).seconds == 3


def test_files_that_are_no_sounds(tmp_path: Path) -> None:
    """Each is one error with its place and what to do; a list of addresses is not followed."""
    cases = {
        "notes.txt": (b"Night falls.", "is no sound file that is known here"),
        "empty.wav": (b"", "is empty"),
        "list.m3u8": (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "is no sound file that is known here"),
        "page.mp3": (b"<!doctype html><html>", "is no sound file that is known here"),
        "cut.flac": (b"fLaC" + bytes(200), "cannot be decoded"),
        "none.wav": (b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x44\xac\0\0\x88X\1\0\2\0\x10\0data\0\0\0\0",
                     "has a sound track with nothing in it"),
    }  # fmt: skip
    for name, (data, told) in cases.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(AssetError) as refused:
            sound_file(tmp_path / name, Kept(), where=WHERE)
        assert told in refused.value.message
        assert refused.value.where == WHERE
        assert refused.value.hint
    with pytest.raises(AssetError, match="cannot be read: No such file"):
        sound_file(tmp_path / "gone.wav", Kept())


def test_a_film_without_sound(tmp_path: Path) -> None:
    """It has none to lay under another."""
    ffmpeg("-f", "lavfi", "-i", "testsrc2=d=1:s=64x64", tmp_path / "mute.mp4")
    with pytest.raises(AssetError, match=r"mute\.mp4 has no sound in it"):
        sound_file(tmp_path / "mute.mp4", Kept())


def test_a_file_that_was_cut_off(tmp_path: Path) -> None:
    """What its head promises, and its end does not have, is told with both lengths."""
    whole = made(tmp_path / "tone.m4a", "-c:a", "aac", "-movflags", "+faststart", seconds=20)
    cut = tmp_path / "cut.m4a"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(AssetError, match=r"ends after \d+\.\d s of the 20\.\d s|cannot be decoded"):
        sound_file(cut, Kept())


def test_formats_by_their_first_bytes() -> None:
    """A picture or a text is no sound, whatever its name."""
    assert format_of(b"\x89PNG\r\n\x1a\n") == format_of(b"RIFF\0\0\0\0WEBP") == format_of(b"plain text") == ""
    assert (format_of(b"\xff\xfb\x90\x64"), format_of(b"\xff\xf1\x50\x80")) == ("mp3", "aac")
