"""The progress of a run as it is told in Prefect."""

from __future__ import annotations

import logging
from dataclasses import replace
from decimal import Decimal

import pytest

from flows.progress import Progress
from studio.execution.progress import Listener
from studio.planning.plan import ShotState
from tests.support.planned import film, plan, scene


class Heard(Listener):
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.shots: list[tuple[str, str, str]] = []

    def shot(self, shot_id: str, state: str, detail: str = "") -> None:
        self.shots.append((shot_id, state, detail))

    def note(self, text: str) -> None:
        self.notes.append(text)


def test_progress_counts_shots_and_passes_on_what_it_hears() -> None:
    """Ready, in work, failed, and the film; the listener that was there before hears all of it, too."""
    heard = Heard()
    progress = Progress(heard, plan(film(*(scene(name) for name in "abcd"))))
    assert (progress.percent, progress.words) == (0, "0 of 4 shots ready")
    for name, state in (("a", "ordering"), ("b", "ready"), ("c", "failed"), ("d", "not started")):
        progress.shot(name, state, "why")
    assert (progress.percent, progress.words) == (75, "1 of 4 shots ready, 1 in work, 1 failed")
    progress.film(3, 9)
    progress.note("a note")
    assert progress.words.endswith(", joining the film")
    assert heard.shots[0] == ("a", "ordering", "why")
    assert heard.notes == ["a note"]


def test_warnings_stand_in_the_log_of_the_run(caplog: pytest.LogCaptureFixture) -> None:
    """What a listener is warned of, a run in Prefect's UI tells in its log; other notes it does not."""
    heard = Heard()
    progress = Progress(heard, plan(film(scene("a"))), logging.getLogger("of the run"))
    progress.note("warning: colours drift by 100 %s")
    progress.note("a note")
    assert heard.notes == ["warning: colours drift by 100 %s", "a note"]
    assert [(r.name, r.levelname, r.getMessage()) for r in caplog.records] == [
        ("of the run", "WARNING", "colours drift by 100 %s")
    ]


def test_what_is_not_bought_is_not_counted() -> None:
    """A scene that is a finished clip of the producer's is there from the start."""
    drawn = plan(film(scene("a"), scene("b")))
    own = replace(drawn, shots=(replace(drawn.shots[0], state=ShotState.OWN), drawn.shots[1]))
    assert Progress(Listener(), own).words == "0 of 1 shots ready"
    assert Progress(Listener(), replace(drawn, shots=())).percent == 100


def test_a_purchase_is_told_to_the_listener_that_was_there() -> None:
    """The screen of a command hears of each order that was accepted, with its price."""
    heard: list[tuple[str, Decimal]] = []

    class Buyer(Listener):
        def bought(self, shot_id: str, price: Decimal) -> None:
            heard.append((shot_id, price))

    Progress(Buyer(), plan(film(scene("a")))).bought("a", Decimal("0.14"))
    assert heard == [("a", Decimal("0.14"))]
