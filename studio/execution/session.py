"""The session of a run: settings, service, ledger, providers, clips. Opened by a flow, closed with it."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from studio.assets.publish import Publisher, choose_publisher
from studio.callbacks.feed import follow
from studio.connections import check_authorities, trusted
from studio.errors import LedgerError
from studio.execution.hearing import Hearing
from studio.execution.local_sandbox import ensure_sandbox
from studio.execution.lookups import look_up_all
from studio.execution.materials import materials_of
from studio.execution.poll_rate import PollRate
from studio.execution.preflight import free_shots
from studio.execution.projects import budget_notes, productions_in, project_budgeting
from studio.execution.sent_files import frames_by_url, read_by_url
from studio.ledger import Cap, Ledger, Limits, open_ledger
from studio.ledger.batches import Batch
from studio.ledger.budgets import films_with, made_out_of
from studio.ledger.callbacks import callbacks_come, latest_callback
from studio.ledger.clock import check_clock
from studio.ledger.mark import LedgerMark
from studio.ledger.new_takes import retakes_of
from studio.ledger.sightings import Sighting, keep_sightings, shows_unfinished
from studio.planning import draw_plan
from studio.planning.alternatives import with_alternatives
from studio.planning.asset_use import notes_on
from studio.planning.context import Materials, Seed
from studio.planning.film_names import Named, named_as_begun
from studio.planning.keys import digest
from studio.planning.last_notes import with_last_notes
from studio.planning.plan import Budgeting, Plan, Retaking
from studio.planning.sound import with_lengths_of
from studio.planning.takes import decided, keep_stale, next_take
from studio.production import Production
from studio.providers import GenerationService
from studio.providers.price_book import load_prices
from studio.providers.pricing import PriceTable
from studio.providers.registry import spec_of
from studio.providers.shot_request import Given
from studio.providers.spec import Connection, RateLimits
from studio.purchasing.gateway import PurchaseGateway
from studio.purchasing.purchase_log import PurchaseLog
from studio.purchasing.recovery import Grace
from studio.purchasing.unbooked import Unbooked
from studio.settings import Service, Settings, choose_service
from studio.storage.chosen_stores import film_store, shared_files
from studio.storage.clip_store import ClipStore
from studio.storage.kept import Kept
from studio.storage.object_store import before_money
from studio.storage.still_store import StillStore

if TYPE_CHECKING:
    import httpx

    from studio.execution.polling import GenerationPoller


class Session:
    """The resources of one run. ``connect`` contacts the service; everything before it needs no network and no key."""

    def __init__(
        self, settings: Settings, service: Service, ledger: Ledger, open_http: Callable[[], httpx.AsyncClient],
        publisher: Publisher,
    ) -> None:  # fmt: skip
        self.settings, self.service, self.ledger = settings, service, ledger
        self._open_http = open_http
        self.home = settings.home.absolute()
        self.kept = Kept(self.home / "kept")
        self.store = ClipStore(self.home / "clips", self.kept.digests)
        self.pieces = self.home / "pieces"
        self.prices: PriceTable = load_prices(settings.price_book, settings.price_table)
        self.stills = StillStore(self.home / "stills", self.kept.digests)
        #: Clips and stills that machines share (STUDIO_CLIPS); None where this one has its own.
        self.shared = shared_files(settings, self.store, self.stills, self.kept)
        #: The films of all machines (STUDIO_FILMS is a URL); None where they are in a folder.
        self.film_store = film_store(settings)
        self.publisher = publisher
        self.unbooked = Unbooked(self.home / "unbooked")
        self.booked: tuple[str, ...] = ()  # orders whose ids were kept there, and are in the ledger since this began
        self.purchases = PurchaseLog(self.home / "purchases.jsonl")
        self.mark = LedgerMark(self.home / "ledger-mark.json")
        # True if the ledger is older than it was here before: a copy was restored; purchases may be missing.
        self.restored = self.mark.restored(ledger)
        # The files that were uploaded in this run, by API and the SHA-256 of their bytes, as a request names them.
        self.given: dict[tuple[str, str], Given] = {}
        #: URLs of files that polls have just told, by API and generation: each for one attempt, and kept nowhere else.
        self.told_urls: dict[tuple[str, str], str] = {}
        #: Existing generations that a service has answered for, by API and id.
        self.looked_up: set[tuple[str, str]] = set()
        self._providers: dict[str, GenerationService] = {}
        self._pollers: dict[str, GenerationPoller] = {}
        self._feed: asyncio.Task[None] | None = None

    @cached_property
    def http(self) -> httpx.AsyncClient:
        """The client of downloads and remote assets, opened when it is first used."""
        return self._open_http()

    async def plan(
        self, production: Production, *, takes: Mapping[str, int] | None = None, only: tuple[str, ...] = (),
        retake: tuple[str, ...] = (), renew: tuple[str, ...] = (), keep: tuple[str, ...] = (), run: str = "",
        apart: bool = False, start: bool = False,
    ) -> tuple[Plan, dict[str, Seed]]:  # fmt: skip
        """Plan the production: its purchases, with prices and states, and its seed assets, by SHA-256. Spends nothing.

        ``renew``, ``keep``: scenes whose clips are made anew, or kept, if their source changed (``all``: every one).
        ``run``: the id of the run that is planned for. ``apart``: no budget is shared with the film it was made out of.
        ``start``: a run follows, so the sandbox is started where existing generations are to be looked up in it.
        """
        if self.film_store is not None:
            with before_money():
                await asyncio.to_thread(self.film_store.mirror)  # names and last films are read from what it has
        given = {"only": only, "retake": retake, "take": tuple(takes or ()), "renew": renew, "keep": keep}
        fresh, kept = decided(production, given)  # a scene that is missing is reported at once
        made_of = await materials_of(self, production)
        production = with_lengths_of(production, made_of.sounds)
        chosen, retaking = dict(takes or {}), None
        naming = await asyncio.to_thread(
            named_as_begun, production, self.ledger, realm=self.service.realm, films=self.settings.films,
            drawn=partial(self._drawn, production, made_of, chosen, ()),
        )  # fmt: skip
        production = naming.production
        if retake:
            asked = digest({"retake": sorted(set(retake)), "renew": sorted(set(renew)), "takes": chosen})
            retaking = await asyncio.to_thread(self._retaking, naming, made_of, chosen, retake, asked, run)
            chosen |= retaking.takes
        drawn = await asyncio.to_thread(self._drawn, production, made_of, chosen, only)
        looked = await look_up_all(self, drawn, start=start)
        if looked.facts:
            made_of = replace(made_of, existing=looked.facts)
            drawn = await asyncio.to_thread(self._drawn, production, made_of, chosen, only)
        books = await asyncio.to_thread(self.ledger.orders, [s.key for s in drawn.shots])
        wanted = {sha for shot in drawn.shots for sha in shot.images}
        by_hash = {seed.sha256: seed for seed in made_of.seeds.values() if seed.sha256 in wanted}
        # Some services take files: only what the others read must be published.
        self.publisher.check(by_hash[sha] for sha in read_by_url(drawn))
        self.publisher.check(frames_by_url(drawn, self.store))
        budgeting = await asyncio.to_thread(self._budgeting, naming, drawn, apart)
        others = (*looked.notes, *free_shots(drawn, billed=self.service.billed), *budget_notes(budgeting))
        notes = (*production.notes, *drawn.notes, *notes_on(drawn, made_of.seeds), *others)
        drawn = replace(drawn, notes=notes, retaking=retaking, budgeting=budgeting, asked=takes or {})
        told = partial(keep_stale, ledger=self.ledger, fresh=fresh, has=self.has, keep=kept)
        plan = await asyncio.to_thread(told, drawn.seen_in(books, self.has))
        draw = partial(self._drawn, made_of=made_of, takes=chosen, only=only)
        plan = await asyncio.to_thread(with_alternatives, plan, self.ledger, draw, told=told, has=self.has)
        return await asyncio.to_thread(with_last_notes, plan, self.ledger, self.has), by_hash

    def has(self, sha256: str) -> bool:
        """True if a clip, or a still, is here and undamaged."""
        return self.store.has(sha256) or self.stills.has(sha256)

    def _drawn(
        self, production: Production, made_of: Materials, takes: Mapping[str, int], only: tuple[str, ...]
    ) -> Plan:
        """The plan without its states; a scene that the ledger has in another form is planned in that form."""

        return draw_plan(
            production, prices=self.prices, images=made_of.seeds, own_clips=made_of.own_clips,
            existing=made_of.existing, sounds=made_of.sounds, realm=self.service.realm, takes=takes, only=only,
            held=lambda key: (row := self.ledger.order(key)) is not None and row.state.held,
            familiar=lambda family: self.ledger.latest_take(family) is not None,
        )  # fmt: skip

    def _retaking(
        self, naming: Named, made_of: Materials, chosen: Mapping[str, int],
        retake: tuple[str, ...], command: str, run: str,
    ) -> Retaking:  # fmt: skip
        """The take for each scene of ``retake``: a new one, or the one of an earlier run of this command that made
        no film."""
        takes, refused, production = dict(chosen), list[int](), naming.production
        realm = self.service.realm
        names = productions_in(self.ledger, naming, realm)
        known = [r for name in names for r in retakes_of(self.ledger, name, realm)]
        for scene in retake:
            # Planned again for each: a new take of a parent makes new families of its children.
            drawn = self._drawn(production, made_of, takes, (scene,))
            found = [self.ledger.latest_take(s.family) for s in drawn.shots if s.scene == scene]
            latest = [row for row in found if row]
            # The same shots may have been asked for under another title, too.
            elsewhere = {row.production for row in latest} - set(names)
            asked = [r for name in sorted(elsewhere) for r in retakes_of(self.ledger, name, realm)] + known
            asked = sorted((r for r in asked if r.scene == scene), key=lambda r: -r.id)
            takes[scene], over = next_take(latest, asked, command=command, run=run)
            refused += over
        return Retaking(command, {scene: takes[scene] for scene in retake}, tuple(refused))

    def _budgeting(self, naming: Named, plan: Plan, apart: bool) -> Budgeting:
        """The budget that a plan belongs to, by the shots that the ledger has already."""
        film, realm = naming.production.budget_name, self.service.realm
        found = Budgeting(apart=apart)
        if naming.new:
            found = replace(found, begun_as=naming.known_as or film, made=naming.made)
        if naming.production.project:
            return project_budgeting(self.ledger, naming, plan, found, realm)
        if apart:
            return found
        # Where it has an earlier name, nothing was bought under the present one.
        others = set(films_with(self.ledger, film, realm)) - {naming.made}
        said = [s.prompt for s in plan.shots if not s.finishes and s.is_bought]
        source = made_out_of(self.ledger, film, realm, [s.key for s in plan.shots if s.is_bought], said) or ""
        if source:
            others |= {source, *films_with(self.ledger, source, realm)} - {film}
        return replace(found, others=tuple(sorted(others)), made_out_of=source)

    async def connect(self) -> None:
        """Connect to the service; if none is configured, start the sandbox."""
        if self._providers:
            return
        # Loaded here: a plan, which polls nothing, would wait for numpy.
        from studio.execution.poll_schedule import PollSchedule
        from studio.execution.polling import GenerationPoller

        origin = ""
        if self.service.start_sandbox:
            origin = await ensure_sandbox(self.home / "sandbox", latency=self.settings.sandbox_latency)
        history = await asyncio.to_thread(self.ledger.durations, self.service.realm)
        local = self.service.realm != "luma"
        latest, come = 0, False
        if self.settings.callback_url is not None:
            latest = await asyncio.to_thread(latest_callback, self.ledger)
            come = await asyncio.to_thread(callbacks_come, self.ledger)
        for api, access in self.service.apis.items():
            spec = spec_of(api)
            base_url = access.base_url or origin + spec.local_path
            self._providers[api] = spec.open(Connection(base_url, access.api_key, local=local))
            account = access.account
            self._pollers[api] = GenerationPoller(
                self._providers[api],
                schedule=PollSchedule(history),
                proven=await asyncio.to_thread(shows_unfinished, self.ledger, account),
                on_sight=partial(self._sighted, account),
                rate=PollRate(self.settings.polls_per_minute if self.service.billed else None),
                hearing=Hearing(proven=come),
            )
        if self.settings.callback_url is not None:
            self._feed = asyncio.create_task(
                follow(self.ledger, latest, self._heard, needed=self._waits), name="follow callbacks"
            )

    def _waits(self) -> bool:
        return any(poller.waits for poller in self._pollers.values())

    def _heard(self, generation_id: str) -> None:
        for poller in self._pollers.values():
            poller.heard(generation_id)

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts that are billed, by their names in the ledger; none where nothing is."""
        return tuple({a.account for a in self.service.apis.values()}) if self.service.billed else ()

    async def _sighted(self, account: str, seen: Sequence[Sighting]) -> None:
        await asyncio.to_thread(keep_sightings, self.ledger, account, seen)

    @property
    def connected(self) -> tuple[str, ...]:
        """The APIs that are reached for."""
        return tuple(self._providers)

    def provider_of(self, api: str) -> GenerationService:
        """One of the services. Raises SettingsError where it is not set up."""
        self.service.access(api)
        if api not in self._providers:
            raise RuntimeError("the session is not connected")
        return self._providers[api]

    def poller_of(self, api: str) -> GenerationPoller:
        """The poller that waits for the generations of that API."""
        self.provider_of(api)
        return self._pollers[api]

    def gateway(
        self, api: str, pool: str, *, run: str, plan: Plan, budget: Decimal | None,
        beside: Callable[[], tuple[str, ...]] = tuple, batch: Batch | None = None,
    ) -> PurchaseGateway:  # fmt: skip
        """The gateway to one API, with every cap of this run and the account's limits for a pool of models.

        ``beside`` gives the runs that share its budget by now; ``batch`` is the one that the run is of.
        """
        settings = self.settings
        return PurchaseGateway(
            self.ledger,
            lambda: self.provider_of(api),
            run=run,
            caps=lambda: caps_of(settings, plan, run=run, budget=budget, beside=beside(), batch=batch),
            limits=self.limits(api, pool),
            patience=settings.rate_limit_patience,
            grace=self.grace,
            retry_moderation=settings.retry_moderation,
            unbooked=self.unbooked,
            restored=self.restored,
            callback_url=settings.callback_url.get_secret_value() if settings.callback_url else "",
            user_id=opaque_id(self.ledger.id, plan.production.budget_name) if settings.user_id else "",
        )

    @property
    def grace(self) -> Grace:
        """The time in which an order whose answer was lost may still appear on the list."""
        return Grace(self.settings.doubt_grace)

    def limits(self, api: str, pool: str) -> Limits:
        """The limits of an account, for a pool of models: what the settings say, else its tier's at the service.

        A limit that the service states replaces the tier's, and lowers that of the settings.
        """
        held = self.service.billed and self.settings.tier != "none"
        tier = spec_of(api).limits.get(pool, RateLimits()) if held else RateLimits()
        return Limits(self.settings.at_once or tier.at_once, self.settings.per_minute, tier.per_minute)

    async def aclose(self) -> None:
        if self._feed is not None:
            self._feed.cancel()
            await asyncio.gather(self._feed, return_exceptions=True)
        for poller in self._pollers.values():
            await poller.aclose()
        for provider in self._providers.values():
            await provider.aclose()
        await asyncio.to_thread(self.publisher.close)
        if "http" in vars(self):  # it was used
            await self.http.aclose()
        with contextlib.suppress(LedgerError):  # it may be the error that the run ended with, which is reported instead
            await asyncio.to_thread(self.mark.set, self.ledger, self.accounts)
        self.ledger.close()


