"""ffmpeg alone, for the benchmark ``film.py``: ``python film_bare.py LIST FOLDER pieces|graph``. Prints JSON.

``pieces``: the pieces of the film, each encoded by one plain command with this project's encoder settings, two at a
time; nothing is hashed, joined or read back. It is the least that a film of pieces takes.
``graph``: one command with a chain of xfade over all scenes, in the same settings but for the threads, which ffmpeg
chooses. Not checked either.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

from film_scenes import FPS, FRAMES, OVERLAP, Piece, cpu, frames_of, pieces, read

from studio.media.encoding import h264
from studio.media.ffmpeg import binary

EVEN = f"format=yuv420p,settb=1/{FPS},setpts=N"


def settings(**changed: object) -> list[str]:
    """The encoder's settings as options of the command."""
    found = []
    for name, value in (h264(Fraction(FPS)) | changed).items():
        found += [f"-{name}"] if value is None else [f"-{name}", str(value)]
    return found


def run(options: Sequence[object]) -> None:
    """Run ffmpeg."""
    subprocess.run([binary(), "-v", "error", "-nostdin", "-y", *map(str, options)], check=True)


def encode(piece: Piece, out: Path) -> None:
    """Encode one piece."""
    # half a frame before the first that is wanted, so that no rounding chooses another
    seek = ["-ss", f"{(piece.start - 0.5) / FPS:.6f}"] if piece.start else []
    if piece.after is None:
        run([*seek, "-i", piece.clip, "-frames:v", piece.frames, "-vf", EVEN, *settings(), out])
        return
    graph = (
        f"[0:v]fps={FPS},{EVEN}[a];[1:v]trim=end_frame={piece.frames},fps={FPS},{EVEN}[b];"
        f"[a][b]xfade=transition=fade:duration={piece.frames / FPS}:offset=0,{EVEN}[v]"
    )
    both = [*seek, "-i", piece.clip, "-i", piece.after, "-filter_complex", graph, "-map", "[v]"]
    run([*both, "-frames:v", piece.frames, *settings(), out])


def apart(scenes: Sequence[Path], folder: Path) -> int:
    """Encode all pieces; return their frames."""
    found = pieces(scenes)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda one: encode(one[1], folder / f"piece-{one[0]:04d}.mp4"), enumerate(found)))
    return sum(piece.frames for piece in found)


def at_once(scenes: Sequence[Path], folder: Path) -> int:
    """Make the film by one command; return its frames."""
    inputs = [option for scene in scenes for option in ("-i", scene)]
    graph, last = [f"[{n}:v]settb=1/{FPS},fps={FPS}[s{n}]" for n in range(len(scenes))], "s0"
    for n in range(1, len(scenes)):
        offset = n * (FRAMES - OVERLAP) / FPS
        graph.append(f"[{last}][s{n}]xfade=transition=fade:duration={OVERLAP / FPS}:offset={offset:.6f}[x{n}]")
        last = f"x{n}"
    graph.append(f"[{last}]format=yuv420p[v]")
    frames = frames_of(len(scenes))
    run([
        *inputs, "-filter_complex", ";".join(graph), "-map", "[v]", "-frames:v", frames, *settings(threads=0),
        folder / "graph.mp4",
    ])  # fmt: skip
    return frames


def main() -> None:
    """Encode, and say what it took."""
    listed, folder, way = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    scenes = read(listed)
    began, before = time.perf_counter(), cpu()
    frames = apart(scenes, folder) if way == "pieces" else at_once(scenes, folder)
    seconds = time.perf_counter() - began
    made = len(pieces(scenes)) if way == "pieces" else 1
    print(json.dumps({"seconds": seconds, "cpu": cpu() - before, "frames": frames, "pieces": made}))


if __name__ == "__main__":
    main()
