"""The pieces that ``mutants.py`` takes out: at least one for each row of the table in ``studio/orders.py``."""

from __future__ import annotations

from dataclasses import dataclass

DOOR, ADMISSION, BOOKS = "studio/orders.py", "studio/ledger/admission.py", "studio/ledger/books.py"
ANSWERS, SETTLING, PROVIDERS = "studio/providers/answers.py", "studio/settling.py", "studio/providers"
LIMITS = ("tests/test_admission.py",)
ECHOES = ("tests/test_matching_echoes.py",)
LEDGER = ("tests/test_ledger.py", "-k", "dead")
FLOW = ("tests/test_attempts.py", "-k", "failures_are_ordered_again")

BOUGHT = "bought before"
SENDING = "another process is sending it now"
CAP = "a cap has no room"
FULL = "the account is at its limits"
UNSENT = "never sent"
LIMITED = "429"
MODERATED = "moderation refused this very input before"
REFUSED = "400, 401, 402, 403, 404, 422"
LOST = "time-out, reset, 408, 5xx, unreadable, cancelled"
KILLED = "killed between intent and id"
ASLEEP = "asleep between intent and sending"
NO_LIST = "in doubt, and the service has no list"
# Two more, which come after the door.
FAILED = "generation failed"
LATE = "not finished in time"
AFTER_THE_DOOR = (FAILED, LATE)


def door(selection: str) -> tuple[str, ...]:
    """Those of the door's tests with this in their names: a mutant runs none that could not mind."""
    return ("tests/test_orders.py", "tests/test_orders_lost.py", "-k", selection)


# What each row's tests are, where its mutant names no others.
TESTS = {
    BOUGHT: door("bought or two_at_once"),
    SENDING: door("who_comes or two_at_once"),
    CAP: door("cap"),
    FULL: LIMITS,
    UNSENT: door("was_never_sent"),
    LIMITED: door("429"),
    MODERATED: door("moderation"),
    REFUSED: door("refusal"),
    LOST: door("answer_is_found or not_accepted"),
    KILLED: door("dead_sender"),
    ASLEEP: door("slept"),
    NO_LIST: door("without_a_list or no_list or another_account"),
    FAILED: door("refunded"),
    LATE: ("tests/test_watch.py", "-k", "time_out"),
}


@dataclass(frozen=True)
class Mutant:
    """One piece of handling taken out: ``old`` stands once in ``file`` (or folder), and ``new`` takes its place.

    ``selection``: other tests than its row's, as arguments of pytest. ``postgres``: it is about PostgreSQL alone.
    """

    row: str
    what: str
    file: str
    old: str
    new: str
    selection: tuple[str, ...] = ()
    postgres: bool = False

    @property
    def tests(self) -> tuple[str, ...]:
        return self.selection or TESTS[self.row]


