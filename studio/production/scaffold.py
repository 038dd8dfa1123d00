"""The text of a new production: a template with a title of its own, or a scene for each of a list of prompts.

What is written is loaded before it is put in place, and nothing is ever overwritten.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio.atomic import write_atomic
from studio.disk import disk_errors
from studio.errors import BadInput, CannotWrite, Problem, ProductionError
from studio.production.field_types import AUTO, counted, shown
from studio.production.finding import may_be_production
from studio.production.loading import load_production, made_of, parse_production
from studio.production.locations import Loc
from studio.production.model import Production
from studio.production.prompt_list import FIELDS, IN_LINES, ListedScene, tidy
from studio.production.scalars import text_kind
from studio.production.slugs import slugify
from studio.production.templates import Template
from studio.production.variations import load_variations
from studio.production.yaml_source import MOST_BYTES, read_text
from studio.production.yaml_text import in_production, lines_of, prose, quoted, scalar, value
from studio.remedies import Place, option, text_of

ENDINGS = (".yaml", ".yml")
SCHEMA = "production.schema.json"
MOST_NAME = 200  # bytes of a file's name, so that the files beside it can have it, too
#: The fields that a production from prompts says, what each is if nothing else is asked for, and what it means.
_SAID = {
    "model": ("ray-flash-2", "ray-flash-2 is quick and cheap, ray-2 has more detail, ray-3 is the newest"),
    "resolution": ("540p", "540p, 720p, 1080p, 4k; ray-3: 360p to 1080p"),
    "aspect_ratio": ("16:9", "also 9:16, 1:1, 4:3, 3:4, 21:9, 9:21"),
    "duration": ("5", "seconds a scene; a scene may have its own"),
    "budget": ("", "US dollars: all runs of this film together never cost more"),
    "style": ("", ""),
    "chain": ("", "each scene begins on the last frame of the one before"),
}
#: The fields that may be asked for.
OPTIONS = tuple(_SAID)
_PROBE = {"title": "A Film", "scenes": [{"id": "a", "prompt": "a harbour"}]}
_COLUMN = 26  # where comments begin
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][\w.-]*", re.ASCII)


@dataclass(frozen=True)
class Begun:
    """A request for a new production: its title, as it is in the film, and its fields as they are written."""

    title: str
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def slug(self) -> str:
        return slugify(self.title)


@dataclass(frozen=True)
class Scaffold:
    """A new production: its file and text, how many scenes it has, and the files beside it by their names.

    ``table``: the one of these whose rows are films; empty: it is one film.
    """

    file: Path
    text: str
    scenes: int
    beside: Mapping[str, bytes] = field(default_factory=dict)
    table: str = ""


def begun(title: str, options: Mapping[str, Any]) -> Begun:
    """The title and the options as a production has them. Raises BadInput that names the one that cannot be."""
    title = tidy(_probed("title", title).title)
    given = {name: said for name, said in options.items() if said is not None and said is not False}
    fields = {name: _as_written(name, _probed(name, said), said) for name, said in given.items()}
    try:
        parse_production({**_PROBE, **fields})
    except ProductionError as error:  # two of them that cannot be together, of which the message tells
        first = error.problems[0]
        raise BadInput(first.message, hint=first.hint) from None
    return Begun(title, fields)


def from_template(template: Template, asked: Begun, file: Path) -> Scaffold:
    """The production of a template, checked. Raises ProductionError where what is asked for is not possible in it."""
    stem = file.stem if _PLAIN_NAME.fullmatch(file.stem) else asked.slug
    names = {name: f"{stem}{behind}" for name, behind in template.beside.items()}
    text = _without_own_durations(template.text) if "duration" in asked.fields else template.text
    for name, said in {**asked.fields, "title": asked.title}.items():
        text = _with_field(text, name, said)
    if template.table:
        text = _with_field(text, "project", asked.slug)
    for name, own in names.items():
        text = text.replace(name, own)
    text = _modeline(file) + _with_names(text, file.name, names.get(template.table, ""))
    beside = {own: template.part(name) for name, own in names.items()}
    made = Scaffold(file, text, 0, beside, names.get(template.table, ""))
    with tempfile.TemporaryDirectory() as folder:
        for name, data in {**beside, file.name: text.encode()}.items():
            (Path(folder) / name).write_bytes(data)
        return _counted(made, Path(folder))


def from_prompts(listed: Sequence[ListedScene], source: str, asked: Begun, file: Path) -> Scaffold:
    """The production of a list of prompts, checked: a problem of a scene names its line in ``source``.

    Raises ProductionError with every problem.
    """

    def line(loc: Loc) -> int | None:
        is_scene = len(loc) > 1 and loc[0] == "scenes" and isinstance(loc[1], int) and loc[1] < len(listed)
        return listed[int(loc[1])].line if is_scene else None

    fields = {name: said for name in OPTIONS if (said := asked.fields.get(name) or _SAID[name][0])}
    data = {"title": asked.title, **fields, "scenes": [dict(scene.fields) for scene in listed]}
    wanted = parse_production(data, source=source, base=file.parent, locate=line)
    text = (
        _modeline(file)
        + "\n".join([*_head(asked.title, fields, len(listed), source, file.name), *_scenes(listed)])
        + "\n"
    )
    if len(text.encode()) > MOST_BYTES:
        told = "becomes a production of more than 1 MB"
        raise ProductionError([Problem(source, told, "split it into several productions")])
    if made_of(file, read_text(text, file.name)).scenes != wanted.scenes:
        raise AssertionError(f"{source}: what is read is not what was written")
    return Scaffold(file, text, len(listed))


def _modeline(file: Path) -> str:
    """The line by which editors find the schema of productions, where it lies beside the file."""
    return f"# yaml-language-server: $schema={SCHEMA}\n" if (file.parent / SCHEMA).is_file() else ""


def place_for(asked: Begun, out: Path | None) -> Path:
    """The file for a new production: named by its slug in the working folder or the folder ``out``, or ``out``.

    Raises BadInput where it cannot be a production file.
    """
    file = out or Path(f"{asked.slug}.yaml")
    if os.path.isdir(file):  # noqa: PTH112 - false for a name that no file can have
        file = file / f"{asked.slug}.yaml"
    if file.suffix.lower() not in ENDINGS:
        raise BadInput(f"{shown(file.name)} is no name of a .yaml file", where=Place("out"), hint="let it end in .yaml")
    if not may_be_production(file.name):
        told = f"{shown(file.name)} is the name of choices of takes, not of a production"
        raise BadInput(told, where=Place("out"), hint="choose another name")
    if len(os.fsencode(file.name)) > MOST_NAME:
        raise BadInput(f"{shown(file.name)} is too long for a file's name", where=Place("out"), hint="shorten it")
    if not os.path.isdir(file.parent):  # noqa: PTH112
        raise BadInput(f"there is no folder {file.parent}", where=Place("out"), hint="make it first")
    _refuse_other(file, None)
    return file


def put(made: Scaffold) -> list[Path]:
    """Write the files of a new production, itself last; returns them all. Raises BadInput.

    After an error none of them is there that was not there before.
    """
    files = {made.file.with_name(name): data for name, data in made.beside.items()}
    for path, data in files.items():
        _refuse_other(path, data)
    files[made.file] = made.text.encode()
    _refuse_other(made.file, None)
    fresh = [path for path in files if not os.path.lexists(path)]
    done = False
    try:
        with disk_errors(made.file.name, made.file.parent):
            for path in fresh:
                write_atomic(path, files[path])
        done = True
    except CannotWrite as error:
        told = f"nothing can be written there: {error.answer}"
        raise BadInput(told, where=str(made.file.parent), hint="name another folder, or make room in it") from None
    finally:
        for path in () if done else fresh:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
    return list(files)


def _refuse_other(path: Path, data: bytes | None) -> None:
    """Raise BadInput where a file is there, unless it has this ``data``."""
    if not os.path.lexists(path) or (data is not None and path.is_file() and path.read_bytes() == data):
        return
    hint = text_of("give another title, or another file by ", option("out"), "; or remove the one that is there")
    raise BadInput("is there already, and is not overwritten", where=str(path), hint=hint)


def _counted(made: Scaffold, folder: Path) -> Scaffold:
    """The scaffold with the number of its scenes, as its files in ``folder`` have them. Raises ProductionError."""
    file = folder / made.file.name
    one = load_variations(file, folder / made.table)[0].production if made.table else load_production(file)
    return Scaffold(made.file, made.text, len(one.scenes), made.beside, made.table)


def _probed(name: str, said: Any) -> Production:
    """A production with one field, to check it. Raises BadInput that names the field's option."""
    try:
        return parse_production({**_PROBE, name: said})
    except ProductionError as error:
        first = error.problems[0]
        raise BadInput(first.message, where="title" if name == "title" else Place(name), hint=first.hint) from None


