"""Time to join clips, compared with ffmpeg alone doing the minimum.

    python benchmarks/join.py [--clips 50] [--seconds 5] [--size 1280x720]

Clips are rendered first. ffmpeg alone joins them by its concat demuxer and stream copy, and checks nothing. Studio
Producer hashes every clip, joins, compares every packet of the film with the clips', and hashes the film.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from studio.media.clip import Clip, examine
from studio.media.ffmpeg import binary
from studio.media.film import Film, FilmSpec, Segment, concatenate

ROUNDS = 5


def render(path: Path, number: int, size: str, seconds: int) -> Clip:
    """Render a clip of moving, slightly grainy pictures, in its own colours."""
    picture = f"testsrc2=s={size}:r=24:d={seconds},hue=h={number * 37},noise=alls=4:allf=t,format=yuv420p"
    encode = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-movflags", "+faststart"]
    subprocess.run([binary(), "-v", "error", "-y", "-f", "lavfi", "-i", picture, *encode, path], check=True)
    return examine(path)


def variant(clip: Clip, path: Path, *options: str) -> Clip:
    """Remux a clip: the same pictures in another container form."""
    subprocess.run([binary(), "-v", "error", "-y", "-i", clip.path, *options, path], check=True)
    return examine(path)


def bare(clips: Sequence[Clip], out: Path) -> None:
    """Join with ffmpeg alone, unchecked."""
    listed = out.with_suffix(".txt")
    listed.write_text("".join(f"file '{c.path}'\n" for c in clips))
    copy = ["-c", "copy", "-movflags", "+faststart"]
    subprocess.run([binary(), "-v", "error", "-y", "-f", "concat", "-safe", "0", "-i", listed, *copy, out], check=True)


def best(work: Callable[[], object]) -> float:
    """Seconds of the fastest of several rounds."""
    taken = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return min(taken)


def compare(folder: Path, clips: list[Clip], size: str) -> Table:
    """Join the clips in all ways."""
    width, height = (int(n) // 4 * 3 // 2 * 2 for n in size.split("x"))
    pieces, fresh = folder / "pieces", count()
    frames, megabytes = sum(c.frames for c in clips), sum(c.bytes for c in clips) / 1e6
    table = Table(title=f"{len(clips)} clips, {frames} frames of {size}, {megabytes:.0f} MB")
    for column in ("way", "s", "× bare ffmpeg", "frames/s", "pieces encoded", "method"):
        table.add_column(column, justify="left" if column in ("way", "method") else "right")

    def join(chosen: Sequence[Clip], spec: FilmSpec | None = None) -> Film:
        segments = [Segment(c.path, c, name=c.path.stem) for c in chosen]
        # each under its own name, as a run's film is: replacing a file makes some file systems write it out at once
        return concatenate(segments, folder / f"film-{next(fresh)}.mp4", spec=spec, pieces=pieces)

    least = best(lambda: bare(clips, folder / f"bare-{next(fresh)}.mp4"))

    def row(way: str, seconds: float, encoded: int | None, method: str) -> None:
        pieces_made = "" if encoded is None else str(encoded)
        table.add_row(way, f"{seconds:.2f}", f"{seconds / least:.2f}", f"{frames / seconds:.0f}", pieces_made, method)

    def once(way: str, chosen: Sequence[Clip], spec: FilmSpec | None) -> None:
        before = set(pieces.glob("*.mp4"))
        begun = time.perf_counter()
        film = join(chosen, spec)
        row(way, time.perf_counter() - begun, len(set(pieces.glob("*.mp4")) - before), film.method)

    row("bare ffmpeg, stream copy, unchecked", least, None, "copy")
    row("alike, checked", best(lambda: join(clips)), 0, join(clips).method)
    other_ticks = [variant(clips[0], folder / "ticks.mp4", "-c", "copy", "-video_track_timescale", "90000"), *clips[1:]]
    once("one time base differs", other_ticks, None)
    voice = ["-f", "lavfi", "-i", "sine=440", "-shortest", "-c:v", "copy", "-c:a", "aac"]
    (folder / "sound").mkdir()
    sounding = [variant(c, folder / "sound" / c.path.name, *voice) for c in clips]
    once("one clip has sound", [sounding[0], *clips[1:]], None)
    once("all clips have sound", sounding, None)
    smaller = FilmSpec(width, height)
    once(f"normalised to {width}x{height}", clips, smaller)
    once("the same again", clips, smaller)
    changed = render(folder / "changed.mp4", 1000, size, int(clips[0].duration))
    once("one scene changed", [*clips[:-1], changed], smaller)
    return table


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--clips", type=int, default=50)
    options.add_argument("--seconds", type=int, default=5, help="of each clip")
    options.add_argument("--size", default="1280x720")
    chosen = options.parse_args()
    console = Console(width=140)
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(2) as pool:
        folder = Path(scratch)
        jobs = [
            pool.submit(render, folder / f"{n:03d}.mp4", n, chosen.size, chosen.seconds) for n in range(chosen.clips)
        ]
        clips = [job.result() for job in track(jobs, "rendering", console=console)]
        console.print(compare(folder, clips, chosen.size))


if __name__ == "__main__":
    main()
