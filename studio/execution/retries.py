"""Retry rules for each step of a shot, and for a shot as a whole. One table for the flow and the library.

=========  ================================================  ===================================
step       tried again after                                 seconds before each further try
=========  ================================================  ===================================
publish    a publisher that fails for now                     1, 5
generate   a create that was certainly not sent, a service   1, 5, 30
           that cannot be read
fetch      a clip that did not arrive whole                   2, 10, 30
store      a store of films or clips that fails for now      1, 5, 30
settle     a service that cannot be read (reconciliation)    10, 60, 300
=========  ================================================  ===================================

A refusal by the service or a store is final in each step, and so is a certificate that is not trusted. A create that
may have been accepted is never repeated here: the ledger settles it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from studio.errors import (
    Ambiguous,
    BadClip,
    BadInput,
    DownloadError,
    Moderated,
    Refused,
    ServiceError,
    ServiceFailed,
    StoreError,
    StoreRefused,
    Untrusted,
)

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True)
class Retry:
    """A rule for one step. ``after``: the errors after which another try helps; ``pauses``: seconds before each one."""

    after: tuple[type[Exception], ...]
    pauses: tuple[float, ...]

    def worth(self, error: BaseException) -> bool:
        """True if the step may be tried again after this error."""
        return isinstance(error, self.after) and not isinstance(error, Refused | Untrusted | Ambiguous | StoreRefused)

    async def calling(self, call: Callable[[], Awaitable[T]], *, sleep: Sleep = asyncio.sleep) -> T:
        """The result of a call, retried by this rule. Raises the error of the last try."""
        for pause in self.pauses:
            try:
                return await call()
            except Exception as error:
                if not self.worth(error):
                    raise
            await sleep(pause)
        return await call()


PUBLISH = Retry((ServiceError, BadInput), (1.0, 5.0))  # an unreachable bucket raises SettingsError, too
GENERATE = Retry((ServiceError,), (1.0, 5.0, 30.0))
FETCH = Retry((DownloadError, BadClip, ServiceError), (2.0, 10.0, 30.0))
STORE = Retry((StoreError,), (1.0, 5.0, 30.0))
SETTLE = Retry((ServiceError,), (10.0, 60.0, 300.0))


@dataclass(frozen=True)
class Attempts:
    """A rule for ordering a shot again after the service failed its generation, and refunded it.

    ``most``: orders of one shot that the service itself may fail. ``moderated``: orders again after moderation refused
    it.
    """

    most: int
    moderated: int

    def again(self, error: BaseException | None, *, attempt: int, failed: int, pinned: bool) -> bool:
        """True if the shot is to be ordered once more.

        ``attempt`` is the number of the failed order, ``failed`` how many failed in this run. ``pinned``: the
        generation is one that the producer names, and was not ordered at all.
        """
        if pinned or failed >= self.most + self.moderated:
            return False
        if isinstance(error, Moderated):
            return attempt <= self.moderated
        return isinstance(error, ServiceFailed)
