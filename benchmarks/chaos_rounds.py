"""The rounds: kills, each fault alone, both together, and eight producers at once on one ledger."""

from __future__ import annotations

import random
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal

from chaos_books import booked, frame_hash, hold, most_a_minute, most_at_once
from chaos_faults import MIXED, Case
from chaos_producer import GRACE, SETTLED, SETTLED_SLOWLY, STATUS, Kills, Place, Story, tail, until_film
from chaos_services import Sandbox, Services

MOST_KILLS = 12  # of one production
PRODUCERS = 8
AT_ONCE = 6  # generations of the account
RECONCILED = 12  # tries
# Price of a shot of ray-flash-2 at 540p in USD; check_cap checks that the sandbox uses the same.
PRICE = Decimal("0.14")


@dataclass
class Round:
    """The results of one kind of disturbance. Money in USD.

    ``films`` of ``due`` were made; ``compared`` of them were compared with an undisturbed run's, ``equal`` were equal.
    ``wasted`` was paid for duplicates. ``broken``: every promise that was not kept.
    """

    name: str
    ledger: str
    kills: int = 0
    faults: int = 0
    runs: int = 0
    films: int = 0
    due: int = 0
    creates: int = 0
    duplicates: int = 0
    wasted: Decimal = Decimal(0)
    difference: Decimal = Decimal(0)
    compared: int = 0
    equal: int = 0
    seconds: float = 0.0
    note: str = ""
    broken: list[str] = field(default_factory=list)


class Bench:
    """The parts that every round needs. ``length``: seconds of an undisturbed run; ``compare``: films of a round to
    compare."""

    def __init__(self, services: Services, calm: Place, *, seed: int, side_by_side: int, compare: int) -> None:
        self.services, self.seed, self.side_by_side, self.compare = services, seed, side_by_side, compare
        self._calm, self._hashes, self._lock = calm, dict[int, str](), threading.Lock()
        self.length = 0.0

    def undisturbed(self, number: int) -> str:
        """The frame hash of a production's film, made without any disturbance."""
        with self._lock:
            if number not in self._hashes:
                story = Story(number)
                self._calm.run(story)
                if story.film is None or story.odd:
                    raise SystemExit(f"an undisturbed run failed with status {story.status}: {story.odd}")
                self.length = self.length or story.seconds
                self._hashes[number] = frame_hash(story.film)
            return self._hashes[number]

    @contextmanager
    def stage(self, name: str, ledger: str, **settings: str) -> Iterator[tuple[Sandbox, Place]]:
        """A sandbox and a working folder for a round."""
        folder = f"{name}-{ledger}"
        with self.services.sandbox(folder) as sandbox:
            yield sandbox, Place(self.services, sandbox, self.services.home / folder / "studio", ledger, **settings)

    def side(self, work: Callable[[int], None], at_once: int) -> None:
        """Do the work this many times at once; the first error ends the benchmark."""
        with ThreadPoolExecutor(at_once) as pool:
            list(pool.map(work, range(at_once)))

    def told(self, result: Round, stories: Sequence[Story], sandbox: Sandbox, place: Place, *, due: int) -> None:
        """Add up the results of a round's productions, and compare books and films."""
        numbers = [story.number for story in stories]
        held = hold(sandbox.books()["creates"], place.ledger, numbers)
        result.creates, result.duplicates = held.creates, held.duplicates
        result.wasted, result.difference = held.wasted, held.difference
        result.kills += sum(story.kills for story in stories)
        result.runs += sum(story.runs for story in stories)
        result.films, result.due = sum(story.film is not None for story in stories), due
        result.broken += [line for story in stories for line in story.odd]
        for story in [s for s in stories if s.film is not None][: self.compare]:
            result.compared += 1
            same = frame_hash(story.film) == self.undisturbed(story.number) if story.film else False
            result.equal += same
            if not same:
                result.broken.append(f"film {story.number} differs from that of an undisturbed run")
        judge(result)


