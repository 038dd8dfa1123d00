"""Colours at a seam: what is fitted, what is left alone, and that a film shows the very correction."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from studio.media.clip import examine
from studio.media.color_difference import Floats, apart
from studio.media.color_match import SAME, clips, corrected, cube, fit, opened, small
from studio.media.correction import AS_MADE, UNIT, Correction
from studio.media.film import FilmSpec, Segment, concatenate
from studio.media.frames import frame_at, picture
from tests.media.clips import moving, write_frames

WARM = Correction((10600, 200, -100, 250), (100, 9900, 0, -60), (-150, 100, 9300, -200))


def pixels(seed: int = 1, count: int = 1) -> Floats:
    """A small picture of many colours, none of them at the end of its range."""
    return 0.1 + 0.8 * moving(count, seed=seed, width=64, height=36)[0].astype(np.float64) / 255


def test_an_affine_change_is_undone() -> None:
    """What was changed by gains, mixing and offsets is brought back, and nothing else is done."""
    given = pixels()
    found = fit(corrected(given, WARM), given)
    assert found.same_picture
    assert found.alike > 0.98
    assert np.abs(np.array(found.correction.numbers) - np.array(WARM.numbers)).max() < 0.03 * UNIT
    assert apart(corrected(given, WARM), corrected(given, found.correction)) < 0.2
    assert fit(given, given).correction == AS_MADE


def test_what_moved_does_not_count() -> None:
    """A sixth of the picture shows something else in the second frame: the rest tells the correction."""
    given = pixels()
    wanted = corrected(given, WARM)
    wanted[9:27, 10:31] = pixels(seed=7)[9:27, 10:31]
    found = fit(wanted, given)
    beside = np.ones((36, 64), bool)
    beside[9:27, 10:31] = False
    assert apart(wanted[beside], given[beside]) > 3
    assert apart(wanted[beside], corrected(given, found.correction)[beside]) < 0.3


def test_another_picture_is_told_from_the_same() -> None:
    """The same picture in other colours, a frame further and with noise, is the same; another one, or an empty one, is
    not."""
    one, further = (moving(2, width=960, height=540)[n].astype(np.float64) / 255 for n in range(2))
    noise = np.random.default_rng(1).normal(0, 0.02, further.shape)
    first, second = reduced(one), reduced(further + noise)
    assert fit(first, corrected(second, WARM)).alike > SAME + 0.1
    assert fit(first, pixels(seed=2)).alike < 0.3
    assert fit(first, np.full_like(first, 0.4)).alike == 0


def reduced(frame: Floats) -> Floats:
    """Averages of 15×15 pixels."""
    return np.asarray(frame.reshape(36, 15, 64, 15, 3).mean(axis=(1, 3)), np.float64)


def test_a_picture_of_one_colour_is_moved_and_not_mixed() -> None:
    """Greys tell an offset and a gain, and nothing about red, green and blue: their mixing stays small."""
    grey = np.repeat(np.linspace(0.2, 0.3, 36 * 64).reshape(36, 64, 1), 3, axis=2)
    found = fit(grey + 0.03, grey)
    assert np.abs(corrected(grey, found.correction) - grey - 0.03).max() < 0.001
    mixing = np.array(found.correction.rows)[:, :3] - UNIT * np.eye(3)
    assert np.abs(mixing).max() < 0.02 * UNIT


def test_lost_lights_are_noticed() -> None:
    """A correction that pushes a twentieth of the picture beyond white is one that clips; a hundredth may be lost."""
    picture = np.full((36, 64, 3), 0.5)
    picture[:2] = 0.97
    brighter = Correction((10800, 0, 0, 0), (0, 10800, 0, 0), (0, 0, 10800, 0))
    assert clips(picture, brighter)
    picture[:, 1:] = 0.5
    assert not clips(picture, brighter)


def test_corrections_add_up() -> None:
    """One after the other does what both do, to a ten-thousandth of what is shown; the numbers name it exactly."""
    cool = Correction((9500, 0, 0, -100), (50, 10100, 0, 0), (0, 300, 10800, 400))
    picture = pixels()
    both = WARM.then(cool)
    assert np.abs(corrected(picture, both) - corrected(corrected(picture, WARM), cool)).max() < 2e-4
    assert WARM.then(AS_MADE) == AS_MADE.then(WARM) == WARM
    assert Correction.of(WARM.numbers) == WARM


def test_white_and_black_stay_what_they_are() -> None:
    """A sun that is clipped gets no tint, and bars stay black; next to them the correction is whole."""
    picture = np.array([[1, 1, 1], [0, 0, 0], [0.96, 0.96, 0.96], [0.04, 0.04, 0.04], [1, 1, 0.5]])
    rows = np.array(WARM.rows) / UNIT
    whole = picture @ rows[:, :3].T + rows[:, 3]
    found = corrected(picture, WARM)
    assert found[:2] == pytest.approx(picture[:2])
    assert found[2:] == pytest.approx(whole[2:])


def test_the_table_has_a_line_for_each_colour() -> None:
    """Red changes fastest; the values are the corrected ones, in one exact form."""
    size, *lines = cube(WARM).splitlines()
    assert (size, len(lines)) == ("LUT_3D_SIZE 33", 33**3)
    assert lines[0] == "0.000000 0.000000 0.000000"
    assert lines[-1] == "1.000000 1.000000 1.000000"
    expected = corrected(np.array([[0.5, 0.25, 0.75]]), WARM)[0]
    assert lines[16 + 33 * (8 + 33 * 24)] == " ".join(f"{value:.6f}" for value in expected)


def test_a_small_picture_is_the_average_of_the_frame(tmp_path: Path) -> None:
    """Read from the clip, or from its first and last pictures, it is the same."""
    path = write_frames(tmp_path / "clip.mp4", moving(12, width=320, height=180))
    plain, pictured = examine(path), examine(path, frames_dir=tmp_path / "frames")
    assert [small(plain, n) for n in (0, 11)] == [small(pictured, n) for n in (0, -1)]
    whole = shown(path, 5)
    tiles = whole.reshape(36, 5, 64, 5, 3).mean(axis=(1, 3))
    assert np.abs(opened(small(plain, 5)) - tiles).max() < 0.001


def shown(path: Path, index: int) -> Floats:
    """A frame as it is shown."""
    return np.asarray(picture(frame_at(path, index)), np.float64) / 255


@pytest.mark.parametrize("size", [(1280, 720), (1280, 960)], ids=["its own size", "with bars"])
def test_a_film_shows_the_correction(tmp_path: Path, size: tuple[int, int]) -> None:
    """Each frame of the piece is the clip's with its colours corrected, within what encoding leaves; bars stay black,
    and the film says why it was encoded."""
    path = write_frames(tmp_path / "clip.mp4", soft(moving(8, width=1280, height=720)))
    clip = examine(path)
    spec = FilmSpec(*size, Fraction(24))
    film = concatenate(
        [Segment(path, clip, name="one", colors=WARM)], tmp_path / "film.mp4", spec=spec, pieces=tmp_path / "pieces"
    )
    assert film.method == "normalise"
    top = (size[1] - 720) // 2
    for index in (0, 7):
        wanted = np.clip(corrected(shown(path, index), WARM), 0, 1)
        found = shown(film.path, index)
        inner = found[top : top + 720] if top else found
        assert apart(reduced_to(inner), reduced_to(wanted)) < 0.6  # encoding alone leaves 0.2 to 0.5
        assert apart(reduced_to(inner), reduced_to(shown(path, index))) > 3
        assert top == 0 or found[: top - 2].max() < 0.01
    if not top:
        assert film.notes == ("all clips were encoded again: the colours of one are matched",)


def soft(frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The frames with their values away from the ends of their range."""
    return (40 + frames.astype(np.float32) * 0.65).astype(np.uint8)


def reduced_to(frame: Floats) -> Floats:
    return np.asarray(frame.reshape(36, 20, 64, 20, 3).mean(axis=(1, 3)), np.float64)
