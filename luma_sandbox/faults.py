"""Faults on demand: what goes wrong, on which route, and at which call. This module decides, deterministically.

Every fault counts the calls of its own routes, in the order in which they arrive, and uses a random generator with its
own seed: the same plan and the same order of calls give the same faults. The counters are in memory: a restart begins
again at the first call. A fault of a *generation* is stored with it, and survives a restart.
"""

from __future__ import annotations

import random
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt, model_validator

from luma_sandbox.errors import SettingsError
from luma_sandbox.faults_routes import CALLBACK, ROUTES
from luma_sandbox.limits import Limits

Place = Literal["call", "generation", "download", "callback"]
REMEMBERED = 1000

REASONS = (
    "Contains blacklisted words",
    "Failed to read user input frames",
    "Frame moderation failed",
    "Advanced prompt moderation failed",
    "Prompt processing failed",
    "Error dispatching job",
    "Job failed",
    "Error processing callback",
)
# Seen in answers of the live service, and on no list of Luma's.
SEEN_REASONS = ("Advanced moderation failed", "failed to moderate image")
CODES = (
    "content_moderated",
    "generation_failed",
    "budget_exhausted",
    "output_not_found",
    "image_too_large",
    "unsupported_format",
    "corrupt_input",
    "invalid_request",
    "rate_limited",
)


@dataclass(frozen=True)
class Kind:
    """One kind of fault.

    place:   what it affects
    options: the fields that a fault of this kind may have
    source:  whether the service is known to do so
    about:   what the client sees
    """

    name: str
    place: Place
    options: tuple[str, ...]
    source: str
    about: str


ANY = "any: any HTTP service does so"
KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("lost_answer", "call", ("reset",), ANY, "accepted and charged, then the connection ends without a byte"),
        Kind("error_after", "call", ("status",), ANY, "accepted and charged, then a 5xx (500)"),
        Kind("late_answer", "call", ("seconds",), ANY, "accepted and charged at once, answered after seconds (65)"),
        Kind("lost_request", "call", ("reset",), ANY, "the connection ends without a byte, nothing was accepted"),
        Kind("error_before", "call", ("status",), ANY, "a 5xx (503), nothing was accepted"),
        Kind("slow_before", "call", ("seconds",), ANY, "waits (65 s), then accepts only if the client is still there"),
        Kind(
            "late_acceptance", "call", ("seconds",), "guess", "waits (65 s), then accepts though the client may be gone"
        ),
        Kind(
            "rate_limited",
            "call",
            ("retry_after", "at_once", "a_minute"),
            "fact: 429; Agents: its texts and headers",
            "a 429 for creates a minute, or at_once; with a Retry-After or without",
        ),
        Kind("no_credit", "call", (), "fact: 402; guess: its text", "a 402, nothing was accepted"),
        Kind("unauthorized", "call", (), "fact", "a 401 with the documented text"),
        Kind("html", "call", ("accepted",), ANY, "an HTML page with 200, as a proxy gives it"),
        Kind("half_json", "call", (), ANY, "accepted and charged; the answer ends in the middle of its JSON"),
        Kind(
            "fails",
            "generation",
            ("reason", "code"),
            "fact: the listed reasons and the codes; seen: others",
            "fails at its end, for any reason in words; refunded",
        ),
        Kind("stuck", "generation", (), "seen: over 300 s happens", "stays dreaming for ever"),
        Kind("late", "generation", ("seconds",), "seen: over 300 s happens", "completes that much later (600 s)"),
        Kind("odd_clip", "generation", ("width", "height", "frames"), "guess", "completes as another size and length"),
        Kind("expired_url", "download", (), "guess", "a 403, though the URL is fresh"),
        Kind("truncated", "download", ("silent",), ANY, "half the file; silent: as if that were all of it"),
        Kind("bit_flipped", "download", ("bits",), ANY, "whole, with some bits (1) turned over"),
        Kind("endless", "download", (), "guess", "never ends, without a length"),
        Kind("wrong_type", "download", ("disguised",), ANY, "a PNG; disguised: that says it is what was asked for"),
        Kind("playlist", "download", (), "guess", "an HLS playlist that says it is an MP4 and names a local file"),
        Kind("callback_twice", "callback", ("copies",), "fact: possibly repeated", "delivered again (2 in all)"),
        Kind("callback_late", "callback", (), "guess", "kept back until after the next one of its generation"),
        Kind("callback_lost", "callback", (), ANY, "never delivered"),
    )
}
DEFAULT_ON: dict[Place, str] = {
    "call": "create.*",
    "generation": "create.*",
    "download": "download",
    "callback": CALLBACK,
}
OPTIONS = tuple(dict.fromkeys(name for kind in KINDS.values() for name in kind.options))


