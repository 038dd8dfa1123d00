"""Finished films for tests of deliveries: small, with the colour tags that films have, and measured."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from studio.atomic import digest
from studio.delivery.making import Finished
from studio.media.extras import Mark, TextTrack, add_extras
from tests.media.clips import H264, make

BT709 = "range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
PQ = "range=tv:color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc"

GERMAN = "00:00.250 --> 00:01.000\nLicht\nan\n\n00:01.250 --> 00:02.000\nAus\n"


def film(
    path: Path, *, frames: int = 36, size: str = "320x180", sound: bool = True, tags: str = BT709,
    encode: tuple[str, ...] = H264, look: str = "null",
) -> Finished:  # fmt: skip
    """A film of a moving test picture, with a tone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = encode[encode.index("-pix_fmt") + 1]
    look = f"{look},format={pixels},setparams={tags}"
    make(path, frames=frames, size=size, sound=sound, encode=encode, look=look)
    return Finished(path, digest(path), frames, Fraction(24))


def with_captions(made: Finished, *, cues: str = GERMAN) -> Finished:
    """The film with German captions, two chapters and a title in its file."""
    words = made.path.with_suffix(".vtt")
    words.write_text(f"WEBVTT\n\n{cues}", encoding="utf-8")
    marks = [Mark("eins", 0, 30), Mark("zwei", 30, made.frames)]
    add_extras(made.path, made.fps, tracks=[TextTrack(words, "deu", "Deutsch")], marks=marks, title="A Film")
    return replace(made, sha256=digest(made.path))
