"""The measures of a clip, and the clips that are refused."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.errors import BadClip
from studio.media import clip as clips
from studio.media.clip import Clip, digest, examine
from studio.media.ffmpeg import binary
from tests.media.clips import ffmpeg, make

Shelf = Callable[..., Clip]


def test_plain_clip_is_measured_exactly(plain: Clip) -> None:
    """Frames, rate, size and duration are whole or rational numbers, and nothing keeps the clip from being copied."""
    assert (plain.frames, plain.fps, plain.width, plain.height) == (24, Fraction(24), 320, 180)
    assert plain.duration == Fraction(1)
    assert plain.irregular == ""
    assert not plain.has_audio
    assert plain.sha256 == digest(plain.path)
    assert plain.bytes == plain.path.stat().st_size
    assert plain.form.codec == "h264"
    assert plain.form.time_base == Fraction(1, 12288)


@pytest.mark.parametrize(("rate", "fps"), [("30", Fraction(30)), ("30000/1001", Fraction(30000, 1001))])
def test_rates_are_rational(shelf: Shelf, rate: str, fps: Fraction) -> None:
    """A broadcast rate is 30000/1001, not 29.97."""
    clip = shelf(f"rate-{fps.numerator}", rate=rate, frames=10)
    assert clip.fps == clip.form.rate == fps
    assert clip.duration == 10 / fps


def test_same_settings_have_the_same_form(shelf: Shelf, plain: Clip) -> None:
    """Two clips of different pictures and lengths compare equal in form."""
    assert shelf("other", frames=36, look="hue=h=90").form == plain.form


@pytest.mark.parametrize(
    ("name", "how", "field"),
    [
        ("hevc", {"encode": ("-c:v", "libx265", "-x265-params", "log-level=none", "-tag:v", "hvc1")}, "codec"),
        ("ticks", {"options": ("-video_track_timescale", "90000")}, "time_base"),
        ("main", {"encode": ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-profile:v", "main")}, "profile"),
        ("wide", {"look": "setsar=4/3"}, "sample_aspect"),
        ("tagged", {"look": "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709"}, "colors"),
        ("full", {"look": "format=yuvj420p", "encode": ("-c:v", "libx264")}, "colors"),
        ("square", {"size": "180x180"}, "width"),
        ("slow", {"rate": "12"}, "rate"),
    ],
)
def test_every_difference_shows_in_the_form(shelf: Shelf, plain: Clip, name: str, how: dict, field: str) -> None:
    """Forms are unequal where stream copy would silently go wrong."""
    other = shelf(name, frames=6, **how)
    assert getattr(other.form, field) != getattr(plain.form, field)
    assert other.form != plain.form


def test_sound_is_told(shelf: Shelf) -> None:
    """A clip with sound says so, and in words of what kind."""
    clip = shelf("sound", sound=True)
    assert clip.has_audio
    assert clip.audio == "aac 44100 Hz mono"
    assert clip.frames == 24


def test_rotation_turns_width_and_height(plain: Clip, tmp_path: Path) -> None:
    """A clip that is to be shown turned has the size it is shown in, and is not fit for copying."""
    turned = tmp_path / "turned.mp4"
    ffmpeg("-display_rotation", "90", "-i", plain.path, "-c", "copy", turned)
    clip = examine(turned, frames_dir=tmp_path / "f")
    assert (clip.width, clip.height) == (180, 320)
    assert clip.irregular == "it is to be shown rotated"
    assert clip.first_frame is not None
    with Image.open(clip.first_frame) as image, Image.open(_first(plain, tmp_path)) as upright:
        assert image.size == (180, 320)
        shown, before = np.asarray(image, dtype=int), np.asarray(upright, dtype=int)
    player = subprocess.run(
        [binary(), "-v", "error", "-i", turned, "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
        capture_output=True,
        check=True,
    ).stdout
    assert abs(np.frombuffer(player, np.uint8).reshape(320, 180, 3).astype(int) - shown).mean() < 3
    assert abs(np.rot90(before, -1) - shown).mean() > 10 or abs(np.rot90(before) - shown).mean() > 10


def _first(clip: Clip, folder: Path) -> Path:
    found = examine(clip.path, frames_dir=folder / "upright").first_frame
    assert found is not None
    return found


def test_edit_list_is_told(plain: Clip, tmp_path: Path) -> None:
    """A cut by copy hides frames in an edit list: they are not counted, and the clip is not fit for copying."""
    long = make(tmp_path / "long.mp4", frames=48, options=("-g", "24", "-bf", "0"))
    cut = tmp_path / "cut.mp4"
    ffmpeg("-ss", "0.25", "-i", long, "-c", "copy", cut)
    clip = examine(cut)
    assert clip.frames == 42
    assert clip.irregular == "its edit list hides frames"


def test_uneven_frames_are_told(tmp_path: Path) -> None:
    """A clip of changing rate is not fit for copying; its duration is the sum of its frames' own."""
    path = make(
        tmp_path / "uneven.mp4", frames=24, look="select='not(mod(n,3))+gt(n,12)'", options=("-fps_mode", "vfr")
    )
    clip = examine(path)
    assert clip.irregular == "its frames are not evenly spaced"
    assert clip.duration == Fraction(1)


