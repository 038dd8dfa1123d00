"""What the command shows while a run goes on: a table that lives on a terminal, plain lines elsewhere."""

import time
from decimal import Decimal
from typing import Any, TextIO

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from studio.cleaning import printable
from studio.money import usd
from studio.plan import Plan, Shot
from studio.progress import Listener
from studio.record import RunRecord

STYLES = {
    "ready": "green", "cached": "cyan", "failed": "bold red", "not started": "yellow", "waiting": "yellow",
    "in doubt": "bold red", "refused": "bold red", "stale": "magenta", "pinned": "cyan", "paid": "cyan",
}  # fmt: skip
#: How a plan names what a shot is made from; of a seed asset, the first letters of its hash.
FROM = {
    "image": "image {}", "footage": "footage {}", "generation": "generation {}", "shot": "{}", "still": "{}",
    "clip": "clip of {}", "first": "first frame of {}", "last": "last frame of {}",
}  # fmt: skip
MOST_NAMED = 3  # sources of a kind; more are counted


class Terminal(Console):
    """A console whose texts hold nothing that a terminal obeys: names, messages and notes may be anybody's words."""

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(printable(text), **options)


class Screen(Listener):
    """Shows a run on ``stream``. ``live``: redraw a table; else a line per change."""

    def __init__(self, stream: TextIO, *, live: bool) -> None:
        self._console = Terminal(file=stream, highlight=False, soft_wrap=not live)
        self._live: Live | None = Live(console=self._console, refresh_per_second=8, transient=True) if live else None
        self._plan: Plan | None = None
        self._rows: dict[str, tuple[str, str, float | None, float | None]] = {}
        self._film = ""

    def planned(self, plan: Plan) -> None:
        self._plan = plan
        self._rows = {s.id: (s.state.value, "", None, None) for s in plan.shots}
        if self._live is not None:
            self._live.start()
            self._live.update(self, refresh=True)

    def shot(self, shot_id: str, state: str, detail: str = "") -> None:
        _, _, began, _ = self._rows.get(shot_id, ("", "", None, None))
        now = time.monotonic()
        began = began or now
        ended = now if state in ("ready", "failed", "not started") else None
        self._rows[shot_id] = (state, detail, began, ended)
        if self._live is None:
            cost = f"  {usd(self._cost(shot_id))}" if state == "ready" else ""
            told = f"  {detail.splitlines()[0]}" if detail else ""
            self._console.print(f"{shot_id:<24} {state:<12} {now - began:6.1f} s{cost}{told}", markup=False)

    def film(self, frames: int, total: int) -> None:
        self._film = f"film: {frames} of {total} frames"

    def note(self, text: str) -> None:
        self._console.print(text, markup=False)

    def ended(self, record: RunRecord) -> None:
        self.stop()

    def stop(self) -> None:
        """Give the terminal back."""
        if self._live is not None and self._live.is_started:
            self._live.stop()

    def _cost(self, shot_id: str) -> Decimal:
        return self._plan.shot(shot_id).to_pay if self._plan else Decimal(0)

    def __rich__(self) -> Table:
        table = Table(box=None, pad_edge=False, expand=False, caption=self._film or None, caption_justify="left")
        for title, align in (("scene", "left"), ("state", "left"), ("time", "right"), ("cost", "right"), ("", "left")):
            table.add_column(title, justify=align, style="dim" if not title else None, no_wrap=True)
        now = time.monotonic()
        for shot_id, (state, detail, began, ended) in self._rows.items():
            spent = "" if began is None else f"{(ended or now) - began:.0f} s"
            first = next(iter(printable(detail).splitlines()), "")[:70]
            style = STYLES.get(state, "bold")
            table.add_row(shot_id, Text(printable(state), style=style), spent, usd(self._cost(shot_id)), Text(first))
        return table


