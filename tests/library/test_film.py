"""A whole film from Python: bought, joined and reported as a flow's, for nothing the second time."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from studio.errors import BadInput, Incomplete, OverBudget
from studio.library import LumaProvider
from studio.report.costs import read_costs
from tests.support.shop import CHEAP, Shop

FILM: dict[str, Any] = {
    "title": "From Python",
    "model": "ray-flash-2",
    "resolution": "540p",
    "scenes": [
        {"id": "a", "prompt": "a harbour at dawn"},
        {"id": "b", "prompt": "a boat leaves the harbour", "continue_from": "a"},
    ],
}


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_a_film(shop: Shop, workplace: Path) -> None:
    """The film with its report and costs; asked for again, from a file, the same shots for nothing."""
    async with LumaProvider() as luma:
        film = await luma.make_film(FILM, out="out")
        assert (film.path, len(shop.creates), film.cost) == (workplace / "out" / "film.mp4", 2, CHEAP * 2)
        assert {p.name for p in film.path.parent.iterdir()} >= {"film.mp4", "report.html", "costs.csv", "manifest.json"}
        assert [shot.outcome for shot in film.record.shots] == ["new", "new"]
        (workplace / "film.json").write_text(json.dumps(FILM))
        again = await luma.make_film("film.json")
        assert (len(shop.creates), again.cost) == (2, 0)
        assert again.path.is_relative_to(workplace / "films" / "from-python")
        assert again.record.film is not None
        assert film.record.film is not None
        assert again.record.film.frames == film.record.film.frames


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_a_film_again_decodes_nothing(shop: Shop, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cached rerun decodes no clip and no picture, and starts no ffmpeg: film and page are what they were."""
    async with LumaProvider() as luma:
        first = await luma.make_film(FILM, out="out")
    for name in ("av.open", "PIL.Image.open", "subprocess.Popen"):
        monkeypatch.setattr(name, None)
    async with LumaProvider() as luma:
        again = await luma.make_film(FILM, out="again")
    assert again.path.read_bytes() == first.path.read_bytes()
    assert again.record.seams == first.record.seams
    pages = [(film.path.parent / "report.html").read_text("utf-8") for film in (first, again)]
    pictures = [re.findall(r"data:image/jpeg;base64,[^\"]+", page) for page in pages]
    assert pictures[0] == pictures[1]
    assert len(pictures[0]) == 7  # the poster, four frames on the storyboard, and two where the scenes meet


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_a_film_without_all_of_its_scenes(shop: Shop, workplace: Path) -> None:
    """A scene that moderation refuses: what was made is kept; with ``allow_missing`` a slate is in its place."""
    shop.faults({"kind": "fails", "containing": "refused", "reason": "Advanced prompt moderation failed"})
    broken = {**FILM, "scenes": [FILM["scenes"][0], {"id": "b", "prompt": "a refused boat"}]}
    async with LumaProvider() as luma:
        with pytest.raises(Incomplete, match="without a clip: b"):
            await luma.make_film(broken, out="out")
        assert not (workplace / "out" / "film.mp4").exists()
        assert (workplace / "out" / "report.html").exists()
        film = await luma.make_film(broken, out="out", allow_missing=True)
        assert film.path.exists()
        with pytest.raises(BadInput, match="title"):
            await luma.make_film({"scenes": []})


async def test_films_and_videos_share_the_budget(shop: Shop, workplace: Path) -> None:
    """The provider's budget is for all of its calls, in whatever order they come: over it, nothing is bought."""
    async with LumaProvider("ray-flash-2", budget=CHEAP * 3) as luma:
        await luma.make_film(FILM, out="out")
        await luma.generate("the open sea", width=960, height=540)
        with pytest.raises(OverBudget, match=r"the run's budget is \$0.42, \$0.42 are spent already"):
            await luma.make_film({**FILM, "scenes": [{"id": "c", "prompt": "a lighthouse"}]})
        with pytest.raises(OverBudget):
            await luma.generate("a lighthouse", width=960, height=540)
    assert len(shop.creates) == 3


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_only_a_finished_film_is_the_latest(shop: Shop, workplace: Path) -> None:
    """The link moves to each whole film, with its bookings in its file; a run that fails, or a film with a slate in it,
    leaves the link where it is."""
    link = workplace / "films" / "from-python" / "latest"
    shop.faults({"kind": "fails", "containing": "refused", "reason": "Advanced prompt moderation failed"})
    broken = {**FILM, "scenes": [FILM["scenes"][0], {"id": "b", "prompt": "a refused boat"}]}
    async with LumaProvider() as luma:
        with pytest.raises(Incomplete):
            await luma.make_film(broken)
        await luma.make_film(broken, allow_missing=True)
        assert not link.is_symlink()
        film = await luma.make_film(FILM)
        assert link.resolve() == film.path.parent
        with pytest.raises(Incomplete):
            await luma.make_film(broken)
        assert link.resolve() == film.path.parent
    rows = [row for path in workplace.rglob("costs.csv") for row in read_costs(path) or []]
    assert len({row["booking"] for row in rows}) == len(rows)
    assert sum(Decimal(row["sandbox_amount"]) for row in rows) == shop.charged == CHEAP * 2
    assert {row["amount"] for row in rows} == {"0.00"}
