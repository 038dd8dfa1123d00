"""The command ``python -m flows.produce``: shows the price, asks, runs the flow, and reports the end."""

import asyncio
import contextlib
import json
import logging
import os
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console

from flows.loopback import past_proxies
from studio.connections import check_authorities
from studio.errors import NotConfirmed, OverBudget, SettingsError, StudioError
from studio.execution.approvals import Gate
from studio.execution.progress import listener
from studio.execution.run import check_budget
from studio.execution.session import Session, open_session
from studio.money import parse_usd, usd
from studio.planning import derived
from studio.planning.plan import Plan, parse_takes
from studio.production import Production, bundled_example, chosen_production
from studio.production.paths import local_path
from studio.report.plan_json import plan_json
from studio.report.records import RunRecord
from studio.report.run_json import run_summary
from studio.settings import choose_service, load_settings
from studio.wording import Surface, asked_from
from studio_cli.approval import asker_in, gate_of
from studio_cli.console import Screen, Terminal, show_end
from studio_cli.ending import asking, internal, is_termination, stopped, take_termination, termination_cancels
from studio_cli.examples import run_module
from studio_cli.plan_screen import show_plan
from studio_cli.prefect_checks import PATIENCE, check_address, check_home, prefect_of
from studio_cli.prefect_server import PrefectServer
from studio_cli.standing_server import StandingServer, server_for

T = TypeVar("T")
# Settings of Prefect for the command, unless the user has set them. Prefect reads them on its first import.
PREFECT_DEFAULTS = {
    # Prefect's own lines would mix with ours; its UI has them all.
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    # Without it, Prefect's client prints a notice on telemetry at a first run, between our lines.
    "DO_NOT_TRACK": "1",
    # A busy laptop needs longer than Prefect's 20 s to start the server of a first run.
    PATIENCE: "180",
}
WIDTH = 120  # width of tables where there is no terminal
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@dataclass(frozen=True)
class Wish:
    """The options given on the command line."""

    file: Path | None
    budget: Decimal | None
    draft: bool
    from_draft: bool
    reframe: str
    language: str
    only: tuple[str, ...]
    retake: tuple[str, ...]
    renew: tuple[str, ...]
    keep: tuple[str, ...]
    takes: tuple[str, ...]  # as SCENE=N
    out: Path | None
    allow_missing: bool
    apart: bool
    allow_odd: bool
    yes: bool
    approve: Gate | None


