"""``VideoProvider``: the library's calls, by the executor and the ledger, which make each purchase once."""

from __future__ import annotations

import asyncio
import builtins
import hashlib
import logging
import shutil
import uuid
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self, Unpack

from studio.atomic import atomic
from studio.errors import BadInput, DownloadError, NotFound, SettingsError
from studio.execution.session import Session, open_session
from studio.library.film import Film, make
from studio.library.productions import continuous, one
from studio.library.purchase import Purchase, single
from studio.library.values import CommonOptions, GeneratedVideo, VideoOptions, status_of
from studio.money import parse_usd
from studio.production import Production
from studio.providers import Generation, GenerationPage, GenerationService
from studio.providers.models import TIER_PIXELS
from studio.providers.price_book import load_prices
from studio.providers.registry import spec_of, video_model
from studio.settings import Settings, load_settings
from studio.storage.download import download
from studio.wording import Surface, asked_from

log = logging.getLogger(__name__)


class VideoProvider:
    """A service's videos, for use as ``async with VideoProvider("ray-2") as provider``.

    Keys, ledger and clips are those of the environment (``LUMAAI_API_KEY``, ``STUDIO_HOME`` …), shared with the flows;
    without a key it uses the sandbox, and nothing is billed. ``model`` is that of calls that name none; ``name`` is
    the vendor of its service; ``has_list`` is True if the account's generations can be listed. ``budget`` is the USD
    that may be spent while it is open: required where a key is set. ``production`` is the name that its purchases have
    in the ledger. ``allow_odd``: a clip of another size or length than was ordered is returned, too; without it, its
    call raises OddClip. Calls may run at the same time.

    Raises BadInput for an unknown model, settings that cannot be used, and, when opened, a missing key.
    """

    def __init__(
        self, model: str, *, budget: Decimal | int | str | None = None, production: str = "library",
        settings: Settings | None = None, allow_odd: bool = False,
    ) -> None:  # fmt: skip
        self.model, self.production, self.allow_odd = model, production, allow_odd
        self._model = video_model(model)
        spec = spec_of(self._model.api)
        self._api, self.name, self.has_list = spec.id, spec.vendor.lower(), spec.has_list
        self._settings = settings or load_settings()
        self._budget = _dollars(budget)
        self._run = f"library-{datetime.now(UTC):%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:8]}"
        #: Runs that share the budget: that of the videos, and one for each film.
        self._runs = [self._run]
        self._open: Session | None = None
        self._stack = AsyncExitStack()
        #: SHA-256 of stored clips by the URLs that were returned: they need not be fetched again. In memory only.
        self._known: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        if self._open is not None:
            raise BadInput("this provider is open already", hint="open one for each block, or share it")
        async with AsyncExitStack() as stack:
            session = await stack.enter_async_context(open_session(self._settings))
            session.service.access(self._api)  # reports a missing key now, not at the first purchase
            await session.connect()
            if session.service.start_sandbox:
                log.warning("no API key is set: the sandbox makes the videos, and nothing is billed")
            self._stack = stack.pop_all()
        self._open = session
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        session, self._open = self._open, None
        if session is not None:
            try:
                await asyncio.to_thread(session.ledger.end_run, self._run, "closed")
            finally:
                await self._stack.aclose()

    @property
    def cost_per_second(self) -> Decimal:
        """USD for a second of ``model`` by the price table in use: of its shortest clip, at 720p or its tier nearest
        to that."""
        table, model = load_prices(self._settings.price_book, self._settings.price_table).of(self._api), self._model
        tier = min(model.resolutions, key=lambda name: abs(TIER_PIXELS[name] - TIER_PIXELS["720p"]))
        return table.quote(self.model, tier, model.lengths[0]).usd / model.lengths[0]

    async def generate(
        self, prompt: str, duration: float = 5.0, width: int = 1280, height: int = 720,
        **options: Unpack[VideoOptions],
    ) -> GeneratedVideo:  # fmt: skip
        """One clip of at least ``duration`` seconds: bought once, awaited, fetched and verified.

        The same call again, in this process or another, gives the same video and costs nothing.
        Raises BadInput (nothing was spent), OverBudget, InDoubt, GenerationFailed, StillRunning, ServiceError,
        DownloadError or BadClip; in each case the same call later goes on from there, and pays for nothing twice.
        """
        wish = {"prompt": prompt, "duration": duration, "width": width, "height": height, **self._with_model(options)}
        (video,) = await self._buy(one(wish, title=self.production), [wish], alone=True)
        return video

    async def generate_continuous(
        self, scenes: Sequence[Mapping[str, Any]],
        character_ref_url: str | Path | Sequence[str | Path] | None = None, *, width: int = 1280, height: int = 720,
        **options: Unpack[CommonOptions],
    ) -> builtins.list[GeneratedVideo]:  # fmt: skip
        """Make scenes that each continue the end of the one before; one with a start of its own begins there.

        A scene has a ``prompt``, and may have a ``duration`` and any of ``VideoOptions`` but ``aspect_ratio``;
        ``character_ref_url`` and ``options`` hold for every scene that does not say otherwise (the character does not,
        where a scene starts from a picture). One video for each clip, in order: a scene that is longer than one clip
        can be has several, with the same ``scene_id``. Raises as ``generate`` does.
        """
        shared = self._with_model(options)
        shared |= {"character_ref_url": character_ref_url, "width": width, "height": height}
        written = continuous(scenes, shared, title=self.production)
        return await self._buy(written, [{**shared, **scene} for scene in scenes])

    async def _buy(
        self, written: Production, wishes: Sequence[Mapping[str, Any]], *, alone: bool = False
    ) -> builtins.list[GeneratedVideo]:
        """Make a production's clips. ``wishes``: its scenes as the call gave them. ``alone``: it must be one clip."""
        with asked_from(Surface.LIBRARY):
            purchase = Purchase(
                self._session, run=self._run, budget=self._budget, allow_odd=self.allow_odd, beside=self._sharing
            )
            run = await purchase.planned(written)
            if alone:
                single(run.plan)
            videos = await purchase.made(run, provider=self.name, asked=wishes)
        self._known |= {video.video_url: video.path.stem for video in videos if video.path is not None}
        return videos

    async def make_film(
        self, production: str | Path | Mapping[str, Any] | Production, *, out: str | Path | None = None,
        allow_missing: bool = False,
    ) -> Film:  # fmt: skip
        """Make the film of a production, given as a file or its content: bought, joined and reported as by a flow.

        ``out``: the folder of the film (default: ``films/SLUG/RUN``). ``allow_missing``: a slate in place of a scene
        that failed. Paid from this provider's budget. Raises BadInput, OverBudget, InDoubt or Incomplete, and
        NotDelivered where the film is made and a delivery of it is not; the same call later pays for what is missing
        alone.
        """
        with asked_from(Surface.LIBRARY):
            run = f"{self._run}-{len(self._runs)}"
            self._runs.append(run)
            return await make(
                self._session, production, run=run, budget=self._budget, beside=self._sharing,
                allow_odd=self.allow_odd, out=None if out is None else Path(out), allow_missing=allow_missing,
            )  # fmt: skip

    async def download(self, video_url: str, local_path: str | Path) -> str:
        """Save a video to a file of your own, whole and verified; returns ``local_path``.

        Raises DownloadError (AssetExpired where the URL is no longer valid) or BadClip.
        """
        with asked_from(Surface.LIBRARY):
            session = self._session
            sha256 = self._known.get(video_url)
            if sha256 is None or not await asyncio.to_thread(session.has, sha256):
                if not video_url.startswith(("http://", "https://")):
                    raise BadInput("is no http or https address", where="video_url")
                sha256 = await self._fetch(session, video_url)
            await asyncio.to_thread(_copy, session.store.path(sha256), Path(local_path))
            return str(local_path)

    async def _fetch(self, session: Session, url: str) -> str:
        async def same_url() -> str:
            return url

        named = hashlib.sha256(url.encode()).hexdigest()[:16]
        clip = await download(same_url, session.store, client=session.http, name="video", generation=named)
        return clip.sha256

    async def get(self, generation_id: str) -> Generation:
        """One generation, of any API. Raises NotFound where the account has none of that id."""
        session = self._session
        others = [api for api in session.connected if api != self._api]
        for api in (self._api, *others):
            try:
                return await session.provider_of(api).get(generation_id)
            except NotFound as error:
                missing = error
        raise missing

    async def check_status(self, job_id: str) -> dict[str, Any]:
        """``id``, ``status``, ``video_url`` (once completed) and ``failure_reason`` (once failed) of a generation."""
        return status_of(await self.get(job_id))

    async def list(self, *, limit: int = 100, offset: int = 0) -> GenerationPage:
        """A page of the account's generations. Raises Refused where there is no list."""
        return await self._service.list(limit=limit, offset=offset)

    async def delete(self, generation_id: str) -> None:
        """Delete a generation at the service. Its price is not refunded."""
        await self._service.delete(generation_id)

    async def credits(self) -> Decimal:
        """The account's balance in USD. Raises Refused where the service does not tell it."""
        return await self._service.credits()

    async def list_camera_motions(self) -> builtins.list[str]:
        """The keys that ``camera_motion`` takes; none where the camera is described in the prompt."""
        return await self._service.list_camera_motions()

    async def upload(self, path: Path, *, media_type: str) -> str:
        """Upload a local file to the service. Returns its file id. Buys nothing. Raises Refused where it takes none."""
        return await self._service.upload(path, media_type=media_type)

    async def ping(self) -> None:
        """Check that the service answers. Raises ServiceError where it does not."""
        await self._service.ping()

    @property
    def _session(self) -> Session:
        if self._open is None:
            raise BadInput("this provider is not open", hint=f"async with {type(self).__name__}(…) as provider: …")
        return self._open

    @property
    def _service(self) -> GenerationService:
        """The API that sells this provider's model."""
        return self._session.provider_of(self._api)

    def _sharing(self) -> tuple[str, ...]:
        return tuple(self._runs)

    def _with_model(self, options: CommonOptions) -> dict[str, Any]:
        return {**options, "model": options.get("model") or self.model}


