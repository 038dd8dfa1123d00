"""The deliveries of a run's film, made when the film has its name, in threads that end with the run."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

from studio.delivery.making import Finished, deliver
from studio.delivery.values import DeliveryRecord
from studio.editing.values import FilmRecord
from studio.errors import CannotWrite, MediaError, SettingsError
from studio.execution.progress import listener
from studio.execution.run import Run
from studio.provenance.chosen import chosen_credential
from studio.storage.ownership import DELIVERIES


async def make_deliveries(run: Run, film: FilmRecord) -> tuple[DeliveryRecord, ...]:
    """Make a film into what its production asks for, in a folder beside it. What fails is recorded with its reason."""
    asked, stopped, say = run.plan.production.film.deliveries, threading.Event(), listener.get().note
    if not asked:
        return ()

    def told(record: DeliveryRecord) -> None:
        if record.path is not None and not record.kept:
            say(f"delivery: {record.path.name} ({record.form})")

    def made() -> tuple[DeliveryRecord, ...]:
        finish = None
        credential = chosen_credential(run.session.settings, run.plan.production.film.provenance)
        if credential is not None:
            from studio.provenance.deliveries import DeliverySigning  # loaded where a film is signed: an extra

            finish = DeliverySigning(credential, film.path, run.plan.production.title)
        titles = run.plan.production.film.titles
        fonts = () if titles is None else tuple(map(Path, titles.font))
        return deliver(
            Finished(film.path, film.sha256, film.frames, film.fps), asked, run.out / DELIVERIES, run.production,
            kept=run.session.kept, stop=stopped.is_set, told=told, finish=finish,
            fonts=fonts,
        )  # fmt: skip

    try:
        return await asyncio.to_thread(made)
    except (MediaError, CannotWrite, SettingsError) as error:
        return tuple(DeliveryRecord(preset, error=error.text) for preset in asked)
    finally:
        stopped.set()  # cancelled: the threads run until their ffmpeg is told to stop
