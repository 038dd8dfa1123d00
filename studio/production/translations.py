"""Translations of a film's texts: a table with a column for each language, and a row for each text.

The first column, ``text``, names the text: ``title``, ``opening``, ``closing``, or a scene and its field, such as
``dusk.narration``. A film in another language differs in its texts alone, and shows the same clips.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic_core import PydanticCustomError

from studio.errors import BadInput, Problem, ProductionError
from studio.production.field_types import shown
from studio.production.locations import Loc
from studio.production.paths import located
from studio.production.placeholders import plain_name
from studio.production.seeds import cannot_be_read
from studio.production.sound_fields import is_sound_path, language_of
from studio.production.tables import TableFile, read_table
from studio.remedies import Place
from studio.spelling import nearest

if TYPE_CHECKING:
    from studio.production.model import Production

COLUMN: Final = "text"
OF_SCENES: Final = ("narration", "captions", "card", "lower_third")
OF_FILM: Final = ("title", "opening", "closing")
MOST_TEXTS = 10_000
MOST_TOLD = 20


@dataclass(frozen=True)
class Translations:
    """The texts of a table, by language and by name; ``file`` is its name, ``lines`` the line of each text."""

    file: str = ""
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that it has a column for, in their order."""
        return tuple(self.texts)

    def line_of(self, production: Production, loc: Loc) -> int | None:
        """The line of the text at a place of the production, such as ``("scenes", 0, "card", "text")``."""
        name = next((str(step) for step in loc if step in OF_FILM), "")
        if loc[:1] == ("scenes",) and len(loc) > 2:
            name = f"{production.scenes[int(loc[1])].id}.{loc[2]}"
            numbered = f"{name}.{int(loc[3]) + 1}" if len(loc) > 3 and isinstance(loc[3], int) else name
            name = numbered if numbered in self.lines else name
        return self.lines.get(name)


NO_TRANSLATIONS = Translations()


def translations_of(production: Production) -> Translations:
    """The translations that a production names; none where it names no table. Raises ProductionError."""
    if not production.translations:
        return NO_TRANSLATIONS
    path = Path(production.translations)
    found = _read(read_table(path, most=MOST_TEXTS), path.parent)
    problems = [*_unknown(production, found), *_missing(found)]
    if problems:
        raise ProductionError(problems[:MOST_TOLD])
    return found


def _read(table: TableFile, base: Path) -> Translations:
    columns = {plain_name(column): column for column in table.columns}
    where = f"{table.file}:{table.line}"
    if COLUMN not in columns:
        hint = "name the first column text, and each other one by a language, such as de"
        raise ProductionError([Problem(where, f"has no column '{COLUMN}'", hint)])
    problems, texts, lines = list[Problem](), dict[str, dict[str, str]](), dict[str, int]()
    for plain, column in columns.items():
        if plain == COLUMN or column.lower().startswith("x-"):
            continue
        try:
            language = language_of(column)
        except PydanticCustomError as refused:
            context = refused.context or {}
            problems.append(Problem(f"{where}, column {shown(column)}", *_said(context)))
            continue
        texts[language] = {}
        for row in table.rows:
            name = " ".join(row.cells[COLUMN].content.split())
            lines[name] = row.line
            if said := row.cells[plain].content.strip():
                texts[language][name] = located(said, base) if is_sound_path(said) else said
    if not texts and not problems:
        problems.append(Problem(where, "has no column of a language", "add one, such as de"))
    if problems:
        raise ProductionError(problems)
    return Translations(table.file, texts, lines)


def _said(context: Mapping[str, Any]) -> tuple[str, str]:
    return str(context.get("message", "")), str(context.get("hint", ""))


def _unknown(production: Production, found: Translations) -> Iterator[Problem]:
    """A problem for each text that the production does not have."""
    known = set(texts_of(production))
    scenes = {scene.id for scene in production.scenes}
    for name, line in found.lines.items():
        if name in known:
            continue
        scene, _, field_ = name.rpartition(".")
        if field_ in OF_SCENES and scene in scenes:
            told, hint = f"scene {shown(scene)} has no {field_}", "add it to the scene, or remove the row"
        else:
            near = nearest(name, known)
            hint = f"did you mean {shown(near)}?" if near else f"its texts are: {', '.join(sorted(known)[:8])}"
            told = f"there is no text {shown(name)}"
        yield Problem(f"{found.file}:{line}", told, hint)


def _missing(found: Translations) -> Iterator[Problem]:
    """A problem for each sound file that a cell names and that is not there."""
    for language, texts in found.texts.items():
        for name, said in texts.items():
            if is_sound_path(said):
                told, hint = cannot_be_read(said, base="the table", again="put the sound there again")
                if told:
                    yield Problem(f"{found.file}:{found.lines[name]}, column '{language}'", told, hint)


def texts_of(production: Production) -> dict[str, str]:
    """The texts of a production that can be translated, by their names."""
    found = {"title": production.title}
    titles = production.film.titles
    for name in ("opening", "closing"):
        if titles is not None and (card := getattr(titles, name)) is not None:
            found[name] = card.text
    for scene in production.scenes:
        if scene.narration is not None:
            found[f"{scene.id}.narration"] = scene.narration.text or scene.narration.file or ""
        for n, caption in enumerate(scene.captions or (), 1):
            found[f"{scene.id}.captions" + (f".{n}" if len(scene.captions or ()) > 1 else "")] = caption.text
        for name in ("card", "lower_third"):
            if (said := getattr(scene, name)) is not None:
                found[f"{scene.id}.{name}"] = said.text
    return found


def translated(data: Mapping[str, Any], texts: Mapping[str, str]) -> dict[str, Any]:
    """The fields of a production, as they are dumped, with its texts in another language."""
    found = dict(data)
    if "title" in texts:
        found["title"] = texts["title"]
    titles = dict((found.get("film") or {}).get("titles") or {})
    for name in ("opening", "closing"):
        if name in texts and titles.get(name):
            titles[name] = {**titles[name], "text": texts[name]}
    if titles:
        found["film"] = {**found["film"], "titles": titles}
    found["scenes"] = [_scene(scene, texts) for scene in found["scenes"]]
    return found


def _scene(scene: Mapping[str, Any], texts: Mapping[str, str]) -> dict[str, Any]:
    found, name = dict(scene), scene["id"]
    if (said := texts.get(f"{name}.narration")) and found.get("narration"):
        kept = {k: v for k, v in found["narration"].items() if k not in ("text", "file")}
        found["narration"] = {**kept, "file" if is_sound_path(said) else "text": said}
    captions = [
        {**one, "text": texts.get(f"{name}.captions.{n}", texts.get(f"{name}.captions", one["text"]))}
        for n, one in enumerate(found.get("captions") or (), 1)
    ]
    if captions:
        found["captions"] = captions
    for field_ in ("card", "lower_third"):
        if (said := texts.get(f"{name}.{field_}")) and found.get(field_):
            found[field_] = {**found[field_], "text": said}
    return found


def in_language(production: Production, language: str) -> Mapping[str, str]:
    """The texts of a production in a language. Raises BadInput for one that its table does not have."""
    found = translations_of(production)
    try:
        wanted = language_of(language)
    except PydanticCustomError as refused:
        message, hint = _said(refused.context or {})
        raise BadInput(message, where=Place("language"), hint=hint) from None
    if wanted in found.texts:
        return found.texts[wanted]
    known = ", ".join(found.languages)
    hint = f"{found.file} has {known}" if found.file else "name a table of its texts in the production: translations"
    raise BadInput(f"there are no texts in {shown(language)}", where=Place("language"), hint=hint)
