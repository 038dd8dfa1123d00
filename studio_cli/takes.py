"""The command ``takes``: the takes of a production's scenes, and the choice of those that its film uses."""

import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from studio.errors import BadInput, Problem, ProductionError, StudioError
from studio.execution.session import Session, open_session
from studio.money import ZERO, plain, usd
from studio.planning import derived
from studio.planning.plan import Plan, SceneEdit, ShotState
from studio.planning.take_list import OWNED, SceneTake, list_takes
from studio.production import Production, load_production, rules
from studio.production.choices import beside, choices_of, write_beside, write_takes
from studio.production.paths import local_path
from studio.production.scene import Stage
from studio.settings import load_settings
from studio_cli.console import Terminal, wrapped
from studio_cli.produce import run_command

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
WIDTH = 80
ACTIONS = ("choose", "keep", "forget")
ALL = "all"
WHY = {
    "retake": "a new take was asked for", "option": "an option names it", "pinned": "the scene's generation: names it",
    "choice": "chosen in {beside}", "file": "the production says so", "first": "nothing else is chosen",
}  # fmt: skip


@dataclass(frozen=True)
class Version:
    """The options that make a version of the film."""

    draft: bool
    from_draft: bool
    reframe: str
    language: str

    def of(self, production: Production) -> Production:
        return derived(
            production, draft=self.draft, from_draft=self.from_draft, reframe=self.reframe, language=self.language
        )

    @property
    def flags(self) -> str:
        """The options as they are written behind a command."""
        drafted = " --draft" if self.draft else " --from-draft" if self.from_draft else ""
        named = (("--language", self.language), ("--reframe", self.reframe))
        return drafted + "".join(f" {flag} {shlex.quote(value)}" for flag, value in named if value)

    @property
    def others(self) -> tuple["Version", ...]:
        """The versions in the same shape and language that are made of other clips, or finished in another way."""
        ways = (replace(self, draft=a, from_draft=b) for a, b in ((False, False), (True, False), (False, True)))
        return tuple(way for way in ways if way != self)


