"""The slug and the budget of a film that was begun with an earlier version, which made other slugs (ADR 0012).

Its orders and folders stay where they are. A title's earlier slug may be another film's (``Café`` had that of
``Cafe``), so a film keeps it only if it is known to be the same: the ledger says so; or a manifest of that slug has its
title; or, where no manifest has one, half of the purchases under it, or half of the film's shots, are in both.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from studio.ledger import Ledger
from studio.ledger.budgets import bought_for, first_of, has_bought
from studio.planning.plan import Plan
from studio.production import Production
from studio.production.slugs import earlier_slugs, earlier_text, film_name, slugify

MOST_MANIFESTS = 200  # manifests of a film that are read, the latest first
MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class Named:
    """A production under the name that it has in the ledger.

    ``made``: its budget's name as it is made today, where it keeps the slug of an earlier version; else empty.
    ``new``: True if the ledger does not say so yet. ``known_as``: where it has a project, the name that its budget has
    without one; else empty.
    """

    production: Production
    made: str = ""
    new: bool = False
    known_as: str = ""


def named_as_begun(
    production: Production, ledger: Ledger, *, realm: str, films: Path, drawn: Callable[[], Plan]
) -> Named:
    """The production under the slug that it was begun with. ``films``: the folder of all films; ``drawn``: its plan.

    A slug that the producer wrote, or that every version makes alike, is left as it is.
    """
    if production.project:
        plain = production.named(production.slug, production.known_as, project="")
        titled = named_as_begun(plain, ledger, realm=realm, films=films, drawn=drawn)
        kept, project = titled.production, production.project
        return replace(titled, production=kept.named(kept.slug, project, project=project), known_as=kept.budget_name)
    ours, earlier = production.budget_name, earlier_slugs(production.title)
    if ours != film_name(production.title):
        earlier = tuple(filter(None, [earlier_text(ours)]))  # `slug: 007` without quotes
    if not earlier:
        return Named(production)
    said = first_of(ledger, ours, realm)
    if said is not None:
        # Of a project, the name that it was begun under and today's one stand side by side.
        kept_as = next((slug for slug in earlier if said in (slug, first_of(ledger, slug, realm))), None)
        return Named(production) if kept_as is None else _under(production, kept_as, new=False)
    if has_bought(ledger, ours, realm):
        return Named(production)
    known = (slug for slug in earlier if has_bought(ledger, slug, realm))
    found = next((slug for slug in known if _is_same(production.title, slug, ledger, realm, films, drawn)), None)
    return Named(production) if found is None else _under(production, found, new=True)


def _under(production: Production, slug: str, *, new: bool) -> Named:
    """The production, or the version of it, under another slug of the film."""
    made = production.budget_name
    made = slugify(production.title) if made == film_name(production.title) else made
    version = "" if production.slug == made else production.slug.removeprefix(made[:56])
    return Named(production.named(f"{slug[:56]}{version}" if version else slug, slug), production.budget_name, new)


def _is_same(
    title: str, slug: str, ledger: Ledger, realm: str, films: Path, drawn: Callable[[], Plan]
) -> bool:  # fmt: skip
    titles = set(_titles(films, slug))
    if titles:
        return _nfc(title) in titles
    bought = bought_for(ledger, slug, realm)
    keys, prompts = {key for key, _ in bought}, {prompt for _, prompt in bought if prompt}
    shots = [(shot.key, shot.prompt) for shot in drawn().shots if not shot.finishes]
    in_books = sum(key in keys or prompt in prompts for key, prompt in shots)
    planned, said = {key for key, _ in shots}, {prompt for _, prompt in shots if prompt}
    in_plan = sum(key in planned or prompt in said for key, prompt in bought)
    return _half(in_books, len(shots)) or _half(in_plan, len(bought))


def _half(part: int, whole: int) -> bool:
    return part > 0 and part * 2 >= whole


def _titles(films: Path, slug: str) -> Iterable[str]:
    """The titles of the films in a slug's folder, by their manifests."""
    try:
        found = sorted(films.glob(f"{slug}/*/manifest.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    except OSError:
        return
    for path in found[:MOST_MANIFESTS]:
        try:
            with path.open("rb") as file:
                title = json.loads(file.read(MOST_BYTES)).get("title")
        except (OSError, ValueError, AttributeError, RecursionError):
            continue
        if isinstance(title, str):
            yield _nfc(title)


def _nfc(title: str) -> str:
    return unicodedata.normalize("NFC", " ".join(title.split()))
