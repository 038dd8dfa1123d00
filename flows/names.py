"""Names of flow runs: a given name stays; one that Prefect made up is replaced by the production's title."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from coolname.data import config  # Prefect's own source of names

from studio.cleaning import printable
from studio.errors import StudioError
from studio.production import Production, bundled_example, load_production

GREEK = (
    "alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|kappa|lambda|mu|nu|xi|omicron|pi|rho|sigma|tau|upsilon|phi|chi|"
    "psi|omega"
)
GOODS = (
    "Awesome|Rustic|Small|Gorgeous|Fantastic|Sleek|Intelligent|Unbranded|Refined|Licensed|Generic|Practical|Ergonomic|"
    "Handcrafted|Tasty|Handmade|Incredible"
)
#: Name patterns that the run forms of Prefect 3.9 fill in by themselves: the first UI's, and the second's.
FILLED_IN = (
    re.compile(rf"(?:{GREEK})[0-9]*-[a-z][a-z-]*"),
    re.compile(rf"(?:{GOODS})-.{{1,6}}"),
)


def run_name(name: str, parameters: Mapping[str, Any]) -> str:
    """The name for a run that Prefect calls ``name``: the same if a person gave it, else its production's title."""
    return title_of(parameters) if not name or made_up(name) else name


def made_up(name: str) -> bool:
    """True for a name that Prefect's server or one of its forms made up (``beryl-magpie``, ``alpha2-lyrae``)."""
    if any(known.fullmatch(name) for known in FILLED_IN):
        return True
    adjective, _, noun = name.partition("-")
    return adjective in _words("adj_any") and noun in _words("subj")


def title_of(parameters: Mapping[str, Any]) -> str:
    """The title of a run's production; for a file that cannot be read, the file's name."""
    written = parameters.get("production")
    if isinstance(written, Production):
        return written.title
    if isinstance(written, Mapping) and written.get("title"):
        return str(written["title"])
    file = Path(str(parameters.get("production_file") or "").strip() or bundled_example())
    try:
        return load_production(file).title
    except StudioError:
        return printable(file.stem) or "produce"


def _words(name: str) -> frozenset[str]:
    """All words of one of coolname's lists, and of the lists within it."""
    entry = cast("Mapping[str, Any]", config[name])
    return frozenset(entry.get("words", ())).union(*(_words(inner) for inner in entry.get("lists", ())))
