"""The routes of /files: create, receive the bytes, complete, list, get, delete."""

from __future__ import annotations

import asyncio
import base64
import binascii
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import UploadFile

from luma_sandbox.agents import media, shapes
from luma_sandbox.agents.file_table import File
from luma_sandbox.agents.refusal import Declined, check_key
from luma_sandbox.agents.state import AgentsState, agents_of, json_body
from luma_sandbox.clock import iso
from luma_sandbox.errors import BadClip
from luma_sandbox.reader import Unreadable

INLINE_MAX = 50 * 1024 * 1024  # a guess: "subject to an inline size cap"
MEDIA = ("image/jpeg", "image/png", "image/webp", "image/gif", "video/mp4")

router = APIRouter(dependencies=[Depends(check_key)], tags=["Luma Agents"])
uploads = APIRouter(tags=["Luma Agents"])
TheAgents = Annotated[AgentsState, Depends(agents_of)]


@router.post("/files", status_code=201)
async def create(request: Request, agents: TheAgents) -> dict[str, Any]:
    """Create a file: with a JSON body it waits for a signed PUT, with multipart its bytes are in the request."""
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        return await _create_inline(request, agents)
    asked = shapes.read(shapes.FileCreate, await json_body(request))
    file = await asyncio.to_thread(_add, agents, asked)
    url = agents.server.signer.url(str(request.base_url), f"/sandbox/uploads/{file.id}", agents.server.clock.now())
    expires = agents.server.clock.now() + agents.server.options.assume.number("asset_url_seconds")
    upload = {"method": "PUT", "url": url, "headers": {"Content-Type": file.mime_type}, "expires_at": iso(expires)}
    return _answer(agents, file) | {"upload": upload}


@router.get("/files")
def page(request: Request, agents: TheAgents) -> dict[str, Any]:
    """List files, the newest first, from a cursor on; deleted ones only on request."""
    asked = shapes.read(shapes.FileQuery, dict(request.query_params))
    now = agents.server.clock.now()
    shown = [
        file
        for file in agents.file_table.newest(_place(asked.cursor))
        if asked.purpose in (None, file.purpose)
        and (file.state(now) != "deleted" if asked.state is None else file.state(now) == asked.state)
    ]
    files, more = shown[: asked.limit], len(shown) > asked.limit
    return {
        "data": [record(agents, file) for file in files],
        "has_more": more,
        "next_cursor": _cursor(files[-1].seq) if more else None,
    }


@router.get("/files/{identity}")
def get(identity: str, agents: TheAgents) -> dict[str, Any]:
    """Return one file, also a deleted one."""
    return record(agents, _find(agents, identity))


@router.delete("/files/{identity}", status_code=204)
def delete(identity: str, agents: TheAgents) -> Response:
    """Delete a file: no new generation can use it."""
    agents.file_table.delete(_find(agents, identity).id, agents.server.clock.now())
    return Response(status_code=204)


@router.post("/files/{identity}/complete")
async def complete(identity: str, agents: TheAgents) -> dict[str, Any]:
    """Complete an upload: its ingest begins. A second call changes nothing."""
    file = _find(agents, identity)
    if file.state(agents.server.clock.now()) == "deleted":
        raise Declined(404, "File not found")
    if file.sha256 is None:
        raise Declined(400, "No bytes were uploaded for this file")
    if file.ready_at is None:
        await asyncio.to_thread(_ingest, agents, file, file.sha256)
    return record(agents, _find(agents, identity))


@uploads.put("/sandbox/uploads/{identity}")
async def put(identity: str, request: Request, agents: TheAgents, expires: str = "", sig: str = "") -> Response:
    """Receive a signed upload. It answers as object stores do, without JSON."""
    if not agents.server.signer.holds(request.url.path, expires, sig, agents.server.clock.now()):
        return Response("Request has expired or its signature does not match", 403)
    file = agents.file_table.get(identity)
    if file is None or file.ready_at is not None:
        return Response("There is no upload to receive", 404)
    if request.headers.get("content-type") != file.mime_type:
        return Response("The Content-Type is not the one that was signed", 403)
    part = agents.server.home.part()
    try:
        length = 0
        with part.open("wb") as out:
            async for chunk in request.stream():
                length += len(chunk)
                if length > file.size_bytes:
                    return Response("More bytes than were announced", 400)
                out.write(chunk)
        if length != file.size_bytes:
            return Response("Fewer bytes than were announced", 400)
        await asyncio.to_thread(_keep, agents, file, part)
    finally:
        part.unlink(missing_ok=True)
    return Response(status_code=200)


