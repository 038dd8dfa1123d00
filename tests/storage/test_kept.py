"""Kept values: each is made once, for all processes, and made again where it is missing or damaged."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from studio.storage.kept import Kept
from studio.storage.probe_cache import measured
from tests.media.clips import make

ROOT = Path(__file__).parents[2]


def never() -> bytes:
    raise AssertionError("it is made again")


def test_a_value_is_made_once(tmp_path: Path) -> None:
    """It is found by all that it was made from, and by nothing less."""
    assert Kept(tmp_path).once("seams", (1, "a", None), lambda: b"value") == b"value"
    assert Kept(tmp_path).once("seams", (1, "a", None), never) == b"value"
    for other in ((2, "a", None), (1, "b", None), (1, "a", 0)):
        assert Kept(tmp_path).get("seams", other) is None
    assert Kept(tmp_path).get("repeats", (1, "a", None)) is None


HARMS: dict[str, Callable[[Path], object]] = {
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "one byte": lambda path: path.write_bytes(path.read_bytes()[:-1] + b"!"),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "empty": lambda path: path.write_bytes(b""),
    "gone": lambda path: path.unlink(),
}


@pytest.mark.parametrize("harm", HARMS)
def test_a_damaged_value_is_made_again(tmp_path: Path, harm: str) -> None:
    """A file that is not the one that was written is no value."""
    kept = Kept(tmp_path)
    kept.put("seams", (1,), b"value")
    (path,) = (path for path in tmp_path.rglob("*") if path.is_file())
    HARMS[harm](path)
    assert kept.get("seams", (1,)) is None
    assert kept.once("seams", (1,), lambda: b"anew") == b"anew"
    assert kept.once("seams", (1,), never) == b"anew"


def test_where_nothing_can_be_kept(tmp_path: Path) -> None:
    """A folder that cannot be written, or none at all, is no error."""
    (tmp_path / "file").write_bytes(b"in the way")
    for kept in (Kept(tmp_path / "file"), Kept()):
        assert kept.once("seams", (1,), lambda: b"value") == b"value"
        assert kept.get("seams", (1,)) is None


def test_two_processes_at_once(tmp_path: Path) -> None:
    """Whoever writes the same values at the same time, each reader sees a whole one."""
    program = (
        "import sys; from pathlib import Path; from studio.storage.kept import Kept\n"
        "kept = Kept(Path(sys.argv[1]))\n"
        "for n in range(300):\n"
        "    value = str(n % 20).encode() * 5000\n"
        "    found = kept.get('seams', (n % 20,))\n"
        "    assert found in (None, value), n\n"
        "    kept.put('seams', (n % 20,), value)"
    )
    running = [subprocess.Popen([sys.executable, "-c", program, tmp_path], cwd=ROOT) for _ in range(2)]
    assert [process.wait(120) for process in running] == [0, 0]
    assert not list(tmp_path.rglob("*.part"))


def test_a_measured_clip_is_not_decoded_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clip of no store, such as a slate, is measured once by its content, wherever it is."""
    path = make(tmp_path / "slate.mp4", frames=6)
    first = measured(path, Kept(tmp_path / "kept"))
    monkeypatch.setattr("av.open", never)
    moved = path.rename(tmp_path / "moved.mp4")
    again = measured(moved, Kept(tmp_path / "kept"))
    assert (again.path, again.sha256, again.form) == (moved, first.sha256, first.form)
