"""Checks of the files that a production names: pictures, footage, sounds, fonts with what is set in them, and texts."""

from __future__ import annotations

from pathlib import Path

from studio.errors import Problem, ProductionError
from studio.production.field_types import shown
from studio.production.locations import Loc, Places
from studio.production.model import Production
from studio.production.seeds import bad_file, cannot_be_read, kind_of_file, with_article
from studio.production.sound_rules import sound_files
from studio.production.translations import translations_of


def file_problems(production: Production, places: Places, *, whole: bool = True) -> list[Problem]:
    """Every problem of a file that a production names, and of texts that cannot be set in its fonts.

    ``whole``: False where parts of it were refused, so that a table may have texts for them.
    """
    return [
        *_files(production, places), *places.problems(sound_files(production)),
        *(_translations(production, places) if whole else ()), *_titles(production, places),
    ]  # fmt: skip


def _files(production: Production, places: Places) -> list[Problem]:
    problems = []
    for i, asset in enumerate(production.assets):
        if asset.path is not None and asset.url is None:
            problems += _file(asset.path, ("assets", i, "path"), places, asset.kind)
    wanted = {asset.id: asset.kind or kind_of_file(asset.path) for asset in production.assets}
    for i, scene in enumerate(production.scenes):
        for field in ("start_image", "end_image", "modify", "clip"):
            name, want = getattr(scene, field), "video" if field in ("modify", "clip") else "image"
            found = None if name is None else production.asset(name)
            if found is None:
                continue
            kind = wanted.get(found.id)
            if kind is not None and kind != want:
                message = f"{shown(name)} is {with_article(kind)}, and {field} needs {with_article(want)}"
                problems.append(Problem(places.where(("scenes", i, field)), message))
            elif found.id not in wanted and found.path is not None:
                problems += _file(found.path, ("scenes", i, field), places, want, finished=field == "clip")
    for i, character in enumerate(production.characters):
        for j, name in enumerate(character.images):
            found = production.asset(name)
            if found is not None and found.path is not None and found.id not in wanted:
                problems += _file(found.path, ("characters", i, "images", j), places, "image")
    return problems


def _translations(production: Production, places: Places) -> list[Problem]:
    """Problems of the table of its texts in other languages."""
    if production.translations and not Path(production.translations).is_file():
        told, hint = cannot_be_read(production.translations, again="write its texts again", readable="name a table")
        if told:
            return [Problem(places.where(("translations",)), told, hint)]
    try:
        translations_of(production)
    except ProductionError as wrong:
        return list(wrong.problems)
    return []


def _titles(production: Production, places: Places) -> list[Problem]:
    """Problems of fonts and of texts that are set in them."""
    if production.film.titles is None and not any(s.card or s.lower_third for s in production.scenes):
        return []  # and nothing is loaded for them
    from studio.production.title_check import title_findings

    return places.problems(title_findings(production))


def _file(path: str, loc: Loc, places: Places, want: str | None, *, finished: bool = False) -> list[Problem]:
    named = "that file" if places.is_included(loc) else "the production file"
    base = named if places.source else f"the working folder, {Path.cwd()}"
    wrong, hint = bad_file(path, want, base=base, finished=finished)
    return [Problem(places.where(loc), wrong, hint)] if wrong else []