def _as_written(name: str, production: Production, said: Any) -> str:
    """A field's value, as it is written in a file."""
    if name == "style":  # which the scenes of a production have
        return tidy(str(said))
    found = getattr(production, name)
    if name == "budget":
        return f"{found:.2f}"
    if name == "duration":
        return f"{float(found):.12g}"
    return str(found).lower() if isinstance(found, bool) else str(found)


def _written(name: str, said: str) -> str:
    """A field with its value as a line."""
    return f"{name}: {value(said) if text_kind((name,)) is None else scalar(in_production(said))}"


def _with_field(text: str, name: str, said: str) -> str:
    """The text of a production with another value of one of its own fields; its comment stays."""
    line = re.compile(rf"(?m)^{name}: [^\n]*?(?P<comment>[ ]+#[^\n]*)?$")
    found = line.search(text)
    if found is not None and "{{" in found[0]:
        told = "each film of this template has its own, by the table"
        raise BadInput(told, where=Place(name), hint="leave it out, and write it into the table")
    if found is None:
        return re.sub(r"(?m)^title: .*$", lambda title: f"{title[0]}\n{_written(name, said)}", text, count=1)
    comment = (found["comment"] or "").strip()
    written = _written(name, said)
    if comment and written.endswith(said) and text_kind((name,)) == "prose":
        written = f"{name}: {quoted(in_production(said))}"  # which the comment does not belong to
    padded = f"{written:<{_COLUMN - 2}}  {comment}" if comment else written
    return text[: found.start()] + padded + text[found.end() :]


