"""Which films share a budget: one that was made out of another one (its title was changed), unless they are parted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from studio.ledger.journal import Journal
from studio.ledger.schema import budgets


def films_with(ledger: Journal, film: str, seller: str) -> tuple[str, ...]:
    """The other films that share this one's budget."""
    rows = {row.film: row.first for row in ledger.ask(select(budgets).where(budgets.c.seller == seller))}
    first = rows.get(film, film)
    return tuple(sorted(({name for name, of in rows.items() if of == first} | {first}) - {film}))


def is_settled(ledger: Journal, film: str, seller: str) -> bool:
    """Whether it was said already whose budget a film has."""
    query = select(budgets.c.film).where(budgets.c.seller == seller, budgets.c.film == film)
    return bool(ledger.ask(query))


def made_out_of(ledger: Journal, film: str, seller: str, keys: Collection[str]) -> str | None:
    """The film in whose name most of these orders were bought, if that is another one than ``film``.

    A film that was parted has none.
    """
    if is_settled(ledger, film, seller):
        return None
    bought = Counter(row.film for row in ledger.orders(keys).values() if row.seller == seller)
    if not bought:
        return None
    name, count = bought.most_common(1)[0]
    return name if name != film and count * 2 > len(set(keys)) else None


def share(ledger: Journal, film: str, other: str, seller: str) -> None:
    """From now on the two films have one budget."""
    first = next((r.first for r in ledger.ask(select(budgets).where(
        budgets.c.seller == seller, budgets.c.film == other))), other)  # fmt: skip
    _put(ledger, film, first, seller)


def part(ledger: Journal, film: str, seller: str) -> None:
    """From now on this film has a budget of its own."""
    _put(ledger, film, film, seller)


def _put(ledger: Journal, film: str, first: str, seller: str) -> None:
    with ledger.writing() as connection:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        values = {"film": film, "seller": seller, "first": first, "at": ledger.moment(connection)}
        new = dialect.insert(budgets).values(values)
        connection.execute(
            new.on_conflict_do_update(index_elements=[budgets.c.film, budgets.c.seller], set_={"first": first})
        )
