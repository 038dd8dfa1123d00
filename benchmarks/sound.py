"""The mix of a long film: voice, music and loudness, beside the same by plain commands of ffmpeg.

    python benchmarks/sound.py [--minutes 5,30] [--only ours,plain] [--folder DIR] [--json FILE]

A film of 5 s clips at 160×90, joined by copy, with a voice of 3.5 s in every scene, music of 26 s that begins again
under all of it, and -14 LUFS. Every way runs in a process of its own: *this project* without any sound, then with voice
and music, then with the clips' own sound as well; *plain ffmpeg*: one graph of adelay, sidechaincompress, amix and
loudnorm in two passes, for the film's length, with nothing measured afterwards (its inputs are opened all at once: it
is measured for films of five minutes at most).

"The mix" is the time of the film with sound, less that of the film without. MB are of the greatest single process, of
the program's own, and of all together; "others" is as for ``film.py``. Loudness is measured in the finished file.

Then come the goals.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import wave
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from film_measure import MB, Taken, take
from produce_goals import Goal
from rich.console import Console
from rich.table import Table

from studio.media.loudness import loudness

HERE = Path(__file__).parent
MUSIC = HERE.parent / "productions" / "examples" / "music.ogg"
WAYS: Mapping[str, str] = {
    "silent": "this project, no sound", "ours": "  voice and music", "all": "  and the clips' sound",
    "plain": "plain ffmpeg, two passes",
}  # fmt: skip
RATE, SCENE, SAID = 48_000, 5, 3.5  # Hz; seconds of a scene, and of its voice
SHARE, MEMORY, LU, PEAK = 0.05, 150.0, 0.5, -1.0  # of the film's length; MB; LU; dBTP
MOST_PLAIN = 5  # minutes; of 30 it was not done with its first pass after 7 minutes, and had 1 GB


@dataclass(frozen=True)
class Row:
    """One way's figures for a film of so many minutes. ``loudness`` in LUFS, ``peak`` in dBTP; 0 where unknown."""

    minutes: int
    way: str
    taken: Taken
    loudness: float = 0.0
    peak: float = 0.0


def voices(folder: Path) -> list[Path]:
    """Ten sounds with the level and the syllables of a voice."""
    found = []
    for n in range(10):
        random = np.random.default_rng(n)
        at = np.arange(round(SAID * RATE)) / RATE
        tone = sum(np.sin(2 * np.pi * 120 * k * at + random.uniform(0, 6)) / k for k in range(1, 25))
        syllables = np.clip(np.sin(2 * np.pi * (3 + 0.1 * n) * at) + 0.3, 0, 1)
        path = folder / f"voice-{n}.wav"
        with wave.open(str(path), "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(RATE)
            out.writeframes((tone * syllables * 4000).astype("<i2").tobytes())
        found.append(path)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure every way, and print the tables. Status 1 where a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", default="5,30", help="minutes of the films (5,30)")
    parser.add_argument("--only", default="ours,plain", help="which of ours, plain (both)")
    parser.add_argument("--folder", type=Path, help="work in this folder, and keep everything")
    parser.add_argument("--json", type=Path, help="write the figures to this file, too")
    given = parser.parse_args(arguments)
    only = given.only.split(",")
    console = Console(width=150)
    with tempfile.TemporaryDirectory(prefix="sound-") as scratch:
        folder = given.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        said = voices(folder)
        rows = list[Row]()
        for minutes in map(int, given.minutes.split(",")):
            plain = ("plain",) if "plain" in only and minutes <= MOST_PLAIN else ()
            ways = [*(("silent", "ours", "all") if "ours" in only else ()), *plain]
            for way in ways:
                rows.append(measured(folder, minutes, way, said))
                print(f"{minutes} min, {WAYS[way].strip()}: {rows[-1].taken.seconds:.1f} s {rows[-1].taken.failed}")
    console.print(table(rows))
    goals = list(goals_of(rows))
    console.print(goal_table(goals))
    if given.json:
        given.json.write_text(json.dumps([asdict(row) for row in rows], indent=2))
    return int(any(not goal.met for goal in goals))


def measured(folder: Path, minutes: int, way: str, said: Sequence[Path]) -> Row:
    """Make one film in a process of its own."""
    out = folder / f"{minutes}-{way}"
    out.mkdir(exist_ok=True)
    command = [
        sys.executable,
        str(HERE / "sound_ways.py"),
        way,
        str(minutes * 60),
        str(out),
        str(MUSIC),
        *map(str, said),
    ]
    taken = take(command, log=out / "log.txt", most=8e9, timeout=3600)
    film = next((path for path in (out / "film.mp4", out / "film.m4a") if path.exists()), None)
    found = loudness(film) if film is not None and way != "silent" and not taken.failed else None
    return Row(minutes, way, taken, *((found.integrated, found.peak) if found else ()))


def table(rows: Sequence[Row]) -> Table:
    """The figures of all ways."""
    made = Table(title="Films of 5 s clips with a voice in each, music under all, and -14 LUFS")
    heads = (
        "minutes", "way", "s", "the mix, s", "× length", "MB, greatest", "own", "all", "CPU", "LUFS", "dBTP", "others",
    )  # fmt: skip
    for name in heads:
        made.add_column(name, justify="left" if name == "way" else "right")
    for row in rows:
        taken, mix = row.taken, mix_of(rows, row)
        told = "–" if mix is None else f"{mix:.1f}"
        share = "–" if mix is None else f"{mix / row.minutes / 60:.3f}"
        heard = (f"{row.loudness:.1f}", f"{row.peak:.1f}") if row.loudness else ("–", "–")
        made.add_row(
            str(row.minutes), WAYS[row.way], taken.failed or f"{taken.seconds:.1f}", told, share,
            *(f"{n / MB:.0f}" for n in (taken.greatest, taken.own, taken.tree)), f"{taken.cpu:.1f}", *heard,
            f"{taken.others:.1f}",
        )  # fmt: skip
    return made


def mix_of(rows: Sequence[Row], row: Row) -> float | None:
    """The seconds of a film's mix; None for one without sound."""
    if row.way == "silent" or row.taken.failed:
        return None
    silent = next((r.taken.seconds for r in rows if r.way == "silent" and r.minutes == row.minutes), 0.0)
    return row.taken.seconds - (silent if row.way != "plain" else 0.0)


def goals_of(rows: Sequence[Row]) -> list[Goal]:
    """The goals, each with what was found."""
    found = []
    for row in rows:
        if row.way not in ("ours", "all") or row.taken.failed:
            continue
        name = f"{row.minutes} min, {WAYS[row.way].strip()}"
        mix = mix_of(rows, row) or 0.0
        found.append(Goal(f"{name}: the mix, in the film's length", SHARE, round(mix / row.minutes / 60, 4)))
        found.append(Goal(f"{name}: MB of the greatest process", MEMORY, round(row.taken.greatest / MB)))
        found.append(Goal(f"{name}: LU beside -14", LU, round(abs(row.loudness + 14), 2)))
        found.append(Goal(f"{name}: true peak, dBTP", PEAK, row.peak))
    return found


def goal_table(goals: Sequence[Goal]) -> Table:
    """The goals, and by how much each is missed."""
    made = Table(title="Goals for this project")
    for name in ("goal", "at most", "found", ""):
        made.add_column(name, justify="left" if name in ("goal", "") else "right")
    for goal in goals:
        made.add_row(goal.name, f"{goal.most:g}", f"{goal.found:g}", goal.verdict)
    return made


if __name__ == "__main__":
    raise SystemExit(main())
