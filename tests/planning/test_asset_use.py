"""Notes on seed assets for the producer: one for each asset that changes, with the scenes that use it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from studio.assets import SeedImage, source_key
from studio.planning import draw_plan
from studio.planning.asset_use import notes_on, scenes_in_words
from studio.production import Production
from studio.providers.price_book import load_prices


def notes(scenes: list[dict[str, Any]], seeds: dict[str, SeedImage], only: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The notes on a film of these scenes, whose assets are called by the names in ``seeds``."""
    assets = [{"id": name, "path": f"{name}.png"} for name in seeds]
    written = {"title": "T", "resolution": "540p", "assets": assets, "scenes": scenes}
    production = Production.model_validate(written)
    named = {source_key(asset): seeds[asset.id] for asset in production.assets}
    return notes_on(draw_plan(production, prices=load_prices(), images=named, realm="sandbox", only=only), named)


def seed(name: str, content: str, *said: str, size: tuple[int, int] = (1600, 900)) -> SeedImage:
    return SeedImage(name, content * 64, "image/png", ".png", *size, path=Path("x.png"), notes=said)


def test_a_note_for_each_asset_names_it_and_its_scenes() -> None:
    """Two assets that are changed alike are two notes; two scenes that use one asset are in one."""
    scenes = [
        {"id": "one", "prompt": "A boat.", "start_image": "boat"},
        {"id": "two", "prompt": "A lake.", "start_image": "lake"},
        {"id": "three", "prompt": "Again.", "start_image": "lake", "end_image": "boat"},
    ]
    seeds = {
        "boat": seed("boat", "a", "converted to 8-bit RGB", "without its metadata"),
        "lake": seed("lake", "b", "converted to 8-bit RGB"),
    }
    assert notes(scenes, seeds) == (
        "asset 'boat' (scenes 'one', 'three') is sent converted to 8-bit RGB, without its metadata",
        "asset 'lake' (scenes 'two', 'three') is sent converted to 8-bit RGB",
    )
    assert notes(scenes, seeds, only=("two",)) == (
        "asset 'lake' (scene 'two') is sent converted to 8-bit RGB",
    )  # fmt: skip


def test_two_names_of_one_picture() -> None:
    """Two assets whose files have the same bytes are each noted under their own name."""
    scenes = [
        {"id": "one", "prompt": "A boat.", "start_image": "a"},
        {"id": "two", "prompt": "A boat.", "start_image": "b"},
    ]
    seeds = {name: seed(name, "a", "without its metadata") for name in ("a", "b")}
    assert notes(scenes, seeds) == (
        "asset 'a' (scene 'one') is sent without its metadata",
        "asset 'b' (scene 'two') is sent without its metadata",
    )


def test_a_shape_that_does_not_fit_names_its_scenes() -> None:
    """The note on a picture that is cropped names the asset and the scenes whose frame it is."""
    scenes = [{"id": name, "prompt": "A boat.", "start_image": "boat"} for name in ("one", "two")]
    (note,) = notes(scenes, {"boat": seed("boat", "a", size=(1000, 1000))})
    assert note.startswith("asset 'boat' (scenes 'one', 'two') is 1000×1000: at 16:9, ")


def test_a_character_is_used_by_its_scenes() -> None:
    """A picture of a character is used by every scene that the character is in."""
    written = {
        "title": "T", "resolution": "540p",
        "characters": [{"id": "ada", "images": ["ada.png"]}],
        "scenes": [{"id": n, "prompt": "She walks.", "character": "ada"} for n in ("one", "two")],
    }  # fmt: skip
    production = Production.model_validate(written)
    asset = production.asset("ada.png")
    assert asset is not None
    named = {source_key(asset): seed(asset.id, "a", "without its metadata")}
    drawn = draw_plan(production, prices=load_prices(), images=named, realm="sandbox")
    assert notes_on(drawn, named) == (f"asset '{asset.id}' (scenes 'one', 'two') is sent without its metadata",)


def test_of_many_scenes_the_first_are_named() -> None:
    """A note stays readable where thirty scenes share an asset."""
    assert scenes_in_words([f"s{n}" for n in range(30)]) == "scenes 's0', 's1', 's2', 's3', 's4', 's5' and 24 more"


def test_a_transparent_picture_says_on_what_it_will_be_laid() -> None:
    """The note names the asset and its scenes, what is known of the service, and what to do."""
    scenes = [{"id": "pack", "prompt": "A logo.", "start_image": "logo"}, {"id": "end", "prompt": "A boat."}]
    (note,) = notes(scenes, {"logo": replace(seed("logo", "a"), transparent=True)})
    assert note.startswith("asset 'logo' (scene 'pack') is partly transparent, and is sent so")
    assert "not documented" in note
    assert note.endswith("lay it on a ground of your own")
    assert notes(scenes, {"logo": seed("logo", "a")}) == ()
