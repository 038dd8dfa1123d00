"""The library's calls: the request that each argument makes, planned and not bought, and the refusals."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from studio.errors import BadInput, Refused, SettingsError
from studio.execution.session import open_session
from studio.library import GeneratedVideo, LumaProvider
from studio.library.productions import continuous, one
from studio.library.values import status_of
from studio.planning.plan import Plan
from studio.production import Production
from studio.providers.luma.dream_machine import DreamMachine
from studio.settings import load_settings
from tests.support.luma import Luma
from tests.support.shop import CHEAP, ID, Shop


async def drawn(written: Production) -> Plan:
    """The plan of a production, without any network."""
    async with open_session(load_settings()) as session:
        plan, _ = await session.plan(written)
    return plan


GENERATION = {"type": "generation", "id": ID}
IMAGE = {"type": "image", "url": "sketch.png"}
VIDEO = GeneratedVideo(video_id=ID, video_url="https://x/?sig=1", duration=5.0, generation_cost=CHEAP, provider="luma")


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ({}, {"duration": "5s", "resolution": "720p", "aspect_ratio": "16:9", "model": "ray-2"}),
        ({"duration": 0.5}, {"duration": "5s"}),
        ({"duration": Fraction(11, 2)}, {"duration": "9s"}),
        ({"duration": Decimal(9)}, {"duration": "9s"}),
        ({"duration": 3, "loop": True}, {"duration": "5s", "loop": True}),
        ({"width": 1080, "height": 1920}, {"resolution": "1080p", "aspect_ratio": "9:16"}),
        ({"width": 500, "height": 510}, {"resolution": "540p", "aspect_ratio": "1:1"}),
        ({"resolution": "4k"}, {"resolution": "4k", "aspect_ratio": "16:9"}),
        ({"width": 640, "height": 640, "aspect_ratio": "21:9"}, {"aspect_ratio": "21:9", "resolution": "540p"}),
        ({"camera_motion": "bolt_cam"}, {"concepts": [{"key": "bolt_cam"}]}),
        ({"camera_motion": ["Zoom In", "drone shot"]}, {"concepts": [{"key": "zoom_in"}, {"key": "aerial_drone"}]}),
        ({"start_image_url": "sketch.png"}, {"keyframes": {"frame0": "image"}}),
        ({"start_image_url": Path("sketch.png"), "end_image_url": "./sketch.png"},
         {"keyframes": {"frame0": "image", "frame1": "image"}}),
        ({"continue_from": ID}, {"keyframes": {"frame0": GENERATION}}),
        ({"continue_from": VIDEO, "end_image_url": "sketch.png"},
         {"keyframes": {"frame0": GENERATION, "frame1": "image"}}),
        ({"keyframes": {"frame0": IMAGE, "frame1": GENERATION}},
         {"keyframes": {"frame0": "image", "frame1": GENERATION}}),
        ({"keyframes": {"frame0": GENERATION}, "loop": True}, {"keyframes": {"frame0": GENERATION}, "loop": True}),
        ({"model": "ray-3", "camera_motion": "push_in", "duration": 8}, {"model": "ray-3.2", "duration": "10s"}),
        ({"model": "ray-3", "width": 900, "height": 2100}, {"aspect_ratio": "9:16"}),
        ({"character_ref_url": None, "keyframes": {}, "loop": None, "take": None}, {"duration": "5s"}),
    ],
)  # fmt: skip
async def test_each_word_is_asked_of_the_service(
    local_picture: Path, said: dict[str, Any], asked: dict[str, Any]
) -> None:
    """Every keyword of the specification reaches the request, in Luma's own form."""
    plan = await drawn(one({"prompt": "a sketch that moves", "model": "ray-2", **said}, title="library"))
    (shot,) = plan.shots
    request = dict(shot.request)
    frames = request.get("keyframes", {}).items()
    request["keyframes"] = {name: f if f["type"] == "generation" else f["type"] for name, f in frames}
    assert {name: request[name] for name in asked} == asked
    for name in ("keyframes", "loop", "concepts"):
        assert bool(request.get(name)) == (name in asked)