@asynccontextmanager
async def open_session(settings: Settings) -> AsyncIterator[Session]:
    """Open the ledger and the stores. Raises SettingsError or LedgerError; nothing is sent to the service yet."""
    service = choose_service(settings)
    publisher = choose_publisher(settings, service)
    check_authorities()
    ledger = await asyncio.to_thread(open_ledger, settings.ledger)
    check_clock(ledger)
    session = Session(settings, service, ledger, partial(_downloads, service), publisher)
    try:
        session.booked = await asyncio.to_thread(session.unbooked.book, ledger)
        yield session
    finally:
        await session.aclose()


def _downloads(service: Service) -> httpx.AsyncClient:
    import httpx

    # Downloads by this client carry no key. A server on this machine is reached past any proxy.
    return httpx.AsyncClient(
        follow_redirects=True, timeout=httpx.Timeout(60, connect=10), trust_env=service.realm == "luma",
        verify=trusted(),
    )  # fmt: skip


def opaque_id(ledger: str, film: str) -> str:
    """An opaque name for all versions of a film, the same in every run.

    A hash keyed with the ledger's random id, which nobody else has, so that titles cannot be guessed from it.
    """
    return hmac.new(ledger.encode(), film.encode(), hashlib.sha256).hexdigest()[:32]


def caps_of(
    settings: Settings, plan: Plan, *, run: str, budget: Decimal | None, beside: tuple[str, ...] = (),
    batch: Batch | None = None,
) -> list[Cap]:  # fmt: skip
    """Every cap that applies to a run: its own, its batch's, its film's in all versions, and this month's by the
    ledger's clock.

    ``beside``: runs that share its budget.
    """
    written = plan.production
    caps = [
        Cap("run", run, budget, None, tuple(other for other in beside if other != run)),
        Cap("production", written.budget_name, written.budget, None, plan.budgeting.others),
    ]
    if batch is not None:
        caps.append(Cap("batch", batch.id, batch.budget))
    caps.append(Cap("month", "", settings.month_cap, settings.month_creates))
    return [cap for cap in caps if cap.limit is not None or cap.creates is not None]


def films_folder(settings: Settings, production: Production, run: str) -> Path:
    """The folder of a run's film where the producer names none."""
    return (settings.films / production.slug / run).absolute()
