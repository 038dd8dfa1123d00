"""The parts of ``mutants.py``'s lists: the guarded files, the rows, and the tests that should notice a removal.

The rows are those of the tables in ``studio/purchasing`` (``gateway.py``, ``recovery.py``), and further handling of
purchases that is in no table (``BESIDES``).
"""

from __future__ import annotations

from dataclasses import dataclass

DOOR, SETTLING, PROOF = "studio/purchasing/gateway.py", "studio/purchasing/recovery.py", "studio/purchasing/absence.py"
CANDIDATES = "studio/purchasing/candidates.py"
LISTING, ENDS, WATCH, UNBOOKED = (
    "studio/purchasing/listing.py",
    "studio/purchasing/ends.py",
    "studio/execution/polling.py",
    "studio/purchasing/unbooked.py",
)
WORDED, AGAIN = "studio/purchasing/order_errors.py", "studio/execution/retries.py"
BOOKS, ADMISSION, JOURNAL = "studio/ledger/books.py", "studio/ledger/admission.py", "studio/ledger/journal.py"
ANSWERS, PROVIDERS, MATCHING = "studio/providers/luma/answers.py", "studio/providers", "studio/providers/luma/echo.py"

# Of the table in studio/purchasing/gateway.py. A row of several lines may count as several, and each is named.
BOUGHT = "bought before"
SECOND = "an attempt ends without a purchase"
SENDING = "another process is sending it now"
CAP = "a cap has no room"
FULL = "the account is at its limits"
UNSENT = "never sent"
LIMITED = "429"
MODERATED = "moderation refused this very input before"
REFUSED = "a refusal that the service documents"
LOST = "time-out, reset, a redirect, any other status"
UNREADABLE = "unreadable answer, cancelled"
KILLED = "killed between intent and id"
BOOKING = "the id cannot be booked"
ASLEEP = "asleep between intent and sending"
NO_LIST = "in doubt, and the service has no list"
GONE = "its generation is no longer at the service"
NO_SLOT = "no slot comes free, and nothing moves"
# Of the table in studio/purchasing/recovery.py.
TOKEN = "a generation with this order's own token"  # noqa: S105 - no password
SAME = "one asked for in the very same words, of that time"
LIKELY = "one that is only likely"
OTHER_TIME = "one that fits, of another time"
SILENT = "one that tells nothing of what was asked"
ABSENT = "none that fits, on two whole readings"
PROVEN = "grace period, on a list that is proven complete"
UNPROVEN = "none that fits, and the list is not proven"
# Rows in no table.
FAILED = "generation failed"
LATE = "not finished in time"
SUSPENSE = "given back because the list did not show it"
MONTHS = "given back in another month or run"
BY_HAND = "settled by hand"
RETAKES = "a new take is asked for"
BUDGETS = "films that share a budget"
RESTORED = "an older ledger, or an empty one"
CLOCKS = "clocks of hosts"
RECONCILED = "reconciling"
TOLD = "limits that the service tells"
TRACED = "the name of a create"
WHOM = "whom a create is made for"
PINNED = "a generation that a scene names"
VALUES = "decided by values"
NAMED = "a run without a production, or with two"
FOOTAGE = "footage that hides frames, or is counted otherwise"
REHEARSED = "takes in the sandbox"
PRICED = "priced before it is bought"
CHOSEN = "the clips that a scene is made of"
TOGETHER = "what a request of Ray 3 may hold together"
RAY_3_REFUSES = "the sandbox's Agents API: what is refused"
RAY_3_COSTS = "the sandbox's Agents API: what is charged"
RAY_3_SHAPES = "the sandbox's Agents API: shapes, places and controls"
RAY_3_TELLS = "the sandbox's Agents API: headers and limits"
DREAM_TAKES = "the sandbox's Dream Machine: what is taken"
DREAM_GIVES = "the sandbox's Dream Machine: what is answered"
DREAM_EDITS = "the sandbox's Dream Machine: edits priced by their source"
PAGES = "the sandbox and pages of other sites"
HTTPS = "the sandbox's own certificate"
BESIDES = (
    FAILED, LATE, SUSPENSE, MONTHS, BY_HAND, RETAKES, BUDGETS, RESTORED, CLOCKS, RECONCILED, TOLD, TRACED, WHOM, PINNED,
    VALUES, NAMED, FOOTAGE, REHEARSED, PRICED, CHOSEN, TOGETHER,
    RAY_3_REFUSES, RAY_3_COSTS, RAY_3_SHAPES, RAY_3_TELLS, DREAM_TAKES, DREAM_GIVES, DREAM_EDITS, PAGES, HTTPS,
)  # fmt: skip


def of(name: str, selection: str = "") -> tuple[str, ...]:
    """The tests of a file with this in their names, so that a mutant runs none that cannot notice."""
    folder, _, stem = name.rpartition("/")
    return (
        f"tests/{folder}/test_{stem}.py" if folder else f"tests/test_{stem}.py",
        *(("-k", selection) if selection else ()),
    )


def door(selection: str) -> tuple[str, ...]:
    """The gateway's tests with this in their names."""
    return ("tests/purchasing/test_gateway.py", "tests/purchasing/test_recovery.py", "-k", selection)


LIMITS = of("ledger/admission")
ECHOES = of("providers/echo_wording")
FLOW = of("execution/attempts", "failures_are_ordered_again")

