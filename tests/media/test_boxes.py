"""The box walk tells whole files from parts and pages."""

from collections.abc import Callable
from pathlib import Path

import pytest

from studio.errors import BadClip
from studio.media.clip import Clip, check_boxes
from tests.media.clips import ffmpeg, make


def test_whole_files_pass(plain: Clip, tmp_path: Path) -> None:
    """Index first, index last and fragments are all MP4."""
    check_boxes(plain.path)
    last = tmp_path / "last.mp4"
    ffmpeg("-i", plain.path, "-c", "copy", last)
    check_boxes(last)
    parts = make(tmp_path / "parts.mp4", frames=30, options=("-g", "10"))
    fragmented = tmp_path / "fragments.mp4"
    ffmpeg("-i", parts, "-c", "copy", "-movflags", "frag_keyframe+empty_moov", fragmented)
    check_boxes(fragmented)


@pytest.mark.parametrize("keep", [1, 7, 8, 20, 40, 200, 0.5, 0.9, 0.999])
def test_every_truncation_is_caught(plain: Clip, copy_of: Callable[[Clip], Path], keep: float) -> None:
    """However much of the end is missing, the file is refused."""
    path = copy_of(plain)
    data = path.read_bytes()
    path.write_bytes(data[: int(keep if keep >= 1 else len(data) * keep)])
    with pytest.raises(BadClip):
        check_boxes(path)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "a web page"),
        (b'\n <?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "XML"),
        (b'{"detail": "expired"}', "JSON"),
        (b"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1,\nfile:///etc/passwd\n", "playlist"),
        (b"\x1aE\xdf\xa3" + b"\0" * 60, "WebM"),
        (b"\0" * 100, "nothing but zeros"),
        (b"Sign in to go on", "not an MP4"),
        (b"\0\0\0\x08wide\0\0\0\x08mdat", "QuickTime"),
        (b"\0\0\0\x10ftypisom\0\0\0\0", "no index"),
        (b"\0\0\0\x10ftypisom\0\0\0\0\0\0\0\x04moov", "damaged"),
    ],
)
def test_other_files_are_told_by_name(tmp_path: Path, data: bytes, said: str) -> None:
    """The error says what the file is, and names its path."""
    path = tmp_path / "x.mp4"
    path.write_bytes(data)
    with pytest.raises(BadClip, match=said) as caught:
        check_boxes(path)
    assert caught.value.path == str(path)


def test_media_data_may_reach_to_the_end(tmp_path: Path) -> None:
    """A last `mdat` of length 0 is allowed by the standard: it ends where the file ends."""
    path = tmp_path / "x.mp4"
    path.write_bytes(b"\0\0\0\x10ftypisom\0\0\0\0\0\0\0\x08moov\0\0\0\0mdat1234")
    check_boxes(path)


def test_missing_file_is_a_bad_clip(tmp_path: Path) -> None:
    """A file that is not there is told like any other bad one."""
    with pytest.raises(BadClip, match="cannot be read"):
        check_boxes(tmp_path / "none.mp4")
