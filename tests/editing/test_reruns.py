"""The same edit again: nothing is decoded, measured or joined; what changed is."""

from __future__ import annotations

import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from studio.atomic import digest
from studio.editing.assembly import Assembly, assemble
from studio.editing.pairs import repetition
from studio.editing.values import SeamRecord
from studio.media.clip import Clip, examine
from studio.media.seam import measure_seam
from studio.planning.plan import Plan
from studio.storage.kept import Kept
from tests.media.clips import make, moving, write_frames
from tests.support.planned import film as production
from tests.support.planned import plan, scene

SCENES = (scene("a", duration=1), scene("b", duration=1, continue_from="a"), scene("c", duration=1))


class Edit:
    """A film of three clips, the second of which continues the first, and what is kept of it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.plan = folder, plan(production(*SCENES))
        self.clips = {name: self.clip(name, start) for name, start in (("a", 0), ("b", 23), ("c", 70))}

    def clip(self, name: str, start: int) -> Clip:
        return examine(write_frames(self.folder / f"{name}-{start}.mp4", moving(24, start=start)))

    def film(self, out: str, *, plan: Plan | None = None, signed: list[tuple[Path, str]] | None = None) -> Assembly:
        def sign(path: Path, sha256: str) -> None:
            if signed is not None:
                signed.append((path, sha256))

        return assemble(
            plan or self.plan, self.clips, self.folder / out / "film.mp4", pieces=self.folder / "pieces",
            before_named=sign, kept=Kept(self.folder / "kept"),
        )  # fmt: skip

    def lose_clips(self) -> None:
        """Take the clips away: whoever decodes, remuxes or joins one now fails."""
        for clip in self.clips.values():
            clip.path.unlink()


@pytest.fixture
def edit(tmp_path: Path) -> Edit:
    return Edit(tmp_path)


def test_a_rerun_reads_no_clip_and_runs_nothing(edit: Edit, monkeypatch: pytest.MonkeyPatch) -> None:
    """The film is there again, byte for byte, signed before it has its name; its record and seams are the same."""
    first = edit.film("first")
    edit.lose_clips()
    monkeypatch.setattr("subprocess.Popen", None)  # no ffmpeg, and nothing else, can be started
    signed: list[tuple[Path, str]] = []
    again = edit.film("again", signed=signed)
    assert again.film == replace(first.film, path=edit.folder / "again" / "film.mp4")
    assert again.seams == first.seams
    assert digest(again.film.path) == first.film.sha256
    assert signed == [(again.film.path, first.film.sha256)]
    assert not again.film.path.samefile(first.film.path)
    edit.film("again")  # at the same place
    assert digest(again.film.path) == first.film.sha256


def test_an_altered_film_is_not_used(edit: Edit) -> None:
    """An earlier film that was edited in place, even with its size and time kept, or is gone, is joined anew."""
    first = edit.film("first").film
    status = first.path.stat()
    data = bytearray(first.path.read_bytes())
    data[-100] ^= 1
    first.path.write_bytes(data)
    os.utime(first.path, ns=(status.st_atime_ns, status.st_mtime_ns))
    altered = digest(first.path)
    second = edit.film("second").film
    assert digest(second.path) == second.sha256 == first.sha256 != altered
    assert digest(first.path) == altered  # the user's file stays as it is
    second.path.unlink()
    assert digest(edit.film("third").film.path) == first.sha256
    third = edit.folder / "third" / "film.mp4"
    third.write_bytes(b"something else")
    assert digest(edit.film("third").film.path) == first.sha256  # at the same place


def test_another_edit_is_joined(edit: Edit) -> None:
    """Other clips, another order or another form make another film."""
    first = edit.film("first").film
    edit.clips["c"] = edit.clip("c", 120)
    assert edit.film("clip").film.sha256 != first.sha256
    silent = plan(production(*SCENES, film={"audio": "none"}))
    assert edit.film("silent", plan=silent).film.frames == first.frames
    swapped = replace(edit.plan, cuts=edit.plan.cuts[::-1])
    assert edit.film("swapped", plan=swapped).film.sha256 != edit.film("clip").film.sha256


def test_a_damaged_note_of_a_film_is_no_film(edit: Edit) -> None:
    """The film is joined, and all is measured again, if the kept values are damaged."""
    first = edit.film("first")
    notes = [path for path in (edit.folder / "kept").rglob("*") if path.is_file()]
    assert len(notes) >= 2
    for note in notes:
        note.write_bytes(note.read_bytes()[:-3])
    again = edit.film("again")
    assert (again.film.sha256, again.seams) == (first.film.sha256, first.seams)


def test_only_continued_seams_are_measured(edit: Edit) -> None:
    """A cut between scenes that do not continue each other is just a cut, unless the film asks for all seams."""
    continued, cut = edit.film("first").seams
    alike = measure_seam(edit.clips["a"].path, edit.clips["b"].path)
    assert continued == SeamRecord("a", "b", True, alike.ssim, alike.psnr, "continued")
    assert cut == SeamRecord("b", "c", False, expected="cut")
    assert cut.measured is None
    apart = measure_seam(edit.clips["b"].path, edit.clips["c"].path)
    asked = edit.film("all", plan=plan(production(*SCENES, film={"seams": "all"}))).seams
    assert asked == (continued, SeamRecord("b", "c", False, apart.ssim, apart.psnr, "cut"))


def test_a_seam_of_another_clip_is_measured_anew(edit: Edit) -> None:
    """A kept value belongs to the contents of both clips."""
    before = edit.film("first").seams[0]
    edit.clips["b"] = edit.clip("b", 50)
    after = edit.film("second").seams[0]
    alike = measure_seam(edit.clips["a"].path, edit.clips["b"].path)
    assert (after.ssim, after.psnr) == (alike.ssim, alike.psnr) != (before.ssim, before.psnr)


def test_a_repetition_is_measured_once(tmp_path: Path) -> None:
    """The count of repeated frames is kept by both clips and the asked length."""
    parent = examine(write_frames(tmp_path / "parent.mp4", moving(48)))
    child = examine(write_frames(tmp_path / "child.mp4", moving(72, start=24)))
    kept = Kept(tmp_path / "kept")
    assert repetition(parent, child, 48, kept) == 24
    child.path.unlink()
    assert repetition(parent, child, 48, kept) == 24
    assert repetition(parent, child, 72, kept) == 0  # of the asked length: nothing is read


def test_a_slate_is_measured_once(edit: Edit, monkeypatch: pytest.MonkeyPatch) -> None:
    """A film with a slate in a gap decodes nothing again, either."""
    del edit.clips["c"]
    first = edit.film("first")
    edit.lose_clips()
    monkeypatch.setattr("av.open", None)
    assert edit.film("again").film.sha256 == first.film.sha256


def test_frames_of_a_measured_clip_are_found_by_its_rhythm(tmp_path: Path) -> None:
    """A seam of measured clips is that of their files, also where frames depend on each other both ways."""
    options = ("-bf", "3", "-g", "12")
    one, two = (make(tmp_path / f"{n}.mp4", frames=50, start=n, options=options) for n in (0, 17))
    first, second = examine(one), examine(two)
    assert first.rhythm is not None
    for end, start in ((None, 0), (13, 12), (50, 49), (1, 0)):
        by_file = measure_seam(one, two, before_end=end, after_start=start)
        assert measure_seam(first, second, before_end=end, after_start=start) == by_file
    late = replace(first, irregular="its frames are not evenly spaced")
    assert late.rhythm is None
    assert replace(first, fps=Fraction(1000, 7)).rhythm is None
