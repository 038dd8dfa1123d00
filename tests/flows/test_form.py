"""The run form of ``produce``: order and titles, what is sent for empty fields, and errors that name a field."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from prefect.exceptions import ParameterTypeError
from prefect.utilities.callables import get_call_parameters, parameter_schema
from prefect.utilities.schema_tools.validation import ValidationError, build_error_obj, validate
from pydantic import BaseModel

from flows.form import in_the_form
from flows.form_fields import PARTS, PRODUCE
from flows.logs import told
from flows.produce import produce
from studio.errors import BadInput, ProductionError
from studio.production import Production
from studio.production.loading import chosen_production
from studio.wording import Surface, asked_from

SCENE = {"id": "one", "prompt": "a harbour at dawn"}
FILM: dict[str, Any] = {"title": "T", "scenes": [SCENE]}


def film(**scene: Any) -> dict[str, Any]:
    """Parameters with a production of one scene."""
    return {"production": FILM | {"scenes": [SCENE | scene]}}


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    """The schema that a deployment of ``produce`` gives to the server."""
    return json.loads(json.dumps(parameter_schema(produce).model_dump_for_openapi()))


def refusal(parameters: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """The server's answer to parameters; empty for valid ones."""
    try:
        validate(dict(parameters), dict(schema), raise_on_error=True)
    except ValidationError as error:
        return str(error)
    return ""


