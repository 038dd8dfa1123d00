"""A production in another language: the same film with the texts of a column of its table."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from studio.errors import ProductionError
from studio.production.field_types import shown
from studio.production.loading import parse_production
from studio.production.model import Production
from studio.production.scene import TAKES
from studio.production.sound_fields import language_of
from studio.production.translations import in_language, texts_of, translated, translations_of

_TAKES = frozenset({"take", *TAKES.values()})


def spoken_in(production: Production, language: str) -> Production:
    """The same film in another language, of its table of texts: the clips are the same, and so is the budget.

    It has a slug of its own, so that the films stay apart. Raises BadInput for a language that there are no texts in,
    and ProductionError for texts that no film can have.
    """
    texts = in_language(production, language)
    code = language_of(language)
    data = production.model_dump(mode="json")
    for dumped, scene in zip(data["scenes"], production.scenes, strict=True):
        for name in _TAKES - scene.model_fields_set:
            del dumped[name]  # else the file would seem to name the first take
    found = translated(data, texts)
    missing = sorted(set(texts_of(production)) - set(texts) - {"title"})
    slug = f"{production.slug[: 63 - len(code)]}-{code.lower()}"
    table = translations_of(production)
    try:
        made = parse_production(
            {**found, "slug": slug, "language": code}, source=table.file, locate=partial(table.line_of, production)
        )
    except ProductionError as error:
        problems = [replace(one, where=f"{one.where}, column {shown(code)}") for one in error.problems]
        raise ProductionError(problems) from None
    made = made.as_version_of(production).as_translation_of(production)
    own = production.language or "its own language"
    shared = f"the film in {code} shows the clips of the film in {own}: they are bought once for both"
    if not missing:
        return made.noted((*made.notes, shared))
    more = f" and {len(missing) - 8} more" if len(missing) > 8 else ""
    told = f"texts without a translation into {code} stay as they are: {', '.join(missing[:8])}{more}"
    return made.noted((*made.notes, shared, told))