async def _create_inline(request: Request, agents: AgentsState) -> dict[str, Any]:
    async with request.form() as form:
        content = form.get("file")
        if not isinstance(content, UploadFile):
            raise Declined(400, "file: Field required")
        fields = {name: value for name, value in form.items() if isinstance(value, str)}
        body = await content.read(INLINE_MAX + 1)
        if len(body) > INLINE_MAX:
            raise Declined(413, f"file: exceeds {INLINE_MAX >> 20} MB; use the presigned upload")
        known = {"mime_type": content.content_type or "", "filename": content.filename} | fields
        asked = shapes.read(shapes.FileCreate, known | {"size_bytes": len(body)})
    file = await asyncio.to_thread(_add, agents, asked)
    part = agents.server.home.part()
    await asyncio.to_thread(part.write_bytes, body)
    digest = await asyncio.to_thread(_keep, agents, file, part)
    await asyncio.to_thread(_ingest, agents, file, digest)
    return _answer(agents, _find(agents, file.id)) | {"upload": None}


def _add(agents: AgentsState, asked: shapes.FileCreate) -> File:
    if asked.mime_type not in MEDIA:
        raise Declined(400, f"mime_type: {asked.mime_type!r} is not supported; one of {', '.join(MEDIA)}")
    now = agents.server.clock.now()
    expires_at = None if asked.expires_at is None else _moment(asked.expires_at)
    if expires_at is not None and expires_at <= now:
        raise Declined(400, "expires_at: must be in the future")
    wanted = asked.model_dump() | {"expires_at": expires_at, "created_at": now}
    return agents.file_table.add(**wanted)


def _keep(agents: AgentsState, file: File, part: Path) -> str:
    digest = agents.server.home.adopt_input(part)
    agents.file_table.receive(file.id, digest)
    return digest


def _ingest(agents: AgentsState, file: File, digest: str) -> None:
    problem, facts = None, (0.0, 0, 0)
    try:
        _, facts = media.examine(agents.server.home.input(digest), file.mime_type.partition("/")[0])
    except (Unreadable, BadClip, OSError) as error:
        problem = f"The file could not be decoded as {file.mime_type}: {error}"
    ready_at = agents.server.clock.now() + agents.server.options.assume.number("agents_ingest_seconds")
    agents.file_table.complete(file.id, ready_at, problem, facts)


def _find(agents: AgentsState, identity: str) -> File:
    found = agents.file_table.get(identity)
    if found is None:
        raise Declined(404, "File not found")
    return found


def _answer(agents: AgentsState, file: File) -> dict[str, Any]:
    told = record(agents, file)
    return {"id": file.id, "state": told["state"], "file": told}


def record(agents: AgentsState, file: File) -> dict[str, Any]:
    """A file in the service's form."""
    now = agents.server.clock.now()
    gone, state = file.gone_at(now), file.state(now)
    return {
        "id": file.id,
        "created_at": iso(file.created_at),
        "mime_type": file.mime_type,
        "purpose": file.purpose,
        "size_bytes": file.size_bytes,
        "state": state,
        "deleted_at": None if gone is None else iso(gone),
        "expires_at": None if file.expires_at is None else iso(file.expires_at),
        "failure_reason": file.problem if state == "failed" else None,
        "filename": file.filename,
        "user_id": file.user_id,
    }


def _moment(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise Declined(400, "expires_at: not an ISO 8601 date and time") from None


def _cursor(seq: int) -> str:
    return base64.urlsafe_b64encode(f"file:{seq}".encode()).decode()


def _place(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    try:
        name, _, seq = base64.urlsafe_b64decode(cursor.encode()).decode().partition(":")
        if name != "file" or not seq.isascii() or not seq.isdigit() or len(seq) > 15:
            raise ValueError(cursor)
        return int(seq)
    except (ValueError, binascii.Error):
        raise Declined(400, "cursor: not a cursor of this list") from None