MUTANTS = (
    Mutant(BOUGHT, "an order that stands is ordered anew", BOOKS, 'return Reservation("standing", row)', "pass"),
    Mutant(
        BOUGHT,
        "only finished ones stand",
        BOOKS,
        "if row.state in (OrderState.SUBMITTED, OrderState.COMPLETED):\n                    return",
        "if row.state is OrderState.COMPLETED:\n                    return",
    ),
    Mutant(
        BOUGHT,
        "only unfinished ones stand",
        BOOKS,
        "if row.state in (OrderState.SUBMITTED, OrderState.COMPLETED):\n                    return",
        "if row.state is OrderState.SUBMITTED:\n                    return",
    ),
    Mutant(SENDING, "an order that another holds is free", BOOKS, 'return Reservation("held", row)', "row = None"),
    Mutant(SENDING, "who holds it is taken for dead", BOOKS, "and not self._abandoned(row, now)", "and False"),
    Mutant(
        CAP, "the price itself is not counted", ADMISSION, "before + intent.price > cap.limit", "before > cap.limit"
    ),
    Mutant(
        CAP,
        "one create more than the cap",
        ADMISSION,
        "intent.seller) >= cap.creates",
        "intent.seller) > cap.creates",
        LIMITS,
    ),
    Mutant(CAP, "a month has no beginning", ADMISSION, "entries.c.at >= first, ", ""),
    Mutant(CAP, "a month has no end", ADMISSION, ", entries.c.at < following", "", LIMITS),
    Mutant(
        CAP,
        "on PostgreSQL, sums without the lock",
        BOOKS,
        'if connection.dialect.name != "sqlite":',
        "if False:",
        ("tests/test_ledger.py", "tests/test_producers.py", "-k", "postgres and (keep_the_cap or cap_is_used_up)"),
        postgres=True,
    ),
    Mutant(FULL, "one more at once", ADMISSION, "if used >= limits.at_once", "if used > limits.at_once", LIMITS),
    Mutant(
        FULL,
        "one more a minute",
        ADMISSION,
        "if len(recent) >= limits.per_minute",
        "if len(recent) > limits.per_minute",
        LIMITS,
    ),
    Mutant(FULL, "no turns", ADMISSION, "_before_us(connection, intent, limits, now) >= free", "False", LIMITS),
    Mutant(FULL, "a full account is an order", DOOR, 'if reservation.outcome != "full":', "if True:", LIMITS),
    Mutant(FULL, "slots of dead runs never come back", DOOR, "if now - looked > REFRESH:", "if False:", LIMITS),
    Mutant(
        UNSENT,
        "a refused connection is ambiguous",
        ANSWERS,
        "if isinstance(cause, NEVER_SENT):",
        "if False:",
    ),
    Mutant(
        UNSENT,
        "what was never sent stays reserved",
        DOOR,
        "except (NotSent, Refused) as error:\n            await _unbroken(self._ledger.release, row",
        "except (NotSent, Refused) as error:\n            (row",
    ),
    Mutant(
        UNSENT,
        "no second try",
        "tasks/caching.py",
        "when_not_sent = retry_on(NotSent)",
        "when_not_sent = retry_on()",
        ("tests/test_attempts.py", "-k", "worth_another_try"),
    ),
    Mutant(LIMITED, "429 is a refusal", ANSWERS, "if status == 429:", "if False:"),
    Mutant(LIMITED, "Retry-After is not read", DOOR, "_pause(limited.retry_after, ", "_pause(None, "),
    Mutant(LIMITED, "it waits for ever", DOOR, "if waited + pause > self._patience:", "if False:"),
    Mutant(
        MODERATED,
        "sent again all the same",
        DOOR,
        "raise generation_failed(known.reason, scene=intent.scene)",
        "pass",
    ),
    Mutant(
        MODERATED, "one more than was asked for", DOOR, "known.attempt > self._retry", "known.attempt - 1 > self._retry"
    ),
    Mutant(REFUSED, "a refusal is ambiguous", ANSWERS, "return Refused(text, status=status)", "return Ambiguous(text)"),
    Mutant(REFUSED, "401 and 403 are like any other", ANSWERS, "if status in (401, 403):", "if False:"),
    Mutant(REFUSED, "402 is like any other", ANSWERS, "if status == 402:", "if False:"),
    Mutant(REFUSED, "the scene is not named", DOOR, "error.where = error.where or", "_ = error.where or"),
    Mutant(
        LOST, "a time-out or reset was never sent", ANSWERS, 'return Ambiguous(f"no readable', 'return NotSent(f"no'
    ),
    Mutant(LOST, "a 5xx is a refusal", ANSWERS, "if status == 408 or status >= 500:", "if status == 408:"),
    Mutant(LOST, "408 and 504 are like any other", ANSWERS, "if creating and status in GATEWAY:", "if False:"),
    Mutant(
        LOST,
        "unreadable: nothing was bought",
        PROVIDERS,
        "raise Ambiguous(error.message, status=error.status) from None",
        "raise NotSent(error.message) from None",
    ),
    Mutant(
        LOST,
        "ambiguous: given back at once",
        DOOR,
        "self._ledger.doubt, row.key, row.attempt, error.message",
        "self._ledger.release, row.key, row.attempt, error.message",
    ),
    Mutant(
        LOST,
        "cancelled: nothing is written",
        DOOR,
        "except BaseException as error:",
        "except ValueError as error:",
        door("cancelled"),
    ),
    Mutant(
        LOST,
        "the SDK tries again by itself",
        "studio/providers/dream_machine.py",
        "max_retries=0",
        "max_retries=2",
        ("tests/test_provider.py",),
    ),
    Mutant(
        LOST, "nothing is found on the list", SETTLING, "return sorted(found, key=", "return [] and sorted(found, key="
    ),
    Mutant(
        LOST,
        "another order's is adopted",
        SETTLING,
        "[g for g in generations if g.id not in claimed]",
        "generations",
        door("identical or by_hand"),
    ),
    Mutant(
        LOST,
        "what another order is surely after is adopted",
        SETTLING,
        "if not any(_liker(rival, fit) for rival in rivals)",
        "",
        ("tests/test_matching.py", "-k", "surely"),
    ),
    Mutant(
        LOST,
        "a generation that another order took up is booked",
        BOOKS,
        "if owner is not None:\n                if row.attempt",
        "if False:\n                if row.attempt",
        ("tests/test_matching.py", "-k", "twin"),
    ),
    Mutant(
        LOST,
        "a list in any order is taken to begin with the newest",
        SETTLING,
        "_newest_first(dated) and min(dated) < since",
        "min(dated) < since",
        ("tests/test_matching.py", "-k", "order_of_the_list"),
    ),
    Mutant(
        LOST,
        "yesterday's is adopted",
        SETTLING,
        "if abs(seconds) <= SKEW.total_seconds() else None",
        "",
        door("by_hand"),
    ),
    Mutant(
        LOST,
        "other words are adopted",
        "studio/matching.py",
        "elif not _equal(name, value, echoed[name]):\n            return None",
        "elif not _equal(name, value, echoed[name]):\n            sure = False",
        door("by_hand"),
    ),
    Mutant(LOST, "no grace period", SETTLING, "< self._grace.over(row):", "< 0:", door("grace or turns_up")),
    Mutant(
        LOST,
        "the grace period ends during the look",
        SETTLING,
        "if (looked_at - row",
        "if (self._clock() - row",
        door("grace"),
    ),
    Mutant(
        LOST,
        "a list that ends early proves it",
        SETTLING,
        "raise ServiceError(\n        f\"the account's list goes on",
        "return list(found.values())\n    raise ServiceError(\n        f\"the account's list goes on",
        door("cannot_be_read_back"),
    ),
    Mutant(ASLEEP, "it is sent all the same", DOOR, "if self._clock() - asked > STALE:", "if False:"),
    Mutant(
        ASLEEP,
        "it is not given back",
        DOOR,
        'await _unbroken(self._ledger.release, row.key, row.attempt, "its sender slept before it was sent")',
        "pass",
    ),
    Mutant(KILLED, "the dead are taken for alive", BOOKS, "return is_dead(row.holder) or", "return", LEDGER),
    Mutant(KILLED, "a lease never runs out", BOOKS, "row.lease_until < now", "False"),
    Mutant(
        KILLED,
        "what the dead held is free",
        BOOKS,
        "if row.state is OrderState.RESERVED:\n                    self",
        "if False:\n                    self",
    ),
    Mutant(KILLED, "reconciling leaves it alone", BOOKS, "if self._abandoned(row, now):", "if False:", LEDGER),
    Mutant(
        NO_LIST,
        "it is sent again",
        DOOR,
        "while provider.has_list:",
        "await _unbroken(self._ledger.release, row.key, row.attempt, '')\n        while provider.has_list:",
    ),
    Mutant(
        NO_LIST,
        "a list is asked for all the same",
        DOOR,
        "while provider.has_list:",
        "while True:",
    ),
    Mutant(
        NO_LIST,
        "a list that is refused is tried for ever",
        DOOR,
        "except Refused as error:\n                raise in_doubt(row) from error",
        "except Refused:\n                pass",
    ),
    Mutant(NO_LIST, "another account's list is believed", DOOR, "if row.account != account:", "if False:"),
    Mutant(
        NO_LIST,
        "one of two that look alike is adopted",
        SETTLING,
        "if found and (why := _unsure(",
        "if not found and (why := _unsure(",
        ("tests/test_matching.py", "-k", "alike"),
    ),
    Mutant(NO_LIST, "a silent echo excludes", SETTLING, "silent = len(fitting) > len(found)", "silent = False", ECHOES),
    Mutant(NO_LIST, "a silent echo is adopted", SETTLING, ' if fit.like != "possible"]', "]", ECHOES),
    Mutant(
        NO_LIST,
        "echoes that fit nothing prove it",
        SETTLING,
        "free and await asyncio.to_thread(self._misleading",
        "False and await asyncio.to_thread(self._misleading",
        ECHOES,
    ),
    Mutant(
        NO_LIST,
        "an echo without what tells is another request",
        "studio/matching.py",
        '    if silent:\n        return "possible"',
        "    if silent:\n        return None",
        ECHOES,
    ),
    Mutant(NO_LIST, "the commands are not told", DOOR, "python -m flows.reconcile --release", "ask somebody"),
    Mutant(
        NO_LIST,
        "one generation for two orders",
        BOOKS,
        "if owner is not None:\n                raise LedgerError(",
        "if False:\n                raise LedgerError(",
        ("tests/test_ledger.py", "-k", "one_generation"),
    ),
    Mutant(
        FAILED,
        "nothing is refunded",
        BOOKS,
        'OrderState.FAILED, "failed", amount=-row.price',
        'OrderState.FAILED, "failed"',
    ),
    Mutant(FAILED, "never ordered again", "flows/shooting.py", "range(settings.create_attempts", "range(1", FLOW),
    Mutant(
        FAILED, "ordered again without a limit", "flows/shooting.py", "range(settings.create_attempts", "range(9", FLOW
    ),
    Mutant(
        LATE,
        "it is waited for without end",
        "studio/watch.py",
        "if now >= waiting.deadline:",
        "if False:",
    ),
    Mutant(
        LATE,
        "its order is closed",
        "studio/watch.py",
        "self._end(key, error=_still_running(key, now - waiting.since))",
        'self._end(key, result=Generation(key, "failed"))',
    ),
)
