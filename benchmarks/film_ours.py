"""This project's join, for the benchmark ``film.py``: ``python film_ours.py LIST FOLDER NAME``. Prints JSON.

``seconds`` is from the first look at the clips, which were measured when they came, to the finished film, read back.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from pathlib import Path

from film_scenes import HEIGHT, OVERLAP, WIDTH, cpu, read

from studio.digests import Digests
from studio.media.clip import Clip, digest, examine
from studio.media.ffmpeg import identity
from studio.media.film import FilmSpec, Segment, concatenate
from studio.media.overlap import Overlap
from studio.media.packets import scan


def measured(scenes: list[Path]) -> list[Clip]:
    """The scenes' clips, each distinct one decoded once: a scene differs from it in its file's header alone."""
    known: dict[str, Clip] = {}
    found = []
    for scene in scenes:
        packets = scan(scene).fingerprint()
        like = known.get(packets) or known.setdefault(packets, examine(scene))
        found.append(replace(like, path=scene, sha256=digest(scene)))
    return found


def main() -> None:
    """Join the scenes, and say what it took."""
    listed, folder, name = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    clips = measured(read(listed))
    segments = [
        Segment(clip.path, clip, name=clip.path.stem, into=Overlap("fade", OVERLAP) if number else None)
        for number, clip in enumerate(clips)
    ]
    identity()  # the program asks once which ffmpeg there is
    pieces = folder / "pieces"
    before = {path.name for path in pieces.glob("*.mp4")}
    began, used = time.perf_counter(), cpu()
    film = concatenate(
        segments, folder / f"{name}.mp4", spec=FilmSpec(WIDTH, HEIGHT), pieces=pieces,
        digests=Digests(folder / "digests"),
    )  # fmt: skip
    seconds, used = time.perf_counter() - began, cpu() - used
    encoded = {path.name for path in pieces.glob("*.mp4")} - before
    print(json.dumps({"seconds": seconds, "cpu": used, "frames": film.frames, "pieces": len(encoded)}))


if __name__ == "__main__":
    main()
