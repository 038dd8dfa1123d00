"""The clips that a timeline links to, beside the film, so that the folder can be moved or sent to an editor.

They are copies: an editing program may write into a clip, and the one in the store is what was paid for.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from studio.atomic import atomic, is_sound
from studio.disk import disk_errors
from studio.report.files import inside
from studio.report.records import RunRecord, ShotRecord
from studio.storage.ownership import LINKED

NAMED = 8  # digits of a clip's SHA-256 in its name, so that another take has another name


def linked(record: RunRecord, out: Path) -> dict[str, Path]:
    """The path, in or below ``out``, of the clip of each shot that the film shows, by the shot's id.

    A clip from elsewhere is copied to ``out/clips``, once. A missing one is left out. Raises CannotWrite.
    """
    shots = {shot.id: shot for shot in record.shots}
    shown = dict.fromkeys(name for cut in record.cuts if not cut.slate for name in cut.shots)
    found: dict[str, Path] = {}
    for shot in (shots[name] for name in shown if name in shots):
        if shot.clip is None or not shot.clip.is_file():
            continue
        found[shot.id] = shot.clip if inside(shot.clip, out) else _copied(shot, shot.clip, out / LINKED)
    return found


def _copied(shot: ShotRecord, clip: Path, folder: Path) -> Path:
    goal = folder / (f"{shot.id}-{shot.sha256[:NAMED]}{clip.suffix}" if shot.sha256 else f"{shot.id}{clip.suffix}")
    with disk_errors("a clip for the timeline", folder):
        folder.mkdir(parents=True, exist_ok=True)
        if not (shot.sha256 and is_sound(goal, shot.sha256)):
            with atomic(goal) as part:
                shutil.copyfile(clip, part)
    return goal
