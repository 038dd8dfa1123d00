"""Signs of life of a run: one at once, more while it works, and never one after its end."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

from flows.heartbeat import ALIVE, OVER, Heartbeat

START = datetime(2026, 11, 27, 9, tzinfo=UTC)


class Heard:
    """The events that were emitted. ``enough`` is set at the third."""

    def __init__(self) -> None:
        self.events: list[tuple[str, datetime]] = []
        self.enough = threading.Event()

    def __call__(self, event: str, occurred: datetime) -> None:
        self.events.append((event, occurred))
        if len(self.events) >= 3:
            self.enough.set()

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.events]


def test_it_beats_until_it_is_stopped() -> None:
    """Signs of life come until it is stopped, then its end, once, and nothing after it."""
    heard = Heard()
    heartbeat = Heartbeat(heard, 0.001)
    heartbeat.start()
    assert heard.enough.wait(60)
    heartbeat.stop()
    heartbeat.stop()
    names = heard.names
    heartbeat._thread.join(60)
    assert heard.names == names
    assert set(names[:-1]) == {ALIVE}
    assert names[-1] == OVER


def test_the_end_is_the_latest_of_all() -> None:
    """Also where the clock is set back meanwhile: an automation orders them by time."""
    heard, times = Heard(), iter([START, START - timedelta(hours=1)])
    heartbeat = Heartbeat(heard, 3600, clock=lambda: next(times))
    begun = threading.Event()

    def emit(event: str, occurred: datetime) -> None:
        heard(event, occurred)
        begun.set()

    heartbeat = Heartbeat(emit, 3600, clock=lambda: next(times))
    heartbeat.start()
    assert begun.wait(60)
    heartbeat.stop()
    (first, began), (last, ended) = heard.events
    assert (first, last) == (ALIVE, OVER)
    assert ended > began


def test_what_cannot_be_emitted_stops_nothing() -> None:
    """An error of the events' client reaches neither the run nor the next sign of life."""
    tried = Heard()

    def broken(event: str, occurred: datetime) -> None:
        tried(event, occurred)
        raise RuntimeError("Cannot put items in a stopped service instance.")

    heartbeat = Heartbeat(broken, 0.001)
    heartbeat.start()
    assert tried.enough.wait(60)
    heartbeat.stop()
    assert tried.names[-1] == OVER
