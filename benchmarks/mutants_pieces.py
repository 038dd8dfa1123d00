"""The pieces that ``mutants.py`` takes out, and the tests that should mind: what its lists of mutants are made of.

The rows are those of the tables in ``studio/orders.py`` and ``studio/settling.py``, and further handling of purchases
that stands in no table (``BESIDES``).
"""

from __future__ import annotations

from dataclasses import dataclass

DOOR, SETTLING, PROOF = "studio/orders.py", "studio/settling.py", "studio/proof.py"
LISTING, ENDS, WATCH, UNBOOKED = "studio/listing.py", "studio/ends.py", "studio/watch.py", "studio/unbooked.py"
WORDED, AGAIN = "studio/order_errors.py", "studio/retries.py"
BOOKS, ADMISSION, JOURNAL = "studio/ledger/books.py", "studio/ledger/admission.py", "studio/ledger/journal.py"
ANSWERS, PROVIDERS, MATCHING = "studio/providers/answers.py", "studio/providers", "studio/matching.py"

# Of the table in studio/orders.py. A row of several lines may count as several, and each is named.
BOUGHT = "bought before"
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
# Of the table in studio/settling.py.
TOKEN = "a generation with this order's own token"  # noqa: S105 - no password
SAME = "one asked for in the very same words, of that time"
LIKELY = "one that is only likely"
OTHER_TIME = "one that fits, of another time"
SILENT = "one that tells nothing of what was asked"
ABSENT = "none that fits, on two whole readings"
PROVEN = "grace period, on a list that is proven complete"
UNPROVEN = "none that fits, and the list is not proven"
# In no table.
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
    """Those tests of a file with this in their names: a mutant runs none that could not mind."""
    return (f"tests/test_{name}.py", *(("-k", selection) if selection else ()))


def door(selection: str) -> tuple[str, ...]:
    """Those of the door's tests with this in their names."""
    return ("tests/test_orders.py", "tests/test_orders_lost.py", "-k", selection)


LIMITS = of("admission")
ECHOES = of("matching_echoes")
FLOW = of("attempts", "failures_are_ordered_again")

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
    UNREADABLE: door("answer_is_found or not_accepted or cancelled"),
    KILLED: door("dead_sender"),
    BOOKING: of("states", "booked or booking"),
    ASLEEP: door("slept or lease"),
    NO_LIST: door("without_a_list or no_list or another_account"),
    GONE: of("states", "gone"),
    NO_SLOT: of("states", "slot"),
    TOKEN: door("callback"),
    SAME: (
        "tests/test_proof.py",
        "tests/test_twins.py",
        "tests/test_orders_lost.py",
        "-k",
        "adopted or another_ledger or sign or ours or answer_is_found",
    ),
    LIKELY: of("matching", "surely or alike"),
    OTHER_TIME: ("tests/test_proof.py", "tests/test_orders_lost.py", "-k", "outside_the_window or another_day"),
    SILENT: ECHOES,
    ABSENT: (
        "tests/test_listing.py",
        "tests/test_proof.py",
        "-k",
        "listing or pages or between or read or second_doubt",
    ),
    PROVEN: ("tests/test_witnesses.py", "tests/test_proof.py", "-k", "witness_ or proves or leaves_out or learns"),
    UNPROVEN: ("tests/test_witnesses.py", "tests/test_proof.py", "-k", "witness_ or without_a or absence_counts"),
    FAILED: door("refunded"),
    LATE: of("watch", "time_out"),
    SUSPENSE: ("tests/test_states.py", "tests/test_proof.py", "-k", "every_way or every_cap or day or after_all"),
    MONTHS: ("tests/test_caps.py", "tests/test_admission.py", "-k", "november or another_month or another_run"),
    BY_HAND: of("states", "hand or adopt or undone or hangs or named"),
    RETAKES: of("retakes", "not refused_retake"),
    BUDGETS: of("caps", "budget or title or joined"),
    RESTORED: of("restored", "not lacks_is_adopted_from and not without_recorded"),
    CLOCKS: of("caps", "clock or serialises"),
    RECONCILED: of("reconciling"),
    TOLD: of("rate_limits"),
    TRACED: of("traces", "not setting"),
    WHOM: of("traces", "whom or opaque"),
    PINNED: of("retries", "pinned or what_is_ordered_again"),
    VALUES: ("tests/test_words.py", "tests/test_retries.py", "-k", "words or code or same_again or what_is_ordered"),
    NAMED: of("nobody_spends_by_accident", "not command and not flow and not plan"),
    FOOTAGE: of("footage_measured", "not shows and not remote and not place and not limit"),
    PRICED: of("pricing"),
    CHOSEN: of("drawing"),
    TOGETHER: of("drawing"),
    REHEARSED: ("tests/sandbox/test_takes.py", "-k", "not replayed and not picture"),
    RAY_3_REFUSES: ("tests/sandbox/test_agents_rules.py",),
    RAY_3_COSTS: ("tests/sandbox/test_agents_prices.py",),
    RAY_3_SHAPES: (
        "tests/sandbox/test_agents_shapes.py",
        "tests/sandbox/test_agents_controls.py",
        "-k",
        "not where_it_was_put",
    ),
    RAY_3_TELLS: ("tests/sandbox/test_agents.py", "-k", "minute or at_once or errors_in or without_limits"),
    DREAM_TAKES: (
        "tests/sandbox/test_rules.py",
        "tests/sandbox/test_stills.py",
        "-k",
        "refused or published or left_out or ray_1_6 or form",
    ),
    DREAM_GIVES: ("tests/sandbox/test_api.py", "-k", "lives or urls or thumbnail"),
    DREAM_EDITS: ("tests/sandbox/test_prices.py", "tests/sandbox/test_edits.py", "-k", "settled or is_charged"),
    PAGES: ("tests/sandbox/test_browsers.py", "-k", "not real_browser"),
    HTTPS: ("tests/sandbox/test_tls.py", "-k", "it_is or authority or cannot_be_used or names or assets_are_on"),
}


@dataclass(frozen=True)
class Mutant:
    """One piece of handling taken out: ``old`` stands once in ``file`` (or folder), and ``new`` takes its place.

    ``selection``: other tests than its row's, as arguments of pytest. ``postgres``: it is about PostgreSQL alone.
    ``seconds``: how long a single test may take.
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
