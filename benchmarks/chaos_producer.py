"""The real command on a production of twelve shots: run, killed, and run again until its film is finished."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chaos_services import Sandbox, Services, clean_environment

from studio.ledger import OrderState, open_ledger

SHOTS = 12
# Seconds until a create that is not on the list is given up. The sandbox is on this machine and lists accepted creates
# at once, so this can be short; the default is 90.
GRACE = "10"
# Seconds after which a person who looks at the account sees all that it accepted; after a slow fault, this many.
SETTLED, SETTLED_SLOWLY = 3.0, 80.0
MOST_RUNS = 15  # runs of one production, besides the killed ones
HANGS = 600.0  # seconds after which a run counts as hanging
STATUS = {"film": 0, "a scene failed": 1, "over budget": 3, "in doubt": 4}
PARENTS = {1: 0, 2: 1, 3: 2, 4: 3, 5: 4, 7: 6, 8: 7, 9: 8}


def production(number: int) -> dict[str, Any]:
    """Twelve shots: a chain of six, a chain of four, and two single ones; other prompts in each production."""
    scenes = [
        {"id": f"s{n}", "prompt": f"film {number}, scene {n}: a quiet sea"}
        | ({"continue_from": f"s{PARENTS[n]}"} if n in PARENTS else {})
        for n in range(SHOTS)
    ]
    return {"title": f"Chaos {number}", "model": "ray-flash-2", "resolution": "540p", "scenes": scenes}


@dataclass
class Story:
    """The history of one production. ``film``: its file; ``odd``: events that should never happen, in a few lines
    each."""

    number: int
    kills: int = 0
    runs: int = 0
    status: int | None = None
    film: Path | None = None
    seconds: float = 0.0
    odd: list[str] = field(default_factory=list)


class Place:
    """A working folder: the ledger that its productions share, their clips and films. ``kind``: sqlite or postgres."""

    def __init__(self, services: Services, sandbox: Sandbox, folder: Path, ledger: str, **settings: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.kind, self.sandbox = folder, ledger, sandbox
        self.by_hand = 0  # orders that a person settled
        self.ledger = services.database() if ledger == "postgres" else f"sqlite:///{folder / '.studio' / 'ledger.db'}"
        self.environment = clean_environment() | {
            "LUMAAI_BASE_URL": sandbox.url,
            "PREFECT_API_URL": services.prefect,
            "PREFECT_HOME": str(folder / "prefect"),
            "STUDIO_LEDGER_URL": self.ledger,
            "STUDIO_DOUBT_GRACE": GRACE,
        } | settings  # fmt: skip

    def run(self, story: Story, *, kill_after: float | None = None, settings: Mapping[str, str] | None = None) -> None:
        """Run the command once. Killed after this many seconds, unless it ended before; ``story.status`` is None
        then."""
        name, number = f"film-{story.number}", story.number
        file = self.folder / f"{name}.json"
        file.write_text(json.dumps(production(number)))
        arguments = [str(file), "--json", "--out", str(self.folder / f"out-{number}")]
        story.runs += 1
        began = time.monotonic()
        output = self.folder / f"{name}.out"
        errors = self.folder / f"{name}.err"
        story.status = self.start("flows.produce", arguments, output, errors, kill_after, settings)
        story.seconds = time.monotonic() - began
        if story.status is None:
            if kill_after is None:
                story.odd.append(f"film {number} hangs:\n{tail(errors)}")
            else:
                story.kills += 1
            return
        said = errors.read_text(errors="replace")
        if story.status not in STATUS.values() or "Traceback (most recent call last)" in said:
            story.odd.append(f"film {number}, run {story.runs}, exit status {story.status}:\n{tail(errors)}")
        if story.status == 0:
            story.film = Path(json.loads(output.read_text())["film"])

    def person(self, *, after: float) -> None:
        """Settle orders that are in doubt since ``after`` seconds truthfully, as a person does who looks at the
        account."""
        ledger = open_ledger(self.ledger)
        now = ledger.now()
        rows = [
            row
            for row in ledger.open_orders(OrderState.IN_DOUBT)
            if row.doubted_at is not None and (now - row.doubted_at).total_seconds() >= after
        ]
        creates = self.sandbox.books()["creates"] if rows else []
        claimed = ledger.claimed("local", [create["id"] for create in creates])
        ledger.close()
        for row in rows:
            theirs = [c["id"] for c in creates if c["request"].get("prompt") == row.sent.get("prompt")]
            left = [identity for identity in theirs if identity not in claimed]
            settle = ["--adopt", row.key, left[0]] if left else ["--release", row.key]
            claimed |= set(left[:1])
            output, errors = self.folder / "person.out", self.folder / "person.err"
            if self.start("flows.reconcile", settle, output, errors) == 0:
                self.by_hand += 1

    def start(
        self, module: str, arguments: list[str], output: Path, errors: Path, kill_after: float | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> int | None:  # fmt: skip
        """Run a command of ours and return its exit status; None if it was killed, or hung."""
        # Into files, not pipes: a child that outlives a kill would keep a pipe open.
        with output.open("wb") as out, errors.open("wb") as err:
            run = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                cwd=self.folder, env=self.environment | dict(settings or {}), stdout=out, stderr=err,
            )  # fmt: skip
            try:
                return run.wait(HANGS if kill_after is None else kill_after)
            except subprocess.TimeoutExpired:
                run.kill()
                run.wait()
                return None


class Kills:
    """The number of kills left, shared by several productions at once."""

    def __init__(self, number: int) -> None:
        self._left, self._lock = number, threading.Lock()

    @property
    def left(self) -> int:
        return self._left

    def take(self) -> bool:
        """Take one, if any is left."""
        with self._lock:
            self._left -= 1 if (taken := self._left > 0) else 0
            return taken

    def give_back(self) -> None:
        """Return one whose run had ended before it."""
        with self._lock:
            self._left += 1


def moments(seed: str, length: float) -> Iterator[float]:
    """Seconds after its start at which each run is killed: anywhere in the life of an undisturbed one."""
    rng = random.Random(seed)
    while True:
        yield rng.uniform(0.1, length)


def until_film(
    place: Place, number: int, *, kills: Kills | None = None, most: int = 8, seed: str = "", length: float = 10.0,
    settings: Mapping[str, str] | None = None, enough: int = MOST_RUNS, settled_after: float = SETTLED,
) -> Story:  # fmt: skip
    """Run, kill at most ``most`` times, and run again until the film is finished, or a run hangs, or ``enough`` runs
    were made.

    Orders that stay in doubt are settled by hand after ``settled_after`` seconds.
    """
    story, when = Story(number), moments(seed, length)
    while story.film is None and story.runs < enough + story.kills and len(story.odd) < 3:
        moment = next(when) if kills is not None and story.kills < most and kills.take() else None
        before = story.kills
        place.run(story, kill_after=moment, settings=settings)
        if kills is not None and moment is not None and story.kills == before:
            kills.give_back()
        if story.status == STATUS["in doubt"]:
            place.person(after=settled_after)
    return story


def tail(file: Path, lines: int = 12) -> str:
    """The last lines of a file."""
    return "\n".join(file.read_text(errors="replace").strip().splitlines()[-lines:])