async def test_equal_wishes_are_equal_orders(local_picture: Path) -> None:
    """Luma's own form and the library's keywords, and any length that gives the same clip, name the same purchase."""
    wishes = [
        {"prompt": "it moves", "model": "ray-2", "start_image_url": "sketch.png", "duration": 5},
        {"prompt": " it  moves ", "model": "ray-2", "keyframes": {"frame0": IMAGE}, "duration": 2.5, "scene_id": "x"},
    ]
    keys = {(await drawn(one(wish, title="library"))).shots[0].key for wish in wishes}
    assert len(keys) == 1
    assert (await drawn(one({**wishes[0], "take": 2}, title="library"))).shots[0].key not in keys


async def test_who_is_in_a_chain(local_picture: Path) -> None:
    """The call's character is in every scene but those that start from a picture; a scene may bring its own.

    A scene that is longer than a clip becomes several, and one with a start of its own begins there.
    """
    scenes = [
        {"prompt": "she walks", "start_image_url": "sketch.png"},
        {"prompt": "she runs", "duration": 12, "scene_id": "run"},
        {"prompt": "he waits", "character_ref_url": ["sketch.png"], "continue_from": ID},
    ]
    shared = {"model": "ray-2", "character_ref_url": local_picture, "take": 3, "width": 540, "height": 960}
    plan = await drawn(continuous(scenes, shared, title="My films"))
    assert plan.production.slug == "my-films"
    assert [cut.shots for cut in plan.cuts] == [("scene-1",), ("run.1", "run.2"), ("scene-3",)]
    starts = {s.id: (s.start.kind, s.start.ref) for s in plan.shots if s.start}
    assert starts["scene-1"][0] == "image"
    assert starts["run.1"] == ("shot", "scene-1")
    assert starts["scene-3"] == ("generation", ID)
    assert {s.id for s in plan.shots if s.is_still} == {"run.still", "scene-3.still"}
    assert {(s.take, s.aspect_ratio) for s in plan.shots} == {(3, "9:16")}


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"strat_image_url": "x"}, "(?s)no 'strat_image_url'.*did you mean 'start_image_url'"),
        ({"prompt": ""}, "has no prompt"),
        ({"prompt": "ab"}, "at least 3"),
        ({"prompt": "x" * 5001}, "nothing is cut silently"),
        ({"duration": 0}, "0 seconds"),
        ({"duration": "soon"}, "expected seconds"),
        ({"duration": 10}, "(?s)10 seconds are more than one clip .5 . 5 s.*generate_continuous"),
        ({"duration": 10, "loop": True}, "10 seconds cannot loop"),
        ({"width": 0}, "width 0 is no number of pixels"),
        ({"height": "tall"}, "height 'tall'"),
        ({"resolution": "8k"}, "field 'resolution': '8k' is not possible"),
        ({"model": "ray-1-6"}, "(?s)no model 'ray-1-6'.*ray-2, ray-flash-2, ray-3"),
        ({"model": "ray-3", "resolution": "4k"}, "ray-3 makes no 4k"),
        ({"camera_motion": "orbt"}, "did you mean 'orbit'"),
        ({"take": 0}, "at least 1"),
        ({"start_image_url": "missing.png"}, "no file"),
        ({"start_image_url": "ftp://example.com/x.png"}, "no service reads a ftp"),
        ({"start_image_url": "https://e.com/x.png", "continue_from": ID}, "one first frame"),
        ({"start_image_url": "https://e.com/x.png", "character_ref_url": "https://e.com/y.png"}, "one first frame"),
        ({"end_image_url": "https://e.com/x.png", "loop": True}, "a loop ends where it starts"),
        ({"continue_from": "arrival"}, "'arrival' is no generation's id"),
        ({"keyframes": {"frame0": GENERATION}, "end_image_url": "./x.png"}, "keyframes stand beside end_image_url"),
        ({"keyframes": {"frame2": GENERATION}}, "frame0, frame1 or both"),
        ({"keyframes": {"frame0": {"type": "image"}}}, "is no keyframe"),
        ({"keyframes": {"frame0": {"type": "generation", "id": "x"}}}, "no generation's id"),
    ],
)  # fmt: skip
async def test_bad_calls(workplace: Path, shop: Shop, luma: LumaProvider, said: dict[str, Any], message: str) -> None:
    """A call that cannot be carried out is one clear error, before anything is bought."""
    with pytest.raises(BadInput, match=message):
        await luma.generate(**{"prompt": "a quiet harbour at dawn", **said})
    assert shop.creates == []


