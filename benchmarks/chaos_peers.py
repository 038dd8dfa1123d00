"""Peers under the same kills and faults: a plain loop over the SDK, and genblaze in an environment of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
import venv
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from chaos_books import hold
from chaos_faults import Case
from chaos_producer import moments, production, tail
from chaos_services import Sandbox, Services, clean_environment

PUBLIC = "https://clips.example"  # genblaze accepts https assets only; downloads from this host come from the sandbox
PACKAGES = ("genblaze-core", "genblaze-luma")
PATIENCE = {"STUDIO_WAIT_TIMEOUT": "CHAOS_PATIENCE"}
MOST_RUNS = 12
INSTALL_SECONDS = 600
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Peer:
    """A program that makes a production's clips, and the Python that runs it."""

    name: str
    python: Path
    program: Path


@dataclass
class Paid:
    """The purchases of one peer under one disturbance. ``clips`` of 12; ``wasted``: USD for duplicates."""

    peer: str
    name: str
    kills: int = 0
    runs: int = 0
    clips: int = 0
    creates: int = 0
    duplicates: int = 0
    wasted: Decimal = Decimal(0)
    note: str = ""


def find_peers(folder: Path) -> tuple[list[Peer], list[str]]:
    """The peers that can be run here, and for each other one the reason why it cannot."""
    peers = [Peer("plain loop", Path(sys.executable), HERE / "peers_loop.py")]
    python = folder / "bin" / "python"
    try:
        venv.create(folder, with_pip=True)
        command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES]
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        return peers, [f"genblaze could not be installed: {error}"]
    if done.returncode:
        return peers, [f"genblaze could not be installed: {done.stderr.strip().splitlines()[-1]}"]
    return [*peers, Peer("genblaze", python, HERE / "peers_genblaze.py")], []


def under_the_same(
    services: Services, peer: Peer, cases: Sequence[Case], *, kills: int, seed: int, side_by_side: int
) -> list[Paid]:
    """Expose a peer to kills and to each of these faults; each production has prompts and a folder of its own."""
    with services.sandbox(peer.name.replace(" ", "-"), "--public-url", PUBLIC) as sandbox:
        runner = _Runner(services, sandbox, peer)
        began = time.monotonic()
        calm = runner.make(1, Paid(peer.name, "undisturbed"))
        length = time.monotonic() - began
        plan = [dict(f, containing=f"film {n}, ") for n, case in enumerate(cases, 2) for f in case.faults]
        sandbox.disturb({"seed": seed, "faults": plan})
        kill_work = [(100 + n, Paid(peer.name, "kill -9")) for n in range((kills + 3) // 4)]

        def faulty(number: int) -> Paid:
            case = cases[number - 2]
            patience = {PATIENCE[n]: value for n, value in case.settings.items() if n in PATIENCE}
            return runner.make(number, Paid(peer.name, case.name), patience=patience)

        def killed(index: int) -> Paid:
            number, paid = kill_work[index]
            return runner.make(number, paid, kills=min(4, kills - 4 * index), seed=f"{seed}/{number}", length=length)

        with ThreadPoolExecutor(side_by_side) as pool:
            works = [pool.submit(faulty, n) for n in range(2, len(cases) + 2)]
            works += [pool.submit(killed, n) for n in range(len(kill_work))]
            done = [work.result() for work in works]
        return [calm, _summed(peer.name, done[len(cases) :]), *done[: len(cases)]]


class _Runner:
    """Runs one peer's program."""

    def __init__(self, services: Services, sandbox: Sandbox, peer: Peer) -> None:
        self._sandbox, self._peer = sandbox, peer
        self._home = services.home / f"peer-{peer.name.replace(' ', '-')}"
        self._lock = threading.Lock()
        self._environment = clean_environment() | {
            "LUMAAI_BASE_URL": sandbox.url, "LUMAAI_API_KEY": "sandbox", "CHAOS_ASSETS": f"{PUBLIC}={sandbox.origin}",
            "CHAOS_PATIENCE": "300", "CHAOS_POLL": "0.5", "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1",
        }  # fmt: skip

    def make(
        self, number: int, paid: Paid, *, kills: int = 0, seed: str = "", length: float = 10.0,
        patience: dict[str, str] | None = None,
    ) -> Paid:  # fmt: skip
        """Run it until it has its clips, as its user would, killing it this many times; then count its purchases."""
        folder = self._home / str(number)
        folder.mkdir(parents=True, exist_ok=True)
        file, log, when = folder / "production.json", folder / "log", moments(seed, length)
        file.write_text(json.dumps(production(number)))
        status: int | None = None
        while status != 0 and paid.runs < MOST_RUNS + paid.kills:
            paid.runs += 1
            with log.open("wb") as out:
                run = subprocess.Popen(
                    [str(self._peer.python), str(self._peer.program), str(file), str(folder)],
                    stdout=out, stderr=out, env=self._environment | (patience or {}), cwd=folder,
                )  # fmt: skip
                try:
                    status = run.wait(next(when) if paid.kills < kills else 900)
                except subprocess.TimeoutExpired:
                    run.kill()
                    run.wait()
                    status, paid.kills = None, paid.kills + 1
        if status != 0:
            paid.note = tail(log, 1)[:80]
        paid.clips = len(list(folder.glob("s*.mp4")))
        held = hold(self._sandbox.books()["creates"], None, [number])
        paid.creates, paid.duplicates, paid.wasted = held.creates, held.duplicates, held.wasted
        return paid


def _summed(peer: str, parts: Sequence[Paid]) -> Paid:
    """All killed productions, added up as one."""
    whole = Paid(peer, "kill -9")
    for part in parts:
        whole.kills, whole.runs, whole.clips = (
            whole.kills + part.kills,
            whole.runs + part.runs,
            whole.clips + part.clips,
        )
        whole.creates, whole.duplicates = whole.creates + part.creates, whole.duplicates + part.duplicates
        whole.wasted, whole.note = whole.wasted + part.wasted, whole.note or part.note
    return whole
