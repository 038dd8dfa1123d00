"""Looks at a watched place: which productions are new or changed, and whole by now, by all that they are made of.

A production counts as changed if its text, a file that it names, or the budget that it is made with differs from what
was looked at before. One that is still being written is left until nothing changed for a while.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any

from studio.digests import Digests
from studio.errors import (
    BadInput,
    CannotWrite,
    DownloadError,
    InDoubt,
    LedgerError,
    NoSlot,
    NotSent,
    OverBudget,
    PrefectBusy,
    StillRunning,
)
from studio.execution.session import Session
from studio.ledger.watched import Watched, WatchState, digest_of
from studio.production import Production, load_production
from studio.production.finding import BESIDE, ENDINGS, data_of, is_included, may_be_production
from studio.production.yaml_source import MOST_BYTES
from studio.storage.places import FilePlace, Listed

#: Files that a production may name, by their endings.
NAMED = (*ENDINGS, ".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".avif", ".mp4", ".mov",
         ".m4v", ".webm", ".mkv", ".avi", ".wav", ".mp3", ".m4a", ".ttf", ".otf", ".ttc")  # fmt: skip
MOST_NAMED = 500
MOST_FETCHED = 300_000_000  # bytes of one file that is fetched from a store
#: Ends of a run after which another one may succeed without a change of the production.
PASSING = (InDoubt, StillRunning, NotSent, DownloadError, LedgerError, PrefectBusy, NoSlot, CannotWrite)
TRIES = 5
PAUSE = timedelta(minutes=10)  # after a run that may be tried again; longer by as much after each further one


@dataclass(frozen=True)
class Candidate:
    """A production of a place: its name there, the digest of all that it is made of, when any of that was last changed
    (aware UTC; None: unknown), and the names of the files that go with it."""

    name: str
    content: str
    changed_at: datetime | None
    files: tuple[str, ...]


def candidates(place: FilePlace, *, digests: Digests, budget: Decimal | None) -> list[Candidate]:
    """The productions of a place, by name. Raises BadInput where it is gone, SettingsError where it cannot be read.

    Left out: choices of takes, and files that others include.
    """
    listed, found = place.files(), []
    for name in sorted(listed):
        if not may_be_production(name):
            continue
        with suppress(FileNotFoundError):  # it was removed between two looks
            one = _candidate(place, name, listed, digests, budget)
            if one is not None:
                found.append(one)
    return found


def is_whole(candidate: Candidate, known: Watched, now: datetime, settle: timedelta) -> bool:
    """True if a production is no longer being written: in this content since an earlier look, or unchanged for long.

    ``settle``: how long nothing may have changed.
    """
    aged = candidate.changed_at is not None and now - candidate.changed_at >= settle
    return aged or now - known.seen_at >= settle


def is_due(known: Watched, now: datetime) -> bool:
    """True if something is to be done about a production in this content."""
    match known.state:
        case WatchState.SEEN:
            return True
        case WatchState.AGAIN:
            return now - known.at >= PAUSE * max(1, known.tries)
        case WatchState.OVER:  # a month's cap has room again
            return (now.year, now.month) != (known.at.year, known.at.month)
    return False


def state_after(error: BaseException | None, tries: int) -> WatchState:
    """The state of a production after a run or a plan of it ended with an error. ``tries``: runs so far."""
    if isinstance(error, OverBudget):
        return WatchState.OVER
    if isinstance(error, BadInput):
        return WatchState.BAD
    # An end without an error of ours is that of a run which was stopped.
    return WatchState.AGAIN if (error is None or isinstance(error, PASSING)) and tries < TRIES else WatchState.FAILED


def brought(place: FilePlace, candidate: Candidate, session: Session) -> Path:
    """The production file on this machine: in its place, or fetched from the store with the files that it names."""
    if place.root is not None:
        return place.root / candidate.name
    folder = session.home / "watched" / digest_of(place.name)[:16] / candidate.content[:16]
    for name in candidate.files:
        goal = folder / name
        if not goal.is_file():
            with suppress(FileNotFoundError):  # the production is refused for it, in its own words
                place.fetch(name, goal)
    return folder / candidate.name


def loaded(place: FilePlace, candidate: Candidate, session: Session) -> tuple[Path, Production]:
    """A production of the place and its file on this machine. Raises BadInput for one that cannot be made, or, from a
    store, one that names a file outside of it."""
    path = brought(place, candidate, session)
    written = load_production(path)
    if place.root is None:
        root, titles = (session.home / "watched").resolve(), written.film.titles
        local = [(f"asset '{asset.id}'", asset.path) for asset in written.assets if asset.path and asset.url is None]
        local += [(f"font '{Path(font).name}'", font) for font in (titles.font if titles is not None else ())]
        for what, file in local:
            if not Path(file).resolve().is_relative_to(root):
                raise BadInput(
                    f"{what} is a file of this machine, which no production of a store may name",
                    where=candidate.name, hint="put the file into the store, and name it by a relative path",
                )  # fmt: skip
    return path, written


def _candidate(
    place: FilePlace, name: str, listed: Mapping[str, Listed], digests: Digests, budget: Decimal | None
) -> Candidate | None:
    raw = place.read(name, MOST_BYTES)
    data = data_of(raw, name)
    if is_included(data):
        return None
    names, seen, outside = {name: None}, [(name, data)], dict[Path, None]()
    while seen:
        at, held = seen.pop()
        for other in (f"{at}{BESIDE}", *_named(held)):
            inside = _resolved(at, other) if other != f"{at}{BESIDE}" else other
            if inside is None and place.root is not None and len(outside) < MOST_NAMED:
                outside[place.root / PurePosixPath(at).parent / other] = None
            if inside is None or inside in names or len(names) >= MOST_NAMED:
                continue
            if inside not in listed:
                if other != f"{at}{BESIDE}":
                    names[inside] = None
                continue
            names[inside] = None
            if inside.lower().endswith(ENDINGS):
                seen.append((inside, data_of(place.read(inside, MOST_BYTES), inside)))
    made_of = hashlib.sha256(f"{budget}\0".encode())
    changed = list[datetime | None]()
    for one in sorted(names):
        made_of.update(f"{one}\0{_mark(place, one, listed.get(one), digests, raw if one == name else None)}\0".encode())
        if one in listed:
            changed.append(listed[one].changed_at)
    for path in sorted(outside):
        try:
            made_of.update(f"{path}\0{digests.of(path)}\0".encode())
        except OSError:
            made_of.update(f"{path}\0missing\0".encode())
    known = [at for at in changed if at is not None]
    latest = max(known) if known and len(known) == len(changed) else None
    files = tuple(n for n in sorted(names) if n in listed and listed[n].size <= MOST_FETCHED)
    return Candidate(name, made_of.hexdigest(), latest, files)


def _mark(place: FilePlace, name: str, listed: Listed | None, digests: Digests, raw: bytes | None) -> str:
    """A mark of a file's content: its digest, or what the store says of it; one for a file that is missing."""
    if raw is not None:
        return hashlib.sha256(raw).hexdigest()
    if listed is None:
        return "missing"
    if place.root is not None:
        try:
            return digests.of(place.root / name)
        except OSError:
            return "missing"
    return f"{listed.size} {listed.mark or listed.changed_at}"


def _named(data: Any) -> Iterator[str]:
    """Every text in data that may be the name of a file beside a production."""
    if isinstance(data, Mapping):
        for value in data.values():
            yield from _named(value)
    elif isinstance(data, list | tuple):
        for value in data:
            yield from _named(value)
    elif isinstance(data, str) and len(data) <= 400 and data.lower().endswith(NAMED) and "://" not in data:
        yield data


def _resolved(at: str, reference: str) -> str | None:
    """The name in the place of a file that ``at`` names; None where it leads out of the place."""
    parts = list[str]()
    path = PurePosixPath(reference)
    if path.is_absolute() or "\\" in reference or "\n" in reference or "\0" in reference:
        return None
    for part in (*PurePosixPath(at).parent.parts, *path.parts):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts) or None
