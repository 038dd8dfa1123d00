"""The state shared by the routes of the Luma Agents API, one for each sandbox."""

from __future__ import annotations

from typing import Any

from fastapi import Request

from luma_sandbox.agents.file_table import FileTable
from luma_sandbox.agents.media import Ingest
from luma_sandbox.agents.refusal import Declined
from luma_sandbox.bodies import parsed
from luma_sandbox.server_state import ServerState


class AgentsState:
    """A sandbox's files, and its reader of media."""

    def __init__(self, server: ServerState) -> None:
        self.server = server
        self.file_table = FileTable(server.home.books)
        self.ingest = Ingest(server.home, server.books, self.file_table, server.reader)

    def close(self) -> None:
        """Close the files table."""
        self.file_table.close()


def agents_of(request: Request) -> AgentsState:
    """The state of the sandbox that received a request."""
    agents: AgentsState = request.app.state.agents
    return agents


async def json_body(request: Request) -> Any:
    """The parsed body. Raises Declined if it is not JSON, or has values that cannot be written as JSON again."""
    try:
        return parsed(await request.body())
    except (ValueError, RecursionError):
        raise Declined(400, "body: not valid JSON") from None