@app.command(help="The takes of a production's scenes: which the film uses, and why; choose another. Spends nothing.")
def takes(
    production: Annotated[Path, typer.Argument(metavar="FILE", help="a production file (.yaml or .json)")],
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[choose SCENE=N… | keep SCENE… | forget SCENE…]",
            help="choose: the final uses take N from now on; with --draft, the draft does, and a final made from it. "
            "keep: the scene keeps its clip there, though what it follows was edited (all: every such scene). forget: "
            "remove what is remembered beside the file; with --draft, of the draft alone",
            show_default=False,
        ),
    ] = None,
    next_to_it: Annotated[
        bool, typer.Option("--beside", help="choose in FILE.takes.yaml, and leave the production as it is")
    ] = False,
    draft: Annotated[bool, typer.Option("--draft", help="the takes of the draft")] = False,
    from_draft: Annotated[bool, typer.Option("--from-draft", help="the takes of the finished draft")] = False,
    reframe: Annotated[str, typer.Option(metavar="RATIO", help="the takes of the film in another shape")] = "",
    language: Annotated[str, typer.Option(metavar="CODE", help="the takes of the film in another language")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    file, version = local_path(production), Version(draft, from_draft, reframe, language)

    async def go() -> None:
        action, names = (words or [""])[0], (words or [])[1:]
        if words and (action not in ACTIONS or not names):
            raise BadInput(
                f"{' '.join(words)!r} is no choice",
                hint="choose SCENE=N, keep SCENE or forget SCENE, such as: "
                f"{_command(file, 'choose', 'arrival=2')}{version.flags}",
            )
        if action == "forget":
            told = _forget(file, names, "draft" if draft or from_draft else None)
            print(json.dumps(told, indent=2) if as_json else f"forgotten: {', '.join(names)}")
            return
        async with open_session(load_settings()) as session:
            written = load_production(file)
            before, _ = await session.plan(version.of(written))
            if not action:
                found = list_takes(before, session.ledger, session.has)
                _show(before, found, file, version, as_json=as_json)
                return
            if action == "choose":
                chosen = await _choices(session, written, version, before, names, file)
                places = _write(file, chosen, before.production, only_beside=next_to_it)
            else:
                places = _keep(file, before, names)
            after, _ = await session.plan(version.of(load_production(file)))
        _tell(after, places, [n for n in after.notes if str(n) not in {str(m) for m in before.notes}], as_json=as_json)

    run_command(go())


async def _choices(
    session: Session, written: Production, version: Version, plan: Plan, pairs: Sequence[str], file: Path
) -> dict[str, int]:  # fmt: skip
    """The takes that are chosen, each of which is owned. Raises ProductionError with a line for each that is not."""
    production = version.of(written)
    problems: list[Problem] = []
    chosen: dict[str, int] = {}
    parsed: dict[str, tuple[str, int]] = {}
    known = {scene.id: scene for scene in production.scenes}
    for pair in pairs:
        scene, _, number = pair.rpartition("=")
        if not scene or not number.isdecimal() or not 1 <= int(number) <= 1000:
            problems.append(Problem(repr(pair), "is not SCENE=N, such as arrival=2"))
        elif scene not in known:
            problems.append(Problem(f"{pair!r}", f"there is no such scene; {_near(scene, known)}"))
        elif chosen.get(scene, int(number)) != int(number):
            problems.append(Problem(f"{pair!r}", f"another take of '{scene}' is chosen as well"))
        elif known[scene].generation:
            problems.append(Problem(f"{pair!r}", "the scene is pinned to a generation: remove generation: first"))
        else:
            chosen[scene] = int(number)
            parsed[pair] = scene, int(number)
    if chosen:
        asked, _ = await session.plan(production, takes=chosen)
        listed = list_takes(plan, session.ledger, session.has)
        lacking = {pair: _lacking(asked, listed, scene, take) for pair, (scene, take) in parsed.items()}
        if any(lacking.values()):
            elsewhere = await _elsewhere(session, written, version)
            problems += [
                Problem(repr(pair), told, _hint(elsewhere, pair, *parsed[pair], file))
                for pair, told in lacking.items() if told
            ]  # fmt: skip
    if problems:
        order = [repr(pair) for pair in pairs]
        raise ProductionError(sorted(problems, key=lambda problem: order.index(problem.where)))
    return chosen


async def _elsewhere(session: Session, written: Production, version: Version) -> dict[Version, Sequence[SceneTake]]:
    """The takes of the other versions of the film; one that cannot be planned has none."""
    found: dict[Version, Sequence[SceneTake]] = {}
    for other in version.others:
        try:
            plan, _ = await session.plan(other.of(written))
        except StudioError:
            continue
        found[other] = list_takes(plan, session.ledger, session.has)
    return found


def _hint(elsewhere: Mapping[Version, Sequence[SceneTake]], pair: str, scene: str, take: int, file: Path) -> str:
    """The command that chooses a take where another version of the film has it; empty where none does."""
    for other, listed in elsewhere.items():
        if take in _owned(listed, scene):
            what = "the draft" if other.draft else "the finished draft" if other.from_draft else "the final"
            return f"{what} has take {take}: {_command(file, 'choose', pair)}{other.flags}"
    return ""


def _command(file: Path, *words: str) -> str:
    """The command of takes on a file, as a shell takes it."""
    return shlex.join(["studio", "takes", str(file), *words])


def _owned(listed: Sequence[SceneTake], scene: str) -> list[int]:
    """The takes of a scene, as it is written now, that are bought."""
    return sorted({t.take for t in listed if t.scene == scene and t.same and t.state in ("ready", "paid", "in flight")})


def _near(scene: str, known: Iterable[str]) -> str:
    return rules.suggestion(scene, known, "scenes")


def _lacking(plan: Plan, listed: Sequence[SceneTake], scene: str, take: int) -> str:
    """The reason why a take cannot be used without buying; empty where it can."""
    shots = [s for s in plan.shots if s.scene == scene]
    lacking = [s for s in shots if s.state not in OWNED]
    if not lacking:
        return ""
    if any(s.earlier == "edit" for s in lacking):
        return f"what it follows was edited; to use the clip that is there: keep {scene}"
    if len(lacking) < len(shots):
        cost = usd(sum((s.quote.usd for s in lacking), ZERO))
        return f"take {take} is not whole: {len(lacking)} of {len(shots)} parts are not bought ({cost})"
    state = lacking[0].state
    if state is not ShotState.NEW:
        return f"take {take} is {state.value}, and cannot be used"
    there = ", ".join(map(str, _owned(listed, scene))) or "none"
    return f"take {take} was never bought; takes that are there: {there}"


def _write(file: Path, chosen: dict[str, int], version: Production, *, only_beside: bool) -> dict[str, str]:
    """Write the choice, for the clips that this version is made of. Returns the name of the file in which each scene's
    now is."""
    stages = {scene: version.stage_of(scene) for scene in chosen}
    left = chosen if only_beside else write_takes(file, chosen, stages)
    kept = after = choices_of(file)
    for scene, stage in stages.items():
        after = after.with_take(scene, stage, left.get(scene))
    if after != kept:
        write_beside(file, after)
    return {
        f"scene '{scene}': take {take} of the {stages[scene]}": beside(file).name if scene in left else file.name
        for scene, take in chosen.items()
    }


def _keep(file: Path, plan: Plan, names: Sequence[str]) -> dict[str, str]:
    """Remember scenes that keep their clips. Raises ProductionError for one that has none to keep."""
    able = list(dict.fromkeys(s.scene for s in plan.shots if s.earlier))
    known = [scene.id for scene in plan.production.scenes]
    problems = []
    for name in names:
        if name != ALL and name not in known:
            problems.append(Problem(f"{name!r}", f"there is no such scene; {_near(name, known)}"))
        elif (name != ALL and name not in able) or not able:
            problems.append(Problem(f"{name!r}", "nothing that it follows was edited: it has no other clip to keep"))
    if problems:
        raise ProductionError(problems)
    wanted = able if ALL in names else list(dict.fromkeys(names))
    kept = choices_of(file)
    stages = {scene: plan.production.stage_of(scene) for scene in wanted}
    for scene, stage in stages.items():
        kept = kept.with_kept(scene, stage)
    write_beside(file, kept)
    return {f"scene '{scene}' keeps its clip in the {stage}": beside(file).name for scene, stage in stages.items()}


def _forget(file: Path, names: Sequence[str], stage: Stage | None) -> dict[str, Any]:
    """Remove what is remembered beside the file, of one stage or of all. Raises ProductionError for a scene of which
    nothing is."""
    kept = choices_of(file)
    known = set(kept.scenes if stage is None else kept.of(stage).scenes)
    problems = [
        Problem(f"{name!r}", f"nothing is remembered of it in {beside(file).name}")
        for name in names
        if name not in known and not (name == ALL and known)
    ]
    if problems:
        raise ProductionError(problems)
    write_beside(file, kept.without(known if ALL in names else names, stage))
    return {"forgotten": sorted(known) if ALL in names else list(names)}


def _tell(plan: Plan, places: dict[str, str], notes: Sequence[Any], *, as_json: bool) -> None:
    if as_json:
        told = {"written": places, "to_pay_usd": plain(plan.to_pay), "notes": [str(note) for note in notes]}
        print(json.dumps(told, indent=2))
        return
    console = Terminal(highlight=False)
    for what, place in places.items():
        console.print(f"{what}, written into {place}", markup=False, soft_wrap=True)
    console.print(f"the next run pays {usd(plan.to_pay)}", markup=False, soft_wrap=True)
    for note in notes:
        console.print(wrapped(f"note: {note}"), markup=False, soft_wrap=True)


def _show(plan: Plan, found: Sequence[SceneTake], file: Path, version: Version, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(_as_json(plan, found, file), indent=2))
        return
    console = Terminal(highlight=False)

    def say(line: str) -> None:
        console.print(line, markup=False, soft_wrap=True)

    end = f"{f', {made}' if (made := plan.production.version) != 'final' else ''} ({plan.realm})"
    say(f"{_short(plan.production.title, WIDTH - len(end))}{end}")
    several = other_words = False
    for cut in plan.cuts:
        takes_ = [take for take in found if take.scene == cut.scene]
        say("")
        say(cut.scene if takes_ else f"{cut.scene}: {_there(plan, cut) or 'nothing is bought yet'}")
        other_words |= any(not take.same for take in takes_)
        several |= len({take.take for take in takes_ if take.same}) > 1
        if takes_ and not any(take.used for take in takes_):
            say("  not bought yet as it is written now")
        for take in takes_:
            mark = "*" if take.used else " "
            number = f"take {take.take}" if take.same else f"({take.take})"
            other = "" if take.same or take.state == "incomplete" else ", of other words or settings"
            stale = ", stale" if take.stale else ""
            say(f"{mark} {number:<8} {take.at:%Y-%m-%d %H:%M}  {usd(take.price):>7}  {take.state}{stale}{other}")
            if take.why is not None:
                say(f"           in the film: {WHY[take.why].format(beside=beside(file).name)}")
            say(f"           {take.model}  {take.generation_id or 'no generation'}")
            say(f"           {_short(take.prompt, WIDTH - 11)}")
    if other_words:
        say("")
        say("(N): a take of the scene as it was before, in words or settings; it has no number")
        say("     that can be chosen, and is used again once the scene is written so again")
    if several:
        say("")
        say(f"* in the {'draft' if version.draft else 'film'}. To use another from now on:")
        say(f"{_command(file, 'choose', 'SCENE=N')}{version.flags}")


def _there(plan: Plan, cut: SceneEdit) -> str:
    """The content of a scene without takes: a finished file, or an existing generation; empty where it is bought."""
    shot = plan.origin(cut.shots[0])
    if shot.own is not None:
        return f"own clip {shot.own.file.name}"
    return f"generation {shot.generation[:8]}" if shot.generation else ""


def _short(prompt: str, width: int) -> str:
    flat = " ".join(prompt.split())
    return flat if len(flat) <= width else f"{flat[: width - 1]}…"


def _as_json(plan: Plan, found: Sequence[SceneTake], file: Path) -> dict[str, Any]:
    return {
        "title": plan.production.title,
        "production": plan.production.slug,
        "service": plan.realm,
        "beside": beside(file).name if plan.production.choices.file else None,
        "as_they_are": {cut.scene: there for cut in plan.cuts if (there := _there(plan, cut))},
        "takes": [
            {
                "scene": t.scene, "take": t.take, "at": t.at.isoformat(), "price_usd": plain(t.price), "state": t.state,
                "generation_id": t.generation_id, "model": t.model, "prompt": t.prompt, "used": t.used, "why": t.why,
                "stale": t.stale, "as_written": t.same, "orders": list(t.orders),
            }
            for t in found
        ],
    }  # fmt: skip
