"""Sound files: told by content, decoded to the end, kept by digest."""

from __future__ import annotations

import importlib.metadata
import subprocess
import wave
from fractions import Fraction
from pathlib import Path

import pytest

from studio.errors import AssetError
from studio.media import ffmpeg
from studio.media.sound_file import KIND, sound_file
from studio.storage.kept import Kept


def tone(path: Path, *options: str, seconds: int = 3) -> Path:
    """A file with a tone, written by ffmpeg in the format of its name."""
    source = ["-f", "lavfi", "-i", f"sine=frequency=440:sample_rate=44100:duration={seconds}"]
    subprocess.run([ffmpeg.binary(), "-v", "error", "-y", *source, *options, str(path)], check=True, timeout=60)
    return path


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path / "kept")


@pytest.mark.parametrize(
    ("name", "options", "codec", "form"),
    [
        ("a.wav", [], "pcm_s16le", "wav"),
        ("a.flac", [], "flac", "flac"),
        ("a.mp3", [], "mp3float", "mp3"),
        ("a.m4a", [], "aac", "mp4"),
        ("a.aac", [], "aac", "aac"),
        ("a.ogg", ["-c:a", "libvorbis"], "vorbis", "ogg"),
        ("a.opus", ["-c:a", "libopus"], "opus", "ogg"),
        ("a.aiff", [], "pcm_s16be", "aiff"),
        ("a.mkv", ["-c:a", "flac"], "flac", "matroska"),
        ("a.mov", ["-c:a", "pcm_s24le"], "pcm_s24le", "mp4"),
    ],
)
def test_every_usual_format(
    name: str, options: list[str], codec: str, form: str, tmp_path: Path, kept: Kept
) -> None:  # fmt: skip
    """The name of a file plays no part: its first bytes tell the format, and its sound the seconds."""
    path = tone(tmp_path / name, *options).rename(tmp_path / "sound.txt")
    found = sound_file(path, kept)
    assert (found.form, found.channels, found.track) == (form, 1, 0)
    assert found.codec.removesuffix("float") == codec.removesuffix("float")
    assert abs(found.seconds - 3) < Fraction(1, 10)
    assert found.rate == (48000 if codec == "opus" else 44100)


def test_the_sound_of_a_film(tmp_path: Path, kept: Kept) -> None:
    """Of an MP4 with a picture, the sound is read; the picture is not decoded."""
    path = tone(tmp_path / "film.mp4", "-f", "lavfi", "-i", "color=size=320x240:rate=24:duration=3")
    assert abs(sound_file(path, kept).seconds - 3) < Fraction(1, 10)


def test_it_is_decoded_once(tmp_path: Path, kept: Kept) -> None:
    """A file of the same content is known by its digest, wherever it lies."""
    path = tone(tmp_path / "a.wav")
    first = sound_file(path, kept)
    made_from = (first.sha256, importlib.metadata.version("av"))
    stored = kept.get(KIND, made_from)
    assert stored is not None
    kept.put(KIND, made_from, stored.replace(b'"pcm_s16le"', b'"kept"'))
    other = path.rename(tmp_path / "b.wav")
    again = sound_file(other, kept)
    assert (again.codec, again.path, again.seconds) == ("kept", other, first.seconds)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"Some words of a script.\n", "is text"),
        (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "is a playlist"),
        (b"<!doctype html><html></html>", "is a web page"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "is a picture"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "is cut off"),
        (b"ID3\x04\0\0\0\0\0\0", "is damaged"),
        (bytes(5000), "is nothing but zeros"),
        (b"\x83\x91" * 3000, "is no sound file"),
    ],
)
def test_what_is_no_sound(content: bytes, message: str, tmp_path: Path, kept: Kept) -> None:
    """One line says what it is, where it is written, and what to do."""
    path = tmp_path / "music.mp3"
    path.write_bytes(content)
    with pytest.raises(AssetError) as caught:
        sound_file(path, kept, where="scene 'dusk', field 'music'")
    assert message in caught.value.message
    assert caught.value.message.startswith("music.mp3 ")
    assert caught.value.where == "scene 'dusk', field 'music'"
    assert caught.value.hint


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.mp3", "a.m4a", "a.aiff"])
def test_a_cut_file(name: str, tmp_path: Path, kept: Kept) -> None:
    """A file of which the end is missing is not used."""
    path = tone(tmp_path / name)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(AssetError, match=r"cut off|damaged"):
        sound_file(path, kept)


def test_no_sound_in_it(tmp_path: Path, kept: Kept) -> None:
    """A film without sound, a folder, and a file that is not there are told apart."""
    silent = tone(tmp_path / "a.mp4", "-f", "lavfi", "-i", "color=size=64x64:duration=1", "-map", "1:v")
    for path, message in ((silent, "has no sound"), (tmp_path, "is no file"), (tmp_path / "b", "is not there")):
        with pytest.raises(AssetError, match=message):
            sound_file(path, kept)


def test_the_limits(tmp_path: Path, kept: Kept) -> None:
    """More than 2 GiB is refused unread, and so are more than 6 hours."""
    big = tmp_path / "big.wav"
    with big.open("wb") as file:
        file.truncate((2 << 30) + 1)
    with pytest.raises(AssetError, match="2 GiB are the most"):
        sound_file(big, kept)
    long = tmp_path / "long.wav"
    with wave.open(str(long), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(1000)
        sound.writeframes(bytes(1000 * (6 * 3600 + 1)))
    with pytest.raises(AssetError, match="longer than 6 hours"):
        sound_file(long, kept)