def judge(result: Round) -> None:
    """Add the figures' verdicts, and print them at once, since the table comes after an hour."""
    if result.duplicates:
        result.broken.append(f"{result.duplicates} bought twice, for ${result.wasted}")
    if result.difference:
        result.broken.append(f"the books differ by ${result.difference}")
    if result.films < result.due:
        result.broken.append(f"{result.films} of {result.due} films were made")
    figures = (
        f"{result.kills} kills, {result.faults} faults, {result.creates} creates, {result.duplicates} bought twice"
    )
    print(f"{result.name} on {result.ledger}: {figures}, ${result.difference} of difference", file=sys.stderr)
    for line in result.broken:
        print(f"  {line}", file=sys.stderr)


def killed(bench: Bench, ledger: str, kills: int, *, faults: bool = False) -> Round:
    """Run productions side by side on one ledger until enough kills were made; ``faults``: a mix of them as well."""
    result = Round("kill -9 + faults" if faults else "kill -9", ledger)
    began, left, stories, numbers = time.monotonic(), Kills(kills), list[Story](), iter(range(1, 10_000))
    with bench.stage(result.name.replace(" ", ""), ledger) as (sandbox, place):
        if faults:
            sandbox.disturb({"seed": bench.seed, "faults": MIXED})

        def produce(_: int) -> None:
            while left.left > 0:
                number = next(numbers)
                seed = f"{bench.seed}/{result.name}/{ledger}/{number}"
                stories.append(
                    until_film(place, number, kills=left, most=MOST_KILLS, seed=seed, length=bench.length)
                )  # fmt: skip

        bench.side(produce, bench.side_by_side)
        result.faults = sum(sandbox.struck())
        bench.told(result, sorted(stories, key=lambda s: s.number), sandbox, place, due=len(stories))
        result.note = f"{place.by_hand} settled by hand" if place.by_hand else result.note
    result.seconds = time.monotonic() - began
    return result


def each_fault(bench: Bench, ledger: str, cases: Sequence[Case]) -> list[Round]:
    """Run one production for each fault, the slow faults side by side at the end."""
    rounds = []
    with bench.stage("faults", ledger) as (sandbox, place):
        quick = [(n, case) for n, case in enumerate(cases, 1) if not case.slow]
        slow = [(n, case) for n, case in enumerate(cases, 1) if case.slow]
        for number, case in quick:
            sandbox.disturb({"seed": bench.seed, "faults": case.faults})
            rounds.append(one_fault(bench, sandbox, place, number, case, lambda: sum(sandbox.struck())))
        # Each of these takes more than a minute of waiting; a fault finds its own production by its prompts.
        plan = [dict(fault, containing=f"film {n}, ") for n, case in slow for fault in case.faults]
        sandbox.disturb({"seed": bench.seed, "faults": plan})

        def disturbed(index: int) -> Round:
            number, case = slow[index]
            return one_fault(bench, sandbox, place, number, case, lambda: sandbox.struck()[index])

        with ThreadPoolExecutor(max(len(slow), 1)) as pool:
            rounds += pool.map(disturbed, range(len(slow)))
    return rounds


def one_fault(
    bench: Bench, sandbox: Sandbox, place: Place, number: int, case: Case, struck: Callable[[], int]
) -> Round:
    """Run one production with one fault, again and again as a producer would, until the film is finished."""
    result, began = Round(case.name, place.kind, note=case.note), time.monotonic()
    settled = SETTLED_SLOWLY if case.slow else SETTLED
    story = until_film(place, number, settings=case.settings, enough=case.runs, settled_after=settled)
    if story.film is None and case.then is not None:
        again = until_film(place, number, settings=case.then, enough=case.runs)
        story.film, story.runs, story.odd = again.film, story.runs + again.runs, story.odd + again.odd
    result.faults = struck()
    if not result.faults:
        result.broken.append("the fault never struck")
    bench.told(result, [story], sandbox, place, due=int(case.film))
    result.seconds = time.monotonic() - began
    return result


