"""What every video service can do for us, and the values that it answers with."""

from __future__ import annotations

import builtins
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, NoReturn, TypedDict, Unpack

from studio.errors import BadInput, Refused
from studio.failures import FailureClass
from studio.providers.service_clock import ServiceClock

GenerationState = Literal["queued", "dreaming", "completed", "failed"]


@dataclass(frozen=True)
class Generation:
    """One job of the service. Its URLs are signed: they are used at once, and shown and kept nowhere.

    ``request`` is what the service says was asked. ``created_at`` is the service's own clock, aware UTC. ``kind`` is
    ``video`` or ``image``, where the service says so. ``frames_url`` is the archive of EXR frames of an HDR clip.
    ``failure`` is whose failure it was, where the state is failed.

    Of the answer to a create: ``request_id`` is the service's name for the request, and ``per_minute`` how many creates
    a minute it allows, each where the answer told it.
    """

    id: str
    state: GenerationState
    created_at: datetime | None = None
    model: str | None = None
    video_url: str | None = field(default=None, repr=False)
    image_url: str | None = field(default=None, repr=False)
    failure_reason: str | None = None
    request: Mapping[str, Any] = field(default_factory=dict, repr=False)
    kind: str | None = None
    frames_url: str | None = field(default=None, repr=False)
    failure: FailureClass = FailureClass.SERVICE
    request_id: str | None = None
    per_minute: int | None = None

    @property
    def ended(self) -> bool:
        return self.state in ("completed", "failed")


@dataclass(frozen=True)
class GenerationPage:
    """A part of the account's generations. In which order, and whether ``has_more`` is true, no service promises.

    ``unread``: how many more there were on it that could not be read.
    """

    generations: tuple[Generation, ...]
    has_more: bool
    unread: int = 0

    @property
    def rows(self) -> int:
        """The number of rows on it, readable or not."""
        return len(self.generations) + self.unread


@dataclass(frozen=True, kw_only=True)
class GeneratedVideo:
    """A finished clip, fetched and verified.

    video_id:        the generation's id; ``continue_from`` takes it
    video_url:       where the service keeps it. May be signed: it is shown and kept nowhere, and lives for a while only
    duration:        seconds, as measured; width and height in pixels too
    generation_cost: USD that it cost when it was bought, with the still that it begins or ends with
    metadata:        model, prompt, resolution and aspect_ratio; ``order`` is its key in the books; ``cached``, whether
                     it was bought before; ``spent``, the USD that this call paid; what else is worth knowing
    path:            the clip on this machine, kept by its content: copy it, but do not change it
    """

    video_id: str
    video_url: str = field(repr=False)
    duration: float
    width: int = 0
    height: int = 0
    format: str = "mp4"
    generation_cost: Decimal
    provider: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    scene_id: str | None = None
    path: Path | None = None


class CommonOptions(TypedDict, total=False):
    """What one video, or all scenes of one call, can be asked for. None is the same as nothing.

    model:        ray-2, ray-flash-2 or ray-3, in place of the provider's
    resolution:   540p, 720p, 1080p or 4k (ray-3: 360p to 1080p), in place of the one that width and height mean
    aspect_ratio: such as 16:9, in place of the one that is nearest to width and height
    take:         another number buys another take of the same wish
    """

    model: str | None
    resolution: str | None
    aspect_ratio: str | None
    take: int | None


class VideoOptions(CommonOptions, total=False):
    """What a video can be asked for beside its prompt, length and size.

    start_image_url:   the first frame: a public URL, or a local file
    end_image_url:     the last frame
    continue_from:     the generation whose last frame this one goes on from: its id, or a GeneratedVideo
    keyframes:         the same three in Luma's own form: ``{"frame0": {"type": "image", "url": …}}``,
                       ``{"frame1": {"type": "generation", "id": …}}``
    character_ref_url: who is in it: one reference picture, or several. A still of them is made first
    camera_motion:     one concept or several, by key (``bolt_cam``) or in plain words (``slow motion``)
    loop:              the last frame runs into the first again
    scene_id:          its name in the books and in errors
    """

    start_image_url: str | Path | None
    end_image_url: str | Path | None
    continue_from: str | GeneratedVideo | None
    keyframes: Mapping[str, Mapping[str, str]] | None
    character_ref_url: str | Path | Sequence[str | Path] | None
    camera_motion: str | Sequence[str] | None
    loop: bool | None
    scene_id: str | None


