"""The automations of this project as code: notices of what happened, and the end of runs that show no sign of life.

A notice is a subject and a body, templates that Prefect's server fills in from the event. They go to a block of the
user's choice: a chat's or mail's (``SendNotification``), or a plain webhook, which gets the same words and all values
as JSON (``CallWebhook``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from prefect.client.schemas.objects import StateType
from prefect.events.actions import CallWebhook, ChangeFlowRunState, SendNotification
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification

from flows.heartbeat import ALIVE, OVER
from studio.errors import SettingsError
from studio.execution.announcements import ApprovalWanted, CapNear, FilmCompleted, OrderInDoubt
from studio.settings import Settings

PREFIX = "studio: "
SILENT, NOT_BEGUN = f"{PREFIX}run without a sign of life", f"{PREFIX}run that did not begin"
#: The flows whose failures are told. (The server may have flows of other projects, too.)
FLOWS = ("produce", "reconcile", "produce-variations", "deliver", "watch")
#: States in which a run that shows no sign of life is nobody's concern: it has ended, waits, or begins again later.
AT_REST = (
    "Completed", "Failed", "Crashed", "Cancelled", "TimedOut", "Paused", "Suspended", "Scheduled", "AwaitingRetry",
    "AwaitingConcurrencySlot",
)  # fmt: skip
#: Time in which a run that a worker has taken must begin: an image may have to be fetched first.
TO_BEGIN = timedelta(minutes=10)
RESOURCE = "prefect.resource.id"


@dataclass(frozen=True)
class Target:
    """The block that notices go to; ``webhook``: a plain one, which is sent JSON."""

    block: UUID
    webhook: bool


@dataclass(frozen=True)
class Notice:
    """An event that is told to people. ``data``: the values that a webhook gets, as a template of JSON."""

    name: str
    description: str
    events: tuple[str, ...]
    subject: str
    body: str
    of_runs: bool = False
    data: str = "{{ event.payload | tojson }}"
    run: str = "{{ event.payload.flow_run }}"

    @property
    def title(self) -> str:
        """The automation's name on the server."""
        return PREFIX + self.name


_UNBILLED = "{% if not event.payload.billed %} (nothing is billed){% endif %}"
NOTICES = (
    Notice(
        "run failed",
        "A run of this project failed or crashed.",
        ("prefect.flow-run.Failed", "prefect.flow-run.Crashed", "prefect.flow-run.TimedOut"),
        "Run {{ event.resource['prefect.state-name'] | lower }}: {{ event.resource.name }}",
        "{{ event.resource['prefect.state-message'] }}",
        of_runs=True,
        data='{"title": {{ event.resource.name | tojson }}, '
        '"state": {{ event.resource["prefect.state-name"] | tojson }}, '
        '"message": {{ event.resource["prefect.state-message"] | tojson }}}',
        run="{{ event.resource.id.split('.')[-1] }}",
    ),
    Notice(
        "order in doubt",
        "Nobody knows whether an order was accepted: a person has to look, and to settle it.",
        (OrderInDoubt.name,),
        "Order in doubt: {{ event.payload.title }}, scene {{ event.payload.scene }}, ${{ event.payload.amount }}",
        "Nobody knows whether order {{ event.payload.order[:12] }} (${{ event.payload.amount }}" + _UNBILLED + ") was "
        "accepted; it is not sent again by itself. Look at the account's generations, then adopt or release it: "
        "python -m flows.reconcile",
    ),
    Notice(
        "cap near",
        "A cap of money or creates is used up to the share that STUDIO_CAP_NEAR names (80 %).",
        (CapNear.name,),
        "{{ event.payload.percent }} % of the {{ event.payload.cap }}'s cap: {{ event.payload.title }}",
        "{% set sign = '$' if event.payload.unit == 'USD' else '' %}"
        "The {{ event.payload.cap }} {{ event.payload.of }} has used {{ sign }}{{ event.payload.spent }} of {{ sign }}"
        "{{ event.payload.limit }}{% if not sign %} creates{% endif %}" + _UNBILLED + ".",
    ),
    Notice(
        "film ready",
        "A film is made.",
        (FilmCompleted.name,),
        "Film ready: {{ event.payload.title }}"
        "{% if event.payload.version != 'final' %} ({{ event.payload.version }}){% endif %}",
        "{{ event.payload.seconds }} seconds, ${{ event.payload.paid }} spent by this run" + _UNBILLED + "."
        "{% if event.payload.missing %} It lacks {{ event.payload.missing | join(', ') }}.{% endif %}\n"
        "{{ event.payload.link or event.payload.path }}",
    ),
    Notice(
        "approval wanted",
        "A run waits for a person to say yes or no.",
        (ApprovalWanted.name,),
        "Approval wanted ({{ event.payload.which }}): {{ event.payload.title }}, ${{ event.payload.price }}",
        "A yes may spend ${{ event.payload.price }}" + _UNBILLED + ". "
        "{% if event.payload.until %}The run waits until {{ event.payload.until }}.{% endif %}",
    ),
)  # fmt: skip

