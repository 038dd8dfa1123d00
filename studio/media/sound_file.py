"""Sound files that a producer names: told by content, wholly decoded once, and kept by digest.

The format is forced by the file's first bytes, never guessed by name: a playlist opens nothing else. No picture is
decoded. libav is loaded only where a file has to be decoded.
"""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from studio.digests import Digests
from studio.errors import AssetError
from studio.file_types import FileType, content_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_BYTES = 2 << 30
MOST_SECONDS = 6 * 3600
MOST_CHANNELS = 32
BAD_PACKETS = 3  # of an MP3 or AAC file: tags between the sound are no damage
SHORT = Fraction(1, 2)  # seconds that a whole file may lack of the length that it states
HEAD = 4096
EXPORT = "export it as WAV, FLAC, MP3 or M4A"
AGAIN = "copy or export it again"
LONG = "is longer than 6 hours"
KIND = "sound file"


class Keeping(Protocol):
    """A store of values by what they were made from, and of the digests of files (``studio.storage.kept.Kept``)."""

    @property
    def digests(self) -> Digests: ...

    def once(self, kind: str, made_from: Sequence[str | int | None], make: Callable[[], bytes], /) -> bytes: ...


@dataclass(frozen=True)
class SoundFile:
    """A file with sound. ``seconds``: of its first sound track that decodes, which is number ``track`` of them.

    ``form``: the format that libav and ffmpeg are to open it with (``wav``, ``mp4``, …).
    """

    path: Path
    sha256: str
    seconds: Fraction
    rate: int
    channels: int
    codec: str
    track: int = 0
    form: str = "wav"


class _Unfit(Exception):
    """The fault of a file, in words that follow its name, and what to do about it."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def sound_file(path: Path, kept: Keeping, *, where: str = "") -> SoundFile:
    """The sound of a file, decoded from beginning to end; kept by content, so that it is decoded once.

    ``where`` names scene and field. Raises AssetError for a file without sound, for one that is damaged, too long or
    too big, and for what is no sound file.
    """
    try:
        if not path.exists():
            raise _Unfit("is not there", "correct its name, which counts from the production's folder")
        if not path.is_file():
            raise _Unfit("is no file", "name a sound file")
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise _Unfit(f"has {size / 2**30:.1f} GiB, and 2 GiB are the most", "cut it, or export it as FLAC or MP3")
        sha256 = kept.digests.of(path)
        made_from = (sha256, importlib.metadata.version("av"))
        found = json.loads(kept.once(KIND, made_from, lambda: _stored(_read(path, sha256))))
    except _Unfit as unfit:
        raise AssetError(f"{path.name} {unfit}", where=where or str(path), hint=unfit.hint) from None
    except OSError as error:
        told = error.strerror or type(error).__name__
        raise AssetError(
            f"{path.name} cannot be read: {told}", where=where or str(path), hint="see that it can be read"
        ) from None
    return SoundFile(**{**found, "path": path, "seconds": Fraction(found["seconds"])})


def form_of(path: Path) -> str:
    """The format of a sound file as libav names it, by the file's first bytes; empty for what is none. Raises
    OSError."""
    with path.open("rb") as file:
        head = file.read(HEAD)
        if head[:3] == b"ID3":
            file.seek(_tag(head))
            found = _form(file.read(HEAD))
            return found if found in ("flac", "aac", "mp3") else "mp3"
    return _form(head)


def samples_of(path: Path, rate: int, *, most: int) -> NDArray[np.int16]:
    """The sound of a WAV file as one channel of 16 bit at ``rate``; at most ``most`` samples of it.

    Raises ValueError, in words that follow the file's name, where it is no WAV file or cannot be decoded.
    """
    import av
    import numpy as np

    if form_of(path) != "wav":
        raise ValueError("is no WAV file")
    pieces: list[NDArray[np.int16]] = []
    count = 0
    try:
        with av.open(str(path.absolute()), format="wav") as container:
            if not container.streams.audio:
                raise ValueError("has no sound")
            resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)
            frames = (made for frame in container.decode(audio=0) for made in resampler.resample(frame))
            for made in frames:
                pieces.append(made.to_ndarray().reshape(-1).astype(np.int16))
                count += len(pieces[-1])
                if count >= most:
                    break
            else:
                pieces += [made.to_ndarray().reshape(-1).astype(np.int16) for made in resampler.resample(None)]
    except (av.error.FFmpegError, OverflowError) as error:
        raise ValueError(f"cannot be decoded ({type(error).__name__})") from None
    return np.concatenate(pieces)[:most] if pieces else np.zeros(0, np.int16)


def _stored(found: SoundFile) -> bytes:
    return json.dumps(asdict(found) | {"path": "", "seconds": str(found.seconds)}).encode()


def _read(path: Path, sha256: str) -> SoundFile:
    if not path.stat().st_size:
        raise _Unfit("is empty", AGAIN)
    form = form_of(path)
    if not form:
        raise _Unfit(*_other(path))
    _complete(path, form)
    import av

    try:
        with av.open(str(path.absolute()), format=form, options={"max_pixels": "1"}) as container:
            count = len(container.streams.audio)
    except av.error.FFmpegError:
        raise _Unfit("is damaged: it cannot be opened", AGAIN) from None
    if not count:
        raise _Unfit("has no sound", "name a file with sound in it")
    first: _Unfit | None = None
    for number in range(count):
        try:
            return replace(_decoded(path, form, number), sha256=sha256)
        except _Unfit as unfit:
            first = first or unfit
    assert first is not None  # noqa: S101  # there is a track, and it was not returned
    raise first


def _decoded(path: Path, form: str, number: int) -> SoundFile:
    """A sound track, measured by decoding every packet of it. Raises _Unfit."""
    import av

    samples = bad = 0
    loose = form in ("mp3", "aac")
    with av.open(str(path.absolute()), format=form, options={"max_pixels": "1"}) as container:
        stream: Any = container.streams.audio[number]
        context = getattr(stream, "codec_context", None)
        if context is None:
            raise _Unfit("has sound of a codec that cannot be decoded here", EXPORT)
        told = stream.duration * stream.time_base if stream.duration and stream.time_base else None
        if told is not None and not loose and told > MOST_SECONDS:
            raise _Unfit(LONG, "cut it")
        try:
            for packet in container.demux(stream):
                try:
                    frames = packet.decode()
                except av.error.InvalidDataError:
                    frames, bad = [], bad + 1
                bad += packet.is_corrupt
                if bad > (BAD_PACKETS if loose else 0):
                    raise _Unfit("is damaged: its sound cannot be decoded to the end", AGAIN)
                samples += sum(frame.samples for frame in frames)
                if context.sample_rate and samples > MOST_SECONDS * context.sample_rate:
                    raise _Unfit(LONG, "cut it")
        except av.error.FFmpegError:
            raise _Unfit("is damaged: its sound cannot be decoded to the end", AGAIN) from None
        rate, channels = context.sample_rate, context.channels
        if not samples or not rate or not 0 < channels <= MOST_CHANNELS:
            raise _Unfit("has no sound that can be decoded", EXPORT)
        seconds = Fraction(samples, rate)
        if told is not None and not loose and seconds + max(SHORT, told / 100) < told:
            raise _Unfit(f"is cut off: it states {float(told):.1f} s, and {float(seconds):.1f} s are there", AGAIN)
        return SoundFile(path, "", seconds, rate, channels, context.name, number, form)


def _form(head: bytes) -> str:
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return "wav"
    if head[:4] == b"fLaC":
        return "flac"
    if head[:4] == b"OggS":
        return "ogg"
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return "aiff"
    if head[4:8] in (b"ftyp", b"moov", b"wide") and head[8:12] not in (b"avif", b"avis", b"heic", b"mif1"):
        return "mp4"
    if head[:4] == b"\x1aE\xdf\xa3":
        return "matroska"
    if len(head) > 3 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return "aac"
    if len(head) > 3 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2 and head[2] & 0xF0 != 0xF0 and head[2] & 12 != 12:
        return "mp3"
    return ""


def _tag(head: bytes) -> int:
    """The bytes of an ID3 tag at a file's beginning."""
    if len(head) < 10:
        return 0
    size = sum((byte & 0x7F) << 7 * (3 - n) for n, byte in enumerate(head[6:10]))
    return 10 + size + (10 if head[5] & 0x10 else 0)