def show_plan(console: Console, plan: Plan, *, service: str) -> None:
    """The plan as a table: what is made from what, where it stands, what it costs."""
    table = Table(box=None, pad_edge=False, title=escape(plan.production.title), title_justify="left")
    for name, least in (("shot", 8), ("from", 6), ("model", 8), ("length", 6), ("take", 4), ("state", 9), ("order", 6)):
        table.add_column(name, no_wrap=name != "from", min_width=least)
    table.add_column("price", justify="right", no_wrap=True, min_width=7)
    table.add_column("to pay", justify="right", no_wrap=True, min_width=7)
    for shot in plan.shots:
        state = Text(shot.state.value, style=STYLES.get(shot.state.value, ""))
        form = shot.model if shot.is_still else f"{shot.model} {shot.resolution}"
        length = "still" if shot.is_still else f"{float(shot.seconds):g} s"
        table.add_row(
            shot.id, made_from(shot), form, length, str(shot.take), state, shot.key[:12],
            _bound(shot.quote.usd, bool(shot.quote.at_most)), _bound(shot.to_pay, bool(shot.quote.at_most)),
        )  # fmt: skip
    console.print(table)
    tables = ", ".join(sorted({s.quote.table for s in plan.shots}))
    at_most = "at most " if any(s.quote.at_most and s.to_pay for s in plan.shots) else ""
    console.print(
        f"to pay now: {at_most}{usd(plan.to_pay)} of {usd(plan.total)} in all, at {service}, by the prices of {tables}",
        markup=False, soft_wrap=True,
    )  # fmt: skip
    for why, shots in plan.at_most.items():
        more = f" and {len(shots) - MOST_NAMED} more" if len(shots) > MOST_NAMED else ""
        console.print(f"at most ({', '.join(shots[:MOST_NAMED])}{more}): {why}", markup=False, soft_wrap=True)
    for note in plan.notes:
        console.print(f"note: {note}", markup=False, soft_wrap=True)


def _bound(price: Decimal, at_most: bool) -> str:
    """A price, marked where it is an upper bound."""
    return f"≤ {usd(price)}" if at_most and price else usd(price)


def made_from(shot: Shot) -> str:
    """What a shot is made from: ``text``, ``image 1a2b3c4d``, ``last frame of walk.2, clip of night``."""
    if shot.generation:
        return FROM["generation"].format(shot.generation[:8])
    kinds: dict[str, list[str]] = {}
    for source in shot.sources:
        known = source.ref[:8] if source.kind in ("image", "footage", "generation") else source.ref
        kinds.setdefault(source.kind, []).append(FROM[source.kind].format(known))
    told = [
        f"{len(named)} images" if kind == "image" and len(named) > MOST_NAMED else ", ".join(named)
        for kind, named in kinds.items()
    ]
    return ", ".join(told) or "text"


def show_end(console: Console, record: RunRecord) -> None:
    """The end of a run in a few lines: where the film is, what it cost, how its seams are."""
    out = {"markup": False, "soft_wrap": True}
    if record.film is not None:
        film = record.film
        console.print(f"film     {film.path}", **out)
        form = (
            f"{float(film.duration):.1f} s, {film.width}×{film.height}, {film.frames} frames, joined by {film.method}"
        )
        console.print(f"         {form}", **out)
        console.print(f"report   {record.out / 'report.html'}", **out)
    else:
        console.print(f"no film; report in {record.out / 'report.html'}", **out)
    reused = f", {usd(record.reused)} reused from earlier runs" if record.reused else ""
    refunded = f", {usd(record.refunded)} refunded" if record.refunded else ""
    console.print(f"cost     {usd(record.cost)} this run{reused}{refunded}", **out)
    continued = [s for s in record.seams if s.continued]
    if continued:
        worst = min(continued, key=lambda s: s.ssim)
        console.print(
            f"seams    {len(continued)} continued, the worst {worst.before} → {worst.after} with SSIM {worst.ssim:.3f}",
            **out,
        )
    notes = (*record.notes, *(record.film.notes if record.film else ()))
    for note in notes:
        console.print(f"note     {note}", **out)
    if not record.billed:
        console.print("Made in the sandbox: nothing was billed." if record.service == "sandbox"
                      else "Made by a server on this machine, without a key: nothing was billed.", **out)  # fmt: skip
