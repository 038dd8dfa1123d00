"""Templates of productions: complete films to begin with, each with the files that it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files

from studio.errors import BadInput
from studio.production.field_types import shown
from studio.remedies import Place
from studio.spelling import nearest


@dataclass(frozen=True)
class Template:
    """A production to begin with.

    name:   its name, and that of its file in this folder
    says:   what it shows, in a line
    beside: the files that it needs, by the names that it calls them, and what is put behind the film's own name
    table:  the one of them whose rows are films; empty: it is one film
    """

    name: str
    says: str
    beside: Mapping[str, str] = field(default_factory=dict)
    table: str = ""

    @property
    def text(self) -> str:
        """The production, as it is in the file."""
        return (files(__name__) / f"{self.name}.yaml").read_text("utf-8")

    def part(self, file: str) -> bytes:
        """One of the files that it needs."""
        return (files(__name__) / file).read_bytes()


TEMPLATES = (
    Template("film", "three scenes, each going on from the one before, with a budget: where to begin"),
    Template("ad", "an upright spot (9:16) with music, texts, an end card and deliveries", {"music.ogg": "-music.ogg"}),
    Template("narrated", "a voice over scenes as long as its words, captions, music", {"music.ogg": "-music.ogg"}),
    Template("character", "somebody who looks the same in every scene, by a picture", {"face.jpg": "-face.jpg"}),
    Template(
        "variations", "a film of each row of a table: products, languages, shapes", {"variations.csv": ".csv"},
        "variations.csv",
    ),
    Template("trailer", "titles, cards, transitions, matched colours, credits, music", {"music.ogg": "-music.ogg"}),
)  # fmt: skip


def template(name: str) -> Template:
    """The template of this name. Raises BadInput that names the nearest one."""
    names = [one.name for one in TEMPLATES]
    found = next((one for one in TEMPLATES if one.name == name.strip().lower()), None)
    if found is None:
        near = nearest(name, names)
        hint = f"did you mean '{near}'?" if near else f"one of {', '.join(names)}"
        raise BadInput(f"there is no template {shown(name)}", where=Place("template"), hint=hint)
    return found
