"""The output of the command during a run: a live table on a terminal, plain lines elsewhere."""

import sys
import textwrap
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TextIO

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.live import Live
from rich.table import Table
from rich.text import Text

from studio.cleaning import printable
from studio.execution.progress import Listener
from studio.money import usd
from studio.planning.plan import Plan
from studio.report.records import RunRecord
from studio_cli.tally import GROUPS, MOVING, Row, Tally, rough

STYLES = {
    "ready": "green", "cached": "cyan", "failed": "bold red", "not started": "yellow", "waiting": "yellow",
    "in doubt": "bold red", "refused": "bold red", "stale": "magenta", "pinned": "cyan", "paid": "cyan",
    "own clip": "cyan",
}  # fmt: skip
# Widths in characters: of the live table's columns with the space between them, of a screen with prices, and the least
# of a name.
WARNING = "warning: "
STATE_WIDTH, TIME_WIDTH, COST_WIDTH = 15, 8, 9
PRICED, LEAST = 50, 8


class Terminal(Console):
    """A console that removes from texts what a terminal obeys: names, messages and notes may come from anybody."""

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(printable(text), **options)


def waiting(reason: str) -> AbstractContextManager[object]:
    """A block that takes seconds: on a terminal, its reason is shown until it ends."""
    return Terminal(stderr=True).status(reason) if sys.stderr.isatty() else nullcontext()


@dataclass(frozen=True)
class _Fitted:
    """A renderable that fits the terminal's size at that moment."""

    draw: Callable[[Console, ConsoleOptions], RenderResult]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        return self.draw(console, options)