class Fault(BaseModel):
    """One fault of the plan: a kind, its routes, and when it strikes (each call, unless said otherwise)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str
    on: str = ""
    # When: a call must meet all conditions given.
    nth: tuple[int, ...] = ()
    every: int | None = Field(default=None, ge=1)
    probability: float | None = Field(default=None, ge=0, le=1)
    times: int | None = Field(default=None, ge=1)
    containing: str | None = None
    # Options by kind.
    status: int | None = Field(default=None, ge=500, le=599)
    seconds: float | None = Field(default=None, ge=0)
    reset: bool | None = None
    retry_after: float | None = Field(default=None, ge=0)
    at_once: bool | None = None
    a_minute: int | None = Field(default=None, ge=1)
    accepted: bool | None = None
    reason: str | None = None
    code: str | None = None
    silent: bool | None = None
    bits: int | None = Field(default=None, ge=1)
    disguised: bool | None = None
    copies: int | None = Field(default=None, ge=2, le=100)
    width: int | None = Field(default=None, ge=16, le=4096, multiple_of=2)
    height: int | None = Field(default=None, ge=16, le=4096, multiple_of=2)
    frames: int | None = Field(default=None, ge=1, le=720)

    @model_validator(mode="before")
    @classmethod
    def _one_call(cls, given: Any) -> Any:
        if isinstance(given, Mapping) and isinstance(given.get("nth"), int):
            return {**given, "nth": [given["nth"]]}
        return given

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Fault:
        kind = KINDS.get(self.kind)
        if kind is None:
            raise ValueError(f"no fault is called {self.kind!r}; known: {', '.join(KINDS)}")
        for name in OPTIONS:
            if getattr(self, name) is not None and name not in kind.options:
                raise ValueError(f"{self.kind} has no {name!r}; it has: {', '.join(kind.options) or 'no options'}")
        if self.at_once and self.a_minute is not None:
            raise ValueError("a_minute is not said by a 429 for too many at_once")
        if any(number < 1 for number in self.nth):
            raise ValueError("nth counts from 1")
        if not any(fnmatchcase(route, self.routes) for route in strikable(kind.place)):
            known = ", ".join(strikable(kind.place))
            raise ValueError(f"{self.kind} cannot strike {self.routes!r}; it can strike: {known}")
        if self.reason is not None and not _is_text(self.reason):
            raise ValueError(f"a failure_reason is a text; known: {', '.join((*REASONS, *SEEN_REASONS))}")
        if self.code is not None and self.code not in CODES:
            raise ValueError(f"no failure_code is {self.code!r}; known: {', '.join(CODES)}")
        return self

    @property
    def routes(self) -> str:
        """The routes that it affects, as a pattern."""
        return self.on or DEFAULT_ON[KINDS[self.kind].place]


def _is_text(reason: str) -> bool:
    """True for a text that JSON and the books can hold."""
    try:
        return bool(reason.strip()) and bool(reason.encode())
    except UnicodeEncodeError:
        return False


def strikable(place: Place) -> tuple[str, ...]:
    """The routes that faults of that place can affect."""
    if place == "callback":
        return (CALLBACK,)
    if place == "download":
        return ("download",)
    return tuple(route for route in ROUTES if place == "call" or route.startswith("create."))


class Plan(BaseModel):
    """The contents of a fault file: a seed, faults, limits."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = 0
    faults: tuple[Fault, ...] = ()
    limits: dict[str, StrictInt | dict[str, StrictInt]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _limits_are_known(self) -> Plan:
        try:
            Limits.none().with_(self.limits)
        except SettingsError as error:
            raise ValueError(str(error)) from error
        return self


class _Watch:
    """A fault with its counters."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.calls = 0
        self.struck = 0

    def strikes(self, chance: str, content: bytes) -> bool:
        """Count one call of its routes; True if it is to be struck."""
        fault = self.fault
        if fault.containing is not None and fault.containing.encode() not in content:
            return False
        self.calls += 1
        if fault.nth and self.calls not in fault.nth:
            return False
        if fault.every is not None and self.calls % fault.every:
            return False
        if fault.times is not None and self.struck >= fault.times:
            return False
        if fault.probability is None:
            return True
        return random.Random(f"{chance}/{self.calls}").random() < fault.probability  # noqa: S311


class Faults:
    """The active plan."""

    def __init__(self, plan: Plan | None = None) -> None:
        self._lock = threading.Lock()
        self.seed = 0
        self._watches: list[_Watch] = []
        self._strikes: deque[dict[str, Any]] = deque(maxlen=REMEMBERED)
        self.replace(plan or Plan())

    def replace(self, plan: Plan) -> None:
        """Start again with another plan; every counter at zero."""
        with self._lock:
            self.seed = plan.seed
            self._watches = [_Watch(fault) for fault in plan.faults]
            self._strikes.clear()

    def add(self, *faults: Fault) -> None:
        """Add faults; the counters of the others continue."""
        with self._lock:
            self._watches += [_Watch(fault) for fault in faults]

    def wants_content(self, route: str) -> bool:
        """True if a fault of that route checks the body."""
        return any(w.fault.containing is not None and fnmatchcase(route, w.fault.routes) for w in self._watches)

    def strike(self, route: str, content: bytes = b"") -> dict[Place, Fault]:
        """Count one call, and return its faults, at most one for each place. The first in the plan wins."""
        found: dict[Place, Fault] = {}
        with self._lock:
            for number, watch in enumerate(self._watches):
                fault = watch.fault
                place = KINDS[fault.kind].place
                if not fnmatchcase(route, fault.routes) or route not in strikable(place):
                    continue
                if watch.strikes(f"{self.seed}/{number}", content) and place not in found:
                    watch.struck += 1
                    found[place] = fault
                    self._strikes.append({"route": route, "kind": fault.kind, "call": watch.calls, "fault": number})
        return found

    def report(self) -> dict[str, Any]:
        """The plan, the counters of every fault, and the latest strikes."""
        with self._lock:
            return {
                "seed": self.seed,
                "faults": [
                    watch.fault.model_dump(exclude_none=True, exclude_defaults=True, mode="json")
                    | {"on": watch.fault.routes, "calls": watch.calls, "struck": watch.struck}
                    for watch in self._watches
                ],
                "strikes": list(self._strikes),
            }
