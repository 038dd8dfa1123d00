"""The choice of a run's production: a file or a written one, never both; a billed run needs one of them."""

from __future__ import annotations

from pathlib import Path

from studio.errors import BadInput, NotConfirmed
from studio.production.loading import bundled_example, load_production, parse_production
from studio.production.model import Production
from studio.remedies import place


def chosen_production(file: str | Path | None, written: Production | None = None, *, billed: bool) -> Production:
    """The production in ``file``, or the ``written`` one; without either, unless ``billed``, the bundled example.

    Raises BadInput where both are given, NotConfirmed where none is given for a billed run, ProductionError for an
    invalid one.
    """
    named = str(file or "").strip()
    if named and written is not None:
        raise BadInput(
            f"two productions are given: the file {named}, and the written one '{written.title}'",
            where=place("production"), hint="leave one of them empty; nothing was bought",
        )  # fmt: skip
    if written is not None:
        return parse_production(written)
    if named:
        return load_production(named)
    if billed:
        raise NotConfirmed(
            "no production is given, and this run would be billed: nothing is bought that nobody named",
            where=place("production"),
            hint="name a production file, or write a production; the bundled example is made without a name in the "
            f"sandbox alone (without an API key), or by its name: {bundled_example()}",
        )
    return load_production(bundled_example())
