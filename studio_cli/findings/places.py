"""Findings on places: of films and clips, of published assets, of links, and the room on the disks."""

from __future__ import annotations

import contextlib
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

from studio.assets.publish import choose_publisher
from studio.assets.publish.lifetime import span
from studio.errors import StudioError
from studio.settings import Settings, choose_service
from studio.storage.chosen_stores import clip_objects, film_store
from studio_cli.findings.values import ANSWER, Finding

LEAST = 2 * 10**9  # bytes: a film of a minute in 1080p, with its clips and pieces, takes about half of it


def stores(settings: Settings) -> Iterator[Finding]:
    """Films and clips. A store is tried with a small file."""
    films = film_store(settings)
    for part, store in (("films", films.objects if films else None), ("clips", clip_objects(settings))):
        if store is None:
            folder = settings.films if part == "films" else settings.home / "clips"
            yield Finding(part, f"in the folder {folder.absolute()}")
            continue
        try:
            store.check()
        except StudioError as error:
            yield Finding(part, str(error.message), well=False, hint=str(error.hint))
        else:
            yield Finding(part, f"{store.url}: can be listed, read and written")


def publishing(settings: Settings) -> Iterator[Finding]:
    """The place where seed assets go, tried with a small picture that is read at its public address."""
    service, wanted = choose_service(settings), (settings.publish_url or "").strip()
    publisher = choose_publisher(settings, service)
    try:
        place = publisher.try_place(tries=1, seconds=ANSWER)
    finally:
        publisher.close()
    if place:
        lives = f" for {span(settings.publish_seconds)}" if wanted.startswith("s3://") else ""
        yield Finding("publish", f"{place}{lives}: can be written, and read as the service reads")
    elif service.realm == "luma":
        yield Finding("publish", "STUDIO_PUBLISH_URL is not set: pictures are read at public addresses of their own")
    else:
        unused = "; STUDIO_PUBLISH_URL is for a key" if wanted else ""
        yield Finding("publish", f"{service.title} reads files from this machine{unused}")


def links(settings: Settings) -> Iterator[Finding]:
    """The server of films that links lead to."""
    import httpx

    from studio.shelf.serving import SERVICE

    answers = ""
    with contextlib.suppress(httpx.HTTPError, ValueError, AttributeError):
        answers = httpx.get(f"{settings.links.rstrip('/')}/healthz", timeout=ANSWER, trust_env=False).json().get(
            "service"
        )  # fmt: skip
    told = "films are served at" if answers == SERVICE else "studio serve does not run at"
    yield Finding("links", f"{told} {settings.links}")


def disks(settings: Settings) -> Iterator[Finding]:
    """The room where clips and films are kept. Folders that are not there yet are made by the first run."""
    told: dict[int, tuple[str, int]] = {}
    for name, folder in (("STUDIO_HOME", settings.home), ("STUDIO_FILMS", settings.films)):
        there = _nearest(folder.absolute())
        if not _can_be_made(folder.absolute(), there):
            blocked = f"{folder.absolute()} cannot be written, so nothing can be made here"
            yield Finding("disk", blocked, well=False, hint=f"name a folder in {name} that can be")
            continue
        told.setdefault(there.stat().st_dev, (str(folder.absolute()), shutil.disk_usage(there).free))
    for folder_name, free in told.values():
        hint = "studio clean shows what can be made again at no cost" if free < LEAST else ""
        yield Finding("disk", f"{free / 10**9:.1f} GB free at {folder_name}", hint=hint)


def _can_be_made(folder: Path, there: Path) -> bool:
    """True if a folder is there and can be written, or can be made below the one that is ``there``, which is tried."""
    if not os.access(there, os.W_OK | os.X_OK):
        return False
    if there == folder:
        return True
    probe = there / f".studio-check-{uuid.uuid4().hex}"
    try:
        probe.mkdir()
        probe.rmdir()
    except OSError:
        return False
    return True


def _nearest(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next(place for place in (folder, *folder.parents) if os.path.isdir(place))  # noqa: PTH112 - Path's may raise