@pytest.mark.parametrize(
    ("scenes", "shared", "message"),
    [
        ([], {}, "at least one scene"),
        ("a harbour", {}, "not a list"),
        (["a harbour"], {}, "scene 1: is not a mapping"),
        ([{"prompt": "a harbour"}, {"promt": "a boat"}], {}, "(?s)scene 2: there is no 'promt'.*'prompt'"),
        ([{"prompt": "a harbour", "aspect_ratio": "1:1"}], {}, "the same for all scenes"),
        ([{"prompt": "a harbour"}], {"loop": True}, "the call: there is no 'loop'"),
    ],
)
def test_bad_scenes(scenes: Any, shared: dict[str, Any], message: str) -> None:
    """A bad scene of a chain is one clear error, too."""
    with pytest.raises(BadInput, match=message):
        continuous(scenes, {"model": "ray-2", **shared}, title="library")


async def test_check_status_has_the_mission_s_fields() -> None:
    """``check_status`` has the specified fields: id, status, and URL or reason once there is one."""
    luma = Luma()
    for _ in range(2):
        luma.accept({})
    luma.finish("generation-1")
    luma.finish("generation-2", "failed", "Job failed")
    provider = luma.provider()
    done, failed = status_of(await provider.get("generation-1")), status_of(await provider.get("generation-2"))
    assert (done["status"], done["failure_reason"]) == ("completed", None)
    assert done["video_url"].startswith("https://")
    assert (failed["status"], failed["video_url"], failed["failure_reason"]) == ("failed", None, "Job failed")


async def test_a_client_without_a_ledger_buys_nothing() -> None:
    """A service's own client has no call that a caller could buy or fetch with but ``create``; a provider has none."""
    calls = {"generate", "generate_continuous", "make_film", "download", "check_status"}
    assert calls <= set(dir(LumaProvider))
    assert not calls & set(dir(DreamMachine))
    assert not hasattr(LumaProvider, "create")


async def test_a_closed_provider(shop: Shop) -> None:
    """Outside its block a provider gives its name and price, and refuses everything else."""
    luma = LumaProvider()
    assert (luma.name, luma.model, luma.has_list) == ("luma", "ray-2", True)
    assert luma.cost_per_second == Decimal("0.142")
    with pytest.raises(BadInput, match="is not open"):
        await luma.generate("a harbour")
    async with luma:
        assert "bolt_cam" in await luma.list_camera_motions()
        with pytest.raises(BadInput, match="open already"):
            await luma.__aenter__()
        with pytest.raises(Refused):
            await luma.check_status(ID)
    with pytest.raises(BadInput, match="is not open"):
        await luma.check_status(ID)
    assert shop.creates == []


async def test_a_provider_that_cannot_be_opened(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model without a key, an invalid budget or an unknown model is refused at once."""
    monkeypatch.setenv("LUMAAI_API_KEY", "k")
    with pytest.raises(SettingsError, match="LUMA_AGENTS_API_KEY"):
        async with LumaProvider("ray-3"):
            pass
    with pytest.raises(SettingsError, match="budget"):
        LumaProvider(budget="lots")
    with pytest.raises(BadInput, match="no model"):
        LumaProvider("ray-1-6")
