"""Faults of a service, of machines and of people: chosen at random for each history, and combined.

Each behaviour has a calm value. A history chooses how hostile it is, then which behaviours it has; to find which of
them caused a fault, a history is played again with one of them calm.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from hostile_time import Draw


@dataclass(frozen=True)
class Traits:
    """The behaviours of one history; the values in this class are the calm ones. Times in seconds, rates 0 to 1."""

    # Answers to creates: the rate of each
    lost_before: float = 0.0  # no answer, not accepted
    lost_after: float = 0.0  # no answer, accepted
    error_before: float = 0.0  # a 5xx, not accepted
    error_after: float = 0.0  # a 5xx, accepted
    gateway: float = 0.0  # a gateway's 504; accepted or not
    late: float = 0.0  # accepted only after the client has given up
    latest: float = 65.0  # how long after that, at most
    slow: float = 0.0  # accepted and answered within the client's patience, but late
    limited: float = 0.0  # 429
    refused: float = 0.0  # 422
    unsent: float = 0.0  # never reached the service
    endless: str = ""  # some orders always get a 5xx: "before", "after" acceptance
    # The account's list
    no_list: bool = False
    lag: float = 0.0  # a generation is on the list this long after it was accepted
    lag_spread: float = 0.0  # each generation's own lag differs by up to this share
    omits: str = ""  # left out: ended, unfinished, stills, model, all, old, share
    order: str = "newest"  # oldest, random, unfinished last, unfinished first, reshuffled
    page: int = 100  # rows of a page, whatever was requested
    more: str = "honest"  # never, always
    ignores_offset: bool = False
    seams: str = ""  # between two pages a generation is "deleted" or "created"
    list_errors: float = 0.0
    # Clocks and texts of the service
    clock: float = 0.0
    drift: float = 0.0  # seconds a second
    undated: bool = False
    echo: str = "full"  # echo: silent, without prompt, reworded
    pictures: bool = False  # pictures are echoed under other URLs
    drops_token: bool = False
    kindless: bool = False  # kind and model are missing
    # Fates of generations
    lives: tuple[float, float] = (20.0, 60.0)
    fails: float = 0.0
    moderated: float = 0.0
    odd_states: bool = False  # an end is shown ten minutes late, after a state that nobody knows
    deleted: float = 0.0  # deleted by hand, but paid
    get_late: float = 0.0  # 404 for this long after acceptance
    get_never: float = 0.0  # 404 for ever
    # Other buyers on the account
    older: int = 2  # generations that were there before
    by_hand: int = 0
    by_hand_alike: int = 0  # with the same request as an order
    second_ledger: bool = False
    # Our machines
    hosts: int = 1
    skews: tuple[float, ...] = (0.0, 0.0, 0.0)
    one_machine: bool = True  # hosts are processes of one machine: a dead one is seen at once
    dies: float = 0.0  # rate at which a process is killed
    breaks: float = 0.0  # rate at which it is interrupted (Ctrl-C)
    ledger_delay: float = 0.0  # longest delay of a transaction's answer
    ledger_fails: float = 0.0  # rate at which a transaction finds no ledger
    stalls: float = 0.0  # rate at which that takes minutes: the machine slept
    reruns: int = 1
    reconciles: int = 0
    person: bool = False  # a person settles by hand during runs
    restored: str = (
        ""  # the ledger is put back to what it was minutes before, and our code is "told" of it, or "untold"
    )
    patience: float = 240.0
    # The orders and their limits
    orders: int = 4
    twins: bool = False  # some orders have equal requests: takes
    stills: bool = False
    frames: bool = False  # some begin with a picture
    productions: int = 1
    callbacks: bool = False
    run_cap: float = 0.0  # share of the price of all orders; 0: none
    production_cap: float = 0.0
    month_cap: float = 0.0
    month_end: float = 0.0  # the UTC month ends this long after the history began; 0: it does not
    at_once: int = 0
    per_minute: int = 0
    in_turn: bool = False  # a run places one order after the other

    def hostile(self) -> dict[str, Any]:
        """The behaviours that are not calm."""
        return {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) != f.default}

    def calmed(self, name: str) -> Traits:
        """A copy with one behaviour calm."""
        return replace(self, **{name: getattr(CALM, name)})


CALM = Traits()


def _rate(high: float) -> Callable[[Draw, str], Any]:
    return lambda draw, name: round(draw.between(high / 4, high, name, "rate"), 2)


def _one(*choices: Any) -> Callable[[Draw, str], Any]:
    return lambda draw, name: draw.one(choices, name, "one")


def _seconds(low: float, high: float) -> Callable[[Draw, str], Any]:
    return lambda draw, name: round(draw.between(low, high, name, "seconds"), 1)


def _skews(draw: Draw, name: str) -> tuple[float, ...]:
    return tuple(round(draw.between(-300, 300, name, n)) for n in range(3))


#: The likelihood of each behaviour (1: as likely as the history is hostile), and its value if it is chosen.
DRAWN: Mapping[str, tuple[float, Callable[[Draw, str], Any]]] = {
    "lost_before": (1.0, _rate(0.5)), "lost_after": (1.0, _rate(0.6)), "error_before": (1.0, _rate(0.5)),
    "error_after": (1.0, _rate(0.5)), "gateway": (0.6, _rate(0.4)), "late": (1.0, _rate(0.4)),
    "latest": (0.5, _seconds(1, 60)), "slow": (0.6, _rate(0.4)), "limited": (0.4, _rate(0.4)),
    "refused": (0.2, _rate(0.2)), "unsent": (0.3, _rate(0.3)), "endless": (0.5, _one("before", "after")),
    "no_list": (0.2, _one(True)), "lag": (1.0, _seconds(1, 600)), "lag_spread": (0.5, _rate(0.2)),
    "omits": (1.0, _one("ended", "unfinished", "stills", "model", "all", "old", "share", "share")),
    "order": (1.0, _one("oldest", "random", "unfinished last", "unfinished first", "reshuffled")),
    "page": (1.0, _one(1, 2, 3, 5)), "more": (0.5, _one("never", "always")), "ignores_offset": (0.3, _one(True)),
    "seams": (0.8, _one("deleted", "created")), "list_errors": (0.4, _rate(0.4)),
    "clock": (1.0, _one(-7200, -3600, -900, -660, -300, -45, 45, 300, 540, 660, 3600, 7200, -25200, 19800)),
    "drift": (0.2, _one(-0.02, 0.02)), "undated": (0.4, _one(True)),
    "echo": (0.8, _one("silent", "without prompt", "reworded")), "pictures": (0.5, _one(True)),
    "drops_token": (0.5, _one(True)), "kindless": (0.4, _one(True)),
    "lives": (1.0, _one((5.0, 30.0), (5.0, 300.0), (100.0, 300.0))), "fails": (0.6, _rate(0.4)),
    "moderated": (0.3, _rate(0.3)), "odd_states": (0.3, _one(True)), "deleted": (0.4, _rate(0.4)),
    "get_late": (0.4, _seconds(1, 100)), "get_never": (0.3, _rate(0.3)),
    "older": (0.8, _one(0, 1, 6, 15)), "by_hand": (0.6, _one(1, 2, 4)), "by_hand_alike": (0.4, _one(1, 2)),
    "second_ledger": (0.4, _one(True)),
    "hosts": (1.0, _one(2, 2, 3)), "skews": (0.6, _skews), "one_machine": (1.0, _one(False)),
    "dies": (1.0, _one(0.5, 1.0)), "breaks": (0.4, _one(0.5, 1.0)), "ledger_delay": (1.0, _one(0.01, 1.0, 5.0)),
    "ledger_fails": (0.3, _rate(0.1)), "stalls": (0.4, _rate(0.05)), "reruns": (1.0, _one(2, 3)),
    "reconciles": (0.8, _one(1, 2, 3)),
    "person": (0.5, _one(True)), "restored": (0.0, _one("told")), "patience": (0.5, _one(120.0, 900.0)),
    "twins": (0.5, _one(True)), "stills": (0.5, _one(True)), "frames": (0.5, _one(True)),
    "productions": (0.5, _one(2)), "callbacks": (0.7, _one(True)),
    "run_cap": (0.6, _rate(1.0)), "production_cap": (0.8, _rate(1.0)), "month_cap": (0.8, _rate(1.0)),
    "month_end": (0.5, _seconds(20, 600)), "at_once": (0.5, _one(1, 2, 3)), "per_minute": (0.3, _one(1, 2, 4)),
    "in_turn": (0.5, _one(True)),
}  # fmt: skip


#: The behaviours of each attack: ``drawn`` takes only these, and most of them.
ATTACKS: Mapping[str, tuple[str, ...]] = {
    "clocks": ("lost_after", "error_after", "clock", "drift", "undated", "twins", "in_turn"),
    "lists that lag or omit": ("lost_after", "error_after", "lag", "lag_spread", "omits", "lives", "stills"),
    "order and seams of the list": (
        "lost_after", "error_after", "order", "page", "more", "ignores_offset", "seams", "older", "lives",
    ),
    "no bound": ("endless", "error_before", "error_after", "lag", "omits", "run_cap", "production_cap", "month_cap"),
    "months": ("error_before", "fails", "month_end", "month_cap", "in_turn", "reruns", "hosts"),
    "another ledger": ("lost_before", "lost_after", "second_ledger", "callbacks"),
    "hosts' clocks": ("hosts", "skews", "one_machine", "slow", "dies", "ledger_delay", "reconciles"),
    "late acceptance": ("late", "latest", "gateway"),
    "states without a way out": ("get_never", "get_late", "deleted", "no_list", "odd_states", "at_once", "lost_after"),
    "a restored ledger": ("restored", "lost_after", "lives", "in_turn", "dies"),
    "echoes": ("lost_after", "lost_before", "echo", "pictures", "frames", "kindless", "twins", "by_hand", "callbacks"),
}  # fmt: skip


def drawn(seed: int, attack: str = "") -> Traits:
    """The behaviours of a seed's history: of all, or of one of ``ATTACKS``."""
    draw = Draw(seed)
    heat = 0.7 if attack else draw.one((0.08, 0.15, 0.25, 0.4), "heat")
    values: dict[str, Any] = {
        name: draw_one(draw, name)
        for name, (weight, draw_one) in DRAWN.items()
        if (not attack or name in ATTACKS[attack]) and draw.unit(name, "drawn") < heat * weight ** (not attack)
    }
    values["orders"] = draw.whole(2, 7, "orders")
    return agreed(Traits(**values))


def agreed(traits: Traits) -> Traits:
    """A copy without combinations that are indistinguishable, or that contradict each other."""
    if traits.one_machine:
        traits = replace(traits, skews=(traits.skews[0],) * 3)
    if traits.twins:
        # It does not matter which of two equal requests has which generation, unless different caps count them.
        traits = replace(traits, run_cap=0.0, month_end=0.0, productions=1)
    return traits
