"""A new production becomes a film as it is: from an empty folder, by the flow, in the sandbox."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.media.clip import examine
from studio.production.scaffold import begun, from_template, place_for, put
from studio.production.templates import template
from tests.support.running import Sandbox, booked, charged


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_the_film_that_one_begins_with(studio: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The default template: three clips, within its budget, of the length that the plan told."""
    from flows.produce import produce

    monkeypatch.chdir(studio)
    asked = begun("First", {})
    (file,) = put(from_template(template("film"), asked, place_for(asked, None)))
    told = await produce(production_file=str(file.absolute()), out="one")
    film = examine(Path(told["film"]))
    assert (film.frames, film.width, film.height) == (408, 960, 540)
    assert booked(studio) == charged(sandbox)
    assert len(sandbox.books()["creates"]) == 3
