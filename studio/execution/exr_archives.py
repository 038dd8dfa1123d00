"""The EXR frames of HDR clips: an archive beside the film, kept there so that it is fetched only once."""

from __future__ import annotations

import asyncio
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path, PurePosixPath

from studio.atomic import atomic, digest, settle
from studio.cleaning import clean
from studio.disk import disk_errors
from studio.errors import BadClip, DownloadError
from studio.execution.run import Run
from studio.execution.shared_fetching import Way, fetch_once
from studio.file_types import FileType
from studio.ledger import OrderRow
from studio.ledger.fetched import FileOf
from studio.planning.plan import Shot
from studio.providers.registry import generation_name
from studio.storage.download import Goods, fetch
from studio.storage.partial_download import Part
from studio.storage.shared_files import archive_key

PAID = "it is paid for"
#: Limits: half-float frames of 5 s at 1080p are 1.5 GB, compressed or not; these are several times that.
MAX_BYTES = 8 * 1024**3
MAX_UNPACKED = 16 * 1024**3
MAX_MEMBERS = 2000
MAX_DIRECTORY = 4 * 1024**2  # bytes of the list of members
MAX_RATIO = 200  # ratio of unpacked to packed; frames of a single colour exceed it,
RATIO_FROM = 64 * 1024**2  # but are smaller than this
#: Methods of compression that are read; the output of others has no limit per piece.
COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
#: The errors that zipfile raises for an archive that is damaged.
DAMAGED = (
    zipfile.BadZipFile, zlib.error, struct.error, OSError, EOFError, ValueError, LookupError, TypeError,
    ArithmeticError, RuntimeError, MemoryError,
)  # fmt: skip


async def archives_of(
    run: Run, made: Iterable[Shot], *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> tuple[Path, ...]:
    """Download the EXR archives of the shots that have one into the film's folder, as ``<shot>.exr.zip``.

    Raises DownloadError or ServiceError where one is not available now, BadClip where the file is no archive.
    """
    placed = []
    for shot in made:
        if not shot.options.exr:
            continue
        row = await asyncio.to_thread(run.session.ledger.order, shot.key)
        if row is None or row.generation_id is None:
            continue
        kept = run.session.home / "exr" / f"{row.key}.zip"
        if not kept.exists():
            await _fetch(run, shot, row, kept, sleep)
        goal = run.out / f"{shot.id}.exr.zip"
        with disk_errors("the EXR frames", run.out):
            await asyncio.to_thread(_copy, kept, goal)
        placed.append(goal)
    return tuple(placed)


def _where(shot: Shot) -> str:
    return f"scene '{shot.scene}', field 'exr'"


def _copy(kept: Path, goal: Path) -> None:
    goal.parent.mkdir(parents=True, exist_ok=True)
    with atomic(goal) as part:
        shutil.copyfile(kept, part)


async def _fetch(run: Run, shot: Shot, row: OrderRow, goal: Path, sleep: Callable[[float], Awaitable[None]]) -> None:
    session, where, generation_id = run.session, _where(shot), row.generation_id or ""

    async def fresh_url() -> str:
        await session.connect()
        generation = await session.provider_of(shot.api).get(generation_id)
        if generation.frames_url is None:
            raise DownloadError("the service has no EXR frames for it", where=where, hint=ARCHIVE.hint)
        return generation.frames_url

    async def from_service() -> str:
        await fetch(
            fresh_url, ARCHIVE, goal.parent / "incoming", lambda part: _settled(part, goal), client=session.http,
            name=f"{shot.id}.exr", where=where, generation=generation_name(shot.api, generation_id), sleep=sleep,
        )  # fmt: skip
        return await asyncio.to_thread(digest, goal) if session.shared is not None else ""

    files = session.shared
    if files is None:
        await from_service()
        return
    goal.parent.mkdir(parents=True, exist_ok=True)
    way = Way(
        lambda sha256, size: files.bring_file(archive_key(sha256), goal, sha256, size),
        from_service,
        lambda sha256, anew: files.share_file(goal, archive_key(sha256), sha256, anew=anew),
        sleep,
    )
    of = FileOf(session.service.realm, shot.api, generation_id, "exr")
    await fetch_once(session.ledger, of, way, known=None, name=f"{shot.id}.exr")


ARCHIVE = Goods("archive of EXR frames", frozenset({FileType.ZIP}), MAX_BYTES, PAID)


def _settled(part: Part, goal: Path) -> tuple[Path | None, str]:
    """The archive, examined and moved to its place; or what is wrong with it."""
    try:
        check_archive(part.path)
    except BadClip as error:
        return None, f"it {error.message}"
    settle(part.path, goal)
    part.note.unlink(missing_ok=True)
    return goal, ""


def check_archive(path: Path) -> None:
    """Check a ZIP archive from a service, first without unpacking it, then by reading all of it within limits.

    Raises BadClip for an archive that is damaged, encrypted, or compressed in another way than by DEFLATE, that would
    become too large, or whose members would leave the folder that somebody unpacks it into.
    """
    try:
        _check_directory(path)
        with zipfile.ZipFile(path) as archive:
            _check_members(archive.infolist(), path.stat().st_size)
            bad = archive.testzip()
    except DAMAGED as error:
        raise BadClip(f"is no whole archive ({type(error).__name__})") from None
    if bad:
        raise BadClip(f"is damaged at {clean(bad, limit=80)}")


def _check_directory(path: Path) -> None:
    """Refuse a list of members that is too long, before it is read into memory."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - 65_557 - 76))  # the longest comment, the end record, and those of ZIP64 before it
        tail = file.read()
    place = tail.rfind(b"PK\x05\x06")
    if place < 0:
        raise BadClip("is no whole archive: its end is missing")
    members, length = struct.unpack_from("<HL", tail, place + 10)
    wide = tail.rfind(b"PK\x06\x06", 0, place)
    if wide >= 0:
        _, members, length = struct.unpack_from("<QQQ", tail, wide + 24)
    if members > MAX_MEMBERS or length > MAX_DIRECTORY:
        raise BadClip(f"has more than {MAX_MEMBERS} members")


def _check_members(members: list[zipfile.ZipInfo], size: int) -> None:
    files = [member for member in members if not member.is_dir()]
    if not files:
        raise BadClip("holds no frames")
    if len(members) > MAX_MEMBERS:
        raise BadClip(f"has more than {MAX_MEMBERS} members")
    unpacked = sum(member.file_size for member in files)
    if unpacked > MAX_UNPACKED or (unpacked > RATIO_FROM and unpacked > MAX_RATIO * size):
        raise BadClip(f"would become {unpacked} bytes out of {size}: more than frames do")
    names = set()
    for member in members:
        told = clean(member.filename, limit=80)
        if member.flag_bits & 0x1:
            raise BadClip(f"is encrypted at {told}")
        if member.compress_type not in COMPRESSIONS:
            raise BadClip(f"is compressed in a way that is not read here, at {told}")
        # Both slashes and a drive's colon are treated as separators, since it may be unpacked on any system.
        parts = PurePosixPath(member.orig_filename.replace("\\", "/")).parts
        leaves = not parts or parts[0] == "/" or ".." in parts or ":" in parts[0]
        if leaves or not member.orig_filename.isprintable() or stat.S_ISLNK(member.external_attr >> 16):
            raise BadClip(f"has a member that would leave its folder: {told or 'one without a name'}")
        if member.filename in names:
            raise BadClip(f"has two members of one name: {told}")
        names.add(member.filename)