@app.command(help="Make the film of a production. Without PRODUCTION, in the sandbox, the bundled example.")
def produce(
    production: Annotated[
        Path | None, typer.Argument(help="a production file (.yaml or .json)", show_default=False)
    ] = None,
    plan: Annotated[bool, typer.Option("--plan", help="show shots and prices, spend nothing")] = False,
    draft: Annotated[bool, typer.Option("--draft", help="the whole film at the cheapest tier")] = False,
    from_draft: Annotated[
        bool, typer.Option("--from-draft", help="finish the draft: upscale its clips instead of making them anew")
    ] = False,
    reframe: Annotated[str, typer.Option(metavar="RATIO", help="the whole film in another shape, such as 9:16")] = "",
    language: Annotated[
        str, typer.Option(metavar="CODE", help="the film in another language of its table of texts, such as de")
    ] = "",
    budget: Annotated[str | None, typer.Option(metavar="USD", help="what this run may spend at most")] = None,
    retake: Annotated[list[str] | None, typer.Option(metavar="SCENE", help="buy a new take of this scene")] = None,
    renew: Annotated[
        list[str] | None, typer.Option(metavar="SCENE", help="buy this stale scene anew (all: every stale one)")
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SCENE", help="use the clip that it has, though what it follows was edited (all: every one)"
        ),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(metavar="SCENE", help="make only this scene, and what it needs")
    ] = None,
    take: Annotated[list[str] | None, typer.Option(metavar="SCENE=N", help="use take N of this scene")] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="folder for the film")] = None,
    allow_missing: Annotated[bool, typer.Option("--allow-missing", help="a slate in place of a failed scene")] = False,
    apart: Annotated[
        bool, typer.Option("--apart", help="a budget of its own, not that of the film it was made out of")
    ] = False,
    allow_odd: Annotated[
        bool, typer.Option("--allow-odd", help="use clips of another size or length than was ordered")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="agree to the price")] = False,
    approve: Annotated[
        str,
        typer.Option(metavar="|".join(Gate), help="ask you to approve the plan, the draft or the film"),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    console = Terminal(stderr=as_json, highlight=False, width=None if sys.stdout.isatty() else WIDTH)

    async def go() -> None:
        wish = Wish(
            local_path(production) if production else None, budget_of(budget), draft, from_draft, reframe,
            language, tuple(only or ()), tuple(retake or ()), tuple(renew or ()), tuple(keep or ()), tuple(take or ()),
            local_path(out) if out else None, allow_missing, apart, allow_odd, yes, None if plan else gate_of(approve),
        )  # fmt: skip
        settings = load_settings()
        billed = choose_service(settings).billed and not plan  # a plan spends nothing
        written = chosen_production(wish.file, billed=billed)
        async with open_session(settings) as session:
            planned = await _plan(session, wish, written, start=not plan)
            if plan:
                if as_json:
                    print(json.dumps(plan_json(planned), indent=2))
                else:
                    show_plan(console, planned, service=session.service.title)
                    _warn_over_budget(console, session, planned, wish.budget)
                return
            server = server_for(settings)

            def begin() -> None:
                check_address()
                check_home()
                server.begin()

            allowed, told = _agree(console, session, planned, wish, begin)
        begin()
        await _run(console, wish, allowed, server, as_json=as_json, told=told)

    run_command(go())


async def _plan(session: Session, wish: Wish, written: Production, *, start: bool) -> Plan:
    plan, _ = await session.plan(
        derived(
            written, draft=wish.draft, from_draft=wish.from_draft, reframe=wish.reframe, language=wish.language
        ),
        takes=parse_takes(wish.takes), only=wish.only, retake=wish.retake, renew=wish.renew, keep=wish.keep,
        apart=wish.apart, start=start,
    )  # fmt: skip
    return plan


def _agree(
    console: Console, session: Session, plan: Plan, wish: Wish, begin: Callable[[], None]
) -> tuple[Decimal | None, tuple[str, ...]]:  # fmt: skip
    """The most that the run may spend, and the notes that were shown. A billed run needs consent: an answer to the
    question, --yes, or a budget.

    ``begin`` is called before the question: a server starts while it is read.
    """
    if wish.approve is not None:  # then the run itself asks
        begin()
        return wish.budget, ()
    allowed = check_budget(session, plan, wish.budget)
    if not session.service.billed:
        where = f"No API key is set: {session.service.title} makes it, and nothing is billed"
        cost = f" (it would cost {usd(plan.to_pay)})" if plan.to_pay else ""
        console.print(f"{where}{cost}.", markup=False, soft_wrap=not console.is_terminal)
        return wish.budget, ()
    told = show_plan(console, plan, service=session.service.title)
    if plan.to_pay > 0 and not wish.yes:
        if sys.stdin.isatty():
            begin()
            with asking(), contextlib.suppress(typer.Abort):  # Ctrl-C, or the end of input, counts as an answer
                if typer.confirm(f"Spend {usd(plan.to_pay)} at {session.service.title}?", err=True):
                    return plan.limit if wish.budget is None else wish.budget, told
            raise NotConfirmed("not confirmed: nothing was bought")
        if allowed is None:
            raise NotConfirmed(
                f"this run would be billed {usd(plan.to_pay)}, and there is nobody to ask",
                hint="say --yes, or give it a --budget",
            )
    # The price agreed to is the cap: if more is needed later, it is not bought.
    return plan.limit if wish.budget is None else wish.budget, told


async def _run(
    console: Console, wish: Wish, allowed: Decimal | None, server: PrefectServer | StandingServer, *, as_json: bool,
    told: tuple[str, ...] = (),
) -> None:  # fmt: skip
    # Prefect is imported here, so that prices and errors need not wait for it.
    async with prefect_of(server):
        from flows.approval import asker
        from flows.produce import produce as flow

    ended: list[RunRecord] = []

    class Shown(Screen):
        def began(self) -> None:
            super().began()
            take_termination()

        def ended(self, record: RunRecord) -> None:
            super().ended(record)
            ended.append(record)

    screen = Shown(sys.stderr, live=sys.stderr.isatty())
    listener.set(screen)
    if wish.approve is not None:
        asker.set(asker_in(Terminal(stderr=True, highlight=False), screen.stop))
    try:
        with termination_cancels(asyncio.current_task()):
            await flow(
                production_file=str((wish.file or bundled_example()).absolute()),
                budget=allowed,
                draft=wish.draft,
                from_draft=wish.from_draft,
                reframe=wish.reframe,
                language=wish.language,
                only=list(wish.only),
                retake=list(wish.retake),
                renew=list(wish.renew),
                keep=list(wish.keep),
                takes=list(wish.takes),
                allow_missing=wish.allow_missing,
                apart=wish.apart,
                allow_odd=wish.allow_odd,
                approve=wish.approve or "",
                out=str(wish.out) if wish.out else "",
            )
    finally:
        screen.stop()
        for record in ended:
            show_end(console, record, told=(*told, *screen.warned))
            if as_json:
                print(json.dumps(run_summary(record), indent=2))


def run_command(work: Coroutine[Any, Any, None], *, buys: bool = True) -> None:
    """Run a command's work; an error becomes one clear message and the right exit status, without a traceback.

    ``buys``: it may order something, of which a stop tells that it is kept.
    """
    for name, value in PREFECT_DEFAULTS.items():
        os.environ.setdefault(name, value)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # its lines hold URLs, which may be signed
    try:
        with contextlib.closing(work), asked_from(Surface.COMMAND):
            check_surroundings()
            asyncio.run(work)
    except StudioError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_status)
    except KeyboardInterrupt:
        stopped(buys=buys)
    except Exception as error:  # noqa: BLE001 - the last place to report it in a line; the traceback is kept in a file
        if fault := _http_fault(error):
            print(
                f"error: Prefect's server cannot be used ({fault})\n"
                "  → what was ordered is kept: run the same command again, and it is awaited, not bought again",
                file=sys.stderr,
            )
            sys.exit(1)
        internal(error)
    except BaseException as error:
        if not is_termination(error):
            raise
        stopped(buys=buys)


