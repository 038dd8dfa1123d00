"""A plan in words: lines for a screen, and a page of Markdown that is shown before anything is bought."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from studio.money import usd
from studio.planning.length import in_seconds, wished_frames
from studio.planning.overview import Overview, in_film_order, overview_of
from studio.planning.plan import Plan, Shot, ShotState
from studio.planning.seams import SeamKind
from studio.report.formats import in_markdown

MOST_NAMED = 3  # shots that are named; more are only counted
MOST_ROWS = 80  # scenes of a page's table; more are only counted
MOST_PROMPT = 120  # characters of a prompt that the table has


def length_line(plan: Plan, film: Overview) -> str:
    """``45 s (1080 frames), as wished · 16:9 · ray-2 720p · 14 scenes``."""
    wished = wished_frames(plan)
    against = "" if wished is None else ", as wished" if wished == film.frames else f" of {in_seconds(wished)} s wished"
    scenes = len(film.scenes)
    return " · ".join([
        f"{'' if film.exact else 'about '}{in_seconds(film.frames)} s ({film.frames} frames){against}", film.ratio,
        ", ".join(film.forms), f"{scenes} scene{'' if scenes == 1 else 's'}",
    ])  # fmt: skip


def seams_line(film: Overview) -> str:
    """``seams: 3 continued, 1 from the frame of a cut, 2 cuts``."""
    told = ((kind, count) for kind in SeamKind if (count := film.seams.get(kind, 0)))
    return "seams: " + ", ".join(f"{count} {kind.in_words(count)}" for kind, count in told)


def price_lines(plan: Plan, *, service: str) -> list[str]:
    """The price, and by which table; why a price is a bound; and what could be bought instead."""
    tables = ", ".join(sorted({s.quote.table for s in plan.shots} - {""}))
    by = f", by the prices of {tables}" if tables else ""
    lines = [f"to pay now: {to_pay(plan)} of {usd(plan.total)} in all, at {service}{by}"]
    if plan.unsettled:
        names, held = _named([shot.id for shot in plan.unsettled]), usd(plan.limit - plan.to_pay)
        again = "where one was not accepted, or fails, it is given back, and ordered again"
        lines.append(f"counted already: {held} for orders that have no end yet ({names}): {again}")
    for why, shots in plan.at_most.items():
        lines.append(f"at most ({_named(shots)}): {why}")
    lines += [f"or {usd(other.to_pay)} instead of {usd(other.instead_of)}: {other.what}" for other in plan.alternatives]
    return lines


def _named(shots: Sequence[str]) -> str:
    more = f" and {len(shots) - MOST_NAMED} more" if len(shots) > MOST_NAMED else ""
    return ", ".join(shots[:MOST_NAMED]) + more


def to_pay(plan: Plan) -> str:
    """The price of what is still to be bought, marked where it is an upper bound."""
    bound = any(s.quote.at_most and s.to_pay for s in plan.shots)
    return f"{'at most ' if bound else ''}{usd(plan.to_pay)}"


def plan_page(plan: Plan, *, service: str, billed: bool) -> str:
    """The plan in Markdown: the film, its price, a row for each scene in the film's order, notes."""
    film = overview_of(plan)
    lines = [f"# {in_markdown(plan.production.title)}", "", f"**To pay now: {to_pay(plan)}**", ""]
    if not billed:
        lines += ["Nothing will be billed: it is made in the sandbox.", ""]
    told = [length_line(plan, film), *([seams_line(film)] if film.seams else []), *price_lines(plan, service=service)]
    lines += [f"- {in_markdown(line)}" for line in told]
    lines += ["", *_table(plan, film)]
    notes = tuple(dict.fromkeys(str(note) for note in plan.all_notes))
    if notes:
        lines += ["", "## Notes", "", *(f"- {in_markdown(note)}" for note in notes)]
    return "\n".join(lines) + "\n"


def _table(plan: Plan, film: Overview) -> Iterable[str]:
    """The table of scenes. Of many, those that cost something come before those that are only counted."""
    shots: dict[str, list[Shot]] = {}
    payers: dict[str, str] = {}  # one purchase for several shots is paid for where the film has the first
    for shot in in_film_order(plan):
        shots.setdefault(shot.scene, []).append(shot)
        payers.setdefault(shot.key, shot.id)

    def paid(own: Iterable[Shot], price: Callable[[Shot], Decimal]) -> Decimal:
        return sum((price(shot) for shot in own if payers[shot.key] == shot.id), Decimal(0))

    def row(number: str, name: str, prompt: str, seam: str, own: list[Shot]) -> str:
        forms = ", ".join(dict.fromkeys(shot.form for shot in own if shot.form))
        amounts = usd(paid(own, lambda shot: shot.quote.usd)), usd(paid(own, lambda shot: shot.to_pay))
        cells = number, name, prompt, seam, forms, str(len(own)), _states(own), *amounts
        return f"| {' | '.join(map(in_markdown, cells))} |"

    seams = {scene.scene: scene.seam for scene in film.scenes}
    prompts = {scene.id: scene.prompt for scene in plan.production.scenes}
    order = list(shots)
    shown = set(sorted(order, key=lambda name: not paid(shots[name], lambda shot: shot.to_pay))[:MOST_ROWS])
    yield "| # | scene | prompt | seam | model | shots | state | price | to pay |"
    yield "|--:|---|---|---|---|--:|---|--:|--:|"
    for number, name in enumerate(order, start=1):
        if name in shown:
            seam = seams.get(name)
            told = "" if seam is None else seam.value
            yield row(str(number), name, _short(prompts.get(name, "")), told, shots[name])
    if rest := [name for name in order if name not in shown]:
        yield row("", f"… and {len(rest)} more", "", "", [shot for name in rest for shot in shots[name]])
    yield f"| | **total** | | | | {len(plan.shots)} | | **{usd(plan.total)}** | **{usd(plan.to_pay)}** |"


def _states(shots: Iterable[Shot]) -> str:
    """``new``; of several states, each with its number."""
    counts: dict[ShotState, int] = {}
    for shot in shots:
        counts[shot.state] = counts.get(shot.state, 0) + 1
    if len(counts) == 1:
        return next(iter(counts)).value
    return ", ".join(f"{count} {state.value}" for state, count in counts.items())


def _short(prompt: str) -> str:
    return prompt if len(prompt) <= MOST_PROMPT else f"{prompt[: MOST_PROMPT - 1]}…"
