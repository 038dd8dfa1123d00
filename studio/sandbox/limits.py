"""How much one account may ask for: creates a minute and generations at once, for each family of models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from studio.errors import SettingsError
from studio.sandbox.refusal import Refusal

MINUTE = 60.0
FAMILIES = ("ray", "photon")
NAMES = ("creates_a_minute", "at_once")
CREDIT = "credit"  # US cents, kept in the books


def family(model: str) -> str:
    """Which limits a model falls under: what makes clips, and what makes stills."""
    return "ray" if model.startswith("ray") else "photon"


@dataclass(frozen=True)
class Limits:
    """The limits by family; a family that is not named has none."""

    creates_a_minute: Mapping[str, int]
    at_once: Mapping[str, int]

    @classmethod
    def none(cls) -> Limits:
        """Anything goes."""
        return cls({}, {})

    @classmethod
    def build(cls) -> Limits:
        """What an account of the Build tier has (fact)."""
        return cls({"ray": 20, "photon": 80}, {"ray": 10, "photon": 40})

    def with_(self, given: Mapping[str, int | Mapping[str, int]]) -> Limits:
        """These, with others in their place. Raises SettingsError for a limit that there is not."""
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
        """In the form of a fault file."""
        return {"creates_a_minute": dict(self.creates_a_minute), "at_once": dict(self.at_once)}

    def check(self, model: str, created: list[float], unfinished: int, now: float) -> None:
        """Raises Refusal where one more would be too many.

        created:    when its family's accepted creates of the last minute came
        unfinished: how many of its family are queued or dreaming
        """
        kind = family(model)
        most = self.creates_a_minute.get(kind)
        if most is not None and len(created) >= most:
            wait = MINUTE if most == 0 else sorted(created)[-most] + MINUTE - now
            raise TooMany(f"Rate limit exceeded: {most} creates a minute", max(1.0, wait))
        most = self.at_once.get(kind)
        if most is not None and unfinished >= most:
            raise TooMany(f"Concurrency limit exceeded: {most} generations at once", None)


class TooMany(Refusal):
    """A 429; ``retry_after`` where it is known when there is room again."""

    def __init__(self, detail: str, retry_after: float | None) -> None:
        super().__init__(429, detail)
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