#: The names of all of them: what is changed and removed on a server is found by these.
NAMES = (SILENT, NOT_BEGUN, *(notice.title for notice in NOTICES))


def automations(settings: Settings, ui: str, target: Target | None) -> tuple[AutomationCore, ...]:
    """The automations by these settings; without a target, only those that tell nobody anything.

    ``ui`` is the address of Prefect's UI, for links to runs. Raises SettingsError.
    """
    told = tuple(_told(notice, ui, target) for notice in NOTICES) if target is not None else ()
    return (_silent(settings), _not_begun(), *told)


def _silent(settings: Settings) -> AutomationCore:
    """A run that showed a sign of life, and then neither another one nor its end: its process is gone."""
    within = settings.crashed_after
    if within <= 3 * settings.heartbeat:
        raise SettingsError(
            f"{within:g} s without a sign of life, with one every {settings.heartbeat:g} s: a run that loses two would "
            "count as crashed",
            where="STUDIO_CRASHED_AFTER", hint="set it to more than three times STUDIO_HEARTBEAT",
        )  # fmt: skip
    return _ended(
        SILENT,
        f"A run whose process is gone (killed, or its machine went down) is marked Crashed after {within:g} s, so that "
        "the next one can begin.",
        after={ALIVE},
        expect={ALIVE, OVER, *(f"prefect.flow-run.{name}" for name in AT_REST)},
        within=timedelta(seconds=within),
        said=f"no sign of life for {within:g} s: its process was killed, or its machine went down or sleeps; what was "
        "ordered is kept: the next run awaits it and does not buy it again",
    )


def _not_begun() -> AutomationCore:
    """A run that a worker took and never began."""
    minutes = TO_BEGIN.total_seconds() / 60
    return _ended(
        NOT_BEGUN,
        f"A run that a worker took, and that has not begun {minutes:g} minutes later, is marked Crashed.",
        after={"prefect.flow-run.Pending"},
        expect={"prefect.flow-run.Running", "prefect.flow-run.Cancelling"}
        | {f"prefect.flow-run.{name}" for name in AT_REST},
        within=TO_BEGIN,
        said=f"a worker took it, and it has not begun within {minutes:g} minutes; nothing was ordered",
        ours_alone=True,
    )


def _ended(
    name: str, description: str, *, after: set[str], expect: set[str], within: timedelta, said: str,
    ours_alone: bool = False,
) -> AutomationCore:  # fmt: skip
    return AutomationCore(
        name=name,
        description=description,
        trigger=EventTrigger(
            posture=Posture.Proactive,
            match=_labels({RESOURCE: "prefect.flow-run.*"}),
            match_related=_ours() if ours_alone else _labels({}),
            for_each={RESOURCE},
            after=after,
            expect=expect,
            threshold=1,
            within=within,
        ),
        actions=[ChangeFlowRunState(state=StateType.CRASHED, message=said)],
    )


def _told(notice: Notice, ui: str, target: Target) -> AutomationCore:
    link = f"{ui}/runs/flow-run/{notice.run}" if ui else ""
    body = notice.body + (f"\nRun: {link}" if link else "")
    return AutomationCore(
        name=notice.title,
        description=notice.description,
        trigger=EventTrigger(
            posture=Posture.Reactive,
            match=_labels({RESOURCE: "prefect.flow-run.*"} if notice.of_runs else {RESOURCE: "studio.*"}),
            match_related=_ours() if notice.of_runs else _labels({}),
            for_each={RESOURCE},
            expect=set(notice.events),
            threshold=1,
            within=timedelta(0),
        ),
        actions=[
            CallWebhook(block_document_id=target.block, payload=_json(notice, body, link))
            if target.webhook
            else SendNotification(block_document_id=target.block, subject=notice.subject, body=body)
        ],
    )


def _json(notice: Notice, body: str, link: str) -> str:
    """The template of what a plain webhook gets. ``text`` is what Slack and its like show."""
    return (
        f"{{% set subject %}}{notice.subject}{{% endset %}}{{% set body %}}{body}{{% endset %}}"
        f"{{% set url %}}{link}{{% endset %}}"
        '{"event": {{ event.event | tojson }}, "subject": {{ subject | tojson }}, '
        '"text": {{ (subject ~ "\n" ~ body) | tojson }}, "url": {{ url | tojson }}, '
        f'"data": {notice.data}}}'
    )


def _ours() -> ResourceSpecification:
    return _labels({"prefect.resource.role": "flow", "prefect.resource.name": list(FLOWS)})


def _labels(labels: Mapping[str, str | list[str]]) -> ResourceSpecification:
    return ResourceSpecification.model_validate(dict(labels))
