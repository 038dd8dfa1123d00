"""Everything that one run works with: service, ledger, provider, clips. Opened by a flow, closed with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import httpx

from studio.assets import AssetSource, SeedImage, look_at, source_key
from studio.drawing import draw_plan
from studio.ledger import Cap, Ledger, Limits, OrderRow, OrderState, open_ledger
from studio.local_sandbox import ensure_sandbox
from studio.orders import Door
from studio.pace import Pace
from studio.plan import Plan, is_moderation
from studio.pricing import PriceTable, load_prices
from studio.production import Production
from studio.providers import DreamMachine, VideoProvider
from studio.publish import LoopbackFiles, PublicUrls, Publisher
from studio.settings import Service, Settings, choose_service
from studio.settling import Grace
from studio.store import ClipStore
from studio.watch import Watcher

BASE_PATH = "/dream-machine/v1"
# Ray models, by Luma's documents.
TIERS = {"build": Limits(at_once=10, per_minute=20), "none": Limits()}


class Session:
    """One run's surroundings. ``connect`` reaches for the service; everything before it needs no network and no key."""

    def __init__(self, settings: Settings, service: Service, ledger: Ledger, http: httpx.AsyncClient) -> None:
        self.settings, self.service, self.ledger, self.http = settings, service, ledger, http
        self.home = settings.home.absolute()
        self.store = ClipStore(self.home / "clips")
        self.pieces = self.home / "pieces"
        self.prices: PriceTable = load_prices(settings.price_book, settings.price_table)
        self.publisher: Publisher = PublicUrls() if service.seller == "luma" else LoopbackFiles()
        self.urls: dict[str, str] = {}  # published images, by sha256; may be signed: never stored
        self._provider: VideoProvider | None = None
        self._watcher: Watcher | None = None

    async def plan(
        self, production: Production, *, takes: Mapping[str, int] | None = None, only: tuple[str, ...] = (),
        retake: tuple[str, ...] = (), run: str = "",
    ) -> tuple[Plan, dict[str, SeedImage]]:  # fmt: skip
        """The production as purchases, with prices and states. Spends nothing. Also its images, by sha256.

        ``run`` is the id of the run that is planned for, where there is one.
        """
        for named in (*only, *retake, *(takes or {})):
            production.scene(named)  # a scene that is not there is said at once
        sources: dict[str, AssetSource] = {}
        for scene in production.scenes:
            for asset in (production.start_image_of(scene), production.end_image_of(scene)):
                if asset is not None and not scene.generation:
                    sources.setdefault(source_key(asset), asset)
        images = await look_at(sources, client=self.http, folder=self.home / "assets")
        chosen = dict(takes or {})
        if retake:
            chosen |= await asyncio.to_thread(self._next_takes, production, images, chosen, retake, run)
        drawn = draw_plan(
            production, prices=self.prices, images=images, seller=self.service.seller, takes=chosen, only=only
        )
        books = await asyncio.to_thread(self.ledger.orders, [s.key for s in drawn.shots])
        wanted = {sha for shot in drawn.shots for sha in shot.images}
        by_hash = {i.sha256: i for i in images.values() if i.sha256 in wanted}
        self.publisher.check(by_hash.values())
        return drawn.seen_in(books, self.store.has), by_hash

    def _next_takes(
        self,
        production: Production,
        images: Mapping[str, SeedImage],
        chosen: Mapping[str, int],
        retake: tuple[str, ...],
        run: str,
    ) -> dict[str, int]:
        """For each scene of ``retake`` a new take; or the one that was begun for the same wish, and not finished."""
        takes = dict(chosen)
        for scene in retake:
            # Drawn anew for each: a new take of a parent makes new families of its children.
            drawn = draw_plan(
                production, prices=self.prices, images=images, seller=self.service.seller, takes=takes, only=(scene,)
            )
            families = {s.family for s in drawn.shots if s.scene == scene}
            takes[scene] = max(_take_after(self.ledger.latest_take(f), run) for f in families)
        return takes

    async def connect(self) -> None:
        """Reach for the service; where none is named, start the sandbox."""
        if self._provider is not None:
            return
        base_url = self.service.base_url
        if self.service.start_sandbox:
            origin = await ensure_sandbox(self.home / "sandbox", latency=self.settings.sandbox_latency)
            base_url = origin + BASE_PATH
        self._provider = DreamMachine(
            api_key=self.service.api_key,
            base_url=base_url,
            cost_per_second=self.prices.quote("ray-2", "720p", 5).usd / 5,
            local=self.service.seller != "luma",
        )
        history = await asyncio.to_thread(self.ledger.durations, self.service.seller)
        self._watcher = Watcher(self._provider, pace=Pace(history))

    @property
    def provider(self) -> VideoProvider:
        if self._provider is None:
            raise RuntimeError("the session is not connected")
        return self._provider

    @property
    def watcher(self) -> Watcher:
        if self._watcher is None:
            raise RuntimeError("the session is not connected")
        return self._watcher

    def door(self, *, run: str, production: Production, budget: Decimal | None) -> Door:
        """The door to spending, with every cap that applies to this run."""
        settings = self.settings
        return Door(
            self.ledger,
            lambda: self.provider,
            run=run,
            caps=lambda: caps_of(settings, production, run=run, budget=budget),
            limits=self.limits,
            patience=settings.rate_limit_patience,
            grace=self.grace,
            retry_moderation=settings.retry_moderation,
            callback_url=settings.callback_url.get_secret_value() if settings.callback_url else "",
        )

    @property
    def grace(self) -> Grace:
        """How long an order whose answer was lost may still turn up."""
        return Grace(min(15.0, self.settings.doubt_grace), self.settings.doubt_grace)

    @property
    def limits(self) -> Limits:
        """What the account allows: the tier's limits at Luma, and what the settings say instead."""
        tier = TIERS[self.settings.tier] if self.service.billed else Limits()
        return Limits(self.settings.at_once or tier.at_once, self.settings.per_minute or tier.per_minute)

    async def aclose(self) -> None:
        if self._watcher is not None:
            await self._watcher.aclose()
        if self._provider is not None:
            await self._provider.aclose()
        await asyncio.to_thread(self.publisher.close)
        await self.http.aclose()
        self.ledger.close()


