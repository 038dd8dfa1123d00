"""Finished clips that are no footage: a message on what the film shows, not on what a service reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.errors import ProductionError
from studio.production import load_production

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 24


@pytest.mark.parametrize(
    ("content", "told", "hint"),
    [
        (PNG, "'own.mp4' is an image, not a video", ""),
        (b"RIFF\0\0\0\0AVI LIST", "'own.mp4' is an AVI video, and a finished", "convert it to MP4 or MOV"),
        (b"RIFF\0\0\0\0WAVEfmt ", "'own.mp4' is a WAV sound file, and a finished", "name an MP4 or MOV file"),
        (b"hello world", "'own.mp4' is no footage, and a finished", "name an MP4 or MOV file"),
    ],
    ids=["image", "AVI", "sound", "text"],
)
def test_a_file_that_is_no_footage(tmp_path: Path, content: bytes, told: str, hint: str) -> None:
    """It is called what it is, and the remedy is for a clip."""
    (tmp_path / "own.mp4").write_bytes(content)
    file = tmp_path / "film.yaml"
    file.write_text("title: Own\nscenes:\n  - {id: a, clip: own.mp4}\n")
    with pytest.raises(ProductionError) as refused:
        load_production(file)
    (problem,) = refused.value.problems
    assert told in problem.message
    assert problem.hint == hint