def _without_own_durations(text: str) -> str:
    """The text of a production whose scenes have no length of their own, so that the film's counts for all of them."""
    line = re.compile(r"(?m)^ +duration: (?P<said>\S+)[^\n]*\n")
    if any(found["said"] == AUTO for found in line.finditer(text)):
        told = "the scenes of this template are as long as their narration"
        raise BadInput(told, where=Place("duration"), hint="leave it out, and write seconds into a scene of the file")
    return line.sub("", text)


def _with_names(text: str, file: str, table: str) -> str:
    """The text with the names of its files in the commands that its comments name."""
    file, table = (name if _PLAIN_NAME.fullmatch(name) else word for name, word in ((file, "FILE"), (table, "TABLE")))
    lines = text.split("\n")
    head = [re.sub(r"\bTABLE\b", table, re.sub(r"\bFILE\b", file, one)) if one[:1] == "#" else one for one in lines]
    return "\n".join(head)


def _head(title: str, fields: Mapping[str, str], scenes: int, source: str, file: str) -> Iterator[str]:
    """The lines above the scenes."""
    named = file if _PLAIN_NAME.fullmatch(file) else "FILE"
    yield f"# {counted(scenes, 'scene')}, from the prompts of {shown(source)[1:-1]}."
    yield "#"
    yield f"#   studio plan {named}         shows the price and buys nothing"
    yield f"#   studio produce {named}      makes the film: without an API key in the sandbox, where nothing is billed"
    yield ""
    yield from prose("title", title, 0)
    for name, (_, means) in _SAID.items():
        if name == "style" and name in fields:
            yield from prose(name, fields[name], 0)
        elif name in fields:
            yield f"{_written(name, fields[name]):<{_COLUMN - 2}}  # {means}"
        elif name == "budget":
            yield f"{'# budget: 5.00':<{_COLUMN - 2}}  # {means}"
    yield ""


def _scenes(listed: Sequence[ListedScene]) -> Iterator[str]:
    yield "scenes:"
    for number, scene in enumerate(listed):
        if number:
            yield ""
        yield f"  - id: {scalar(in_production(scene.fields['id']))}"
        for name in sorted(scene.fields, key=FIELDS.index):
            said = scene.fields[name]
            if name in IN_LINES:
                yield from lines_of(name, said, 4)
            elif text_kind(("scenes", 0, name)) == "prose":
                yield from prose(name, said, 4)
            elif name != "id":
                is_text = text_kind(("scenes", 0, name)) is not None
                yield f"    {name}: {scalar(in_production(said)) if is_text else value(in_production(said))}"