@asynccontextmanager
async def open_session(settings: Settings) -> AsyncIterator[Session]:
    """Open ledger and clips. Raises SettingsError or LedgerError; nothing is sent to the service yet."""
    service = choose_service(settings)
    ledger = await asyncio.to_thread(open_ledger, settings.ledger)
    # What is fetched with this client carries no key. A server on this machine is reached past any proxy.
    http = httpx.AsyncClient(
        follow_redirects=True, timeout=httpx.Timeout(60, connect=10), trust_env=service.seller == "luma"
    )
    session = Session(settings, service, ledger, http)
    try:
        yield session
    finally:
        await session.aclose()


def _take_after(latest: OrderRow | None, run: str) -> int:
    """The take that a wish for a new one means.

    Killed and started again, or retried by Prefect (``run`` is the same then), it is the take that was begun before:
    a wish is paid for once.
    """
    if latest is None:
        return 1
    unfinished = latest.clip is None and not (latest.state is OrderState.FAILED and is_moderation(latest.reason or ""))
    return latest.take if unfinished or (run and latest.run == run) else latest.take + 1


def caps_of(settings: Settings, production: Production, *, run: str, budget: Decimal | None) -> list[Cap]:
    """Every cap that holds for a run now: its own, its production's, this month's."""
    caps = [Cap("run", run, budget), Cap("production", production.slug, production.budget)]
    caps.append(Cap("month", f"{datetime.now(UTC):%Y-%m}", settings.month_cap, settings.month_creates))
    return [cap for cap in caps if cap.limit is not None or cap.creates is not None]


def films_folder(settings: Settings, production: Production, run: str) -> Path:
    """Where a run's film goes when the producer names no other place."""
    return (settings.films / production.slug / run).absolute()
