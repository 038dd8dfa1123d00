"""The steps by which one shot is made: order, wait, fetch. Shared by the flow's tasks and the library."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from weakref import WeakKeyDictionary

from PIL import Image

from studio.errors import BadClip, DownloadError, InDoubt, Moderated, NotFound, OddClip, ServiceError, StudioError
from studio.execution.announcements import Subject, subject_of
from studio.execution.cap_watch import watch_caps
from studio.execution.delivery import odd
from studio.execution.doubts import tell_doubt
from studio.execution.fetching import fetch_made
from studio.execution.inputs import Parent, give, inputs_of
from studio.execution.lookups import known_file, remember_file
from studio.execution.measured import price_of, source_of
from studio.execution.progress import listener
from studio.execution.run import Run
from studio.execution.sent_files import seeds_of
from studio.execution.session import Session
from studio.failures import FailureClass
from studio.ledger import Ledger, OrderRow, OrderState, kind_of
from studio.media.first_look import FirstLook
from studio.planning.plan import Shot
from studio.providers.registry import spec_of
from studio.purchasing.ends import GONE_AFTER
from studio.purchasing.gateway import Placed
from studio.purchasing.order_errors import generation_failed, gone, pinned_failed, pinned_missing
from studio.remedies import AGAIN, Text, option, text_of
from studio.storage.probe_cache import stored_clip

log = logging.getLogger(__name__)
# A generation without an order in this ledger is at least this old: it is at the service, or lost.
ELSEWHERE = timedelta(minutes=1)
# Shots with the same key are one purchase and one file: the second finds it fetched.
_fetching: WeakKeyDictionary[Session, dict[str, asyncio.Lock]] = WeakKeyDictionary()
_looks: WeakKeyDictionary[Session, dict[str, asyncio.Future[FirstLook]]] = WeakKeyDictionary()


async def publish(run: Run, sha256: str) -> None:
    """Publish a seed asset for each API that reads it. Raises the publisher's error; nothing is bought."""
    for api in run.session.service.apis:
        if sha256 in seeds_of(run.plan, api):
            await give(run.session, api, run.seeds[sha256])


async def order(
    run: Run, shot: Shot, parents: Mapping[str, Parent], *, on_wait: Callable[[str], None] = lambda _: None
) -> Placed:
    """Order a shot through the gateway. Sends nothing if any process has ordered it before.

    ``parents``: the shots that it is made from, by their ids. Raises as the gateway's ``purchase`` and ``inputs_of``
    do, and OddClip if one of them is not as ordered, or makes the shot dearer than planned.
    """
    if shot.generation:
        return Placed(shot.key, 0, shot.generation, completed=False, bought=False)
    session, hears = run.session, listener.get()
    if session.restored:
        await _adopt_logged(run, shot)
    row = await asyncio.to_thread(session.ledger.order, shot.key)
    if row is not None and row.generation_id is not None and row.state in (OrderState.SUBMITTED, OrderState.COMPLETED):
        # It was ordered before, so its sources are not needed again.
        return Placed(row.key, row.attempt, row.generation_id, row.state is OrderState.COMPLETED, bought=False)
    for parent in shot.parents:
        await _not_odd(run, shot, run.plan.shot(parent), parents[parent])
    sent = await inputs_of(session, run.plan, shot, seeds=run.seeds, parents=parents)
    account = session.service.access(shot.api).account

    def waiting(why: str) -> None:
        hears.shot(shot.id, "waiting", why)
        on_wait(why)

    price = await _price(run, shot, parents)
    hears.shot(shot.id, "ordering")
    intent = replace(shot.intent(run.production, account, film=run.plan.production.budget_name), price=price)
    try:
        placed = await run.gateway(shot).purchase(intent, spec_of(shot.api).build_request(shot, sent), on_wait=waiting)
    except Moderated as error:
        raise generation_failed(error.reason, FailureClass.MODERATION, shot) from None
    except InDoubt as error:
        await tell_doubt(session, error.order, _subject(run))
        raise
    if placed.bought:
        hears.bought(shot.id, price)
        await asyncio.to_thread(_note, session, placed)
        await watch_caps(run)
    return placed


def _subject(run: Run) -> Subject:
    return subject_of(run.plan.production, run=run.id, billed=run.session.service.billed)


def _note(session: Session, placed: Placed) -> None:
    """Note a purchase beside the ledger, in case an older copy of the ledger is restored."""
    session.mark.set(session.ledger)
    session.purchases.add(session.ledger.id, placed.order, placed.attempt, placed.generation_id)


async def _adopt_logged(run: Run, shot: Shot) -> None:
    """Book the purchase of a shot that a restored ledger lacks, if it was noted beside the ledger."""
    session = run.session
    logged = await asyncio.to_thread(session.purchases.latest, session.ledger.id, shot.key)
    row = await asyncio.to_thread(session.ledger.order, shot.key)
    # A later attempt that the ledger has was begun after this one ended.
    if logged is not None and (row is None or row.attempt <= logged.attempt):
        await book_cached(run, shot, logged.generation_id, logged.attempt)


