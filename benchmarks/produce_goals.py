"""The goals of the benchmark ``produce.py``, and the comparison of its short form with figures that were kept."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from produce_cases import CASES
from produce_row import Row

REAL = 60.0  # seconds of latency from which the goals for a real service apply
WORSE = 1.25  # times what was kept
BUSY = 0.5  # processors used by other work from which times are not judged
MB = 1e6


@dataclass(frozen=True)
class Goal:
    """A goal: at most ``most`` of something, and what was measured."""

    name: str
    most: float
    found: float

    @property
    def met(self) -> bool:
        """True if it is met."""
        return self.found <= self.most

    @property
    def verdict(self) -> str:
        """``met``, or by how much it is missed."""
        return "met" if self.met else f"missed by {(self.found / self.most - 1) * 100:.0f} %"


#: Most critical paths of making and of the whole run, at the latency of the strict form.
STRICT: Mapping[str, tuple[float, float]] = {
    "chain": (1.06, 1.35), "forty": (1.10, 1.6), "chains": (1.10, 1.4), "thousand": (1.25, 2.0),
}  # fmt: skip
CHAIN_AT_REAL = 1.05
CPU_NEW, CPU_AGAIN = 0.15, 0.03  # seconds of processor time a shot
MANY = 200  # shots from which a start no longer counts in the cost of one
MEMORY = 350.0  # MB at 1000 shots
GROWTH = 1.2  # the cost of a shot among 1000, in costs of a shot among 10
LINK, TOLD, CALLS = 0.4, 1.0, 3.0
AGAIN = {"chain": 2.5, "chains": 10.0}  # seconds of a cached rerun, the server up: a short film, and 200 scenes
PLAN, WARM, COLD = 0.8, 3.0, 6.0


def goals(rows: Sequence[Row]) -> list[Goal]:
    """The goals that these rows say something about."""
    ours = {row.case: row for row in rows if row.key == "ours" and not row.failed}
    strict = {case.name: ours[case.name] for case in CASES if case.name in ours and _is(ours[case.name], case.strict)}
    found = []
    for name, (making, whole) in STRICT.items():
        if row := strict.get(name):
            found.append(Goal(f"{name}: making, critical paths", making, row.making_ratio))
            found.append(Goal(f"{name}: whole, critical paths", whole, row.ratio))
    found += _real(rows, ours)
    largest = max(strict.values(), key=lambda row: row.shots, default=None)
    if largest is not None and largest.shots >= MANY:
        found.append(Goal(f"{largest.case}: processor time a new shot, s", CPU_NEW, largest.cpu_a_shot))
        if largest.again:
            found.append(Goal(f"{largest.case}: processor time a cached shot, s", CPU_AGAIN, largest.again_cpu_a_shot))
    if row := strict.get("thousand"):
        found.append(Goal("thousand: memory, MB", MEMORY, row.own / MB))
    found += _growth(strict)
    for name, row in strict.items():
        if row.link_lag is not None:
            found.append(Goal(f"{name}: client told of a parent's end → child's create, s", LINK, row.link_lag))
    for name in ("chain", "forty"):
        if row := ours.get(name):
            found.append(Goal(f"{name}: end of a generation → client told, s", TOLD, row.poll_lag))
    for name, seconds in AGAIN.items():
        if (row := strict.get(name)) and row.again:
            found.append(Goal(f"{name}: cached rerun of {row.shots} scenes, server up, s", seconds, row.again))
    starts: tuple[tuple[str, float, Callable[[Row], float]], ...] = (
        ("--plan, s", PLAN, lambda row: row.plan),
        ("cached rerun, own server, used just before, s", WARM, lambda row: row.warm),
        ("cached rerun, own server, cold, s", COLD, lambda row: row.cold),
    )
    for text, most, take in starts:
        found += [Goal(f"{row.case}: {text}", most, take(row)) for row in strict.values() if take(row)]
    return found


def _is(row: Row, latency: float) -> bool:
    return abs(row.latency - latency) < 1e-9


def _real(rows: Sequence[Row], ours: Mapping[str, Row]) -> list[Goal]:
    """The goals at the latency of a real service: near the critical path, and faster than the others."""
    found = []
    for name, row in ours.items():
        if row.latency < REAL:
            continue
        if name == "chain":
            found.append(Goal("chain: whole, critical paths", CHAIN_AT_REAL, row.ratio))
        found.append(Goal(f"{name}: calls of the API a shot", CALLS, row.calls / row.shots))
        for peer in rows:
            usual = peer.key == "genblaze" or (peer.key == "loop" and peer.poll >= 5)
            if peer.case == name and usual and not peer.failed:
                found.append(Goal(f"{name}: time of {peer.peer}, s", peer.wall, row.wall))
    return found


def _growth(rows: Mapping[str, Row]) -> list[Goal]:
    """The growth of the processor time a shot from 10 shots to 1000: with the cost of a start, and without it."""
    ten, forty, thousand = rows.get("ten"), rows.get("forty"), rows.get("thousand")
    if ten is None or thousand is None:
        return []
    found = [Goal("processor time a shot, of 1000 ÷ of 10", GROWTH, thousand.cpu_a_shot / ten.cpu_a_shot)]
    if forty is not None and (few := _added(ten, forty)) > 0:
        # A start costs seconds, whatever follows; that hides what a further shot costs.
        text = "processor time of a further shot, 40 to 1000 ÷ 10 to 40"
        found.append(Goal(text, GROWTH, _added(forty, thousand) / few))
    return found


def _added(small: Row, large: Row) -> float:
    """Processor time that each shot of the larger case adds to the smaller one's."""
    return (large.cpu + large.servers - small.cpu - small.servers) / (large.shots - small.shots)