class VideoProvider(ABC):
    """A video service. Calls raise the errors of ``studio.errors``, and nothing else.

    ``create`` spends money: only ``purchasing.gateway`` may call it. ``endpoints`` are those that it knows.
    ``has_list``: whether the account's generations can be listed, and so a lost answer be found again. ``generate``,
    ``generate_continuous`` and ``download`` need books and a place for clips beside the service:
    ``studio.library.open_provider`` gives a provider that has them.
    """

    name: str
    has_list: bool
    #: The service's clock, as its answers tell it; None where nobody measures it.
    clock: ServiceClock | None = None
    endpoints: frozenset[str]

    @property
    @abstractmethod
    def cost_per_second(self) -> Decimal:
        """USD for a second at the service's usual model and 720p, for rough figures; orders are priced exactly."""

    @abstractmethod
    async def create(
        self, endpoint: str, params: Mapping[str, Any], *, request_id: str = "", user_id: str = ""
    ) -> Generation:
        """Send one create, exactly once, with the SDK's own parameters for that endpoint; None leaves one out.

        ``request_id`` goes with it as a trace, by which the service's support can find the request: it makes no create
        safe to repeat. ``user_id``: an opaque id of whom it is made for, sent where the API has a place for it.
        Raises NotSent, RateLimited, Refused, or Ambiguous.
        """

    @abstractmethod
    async def get(self, generation_id: str) -> Generation:
        """One generation as it is now. Raises NotFound where the account has none of that id."""

    @abstractmethod
    async def list(self, *, limit: int = 100, offset: int = 0) -> GenerationPage:
        """A part of the account's generations. Raises Refused where there is no list."""

    @abstractmethod
    async def delete(self, generation_id: str) -> None:
        """Delete a generation at the service. What was paid for it is not given back."""

    @abstractmethod
    async def credits(self) -> Decimal:
        """The account's balance in USD. Raises Refused where the service does not tell it."""

    @abstractmethod
    async def list_camera_motions(self) -> builtins.list[str]:
        """The keys that ``concepts`` takes; none where the camera is told in the prompt."""

    async def upload(self, path: Path, *, media_type: str) -> str:
        """Give a local file to the service, and wait until it can be used: its file id, for requests to refer to.

        Buys nothing. Raises Refused where the service takes no files, or not this one.
        """
        raise Refused(f"{self.name} has no file upload ({path.name}): it takes public URLs only")

    @abstractmethod
    async def ping(self) -> None:
        """Raises ServiceError where the service does not answer."""

    async def generate(
        self,
        prompt: str,
        duration: float = 5.0,
        width: int = 1280,
        height: int = 720,
        **options: Unpack[VideoOptions],
    ) -> GeneratedVideo:
        """One clip of at least ``duration`` seconds: bought once, awaited, fetched and verified.

        The same wish again, in this process or another, gives the same video and costs nothing.
        Raises BadInput (nothing was spent), OverBudget, InDoubt, GenerationFailed, StillRunning, ServiceError,
        DownloadError or BadClip; in each case the same call later goes on from there, and pays for nothing twice.
        """
        self._has_no_books()

    async def generate_continuous(
        self,
        scenes: Sequence[Mapping[str, Any]],
        character_ref_url: str | Path | Sequence[str | Path] | None = None,
        *,
        width: int = 1280,
        height: int = 720,
        **options: Unpack[CommonOptions],
    ) -> builtins.list[GeneratedVideo]:
        """Scenes that each go on from the end of the one before; one with a start of its own begins there.

        A scene has a ``prompt``, and may have a ``duration`` and any of ``VideoOptions`` but ``aspect_ratio``;
        ``character_ref_url`` and ``options`` hold for every scene that does not say otherwise (who is in a scene that
        starts from a picture, the picture says). One video for each clip, in order: a scene that is longer than one
        clip can be has several, with the same ``scene_id``. Raises as ``generate`` does.
        """
        self._has_no_books()

    async def download(self, video_url: str, local_path: str | Path) -> str:
        """Put a video into a file of your own, whole and verified; returns ``local_path``.

        Raises DownloadError (AssetExpired where the URL is no longer valid) or BadClip.
        """
        self._has_no_books()

    def _has_no_books(self) -> NoReturn:
        raise BadInput(
            f"this {type(self).__name__} has no books: it can ask the service, and buy or fetch nothing",
            hint="open one that has: async with studio.library.open_provider() as provider: …",
        )

    async def check_status(self, job_id: str) -> dict[str, Any]:
        """``id``, ``status``, ``video_url`` (once completed) and ``failure_reason`` (once failed) of a generation."""
        generation = await self.get(job_id)
        done = generation.state == "completed"
        return {
            "id": generation.id,
            "status": generation.state,
            "video_url": generation.video_url if done else None,
            "failure_reason": generation.failure_reason if generation.state == "failed" else None,
        }

    @abstractmethod
    async def aclose(self) -> None:
        """Close the connections."""
