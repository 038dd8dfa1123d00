"""The productions that come with the project."""

from __future__ import annotations

import runpy
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from studio.media.clip import examine
from studio.production import bundled_example, load_production
from studio.production.variations import load_variations

PRODUCTIONS = bundled_example().parents[1]
EXAMPLES = PRODUCTIONS / "examples"


@pytest.mark.parametrize("path", sorted(PRODUCTIONS.rglob("*.yaml")), ids=lambda p: p.name)
def test_every_example_loads(path: Path) -> None:
    """Each example is a production that can be made, within a budget, and whose comments cut no text."""
    table = path.with_suffix(".csv")
    rows = [row.production for row in load_variations(path, table)] if table.exists() else [load_production(path)]
    for production in rows:
        assert production.budget is not None
        assert production.notes == ()


def test_the_bundled_film() -> None:
    """Six scenes in two branches, a bridge between them, a seed image, an end frame, a loop and camera concepts."""
    film = load_production(bundled_example())
    edges = {scene.id: (film.parent_of(scene), scene.lead_into) for scene in film.scenes}
    assert edges == {
        "dusk": (None, None),
        "lamp": ("dusk", None),
        "crossing": ("lamp", "boat"),
        "boat": (None, None),
        "home": ("boat", None),
        "keeping": (None, None),
    }
    assert film.end_image_of(film.scene("home")) == film.start_image_of(film.scene("keeping"))
    assert film.scene("keeping").loop
    assert all(film.camera_of(scene) for scene in film.scenes)


def test_the_coffee_shop() -> None:
    """Three scenes, each continuing the one before."""
    film = load_production(PRODUCTIONS / "coffee-shop.yaml")
    assert [(scene.id, film.parent_of(scene)) for scene in film.scenes] == [
        ("arrival", None),
        ("order", "arrival"),
        ("window", "order"),
    ]


def test_the_seed_images_are_small_enough_to_ship() -> None:
    """Both pictures are 1920×1080 and under 400 kB."""
    for asset in load_production(bundled_example()).assets:
        assert asset.path is not None
        assert Path(asset.path).stat().st_size < 400_000
        with Image.open(asset.path) as picture:
            assert picture.size == (1920, 1080)


def test_the_examples_bring_little() -> None:
    """Footage and pictures of the examples are under 200 kB together; the footage is five seconds of 540p."""
    assert sum(path.stat().st_size for path in EXAMPLES.iterdir() if path.suffix in (".mp4", ".jpg")) < 400_000
    footage = examine(EXAMPLES / "harbour.mp4")
    assert (footage.width, footage.height, footage.frames, footage.fps) == (960, 540, 120, 24)


def test_the_film_of_everything() -> None:
    """A character, a long scene, a bridge, modified footage and Ray 3, in one film of both APIs."""
    film = load_production(EXAMPLES / "everything.yaml")
    assert {film.model_of(scene) for scene in film.scenes} == {"ray-flash-2", "ray-3"}
    assert [film.character_of(film.scene(name)) for name in ("meet", "walk")] == [film.characters[0]] * 2
    assert film.duration_of(film.scene("walk")) == 14
    assert (film.parent_of(film.scene("bridge")), film.scene("bridge").lead_into) == ("walk", "harbour")
    assert film.footage_of(film.scene("sails")) is not None
    assert film.scene("storm").modify == "night"
    assert len(film.scene("drift").guides) == 2


def test_the_pictures_of_the_examples_are_what_the_script_paints() -> None:
    """make_assets.py paints the shipped pictures and footage again."""
    script = runpy.run_path(str(EXAMPLES / "make_assets.py"))
    for name, paint in (("maya-face.jpg", script["face"]), ("maya-coat.jpg", script["figure"])):
        with Image.open(EXAMPLES / name) as picture:
            assert np.abs(np.asarray(paint(), float) - np.asarray(picture, float)).mean() < 3
    with av.open(str(EXAMPLES / "harbour.mp4")) as footage:
        shown = next(footage.decode(video=0)).to_ndarray(format="rgb24")
    assert np.abs(np.asarray(script["harbour"](0), float) - shown).mean() < 4


@pytest.mark.long
def test_the_seed_images_are_what_the_script_paints(monkeypatch: pytest.MonkeyPatch) -> None:
    """make_seed.py paints the shipped picture again."""
    monkeypatch.syspath_prepend(str(PRODUCTIONS / "lighthouse"))  # as for a script: its brushes lie beside it
    script = runpy.run_path(str(PRODUCTIONS / "lighthouse" / "make_seed.py"))
    painted = np.asarray(script["paint"](script["DUSK"]), float)
    with Image.open(PRODUCTIONS / "lighthouse" / "dusk.jpg") as picture:
        assert np.abs(painted - np.asarray(picture, float)).mean() < 3
