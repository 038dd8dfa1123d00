"""A clip frame by frame: its pictures, and the transitions between them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from PIL import Image

from luma_sandbox.picture import motion
from luma_sandbox.picture.caption import Caption
from luma_sandbox.picture.drift import Drift
from luma_sandbox.picture.motion import Move, View
from luma_sandbox.picture.noise import chance, cloud, of_take
from luma_sandbox.picture.planes import Picture
from luma_sandbox.picture.stage import Stage

FPS = 24
AHEAD = 2  # frames drawn at once; Pillow releases the interpreter lock while it works
SOFT = 0.9  # width of the edge where one picture washes over another


@dataclass(frozen=True)
class Act:
    """One picture of a clip, its camera move, and when it replaces the picture before.

    enters: the times (0 to 1) between which it fades in; None for the first
    drifts: changes of its colours, the oldest first
    """

    stage: Stage
    path: Callable[[Move, float], View]
    enters: tuple[float, float] | None = None
    drifts: tuple[Drift, ...] = ()


@dataclass(frozen=True)
class Film:
    """Everything that decides what a clip shows. ``drift``: the change of all its colours."""

    acts: tuple[Act, ...]
    move: Move
    frames: int
    loop: bool
    caption: Caption | None
    wash: Image.Image
    drift: Drift | None = None

    def frame(self, index: int, *, captioned: bool = True) -> Picture:
        """One frame of it."""
        time = index / self.frames if self.loop else index / (self.frames - 1)
        shown: Picture | None = None
        for number, act in enumerate(self.acts):
            if number + 1 < len(self.acts):
                following = self.acts[number + 1].enters
                if following is not None and time >= following[1]:
                    continue  # the next one has replaced it
            share = 1.0
            if act.enters is not None and shown is not None:
                share = motion.smooth((time - act.enters[0]) / (act.enters[1] - act.enters[0]))
                if share <= 0:
                    break
            seen = act.stage.seen(act.path(self.move, time), time)
            for drift in act.drifts:
                seen = drift.over(seen)
            shown = seen if shown is None or share >= 1 else self._washed(shown, seen, share)
        if shown is None:
            raise ValueError("a film without acts")
        if self.drift is not None:
            shown = self.drift.over(shown)
        if self.caption is not None and captioned:
            shown = self.caption.over(shown, index / FPS, self.frames / FPS)
        return shown

    def run(self) -> Iterator[Picture]:
        """All frames in order, a few of them drawn ahead."""
        with ThreadPoolExecutor(AHEAD) as pool:
            waiting: deque[Future[Picture]] = deque()
            for index in range(self.frames):
                waiting.append(pool.submit(self.frame, index))
                if len(waiting) > AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

    def _washed(self, old: Picture, new: Picture, share: float) -> Picture:
        """The new picture appearing through the old one, first where the wash is dark."""
        levels = [round(255 * motion.smooth((share * (1 + SOFT) - level / 255) / SOFT)) for level in range(256)]
        mask = self.wash.point(levels)
        return old.blend(new, mask, mask.reduce(2))


def wash(size: tuple[int, int], take: int = 1) -> Image.Image:
    """A map of where one picture is replaced early (dark) and late (light)."""
    small = (max(2, size[0] // 8), max(2, size[1] // 8))
    field = cloud(chance("wash", *of_take(take)), small, cells=2.4, octaves=4)
    ranks = np.argsort(np.argsort(field, axis=None)).reshape(field.shape) / (field.size - 1)
    levels = (255 * (0.25 + 0.5 * ranks)).astype(np.uint8)
    return Image.fromarray(levels).resize(size, Image.Resampling.BICUBIC)


def acts(start: Stage | None, scene: Stage | None, end: Stage | None, *, loop: bool) -> tuple[Act, ...]:
    """The order of a clip's pictures. A loop ends with the picture that it began with."""
    if loop:
        around = [stage for stage in (start or end, scene) if stage is not None]
        first = Act(around[0], motion.around)
        if len(around) == 1:
            return (first,)
        return (first, Act(around[1], motion.around, (0.12, 0.4)), Act(around[0], motion.around, (0.62, 0.92)))
    if start is None and end is None:
        return (Act(_given(scene), motion.across),)
    if start is not None and end is not None:
        return (Act(start, motion.from_rest), Act(end, motion.to_rest, (0.3, 0.74)))
    if start is not None:
        opening = Act(start, motion.from_rest)
        return (opening,) if scene is None else (opening, Act(scene, motion.across, (0.18, 0.54)))
    return (Act(_given(scene), motion.across), Act(_given(end), motion.to_rest, (0.46, 0.84)))


def _given(stage: Stage | None) -> Stage:
    if stage is None:
        raise ValueError("a clip needs a scene, a start or an end")
    return stage
