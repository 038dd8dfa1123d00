"""The archive of EXR frames that ``exr_export`` adds to a clip."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import FileResponse

from luma_sandbox.agents.state import AgentsState, agents_of
from luma_sandbox.data_dir import archive_of
from luma_sandbox.refusal import Refusal

router = APIRouter(tags=["Luma Agents"])


@router.api_route("/sandbox/assets/{identity}/frames.zip", methods=["GET", "HEAD"])
def frames(
    identity: str,
    request: Request,
    agents: Annotated[AgentsState, Depends(agents_of)],
    expires: str = "",
    sig: str = "",
) -> FileResponse:
    """Return the frames to any holder of a valid signature."""
    if not agents.server.signer.holds(request.url.path, expires, sig, agents.server.clock.now()):
        raise Refusal(403, "Request has expired or its signature does not match")
    found = agents.server.books.get(identity)
    place = archive_of(agents.server.home.clip(identity))
    if found is None or found.state != "completed" or not place.exists():
        raise Refusal(404, "Asset not found")
    return FileResponse(place, media_type="application/zip")