def as_the_first_ui_sends(schema: Any) -> Any:
    """The schema as the first version of the UI sends it for validation: keywords that it does not know are gone."""
    known = (
        "definitions", "position", "$ref", "anyOf", "allOf", "default", "description", "enum", "items", "properties",
        "required", "title", "type", "minItems", "maxItems",
    )  # fmt: skip
    if isinstance(schema, list):
        return [as_the_first_ui_sends(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    named = ("properties", "definitions")
    return {
        key: {name: as_the_first_ui_sends(one) for name, one in value.items()}
        if key in named
        else as_the_first_ui_sends(value)
        for key, value in schema.items()
        if key in known
    }


def fields(schema: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """All fields of the form, with the class that each is of."""
    for name, part in {"": schema, **schema["definitions"]}.items():
        for field, value in part["properties"].items():
            yield name, field, value


def test_parameters_stand_in_their_groups(schema: dict[str, Any]) -> None:
    """The form begins with the production and its budget, keeps groups together, and its titles have the names."""
    shown = sorted(schema["properties"].items(), key=lambda item: item[1]["position"])
    titles = [value["title"] for _, value in shown]
    assert titles[:3] == ["Production: file", "Production: written here", "Budget: US dollars"]
    groups = [title.partition(":")[0] for title in titles]
    assert groups == sorted(groups, key=groups.index)
    for name, value in shown:
        assert value["description"], name
        if name not in ("production_file", "production"):
            assert name.replace("_", " ") in value["title"].lower(), name
    given = inspect.signature(produce.fn, follow_wrapped=False).parameters
    assert set(given) <= set(PRODUCE), "a parameter without a title"


def test_every_part_has_its_titles(schema: dict[str, Any]) -> None:
    """All fields of the production's parts are in the tables, and no table has one that is gone."""
    for name, part in schema["definitions"].items():
        assert set(part["properties"]) == set(PARTS[name]) - ({"seed_asset_refs"} if name == "Scene" else set()) or (
            name == "Defaults" and set(part["properties"]) <= set(PARTS[name])
        ), name
        places = [value["position"] for value in part["properties"].values()]
        assert len(set(places)) == len(places), name
    assert schema["definitions"]["Production"]["properties"]["title"]["title"] == "Title"
    assert schema["definitions"]["Scene"]["properties"]["in"]["title"].startswith("A clip that is there: in")


def test_a_parameter_without_a_place_comes_last() -> None:
    """What no table names is shown after all others, under its own name, and a call has its own default."""

    @in_the_form({"last": "Last of the known"})
    def flow(new_one: int = 3, last: str = "x") -> tuple[int, str]:
        """Do it.

        Args:
            new_one: It is new.
        """
        return new_one, last

    found = parameter_schema(flow).properties
    assert [name for name, _ in sorted(found.items(), key=lambda item: item[1]["position"])] == ["last", "new_one"]
    assert (found["new_one"]["title"], found["new_one"]["description"]) == ("New one", "It is new.")
    assert get_call_parameters(flow, (), {}) == {"new_one": 3, "last": "x"}
    assert flow() == (3, "x")


def test_what_is_left_empty_is_not_sent(schema: dict[str, Any]) -> None:
    """Scenes have no defaults and no switches: both UIs would send them, and they would hide the production's own."""
    for name, field, value in fields(schema):
        assert value.get("default", 0) is not None, (name, field)
        if name not in ("", "Production", "FilmOptions"):
            assert "default" not in value, (name, field)
            assert value.get("type") != "boolean", (name, field)


def test_a_union_is_of_what_both_uis_can_draw(schema: dict[str, Any]) -> None:
    """Only a part that may be missing altogether, a sound, and a scene's seconds are drawn as tabs, with one that takes
    anything."""
    tabs = {(name, field) for name, field, value in fields(schema) if "anyOf" in value}
    assert tabs == {
        ("", "production"), ("Production", "defaults"), ("Scene", "sound"), ("Defaults", "sound"),
        ("Scene", "duration"), ("Defaults", "duration"),
    }  # fmt: skip
    for name, field in tabs:
        part = schema if not name else schema["definitions"][name]
        assert part["properties"][field]["anyOf"][-1] == {"title": "JSON"}
    kinds = {field: value.get("type") for name, field, value in fields(schema) if name in ("", "Production")}
    assert (kinds["budget"], kinds["duration"], kinds["length"]) == ("number", "number", "number")


def test_closed_lists_are_lists_to_choose_from(schema: dict[str, Any]) -> None:
    """Models, resolutions, ratios and strengths are offered, with an empty choice where nothing need be chosen."""
    production, scene = (schema["definitions"][name]["properties"] for name in ("Production", "Scene"))
    assert production["model"]["enum"] == ["ray-2", "ray-flash-2", "ray-3"]
    assert scene["model"]["enum"] == ["", "ray-2", "ray-flash-2", "ray-3"]
    assert scene["resolution"]["enum"][:2] == ["", "360p"]
    assert schema["properties"]["reframe"]["enum"][:2] == production["reframe"]["enum"][:2] == ["", "16:9"]
    assert scene["strength"]["enum"][1] == "adhere_1"
    for _, field, value in fields(schema):
        assert None not in value.get("enum", ()), field  # the second UI would draw a text in place of a list


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"production": {"scenes": [SCENE]}}, "field 'production'. Failure reason: 'title' is a required property"),
        ({"production": FILM | {"scenes": []}}, "'production.scenes'. Failure reason: [] should be non-empty"),
        ({"production": FILM | {"scenes": [SCENE, {"prompt": "x y"}]}}, "'production.scenes[1]'. Failure reason: 'id'"),
        (film(prompt="x"), "'production.scenes[0].prompt'. Failure reason: 'x' is too short"),
        (film(model="ray-9"), "'production.scenes[0].model'. Failure reason: 'ray-9' is not one of ['', 'ray-2'"),
        (film(controls={"pose": "x"}), "'production.scenes[0].controls.pose'. Failure reason: 'x' is not one of"),
        (film(sound=5), "'production.scenes[0].sound'. Failure reason: 5 is not of type 'string', 'object'"),
        (film(loop="x"), "'production.scenes[0].loop'. Failure reason: 'x' is not one of [True, False]"),
        ({"production": FILM | {"defaults": {"hdr": "x"}}}, "'production.defaults.hdr'. Failure reason: 'x' is"),
        ({"production": 5}, "field 'production'. Failure reason: 5 is not of type 'object'"),
        ({"budget": -5}, "field 'budget'. Failure reason: -5 is less than the minimum of 0"),
        ({"reframe": "9:17"}, "field 'reframe'. Failure reason: '9:17' is not one of"),
    ],
)  # fmt: skip
def test_the_server_names_the_field(parameters: dict[str, Any], said: str, schema: dict[str, Any]) -> None:
    """An answer of the server is one line about one field, not a production as Python writes it."""
    answer = refusal(parameters, schema)
    assert said in answer
    assert "\n" not in answer
    assert "{" not in answer
    assert (
        "{'" not in json.dumps(build_error_obj(validate(parameters, schema))).replace('"', "'").partition("is not")[2]
    )


