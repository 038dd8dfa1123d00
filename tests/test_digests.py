"""Remembered digests: an unchanged file is not read again, and every changed one is."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from studio.atomic import digest
from studio.digests import Digests

LATER = 10_000_000_000  # ns


class Hashing:
    """The files that were hashed, in order."""

    def __init__(self) -> None:
        self.files: list[str] = []

    def __call__(self, path: Path) -> str:
        self.files.append(path.name)
        return digest(path)


def later() -> int:
    """A clock that is ahead of the files' times."""
    return time.time_ns() + LATER


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"footage")
    return path


def test_an_unchanged_file_is_read_once(clip: Path, tmp_path: Path) -> None:
    """A file that one object, or one before it with the same journal, has hashed is not hashed again."""
    first, second = Hashing(), Hashing()
    digests = Digests(tmp_path / "journal", now=later, hashed=first)
    assert digests.of(clip) == digests.of(clip) == digest(clip)
    assert Digests(tmp_path / "journal", now=later, hashed=second).is_sound(clip, digest(clip))
    assert (first.files, second.files) == (["clip.mp4"], [])


def test_a_young_file_is_read_each_time(clip: Path) -> None:
    """A file that changed just now may change again within the same tick of its times."""
    hashing = Hashing()
    digests = Digests(now=lambda: clip.stat().st_mtime_ns + 1, hashed=hashing)
    assert digests.of(clip) == digests.of(clip)
    assert len(hashing.files) == 2


def rewritten(path: Path) -> None:
    """Other bytes of the same number, and the old time of change."""
    before = path.stat()
    path.write_bytes(b"FOOTAGE")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


CHANGES: dict[str, Callable[[Path], object]] = {
    "longer": lambda path: path.write_bytes(b"footage and more"),
    "another file": lambda path: (path.unlink(), path.write_bytes(b"FOOTAGE")),
    "times set back": rewritten,
}


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps no time of change that a program cannot set")
@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_file_is_read_again(clip: Path, tmp_path: Path, change: str) -> None:
    """A change of size, inode or time is noticed, even if the time of change was set back."""
    digests = Digests(tmp_path / "journal", now=later)
    before = digests.of(clip)
    time.sleep(0.05)  # longer than a tick of the file system
    CHANGES[change](clip)
    for known in (digests, Digests(tmp_path / "journal", now=later)):
        assert known.of(clip) == digest(clip) != before
        assert not known.is_sound(clip, before)
    clip.unlink()
    assert not digests.is_sound(clip, before)


@pytest.mark.parametrize("harm", [lambda d: d[: len(d) // 2], lambda d: bytes(len(d)), lambda d: d.replace(b"a", b"b")])
def test_a_damaged_journal_is_ignored(clip: Path, tmp_path: Path, harm: Callable[[bytes], bytes]) -> None:
    """Lines that are cut or spoiled say nothing; what is hashed then is remembered again."""
    journal = tmp_path / "journal"
    Digests(journal, now=later).of(clip)
    journal.write_bytes(harm(journal.read_bytes()))
    assert Digests(journal, now=later).of(clip) == digest(clip)
    journal.write_bytes(journal.read_bytes() + b"\n")
    Digests(journal, now=later).of(clip)
    hashing = Hashing()
    assert Digests(journal, now=later, hashed=hashing).of(clip) == digest(clip)
    assert hashing.files == []


def test_several_processes_share_a_journal(tmp_path: Path) -> None:
    """The lines that two processes write at once do not mix: each file is remembered."""
    files = [tmp_path / f"{n}.mp4" for n in range(200)]
    for n, path in enumerate(files):
        path.write_bytes(bytes([n]) * 100)
    program = (
        "import sys, time; from pathlib import Path; from studio.digests import Digests\n"
        f"digests = Digests(Path(sys.argv[1]), now=lambda: time.time_ns() + {LATER})\n"
        "for path in sys.argv[2:]: digests.of(Path(path))"
    )
    shares = (files[:120], files[80:])
    running = [
        subprocess.Popen([sys.executable, "-c", program, tmp_path / "journal", *share], cwd=Path(__file__).parents[1])
        for share in shares
    ]
    assert [process.wait(120) for process in running] == [0, 0]
    hashing = Hashing()
    digests = Digests(tmp_path / "journal", now=later, hashed=hashing)
    assert [digests.of(path) for path in files] == [digest(path) for path in files]
    assert hashing.files == []


def test_a_journal_does_not_grow_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a journal that is too long, the newer half is kept."""
    monkeypatch.setattr("studio.digests.MOST", 10)
    journal = tmp_path / "journal"
    for n in range(15):
        path = tmp_path / f"{n}.mp4"
        path.write_bytes(b"x")
        Digests(journal, now=later).of(path)
    assert len(journal.read_bytes().splitlines()) <= 11
    hashing = Hashing()
    Digests(journal, now=later, hashed=hashing).of(tmp_path / "14.mp4")
    assert hashing.files == []
