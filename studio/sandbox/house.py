"""One running sandbox: its options, and the parts that work together in it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from studio.sandbox.assumptions import Assumptions
from studio.sandbox.books import Books
from studio.sandbox.clock import Clock, WallClock
from studio.sandbox.companions import Companions
from studio.sandbox.darkroom import Darkroom
from studio.sandbox.home import Home
from studio.sandbox.lifecycle import Lifecycle
from studio.sandbox.reader import Reader
from studio.sandbox.signatures import Signer


@dataclass(frozen=True)
class Options:
    """How a sandbox behaves.

    latency:      seconds from create to completion; rendering may take longer
    credit:       US cents on the account; None keeps what the home has (at first, $1000)
    conformance:  answer the SDKs' own test suites, which ask for what strict rules refuse
    allow_remote: read images from other machines too
    workers:      clips rendered at once
    """

    latency: float = 3.0
    credit: int | None = None
    conformance: bool = False
    allow_remote: bool = False
    workers: int = field(default_factory=lambda: min(4, os.cpu_count() or 2))
    assume: Assumptions = field(default_factory=Assumptions)


class House:
    """The parts of one sandbox, made once and used by every route. It has its home for itself."""

    def __init__(self, home: Path, options: Options, clock: Clock | None = None) -> None:
        self.options = options
        self.clock: Clock = clock or WallClock()
        self.home = Home(home)
        self.home.lock()
        self.books = Books(self.home.books, credit=options.credit)
        self.signer = Signer(self.books.signing_key(), options.assume.number("asset_url_seconds"))
        self.companions = Companions()
        self.darkroom = Darkroom(options.workers)
        self.lifecycle = Lifecycle(
            books=self.books,
            home=self.home,
            darkroom=self.darkroom,
            reader=Reader(allow_remote=options.allow_remote),
            clock=self.clock,
            latency=options.latency,
            queued=options.assume.number("queued_share"),
        )

    async def close(self) -> None:
        """Stop all work and free the home. Everything is on the disk already."""
        await self.lifecycle.close()
        await self.darkroom.close()
        self.books.close()
        self.home.unlock()
