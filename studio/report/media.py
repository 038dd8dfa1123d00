"""The clips that a timeline links to and a report plays, beside the film, so that the folder can be moved or sent.

They are copies: an editing program may write into a clip, and the one in the store is what was paid for.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from studio.atomic import atomic, copy
from studio.digests import Digests
from studio.disk import disk_errors
from studio.production.slugs import slugify
from studio.report.files import inside
from studio.report.records import RunRecord
from studio.storage.ownership import LINKED, NAMED

WORKERS = 4  # copies at a time: each waits for the disk


def linked(record: RunRecord, out: Path, digests: Digests) -> dict[Path, Path]:
    """The path, in or below ``out``, of each file that the film shows or lets hear, by the file's own path.

    A file from elsewhere is copied to ``out/clips``, once. A missing one is left out. ``digests`` is what is remembered
    of files. Raises CannotWrite.
    """
    there = [(path, *names) for path, names in _used(record).items() if path.is_file()]

    def place(one: tuple[Path, str, str]) -> Path:
        path, name, sha256 = one
        return path if inside(path, out) else _copied(name, sha256, path, out / LINKED, digests)

    with ThreadPoolExecutor(WORKERS, thread_name_prefix="linked") as pool:
        return {path: goal for (path, *_), goal in zip(there, pool.map(place, there), strict=True)}


def played(record: RunRecord, out: Path, digests: Digests) -> dict[str, Path]:
    """The path, in or below ``out``, of the clip of each take that a report plays, by its order.

    Copied as for ``linked``; the copies are the same. Raises CannotWrite.
    """
    takes = [(shot.id, take) for shot in record.shots for take in shot.takes]
    there = [(name, take, take.clip) for name, take in takes if take.clip is not None and take.clip.is_file()]
    return {
        take.order: clip if inside(clip, out) else _copied(name, take.sha256, clip, out / LINKED, digests)
        for name, take, clip in there
    }


def copies(record: RunRecord, out: Path) -> bool:
    """True if files of a run are copied to ``out/clips``: those that its timeline links to, or its report plays."""
    played_too = (take.clip for shot in record.shots for take in shot.takes if take.clip is not None)
    return any(
        path.is_file() and not (inside(path, out) and path.parent != out / LINKED)
        for path in (*_used(record), *played_too)
    )


def _used(record: RunRecord) -> dict[Path, tuple[str, str]]:
    """The files that the film shows or lets hear, each with the name of its copy and its SHA-256."""
    found: dict[Path, tuple[str, str]] = {}
    cuts = (*record.cuts, *(card.place for card in record.titles.cards))
    for part in (part for cut in cuts for part in cut.parts):
        found.setdefault(part.clip, (part.shot, part.sha256))
        if part.heard is not None:
            found.setdefault(part.heard.path, (f"{part.shot}-sound", part.heard.sha256))
    for kind, laid in (("voice", record.mix.voice), ("music", record.mix.under)) if record.mix is not None else ():
        for sound in laid:
            found.setdefault(sound.path, (f"{kind}-{_plain(sound.name)}", sound.sha256))
    return found


def _plain(name: str) -> str:
    """A name, of letters and digits that every file system and program takes."""
    return slugify(name.rpartition(".")[0] or name)[:40]


def _copied(name: str, sha256: str | None, clip: Path, folder: Path, digests: Digests) -> Path:
    goal = folder / (f"{name}-{sha256[:NAMED]}{clip.suffix}" if sha256 else f"{name}{clip.suffix}")
    with disk_errors("a clip beside the film", folder):
        folder.mkdir(parents=True, exist_ok=True)
        if not (sha256 and digests.is_sound(goal, sha256)):
            with atomic(goal) as part:
                copy(clip, part)
    return goal
