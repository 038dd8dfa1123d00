"""The clips that a timeline links to, beside the film, so that the folder can be moved or sent to an editor.

They are copies: an editing program may write into a clip, and the one in the store is what was paid for.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from studio.atomic import atomic, copy
from studio.digests import Digests
from studio.disk import disk_errors
from studio.report.files import inside
from studio.report.records import RunRecord, ShotRecord
from studio.storage.ownership import LINKED

WORKERS = 4  # copies at a time: each waits for the disk
NAMED = 8  # digits of a clip's SHA-256 in its name, so that another take has another name


def linked(record: RunRecord, out: Path, digests: Digests) -> dict[str, Path]:
    """The path, in or below ``out``, of the clip of each shot that the film shows, by the shot's id.

    A clip from elsewhere is copied to ``out/clips``, once. A missing one is left out. ``digests`` is what is remembered
    of files. Raises CannotWrite.
    """
    shots = {shot.id: shot for shot in record.shots}
    shown = dict.fromkeys(name for cut in record.cuts if not cut.slate for name in cut.shots)
    there = [(shot, shot.clip) for name in shown if (shot := shots.get(name)) and shot.clip and shot.clip.is_file()]

    def place(one: tuple[ShotRecord, Path]) -> Path:
        shot, clip = one
        return clip if inside(clip, out) else _copied(shot, clip, out / LINKED, digests)

    with ThreadPoolExecutor(WORKERS, thread_name_prefix="linked") as pool:
        return {shot.id: path for (shot, _), path in zip(there, pool.map(place, there), strict=True)}


def _copied(shot: ShotRecord, clip: Path, folder: Path, digests: Digests) -> Path:
    goal = folder / (f"{shot.id}-{shot.sha256[:NAMED]}{clip.suffix}" if shot.sha256 else f"{shot.id}{clip.suffix}")
    with disk_errors("a clip for the timeline", folder):
        folder.mkdir(parents=True, exist_ok=True)
        if not (shot.sha256 and digests.is_sound(goal, shot.sha256)):
            with atomic(goal) as part:
                copy(clip, part)
    return goal
