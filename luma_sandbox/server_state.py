"""One running sandbox: its options and its parts."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from luma_sandbox.assumptions import Assumptions
from luma_sandbox.books import Books, Draft
from luma_sandbox.callbacks import Callbacks
from luma_sandbox.certificates import certificate
from luma_sandbox.clock import Clock, WallClock
from luma_sandbox.data_dir import DataDir
from luma_sandbox.faults import Faults, Plan
from luma_sandbox.lifecycle import Lifecycle
from luma_sandbox.limits import CREDIT, MINUTE, Limits, family
from luma_sandbox.parent_watch import ParentWatch
from luma_sandbox.reader import Reader
from luma_sandbox.render_pool import RenderPool
from luma_sandbox.signatures import Signer


@dataclass(frozen=True)
class Options:
    """The options of a sandbox.

    latency:      seconds from create to completion; rendering may take longer
    credit:       US cents on the account; None keeps the home's present one ($1000 at first)
    conformance:  answer the SDKs' own test suites, whose requests strict rules refuse
    allow_remote: read images from other machines too
    public_url:   base of asset URLs (behind a proxy, say); empty: the address that the client used
    workers:      clips rendered at once
    coarse:       new clips are drawn small and enlarged
    drift:        by how much the colours of a clip are off those of the frame that it begins on
    limits:       the account's limits, which a plan may replace
    plan:         the faults at the start
    tls:          names of the server's own certificate, for HTTPS; none: plain HTTP
    """

    latency: float = 3.0
    credit: int | None = None
    conformance: bool = False
    allow_remote: bool = False
    public_url: str = ""
    workers: int = field(default_factory=lambda: min(4, os.cpu_count() or 2))
    coarse: bool = False
    drift: float = 0.0
    assume: Assumptions = field(default_factory=Assumptions)
    limits: Limits = field(default_factory=Limits.none)
    plan: Plan = field(default_factory=Plan)
    tls: tuple[str, ...] = ()


class ServerState:
    """The parts of one sandbox, made once and used by every route. It locks its home."""

    def __init__(self, home: Path, options: Options, clock: Clock | None = None) -> None:
        self.options = options
        self.clock: Clock = clock or WallClock()
        self.home = DataDir(home)
        self.home.lock()
        self.certificate = certificate(self.home.tls, options.tls, self.clock.now()) if options.tls else None
        self.reader = Reader(
            allow_remote=options.allow_remote, ca=self.certificate.ca if self.certificate is not None else None
        )
        self.books = Books(self.home.books, credit=options.credit)
        self.signer = Signer(self.books.signing_key(), options.assume.number("asset_url_seconds"))
        self.parent_watch = ParentWatch()
        self.render_pool = RenderPool(options.workers)
        self.faults = Faults(options.plan)
        self.limits = options.limits
        self.reads: Counter[str] = Counter()  # GETs of finished files since it began, by path
        self.address = "http://127.0.0.1:8787"  # the address that the latest client used
        self.limit(options.plan.limits)
        self.books.guard = self._guard
        self.callbacks = Callbacks(self.faults, options.assume["callback_success"])
        self.lifecycle = Lifecycle(
            books=self.books,
            home=self.home,
            render_pool=self.render_pool,
            reader=self.reader,
            clock=self.clock,
            latency=options.latency,
            queued=options.assume.number("queued_share"),
            coarse=options.coarse,
            drift=options.drift,
            changed=self.callbacks.tell,
        )

    def limit(self, given: Mapping[str, int | Mapping[str, int]]) -> None:
        """Replace the limits set at the start by a plan's, and set the account's credit to the plan's."""
        self.limits = self.options.limits.with_(given)
        if isinstance(credit := given.get(CREDIT), int):
            self.books.set_credit(credit)

    async def close(self) -> None:
        """Stop all work and release the home. Everything is on disk already."""
        await self.lifecycle.close()
        await self.callbacks.close()
        await self.render_pool.close()
        self.books.close()
        self.home.unlock()

    def _guard(self, draft: Draft, now: float) -> None:
        """Check the account's limits within the transaction that would accept a create. Raises Refusal."""
        if self.limits == Limits.none():
            return
        kind = family(draft.api, draft.model)
        created = [one.created_at for one in self.books.since(now - MINUTE) if family(one.api, one.model) == kind]
        unfinished = sum(family(one.api, one.model) == kind for one in self.books.unfinished())
        self.limits.check(kind, created, unfinished, now)
