"""The media of a create, read when it is accepted: the service answers 422 at once for media that it cannot read."""

from __future__ import annotations

import asyncio
import base64
import binascii
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError

from luma_sandbox import footage
from luma_sandbox.agents.file_table import FileTable
from luma_sandbox.agents.refusal import Declined
from luma_sandbox.agents.shapes import Media
from luma_sandbox.books import Books, Generation
from luma_sandbox.data_dir import DataDir
from luma_sandbox.errors import BadClip
from luma_sandbox.inputs import result
from luma_sandbox.limits import AGENTS_API
from luma_sandbox.reader import FORMATS, MAX_PIXELS, Reader, Unreadable
from luma_sandbox.stills import upright

API = AGENTS_API
MAX_DATA = 50 * 1024 * 1024
LONGEST = 60.0  # seconds of the longest clip that is read; the limits of sources are separate rules


@dataclass(frozen=True)
class Found:
    """One reference that was read.

    reference: for the order form, in the form of ``inputs.py``
    kind:      image or video
    """

    reference: dict[str, Any]
    kind: str
    width: int = 0
    height: int = 0
    seconds: float = 0.0


class Ingest:
    """A reader of references, and of uploaded files."""

    def __init__(self, home: DataDir, books: Books, file_table: FileTable, reader: Reader) -> None:
        self._home = home
        self._books = books
        self._file_table = file_table
        self._reader = reader

    async def read(self, field: str, media: Media, now: float, *, clips: bool) -> Found:
        """Read a reference. ``clips``: a video is allowed here. Raises Declined."""
        if media.generation_id is not None:
            return await asyncio.to_thread(self._generation, field, media.generation_id)
        if media.file_id is not None:
            return self._file(field, media.file_id, now)
        video = clips and (media.media_type or "").startswith("video/")
        part = self._home.part()
        try:
            if media.url is not None:
                await self._fetch(media.url, part, video=video)
                label = media.url.split("?", 1)[0]
            else:
                await asyncio.to_thread(part.write_bytes, _decoded(field, media.data or ""))
                label = "data"
            kind, facts = await asyncio.to_thread(examine, part, "video" if video else "image")
            digest = await asyncio.to_thread(self._home.adopt_input, part)
        except (Unreadable, BadClip) as error:
            raise Declined(422, f"{field}: {error}") from None
        finally:
            part.unlink(missing_ok=True)
        return _stored(digest, kind, facts, label)

    async def _fetch(self, url: str, part: Path, *, video: bool) -> None:
        if video:
            await self._reader.footage(url, part, LONGEST)
        else:
            await asyncio.to_thread(part.write_bytes, await self._reader.image(url))

    def _generation(self, field: str, identity: str) -> Found:
        parent = self._books.get(identity)
        if parent is None or parent.api != API:
            raise Declined(422, f"{field}: generation {identity} was not found")
        if parent.state != "completed":
            raise Declined(422, f"{field}: generation {identity} is not completed")
        reference = {"type": "generation", "id": identity}
        if parent.kind == "image":
            return Found(reference, "image", parent.order_form["width"], parent.order_form["height"])
        return self._clip(field, parent, reference)

    def _clip(self, field: str, parent: Generation, reference: dict[str, Any]) -> Found:
        try:
            facts = footage.examine(result(self._home, parent))
        except (BadClip, OSError) as error:
            raise Declined(422, f"{field}: the output of generation {parent.id} cannot be read") from error
        return Found(reference, "video", facts.width, facts.height, facts.seconds)

    def _file(self, field: str, identity: str, now: float) -> Found:
        file = self._file_table.get(identity)
        if file is None or file.state(now) == "deleted":
            raise Declined(422, f"{field}: file {identity} was not found")
        if file.state(now) != "ready" or file.sha256 is None:
            raise Declined(422, f"{field}: file {identity} is {file.state(now)}, not ready")
        kind = "video" if file.mime_type.startswith("video/") else "image"
        facts = (file.seconds or 0.0, file.width or 0, file.height or 0)
        return _stored(file.sha256, kind, facts, identity)


def examine(place: Path, kind: str) -> tuple[str, tuple[float, int, int]]:
    """The kind of media, and (seconds, width, height). Raises Unreadable or BadClip if it is none."""
    if kind == "video":
        facts = footage.examine(place)
        return kind, (facts.seconds, facts.width, facts.height)
    try:
        with Image.open(io.BytesIO(place.read_bytes()), formats=FORMATS) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise Unreadable(f"an image of {width}×{height} pixels is too large")
            image.load()
            width, height = upright(image)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise Unreadable(f"not an image ({', '.join(FORMATS)})") from error
    return kind, (0.0, width, height)


def _decoded(field: str, data: str) -> bytes:
    if len(data) > MAX_DATA * 4 // 3 + 4:
        raise Declined(413, f"{field}: inline media exceeds {MAX_DATA >> 20} MB")
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error:
        raise Declined(422, f"{field}: data is not valid base64") from None


def _stored(digest: str, kind: str, facts: tuple[float, int, int], label: str) -> Found:
    seconds, width, height = facts
    reference = {"type": "stored", "kind": "clip" if kind == "video" else "image", "sha256": digest, "id": label}
    return Found(reference, kind, width, height, seconds)
