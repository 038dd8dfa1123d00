"""The faults that a production is exposed to, each alone, and the mix that is combined with kills."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Fault = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One kind of disturbance.

    settings: of the runs; ``then``: of those that follow if these make no film
    runs:     the number of tries
    film:     True if a film is expected at the end
    slow:     takes more than a minute, since a time-out has to pass
    peers:    applied to the peers as well
    """

    name: str
    faults: list[Fault]
    settings: Mapping[str, str] = field(default_factory=dict)
    then: Mapping[str, str] | None = None
    runs: int = 6
    film: bool = True
    slow: bool = False
    peers: bool = False
    note: str = ""


def _at(kind: str, *nth: int, **more: Any) -> list[Fault]:
    return [{"kind": kind, "nth": list(nth), **more}]


def _download(name: str, kind: str, **more: Any) -> Case:
    return Case(name, _at(kind, 1, 4, **more))


SHORT = {"STUDIO_WAIT_TIMEOUT": "8"}  # seconds that a run waits for a generation
CASES: tuple[Case, ...] = (
    Case("lost answer", _at("lost_answer", 2, 7), peers=True),
    Case("lost answer, reset", _at("lost_answer", 2, 7, reset=True)),
    Case("500 after acceptance", _at("error_after", 2, 7), peers=True),
    Case("504 after acceptance", _at("error_after", 2, 7, status=504)),
    Case("lost request", _at("lost_request", 2, 7)),
    Case("503 before acceptance", _at("error_before", 2, 7)),
    Case("429", _at("rate_limited", 2, 5, 6, retry_after=1.5)),
    Case("HTML, accepted", _at("html", 2, 7, accepted=True), peers=True),
    Case("HTML, not accepted", _at("html", 2, 7)),
    Case("half a JSON", _at("half_json", 2, 7), peers=True),
    Case("402 no credit", _at("no_credit", 3), note="final; then run again"),
    Case("401 unauthorized", _at("unauthorized", 3), note="final; then run again"),
    Case("fails: the service's own", _at("fails", 2, 7, reason="Job failed"), peers=True),
    Case(
        "fails: moderation",
        _at("fails", 3, reason="Frame moderation failed"),
        runs=2,
        then={"STUDIO_RETRY_MODERATION": "1"},
        note="final, until told to ask again",
    ),
    Case(
        "late by 20 s", _at("late", 3, seconds=20), settings=SHORT, runs=12, peers=True,
        note="8 s of patience, then run again",
    ),
    Case(
        "stuck for ever", _at("stuck", 12), settings=SHORT, runs=3, film=False,
        note="three runs wait for it, none buys it again",
    ),
    Case("status cannot be read", [
        {"kind": "error_before", "on": "list", "every": 2}, {"kind": "error_before", "on": "get", "every": 2},
    ]),
    _download("expired URL", "expired_url"),
    _download("truncated", "truncated"),
    _download("truncated, silently", "truncated", silent=True),
    _download("bits flipped", "bit_flipped", bits=64),
    Case("endless download", _at("endless", 2), note="given up at 4 GiB, fetched again"),
    _download("a PNG for a clip", "wrong_type"),
    _download("a PNG in disguise", "wrong_type", disguised=True),
    _download("a playlist for a clip", "playlist"),
    Case("answered after 65 s", _at("late_answer", 2, seconds=65), peers=True, slow=True),
    Case("accepted after 65 s or not", _at("slow_before", 2, seconds=65), slow=True),
    Case(
        "accepted after 65 s", _at("late_acceptance", 2, seconds=65), slow=True,
        settings={"STUDIO_DOUBT_GRACE": "90"}, note="within the default grace of 90 s",
    ),
)  # fmt: skip

MIXED: list[Fault] = [
    {"kind": "lost_answer", "probability": 0.06},
    {"kind": "error_after", "probability": 0.04},
    {"kind": "half_json", "probability": 0.03},
    {"kind": "html", "accepted": True, "probability": 0.03},
    {"kind": "lost_request", "probability": 0.04},
    {"kind": "error_before", "probability": 0.04},
    {"kind": "rate_limited", "retry_after": 1, "probability": 0.04},
    {"kind": "error_before", "on": "list", "probability": 0.1},
    {"kind": "fails", "reason": "Job failed", "probability": 0.04},
    {"kind": "expired_url", "probability": 0.08},
    {"kind": "truncated", "probability": 0.08},
    {"kind": "wrong_type", "disguised": True, "probability": 0.04},
]
