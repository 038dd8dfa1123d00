"""The packets of a clip's picture stream: their times decide whether they can be copied into a film as they are."""

from __future__ import annotations

import hashlib
import math
import zlib
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
from av.video.stream import VideoStream

from studio.media.container import opened, time_base
from studio.media.form import LATE

MOST_DELAY = 16  # frames that a decoder of H.264 or HEVC holds


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet, times in ticks of its stream. `content` identifies its bytes."""

    pts: int | None
    dts: int | None
    duration: int
    key: bool
    discard: bool
    content: tuple[int, int]


@dataclass(frozen=True)
class Track:
    """A file's picture packets in decoding order, and the seconds per tick of their times.

    `setup` is the SHA-256 of what the decoder needs to know beforehand, `width` and `height` are in pixels.
    """

    packets: tuple[Packet, ...]
    tick: Fraction
    setup: str
    width: int
    height: int

    @property
    def shown(self) -> list[int]:
        """The times of the frames that are shown, in order, in ticks."""
        return sorted(p.pts for p in self.packets if p.pts is not None and not p.discard)

    @property
    def rate(self) -> Fraction | None:
        """Frames per second where all frames are equally far apart; None otherwise."""
        steps = {b - a for a, b in pairwise(self.shown)} or {p.duration for p in self.packets}
        step = steps.pop() if steps else 0
        return None if steps or step <= 0 else 1 / (step * self.tick)

    @property
    def duration(self) -> Fraction:
        """Seconds from the first frame's start to the last frame's end."""
        times = self.shown
        if not times:
            return Fraction(0)
        if rate := self.rate:
            return len(times) / rate
        tail = next(p.duration for p in reversed(self.packets) if p.pts == times[-1])
        return (times[-1] - times[0] + tail) * self.tick

    @property
    def even(self) -> bool:
        """True where every packet is to be decoded one frame after the one before it."""
        steps = {(b.dts or 0) - (a.dts or 0) for a, b in pairwise(self.packets)}
        return self.rate is not None and steps <= {1 / (self.rate * self.tick)}

    @property
    def delay(self) -> int:
        """Frames between the decoding and the showing of the first: as many as its times say, and as the order of the
        frames needs. (Not ``has_b_frames`` of PyAV, which says only if there are any.)"""
        place = {time: n for n, time in enumerate(self.shown)}
        needed = max((n - place.get(p.pts or 0, n) for n, p in enumerate(self.packets)), default=0)
        if self.rate is None or not self.packets:
            return needed
        told = math.ceil((self.shown[0] - (self.packets[0].dts or 0)) * self.tick * self.rate)
        return max(needed, told if told <= MOST_DELAY else 0)

    def fingerprint(self, start: int = 0, count: int | None = None) -> str:
        """A digest of the contents of these packets, in order."""
        end = None if count is None else start + count
        contents = (value for p in self.packets[start:end] for value in p.content)
        return hashlib.sha256(array("Q", contents).tobytes()).hexdigest()

    def irregular(self) -> str:
        """The reason why these packets cannot be copied into a film; empty where they can."""
        packets = self.packets
        if not packets or any(p.pts is None or p.dts is None for p in packets):
            return "a packet has no time"
        if any(p.discard for p in packets):
            return "its edit list hides frames"
        if not packets[0].key or packets[0].pts != self.shown[0]:
            return "it does not begin with a keyframe"
        if any(b <= a for a, b in pairwise(p.dts or 0 for p in packets)):
            return "its decoding times do not grow"
        if self.rate is None:
            return "its frames are not evenly spaced"
        return "" if packets[0].pts == 0 else LATE


def packet(source: av.Packet[Any]) -> Packet:
    """Make a Packet of a libav packet. `content` is its size and CRC-32, which no copy changes."""
    return Packet(
        pts=source.pts,
        dts=source.dts,
        duration=source.duration or 0,
        key=source.is_keyframe,
        discard=source.is_discard,
        content=(source.size, zlib.crc32(memoryview(source))),
    )


def track(stream: VideoStream, packets: Iterable[Packet]) -> Track:
    """Make the Track of a stream from the packets that were read of it."""
    context = stream.codec_context
    setup = hashlib.sha256(context.extradata or b"").hexdigest()
    return Track(tuple(packets), time_base(stream), setup, context.width, context.height)


def scan(path: Path) -> Track:
    """The picture track of a file, read without decoding. Raises BadClip where it cannot be read."""
    with opened(path) as (container, stream):
        return track(stream, (packet(p) for p in container.demux(stream) if p.size))
