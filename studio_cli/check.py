"""The command ``studio check``: whether productions can be read, with all their problems; nothing is sent or bought."""

import json
import os
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import typer

from studio.errors import BadInput, ProductionError, StudioError
from studio.production import Production, load_production
from studio.production.field_types import AUTO, counted
from studio.production.finding import data_of, is_written_production, may_be_production
from studio.production.other_language import spoken_in
from studio.production.paths import local_path
from studio.production.placeholders import marked, table_beside
from studio.production.scene import Scene
from studio.production.translations import translations_of
from studio.production.variations import load_variations
from studio.production.yaml_source import source_text
from studio.wording import Surface, asked_from
from studio_cli.streams import end

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(help="Check productions, or every one below a folder, without a network, a key or a ledger.")
def check(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="production files, or folders")],
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    with asked_from(Surface.COMMAND):
        try:
            found = [_checked(file) for given in files for file in _productions(given)]
        except StudioError as error:
            print(f"error: {error}", file=sys.stderr)
            sys.exit(error.exit_status)
    if as_json:
        print(json.dumps({"productions": found}, indent=2, ensure_ascii=False))
    for one in found if not as_json else ():
        if one["problems"]:
            print("\n".join(one["problems"]), file=sys.stderr)
        else:
            print(_line(one))
            print("".join(f"  note: {note}\n" for note in one["notes"]), end="")
    end(BadInput.exit_status if any(one["problems"] for one in found) else 0)


def _productions(given: str) -> Iterator[Path]:
    """The file itself, or every production below a folder, by name: hidden files are none. Raises BadInput for a folder
    that has none."""
    if not given:
        raise BadInput("the name of a file is empty", hint="name a production, or a folder of them")
    place = local_path(given)
    if not place.is_dir():
        yield place
        return
    unread, below = list[OSError](), list[Path]()
    for at, folders, names in os.walk(place, onerror=unread.append):
        folders[:] = [name for name in folders if not name.startswith(".")]  # such as .studio, and .git
        below += [Path(at) / name for name in names if may_be_production(name) and not name.startswith(".")]
    found = [file for file in sorted(below) if _is_to_check(file)]
    if unread:
        told = f"cannot be read: {unread[0].strerror}"
        raise BadInput(told, where=str(unread[0].filename), hint="allow reading it, or name the files to check")
    if not found:
        raise BadInput("no production is in this folder", where=given, hint="name a .yaml, .yml or .json file")
    yield from found


def _is_to_check(file: Path) -> bool:
    """True for a production, and for a file of which only loading can tell what is wrong with it."""
    try:
        return not file.is_file() or is_written_production(data_of(file.read_bytes(), file.name))
    except OSError:
        return True


def _checked(file: Path) -> dict[str, Any]:
    """The line about a file, or its problems."""
    told: dict[str, Any] = {"file": str(file), "problems": []}
    try:
        films, table = _films(file)
        written = films[0]
        others = translations_of(written).languages
        for film in films:
            for language in others:
                spoken_in(film, language)
    except ProductionError as error:
        return told | {"problems": [str(problem.text) for problem in error.problems]}
    except StudioError as error:
        return told | {"problems": [str(error)]}
    spoken = [scene for scene in written.scenes if scene.duration == AUTO]
    known = {scene.id: _shown_seconds(written, scene) for scene in written.scenes if scene not in spoken}
    seconds = sum(one for one in known.values() if one is not None)
    measured = sum(one is None for one in known.values())
    return told | {
        "title": written.title, "scenes": len(written.scenes), "seconds": round(float(seconds), 3),
        "scenes_as_long_as_narration": len(spoken), "scenes_as_long_as_clip": measured,
        "languages": list(dict.fromkeys([*([written.language] if written.language else []), *others])),
        "notes": list(dict.fromkeys(note for film in films for note in film.notes)),
    } | ({"table": str(table), "films": len(films)} if table else {})  # fmt: skip


def _shown_seconds(production: Production, scene: Scene) -> Fraction | None:
    """Seconds of a scene that the film shows, as written; None where that is as long as a clip that is there."""
    if scene.clip is not None and scene.out is not None:
        return max(Fraction(0), scene.out - (scene.in_ or 0))
    if scene.clip is not None or scene.generation is not None:
        return None
    return production.duration_of(scene)


def _films(file: Path) -> tuple[list[Production], Path | None]:
    """The production; one with placeholders that has a table of its name beside it: that of each row, and the table."""
    try:
        return [load_production(file)], None
    except ProductionError:
        table = table_beside(file)
        if table is None or not marked(source_text(file), file.name).names:
            raise
    return [row.production for row in load_variations(file, table)], table


def _line(one: dict[str, Any]) -> str:
    scenes = f"{one['scenes']} scene{'s' if one['scenes'] != 1 else ''}"
    languages = f", in {', '.join(one['languages'])}" if one["languages"] else ""
    spoken, measured = one["scenes_as_long_as_narration"], one["scenes_as_long_as_clip"]
    lasts = [f"{one['seconds']:g} s"] if one["seconds"] or not (spoken or measured) else []
    lasts += [f"{measured} as long as {'its clip' if measured == 1 else 'their clips'}"] if measured else []
    lasts += [f"{spoken} as long as {'its' if spoken == 1 else 'their'} narration"] if spoken else []
    rows = f"; {counted(one['films'], 'film')}, one a row of {one['table']}" if "table" in one else ""
    return f"{one['file']}: {one['title']}: {scenes}, {' and '.join(lasts)}{languages}{rows}"