async def book_cached(run: Run, shot: Shot, generation_id: str, attempt: int) -> bool:
    """Book a purchase that is known only from a recorded result, as after an older copy of the ledger was restored:
    check its generation at the service, and book it at the shot's price.

    False where the service does not have it. Raises ServiceError, or LedgerError where another order has it.
    """
    session = run.session
    row = await asyncio.to_thread(session.ledger.order, shot.key)
    if row is not None and row.generation_id == generation_id:
        return True
    if row is not None and row.state.held and row.generation_id is not None:
        return False  # the ledger has another generation for it, which counts
    provider = session.provider_of(shot.api)
    try:
        await provider.get(generation_id)
    except NotFound:
        return False
    note = "adopted from a recorded result: these books did not have it"
    if row is not None and row.state is OrderState.IN_DOUBT:
        await asyncio.to_thread(session.ledger.adopt, shot.key, generation_id, note)
        return True
    account = session.service.access(shot.api).account
    intent = shot.intent(run.production, account, film=run.plan.production.budget_name)
    booked = await asyncio.to_thread(
        session.ledger.book_found, intent, run=run.id, attempt=attempt, generation_id=generation_id, note=note
    )
    listener.get().note(f"{shot.id}: {note}")
    return booked.generation_id == generation_id


async def await_end(run: Run, shot: Shot, generation_id: str) -> None:
    """Wait until a shot's generation has ended, and record its end in the ledger.

    Raises GenerationFailed where the service failed it, StillRunning where it takes too long, ServiceError.
    """
    session, ledger, hears = run.session, run.session.ledger, listener.get()
    if shot.generation and await asyncio.to_thread(known_file, session, shot.api, generation_id):
        return  # its file is here, and never changes; it may be gone from the account
    row = await asyncio.to_thread(ledger.order, shot.key)
    if row is not None and row.state is OrderState.COMPLETED and row.generation_id == generation_id:
        return
    now = await asyncio.to_thread(ledger.now)
    ordered = row.submitted_at if row is not None and row.submitted_at is not None else now
    if row is None:
        ordered -= ELSEWHERE
    try:
        generation = await session.poller_of(shot.api).wait(
            generation_id,
            timeout=session.settings.wait_timeout,
            kind=kind_of(shot.request),
            age=max(0.0, (now - ordered).total_seconds()),
            on_state=lambda state: hears.shot(shot.id, state),
        )
    except NotFound as error:
        if shot.generation:
            raise pinned_missing(generation_id, scene=shot.scene) from None
        raise await _missing(ledger, row, error) from None
    if url := generation.image_url if shot.is_still else generation.video_url:
        session.told_urls[shot.api, generation_id] = url
    if generation.state == "failed":
        reason, failure = generation.failure_reason, generation.failure
        if shot.generation:
            raise pinned_failed(generation_id, reason, scene=shot.scene)
        await asyncio.to_thread(ledger.failed, shot.key, generation_id, reason or "", failure)
        run.gateway(shot).moved()
        raise generation_failed(reason, failure, shot)
    if not shot.generation:
        await asyncio.to_thread(ledger.completed, shot.key, generation_id)
        run.gateway(shot).moved()


async def _missing(ledger: Ledger, row: OrderRow | None, error: NotFound) -> StudioError:
    """The error for a generation that the service does not show: a young one may still appear, an old one is gone."""
    if row is None or row.generation_id is None:
        return error
    if await asyncio.to_thread(ledger.now) - (row.submitted_at or row.reserved_at) < GONE_AFTER:
        error.hint = text_of("it is paid for: ", AGAIN, " later, and it is looked for, not bought again")
        return error
    await asyncio.to_thread(ledger.gone, row.key, row.generation_id)
    return gone(row)


async def fetch(run: Run, shot: Shot, generation_id: str) -> str:
    """The SHA-256 of a shot's file, in its store. A file that is here already is not fetched again.

    Raises DownloadError, BadClip or ServiceError; a paid file can be fetched again. Raises OddClip where the file, now
    or in an earlier run, is not as ordered, and the run does not allow that: it is booked and kept.
    """
    sha256 = await _kept(run, shot, generation_id)
    said = await asyncio.to_thread(oddity, run, shot, sha256)
    if said is not None:
        if not run.allow_odd:
            raise OddClip(said, where=f"scene '{shot.scene}'", hint=_look_at(run, shot, sha256))
        use_odd(run, shot, said)
    return sha256


def use_odd(run: Run, shot: Shot, said: str) -> None:
    """Note that a file is used although it is not as ordered; ``said`` is how it differs."""
    if shot.id not in run.odd:
        run.odd[shot.id] = said
        listener.get().note(f"shot '{shot.id}': {said}; used all the same")


