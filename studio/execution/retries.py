"""Trying again: each step of a shot, and a shot as a whole. One table, which the flow and the library both go by.

=========  ================================================  ===================================
step       tried again after                                 seconds before each further try
=========  ================================================  ===================================
publish    what keeps an asset from its place for now        1, 5
order      what was certainly not sent                       1, 5, 20
wait       a service that cannot be read                     5, 30
fetch      a clip that did not come whole                    2, 10, 30
settle     a service that cannot be read (reconciliation)    10, 60, 300
=========  ================================================  ===================================

What the service refuses is final in each, and so is a certificate that is not trusted. What was perhaps sent is never
tried again here: the ledger settles that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from studio.errors import (
    BadClip,
    BadInput,
    DownloadError,
    Moderated,
    NotSent,
    Refused,
    ServiceError,
    ServiceFailed,
    Untrusted,
)

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True)
class Retry:
    """A rule for one step. ``after``: the errors that are worth another try; ``pauses``: seconds before each one."""

    after: tuple[type[Exception], ...]
    pauses: tuple[float, ...]

    def worth(self, error: BaseException) -> bool:
        """True if the step may be tried again after this error."""
        return isinstance(error, self.after) and not isinstance(error, Refused | Untrusted)

    async def calling(self, call: Callable[[], Awaitable[T]], *, sleep: Sleep = asyncio.sleep) -> T:
        """What a call brings, tried again by this rule. Raises what its last try raised."""
        for pause in self.pauses:
            try:
                return await call()
            except Exception as error:
                if not self.worth(error):
                    raise
            await sleep(pause)
        return await call()


PUBLISH = Retry((ServiceError, BadInput), (1.0, 5.0))  # a bucket that is not reached is a setting, too
ORDER = Retry((NotSent,), (1.0, 5.0, 20.0))
WAIT = Retry((ServiceError,), (5.0, 30.0))
FETCH = Retry((DownloadError, BadClip, ServiceError), (2.0, 10.0, 30.0))
SETTLE = Retry((ServiceError,), (10.0, 60.0, 300.0))


@dataclass(frozen=True)
class Attempts:
    """A rule for ordering a shot again after the service failed its generation, and refunded it.

    ``most``: orders of one shot that the service itself fails. ``moderated``: orders again after moderation refused it.
    """

    most: int
    moderated: int

    def again(self, error: BaseException | None, *, attempt: int, failed: int, pinned: bool) -> bool:
        """True if the shot is to be ordered once more.

        ``attempt`` is the number of the order that failed, ``failed`` how many failed in this run. ``pinned``: the
        generation is one that the producer names, and was not ordered at all.
        """
        if pinned or failed >= self.most + self.moderated:
            return False
        if isinstance(error, Moderated):
            return attempt <= self.moderated
        return isinstance(error, ServiceFailed)