# The tests of each row, unless its mutant names others.
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
    UNREADABLE: door("answer_is_found or not_accepted or cancelled"),
    KILLED: door("dead_sender"),
    BOOKING: of("purchasing/booking", "booked or booking"),
    ASLEEP: door("slept or lease"),
    NO_LIST: door("without_a_list or no_list or another_account"),
    GONE: ("tests/purchasing/test_gone.py", "tests/purchasing/test_states.py", "-k", "gone"),
    NO_SLOT: of("purchasing/states", "slot"),
    TOKEN: door("callback"),
    SAME: (
        "tests/purchasing/test_absent_orders.py",
        "tests/purchasing/test_twins.py",
        "tests/purchasing/test_recovery.py",
        "-k",
        "adopted or another_ledger or sign or ours or answer_is_found",
    ),
    LIKELY: of("providers/echo", "surely or alike"),
    OTHER_TIME: (
        "tests/purchasing/test_absence.py",
        "tests/purchasing/test_recovery.py",
        "-k",
        "outside_the_window or another_day",
    ),
    SILENT: ECHOES,
    ABSENT: (
        "tests/purchasing/test_listing.py",
        "tests/purchasing/test_absence.py",
        "tests/purchasing/test_absent_orders.py",
        "-k",
        "listing or pages or between or read or second_doubt",
    ),
    PROVEN: (
        "tests/purchasing/test_witnesses.py",
        "tests/purchasing/test_absence.py",
        "tests/purchasing/test_absent_orders.py",
        "-k",
        "witness_ or proves or leaves_out or learns",
    ),
    UNPROVEN: (
        "tests/purchasing/test_witnesses.py",
        "tests/purchasing/test_absent_orders.py",
        "-k",
        "witness_ or without_a or absence_counts",
    ),
    FAILED: door("refunded"),
    LATE: of("execution/polling", "time_out"),
    SUSPENSE: (
        "tests/purchasing/test_states.py",
        "tests/purchasing/test_absent_orders.py",
        "-k",
        "every_way or every_cap or day or after_all",
    ),
    MONTHS: (
        "tests/ledger/test_caps.py",
        "tests/ledger/test_admission.py",
        "-k",
        "november or another_month or another_run",
    ),
    BY_HAND: of("purchasing/states", "hand or adopt or undone or hangs or named"),
    RETAKES: of("ledger/new_takes", "not refused_retake"),
    BUDGETS: of("ledger/caps", "budget or title or joined"),
    RESTORED: of("integration/restored", "not lacks_is_adopted_from and not without_recorded"),
    CLOCKS: of("ledger/caps", "clock or serialises"),
    RECONCILED: of("execution/reconciliation"),
    TOLD: of("providers/rate_limits"),
    TRACED: of("purchasing/traces", "not setting"),
    WHOM: of("purchasing/traces", "whom or opaque"),
    PINNED: of("execution/retries", "pinned or what_is_ordered_again"),
    VALUES: (
        "tests/integration/test_words.py",
        "tests/execution/test_retries.py",
        "-k",
        "words or code or same_again or what_is_ordered",
    ),
    NAMED: of("integration/nobody_spends_by_accident", "not command and not flow and not plan"),
    FOOTAGE: of("assets/footage_measured", "not shows and not remote and not place and not limit"),
    PRICED: ("tests/providers/test_pricing.py", "tests/providers/test_price_book.py"),
    CHOSEN: ("tests/planning/test_planner.py", "tests/planning/test_post.py"),
    TOGETHER: ("tests/planning/test_planner.py", "tests/planning/test_post.py"),
    REHEARSED: ("tests/luma_sandbox/test_takes.py", "-k", "not replayed and not picture"),
    RAY_3_REFUSES: ("tests/luma_sandbox/test_agents_rules.py",),
    RAY_3_COSTS: ("tests/luma_sandbox/test_agents_prices.py",),
    RAY_3_SHAPES: (
        "tests/luma_sandbox/test_agents_shapes.py",
        "tests/luma_sandbox/test_agents_controls.py",
        "-k",
        "not where_it_was_put",
    ),
    RAY_3_TELLS: ("tests/luma_sandbox/test_agents.py", "-k", "minute or at_once or errors_in or without_limits"),
    DREAM_TAKES: (
        "tests/luma_sandbox/test_rules.py",
        "tests/luma_sandbox/test_stills.py",
        "-k",
        "refused or published or left_out or ray_1_6 or form",
    ),
    DREAM_GIVES: ("tests/luma_sandbox/test_api.py", "-k", "lives or urls or thumbnail"),
    DREAM_EDITS: (
        "tests/luma_sandbox/test_prices.py",
        "tests/luma_sandbox/test_edits.py",
        "-k",
        "settled or is_charged",
    ),
    PAGES: ("tests/luma_sandbox/test_browsers.py", "-k", "not real_browser"),
    HTTPS: ("tests/luma_sandbox/test_tls.py", "-k", "it_is or authority or cannot_be_used or names or assets_are_on"),
}


@dataclass(frozen=True)
class Mutant:
    """One piece of handling to remove: ``old`` is found once in ``file`` (or folder), and ``new`` replaces it.

    ``selection``: other tests than its row's, as arguments of pytest. ``postgres``: it concerns PostgreSQL alone.
    ``seconds``: the time limit of a single test.
    """

    row: str
    what: str
    file: str
    old: str
    new: str
    selection: tuple[str, ...] = ()
    postgres: bool = False
    seconds: int = 30

    @property
    def tests(self) -> tuple[str, ...]:
        return self.selection or TESTS[self.row]
