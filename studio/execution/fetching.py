"""Download of what a generation made, a clip or a still, with a fresh URL for each attempt."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from studio.errors import DownloadError
from studio.execution.session import Session
from studio.execution.shared_fetching import once_for_all
from studio.media.first_look import FirstLook
from studio.providers.registry import generation_name
from studio.storage.download import download
from studio.storage.probe_cache import remember
from studio.storage.still_download import fetch_still


async def fresh_url(session: Session, api: str, generation_id: str, *, still: bool, where: str) -> str:
    """The URL of what a generation made, asked for anew. May be signed: it is used at once, and shown nowhere.

    Raises ServiceError, or DownloadError where the service has no file for it.
    """
    generation = await session.provider_of(api).get(generation_id)
    url = generation.image_url if still else generation.video_url
    if url is None:
        raise DownloadError(f"the service has no {'still' if still else 'video'} for it", where=where)
    return url


async def fetch_made(
    session: Session, api: str, generation_id: str, *, still: bool, name: str, where: str = "",
    known: str | None = None, on_look: Callable[[FirstLook], None] | None = None,
) -> str:  # fmt: skip
    """Fetch a finished generation's file into its store, and return its SHA-256. ``name`` is the shot's.

    Where machines share a store of clips, the file comes from there if any of them has fetched it before. ``known`` is
    its digest, where the order tells it. ``on_look`` is called from another thread with a clip's measures, before all
    of it is decoded. Raises DownloadError, BadClip or ServiceError; a paid file can be fetched again.
    """

    async def fresh() -> str:
        told = session.told_urls.pop((api, generation_id), None)  # by the poll that saw it ended; then asked for anew
        return told or await fresh_url(session, api, generation_id, still=still, where=where or name)

    async def from_service() -> str:
        made = generation_name(api, generation_id)
        if still:
            return await fetch_still(fresh, session.stills, client=session.http, name=name, generation=made)
        clip = await download(fresh, session.store, client=session.http, name=name, generation=made, on_look=on_look)
        await asyncio.to_thread(remember, session.store, clip)  # it was measured just now, and need not be again
        return clip.sha256

    return await once_for_all(session, api, generation_id, from_service, still=still, known=known, name=name)