class LumaProvider(VideoProvider):
    """Luma, by the one of its APIs that sells ``model``: ``async with LumaProvider() as luma``."""

    def __init__(
        self, model: str = "ray-2", *, budget: Decimal | int | str | None = None, production: str = "library",
        settings: Settings | None = None, allow_odd: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(model, budget=budget, production=production, settings=settings, allow_odd=allow_odd)


def open_provider(
    model: str = "ray-2", *, budget: Decimal | int | str | None = None, production: str = "library",
    settings: Settings | None = None, allow_odd: bool = False,
) -> VideoProvider:  # fmt: skip
    """A provider for a model of any service: ``async with open_provider(budget=Decimal("5")) as provider``."""
    return VideoProvider(model, budget=budget, production=production, settings=settings, allow_odd=allow_odd)


def _dollars(budget: Decimal | int | str | None) -> Decimal | None:
    try:
        return None if budget is None else parse_usd(str(budget))
    except ValueError as error:
        raise SettingsError(str(error), where="budget") from None


def _copy(clip: Path, local: Path) -> None:
    """Copy a clip from the store; a copy that fails leaves nothing under its name."""
    try:
        local.parent.mkdir(parents=True, exist_ok=True)
        with atomic(local) as part:
            shutil.copyfile(clip, part)
    except OSError as error:
        raise DownloadError(f"cannot be written: {error.strerror}", where=str(local)) from None
