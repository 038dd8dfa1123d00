"""Makes every example, each with the command that a user would type, in the sandbox: nothing is billed.

    python productions/make_examples.py [NAME]…        such as: python productions/make_examples.py loop everything

One sandbox and one Prefect server are started for all of them, which a single command would each start for itself.
Films go to ``films/``; made again, everything costs $0.00. Exit status 1 where one of them failed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console
from rich.table import Table

from studio.execution.local_sandbox import ensure_sandbox
from studio.settings import load_settings

EXAMPLES = Path(__file__).parent / "examples"
LATENCY = "0.5"  # seconds that the sandbox takes for a generation, unless STUDIO_SANDBOX_LATENCY says otherwise
START_SECONDS = 180
#: Ids that stand for generations of the user's own; here they become those of `text.yaml`, in its order.
IDS = tuple(f"00000000-0000-4000-8000-00000000000{number}" for number in (1, 2, 3))
WITH_IDS = ("existing", "mixed")
#: Examples that are made with options as well.
ALSO: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "continuity": (("--reframe", "1:1"),),
    "draft": (("--draft",), ("--from-draft",)),
    "everything": (("--draft",),),
    "spot": (("--reframe", "9:16"), ("--reframe", "1:1")),
}
COLUMNS = ("example", "scenes", "shots", "price", "paid now", "seconds", "film")


@dataclass(frozen=True)
class Example:
    """One film to make: a production file, and options of the command. ``name`` is what the table calls it."""

    file: Path
    options: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return " ".join((self.file.stem, *self.options))


@dataclass(frozen=True)
class Made:
    """The end of an example. ``told`` is what the command printed as JSON, empty where it made no film."""

    example: Example
    seconds: float
    told: Mapping[str, Any] = field(repr=False)
    error: str = ""

    @property
    def shots(self) -> int:
        return sum(len(scene.get("shots", (scene,))) for scene in self.told["scenes"])

    @property
    def paid(self) -> Decimal:
        """USD that this run cost. What it would have cost without what was there already is ``price``."""
        return Decimal(self.told["cost_usd"])

    @property
    def price(self) -> Decimal:
        return self.paid + Decimal(self.told["reused_usd"])


def examples(names: Sequence[str] = ()) -> list[Example]:
    """All examples, or those that are named; `text` first, because others use what it made."""
    files = {file.stem: file for file in sorted(EXAMPLES.glob("*.yaml"), key=lambda f: (f.stem != "text", f.stem))}
    unknown = next((name for name in names if name not in files), None)
    if unknown is not None:
        raise typer.BadParameter(f"no example is called {unknown}: {', '.join(files)}")
    wanted = {*names, "text"} if {*names} & {*WITH_IDS} else set(names)
    chosen = [file for name, file in files.items() if not wanted or name in wanted]
    return [Example(file, options) for file in chosen for options in ((), *ALSO.get(file.stem, ()))]


def main(
    names: Annotated[list[str] | None, typer.Argument(help="which examples; all, if none is named")] = None,
) -> None:
    """Make the examples, and print a table of them."""
    chosen = examples(names or ())
    settings = load_settings()
    environment = _environment()
    latency = float(environment["STUDIO_SANDBOX_LATENCY"])
    home = settings.home.absolute()
    asyncio.run(ensure_sandbox(home / "sandbox", latency=latency))  # it stays up as long as this process lives
    made = []
    began = time.monotonic()
    with prefect_server(environment, home / "examples-prefect.log") as url:
        for example in chosen:
            made.append(make(example, environment | {"PREFECT_API_URL": url}, settings.films.absolute(), made))
            print(_line(made[-1]), file=sys.stderr, flush=True)
    show(made, time.monotonic() - began)
    sys.exit(1 if any(m.error for m in made) else 0)


def make(example: Example, environment: Mapping[str, str], films: Path, before: Sequence[Made]) -> Made:
    """Run the command for one example."""
    command = [sys.executable, "-m", "flows.produce", str(_with_ids(example.file, films, before)), "--json"]
    began = time.monotonic()
    done = subprocess.run(
        [*command, *example.options], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    seconds = time.monotonic() - began
    if done.returncode:
        return Made(example, seconds, {}, error=f"exit status {done.returncode}: {_reason(done.stderr)}")
    return Made(example, seconds, json.loads(done.stdout))


def _reason(stderr: str) -> str:
    """The command's own error, or whatever it said last."""
    lines = [line for line in stderr.splitlines() if line.strip()]
    return next((line for line in lines if line.startswith("error")), lines[-1] if lines else "it said nothing")


def _with_ids(file: Path, films: Path, before: Sequence[Made]) -> Path:
    """The file itself, or where it needs ids of existing generations, a copy that has them, beside its assets."""
    scenes = next((m.told["scenes"] for m in before if m.example.file.stem == "text" and m.told), None)
    if file.stem not in WITH_IDS or scenes is None:
        return file
    text = file.read_text("utf-8")
    for stands_for, scene in zip(IDS, scenes, strict=True):
        text = text.replace(stands_for, scene["generation_id"])
    place = films / "examples-with-ids"
    place.mkdir(parents=True, exist_ok=True)
    for asset in (*EXAMPLES.glob("*.mp4"), *EXAMPLES.glob("*.jpg")):
        shutil.copyfile(asset, place / asset.name)
    (place / file.name).write_text(text, "utf-8")
    return place / file.name


def show(made: Sequence[Made], seconds: float) -> None:
    """The table, and where the films are."""
    console = Console(width=None if sys.stdout.isatty() else 140, highlight=False)
    table = Table(*COLUMNS, box=None, pad_edge=False)
    for column in table.columns[1:-1]:
        column.justify = "right"
    for m in made:
        if m.error:
            table.add_row(m.example.name, "", "", "", "", f"{m.seconds:.1f}", f"failed: {m.error}")
            continue
        film = os.path.relpath(m.told["film"])
        scenes = str(len(m.told["scenes"]))
        table.add_row(
            m.example.name, scenes, str(m.shots), f"${m.price}", f"${m.paid}", f"{m.seconds:.1f}", film
        )  # fmt: skip
    console.print(table)
    paid = sum((m.paid for m in made if not m.error), Decimal(0))
    console.print(f"{len(made)} examples in {seconds:.0f} s, ${paid} in the sandbox: nothing was billed.")


def _line(made: Made) -> str:
    return f"{made.example.name:<24} {made.seconds:6.1f} s  {made.error or made.told['film']}"


def _environment() -> dict[str, str]:
    """The user's own, without any key or address of the service: examples are made in the sandbox alone."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LUMA")}
    return {"STUDIO_SANDBOX_LATENCY": LATENCY, "PREFECT_SERVER_ANALYTICS_ENABLED": "false"} | kept


@contextlib.contextmanager
def prefect_server(environment: Mapping[str, str], log: Path) -> Iterator[str]:
    """The API's address: of the server that the user named, or of one that is started here, and ended."""
    named = environment.get("PREFECT_API_URL")
    if named:
        yield named
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}/api"
    command = [sys.executable, "-m", "prefect", "server", "start", "--port", str(port), "--no-ui"]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as out:
        server = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        _until_up(url, server, log)
        yield url
    finally:
        server.terminate()
        server.wait(30)


def _until_up(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"{url}/health", trust_env=False, timeout=5).is_success:
                return
        time.sleep(0.2)
    said = re.sub(r"\s+", " ", log.read_text("utf-8", "replace"))[-1000:]
    raise SystemExit(f"error: the Prefect server did not start: {said}")


if __name__ == "__main__":
    typer.run(main)
