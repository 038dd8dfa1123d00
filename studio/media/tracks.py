"""The tracks of an MP4 file, and the choice of a sound track that can be decoded here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av

from studio.media.boxes import SOUND, codecs_of
from studio.media.container import opened


@dataclass(frozen=True)
class Heard:
    """The sound track of a file that is kept.

    ``number``: of the first sound track that decodes, among the sound tracks; None where none does, or there is none.
    ``lost``: the codecs of the undecodable tracks before it, as the file names them (``apac``).
    """

    number: int | None
    lost: tuple[str, ...] = ()


def heard(path: Path) -> Heard:
    """Decode a file's sound tracks, one after another, until one is whole. Raises BadClip where there is no picture."""
    with opened(path) as (container, _):
        count = len(container.streams.audio)
    lost: list[str] = []
    for number in range(count):
        if _decodes(path, number):
            return Heard(number, tuple(lost))
        codecs = codecs_of(path, SOUND)
        lost.append(codecs[number] if number < len(codecs) else "unknown")
    return Heard(None, tuple(lost))


def _decodes(path: Path, number: int) -> bool:
    """True if every packet of a sound track can be decoded."""
    packets = frames = 0
    with opened(path) as (container, _):
        stream = container.streams.audio[number]
        if getattr(stream, "codec_context", None) is None:  # a codec that libav does not know
            return False
        try:
            for packet in container.demux(stream):
                if packet.is_corrupt:
                    return False
                packets += bool(packet.size)
                for frame in packet.decode():
                    if getattr(frame, "is_corrupt", False):
                        return False
                    frames += 1
        except av.error.FFmpegError:
            return False
    return bool(frames) or not packets
