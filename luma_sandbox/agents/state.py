"""What the routes of the Luma Agents API work with, made once for each sandbox."""

from __future__ import annotations

from typing import Any

from fastapi import Request

from luma_sandbox.agents.file_table import Shelf
from luma_sandbox.agents.media import Ingest
from luma_sandbox.agents.refusal import Declined
from luma_sandbox.bodies import parsed
from luma_sandbox.server_state import House


class Desk:
    """One sandbox's files and its way to read media."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.shelf = Shelf(house.home.books)
        self.ingest = Ingest(house.home, house.books, self.shelf, house.reader)

    def close(self) -> None:
        """Free the books' file."""
        self.shelf.close()


def desk_of(request: Request) -> Desk:
    """The desk of the sandbox that this request came to."""
    desk: Desk = request.app.state.agents
    return desk


async def json_body(request: Request) -> Any:
    """The body. Raises Declined where it is not JSON, or says what JSON cannot say again."""
    try:
        return parsed(await request.body())
    except (ValueError, RecursionError):
        raise Declined(400, "body: not valid JSON") from None