def _http_fault(error: Exception) -> str:
    """An error of an HTTP client, in words; empty for any other.

    Our own calls raise our own errors: such a one is from Prefect's client, which has retried already.
    """
    import httpx

    if not isinstance(error, httpx.HTTPError):
        return ""
    status = f", status {error.response.status_code}" if isinstance(error, httpx.HTTPStatusError) else ""
    return f"{type(error).__name__}{status}"


def check_surroundings() -> None:
    """Check that there is a working folder, and that the proxies and authorities in the environment are usable.

    Raises SettingsError.
    """
    past_proxies()
    try:
        Path.cwd()
    except OSError:
        raise SettingsError("the working folder is gone", hint="go to a folder that is there") from None
    check_authorities()  # Prefect's client would end with a traceback
    names = sorted(name for name in os.environ if name.lower() in ("http_proxy", "https_proxy", "all_proxy"))
    if any(os.environ[name] for name in names):
        import httpx

        try:
            httpx.Client().close()
        except (ImportError, ValueError, httpx.InvalidURL):
            raise SettingsError(
                "no proxy that can be used", where=", ".join(names), hint="write http://host:port, or unset it"
            ) from None


def budget_of(text: str | None) -> Decimal | None:
    """The dollars that the option --budget gives. Raises SettingsError."""
    if text is None:
        return None
    try:
        return parse_usd(text)
    except ValueError as error:
        raise SettingsError(str(error), where="--budget") from None


def _warn_over_budget(console: Console, session: Session, plan: Plan, budget: Decimal | None) -> None:
    try:
        check_budget(session, plan, budget)
    except OverBudget as error:
        console.print(f"over budget: {error}", markup=False, soft_wrap=True)


def main() -> None:
    """Entry point of ``python -m flows.produce``."""
    run_module(app, "produce")
