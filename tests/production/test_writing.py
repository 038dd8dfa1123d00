"""The reference of a production's fields, docs/writing.md, is made from the model, and its examples are accepted."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from studio.media.film import Method
from studio.planning.plan import ShotState
from studio.planning.seams import SeamKind
from studio.production import Production, load_production
from studio.production.capabilities import models_with
from studio.production.yaml_source import read_text

DOCS = Path(__file__).parents[2] / "docs"
sys.path.insert(0, str(DOCS))
from make_fields import DOCUMENT, EXAMPLES, TABLE, classes, written  # noqa: E402

#: What else a scene has, for a field that asks for it.
BESIDE: dict[str, dict[str, Any]] = {
    "strength": {"modify": "dusk"},
    "auto_controls": {"modify": "dusk"},
    "controls": {"modify": "dusk"},
    "exr": {"hdr": True},
    "in": {"clip": "interview.mp4"},
    "out": {"clip": "interview.mp4"},
    "fit": {"clip": "interview.mp4"},
}
#: What else the production has, for a field of it or of a scene.
AROUND: dict[str, dict[str, Any]] = {
    "source_position": {"reframe": "9:16", "model": "ray-3"},
    "width": {"height": 1080},
    "height": {"width": 1920},
    "upscale": {"resolution": "540p"},
    "reframe_from": {"reframe": "9:16", "upscale": "1080p", "resolution": "540p"},
}


def examples() -> Iterator[tuple[str, str, Any]]:
    """Every example: its class, its field, and what it says."""
    for name, by_field in yaml.safe_load(EXAMPLES.read_text("utf-8")).items():
        for field, text in by_field.items():
            yield name, field, read_text(text, "example.yaml").data


def test_the_document_is_what_the_model_says() -> None:
    """A field that is added, or described anew, is in the document by `python docs/make_fields.py`."""
    text = DOCUMENT.read_text("utf-8")
    assert written(text) == text
    assert {found[3] for found in TABLE.finditer(text)} == classes()


@pytest.mark.parametrize(("name", "field", "said"), list(examples()), ids=str)
def test_every_example_is_accepted(name: str, field: str, said: dict[str, Any], tmp_path: Path) -> None:
    """An example names its own field, and a production that has it passes every check."""
    assert list(said) == [field]
    made = production(name, field, said)
    if field == "include":
        (tmp_path / "shared").mkdir()
        (tmp_path / "shared" / "cast.yaml").write_text("style: warm light")
        (tmp_path / "film.json").write_text(json.dumps(made))
        assert load_production(tmp_path / "film.json").scenes
        return
    assert Production.model_validate(made).scenes


def production(name: str, field: str, said: dict[str, Any]) -> dict[str, Any]:
    """A production that has an example in it."""
    base: dict[str, Any] = {
        "title": "An example",
        "model": models_with(field)[0] if name == "Scene" else "ray-2",
        "assets": [{"id": "sketch", "url": "https://example.com/sketch.png", "kind": "image"}],
        "characters": [{"id": "maya", "images": ["https://example.com/maya.png"]}],
        "scenes": [{"id": "dusk", "prompt": "Dusk over the sea"}],
    }
    scene: dict[str, Any] = {"id": "night", "prompt": "The sea at night"}
    around = dict(AROUND.get(field, {})) if name in ("Production", "Scene") else {}
    if name == "Production":
        base["scenes"] += [scene] if field == "chains" else []
        return base | around | said
    if name == "Scene":
        scene |= BESIDE.get(field, {}) | said
    elif name == "Asset":
        place = {} if field in ("path", "url") else {"url": "https://example.com/a.png"}
        base["assets"] = [{"id": "other", **place, **said}]
    elif name == "Character":
        base["characters"] = [{"id": "other", "images": ["sketch"], **said}]
    elif name == "Guide":
        scene |= {"model": "ray-3", "guides": [{"at": 1, "image": "sketch", **said}]}
    elif name == "Controls":
        scene |= {"model": "ray-3", "modify": "dusk", "controls": said}
    elif name == "SourcePosition":
        place = {"x": 0, "y": 0, "width": 1, "height": 1, **said}
        base |= {"model": "ray-3", "reframe": "9:16", "source_position": place}
    elif name == "SeedAssetRef":
        scene["seed_asset_refs"] = [{"asset": "sketch", **said}]
    elif name == "FilmOptions":
        base["film"] = said
    elif name in ("Titles", "Card", "Credits", "Credit"):
        base["film"] = {"titles": titles_with(name, said)}
    elif name == "LowerThird":
        scene |= {"lower_third": {"text": "Ann Smith", **said}}
    elif name == "Narration":
        scene |= {"narration": {"text": "Night falls.", **said}}
    elif name == "Caption":
        scene |= {"captions": [{"text": "Who is there?", **said}]}
    elif name == "Voice":
        base["film"] = {"voice": said}
    elif name == "Music":
        base["film"] = {"music": {"file": "theme.flac", **said}}
    elif name == "Chain":
        base["chains"] = [{"scenes": ["dusk", "night"], **said}]
    base["scenes"] += [scene]
    return base | around


def titles_with(name: str, said: dict[str, Any]) -> dict[str, Any]:
    """Titles of a film that have an example in them."""
    lines = [said] if name == "Credit" else ["Filmed at sea"]
    return {
        "Titles": said,
        "Card": {"closing": {"text": "The End", **said}},
        "Credits": {"credits": {"lines": lines, **said}},
        "Credit": {"credits": lines},
    }[name]


def test_the_words_of_a_plan_and_of_an_end_are_explained() -> None:
    """Every state of a shot, kind of seam and way of joining has a row in docs/writing.md."""
    _, found, text = (DOCS / "writing.md").read_text("utf-8").partition("## Words of the plan and of the end")
    assert found
    explained = set(re.findall(r"^\| ([\w ]+) \| \S", text, re.MULTILINE))
    assert {*ShotState, *SeamKind, *get_args(Method)} <= explained
