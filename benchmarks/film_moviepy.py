"""moviepy, for the benchmark ``film.py``, run by a Python of its own: ``python film_moviepy.py LIST FOLDER OVERLAP``.

Crossfades as its documentation makes them, written with the same preset and quality. Prints JSON.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any


def main() -> None:
    """Join the scenes, and say what it took."""
    from moviepy import CompositeVideoClip, VideoFileClip, vfx

    scenes, folder, overlap = json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]), float(sys.argv[3])
    began = time.perf_counter()
    clips: list[Any] = []
    at = 0.0
    for number, name in enumerate(scenes):
        clip = VideoFileClip(name)
        placed = clip.with_start(at)
        clips.append(placed.with_effects([vfx.CrossFadeIn(overlap)]) if number else placed)
        at += clip.duration - overlap
    film = CompositeVideoClip(clips)
    film.write_videofile(
        str(folder / "moviepy.mp4"), fps=24, codec="libx264", audio=False, preset="veryfast", threads=2, logger=None,
        ffmpeg_params=["-crf", "16"],
    )  # fmt: skip
    seconds = time.perf_counter() - began
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    used = sum(one.ru_utime + one.ru_stime for one in both)
    print(json.dumps({"seconds": seconds, "cpu": used, "frames": round(film.duration * 24), "pieces": 1}))


if __name__ == "__main__":
    main()
