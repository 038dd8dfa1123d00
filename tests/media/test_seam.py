"""The measures of seams, and the rule by which footage counts as repeated."""

from __future__ import annotations

import math
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.errors import BadClip
from studio.media.clip import Clip, examine
from studio.media.ffmpeg import binary
from studio.media.frames import frame_at, luma
from studio.media.seam import compare, measure_seam, repeated_frames
from tests.media.clips import make, moving, write_frames

Shelf = Callable[..., Clip]


def ffmpegs_own(filter_name: str, a: Path, b: Path) -> float:
    """The value that ffmpeg's own filter gives for the luma of the first frames, as a player shows them (in RGB)."""
    shown = "trim=end_frame=1,format=gbrp,scale=out_range=tv:out_color_matrix=bt601,format=yuv444p,extractplanes=y"
    graph = f"[0:v]{shown}[a];[1:v]{shown}[b];[a][b]{filter_name}"
    command = [binary(), "-hide_banner", "-i", a, "-i", b, "-lavfi", graph, "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    found = re.search(r"(?:SSIM Y:|PSNR y:)([\d.]+)", said)
    assert found
    return float(found[1])


def test_measures_agree_with_ffmpeg(shelf: Shelf) -> None:
    """SSIM and PSNR of two encodings of one picture are those of ffmpeg's own filters, for the luma of what is seen."""
    fine = shelf("fine", frames=2, options=("-crf", "12"))
    coarse = shelf("coarse", frames=2, options=("-crf", "40"))
    found = measure_seam(fine.path, coarse.path, before_end=1)
    assert found.ssim == pytest.approx(ffmpegs_own("ssim", fine.path, coarse.path), abs=0.002)
    assert found.psnr == pytest.approx(ffmpegs_own("psnr", fine.path, coarse.path), abs=0.1)


def test_identical_pictures() -> None:
    """A picture and itself: SSIM 1 and an infinite PSNR."""
    picture = np.arange(64 * 64, dtype=np.uint8).reshape(64, 64)
    assert compare(picture, picture) == compare(picture, picture.copy())
    assert compare(picture, picture).ssim == pytest.approx(1)
    assert compare(picture, picture).psnr == math.inf


def test_pictures_of_other_sizes_are_fitted(tmp_path: Path) -> None:
    """The same picture in half the size, or with its sides cut off, still counts as alike; another one does not."""
    whole = Image.fromarray(moving(1, width=320, height=180)[0])
    half = whole.resize((160, 90), Image.Resampling.LANCZOS)
    narrow = whole.crop((60, 0, 260, 180))
    whole.save(tmp_path / "whole.png")
    half.save(tmp_path / "half.png")
    assert compare(tmp_path / "whole.png", tmp_path / "half.png").ssim > 0.97
    assert compare(np.asarray(whole), np.asarray(narrow)).ssim > 0.99
    other = moving(1, seed=2, width=320, height=180)[0]
    assert compare(np.asarray(whole), other).ssim < 0.9


def test_seam_of_used_frames(tmp_path: Path) -> None:
    """The last used frame of one clip is held against the first used frame of the next, at any place in both."""
    before = write_frames(tmp_path / "before.mp4", moving(60))
    after = write_frames(tmp_path / "after.mp4", moving(60, start=40))
    assert measure_seam(before, after, before_end=41).ssim > 0.97
    assert measure_seam(before, after, after_start=19).ssim > 0.97
    assert measure_seam(before, after).ssim < 0.9
    with pytest.raises(BadClip, match="no frame 60"):
        measure_seam(before, after, after_start=60)


def test_seam_of_whole_measured_clips_is_read_from_their_pictures(tmp_path: Path) -> None:
    """Neither clip is decoded again for the frames that were written when it was measured."""
    files = [write_frames(tmp_path / f"{start}.mp4", moving(30, start=start)) for start in (0, 30)]
    by_file = measure_seam(*files)
    before, after = (examine(file, frames_dir=tmp_path / file.stem) for file in files)
    for file in files:
        file.unlink()
    assert measure_seam(before, after) == by_file
    assert measure_seam(before, after, before_end=30) == by_file
    with pytest.raises(BadClip):
        measure_seam(before, after, before_end=29)


def test_seam_whose_pictures_are_damaged_is_decoded(tmp_path: Path) -> None:
    """A picture that is gone, cut off or no picture costs a decode, no more."""
    files = [write_frames(tmp_path / f"{start}.mp4", moving(30, start=start)) for start in (0, 30)]
    before, after = (examine(file, frames_dir=tmp_path / file.stem) for file in files)
    assert before.last_frame is not None
    assert after.first_frame is not None
    by_file = measure_seam(*files)
    after.first_frame.unlink()
    whole = before.last_frame.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"no picture", b""):
        before.last_frame.write_bytes(damaged)
        assert measure_seam(before, after) == by_file


