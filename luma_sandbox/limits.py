"""Limits of an account: creates a minute and generations at once, for each family of models.

The Dream Machine API counts clips and stills separately. In the Luma Agents API they share one limit (fact).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from luma_sandbox.errors import SettingsError
from luma_sandbox.refusal import Refusal

MINUTE = 60.0
AGENTS = "agents"
FAMILIES = ("ray", "photon", AGENTS)
A_MINUTE, AT_ONCE = "creates_a_minute", "at_once"
NAMES = (A_MINUTE, AT_ONCE)
AGENTS_API = "luma-agents"  # the name in the books
CREDIT = "credit"  # US cents, stored in the books


def family(api: str, model: str) -> str:
    """The family of a generation: its API, or in Dream Machine what makes clips or stills."""
    if api == AGENTS_API:
        return AGENTS
    return "ray" if model.startswith("ray") else "photon"


@dataclass(frozen=True)
class Limits:
    """The limits by family; a family that is not listed has none."""

    creates_a_minute: Mapping[str, int]
    at_once: Mapping[str, int]

    @classmethod
    def none(cls) -> Limits:
        """No limits."""
        return cls({}, {})

    @classmethod
    def build(cls) -> Limits:
        """The limits of the Build tier: a fact for Ray and Photon; for the Agents API a guess, equal to Ray's."""
        return cls({"ray": 20, "photon": 80, AGENTS: 20}, {"ray": 10, "photon": 40, AGENTS: 10})

    def with_(self, given: Mapping[str, int | Mapping[str, int]]) -> Limits:
        """A copy with other limits replaced. Raises SettingsError for an unknown limit."""
        for name, number in given.items():
            if name == CREDIT and (not isinstance(number, int) or number < 0):
                raise SettingsError(f"{CREDIT} is a number of US cents, not {number!r}")
            if name not in (*NAMES, CREDIT):
                raise SettingsError(f"no limit is called {name!r}", hint=f"known: {', '.join((*NAMES, CREDIT))}")
        return Limits(
            _by_family(given["creates_a_minute"]) if "creates_a_minute" in given else self.creates_a_minute,
            _by_family(given["at_once"]) if "at_once" in given else self.at_once,
        )

    def as_given(self) -> dict[str, dict[str, int]]:
        """The limits in the form of a fault file."""
        return {"creates_a_minute": dict(self.creates_a_minute), "at_once": dict(self.at_once)}

    def check(self, kind: str, created: list[float], unfinished: int, now: float) -> None:
        """Raise TooMany if one more of that family would exceed a limit.

        created:    when its family's accepted creates of the last minute arrived
        unfinished: how many of its family are queued or dreaming
        """
        most = self.creates_a_minute.get(kind)
        if most is not None and len(created) >= most:
            wait = MINUTE if most == 0 else sorted(created)[-most] + MINUTE - now
            raise TooMany(f"Rate limit exceeded: {most} creates a minute", A_MINUTE, most, max(1.0, wait))
        most = self.at_once.get(kind)
        if most is not None and unfinished >= most:
            raise TooMany(f"Concurrency limit exceeded: {most} generations at once", AT_ONCE, most, None)


class TooMany(Refusal):
    """A 429.

    limit:       the one that was hit, ``A_MINUTE`` or ``AT_ONCE``
    most:        how many it allows
    retry_after: seconds until there is room again, where that is known
    """

    def __init__(self, detail: str, limit: str, most: int, retry_after: float | None) -> None:
        super().__init__(429, detail)
        self.limit = limit
        self.most = most
        self.retry_after = retry_after


def _by_family(given: int | Mapping[str, int]) -> dict[str, int]:
    if isinstance(given, int):
        given = dict.fromkeys(FAMILIES, given)
    for name, number in given.items():
        if name not in FAMILIES:
            raise SettingsError(f"no family of models is called {name!r}", hint=f"known: {', '.join(FAMILIES)}")
        if number < 0:
            raise SettingsError(f"a limit cannot be {number}")
    return dict(given)
