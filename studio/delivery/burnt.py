"""Captions drawn into the pictures of a delivery: the first soft track of the film, as one input laid over it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg as build

from studio.captions.letters import plain
from studio.captions.values import Cue
from studio.delivery.values import Master
from studio.errors import MediaError
from studio.lettering.captions import draw_caption, strip_of
from studio.lettering.fonts import Fonts, cannot_be_set
from studio.lettering.letters import BadFont
from studio.lettering.setting import Frame
from studio.media.container import opened
from studio.media.encoding import rate_text


def captions_in(path: Path, fps: Fraction) -> tuple[Cue, ...]:
    """The cues of a film's first soft track, in frames of the film; none where it has no track. Raises BadClip."""
    found = []
    with opened(path) as (container, _):
        for track in container.streams.subtitles[:1]:
            tick = track.time_base or Fraction(1, 1000)
            for packet in container.demux(track):
                data = bytes(packet)
                text = data[2 : 2 + int.from_bytes(data[:2], "big")].decode("utf-8", "replace")
                lines = tuple(line for line in map(plain, text.splitlines()) if line)
                if lines:
                    start, lasts = (packet.pts or 0) * tick, (packet.duration or 0) * tick
                    at = round(start * fps)
                    found.append(Cue(at, max(1, round((start + lasts) * fps) - at), lines, ""))
    return tuple(found)


def overlay(master: Master, folder: Path, named: Sequence[Path] = ()) -> tuple[Any, int]:
    """The input that has the film's captions as pictures, and the place of their top. Pictures go to ``folder``.

    They are set in the fonts ``named``, Pillow's own, and those of the system for letters that these do not have.
    Raises MediaError for a film without captions, and for letters that no font here has.
    """
    cues = captions_in(master.path, master.fps)
    if not cues:
        raise MediaError(
            "the film has no captions", hint="give its scenes words, or ask for the same form without captions"
        )
    texts = ["\n".join(cue.lines) for cue in cues]
    try:
        fonts = Fonts.of(named).with_system(texts)
    except (OSError, BadFont) as error:
        raise MediaError(
            f"a font of its captions cannot be read ({error})", hint="put it back, and run again"
        ) from None
    for text in texts:
        wrong, hint = cannot_be_set(text, fonts)
        if wrong:
            raise MediaError(f"the caption '{text.splitlines()[0][:40]}' cannot be drawn: it {_told(wrong)}", hint=hint)
    frame = Frame(master.width, master.height)
    listed = _listed(cues, master, frame, fonts, folder)
    top, _ = strip_of(frame)
    # not safe: the list sets the rate of the pictures; it and they are ours
    return build.input(f"file:{listed.absolute()}", f="concat", safe=0, protocol_whitelist="file"), top


def _told(wrong: str) -> str:
    return wrong if wrong.startswith("has ") else f"cannot be set: {wrong}"


def _listed(cues: Sequence[Cue], master: Master, frame: Frame, fonts: Fonts, folder: Path) -> Path:
    """Draw each cue, and write the list of the pictures with their lengths (ffconcat)."""
    shown, at = list[tuple[tuple[str, ...], int]](), 0
    for cue in cues:
        start = max(cue.start, at)
        if start > at:
            shown.append(((), start - at))
        if cue.end > start:
            shown.append((cue.lines, cue.end - start))
        at = max(at, cue.end)
    shown.append(((), max(1, master.frames - at)))
    lines, drawn = ["ffconcat version 1.0"], dict[tuple[str, ...], str]()
    for said, frames in shown:
        if said not in drawn:
            drawn[said] = f"{len(drawn):05d}.png"
            draw_caption(said, frame, fonts).save(folder / drawn[said], "PNG", compress_level=1)
        lines += [f"file {drawn[said]}", f"option framerate {rate_text(master.fps)}"]
        lines.append(f"duration {float(frames / master.fps):.6f}")
    listed = folder / "captions.ffconcat"
    listed.write_text("\n".join(lines) + "\n")
    return listed