class Screen(Listener):
    """A display of a run on ``stream``. ``live``: redraw a table; else a line per change. ``clock``: seconds, from any
    start.

    The live table fits a terminal of any size: moving shots come first, and totals, money and the time left are below.
    """

    def __init__(self, stream: TextIO, *, live: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = Terminal(file=stream, highlight=False, soft_wrap=not live)
        self._live: Live | None = Live(console=self._console, refresh_per_second=8, transient=True) if live else None
        self._clock = clock
        self._tally = Tally()
        self._film = ""
        self.warned: tuple[str, ...] = ()  # what was shown as a warning, and need not be shown again

    def planned(self, plan: Plan) -> None:
        self._tally = Tally(plan)
        if self._live is not None:
            self._live.start()
            self._live.update(self, refresh=True)

    def shot(self, shot_id: str, state: str, detail: str = "") -> None:
        now = self._clock()
        row = self._tally.tell(shot_id, state, detail, now)
        if self._live is None:
            cost = f"  {usd(self._tally.cost(shot_id))}{self._unbilled}" if state == "ready" else ""
            told = f"  {detail.splitlines()[0]}" if detail else ""
            line = printable(f"{shot_id:<24} {state:<12} {row.seconds(now):6.1f} s{cost}{told}")
            print(line, file=self._console.file, flush=True)  # thousands of them: rich would take longer than the work

    def bought(self, shot_id: str, price: Decimal) -> None:
        self._tally.bought(shot_id, price)

    def film(self, frames: int, total: int) -> None:
        self._film = f"film: {frames} of {total} frames"

    def note(self, text: str) -> None:
        if text.startswith(WARNING):
            self.warned += (text.removeprefix(WARNING),)
        self._console.print(text, markup=False)

    def ended(self, record: RunRecord) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop the live display."""
        if self._live is not None and self._live.is_started:
            self._live.stop()

    @property
    def _unbilled(self) -> str:
        return "" if self._tally.billed else " (nothing is billed)"

    def __rich__(self) -> RenderableType:
        return _Fitted(self._drawn)

    def _drawn(self, console: Console, options: ConsoleOptions) -> RenderResult:
        now = self._clock()
        totals = Text("\n".join(self._totals(now)))
        width = options.max_width
        # One line is free for the cursor, one holds the table's head.
        room = max(1, options.max_height - 2 - len(totals.wrap(console, width)))
        rows = list(self._tally.rows.items())
        if len(rows) > room:
            rows.sort(key=lambda item: GROUPS.index(item[1].group))  # stable: in the film's order within each
        yield self._table(rows[:room], now, width)
        yield totals

    def _totals(self, now: float) -> list[str]:
        """The line of totals: shots by group, money spent, time left."""
        counts = self._tally.counts
        told = ", ".join(f"{count} {group}" for group, count in counts.items() if count)
        left = self._tally.left(now)
        if left is None:
            time_left = "time left: not known yet"
        elif left:
            time_left = f"about {rough(left)} left"
        else:  # the shots in work take longer than earlier ones did
            time_left = "" if self._tally.done else "time left: longer than usual"
        money = f"{usd(self._tally.spent)} of {usd(self._tally.to_pay)} spent{self._unbilled}"
        return [f"{len(self._tally.rows)} shots: {told}", " · ".join(filter(None, (money, time_left, self._film)))]

    def _table(self, rows: Sequence[tuple[str, Row]], now: float, width: int) -> Table:
        """The table, with as many columns as the width allows; long names are shortened."""
        priced = width >= PRICED
        others = STATE_WIDTH + TIME_WIDTH + (COST_WIDTH if priced else 0)
        longest = max(map(len, self._tally.rows), default=0)
        name = max(LEAST, min(longest, width - others))
        rest = width - name - others - 2
        detailed = priced and rest >= LEAST
        table = Table(box=None, pad_edge=False, expand=False)
        table.add_column("scene", no_wrap=True, max_width=name)
        table.add_column("state", no_wrap=True, width=STATE_WIDTH - 2)
        table.add_column("time", justify="right", no_wrap=True, width=TIME_WIDTH - 2)
        if priced:
            table.add_column("cost", justify="right", no_wrap=True, width=COST_WIDTH - 2)
        if detailed:
            table.add_column("", style="dim", no_wrap=True, max_width=rest)
        for shot_id, row in rows:
            seconds = row.seconds(now)
            took = "" if seconds is None else f"{seconds:.0f} s"
            state = Text(printable(row.state), style=STYLES.get(row.state, "bold" if row.group == MOVING else ""))
            cells: list[str | Text] = [shot_id, state, took]
            cells += [usd(self._tally.cost(shot_id))] if priced else []
            cells += [Text(next(iter(printable(row.detail).splitlines()), ""))] if detailed else []
            table.add_row(*cells)
        return table


def wrapped(text: str, width: int = 80) -> str:
    """A text in lines of that many characters; words are kept whole, and lines after the first are indented."""
    lines = textwrap.wrap(text, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines)


def show_end(console: Console, record: RunRecord, *, told: Collection[str] = ()) -> None:
    """Print the end of a run in a few lines: the film's path, its cost, its seams, and notes.

    ``told``: notes that were shown before the run; they are not shown again.
    """
    from studio.report.seams import seams_line  # which loads pictures, and a plan shows none

    out: dict[str, Any] = {"markup": False, "soft_wrap": True}
    if record.film is not None:
        film = record.film
        console.print(f"film     {film.path}", **out)
        form = (
            f"{float(film.duration):.1f} s, {film.width}×{film.height}, {film.frames} frames, joined by {film.method}"
        )
        console.print(f"         {form}", **out)
        if slates := [cut.scene for cut in record.cuts if cut.slate]:
            told_of = f"{', '.join(slates[:6])}{f' and {len(slates) - 6} more' if len(slates) > 6 else ''}"
            console.print(f"missing  {told_of}: slates stand in the film, and in what is made of it", **out)
        for made in record.deliveries:
            lacks = next(iter(str(made.error).splitlines()), "") if made.error else ""
            console.print(f"{made.preset:<8} {f'not made: {lacks}' if lacks else f'{made.path}  {made.form}'}", **out)
        console.print(f"report   {record.out / 'report.html'}", **out)
    else:
        console.print(f"no film; report in {record.out / 'report.html'}", **out)
    reused = f", {usd(record.reused)} reused from earlier runs" if record.reused else ""
    refunded = f", {usd(record.refunded)} refunded" if record.refunded else ""
    unbilled = "" if record.billed else " (nothing is billed)"
    console.print(f"cost     {usd(record.cost)} this run{reused}{refunded}{unbilled}", **out)
    if line := seams_line(record.seams):
        console.print(f"seams    {line}", **out)
    notes = (*record.notes, *(record.film.notes if record.film else ()))
    for note in dict.fromkeys(map(str, notes)):
        if note not in told:
            console.print(f"note     {note}", **out)
    if not record.billed:
        console.print("Made in the sandbox: nothing was billed." if record.service == "sandbox"
                      else "Made by a server on this machine, without a key: nothing was billed.", **out)  # fmt: skip
