"""Loading of a production from a file or a mapping: a valid one, or a list of all its problems at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from studio.errors import BadInput, NotConfirmed, Problem, ProductionError
from studio.production import rules
from studio.production.choices import applied, choices_of
from studio.production.field_types import counted, kind_of, shown
from studio.production.file_checks import file_problems
from studio.production.film_options import FilmOptions
from studio.production.includes import with_included
from studio.production.locations import Loc, Places
from studio.production.model import Production
from studio.production.near_fields import fields_of, other_field
from studio.production.normalize import SCENE_WORDS, absolute, canonical, origins_of
from studio.production.paths import local_path
from studio.production.placeholders import left_over, marked, problem_of, problem_of_included, unescaped, uses
from studio.production.scene import Asset, Character, Scene, SeedAssetRef
from studio.production.seeds import kind_of_file
from studio.production.shared import Chain, Defaults
from studio.production.sound_fields import part_of_sound
from studio.production.sounds import left_empty
from studio.production.titles import part_at
from studio.production.value_hints import choices, expected, likely
from studio.production.yaml_builder import Reading
from studio.production.yaml_source import read_file, read_text, source_text
from studio.providers.registry import registered
from studio.remedies import Place
from studio.spelling import nearest

MOST_TOLD = 100
MOST_NOTES = 20
MOST_REFUSED = 1000  # a longer list is no production, and is not checked further
#: The bounds in pydantic's errors, by their names there.
_BOUNDS = {
    "ge": "at least", "gt": "more than", "le": "at most", "lt": "less than", "max_length": "at most",
    "min_length": "at least", "multiple_of": "a multiple of", "max_digits": "digits, at most", "decimal_places":
    "decimals, at most",
}  # fmt: skip
_ITEMS = ("scenes", "assets", "characters")
_FIELD_OF_ITEM = 3  # parts of the place of a field of an item: ("scenes", 0, "prompt")
_ELSEWHERE = {"rules checked elsewhere": True}
_NESTED: dict[str, type[BaseModel]] = {"assets": Asset, "characters": Character, "scenes": Scene, "film": FilmOptions,
            "defaults": Defaults, "chains": Chain}  # fmt: skip


def load_production(path: str | Path) -> Production:
    """The production of a .yaml, .yml or .json file; its paths are relative to the file, and absolute in the result.

    Takes that were chosen beside the file are in it. ``ProductionError`` lists every problem with its line, scene and
    field.
    """
    file = local_path(path)
    written = made_of(file, without_table(file))
    return applied(choices_of(file), written)


def without_table(file: Path) -> Reading:
    """The data of a production file that is made without a table. Raises ProductionError for its placeholders."""
    if file.suffix.lower() not in (".yaml", ".yml", ".json"):
        return read_file(file)  # which refuses it
    text = marked(source_text(file), file.name)
    reading = read_text(text.text, file.name)
    if text.names:
        places = Places(file.name, reading.data, reading.lines.get)
        found = [(f"{{{{ {name} }}}}", places.where(loc)) for loc, name, _ in uses(reading.data, text.names)]
        if found:  # one in a comment is no placeholder
            raise ProductionError(_in_order([problem_of(*one, file) for one in found], file.name))
    return reading


def made_of(file: Path, reading: Reading) -> Production:
    """The production of what was read in ``file``, without the choices beside it. Raises ProductionError."""
    places = Places(file.name, reading.data, reading.lines.get)
    data, included = with_included(file, reading, places)
    problems, notes = [*reading.problems, *included.problems], list[str]()
    problems += [problem_of_included(written, places.where(loc)) for loc, written in left_over(data)]
    data = unescaped(data)
    if file.suffix.lower() != ".json":  # where null is what a program writes for a field without a value
        problems += left_empty(reading.data, places)
    for of, where in ((reading, places), *included.readings):
        told = [(remark.wrong, Problem(where.where(remark.loc), remark.message, remark.hint)) for remark in of.remarks]
        problems += [*(of.problems if of is not reading else ()), *(problem for wrong, problem in told if wrong)]
        notes += [f"{problem.where}: {problem.message}; {problem.hint}" for wrong, problem in told if not wrong]
    if len(notes) > MOST_NOTES:
        notes[MOST_NOTES:] = [f"{file.name}: and {len(notes) - MOST_NOTES} more notes"]
    places.origins = origins_of(data)
    return _parsed(data, places, file.absolute().parent, problems).noted(notes)


def parse_production(
    data: Mapping[str, Any] | Production,
    *,
    source: str = "",
    base: Path | None = None,
    locate: Callable[[Loc], int | None] | None = None,
) -> Production:
    """Validate the production in a mapping, such as the form in the Prefect UI gives.

    ``source`` is named in errors, ``base`` is the folder that paths are relative to (default: the working folder), and
    ``locate`` knows the line of a place such as ``("scenes", 0, "prompt")``.
    """
    notes: tuple[str, ...] = ()
    if isinstance(data, Production):
        notes, data = data.notes, data.model_dump(mode="json")
    if not isinstance(data, Mapping):
        raise ProductionError([Problem(source, f"expected the fields of a production, found {kind_of(data)}")])
    return _parsed(data, Places(source, data, locate), (base or Path()).absolute(), []).noted(notes)


def bundled_example() -> Path:
    """The six-scene film that is made when no production is given."""
    path = Path(__file__).resolve().parents[2] / "productions" / "lighthouse" / "lighthouse.yaml"
    if not path.is_file():
        raise BadInput("the bundled example is not here", where=str(path), hint="name a production")
    return path


def chosen_production(
    file: str | Path | None, written: Production | Mapping[str, Any] | None = None, *, billed: bool
) -> Production:
    """The production in ``file`` or the ``written`` one; of none, where nothing is ``billed``, the bundled example.

    Raises BadInput where both are given, NotConfirmed where none is and the run would be billed, ProductionError for
    one that cannot be made.
    """
    named = str(file or "").strip()
    if named and written is not None:
        title = written.title if isinstance(written, Production) else written.get("title")
        raise BadInput(
            f"two productions are given: the file {named}, and the written one {shown(title or 'without a title')}",
            where=Place("production"), hint="leave one of them empty; nothing was bought",
        )  # fmt: skip
    if written is not None:
        return parse_production(written)
    if named:
        return load_production(named)
    if billed:
        raise NotConfirmed(
            "no production is given, and this run would be billed: nothing is bought that nobody named",
            where=Place("production"),
            hint="name a production file, or write a production; the bundled example is made without a name in the "
            f"sandbox alone (without an API key), or by its name: {bundled_example()}",
        )
    return load_production(bundled_example())


def _parsed(data: Mapping[str, Any], places: Places, base: Path, written: list[Problem]) -> Production:
    """``written``: problems of how the file is written, listed with the others."""
    scenes = data.get("scenes")
    count = len(scenes) if isinstance(scenes, list | tuple | Mapping) else 0
    if count > rules.MOST_SCENES:
        message = f"{count} scenes are more than {rules.MOST_SCENES}"
        raise ProductionError([Problem(places.where(("scenes",)), message, "split it into several productions")])
    found = absolute(canonical(data), base)
    production, refused = _validated(found)
    problems = [_problem(error, places) for error in _without_echoes(refused, places)]
    if refused and len(refused) < MOST_REFUSED:
        production = _salvaged(found, refused)
    if production is not None:
        problems += rules.check(production, places, also_known=_named(found) if refused else ())
        problems += file_problems(production, places, whole=not refused)
    places_of_written = {problem.where for problem in written if "field " in problem.where}
    # For a text that is written wrongly, no other problem is listed.
    problems = [*written, *(p for p in problems if p.where not in places_of_written)]
    if problems:
        raise ProductionError(_in_order(problems, places.source))
    assert production is not None  # noqa: S101
    return _with_kinds(production)


def _validated(data: Any) -> tuple[Production | None, list[ErrorDetails]]:
    try:
        return Production.model_validate(data, context=_ELSEWHERE), []
    except ValidationError as error:
        return None, error.errors(include_url=False)[:MOST_REFUSED]


def _without_echoes(refused: list[ErrorDetails], places: Places) -> list[ErrorDetails]:
    """Drop a second error of the same mistake: for ``promt``, not also that ``prompt`` is missing; for a wrong default,
    not also that of each scene that has it."""

    def meant(error: ErrorDetails) -> Loc:
        near = nearest(str(error["loc"][-1]), _fields(tuple(error["loc"])))
        return (*error["loc"][:-1], *([near] if near else []))

    misspelt = {meant(error) for error in refused if error["type"] == "extra_forbidden"}
    faulty = {tuple(error["loc"])[:2] for error in refused}

    def from_elsewhere(loc: Loc) -> bool:
        origin = (places.origin(loc) or ())[:2]
        return origin in faulty and origin != loc[:2]  # an error is no echo of itself

    return [
        error for error in refused
        if (error["type"] != "missing" or tuple(error["loc"]) not in misspelt)
        and not from_elsewhere(tuple(error["loc"]))
    ] or refused  # fmt: skip


def _in_order(problems: list[Problem], source: str) -> list[Problem]:
    """The problems without duplicates, by line where lines are known, and no more of them than anybody reads."""

    def line(problem: Problem) -> int:
        number = problem.where.split(",", 1)[0].rpartition(":")[2].removeprefix("line ")
        return int(number) if number.isdigit() else 0

    def place(problem: Problem) -> tuple[bool, str, int]:
        file = problem.where.split(",", 1)[0].rpartition(":")[0]
        return file not in (source, ""), file if file != source else "", line(problem)

    found = sorted(dict.fromkeys(problems), key=place)
    if len(found) > MOST_TOLD:
        found[MOST_TOLD:] = [Problem(source, f"and {len(found) - MOST_TOLD} more problems")]
    return found


# pydantic's errors in the user's words


def _problem(error: ErrorDetails, places: Places) -> Problem:
    loc, value, kind = tuple(error["loc"]), error["input"], error["type"]
    if kind == "extra_forbidden":
        return _unknown(loc, places)
    if kind == "missing":
        what = {"scenes": "add at least one", "id": "give it a short name"}.get(str(loc[-1]), "add it")
        return Problem(places.where(loc[:-1]), f"'{loc[-1]}' is missing", what)
    problem = _of_value(error, places)
    known = choices(_model(loc), str(loc[-1])) if kind == "literal_error" else []
    if len(loc) > _FIELD_OF_ITEM or nearest(likely(value, known), known):
        return problem
    written = canonical if len(loc) == 1 else dict  # a production's own fields may be written in several forms
    if other := other_field(_model(loc), str(loc[-1]), value, written=written):
        rest = f" For {loc[-1]}: {problem.hint}" if problem.hint else ""
        return Problem(problem.where, problem.message, f"did you mean the field '{other}'?{rest}")
    return problem


def _of_value(error: ErrorDetails, places: Places) -> Problem:
    """The problem of a value that its field does not take."""
    loc, value, kind = tuple(error["loc"]), error["input"], error["type"]
    context, where = error.get("ctx", {}), places.where(loc)
    if kind == "refused":
        return Problem(where, str(context.get("message", "")), str(context.get("hint", "")))
    if kind == "literal_error":
        known = choices(_model(loc), str(loc[-1]))
        hint = rules.suggestion(likely(value, known), known, "one of")
        if "did you mean" in hint and len(known) > 2:
            hint = f"{hint} One of {', '.join(known)}"
        if loc[-1] == "model":
            hint += "".join(f"; service {fault}" for fault in registered().faults)
        quoted = shown(value) if isinstance(value, str | int | float) else kind_of(value)
        return Problem(where, f"{quoted} is not possible", hint)  # a field's name is not always a noun in the singular
    bound = next(((word, context[name]) for name, word in _BOUNDS.items() if name in context), None)
    if bound is not None and kind.endswith(("_long", "_short")):
        return Problem(where, f"has {_size(value, context)}", " ".join(map(str, bound)))
    if bound is not None:
        return Problem(where, f"{shown(value)} is not possible", " ".join(map(str, bound)))
    return Problem(where, f"expected {expected(kind)}, found {kind_of(value)}")


def _size(value: object, context: Mapping[str, Any]) -> str:
    """The length of a text in characters, as the limits count them, or the number of items in a list."""
    count = context.get("actual_length")
    if isinstance(value, str | int):
        letters = len(" ".join(str(value).split())) if count is None else count
        return counted(letters, "character")
    items = len(value) if count is None and isinstance(value, list | tuple | dict) else count
    return counted(items, "item")


def _unknown(loc: Loc, places: Places) -> Problem:
    known = _fields(loc)
    name = str(loc[-1])
    where = places.where(loc[:-1])
    line = places.where(loc).split(",")[0]
    if places.source and line.startswith(f"{places.source}:"):
        where = ", ".join([line, *where.split(", ")[1:]])
    if name in SCENE_WORDS and loc[0] == "scenes":
        return Problem(where, f"'{name}' and '{SCENE_WORDS[name]}' say the same", "keep one of them")
    return Problem(where, f"there is no field {shown(name)}", rules.suggestion(name, known, "fields"))


def _fields(loc: Loc) -> list[str]:
    """The fields that are possible at a place."""
    if len(loc) > 3 and loc[2] == "seed_asset_refs":
        return list(SeedAssetRef.model_fields)
    return fields_of(part_at(loc) or part_of_sound(loc) or _model(loc))


def _model(loc: Loc) -> type[BaseModel]:
    """The model whose field a place is."""
    return _NESTED.get(str(loc[0]), Production) if len(loc) > 1 else Production


# Salvaging the rest of a faulty production, so that its other problems can be listed, too


def _salvaged(data: Mapping[str, Any], refused: list[ErrorDetails]) -> Production | None:
    """The production without the refused parts, or None if too little is left."""
    found: dict[str, Any] = {k: list(v) if isinstance(v, list) else v for k, v in data.items()}
    for error in refused:
        loc = tuple(error["loc"])
        if len(loc) >= 2 and isinstance(loc[1], int) and loc[0] in _ITEMS and isinstance(found.get(str(loc[0])), list):
            items = found[str(loc[0])]
            items[loc[1]] = _patched(str(loc[0]), loc[1], items[loc[1]], str(loc[2]) if len(loc) > 2 else "")
        elif loc and loc[0] == "title":
            found["title"] = "untitled"
        elif loc and loc[0] == "film" and len(loc) > 1 and isinstance(found["film"], Mapping):
            found["film"] = {k: v for k, v in found["film"].items() if k != loc[1]}
        elif loc:
            for field in ("width", "height") if loc[0] in ("width", "height") else (str(loc[0]),):
                found.pop(field, None)
    return _validated(found)[0]


def _patched(group: str, i: int, item: Any, field: str) -> dict[str, Any]:
    named = dict(item) if isinstance(item, Mapping) else {}
    fallback = f"faulty-{i + 1}"
    if group == "scenes":
        stand_in = {"id": fallback, "prompt": "cannot be read"}
        if not field:
            return stand_in
        named.pop(field, None)
        if nearest(field, ["prompt", "clip", "generation"]):
            named.setdefault("prompt", stand_in["prompt"])  # that it is missing may follow from this mistake
        return {**named, **({field: stand_in[field]} if field in stand_in else {})}
    name = fallback if field in ("", "id") else named.get("id", fallback)
    return {"id": name, "url": "https://example.com/"} if group == "assets" else {"id": name}


def _named(data: Mapping[str, Any]) -> set[str]:
    """All ids that are written, valid or not."""
    items = [item for group in ("scenes", "assets", "characters") for item in _list(data.get(group))]
    ids = [item.get("id") for item in items if isinstance(item, Mapping)]
    return {str(name).strip() for name in ids if isinstance(name, str | int)}


def _list(items: Any) -> list[Any]:
    return list(items) if isinstance(items, list | tuple) else []


def _with_kinds(production: Production) -> Production:
    """The same production with the kind of every local asset, detected from its content."""
    assets = [asset.model_copy(update={"kind": asset.kind or kind_of_file(asset.path)}) for asset in production.assets]
    return production.model_copy(update={"assets": tuple(assets)}) if assets else production
