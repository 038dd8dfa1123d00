"""Colours at a seam: the correction that brings those of one frame to those of another that shows the same picture.

It is an affine map of R'G'B' (three gains, their mixing, three offsets): it covers gain, lift, tint, hue and
saturation, and averages of pixels are corrected as pixels are. It is fitted by least squares over both frames at 64×36,
where noise and small movements are averaged out. Pixels that do not fit, since something moved, are left out in turn,
and what a picture of few colours does not tell is taken to be unchanged.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from studio.media.clip import Clip
from studio.media.color_difference import Floats
from studio.media.correction import AS_MADE, UNIT, Correction
from studio.media.seam import picture_of

VERSION = 1  # of the small pictures and of the fit; a change makes every kept one invalid
WIDTH, HEIGHT = 64, 36
SMALL_BYTES = WIDTH * HEIGHT * 3 * 2
CELLS = 32  # of the look-up table, along each side
CUBE_VERSION = 1  # of how a correction is carried out; a change makes every corrected piece invalid
ROUNDS = 8  # of leaving out what does not fit
OUTLYING = 2.5  # times the median error
NOISE = 1 / 255  # errors below it are no sign of movement
RIDGE = 1e-4  # variance of a channel below which a picture does not tell how it changed
DARKEST, LIGHTEST = 2 / 255, 253 / 255  # values outside may have been clipped: the change does not show in them
FLAT = 0.5 / 255  # root mean square step between pixels of a picture that shows nothing

SEEN = 1.0  # ΔE from which a difference is corrected: smaller ones are not seen
BETTER = 0.75  # the share of the difference that a correction must leave at most
FARTHEST = 12.0  # ΔE of two frames: more is no drift
FARTHEST_IN_ALL = 20.0  # ΔE by which the corrections of a chain may come to change a picture
SAME = 0.75  # structural likeness of two frames that show the same picture
CLIPPED = 0.02  # share of pixels that a correction may push beyond black or white


@dataclass(frozen=True)
class Fit:
    """The meeting of two frames. ``alike``: structural likeness, from -1 to 1 (1: the same picture, whatever its
    colours). ``correction`` brings the second frame's colours to the first's."""

    alike: float
    correction: Correction

    @property
    def same_picture(self) -> bool:
        """True if both frames show the same picture."""
        return self.alike >= SAME


def small(clip: Clip, index: int) -> bytes:
    """Frame ``index`` of a clip (-1: the last) as R'G'B', small, in 16 bits a value. Raises BadClip."""
    picture = Image.fromarray(picture_of(clip, index))
    planes = [np.asarray(_reduced(plane), np.float64) for plane in picture.split()]
    return np.rint(np.stack(planes, axis=-1) * (65535 / 255)).astype("<u2").tobytes()


def opened(kept: bytes) -> Floats:
    """Such a picture, with values from 0 to 1."""
    return np.frombuffer(kept, "<u2").reshape(HEIGHT, WIDTH, 3).astype(np.float64) / 65535


def corrected(picture: Floats, correction: Correction) -> Floats:
    """A picture with its colours corrected, and not clipped: as the cube has it."""
    rows = np.array(correction.rows, np.float64) / UNIT
    changed = picture @ rows[:, :3].T + rows[:, 3]
    white = np.clip(picture.min(axis=-1, keepdims=True) * CELLS - (CELLS - 1), 0, 1)
    black = np.clip(1 - picture.max(axis=-1, keepdims=True) * CELLS, 0, 1)
    return np.asarray(changed + white * (1 - rows.sum(axis=1)) - black * rows[:, 3], np.float64)


def cube(correction: Correction) -> str:
    """A correction as a look-up table in the form .cube, of which each cell is interpolated by tetrahedra.

    All of it is affine, but for the cells at white and black, which stay what they are.
    """
    steps = np.linspace(0, 1, CELLS + 1)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    values = corrected(np.stack([red, green, blue], axis=-1), correction).reshape(-1, 3)
    lines = [f"{r:.6f} {g:.6f} {b:.6f}" for r, g, b in values.tolist()]
    return "\n".join([f"LUT_3D_SIZE {CELLS + 1}", *lines, ""])


def fit(before: Floats, after: Floats) -> Fit:
    """The correction that brings the colours of ``after`` to those of ``before``, two frames of the same picture."""
    wanted, given = before.reshape(-1, 3), after.reshape(-1, 3)
    clear = np.logical_and.reduce([(v > DARKEST).all(axis=1) & (v < LIGHTEST).all(axis=1) for v in (wanted, given)])
    alike = _alike(before, after)
    if clear.sum() < len(clear) // 8:
        return Fit(alike, AS_MADE)
    used = clear
    rows = np.zeros((3, 4))
    for _ in range(ROUNDS):
        rows = _solved(wanted[used], given[used])
        errors = np.sqrt(((given @ rows[:, :3].T + rows[:, 3] - wanted) ** 2).sum(axis=1))
        limit = max(OUTLYING * float(np.median(errors[used])), NOISE)
        kept = clear & (errors <= limit)
        if (kept == used).all() or kept.sum() < len(clear) // 8:
            break
        used = kept
    numbers = np.rint(rows * UNIT).astype(int)
    return Fit(alike, Correction.of(tuple(int(n) for n in numbers.ravel())))


def clips(picture: Floats, correction: Correction) -> bool:
    """True if a correction pushes more of a picture beyond black or white than may be lost."""
    values = corrected(picture, correction)
    lost = ((values < -NOISE) | (values > 1 + NOISE)).any(axis=-1)
    return float(lost.mean()) > CLIPPED


def _solved(wanted: Floats, given: Floats) -> Floats:
    """Rows of the affine map from ``given`` to ``wanted``: least squares, drawn to no change where that is all the
    same."""
    middle, goal = given.mean(axis=0), wanted.mean(axis=0)
    spread, change = given - middle, (wanted - goal) - (given - middle)
    squares = spread.T @ spread + RIDGE * len(given) * np.eye(3)
    mixing = np.eye(3) + np.linalg.solve(squares, spread.T @ change).T
    return np.column_stack([mixing, goal - mixing @ middle])


def _alike(before: Floats, after: Floats) -> float:
    """The correlation of the steps between neighbouring pixels: high for the same picture in other colours."""
    one, other = (_steps(picture.mean(axis=-1)) for picture in (before, after))
    sizes = float(np.sqrt((one**2).mean())), float(np.sqrt((other**2).mean()))
    if min(sizes) < FLAT:
        return 0.0  # of a picture that shows nothing, nobody can tell
    return float((one * other).mean() / (sizes[0] * sizes[1]))


def _steps(plane: Floats) -> Floats:
    return np.concatenate([np.diff(plane, axis=0).ravel(), np.diff(plane, axis=1).ravel()])


def _reduced(plane: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(plane, np.float32)).resize((WIDTH, HEIGHT), Image.Resampling.BOX)
