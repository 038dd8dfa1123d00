"""Finished clips of the producer's: files that the film shows as they are, measured, and stored by their content."""

from __future__ import annotations

import asyncio
import json
from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from studio.assets.intake import AssetSource, copied, fetched
from studio.atomic import part_beside
from studio.errors import AssetError, BadClip, Undecoded
from studio.file_types import content_of
from studio.media.form import Form
from studio.production.seeds import no_finished_clip
from studio.storage.clip_store import ClipStore
from studio.storage.kept import Kept

if TYPE_CHECKING:
    import httpx

    from studio.media.clip import Clip

MAX_BYTES = 4 << 30  # of a file, as of every clip (studio/media/clip.py)
TOO_BIG = "export it smaller, or only the part that the film shows"
PUBLIC = "the URL must answer here with the file itself"
VERSION = 1  # of what is kept on a file's sound tracks


@dataclass(frozen=True)
class OwnClip:
    """A finished file, measured: ``frames`` of it, ``width`` and ``height`` in pixels as shown, ``seconds`` in all.

    ``name`` is the file's, ``fps`` its frames per second. ``starts``: the time of every frame in seconds where they are
    not evenly spaced, else empty. ``audio`` describes its sound, and is empty where it has none that can be heard.
    ``notes``: what of it is not heard, in words that follow its name. ``form`` is that of its pictures (None: unknown),
    ``irregular`` the reason why its frames cannot be copied, whatever its form.
    """

    name: str
    sha256: str
    width: int
    height: int
    frames: int
    fps: Fraction
    seconds: Fraction
    audio: str = ""
    starts: tuple[Fraction, ...] = ()
    notes: tuple[str, ...] = ()
    form: Form | None = None
    irregular: str = ""

    def frame(self, moment: Fraction) -> int:
        """The frame that begins nearest to a moment in seconds; the number of frames for its end."""
        if not self.starts:
            return min(self.frames, round(moment * self.fps))
        times = (*self.starts, self.seconds)
        after = min(bisect_left(times, moment), self.frames)
        return after - 1 if after and moment - times[after - 1] < times[after] - moment else after

    def time(self, frame: int) -> Fraction:
        """Seconds at which a frame begins; of the one after the last, the file's end."""
        if not self.starts:
            return frame / self.fps
        return self.starts[frame] if frame < self.frames else self.seconds


@dataclass(frozen=True)
class OwnPart:
    """The part of a finished file that a scene shows: ``frames`` of its own from frame ``start`` on."""

    file: OwnClip
    start: int
    frames: int

    @property
    def last(self) -> int:
        """The number of its last frame in the file."""
        return self.start + self.frames - 1

    @property
    def seconds(self) -> Fraction:
        return self.file.time(self.start + self.frames) - self.file.time(self.start)


async def take_in(
    sources: Mapping[str, tuple[AssetSource, str]], *, client: Callable[[], httpx.AsyncClient], store: ClipStore,
    kept: Kept,
) -> dict[str, OwnClip]:  # fmt: skip
    """Store and measure every file, by ``source_key``; beside each source, its place in the production. Raises
    AssetError.

    A file that is stored already is not copied again, and one behind a URL is fetched once.
    """
    found = {}
    for key, (source, where) in sources.items():
        sha256 = await _stored(source, where, client, store, kept)
        found[key] = await asyncio.to_thread(_measured, source, where, sha256, store, kept)
    return found


async def _stored(
    source: AssetSource, where: str, client: Callable[[], httpx.AsyncClient], store: ClipStore, kept: Kept
) -> str:
    """The SHA-256 of a file, which is in the store then."""
    url = source.url or ""
    if source.path:
        known: str = await asyncio.to_thread(_digest, Path(source.path), store)
    else:
        known = (kept.get("fetched", ("own clip", url)) or b"").decode()
    there: bool = await asyncio.to_thread(store.has, known) if known else False
    if there:
        return known
    part = part_beside(store.incoming / "own")
    try:
        if source.path:
            sha256 = await asyncio.to_thread(copied, where, Path(source.path), part, most=MAX_BYTES, hint=TOO_BIG)
        else:
            sha256 = await fetched(where, url, client(), part, most=MAX_BYTES, hint=TOO_BIG, public=PUBLIC)
        content = content_of(part)
        if content.kind != "video":
            said, hint = no_finished_clip(content)
            raise AssetError(f"is {said}", where=where, hint=hint)
        await asyncio.to_thread(store.adopt, part, sha256=sha256)
    finally:
        part.unlink(missing_ok=True)
    if url and not source.path:
        kept.put("fetched", ("own clip", url), sha256.encode())
    return sha256


def _digest(path: Path, store: ClipStore) -> str:
    try:
        return store.digests.of(path) if path.is_file() else ""
    except (OSError, ValueError):
        return ""  # reported when it is copied


def _measured(source: AssetSource, where: str, sha256: str, store: ClipStore, kept: Kept) -> OwnClip:
    from studio.media.container import EXPORT  # the decoders are loaded where there is a clip to decode
    from studio.media.packets import scan
    from studio.media.tracks import heard
    from studio.storage.probe_cache import stored_clip

    path = store.path(sha256)

    def tracks() -> bytes:
        found = heard(path)
        return json.dumps([found.number, found.lost]).encode()

    try:
        number, lost = json.loads(kept.once("own-sounds", (VERSION, sha256), tracks))
        # The film takes a clip's first sound track.
        clip = stored_clip(store, sha256, sound=0 if number == 0 else None)
        starts: tuple[Fraction, ...] = ()
        if clip.irregular:
            read = scan(path)
            if read.rate is None:
                starts = tuple((time - read.shown[0]) * read.tick for time in read.shown)
    except BadClip as error:
        hint = EXPORT if isinstance(error, Undecoded) else "use a whole MP4 or MOV file"
        raise AssetError(f"its file {error.message}", where=where, hint=hint) from None
    return _own_clip(source, sha256, clip, starts, tuple(lost))


def _own_clip(
    source: AssetSource, sha256: str, clip: Clip, starts: tuple[Fraction, ...], lost: tuple[str, ...]
) -> OwnClip:
    name = Path(source.path).name if source.path else source.id
    audio = clip.audio if clip.has_audio else ""
    found = OwnClip(
        name, sha256, clip.width, clip.height, clip.frames, clip.fps, clip.duration, audio, starts, (),
        clip.form, clip.irregular,
    )  # fmt: skip
    if not lost:
        return found
    codecs = f"{'codecs' if len(lost) > 1 else 'codec'} {', '.join(lost)}"
    return replace(found, notes=(f"its sound ({codecs}) cannot be decoded, and is dropped",))
