"""Signs of life of a flow run, as events: without one for a while, an automation takes the run for crashed.

Not Prefect's own heartbeats: those go on after a run has suspended itself, until its process has ended, so that a run
that waits for an approval could be taken for crashed.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from datetime import UTC, datetime, timedelta

from prefect.client.schemas.objects import FlowRun
from prefect.events import emit_event

log = logging.getLogger(__name__)
#: The run's process works; and it works no more, however the run goes on.
ALIVE, OVER = "studio.run.alive", "studio.run.over"
Emit = Callable[[str, datetime], None]


class Heartbeat:
    """A thread that emits ``ALIVE`` at once and every ``seconds``, and ``OVER`` when it is stopped, after the last.

    A thread, so that it goes on while the event loop is busy. ``clock`` gives aware UTC.
    """

    def __init__(
        self, emit: Emit, seconds: float, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._emit, self._seconds, self._clock = emit, seconds, clock
        self._line, self._stopped, self._last = threading.Lock(), threading.Event(), datetime.min.replace(tzinfo=UTC)
        # Prefect's settings, and its context of the run, are those of the caller.
        self._thread = threading.Thread(target=copy_context().run, args=(self._beat,), name="heartbeat", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Emit ``OVER``. No sign of life comes after it. Safe to repeat."""
        with self._line:
            if not self._stopped.is_set():
                self._stopped.set()
                self._say(OVER)

    def _beat(self) -> None:
        while True:
            with self._line:
                if self._stopped.is_set():
                    return
                self._say(ALIVE)
            if self._stopped.wait(self._seconds):
                return

    def _say(self, event: str) -> None:
        # A clock that is set back must not put the end before the last sign of life.
        self._last = max(self._clock(), self._last + timedelta(microseconds=1))
        try:
            self._emit(event, self._last)
        except Exception as error:  # noqa: BLE001 - a paid run goes on whatever becomes of an event
            log.warning("the event %s could not be emitted: %s", event, error)


@contextmanager
def signs_of_life(run: FlowRun, seconds: float) -> Iterator[None]:
    """A block of a flow run that shows every ``seconds`` that its process works."""
    resource = {"prefect.resource.id": f"prefect.flow-run.{run.id}", "prefect.resource.name": run.name}

    def emit(event: str, occurred: datetime) -> None:
        emit_event(event, resource=resource, occurred=occurred, payload={"seconds": seconds})

    heartbeat = Heartbeat(emit, seconds)
    heartbeat.start()
    try:
        yield
    finally:
        heartbeat.stop()