def oddity(run: Run, shot: Shot, sha256: str) -> str | None:
    """The difference of a stored clip or still from its order; None where there is none. Raises BadClip."""
    ordered = run.ordered[shot.id]
    if not ordered.known:
        return None
    if not shot.is_still:
        clip = stored_clip(run.session.store, sha256)
        return odd(ordered, clip.width, clip.height, clip.duration)
    path = run.session.stills.find(sha256)
    if path is None:
        return None  # it is gone: it will be fetched and checked when it is needed
    with Image.open(path) as still:
        return odd(ordered, *still.size)


async def _not_odd(run: Run, shot: Shot, parent: Shot, made: Parent) -> None:
    """Fetch and check what a shot is made from before the shot is paid for: nothing is bought on top of an odd clip.

    Its measures are known as soon as its file is here; the order does not wait until all of it is decoded. If it cannot
    be fetched now, the order is sent nevertheless, since its generation exists.
    """
    ordered = run.ordered[parent.id]
    if run.allow_odd or not ordered.known or parent.own:
        return
    fetching = run.beginning(fetch(run, parent, made.generation_id))
    look = _look_of(run.session, parent)
    either: set[asyncio.Future[Any]] = {fetching, look}
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not fetching.done():
            seen = look.result()
            if odd(ordered, seen.width, seen.height, seen.seconds) is None:
                return  # its own step of the run waits for the rest, and tells what is wrong with it
        await fetching
    except OddClip as error:
        raise OddClip(
            f"was not ordered: '{parent.id}', which it is made from, came in another size or length than ordered",
            where=f"shot '{shot.id}'",
            hint=error.hint_text,
        ) from None
    except (DownloadError, BadClip, ServiceError) as error:
        log.info("shot '%s' is ordered, though '%s' could not be fetched: %s", shot.id, parent.id, error)


def _look_of(session: Session, shot: Shot) -> asyncio.Future[FirstLook]:
    """The measures of a shot's clip, once they are known while it is fetched."""
    looks = _looks.setdefault(session, {})
    if shot.key not in looks:
        looks[shot.key] = asyncio.get_running_loop().create_future()
    return looks[shot.key]


def _set(look: asyncio.Future[FirstLook], seen: FirstLook) -> None:
    if not look.done():
        look.set_result(seen)


async def _price(run: Run, shot: Shot, parents: Mapping[str, Parent]) -> Decimal:
    """USD of a shot: the plan's price, or where it is billed by another shot's clip, the price by that clip's measures.

    Raises OddClip where it is dearer than planned. If the clip cannot be fetched now, the measures of its order are
    used instead; for an existing generation there are none, and the error of the fetch is raised.
    """
    source = source_of(run.plan, shot)
    if source is None:
        return shot.quote.usd
    made = parents[source.id].generation_id if source.id in parents else source.generation or ""
    try:
        sha256 = await _kept(run, source, made)
        clip = await asyncio.to_thread(stored_clip, run.session.store, sha256)
    except (DownloadError, BadClip, ServiceError) as error:
        if not run.ordered[source.id].known:
            raise
        log.info("shot '%s' is ordered at its planned price: '%s' could not be fetched: %s", shot.id, source.id, error)
        return shot.quote.usd
    return price_of(run.session.prices, shot, source, clip, allowed=run.allow_odd)


def _look_at(run: Run, shot: Shot, sha256: str) -> Text:
    path = run.session.stills.find(sha256) if shot.is_still else run.session.store.path(sha256)
    return text_of(
        f"it is paid for and kept: look at {path}. Use it as it is with ", option("allow_odd"),
        ", or buy another with ", option("retake", shot.scene),
    )  # fmt: skip


async def _kept(run: Run, shot: Shot, generation_id: str) -> str:
    """The SHA-256 of a shot's file, stored and booked; fetched unless it is here."""
    session = run.session
    async with _fetching.setdefault(session, {}).setdefault(shot.key, asyncio.Lock()):
        row = await asyncio.to_thread(session.ledger.order, shot.key)
        sha256 = row.clip if row is not None and row.generation_id == generation_id else None
        if shot.generation:
            sha256 = await asyncio.to_thread(known_file, session, shot.api, generation_id) or None
        if sha256 is None or not await asyncio.to_thread(session.has, sha256):
            listener.get().shot(shot.id, "downloading")
            loop, look = asyncio.get_running_loop(), _look_of(session, shot)

            def looked(seen: FirstLook) -> None:
                loop.call_soon_threadsafe(_set, look, seen)

            sha256 = await fetch_made(
                session, shot.api, generation_id, still=shot.is_still, name=shot.id, where=f"scene '{shot.scene}'",
                known=sha256, on_look=looked,
            )  # fmt: skip
            if not shot.is_still:
                await asyncio.to_thread(stored_clip, session.store, sha256)  # measured here, and only read by others
            if shot.generation:
                await asyncio.to_thread(remember_file, session, shot.api, generation_id, sha256)
            else:
                await asyncio.to_thread(session.ledger.keep_clip, shot.key, sha256)
        return sha256
