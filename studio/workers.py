"""Threads for work that keeps a processor busy: as many as there are processors.

What waits (the ledger, files, the service) has the event loop's own threads. With one pool for both, a create would
wait until clips of other shots are decoded.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

T = TypeVar("T")
#: Parts of glibc's heap, and its number for the option that bounds them (``M_ARENA_MAX`` of malloc.h).
ARENAS, M_ARENA_MAX = 2, -8
#: Processors that this process may use.
WORKERS = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


async def on_worker(work: Callable[[], T]) -> T:
    """Run ``work`` in one of the pool's threads, to its end."""
    return await to_its_end(asyncio.get_running_loop().run_in_executor(_pool(), work))


async def to_its_end(work: Awaitable[T]) -> T:
    """Await work in a thread. When cancelled, wait until it is done: it may use files of the caller."""
    job = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(job)
    except asyncio.CancelledError:
        await asyncio.wait([job])
        raise


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(WORKERS, thread_name_prefix="worker")


def share_heap() -> None:
    """Bound the parts of the heap of this process; before it has threads. For glibc; elsewhere, nothing happens.

    glibc gives each new thread a part of its own, up to eight a processor, and keeps in each what was freed there:
    55 MB at a thousand shots.
    """
    with contextlib.suppress(AttributeError, OSError, TypeError):  # TypeError: no library by that name, on Windows
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENAS)