@pytest.mark.parametrize(
    ("parameters", "path"),
    [
        ({"production": {"scenes": [SCENE]}}, ["production", "title"]),
        ({"production": {"title": "T"}}, ["production", "scenes"]),
        ({"production": FILM | {"scenes": [{"prompt": "a harbour"}]}}, ["production", "scenes", 0, "id"]),
    ],
)
def test_the_first_ui_tells_an_error_at_its_field(
    parameters: dict[str, Any], path: list[str | int], schema: dict[str, Any]
) -> None:
    """Of a schema without the keywords that the first UI drops, the error still stands at the field that is missing."""
    found = build_error_obj(validate(parameters, as_the_first_ui_sends(schema)))["errors"]
    for step in path:
        (found,) = [one["errors"] for one in found if one.get("property", one.get("index")) == step]
    assert found == [f"'{path[-1]}' is a required property"]


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"production": None, "budget": None, "production_file": ""},
        {"budget": 2.5, "production_file": "productions/coffee-shop.yaml"},
        {"production": FILM | {"defaults": None, "budget": None, "upscale": "720p", "length": None}},
        film(duration=None, start_image=None, controls=None, source_position=None, sound=None, take=None, loop=False),
        film(sound="keep"), film(sound={"generate": "rain"}), film(seed_asset_refs=[{"url": "https://example.com/a.jpg"}]),
        film(controls={"face": True}), film(**{"in": 1.5, "out": 2}),
        {"production": FILM | {"film": {"fps": 24}, "include": ["shared.yaml"]}},
    ],
    ids=lambda value: json.dumps(value)[:60],
)  # fmt: skip
def test_what_was_valid_is_valid(parameters: dict[str, Any], schema: dict[str, Any]) -> None:
    """Parameters of deployments, and what a program writes for empty fields, are accepted as before."""
    assert refusal(parameters, schema) == ""


def test_every_field_of_the_file_is_in_the_form(schema: dict[str, Any]) -> None:
    """The form has all fields that a production's JSON schema shows."""
    written = Production.model_json_schema()
    for name, part in {"Production": written, **written["$defs"]}.items():
        if name in schema["definitions"]:
            assert part["properties"].keys() == schema["definitions"][name]["properties"].keys(), name


@pytest.mark.parametrize(
    ("production", "said"),
    [
        ({"scenes": [SCENE, {"prompt": "a boat"}]}, ["'title' is missing", "scene 2", "'id' is missing"]),
        (FILM | {"scenes": [SCENE | {"promt": "a boat"}]}, ["there is no field 'promt'", "did you mean 'prompt'"]),
        (FILM | {"scenes": [None]}, ["scene 1"]),
    ],
)
def test_the_flow_names_scene_and_field(production: dict[str, Any], said: list[str]) -> None:
    """What the server lets pass, the flow refuses in the words of a production file: with scene, field and remedy."""
    given = produce.validate_parameters({"production": production})["production"]
    with asked_from(Surface.FORM), pytest.raises(ProductionError) as refused:
        chosen_production("", given, billed=False)
    line = told(refused.value)
    assert "\n" not in line
    for words in said:
        assert words in line


@pytest.mark.parametrize(
    ("parameters", "line"),
    [
        ({"budget": "abc"}, "the field 'budget': Input should be a valid decimal"),
        ({"production": 5}, "the field 'production': expected the fields of a production, found a number"),
        (
            {"only": "a", "draft": "x"},
            "the field 'draft': Input should be a valid boolean, unable to interpret input; "
            "the field 'only': Input should be a valid list",
        ),
    ],
)
def test_a_parameter_that_does_not_fit_is_one_line(parameters: dict[str, Any], line: str) -> None:
    """A parameter that the flow cannot take is told as a field, in one line."""
    with pytest.raises(ParameterTypeError) as refused:
        produce.validate_parameters(parameters)
    assert told(refused.value) == line


def test_two_productions_are_refused_whatever_is_written() -> None:
    """A file and a production that is written in the form are refused together, even if that one has mistakes."""
    with asked_from(Surface.FORM), pytest.raises(BadInput, match=r"mine\.yaml, and the written one 'Tiny'"):
        chosen_production("mine.yaml", {"title": "Tiny"}, billed=False)


def test_a_written_production_is_any_model_of_it() -> None:
    """A production that is made already is taken as it is."""
    made = Production.model_validate(FILM)
    given = produce.validate_parameters({"production": made})["production"]
    assert isinstance(given, BaseModel)
    assert given == made
