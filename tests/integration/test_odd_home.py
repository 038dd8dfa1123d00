"""A folder may have any name: books, clips, pieces, films and the sandbox's state are where it says, and work there."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from PIL import Image

from studio.addresses import ledger_name
from studio.ledger import open_ledger
from studio.settings import load_settings
from tests.support.running import command

ODD = "a b%20c?d#e%05d&f=g;h'i\"é影 🎬"


@pytest.mark.parametrize("name", ["a b", "100%", "%20", "a?timeout=1", "a#b", "a@b:c", "é影🎬", "it's", ODD])
def test_the_ledger_is_in_its_home(workplace: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Whatever characters the home's path has, the books are the file in it, and no other file is made."""
    home = workplace / name / "home"
    monkeypatch.setenv("STUDIO_HOME", str(home))
    settings = load_settings()
    for _ in range(2):  # it is found again
        open_ledger(settings.ledger).close()
    with sqlite3.connect(home / "ledger.db") as connection:
        assert connection.execute("select count(*) from orders").fetchone() == (0,)
    connection.close()
    assert [path.name for path in workplace.iterdir()] == [name]
    assert [path.name for path in (workplace / name).iterdir()] == ["home"]
    assert ledger_name(settings.ledger).startswith("sqlite:///")


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_whole_film_in_a_folder_with_an_odd_name(tmp_path: Path) -> None:
    """Seeds, sandbox, clips, frames, pieces, sound, EXR archives and the film itself are made in such a folder."""
    place = tmp_path / ODD
    place.mkdir()
    Image.effect_noise((960, 540), 60).save(place / "bild #1 50%?.png")
    film = {
        "title": "Odd", "model": "ray-flash-2", "resolution": "540p",
        "scenes": [
            {"id": "a", "prompt": "a harbour at dawn", "start_image": "bild #1 50%?.png"},
            {"id": "b", "prompt": "a boat leaves", "continue_from": "a", "sound": "waves"},
            {"id": "c", "prompt": "the first light", "model": "ray-3", "resolution": "720p", "hdr": True, "exr": True},
        ],
    }  # fmt: skip
    (place / "film.json").write_text(json.dumps(film))
    done = command(place, "film.json", "--json", STUDIO_SANDBOX_LATENCY="0")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert Path(told["film"]).is_relative_to(place)
    assert Path(told["film"]).stat().st_size > 10_000
    assert (Path(told["out"]) / "c.exr.zip").exists()
    assert (place / ".studio" / "ledger.db").exists()
    assert [path.name for path in tmp_path.iterdir()] == [ODD]
    again = command(place, "film.json", "--json", "--plan")
    assert json.loads(again.stdout)["to_pay_usd"] == "0.00"
