"""Sound files of the producer's: any that hold a sound, measured once by their content.

The format is told by the file's first bytes and forced: no list, no address and no other file is ever opened.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from studio.errors import AssetError
from studio.sound_types import HEAD, format_of
from studio.storage.kept import Kept

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer

VERSION = 1  # of measuring
MOST_BYTES = 2 << 30
MOST_SECONDS = 6 * 3600
EXPORT = "export it as WAV, FLAC or MP3"
AGAIN = "fetch it or export it again"


@dataclass(frozen=True)
class SoundFile:
    """A sound file, measured: its ``format`` as ffmpeg names it, and the ``seconds`` of its first sound track.

    ``rate`` is in samples a second, ``codec`` as libav names it.
    """

    path: Path
    sha256: str
    format: str
    seconds: Fraction
    rate: int
    channels: int
    codec: str


def sound_file(path: Path, kept: Kept, *, where: str = "") -> SoundFile:
    """Decode the first sound track of a file to its end, once for its content. Raises AssetError.

    ``where`` is its place in the production.
    """
    try:
        size = path.stat().st_size
        sha256 = kept.digests.of(path)
    except OSError as error:
        hint = "put it back, or name another"
        raise AssetError(f"{path.name} cannot be read: {error.strerror}", where=where, hint=hint) from None
    if size > MOST_BYTES:
        raise AssetError(f"{path.name} is larger than 2 GiB", where=where, hint="export it as FLAC or MP3")

    def measure() -> bytes:
        found = asdict(_measured(path, where))
        return json.dumps(
            {name: str(value) for name, value in found.items() if name not in ("path", "sha256")}
        ).encode()

    told = json.loads(kept.once("sound-files", (VERSION, sha256), measure))
    return SoundFile(
        path, sha256, told["format"], Fraction(told["seconds"]), int(told["rate"]), int(told["channels"]), told["codec"]
    )


def _measured(path: Path, where: str) -> SoundFile:
    with path.open("rb") as file:
        head = file.read(HEAD)
    if not head:
        raise AssetError(f"{path.name} is empty", where=where, hint=AGAIN)
    format_ = format_of(head)
    if not format_:
        raise AssetError(f"{path.name} is no sound file that is known here", where=where, hint=EXPORT)
    with _opened(path, format_, where) as (container, stream):
        rate, channels, codec = stream.rate, stream.channels, stream.codec_context.name
        samples, most = 0, MOST_SECONDS * stream.rate
        first: Fraction | None = None
        for packet in container.demux(stream):
            for frame in packet.decode():
                if first is None and frame.pts is not None and frame.time_base is not None:
                    first = frame.pts * frame.time_base
                samples += frame.samples
                rate = frame.sample_rate
            if samples > most:
                raise AssetError(f"{path.name} lasts longer than 6 hours", where=where, hint="cut it")
        told = stream.duration
        whole = None if told is None or stream.time_base is None else told * stream.time_base
    if not samples:
        raise AssetError(f"{path.name} has a sound track with nothing in it", where=where, hint=AGAIN)
    seconds = Fraction(samples, rate)
    if whole is not None and whole - seconds > max(Fraction(1, 2), whole / 50):
        told_ = f"{path.name} ends after {float(seconds):.1f} s of the {float(whole):.1f} s that it says it has"
        raise AssetError(told_, where=where, hint=AGAIN)
    return SoundFile(path, "", format_, seconds, rate, channels, codec)


@contextmanager
def _opened(path: Path, format_: str, where: str) -> Iterator[tuple[InputContainer, AudioStream]]:
    import av

    try:
        with av.open(str(path.absolute()), format=format_, options={"protocol_whitelist": "file"}) as container:
            sounds = container.streams.audio
            if not sounds:
                raise AssetError(f"{path.name} has no sound in it", where=where, hint="name a file that has one")
            if getattr(sounds[0], "codec_context", None) is None:
                raise AssetError(f"{path.name} has a sound that cannot be decoded here", where=where, hint=EXPORT)
            yield container, sounds[0]
    except av.error.FFmpegError as error:
        told = f"{path.name} cannot be decoded ({error.strerror})"
        raise AssetError(told, where=where, hint=f"{AGAIN}, or {EXPORT}") from None
