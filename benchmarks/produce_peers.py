"""The peers of the benchmark ``produce.py``, and the measurement of one of them on one case."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from chaos_producer import tail
from chaos_services import clean_environment
from produce_cases import Case
from produce_measure import Spent, at_rest, cpu_of, end_with, run
from produce_row import Row
from produce_services import PUBLIC, Servers

from studio.media.ffmpeg import binary

HERE = Path(__file__).parent
PLANS = 5
COLD_STARTS = 3  # likewise
CALLS = ("create", "get", "list", "other")  # a clip's download is none of the API's


@dataclass(frozen=True)
class Peer:
    """A program that makes films. ``key``: ours, loop or genblaze; ``poll``: seconds between two polls."""

    key: str
    name: str
    python: Path
    poll: float = 1.0

    def command(
        self, file: Path, folder: Path, slots: int, profile: Path | None = None, stalls: Path | None = None
    ) -> list[str]:
        """The command that makes the film of a production."""
        if self.key == "ours" and stalls:
            return [str(self.python), str(HERE / "produce_watched.py"), str(stalls), str(file), "--yes"]
        if self.key == "ours":
            profiled = ["-m", "cProfile", "-o", str(profile)] if profile else []
            return [str(self.python), *profiled, "-m", "flows.produce", str(file), "--yes"]
        program = str(HERE / f"produce_{self.key}.py")
        return [str(self.python), program, str(file), str(folder), "--poll", str(self.poll), "--slots", str(slots)]


OURS = Peer("ours", "this project", Path(sys.executable))


def loop(poll: float) -> Peer:
    """The plain loop with polls of this many seconds."""
    return Peer("loop", f"plain loop, polls of {poll:g} s", Path(sys.executable), poll)


class Stage:
    """A folder in which peers are measured. ``keep``: nothing is deleted; ``profile``: ours under cProfile;
    ``stalls``: with the stalls of its event loop measured."""

    def __init__(
        self, servers: Servers, folder: Path, *, keep: bool, profile: bool = False, stalls: bool = False
    ) -> None:
        self._servers, self._folder, self._keep = servers, folder, keep
        self._profile, self._stalls = profile, stalls
        self._number = 0

    def warm(self) -> None:
        """Make one film of ours unmeasured: a server that is up has served before."""
        self.measure(OURS, Case("warm", "warm", 2, 1, 2), 0.2, again=False)

    def measure(self, peer: Peer, case: Case, latency: float, *, again: bool = True, starts: bool = False) -> Row:
        """Make a film by a peer in a new folder, and once more with everything cached. ``starts``: time also how soon
        a command is ready, with and without a server."""
        self._number += 1
        place = self._folder / f"{self._number:03d}-{case.name}-{peer.key}"
        place.mkdir(parents=True)
        self._servers.begin(latency=latency, slots=case.slots, public=peer.key == "genblaze")
        file = place / "production.json"
        file.write_text(json.dumps(case.production()))
        longest = 600 + 40 * case.critical(latency)
        first, servers, standin, others = self._run(peer, case, file, "first", longest)
        figures = self._servers.figures()
        failed = self._failure(first, figures, case, place / "first.log")
        second, again_servers = None, 0.0
        if again and not failed:
            second, again_servers, *_ = self._run(peer, case, file, "again", longest)
            failed = self._failure(second, self._servers.figures(), case, place / "again.log")
        told = self._starts(peer, case, file, longest) if starts and not failed else {}
        links = figures["links after the poll"]
        if not self._keep:
            shutil.rmtree(place, ignore_errors=True)
        return Row(
            peer=peer.name, key=peer.key, poll=peer.poll, case=case.name, shots=case.shots,
            critical=case.critical(latency), latency=latency, wall=first.wall, making=figures["making"],
            calls=sum(figures["calls"].get(kind, 0) for kind in CALLS), refused=figures["calls"].get("refused", 0),
            cpu=first.cpu, servers=servers, standin=standin, others=others, own=first.own, tree=first.tree,
            poll_lag=median(figures["poll lags"] or [0.0]), link_lag=median(links) if links else None,
            again=second.wall if second else 0.0, again_cpu=second.cpu if second else 0.0,
            again_servers=again_servers, failed=failed, **told,
        )  # fmt: skip

    def _run(self, peer: Peer, case: Case, file: Path, name: str, timeout: float) -> tuple[Spent, float, float, float]:
        """Run a peer's command once; return what it took, the processor time of the Prefect server and of the stand-in,
        and the processors that all else kept busy."""
        place, uses_prefect = file.parent, peer.key == "ours"
        profile = place / f"{name}.prof" if self._profile and uses_prefect else None
        stalls = place / f"{name}.stalls.json" if self._stalls and uses_prefect else None
        prefect_pid = self._servers.prefect_pid
        served = at_rest(prefect_pid) if uses_prefect else 0.0
        stood = cpu_of(self._servers.standin_pid)
        spent = run(
            peer.command(file, place, case.slots, profile, stalls), log=place / f"{name}.log",
            environment=self._environment(peer, case, place), folder=place, timeout=timeout,
        )  # fmt: skip
        stood = cpu_of(self._servers.standin_pid) - stood
        others = spent.machine - spent.cpu - stood - (cpu_of(prefect_pid) - served if uses_prefect else 0.0)
        served = at_rest(prefect_pid) - served if uses_prefect else 0.0
        return spent, served, stood, max(0.0, others / spent.wall)

    def _starts(self, peer: Peer, case: Case, file: Path, timeout: float) -> dict[str, float]:
        """Seconds of ``--plan`` (the median), and of a cached rerun without a server that is up: the first of a home,
        which makes Prefect's database; one after the server has ended, and one right after another (the medians)."""
        place = file.parent
        up = self._environment(peer, case, place)
        alone = {name: value for name, value in up.items() if name != "PREFECT_API_URL"}

        def timed(environment: Mapping[str, str], *options: str) -> float:
            command = [*peer.command(file, place, case.slots), *options]
            return run(command, log=place / "starts.log", environment=environment, folder=place, timeout=timeout).wall

        try:
            plan = median(timed(up, "--plan") for _ in range(PLANS))
            new = timed(alone)
            cold = []
            for _ in range(COLD_STARTS):
                end_with("PREFECT_HOME", up["PREFECT_HOME"])
                cold.append(timed(alone))
            warm = median(timed(alone) for _ in range(COLD_STARTS))
            return {"plan": plan, "new": new, "cold": median(cold), "warm": warm}
        finally:
            end_with("PREFECT_HOME", up["PREFECT_HOME"])

    def _environment(self, peer: Peer, case: Case, place: Path) -> Mapping[str, str]:
        shared = clean_environment() | {
            "LUMAAI_BASE_URL": f"{self._servers.origin}/dream-machine/v1",
            "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1",
        }  # fmt: skip
        if peer.key == "ours":
            return shared | {
                "PYTHONPATH": os.pathsep.join(filter(None, (str(HERE.parent), os.environ.get("PYTHONPATH")))),
                "PREFECT_API_URL": self._servers.prefect, "PREFECT_HOME": str(place / "prefect"),
                "STUDIO_HOME": str(place / ".studio"), "STUDIO_TIER": "none", "STUDIO_AT_ONCE": str(case.slots),
            }  # fmt: skip
        return shared | {
            "LUMAAI_API_KEY": "standin",
            "BENCH_ASSETS": f"{PUBLIC}={self._servers.origin}",
            "BENCH_FFMPEG": binary(),
        }

    def _failure(self, spent: Spent, figures: Mapping[str, Any], case: Case, log: Path) -> str:
        """The fault of a run, in a line; empty where there is a film of all shots, none of them bought twice."""
        if spent.status != 0:
            lines = tail(log, 40).splitlines()
            said = next((line for line in reversed(lines) if "rror" in line), lines[-1] if lines else "no output")
            return f"exit status {spent.status}: {said.strip()[:200]}"
        if figures["creates"] != case.shots:
            return f"{figures['creates']} creates for {case.shots} shots"
        return ""


def chosen_peers(keys: Sequence[str], polls: Sequence[float], genblaze: Path | None) -> list[Peer]:
    """The peers of these keys."""
    peers = [OURS] if "ours" in keys else []
    peers += [loop(poll) for poll in polls] if "loop" in keys else []
    if genblaze is not None:
        peers.append(Peer("genblaze", "genblaze", genblaze))
    return peers
