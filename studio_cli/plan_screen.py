"""The plan as the command shows it: the film, its seams, a row for each shot in the film's order, prices, notes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain

from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from studio.money import usd
from studio.planning.overview import Overview, in_film_order, overview_of
from studio.planning.plan import Plan, Shot
from studio.providers.shot_request import FrameOf
from studio.report.plan_text import length_line, price_lines, seams_line
from studio_cli.console import STYLES

#: A plan's names for the sources of a shot; of a seed asset, the first letters of its hash.
FROM = {
    "image": "image {}", "footage": "footage {}", "generation": "generation {}", "shot": "{}", "still": "{}",
    "clip": "clip of {}", "first": "first frame of {}", "last": "last frame of {}", "cut": "frame of the cut of {}",
    "frame": "frame {} of {}",
}  # fmt: skip
MOST_NAMED = 3  # sources of a kind that are named; more are only counted
PADDING, SHRUNK = 1, 16  # characters between columns, and of a column that gives way


@dataclass(frozen=True)
class _Column:
    """A column of the table of shots. ``given_up`` is its turn to be left out where the terminal is narrow; 0: never.
    ``wraps``: it gives way before others are left out; ``even``: it tells nothing where all its cells are alike."""

    name: str
    cell: Callable[[Shot], str]
    right: bool = False
    given_up: int = 0
    wraps: bool = False
    even: bool = False


def show_plan(console: Console, plan: Plan, *, service: str) -> tuple[str, ...]:
    """Print the plan: what the film will be, and the sources, state and price of each shot. Returns the notes that it
    told, as text."""
    film, out = overview_of(plan), {"markup": False, "soft_wrap": not console.is_terminal}
    console.print(escape(plan.production.title), style="italic", soft_wrap=True)
    console.print(length_line(plan, film), markup=False, soft_wrap=not console.is_terminal)
    if film.seams:
        console.print(seams_line(film), **out)  # type: ignore[arg-type]
    console.print(_table(plan, film, console.width))
    lines = price_lines(plan, service=service)
    notes = tuple(dict.fromkeys(str(note) for note in plan.all_notes))
    for line in (*lines, *(f"note: {note}" for note in notes)):
        console.print(line, **out)  # type: ignore[arg-type]
    return notes


def _table(plan: Plan, film: Overview, width: int) -> Table:
    rows = in_film_order(plan)
    columns = _fitting(_columns(film, rows), rows, width)
    table = Table(box=None, pad_edge=False, padding=(0, PADDING, 0, 0))
    for column in columns:
        table.add_column(
            column.name, no_wrap=not column.wraps, overflow="fold" if column.wraps else "ellipsis",
            justify="right" if column.right else "left",
        )  # fmt: skip
    for shot in rows:
        cells: list[str | Text] = []
        for column in columns:
            text = column.cell(shot)
            cells.append(Text(text, style=STYLES.get(text, "")) if column.name == "state" else escape(text))
        table.add_row(*cells)
    return table


def _columns(film: Overview, rows: Sequence[Shot]) -> list[_Column]:
    seams = {scene.scene: scene.seam for scene in film.scenes}
    first = {shot.scene: shot.id for shot in reversed(rows)}

    def seam(shot: Shot) -> str:
        kind = seams.get(shot.scene) if first[shot.scene] == shot.id else None
        return "" if kind is None else kind.value

    def buy(shot: Shot) -> str:
        return str(film.buying.get(shot.id, ""))

    return [
        _Column("shot", lambda shot: shot.id, wraps=True),
        _Column("seam", seam),
        _Column("from", made_from, wraps=True),
        _Column("model", lambda s: s.form, given_up=2, even=True),
        _Column("length", lambda s: "still" if s.is_still else f"{float(s.seconds):.4g} s"),
        _Column("take", lambda shot: "" if shot.own else str(shot.take), given_up=3, even=True),
        _Column("state", lambda shot: shot.state.value),
        _Column("buy", buy, right=True),
        _Column("order", lambda shot: "" if shot.own else shot.key[:12], given_up=1),
        _Column("price", lambda s: _bound(s.quote.usd, bool(s.quote.at_most)), right=True, given_up=4),
        _Column("to pay", lambda s: _bound(s.to_pay, bool(s.quote.at_most)), right=True),
    ]


def _fitting(columns: list[_Column], rows: Sequence[Shot], width: int) -> list[_Column]:
    """The columns that a terminal has room for. Those that tell nothing go first, then those whose turn it is."""

    def needed(column: _Column) -> int:
        cells = (cell_len(column.cell(shot)) for shot in rows)
        widest = max(chain([cell_len(column.name)], cells))
        return PADDING + (min(widest, SHRUNK) if column.wraps else widest)

    turns = sorted((c for c in columns if c.given_up), key=lambda c: (not _is_even(c, rows), c.given_up))
    left = list(columns)
    for column in turns:
        if sum(map(needed, left)) <= width:
            break
        left.remove(column)
    return left


def _is_even(column: _Column, rows: Sequence[Shot]) -> bool:
    return column.even and len({column.cell(shot) for shot in rows}) < 2


def _bound(price: Decimal, at_most: bool) -> str:
    """Format a price, marked where it is an upper bound."""
    return f"≤ {usd(price)}" if at_most and price else usd(price)


def made_from(shot: Shot) -> str:
    """The sources of a shot: ``text``, ``image 1a2b3c4d``, ``last frame of walk.2, clip of night``."""
    if shot.own:
        return shot.own.file.name
    if shot.generation:
        return FROM["generation"].format(shot.generation[:8])
    kinds: dict[str, list[str]] = {}
    for source in shot.sources:
        if source.kind == "frame":
            frame = FrameOf.of(source)
            kinds.setdefault("frame", []).append(FROM["frame"].format(frame.number, frame.shot))
            continue
        known = source.ref[:8] if source.kind in ("image", "footage", "generation") else source.ref
        kinds.setdefault(source.kind, []).append(FROM[source.kind].format(known))
    told = [
        f"{len(named)} images" if kind == "image" and len(named) > MOST_NAMED else ", ".join(named)
        for kind, named in kinds.items()
    ]
    return ", ".join(told) or "text"