def test_first_and_last_frame_are_written(plain: Clip, tmp_path: Path) -> None:
    """With a folder, first and last frame lie there in full size and as thumbnails, and are the right ones."""
    clip = examine(plain.path, frames_dir=tmp_path / "frames")
    raw = subprocess.run(
        [binary(), "-v", "error", "-i", plain.path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
        capture_output=True,
        check=True,
    ).stdout
    truth = np.frombuffer(raw, np.uint8).reshape(24, 180, 320, 3).astype(int)
    for png, thumb, frame in ((clip.first_frame, clip.first_thumb, 0), (clip.last_frame, clip.last_thumb, 23)):
        assert png is not None
        assert thumb is not None
        with Image.open(png) as image, Image.open(thumb) as small:
            assert image.size == (320, 180)
            assert small.format == "JPEG"
            shown = np.asarray(image, dtype=int)
        errors = [abs(shown - truth[n]).mean() for n in range(24)]
        assert errors.index(min(errors)) == frame
        assert min(errors) < 3
    with Image.open(tmp_path / "frames" / "middle.jpg") as small:
        middle = np.asarray(small.convert("RGB").resize((320, 180)), dtype=int)
    errors = [abs(middle - truth[n]).mean() for n in range(24)]
    assert errors.index(min(errors)) == 12
    assert sorted(p.name for p in (tmp_path / "frames").iterdir()) == [
        "first.jpg", "first.png", "last.jpg", "last.png", "middle.jpg",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("size", "tags"),
    [("320x180", "bt709"), ("320x180", "unknown"), ("1280x720", "unknown"), ("1280x720", "smpte170m")],
)
def test_colors_of_pictures_are_true(tmp_path: Path, size: str, tags: str) -> None:
    """Red comes out as red: by the clip's own matrix, and where it names none by the one players would take."""
    matrix = {"bt709": "bt709", "smpte170m": "bt601"}.get(tags) or ("bt709" if size == "1280x720" else "bt601")
    path = make(
        tmp_path / "red.mp4",
        frames=2,
        source=f"color=red:s={size}:r=24,format=rgb24",
        look=f"scale=out_color_matrix={matrix}:out_range=tv,format=yuv420p,setparams=colorspace={tags}:range=unknown",
        options=("-crf", "4"),
    )
    clip = examine(path, frames_dir=tmp_path)
    assert clip.first_frame is not None
    with Image.open(clip.first_frame) as image:
        red, green, blue = image.getpixel((100, 100))  # type: ignore[misc]
    assert red > 250
    assert green < 5
    assert blue < 5


def test_bit_flips_are_caught(shelf: Shelf, copy_of: Callable[[Clip], Path]) -> None:
    """Of ten clips with a few flipped bytes inside the pictures, nearly all are refused by the full decode."""
    clip = shelf("noisy", frames=24, look="noise=alls=20:allf=t", options=("-crf", "20"))
    path = copy_of(clip)
    good = path.read_bytes()
    chance = random.Random(7)
    caught = 0
    for _ in range(10):
        data = bytearray(good)
        for _ in range(4):
            data[chance.randrange(len(data) // 4, len(data))] ^= 0x55
        path.write_bytes(data)
        try:
            examine(path)
        except BadClip:
            caught += 1
    assert caught >= 9


def test_lying_index_is_caught(plain: Clip, copy_of: Callable[[Clip], Path]) -> None:
    """A file whose boxes add up, but whose media data is empty, is refused."""
    path = copy_of(plain)
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat") + 4
    data[start:] = bytes(len(data) - start)
    path.write_bytes(data)
    with pytest.raises(BadClip):
        examine(path)


def test_playlist_in_the_clothes_of_a_clip_opens_nothing(tmp_path: Path, plain: Clip) -> None:
    """A playlist with the name of a clip is refused, and the local file it names is not read."""
    path = tmp_path / "clip.mp4"
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{plain.path}\n#EXT-X-ENDLIST\n")
    with pytest.raises(BadClip, match="playlist"):
        examine(path)


def test_huge_pictures_are_refused(tmp_path: Path) -> None:
    """A small file of enormous pictures is refused before it takes the memory."""
    path = make(tmp_path / "huge.mp4", frames=1, source="color=black:s=9000x6000:r=24")
    assert path.stat().st_size < 500_000
    with pytest.raises(BadClip, match=r"9000x6000|cannot be decoded"):
        examine(path)


def test_sound_alone_is_no_clip(tmp_path: Path) -> None:
    """A file without a picture is refused."""
    path = tmp_path / "sound.mp4"
    ffmpeg("-f", "lavfi", "-i", "sine=d=0.2", "-c:a", "aac", path)
    with pytest.raises(BadClip, match="no picture"):
        examine(path)


def test_caps_on_frames_and_bytes(plain: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clip of more frames or bytes than any service sells is refused."""
    monkeypatch.setattr(clips, "MAX_FRAMES", 23)
    with pytest.raises(BadClip, match="more than 23 frames"):
        examine(plain.path)
    monkeypatch.setattr(clips, "MAX_BYTES", 100)
    with pytest.raises(BadClip, match="more than 100"):
        examine(plain.path)
