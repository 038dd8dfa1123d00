"""Films that share a budget: one that was made out of another one (its title was changed) shares the other's, unless
the two were separated. A film whose slug was made from its title by an earlier version is noted in the same way, and so
is one whose production names a project: what was bought under its title counts for the project.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from sqlalchemy import select

from studio.ledger.journal import Journal
from studio.ledger.schema import budgets, entries, orders
from studio.ledger.upsert import insert_into


def films_with(ledger: Journal, film: str, realm: str) -> tuple[str, ...]:
    """The other films that share this one's budget."""
    first = first_of(ledger, film, realm) or film
    query = select(budgets.c.film).where(budgets.c.realm == realm, budgets.c.first == first)
    return tuple(sorted(({str(row.film) for row in ledger.ask(query)} | {first}) - {film}))


def is_settled(ledger: Journal, film: str, realm: str) -> bool:
    """True if it is recorded already which budget a film has."""
    return first_of(ledger, film, realm) is not None


def first_of(ledger: Journal, film: str, realm: str) -> str | None:
    """The film whose budget this one has, which may be itself; None where nothing is recorded."""
    query = select(budgets.c.first).where(budgets.c.realm == realm, budgets.c.film == film)
    return next((str(row.first) for row in ledger.ask(query)), None)


def has_bought(ledger: Journal, film: str, realm: str) -> bool:
    """True if anything was ever ordered for a film."""
    query = select(entries.c.id).where(entries.c.film == film, entries.c.realm == realm).limit(1)
    return bool(ledger.ask(query))


def bought_for(ledger: Journal, film: str, realm: str) -> list[tuple[str, str]]:
    """The key and the prompt of each order of a film."""
    query = select(orders.c.key, orders.c.request["prompt"].as_string())
    # By the entries, which have an index of films.
    keys = select(entries.c.order).where(entries.c.film == film, entries.c.realm == realm)
    found = ledger.ask(query.where(orders.c.key.in_(keys), orders.c.film == film))
    return [(str(key), str(prompt or "")) for key, prompt in map(tuple, found)]


def made_out_of(ledger: Journal, film: str, realm: str, keys: Collection[str], prompts: Collection[str]) -> str | None:
    """The film under whose name at least half of these orders, or of these prompts, were bought, if that is not
    ``film``.

    Prompts also identify a draft, or another shape, of a film that had another title. A film that was separated is not
    looked up, nor one with orders of its own by its prompts.
    """
    if is_settled(ledger, film, realm):
        return None
    bought = Counter(row.film for row in ledger.orders(keys).values() if row.realm == realm)
    name, count = bought.most_common(1)[0] if bought else ("", 0)
    if name != film and count and count * 2 >= len(set(keys)):
        return name
    own = has_bought(ledger, film, realm)
    words = {prompt for prompt in prompts if prompt}
    if own or not words:
        return None
    said = Counter(of for of, _ in _films_that_say(ledger, realm, words))
    name, count = said.most_common(1)[0] if said else ("", 0)
    return name if name != film and count and count * 2 >= len(words) else None


def _films_that_say(ledger: Journal, realm: str, prompts: Collection[str]) -> set[tuple[str, str]]:
    """Pairs of a film and one of these prompts that it has ordered."""
    prompt = orders.c.request["prompt"].as_string()
    wanted, found = sorted(prompts), set[tuple[str, str]]()
    for start in range(0, len(wanted), 200):
        query = select(orders.c.film, prompt).where(orders.c.realm == realm, prompt.in_(wanted[start : start + 200]))
        found |= {(str(of), str(words)) for of, words in map(tuple, ledger.ask(query.distinct()))}
    return found


def share(ledger: Journal, film: str, other: str, realm: str) -> None:
    """Give the two films one budget from now on."""
    first = next((r.first for r in ledger.ask(select(budgets).where(
        budgets.c.realm == realm, budgets.c.film == other))), other)  # fmt: skip
    _put(ledger, film, first, realm)


def join(ledger: Journal, film: str, others: Collection[str], realm: str) -> None:
    """Give a film and others, with all that share a budget with any of them, one budget from now on: that film's."""
    members = {name for of in (film, *others) for name in (of, *films_with(ledger, of, realm))}
    first = first_of(ledger, film, realm) or film
    for name in sorted(members - {first}):
        _put(ledger, name, first, realm)


def productions_of(ledger: Journal, films: Collection[str], realm: str) -> tuple[str, ...]:
    """The productions, by their slugs, under which anything was booked for these films."""
    query = select(entries.c.production).where(entries.c.film.in_(sorted(films)), entries.c.realm == realm)
    return tuple(sorted(str(row.production) for row in ledger.ask(query.distinct())))


def keep_name(ledger: Journal, made: str, kept: str, realm: str) -> None:
    """Let the film whose title would now give the slug ``made`` keep the slug ``kept``, under which it was begun."""
    _put(ledger, made, kept, realm)


def part(ledger: Journal, film: str, realm: str) -> None:
    """Give this film a budget of its own from now on."""
    _put(ledger, film, film, realm)


def _put(ledger: Journal, film: str, first: str, realm: str) -> None:
    with ledger.writing() as connection:
        values = {"film": film, "realm": realm, "first": first, "at": ledger.moment(connection)}
        new = insert_into(connection, budgets).values(values)
        connection.execute(
            new.on_conflict_do_update(index_elements=[budgets.c.film, budgets.c.realm], set_={"first": first})
        )
