"""The graph of shots and what each is made from, in layers from left to right, as coordinates for an SVG."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from statistics import fmean

from studio.report.labels import step
from studio.report.records import ShotOutcome, ShotRecord
from studio.report.shot_kinds import Kind, kind_of

WIDE, NARROW = 148.0, 76.0  # size of a node; narrow where there are many layers
HEIGHT, ROW_GAP, MARGIN = 36.0, 14.0, 2.0
PAGE = 1096.0  # the width that the page shows without scrolling
SWEEPS = 8


@dataclass(frozen=True)
class Node:
    """One shot in the picture."""

    id: str
    label: str
    kind: Kind
    outcome: ShotOutcome
    stale: str
    cost: Decimal | None
    x: float
    y: float


@dataclass(frozen=True)
class Edge:
    """A curve from a parent to its child."""

    path: str
    title: str
    broken: bool
    stale: bool


@dataclass(frozen=True)
class Graph:
    """The picture, in CSS pixels."""

    width: float
    height: float
    node_width: float
    node_height: float
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    alone: int

    @property
    def wide(self) -> bool:
        """True if nodes have room for a price."""
        return self.node_width == WIDE


def graph(shots: Sequence[ShotRecord]) -> Graph:
    """Lay out the shots. Those without edges are placed in rows below the rest."""
    parents = _parents(shots)
    children = {parent for found in parents.values() for parent in found}
    tied = [shot.id for shot in shots if parents[shot.id] or shot.id in children]
    alone = [shot.id for shot in shots if shot.id not in set(tied)]
    layer = _layers(tied, parents)
    layers = max(layer.values(), default=0) + 1
    width = WIDE if layers <= 6 and len(shots) <= 40 else NARROW
    step = max(width + 28, min(width + 110, (PAGE - width - 2 * MARGIN) / max(1, layers - 1)))
    chains, stops = _chains(tied, parents, layer)
    y = _rows(stops, chains)

    place = {name: (MARGIN + layer[name] * step, y[name]) for name in tied}
    top = max((at[1] + HEIGHT for at in place.values()), default=0.0)
    columns = max(1, int((PAGE + ROW_GAP) / (width + ROW_GAP)))
    start = top + (26.0 if tied else MARGIN)
    for index, name in enumerate(alone):
        place[name] = (
            MARGIN + index % columns * (width + ROW_GAP),
            start + index // columns * (HEIGHT + ROW_GAP),
        )
    known = {shot.id: shot for shot in shots}
    return Graph(
        width=max((at[0] for at in place.values()), default=0.0) + width + MARGIN,
        height=max((at[1] for at in place.values()), default=0.0) + HEIGHT + MARGIN,
        node_width=width,
        node_height=HEIGHT,
        nodes=tuple(
            Node(
                shot.id,
                _label(shot, wide=width == WIDE),
                kind_of(shot),
                shot.outcome,
                shot.stale,
                shot.cost if shot.cost and width == WIDE else None,
                *place[shot.id],
            )
            for shot in shots
        ),
        edges=tuple(
            Edge(
                path=_curve([place[chain[0]], *((MARGIN + stops[s] * step, y[s]) for s in chain[1:])], width),
                title=f"{chain[0]} → {chain[-1]}",
                broken=known[chain[-1]].outcome == "not started",
                stale=bool(known[chain[-1]].stale),
            )
            for chain in chains
        ),
        alone=len(alone),
    )


def _parents(shots: Sequence[ShotRecord]) -> dict[str, list[str]]:
    """Each shot's parents that are in the run. A record names them by shot, or by scene, which means the scene's
    last shot."""
    last = {shot.scene: shot.id for shot in shots} | {shot.id: shot.id for shot in shots}
    return {
        shot.id: list(dict.fromkeys(last[name] for name in shot.parents if name in last and last[name] != shot.id))
        for shot in shots
    }


def _layers(names: list[str], parents: dict[str, list[str]]) -> dict[str, int]:
    """Each shot's layer: the longest path from a root. Shots within a cycle are in the first layer."""
    layer: dict[str, int] = {}
    waiting = list(names)
    while waiting:
        ready = [name for name in waiting if all(parent in layer for parent in parents[name])]
        if not ready:
            ready = waiting
        for name in ready:
            layer[name] = max((layer.get(parent, -1) + 1 for parent in parents[name]), default=0)
        waiting = [name for name in waiting if name not in layer]
    return layer


