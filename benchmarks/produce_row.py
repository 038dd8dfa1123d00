"""The figures that the benchmark ``produce.py`` measures of one peer on one case."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """The figures of one peer on one case. Seconds, unless said otherwise.

    making:        from the first create to the end of the last generation
    calls:         calls of the API, all told
    refused:       creates that the service refused (429 or 400)
    cpu, servers:  processor time of the client with all that it started, and of the Prefect server
    standin:       processor time of the stand-in, which is charged to nobody
    own, tree:     bytes of memory of the client, and with all that it started
    poll_lag:      from the end of a generation until the client was told; the median
    link_lag:      from then to the create of its child; the median, None without chains
    again…:        the same, with everything made before; 0 where it was not measured
    plan:          the command with ``--plan``; 0 where it was not measured
    new:           again without a server that is up, the first time in a home: Prefect makes its database; 0 likewise
    cold, warm:    again after that server has ended, and right after that; 0 likewise
    """

    peer: str
    key: str
    poll: float
    case: str
    shots: int
    critical: float
    latency: float
    wall: float
    making: float
    calls: int
    refused: int
    cpu: float
    servers: float
    standin: float
    others: float
    own: int
    tree: int
    poll_lag: float
    link_lag: float | None
    again: float = 0.0
    again_cpu: float = 0.0
    again_servers: float = 0.0
    plan: float = 0.0
    new: float = 0.0
    cold: float = 0.0
    warm: float = 0.0
    failed: str = ""

    @property
    def ratio(self) -> float:
        """The whole time in critical paths."""
        return self.wall / self.critical

    @property
    def making_ratio(self) -> float:
        """The time from first create to last end in critical paths."""
        return self.making / self.critical

    @property
    def cpu_a_shot(self) -> float:
        """Processor time a shot, with the Prefect server's."""
        return (self.cpu + self.servers) / self.shots

    @property
    def again_cpu_a_shot(self) -> float:
        """The same of the rerun."""
        return (self.again_cpu + self.again_servers) / self.shots

    def as_json(self) -> dict[str, Any]:
        """All of it, for a file."""
        return asdict(self)
