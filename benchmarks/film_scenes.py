"""Scenes for the benchmark ``film.py``: clips of the sandbox, and the pieces of a film in which they overlap.

A few clips are rendered; each scene is one of them under its own name and bytes (another comment in its header), since
a film encodes the same stretch of the same bytes once.
"""

from __future__ import annotations

import json
import resource
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from luma_sandbox.renderer import render
from studio.media.ffmpeg import binary

SECONDS, FPS, WIDTH, HEIGHT = 5, 24, 960, 540
FRAMES, OVERLAP = SECONDS * FPS, 12
PROMPTS = (
    "a harbour at dawn, a boat leaves", "rain over a city at night, a woman walks", "a forest in autumn, a fox runs",
    "snow on the mountains, a train", "a desert road at noon, a red car", "the open sea at dusk, gulls",
)  # fmt: skip


@dataclass(frozen=True)
class Piece:
    """Frames that are encoded once: of one clip alone, or of two that overlap. ``start`` counts the clip's frames."""

    clip: Path
    start: int
    frames: int
    after: Path | None = None


def rendered(folder: Path) -> list[Path]:
    """The distinct clips, as the sandbox makes them at 540p."""
    folder.mkdir(parents=True, exist_ok=True)

    def make(number: int) -> Path:
        out = folder / f"{number}.mp4"
        render({
            "out": str(out), "poster": str(folder / f"{number}.jpg"), "prompt": PROMPTS[number], "model": "ray-2",
            "resolution": "540p", "width": WIDTH, "height": HEIGHT, "frames": FRAMES, "concepts": ["push_in"],
            "loop": False, "start": None, "end": None, "extension": "new_only",
        })  # fmt: skip
        return out

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(make, range(len(PROMPTS))))


def scenes(clips: Sequence[Path], count: int, folder: Path) -> list[Path]:
    """This many scenes, each a file of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    made = [folder / f"{number:03d}.mp4" for number in range(count)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda one: _named(clips[one[0] % len(clips)], one[1], f"scene {one[0]}"), enumerate(made)))
    return made


def changed(clips: Sequence[Path], scene: int, folder: Path) -> Path:
    """Another clip for a scene, as its retake would be."""
    out = folder / f"{scene:03d}-2.mp4"
    _named(clips[(scene + 1) % len(clips)], out, f"scene {scene}, once more")
    return out


def pieces(made: Sequence[Path]) -> list[Piece]:
    """The pieces of their film: what each scene shows alone, and each crossfade."""
    found: list[Piece] = []
    for number, clip in enumerate(made):
        first, last = number == 0, number == len(made) - 1
        if not first:
            found.append(Piece(made[number - 1], FRAMES - OVERLAP, OVERLAP, after=clip))
        start = 0 if first else OVERLAP
        found.append(Piece(clip, start, FRAMES - start - (0 if last else OVERLAP)))
    return found


def frames_of(count: int) -> int:
    """Frames of the film of this many scenes."""
    return count * FRAMES - (count - 1) * OVERLAP


def listed(made: Sequence[Path], file: Path) -> Path:
    """The list of scenes that a program of the benchmark reads."""
    file.write_text(json.dumps([str(path) for path in made]))
    return file


def read(file: str) -> list[Path]:
    """The scenes of a list."""
    return [Path(name) for name in json.loads(Path(file).read_text())]


def cpu() -> float:
    """Processor seconds of this process and of those that it has waited for."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in both)


def _named(clip: Path, out: Path, comment: str) -> None:
    options = ["-c", "copy", "-map_metadata", "-1", "-metadata", f"comment={comment}", "-movflags", "+faststart"]
    subprocess.run([binary(), "-v", "error", "-y", "-i", clip, *options, out], check=True)
