"""The cases of the benchmark ``produce.py``, and the time that latency and limits force on anybody who makes them."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any

STRICT = 3.0  # seconds that a generation takes unless the command says otherwise
MODEL, RESOLUTION = "ray-2", "540p"


@dataclass(frozen=True)
class Case:
    """A production: ``chains`` chains of ``length`` shots each, where single shots are chains of one.

    slots:  generations that the account may have at once
    strict: seconds of latency in the strict form
    extra:  measured only where it is named
    """

    name: str
    title: str
    chains: int
    length: int
    slots: int
    strict: float = STRICT
    extra: bool = False

    @property
    def shots(self) -> int:
        """The number of its shots."""
        return self.chains * self.length

    def critical(self, latency: float) -> float:
        """Seconds that no client can undercut, with answers and downloads in no time.

        A chain needs ``length × latency``. The account needs ``⌈shots / slots⌉ × latency``: all of its slots are in
        use from the first moment to the last, in rounds. The longer one counts. The stand-in has no limit of creates a
        minute, which would add to it (40 creates at the build tier's 20 a minute take a minute more, whoever sends
        them).
        """
        return max(self.length, ceil(self.shots / self.slots)) * latency

    def parents(self) -> dict[str, str]:
        """The scene that each scene continues, where it continues one."""
        return {
            _name(chain, link): _name(chain, link - 1) for chain in range(self.chains) for link in range(1, self.length)
        }

    def production(self) -> dict[str, Any]:
        """The production as it is written."""
        parents, scenes = self.parents(), []
        for chain in range(self.chains):
            for link in range(self.length):
                name = _name(chain, link)
                scene = {"id": name, "prompt": f"{self.name}, chain {chain}, link {link}: a quiet sea, slow waves"}
                scenes.append(scene | ({"continue_from": parents[name]} if name in parents else {}))
        return {"title": f"Produce {self.name}", "model": MODEL, "resolution": RESOLUTION, "scenes": scenes}


def _name(chain: int, link: int) -> str:
    return f"c{chain:03d}-{link:02d}"


CASES = (
    Case("ten", "10 shots, 10 slots", 10, 1, 10),
    Case("chain", "chain of 6", 1, 6, 10),
    Case("forty", "40 shots, 10 slots", 40, 1, 10),
    Case("chains", "20 chains of 10, 20 slots", 20, 10, 20),
    # At 3 s its 10 rounds would take 30 s. It has 5 s, hence 50 s: the polls of the plain loop that it is compared
    # with are 5 s apart, and 100 polls a second would make the loop's own processor time the limit.
    Case("thousand", "1000 shots, 100 slots", 1000, 1, 100, strict=5.0),
    Case(
        "two_thousand", "2000 shots, 100 slots", 2000, 1, 100, strict=5.0, extra=True
    ),  # the most that a film may have
)
