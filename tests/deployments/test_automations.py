"""The automations as they are written: their times, and whose runs they are about."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from prefect.events.actions import CallWebhook, ChangeFlowRunState, SendNotification
from prefect.events.schemas.automations import EventTrigger, Posture
from prefect.server.utilities.user_templates import validate_user_template
from ruamel.yaml import YAML

from deployments.automations import FLOWS, NAMES, SILENT, Target, automations
from flows.heartbeat import ALIVE, OVER
from studio.errors import SettingsError
from studio.settings import Settings, load_settings

UI = "http://127.0.0.1:4200"
GRANULARITY = 5  # seconds between two looks of Prefect's server at what did not happen


def test_the_times_of_a_dead_run() -> None:
    """By default a run may lose two signs of life and more, and one that dies is Crashed within three minutes."""
    settings = Settings()
    (silent,) = [each for each in automations(settings, UI, None) if each.name == SILENT]
    assert isinstance(silent.trigger, EventTrigger)
    within = silent.trigger.within.total_seconds()
    assert 3 * settings.heartbeat < within
    assert within + GRANULARITY + 15 < 180
    assert silent.trigger.posture is Posture.Proactive
    assert silent.trigger.for_each == {"prefect.resource.id"}
    assert silent.trigger.after == {ALIVE}
    # Its own end, a wait for an approval, and a retry later are no crash. Prefect's heartbeats are no sign of life of
    # ours: one just before the end would hide it.
    assert silent.trigger.expect >= {ALIVE, OVER} | {
        f"prefect.flow-run.{name}" for name in ("Completed", "Suspended", "Paused", "AwaitingRetry", "Scheduled")
    }
    assert not [name for name in silent.trigger.expect if "*" in name or name.endswith((".heartbeat", ".Running"))]
    (action,) = silent.actions
    assert isinstance(action, ChangeFlowRunState)
    assert not action.force  # a run that has ended stays as it is


@pytest.mark.parametrize(("every", "after"), [("30", "90"), ("45", "130")])
def test_two_lost_signs_of_life_crash_nobody(monkeypatch: pytest.MonkeyPatch, every: str, after: str) -> None:
    """Times by which a live run could be taken for dead are refused in one line."""
    monkeypatch.setenv("STUDIO_HEARTBEAT", every)
    monkeypatch.setenv("STUDIO_CRASHED_AFTER", after)
    with pytest.raises(SettingsError, match=f"STUDIO_CRASHED_AFTER: {after} s without a sign of life"):
        automations(load_settings(), UI, None)


@pytest.mark.parametrize(
    ("name", "value"),
    [("STUDIO_HEARTBEAT", "46"), ("STUDIO_CRASHED_AFTER", "171"), ("STUDIO_CRASHED_AFTER", "9"),
     ("STUDIO_CAP_NEAR", "0"), ("STUDIO_CAP_NEAR", "101")],
)  # fmt: skip
def test_times_have_bounds(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """A time with which nothing is noticed within three minutes, and a share that is none, are refused."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name):
        load_settings()


def test_without_a_block_nobody_is_told() -> None:
    """Only what ends dead runs is made; with a block, a notice of each kind as well."""
    quiet = automations(Settings(), UI, None)
    assert {type(action) for each in quiet for action in each.actions} == {ChangeFlowRunState}
    for webhook, kind in ((True, CallWebhook), (False, SendNotification)):
        every = automations(Settings(), UI, Target(uuid4(), webhook))
        assert [each.name for each in every] == [*NAMES]
        told = [action for each in every[len(quiet) :] for action in each.actions]
        assert {type(action) for action in told} == {kind}
        for action in told:
            for template in (getattr(action, name, "") for name in ("payload", "subject", "body")):
                validate_user_template(template)


def test_every_deployment_s_flow_is_told_of(root: Path) -> None:
    """A failed run of any deployment in prefect.yaml is among those of which a notice is sent."""
    written = YAML(typ="safe").load(root / "prefect.yaml")["deployments"]
    assert {each["entrypoint"].rpartition(":")[2].replace("_", "-") for each in written} <= {*FLOWS}


def test_a_run_may_take_its_time_to_begin() -> None:
    """A worker that fetches an image first has ten minutes."""
    not_begun = automations(Settings(), UI, None)[1]
    assert not_begun.trigger.within == timedelta(minutes=10)  # type: ignore[union-attr]
