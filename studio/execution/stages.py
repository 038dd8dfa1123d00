"""From what a run is asked to make to its film, with a person's approvals on the way.

Without an approval a run makes one film. With one it may make several: a draft, that draft again after a change, the
final version. Each is made by a run of its own in the ledger, with a folder of its own; they share one budget.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from studio.errors import BadInput
from studio.execution.approvals import Answer, Approvals, Ask, Changes, Decision, Gate
from studio.execution.film import shelve
from studio.execution.progress import listener
from studio.execution.run import Run, check_budget
from studio.execution.session import Session, films_folder
from studio.ledger.batches import Batch
from studio.planning.context import Seed
from studio.planning.plan import Plan
from studio.planning.variants import derived
from studio.production import Production
from studio.remedies import option, text_of
from studio.report.records import RunRecord

#: Makes the film of a run that was not begun yet, and all files beside it.
Make = Callable[[Run], Awaitable[RunRecord]]


@dataclass(frozen=True)
class Asked:
    """The task of a run; the fields are the parameters of the flow ``produce``, which says what they mean."""

    production: Production
    budget: Decimal | None = None
    draft: bool = False
    from_draft: bool = False
    reframe: str = ""
    language: str = ""
    only: tuple[str, ...] = ()
    retake: tuple[str, ...] = ()
    renew: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    takes: Mapping[str, int] = field(default_factory=dict)
    apart: bool = False
    allow_odd: bool = False
    out: Path | None = None
    approve: Gate | None = None

    @property
    def slug(self) -> str:
        """The slug of its film. Raises BadInput where options contradict each other."""
        return derived(
            self.production, draft=self.draft, from_draft=self.from_draft, reframe=self.reframe, language=self.language
        ).slug

    def __post_init__(self) -> None:
        if self.draft and self.approve is Gate.DRAFT:
            raise BadInput(
                text_of(option("draft"), " and ", option("approve", "draft"), " contradict each other"),
                hint="to approve a draft is to go on to the final version: leave one of them out",
            )


@dataclass(frozen=True)
class Drawn:
    """A plan, its seed assets, and the id of the run that would carry it out."""

    plan: Plan
    seeds: Mapping[str, Seed]
    run: str


class Stages:
    """The films of one run, one after another. ``told`` hears of every plan before anything of it is bought."""

    def __init__(
        self, session: Session, asked: Asked, run: str, *, make: Make, ask: Ask,
        told: Callable[[Drawn], Awaitable[None]], batch: Batch | None = None,
    ) -> None:  # fmt: skip
        self._session, self._asked, self._run, self._make, self._told = session, asked, run, make, told
        self._batch = batch
        self._changes = Changes()
        # By whether it is the draft: the takes to use, and the scenes to make once more.
        self._takes = {True: dict(asked.takes), False: dict(asked.takes)}
        self._again = {True: asked.retake, False: asked.retake}
        self._begun: list[str] = []  # ids of runs
        self._approvals = Approvals(session.ledger, run, ask, self._spent)

    async def plan(self) -> Plan:
        """The plan alone; nothing is bought."""
        return (await self._drawn(draft=False, start=False)).plan

    async def film(self) -> RunRecord:
        """Make the film that was asked for, with every approval. Returns the record of its run.

        Raises NotApproved where a person rejects, and what the making of a film raises.
        """
        match self._asked.approve:
            case Gate.DRAFT:
                final, answer = await self._reviewed(draft=True)
                run, record = await self._made(final, self._limit(answer), draft=False)
            case Gate.FINAL:
                await self._reviewed(draft=False)
                run, record = self._last
            case _:
                run, record = await self._stage(draft=False)
        await shelve(run, record.cuts)
        return record

    async def _reviewed(self, *, draft: bool) -> tuple[Drawn, Answer]:
        """Make the film, and make it again after each change, until it is approved. Returns what is to be made next,
        with its approval."""
        run, record = await self._stage(draft=draft)
        while True:
            if draft:
                await shelve(run, record.cuts)
            coming = await self._drawn(draft=False)
            self._allowed(coming)
            gate = Gate.DRAFT if draft else Gate.FINAL
            answer = await self._approvals.ask(gate, coming.plan, record, self._changes)
            if answer.decision is Decision.APPROVE:
                return coming, answer
            before = self._changes, self._again[draft]
            self._change(answer.changes, draft=draft)
            try:
                run, record = await self._stage(draft=draft, changed=True)
            except _TakenBack:
                self._changes, self._again[draft] = before

    async def _stage(self, *, draft: bool, changed: bool = False) -> tuple[Run, RunRecord]:
        """Make the film of one stage, once its price was approved where it must be. ``changed``: it is made again, and
        a change of nothing takes the changes back."""
        while True:
            drawn = await self._drawn(draft=draft)
            allowed = self._allowed(drawn)
            if not drawn.plan.to_pay or not self._must_ask(allowed, changed=changed):
                return await self._made(drawn, self._asked.budget, draft=draft)
            answer = await self._approvals.ask(Gate.PLAN, drawn.plan, None, self._changes, changed=changed)
            if answer.decision is Decision.APPROVE:
                return await self._made(drawn, self._limit(answer), draft=draft)
            if not answer.changes:
                raise _TakenBack
            self._change(answer.changes, draft=draft)

    async def _drawn(self, *, draft: bool, start: bool = True) -> Drawn:
        asked, run = self._asked, self._next
        finished = asked.from_draft and not draft
        written = derived(
            self._changes.applied(asked.production), draft=draft or asked.draft, from_draft=finished,
            reframe=asked.reframe, language=asked.language,
        )  # fmt: skip
        # A film that is finished from its draft has the draft's takes; they were made with the draft.
        of_draft = finished and asked.approve is Gate.DRAFT
        plan, seeds = await self._session.plan(
            written, takes=self._takes[draft or of_draft], only=asked.only,
            retake=() if of_draft else self._again[draft], renew=asked.renew, keep=asked.keep, run=run,
            apart=asked.apart, start=start,
        )  # fmt: skip
        drawn = Drawn(plan, seeds, run)
        await self._told(drawn)
        return drawn

    async def _made(self, drawn: Drawn, limit: Decimal | None, *, draft: bool) -> tuple[Run, RunRecord]:
        """Make the film of a plan; the run spends at most ``limit``, together with those before it."""
        self._begun.append(drawn.run)
        run = Run(
            self._session, drawn.plan, drawn.seeds, run_id=drawn.run, out=self._folder(drawn, draft=draft),
            budget=limit, started_at=datetime.now(UTC), allow_odd=self._asked.allow_odd, beside=self._beside,
            batch=self._batch,
        )  # fmt: skip
        if limit is not None and limit != self._asked.budget:
            run.agreed = limit
        listener.get().planned(drawn.plan)
        with closing(run):
            record = await self._make(run)
        if drawn.plan.retaking is not None:
            self._takes[draft].update(drawn.plan.retaking.takes)
            self._again[draft] = ()
        self._last = run, record
        return self._last

    def _folder(self, drawn: Drawn, *, draft: bool) -> Path:
        out = self._asked.out
        if out is None:
            return films_folder(self._session.settings, drawn.plan.production, drawn.run)
        return out / "draft" if draft else out

    def _change(self, changes: Changes, *, draft: bool) -> None:
        self._changes = self._changes.then(changes)
        self._again[draft] = tuple(dict.fromkeys((*self._again[draft], *changes.retake)))

    def _must_ask(self, allowed: Decimal | None, *, changed: bool) -> bool:
        """True if the price of a stage needs an approval of its own: it is asked for, or nobody else agreed to it."""
        gate, unagreed = self._asked.approve, self._session.service.billed and allowed is None
        return changed or gate is Gate.PLAN or (gate is not None and unagreed)

    def _allowed(self, drawn: Drawn) -> Decimal | None:
        """USD that may still be spent, None without a cap. Raises OverBudget where the plan exceeds a cap."""
        return check_budget(
            self._session, drawn.plan, self._asked.budget, run=drawn.run, beside=(*self._begun, drawn.run),
            batch=self._batch,
        )  # fmt: skip

    def _limit(self, answer: Answer) -> Decimal:
        """The most that this run may have spent after an approval: that, and never more than its budget."""
        return answer.amount if self._asked.budget is None else min(answer.amount, self._asked.budget)

    @property
    def _next(self) -> str:
        """The id of the next run: that of the flow run, then with a number behind it."""
        return f"{self._run}-{len(self._begun) + 1}" if self._begun else self._run

    def _beside(self) -> tuple[str, ...]:
        return tuple(self._begun)

    def _spent(self) -> Decimal:
        """USD that all runs of this one have spent. The next one may have begun in a process that was killed."""
        others = (*self._begun, self._next)
        return self._session.ledger.spent("run", self._run, realm=self._session.service.realm, others=others)


class _TakenBack(Exception):
    """A change that a person took back when its price was shown."""
