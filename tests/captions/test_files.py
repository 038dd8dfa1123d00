"""Files of captions: SRT and VTT, read again by pysubs2."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pysubs2
import pytest

from studio.captions.files import milliseconds, srt, vtt, write_captions
from studio.captions.values import Cue
from studio.errors import CannotWrite

FPS = Fraction(24)
CUES = (Cue(1, 30, ("A < B & C", "second line"), "a"), Cue(33, 40, ("<i>so</i> --> (x)",), "b"))


def test_both_files_have_the_times_of_the_frames(tmp_path: Path) -> None:
    paths = write_captions(CUES, FPS, "en", tmp_path)
    assert [path.name for path in paths] == ["film.en.srt", "film.en.vtt"]
    for path in paths:
        events = pysubs2.load(str(path)).events
        assert [(e.start, e.end) for e in events] == [(42, 1292), (1375, 3042)]


def test_srt_has_no_tags_and_no_arrow() -> None:
    assert srt(CUES, FPS) == (
        "1\n00:00:00,042 --> 00:00:01,292\nA < B & C\nsecond line\n\n"
        "2\n00:00:01,375 --> 00:00:03,042\n‹i›so‹/i› → (x)\n\n"
    )


def test_vtt_escapes_what_it_reads_as_tags() -> None:
    text = vtt(CUES, FPS)
    assert text.startswith("WEBVTT\n\n")
    assert "A &lt; B &amp; C\nsecond line\n" in text
    assert "&lt;i&gt;so&lt;/i&gt; --&gt; (x)" in text


def test_files_are_utf_8_with_line_feeds(tmp_path: Path) -> None:
    path, _ = write_captions([Cue(0, 24, ("猫である。", "é"), "a")], FPS, "ja", tmp_path)
    assert "猫である。\né\n".encode() in path.read_bytes()


def test_no_cues_are_files_without_any() -> None:
    assert vtt((), FPS).strip() == "WEBVTT"
    assert srt((), FPS) == ""


def test_a_folder_that_cannot_be_made_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotWrite, match="the captions cannot be written"):
        write_captions(CUES, FPS, "en", tmp_path / "file")


def test_frames_at_other_rates_are_rounded_once() -> None:
    assert [milliseconds(n, Fraction(30000, 1001)) for n in (0, 1, 30)] == [0, 33, 1001]