Ratios = Mapping[str, Mapping[str, float]]
STEADY = ("cpu", "cpu_again")  # what other work on the machine hardly changes
MEASURES: Mapping[str, Callable[[Row], float]] = {
    "whole": lambda row: row.wall,
    "making": lambda row: row.making,
    "cpu": lambda row: row.cpu + row.servers,
    "cpu_again": lambda row: row.again_cpu + row.again_servers,
}


def quiet(rows: Sequence[Row]) -> bool:
    """True if little else ran on the machine meanwhile: else times say more about that than about us."""
    return all(row.others <= BUSY for row in rows)


def ratios(rounds: Sequence[Sequence[Row]]) -> dict[str, dict[str, float]]:
    """Our figures in those of the plain loop, of the same case and round: the median of the rounds, by case."""
    found: dict[str, dict[str, list[float]]] = {}
    for rows in rounds:
        peers = {row.case: row for row in rows if row.key == "loop"}
        for row in rows:
            if row.key == "ours" and row.case in peers:
                for name, take in MEASURES.items():
                    values = found.setdefault(row.case, {}).setdefault(name, [])
                    values.append(take(row) / take(peers[row.case]))
    return {case: {name: median(values) for name, values in by.items()} for case, by in found.items()}


def worse(found: Ratios, kept: Ratios) -> list[str]:
    """The ratios that are worse by a quarter than those kept, and those that were not measured, in a line each."""
    told = []
    for case, by in kept.items():
        for name, before in by.items():
            now = found.get(case, {}).get(name)
            if now is None:
                told.append(f"{case}, {name}: not measured")
            elif now > before * WORSE:
                told.append(f"{case}, {name}: {now:.2f} times the plain loop's, {before:.2f} was kept")
    return told


def read(file: Path) -> Ratios:
    """Kept ratios."""
    kept: Ratios = tomllib.loads(file.read_text())
    return kept


def write(file: Path, found: Ratios) -> None:
    """Keep ratios."""
    lines = ["# Our figures in those of the plain loop: python benchmarks/produce.py --short --keep"]
    for case, by in found.items():
        lines += ["", f"[{case}]", *(f"{name} = {value:.2f}" for name, value in by.items())]
    file.write_text("\n".join(lines) + "\n")
