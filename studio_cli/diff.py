"""The command ``diff``: what changed in a production since its last film, and what that costs."""

import json
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from studio.execution.session import open_session
from studio.money import ZERO, plain, usd
from studio.planning import derived
from studio.planning.plan import Plan
from studio.production import load_production
from studio.production.paths import local_path
from studio.report.changes import Changes, FieldChange, changes_since, finished_in
from studio.report.last_film import LastFilm, film_at, last_film
from studio.settings import load_settings
from studio_cli.console import Terminal, wrapped
from studio_cli.produce import run_command

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
WIDTH = 80
MARKS = {"added": "+", "removed": "-", "missing": "+"}


@app.command(help="What changed in a production since the last film that was made of it, and what that costs.")
def diff(
    production: Annotated[Path, typer.Argument(metavar="FILE", help="a production file (.yaml or .json)")],
    film: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="the film, or its folder, to compare with; else the last in STUDIO_FILMS"),
    ] = None,
    draft: Annotated[bool, typer.Option("--draft", help="compare the draft")] = False,
    from_draft: Annotated[bool, typer.Option("--from-draft", help="compare the finished draft")] = False,
    reframe: Annotated[str, typer.Option(metavar="RATIO", help="compare the film in another shape")] = "",
    language: Annotated[str, typer.Option(metavar="CODE", help="compare the film in another language")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    async def go() -> None:
        settings = load_settings()
        written = load_production(local_path(production))
        version = derived(written, draft=draft, from_draft=from_draft, reframe=reframe, language=language)
        async with open_session(settings) as session:
            plan, _ = await session.plan(version)
            realm = session.service.realm
        folder = settings.films.absolute()
        this = plan.production
        found = film_at(local_path(film)) if film else last_film(folder, this.slug, realm, this.version)
        changes = None if found is None else changes_since(found.manifest, plan)
        if found is not None and not draft and not from_draft and finished_in(found.manifest):
            named = (("--language", language), ("--reframe", reframe))
            version_words = [word for option in named if option[1] for word in option]
            words = ["studio", "diff", str(production), "--from-draft", *version_words]
            told = f"the last film was made from its draft; to compare it as that: {shlex.join(words)}"
            plan = replace(plan, notes=(told, *plan.notes))
        if as_json:
            print(json.dumps(_as_json(plan, found, changes), indent=2))
        else:
            elsewhere = last_film(folder, this.slug, None, this.version) if found is None else None
            _show(plan, found, changes, folder / plan.production.slug, session.service.title, elsewhere)

    run_command(go())


def _show(
    plan: Plan, found: LastFilm | None, changes: Changes | None, folder: Path, service: str, elsewhere: LastFilm | None
) -> None:  # fmt: skip
    console = Terminal(highlight=False)

    def say(line: str) -> None:
        console.print(line, markup=False, soft_wrap=True)

    if found is None or changes is None:
        if elsewhere is None:
            say(f"{plan.production.title}: there is no film yet in")
            say(str(folder))
        else:
            say(f"{plan.production.title}: no film was made at {service}; the latest from another service is")
            say(str(elsewhere.path))
        say(f"to pay: {usd(plan.to_pay)}")
        return
    say(f"{plan.production.title}, since the film of {found.made_at[:16].replace('T', ' ')} (UTC)")
    say(str(found.path))
    say("")
    for change in changes.film:
        say(f"{_line('  film', change_in_words(change), '')}")
    unpriced = dict(changes.to_pay)
    for one in changes.scenes:
        price = unpriced.pop(one.scene, ZERO)
        said = [change_in_words(change) for change in one.fields] or [f"{one.kind}{': ' if one.told else ''}{one.told}"]
        name = f"{MARKS.get(one.kind, '~')} {one.scene}"
        for number, line in enumerate(said):
            say(_line(name if not number else "", line, usd(price) if price and not number else ""))
    for scene, price in unpriced.items():
        say(_line(f"~ {scene}", "not bought yet", usd(price)))
    if not (changes.film or changes.scenes or changes.to_pay):
        say("nothing changed")
    say("")
    say(f"to pay: {usd(plan.to_pay)}")
    for note in plan.all_notes:
        say(wrapped(f"note: {note}"))


def _line(name: str, told: str, price: str) -> str:
    """A line of three columns, as wide as a screen; what is too long is shortened."""
    room = WIDTH - 18 - 9
    return f"{_short(name, 17):<17} {_short(told, room):<{room}} {price:>8}".rstrip()


def change_in_words(change: FieldChange) -> str:
    """A changed field with its value before and after, shortened to what differs."""
    each = 18 if len(change.name) > 12 else 20
    old, new = _from_difference(_value(change.old), _value(change.new), each)
    return f"{change.name}: {_short(old, each)} → {_short(new, each)}"


def _from_difference(old: str, new: str, width: int) -> tuple[str, str]:
    """Two texts without the beginning that both have, where a text of that width would not reach what differs."""
    alike = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    if alike < width - 1 or max(len(old), len(new)) <= width:
        return old, new
    start = max(old.rfind(mark, 0, alike) for mark in "/ ") + 1
    start = start if alike - start < width // 2 else alike - width // 4
    return f"…{old[start:]}", f"…{new[start:]}"


def _value(value: Any) -> str:
    if value is None:
        return "(none)"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _short(text: str, width: int) -> str:
    flat = " ".join(text.split()) if text.strip() else text
    flat = f"{text[: len(text) - len(text.lstrip())]}{flat}" if text[:1] == " " else flat
    return flat if len(flat) <= width else f"{flat[: width - 1]}…"


def _as_json(plan: Plan, found: LastFilm | None, changes: Changes | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "title": plan.production.title,
        "service": plan.realm,
        "last_film": None if found is None else {"path": str(found.path), "made_at": found.made_at},
        "to_pay_usd": plain(plan.to_pay),
        "notes": [str(note) for note in plan.all_notes],
    }
    if changes is not None:
        told["film"] = [_field(change) for change in changes.film]
        told["scenes"] = [
            {
                "scene": one.scene, "change": one.kind, "told": one.told or None,
                "fields": [_field(change) for change in one.fields],
            }
            for one in changes.scenes
        ]  # fmt: skip
        told["to_pay_by_scene_usd"] = {scene: plain(price) for scene, price in changes.to_pay.items()}
    return told


def _field(change: FieldChange) -> dict[str, Any]:
    return {"field": change.name, "old": change.old, "new": change.new}
