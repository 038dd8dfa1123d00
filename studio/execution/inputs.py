"""The inputs of a shot for its service: by URL, file or generation. They are prepared when the order is sent."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from studio.assets.publish import Publishable, bytes_of
from studio.execution.cut_frames import cut_frame
from studio.execution.fetching import fresh_url
from studio.execution.sent_files import Picture, picture_of
from studio.execution.session import Session
from studio.planning.context import Seed
from studio.planning.plan import Plan, Shot
from studio.providers.registry import spec_of
from studio.providers.shot_request import FrameOf, Given, Source
from studio.storage.probe_cache import stored_clip


@dataclass(frozen=True)
class Parent:
    """A shot that was made: its generation, and its file if that was downloaded."""

    generation_id: str
    sha256: str | None = None


async def give(session: Session, api: str, asset: Publishable) -> Given:
    """Put an asset where an API can read it, as it is now: its bytes are hashed.

    A file is uploaded once per run, since the service keeps it. The content behind a URL is checked each time it is
    sent.
    """
    if not spec_of(api).takes_files:
        return {"url": await asyncio.to_thread(session.publisher.publish, asset)}
    known = session.given.get((api, asset.content))
    if known is not None:
        return known
    await asyncio.to_thread(bytes_of, asset)
    assert asset.path is not None, "its bytes were read"  # noqa: S101
    file = await session.provider_of(api).upload(asset.path, media_type=asset.media_type)
    session.given[api, asset.content] = {"file_id": file}
    return session.given[api, asset.content]


async def inputs_of(
    session: Session, plan: Plan, shot: Shot, *, seeds: Mapping[str, Seed], parents: Mapping[str, Parent]
) -> dict[Source, Given]:
    """The inputs of a shot in its service's form. ``parents``: the shots that it is made from, by their ids.

    Raises ServiceError or DownloadError where one is not available now; nothing was ordered yet.
    """
    return {source: await _given(session, plan, shot, source, seeds, parents) for source in shot.sources}


async def _given(
    session: Session, plan: Plan, shot: Shot, source: Source, seeds: Mapping[str, Seed], parents: Mapping[str, Parent]
) -> Given:
    match source.kind:
        case "image" | "footage":
            return await give(session, shot.api, seeds[source.ref])
        case "generation":
            return {"generation_id": source.ref}
        case "shot":
            return {"generation_id": parents[source.ref].generation_id}
        case "still" | "clip":
            parent, made = plan.shot(source.ref), parents[source.ref].generation_id
            where = f"shot '{parent.id}'"
            return {"url": await fresh_url(session, parent.api, made, still=parent.is_still, where=where)}
        case "first" | "last":
            picture = await asyncio.to_thread(_frame, session, source, parents[source.ref])
            return await give(session, shot.api, picture)
        case "cut":
            files = {name: parents[name].sha256 or "" for name in source.shots}
            path = await asyncio.to_thread(cut_frame, session, plan, source, files)
            return await give(session, shot.api, _picture(f"frame of the cut of {source.ref}", path))
        case "frame":
            return await give(session, shot.api, await asyncio.to_thread(picture_of, session.store, FrameOf.of(source)))


def _frame(session: Session, source: Source, parent: Parent) -> Picture:
    """The first or last frame of a downloaded clip."""
    assert parent.sha256 is not None, "what a frame is taken from was fetched"  # noqa: S101
    clip = stored_clip(session.store, parent.sha256)
    path = clip.last_frame if source.kind == "last" else clip.first_frame
    assert path is not None, "a stored clip has its frames"  # noqa: S101
    return _picture(f"{source.kind} frame of {source.ref}", path)


def _picture(name: str, path: Path) -> Picture:
    return Picture(name, hashlib.sha256(path.read_bytes()).hexdigest(), path)
