"""H.264 parameter sets: one film can hold clips of two encoders where their sets have different ids.

An MP4 file names them once, in its ``avcC`` box; each frame says by an id which it uses. Clips that are copied keep
theirs, and pieces that are encoded for the same film are given another id.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from studio.errors import BadClip
from studio.media.container import opened

MOST_IDS = 32  # of sequence sets
HIGH = (100, 110, 122, 144)  # profiles whose box has four more bytes at its end
#: The way to the box, and the bytes of each box on it before its inner boxes.
WAY = ((b"moov", 0), (b"trak", 0), (b"mdia", 0), (b"minf", 0), (b"stbl", 0), (b"stsd", 8), (b"avc1", 78), (b"avcC", 0))


@dataclass(frozen=True)
class ParameterSets:
    """The contents of an ``avcC`` box: profile, level, bytes of a length, the sets, and what follows them."""

    profile: int
    compatible: int
    level: int
    length: int
    sequence: tuple[bytes, ...]
    picture: tuple[bytes, ...]
    tail: bytes = b""

    @classmethod
    def of(cls, path: Path) -> ParameterSets:
        """The sets of a file. Raises BadClip where it has none that can be read."""
        with opened(path) as (_, stream):
            data = bytes(stream.codec_context.extradata or b"")
        try:
            return cls.read(data)
        except (IndexError, ValueError):
            raise BadClip("has no parameter sets that can be read", path=str(path)) from None

    @classmethod
    def read(cls, data: bytes) -> ParameterSets:
        """Read the contents of a box. Raises ValueError or IndexError where it is none."""
        if data[0] != 1:
            raise ValueError("not an avcC box")
        sequence, place = _sets(data, 6, data[5] & 31)
        picture, place = _sets(data, place + 1, data[place])
        return cls(data[1], data[2], data[3], data[4] & 3, sequence, picture, data[place:])

    @property
    def ids(self) -> frozenset[int]:
        """Every id that a set of either kind has."""
        return frozenset((*(_number(s[4:]) for s in self.sequence), *(_number(s[1:]) for s in self.picture)))

    @property
    def free_id(self) -> int:
        """An id that none of them has, other than 0. Raises ValueError where there is none."""
        free = sorted(set(range(1, MOST_IDS)) - self.ids)
        if not free:
            raise ValueError("parameter sets of every id")
        return free[0]

    def beside(self, other: ParameterSets) -> ParameterSets:
        """The sets of both. Raises ValueError where they do not go together."""
        if self.ids & other.ids or self.length != other.length:
            raise ValueError("parameter sets that do not go together")
        larger = max(self, other, key=lambda sets: sets.profile)
        tail = larger.tail if larger.profile in HIGH else b""
        return ParameterSets(
            larger.profile, self.compatible & other.compatible, max(self.level, other.level), self.length,
            self.sequence + other.sequence, self.picture + other.picture, tail,
        )  # fmt: skip

    def written(self) -> bytes:
        """The contents of the box."""
        data = bytearray((1, self.profile, self.compatible, self.level, 0xFC | self.length, 0xE0 | len(self.sequence)))
        for item in self.sequence:
            data += len(item).to_bytes(2, "big") + item
        data.append(len(self.picture))
        for item in self.picture:
            data += len(item).to_bytes(2, "big") + item
        return bytes(data) + self.tail


def replace_sets(path: Path, sets: ParameterSets) -> None:
    """Write other sets into a file of one picture track whose index is its last box. Raises BadClip for any other."""
    data = path.read_bytes()
    start = next(
        (at for at, size, kind in _boxes(data, 0, len(data)) if kind == b"moov" and at + size == len(data)), -1
    )
    if start < 0:
        raise BadClip("has no index at its end", path=str(path))
    index, heads, inner, end = bytearray(data[start:]), list[int](), 0, len(data) - start
    for kind, before in WAY:
        found = next(((at, size) for at, size, name in _boxes(index, inner, end) if name == kind), None)
        if found is None:
            raise BadClip(f"has no {kind.decode()} box", path=str(path))
        heads.append(found[0])
        inner, end = found[0] + 8 + before, found[0] + found[1]
    written = sets.written()
    grown = len(written) - (end - inner)
    for head in heads:
        index[head : head + 4] = (int.from_bytes(index[head : head + 4], "big") + grown).to_bytes(4, "big")
    index[inner:end] = written
    path.write_bytes(data[:start] + bytes(index))


def _sets(data: bytes, place: int, count: int) -> tuple[tuple[bytes, ...], int]:
    found = []
    for _ in range(count):
        size = int.from_bytes(data[place : place + 2], "big")
        item = data[place + 2 : place + 2 + size]
        if not size or len(item) < size:
            raise ValueError("a set is cut short")
        found.append(item)
        place += 2 + size
    return tuple(found), place


def _number(data: bytes) -> int:
    """The first number of a set, in the standard's code of variable length. Raises ValueError."""
    bits = "".join(f"{byte:08b}" for byte in data[:8])
    zeros = bits.index("1")
    return int(bits[zeros : 2 * zeros + 1], 2) - 1


def _boxes(data: bytes | bytearray, place: int, end: int) -> Iterator[tuple[int, int, bytes]]:
    """The boxes of a stretch: place, size, kind."""
    while place + 8 <= end:
        size, kind = int.from_bytes(data[place : place + 4], "big"), bytes(data[place + 4 : place + 8])
        if size == 1:
            size = int.from_bytes(data[place + 8 : place + 16], "big")
        if size < 8:
            return
        yield place, size, kind
        place += size