def eight_at_once(bench: Bench, ledger: str, kills: int, *, creates: int, per_minute: int, films: bool) -> Round:
    """Run eight producers on one ledger that share a cap and the account's limits, each killed now and then.

    The cap covers ``creates`` of the 96 shots and a few cents more. The sandbox itself limits nothing. ``films``: then
    the cap is lifted, and all eight films are made.
    """
    result, began, left = Round("8 at once", ledger), time.monotonic(), Kills(kills)
    limits = {"STUDIO_AT_ONCE": str(AT_ONCE), "STUDIO_PER_MINUTE": str(per_minute)}
    with bench.stage("eight", ledger, **limits) as (sandbox, place):
        cap = PRICE * creates + Decimal("0.05")
        capped = {"STUDIO_MONTH_CAP": str(cap)}
        stories = [Story(n) for n in range(1, PRODUCERS + 1)]

        def produce(index: int) -> None:
            story = stories[index]
            rng, life = random.Random(f"{bench.seed}/eight/{ledger}/{story.number}"), bench.length * 2
            ended = (STATUS["film"], STATUS["over budget"])
            while (story.status not in ended or left.left > 0) and len(story.odd) < 3:
                moment = rng.uniform(0.1, life) if left.take() else None
                place.run(story, kill_after=moment, settings=capped)
                if moment is not None and story.status is not None:
                    left.give_back()
                    life = story.seconds  # a run that finds nothing left to spend is short
                if story.status == STATUS["in doubt"]:
                    place.person(after=SETTLED)

        bench.side(produce, PRODUCERS)
        result.broken += settled(place, capped)
        check_cap(result, sandbox, place, cap, creates)
        if films:

            def finish(index: int) -> None:
                again = until_film(place, index + 1)
                story = stories[index]
                story.film, story.runs, story.odd = again.film, story.runs + again.runs, story.odd + again.odd

            bench.side(finish, PRODUCERS)
        lives = sandbox.lives()
        at_once, a_minute = most_at_once(lives), most_a_minute(lives)
        result.note += f"; {at_once} of {AT_ONCE} at once, {a_minute} of {per_minute} a minute"
        if at_once > AT_ONCE:
            result.broken.append(f"{at_once} generations at once, {AT_ONCE} are allowed")
        if a_minute > per_minute:
            result.broken.append(f"{a_minute} creates within 60 s, {per_minute} are allowed")
        bench.told(result, stories, sandbox, place, due=PRODUCERS if films else 0)
    result.seconds = time.monotonic() - began
    return result


def check_cap(result: Round, sandbox: Sandbox, place: Place, cap: Decimal, creates: int) -> None:
    """Check that neither our ledger nor the sandbox's books are a cent above the cap."""
    ours = sum(booked(place.ledger).values(), Decimal(0))
    accepted = [c for c in sandbox.books()["creates"] if not c["refunded_cents"]]
    theirs = sum((Decimal(c["usd"]) for c in accepted), Decimal(0))
    result.note = f"${theirs} of ${cap}"
    if max(ours, theirs) > cap:
        result.broken.append(f"the cap of ${cap} was exceeded: ${ours} in our books, ${theirs} in the sandbox's")
    if theirs != PRICE * len(accepted) or len(accepted) > creates:
        result.broken.append(f"{len(accepted)} creates for ${theirs}; the cap has room for {creates}")


def settled(place: Place, settings: dict[str, str]) -> list[str]:
    """Settle the orders that killed runs left in doubt. Returns what went wrong."""
    output, errors = place.folder / "reconcile.out", place.folder / "reconcile.err"
    for _ in range(RECONCILED):
        status = place.start("flows.reconcile", [], output, errors, settings=settings)
        if status == 0:
            return []
        if status != STATUS["in doubt"]:
            break
        place.person(after=SETTLED)
        time.sleep(float(GRACE) / 3)
    return [f"flows.reconcile ended with status {status}:\n{tail(errors)}"]