def _complete(path: Path, form: str) -> None:
    """Compare a file's size with what it states itself, where libav would read a cut file to its end in silence."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(HEAD)
        if form in ("wav", "aiff") and head[:4] != b"RF64":
            stated = int.from_bytes(head[4:8], "little" if form == "wav" else "big") + 8
            streamed = stated in (8, 0xFFFFFFFF + 8, 0x7FFFFFFF + 8) or (form == "wav" and stated >= 0x7FFFF000)
            if not streamed and size + 1 < stated:
                raise _Unfit(f"is cut off: it states {stated} bytes, and {size} are there", AGAIN)
        if form == "mp3":
            start = _tag(head) if head[:3] == b"ID3" else 0
            file.seek(start)
            frame = file.read(256)
            at = max(frame.find(b"Xing"), frame.find(b"Info"))
            if at > 0 and frame[at + 7] & 2:
                place = at + 8 + 4 * (frame[at + 7] & 1)
                stated = start + int.from_bytes(frame[place : place + 4], "big")
                if size < stated * 0.99:
                    raise _Unfit(f"is cut off: it states {stated} bytes, and {size} are there", AGAIN)


def _other(path: Path) -> tuple[str, str]:
    """The kind of a file that is no sound file, in words, and what to do."""
    found = content_of(path)
    with path.open("rb") as file:
        head = file.read(7)
    if head == b"#EXTM3U":
        return "is a playlist, not sound", "name the sound file itself"
    names = {
        FileType.PNG: "is a picture, not sound", FileType.JPEG: "is a picture, not sound",
        FileType.WEBP: "is a picture, not sound", FileType.OTHER_PICTURE: "is a picture, not sound",
        FileType.PAGE: "is a web page, not sound", FileType.TEXT: "is text, not sound",
    }  # fmt: skip
    said = names.get(found.type) or (f"is {found.name}, not sound that can be read here" if found.name else "")
    return said or "is no sound file that can be read here", EXPORT
