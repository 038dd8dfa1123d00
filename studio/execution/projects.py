"""Budgets that productions share: by a project (ADR 0023), or since one was made out of the other (ADR 0012).

What a production's title would be booked as is recorded as part of its project when a run begins. So a purchase counts
for a project whatever it was booked as, also where ``project`` is added later, changed or taken out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from studio.ledger import Ledger
from studio.ledger.budgets import films_with, first_of, has_bought, join, made_out_of, part, productions_of, share
from studio.planning.film_names import Named
from studio.planning.plan import Budgeting, Plan
from studio.remedies import Aside, Words, option, text_of

_VERSION = re.compile(r"-\d+x\d+$")  # the end of a reframed version's slug
MOST_NAMED = 8


def films_in(ledger: Ledger, naming: Named, realm: str) -> set[str]:
    """The names under which purchases of a production are booked, or were, besides its budget's own.

    A project that was separated (``apart``) does not count what was bought under its productions' titles.
    """
    film = naming.production.budget_name
    others = set(films_with(ledger, film, realm))
    if naming.known_as and first_of(ledger, film, realm) != film:
        others |= {naming.known_as, *films_with(ledger, naming.known_as, realm)}
    return others - {film, naming.made}


def productions_in(ledger: Ledger, naming: Named, realm: str) -> tuple[str, ...]:
    """The slugs of all productions that share a production's budget, its own among them."""
    films = {naming.production.budget_name, *films_in(ledger, naming, realm)}
    return tuple(sorted({naming.production.slug, *productions_of(ledger, films, realm)}))


def project_budgeting(ledger: Ledger, naming: Named, plan: Plan, found: Budgeting, realm: str) -> Budgeting:
    """The budget of a production that names a project."""
    production = naming.production
    film = production.budget_name
    found = replace(found, project=film, known_as=naming.known_as)
    ours = _VERSION.sub("", production.slug)
    slugs = productions_of(ledger, [film], realm)
    found = replace(found, beside=tuple(sorted({s for slug in slugs if (s := _VERSION.sub("", slug)) != ours})))
    if found.apart:
        return found
    settled, others = bool(films_with(ledger, film, realm)), films_in(ledger, naming, realm)
    said = [s.prompt for s in plan.shots if not s.finishes and s.is_bought]
    source = "" if settled else made_out_of(ledger, film, realm, [s.key for s in plan.shots if s.is_bought], said) or ""
    if source:
        others |= {source, *films_with(ledger, source, realm)} - {film}
    bought = tuple(name for name in sorted(others) if has_bought(ledger, name, realm))
    return replace(found, others=tuple(sorted(others)), bought_as=bought)


def settle_project(ledger: Ledger, budgeting: Budgeting, realm: str) -> None:
    """Record, before a run buys anything, what belongs to its project from now on."""
    project, known = budgeting.project, budgeting.known_as
    if not budgeting.apart:
        others = {known, *budgeting.others} - {project}
        if others and first_of(ledger, project, realm) != project:
            join(ledger, project, others, realm)
        return
    part(ledger, project, realm)
    if known != project and not has_bought(ledger, known, realm):
        share(ledger, known, project, realm)  # so that another project of this title would count this one's


def budget_notes(budgeting: Budgeting) -> tuple[Words, ...]:
    """Notes on a budget that several films share, or that continues under an earlier name."""
    if budgeting.begun_as:
        begun = (
            f"this film was begun as '{budgeting.begun_as}', and keeps that slug and its budget. If that was another "
            "film, write a slug of its own into this one",
        )
        return (*begun, *budget_notes(replace(budgeting, begun_as="")))
    if budgeting.project:
        return project_notes(budgeting)
    if budgeting.made_out_of:
        shared = f"most shots of this film were bought for '{budgeting.made_out_of}': its budget counts both"
        return (text_of(shared, ". For a budget of its own: ", option("apart")),)
    if budgeting.others:
        shared = f"the budget is shared with {', '.join(budgeting.others)}"
        return (text_of(shared, ". For a budget of its own: ", option("apart")),)
    return ()


def project_notes(budgeting: Budgeting) -> tuple[Words, ...]:
    """Notes on a project: what its budget counts, and the other productions in it."""
    told = f"budget, takes and costs are those of the project '{budgeting.project}'"
    if budgeting.beside:
        told += f", which {in_words(budgeting.beside)} {'is' if len(budgeting.beside) == 1 else 'are'} of, too"
    if not budgeting.bought_as:
        return (told,)
    return (
        text_of(
            f"{told}; its budget also counts what was bought as {in_words(budgeting.bought_as)}",
            Aside(". For a budget without that: ", option("apart")),
        ),
    )


def in_words(names: Sequence[str]) -> str:
    """Names in quotes, the first of many."""
    some = ", ".join(f"'{name}'" for name in names[:MOST_NAMED])
    return some + (f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else "")