def _chains(
    names: list[str], parents: dict[str, list[str]], layer: dict[str, int]
) -> tuple[list[list[str]], dict[str, int]]:
    """Every edge as a chain of stops, one per layer, and every stop's layer. An edge that skips layers gets
    invisible stops, so that it passes between shots and not behind them."""
    stops = dict(layer)
    chains = []
    for name in names:
        for parent in parents[name]:
            chain = [parent]
            for between in range(layer[parent] + 1, layer[name]):
                stop = f"{parent}\0{name}\0{between}"
                stops[stop] = between
                chain.append(stop)
            chains.append([*chain, name])
    return chains, stops


def _rows(stops: dict[str, int], chains: list[list[str]]) -> dict[str, float]:
    """Each stop's height: near its neighbours, with few crossings and no overlap."""
    ties: dict[str, list[str]] = defaultdict(list)
    for chain in chains:
        for left, right in pairwise(chain):
            ties[left].append(right)
            ties[right].append(left)
    columns: dict[int, list[str]] = defaultdict(list)
    for stop, layer in stops.items():
        columns[layer].append(stop)
    step = HEIGHT + ROW_GAP
    y = {stop: index * step for column in columns.values() for index, stop in enumerate(column)}
    order = sorted(columns)
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        for layer in order if forward else reversed(order):
            column = columns[layer]
            near = {
                stop: fmean(
                    [y[t] for t in ties[stop] if (stops[t] < layer) == forward]
                    or [y[t] for t in ties[stop]]
                    or [y[stop]]
                )
                for stop in column
            }
            column.sort(key=near.__getitem__)
            _spread(column, near, y, step)
    top = min(y.values(), default=0.0)
    return {stop: value - top + MARGIN for stop, value in y.items()}


def _spread(column: list[str], near: dict[str, float], y: dict[str, float], step: float) -> None:
    """Place a sorted column as near to the wanted heights as the members' size allows."""
    groups: list[tuple[float, list[str]]] = []  # (height of the first of the group, its members)
    for stop in column:
        at, members = near[stop], [stop]
        while groups and groups[-1][0] + len(groups[-1][1]) * step > at:
            before, earlier = groups.pop()
            members = [*earlier, *members]
            at = (before * len(earlier) + (at - len(earlier) * step) * (len(members) - len(earlier))) / len(members)
        groups.append((at, members))
    for at, members in groups:
        for index, stop in enumerate(members):
            y[stop] = at + index * step


def _curve(points: list[tuple[float, float]], width: float) -> str:
    """A curve from the right side of the first point, through the invisible stops, to the left side of the last."""
    middle = HEIGHT / 2
    x, y = points[0][0] + width, points[0][1] + middle
    path = f"M{x:.1f} {y:.1f}"
    for index, (left, top) in enumerate(points[1:], start=1):
        bend = (left - x) / 2
        path += f"C{x + bend:.1f} {y:.1f} {left - bend:.1f} {top + middle:.1f} {left:.1f} {top + middle:.1f}"
        x, y = left, top + middle
        if index < len(points) - 1:
            x += width
            path += f"H{x:.1f}"
    return path


def _label(shot: ShotRecord, *, wide: bool) -> str:
    """A shot's label: its name, or for a later version what was done, since it stands beside the shot it is made
    from."""
    kind, letters = kind_of(shot), 15 if wide else 8
    if shot.finishes:
        return _fit(step(shot) if wide and kind != "sound" else kind, letters)
    return _fit(shot.id, letters - 3 if kind == "still" else letters)  # a sign before a still's name


def _fit(text: str, letters: int) -> str:
    return text if len(text) <= letters else text[: letters - 1] + "…"