def test_frames_are_found_by_number(tmp_path: Path) -> None:
    """Any frame is found exactly, with frames between that depend on each other both ways."""
    path = make(
        tmp_path / "numbered.mp4",
        frames=50,
        source="color=black:s=64x64:r=24,geq=lum='16+4*N':cb=128:cr=128",
        encode=("-c:v", "libx264", "-pix_fmt", "yuv420p", "-bf", "3", "-g", "12", "-crf", "4"),
    )
    for index in (0, 1, 11, 12, 13, 37, 49):
        assert luma(frame_at(path, index)).mean() == pytest.approx(16 + 4 * index, abs=1)
    assert luma(frame_at(path, -1)).mean() == pytest.approx(16 + 4 * 49, abs=1)


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Clip]:
    """A clip of frames, by name."""
    folder = tmp_path_factory.mktemp("footage")

    def clip(name: str, *parts: np.ndarray, crf: int = 20) -> Clip:
        return examine(write_frames(folder / f"{name}.mp4", np.concatenate(parts), crf=crf))

    return clip


@pytest.mark.parametrize("repeated", [48, 24, 5, 2])
def test_repeated_footage_is_counted(footage: Callable[..., Clip], repeated: int) -> None:
    """A child that shows the parent's last frames again, then new ones, repeats exactly these, encoded anew or not."""
    parent = footage("parent", moving(48))
    child = footage(f"child{repeated}", moving(repeated, start=48 - repeated), moving(48, start=48), crf=26)
    assert repeated_frames(parent, child, asked_frames=48) == repeated


@pytest.mark.parametrize("off", [-3, -1, 2])
def test_new_part_need_not_be_as_long_as_asked(footage: Callable[..., Clip], off: int) -> None:
    """The count comes from the pictures: a new part a few frames longer or shorter than asked does not shift it."""
    parent = footage("parent", moving(48))
    child = footage("long", moving(48), moving(48, start=48))
    assert repeated_frames(parent, child, asked_frames=48 + off) == 48


def test_clip_of_the_asked_length_is_never_cut(footage: Callable[..., Clip]) -> None:
    """New seconds only, as many as asked: nothing is repeated, even if they look like the parent's."""
    parent = footage("parent", moving(48))
    assert repeated_frames(parent, footage("next", moving(48, start=48)), asked_frames=48) == 0
    assert repeated_frames(parent, footage("again", moving(48)), asked_frames=48) == 0


def test_starting_on_the_parents_last_frame_is_no_repetition(footage: Callable[..., Clip]) -> None:
    """One frame in common is how a continuation begins, also where the clip is a few frames longer than asked."""
    parent = footage("parent", moving(48))
    assert repeated_frames(parent, footage("one", moving(49, start=47)), asked_frames=48) == 0
    assert repeated_frames(parent, footage("five", moving(53, start=47)), asked_frames=48) == 0


def test_longer_clip_of_other_footage_is_not_cut(footage: Callable[..., Clip]) -> None:
    """A surplus that does not show the parent's frames is kept: it was paid for."""
    parent = footage("parent", moving(48))
    assert repeated_frames(parent, footage("other", moving(96, seed=5)), asked_frames=48) == 0
    assert repeated_frames(parent, footage("backwards", moving(96)[::-1]), asked_frames=48) == 0


def test_standing_picture(footage: Callable[..., Clip]) -> None:
    """A standing picture's surplus counts as repeated from half a second on, and a few frames do not."""
    still = np.repeat(moving(1), 48, axis=0)
    parent = footage("still", still)
    assert repeated_frames(parent, footage("still2", still, moving(48)), asked_frames=48) == 48
    assert repeated_frames(parent, footage("still3", still[:4], moving(48)), asked_frames=48) == 0
