"""Comparison of our ledger with the sandbox's books, of films with each other, and of spending with caps and limits."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import av
from sqlalchemy import create_engine, text

MINUTE = 60.0  # seconds


@dataclass(frozen=True)
class Held:
    """A comparison of both books. ``duplicates``: creates beyond one for each shot; money in USD.

    ``paid``: what the sandbox kept; ``difference``: the sum over productions of the difference between the books.
    """

    creates: int
    duplicates: int
    paid: Decimal
    wasted: Decimal
    difference: Decimal


def hold(creates: Iterable[dict[str, Any]], ledger: str | None, numbers: Sequence[int]) -> Held:
    """Compare the sandbox's creates for productions of these numbers with a ledger (None: there is none)."""
    ours = booked(ledger) if ledger else {}
    made: Counter[str] = Counter()
    theirs: dict[int, Decimal] = dict.fromkeys(numbers, Decimal(0))
    count, wasted = 0, Decimal(0)
    for create in creates:
        prompt = create["request"]["prompt"]
        found = re.match(r"film (\d+), ", prompt)
        if found is None or int(found[1]) not in theirs:
            continue
        count += 1
        kept = Decimal(create["usd"]) - Decimal(create["refunded_usd"])
        theirs[int(found[1])] += kept
        if kept:
            made[prompt] += 1
            wasted += kept if made[prompt] > 1 else 0
    apart = sum((abs(theirs[n] - ours.get(f"chaos-{n}", Decimal(0))) for n in numbers), Decimal(0))
    duplicates = sum(number - 1 for number in made.values())
    paid = sum(theirs.values(), Decimal(0))
    return Held(count, duplicates, paid, wasted, apart if ledger else Decimal(0))


def booked(ledger: str) -> dict[str, Decimal]:
    """USD in the ledger, by production. Read in plain SQL, not with the code that wrote it."""
    engine = create_engine(ledger)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT production, SUM(amount) FROM entries GROUP BY production")).all()
    engine.dispose()
    return {production: Decimal(int(micros)) / 10**6 for production, micros in rows}


def frame_hash(film: Path) -> str:
    """A hash of the decoded frames, their order and times: the container's bytes do not matter."""
    seen = hashlib.sha256()
    with av.open(str(film)) as container:
        for frame in container.decode(video=0):
            seen.update(f"{frame.pts} {frame.width} {frame.height} ".encode())
            seen.update(frame.to_ndarray(format="yuv420p").tobytes())
    return seen.hexdigest()


def most_at_once(lives: Sequence[tuple[float, float | None]]) -> int:
    """The largest number of generations that were unfinished at the same time."""
    steps = [(began, 1) for began, _ in lives] + [(ended, -1) for _, ended in lives if ended is not None]
    running = most = 0
    for _, step in sorted(steps):  # an end counts before a beginning at the same moment
        running += step
        most = max(most, running)
    return most


def most_a_minute(lives: Sequence[tuple[float, float | None]]) -> int:
    """The largest number of creates accepted within any 60 seconds, by the sandbox's clock."""
    times = sorted(began for began, _ in lives)
    return max((sum(1 for t in times if end - MINUTE < t <= end) for end in times), default=0)
