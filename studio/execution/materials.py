"""The files that a production is made of, looked at before it is planned. Nothing is bought, and no key is needed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from studio.assets import look_at
from studio.assets.own_clips import take_in
from studio.execution.sounds import sounds_of
from studio.planning.asset_use import assets_of, own_clips_of
from studio.planning.context import Materials, Seed

if TYPE_CHECKING:
    from studio.execution.session import Session
    from studio.production import Production


async def materials_of(session: Session, production: Production) -> Materials:
    """The seed assets and the finished files of a production, each read, checked and measured, and its sounds, spoken
    and measured. Raises AssetError, BadInput."""
    images, footage = assets_of(production)
    seeds: dict[str, Seed] = await look_at(
        images | footage, client=lambda: session.http, folder=session.home / "assets", footage=frozenset(footage)
    )
    own = await take_in(
        own_clips_of(production), client=lambda: session.http, store=session.store, kept=session.kept
    )  # fmt: skip
    sounds = await asyncio.to_thread(sounds_of, production, session.settings, session.home, session.kept)
    return Materials(seeds, own, sounds=sounds)
