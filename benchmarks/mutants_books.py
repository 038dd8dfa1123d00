"""Mutants of the ledger: what counts in which cap, settlements by hand, films that share a budget, clocks."""

from __future__ import annotations

from mutants_pieces import BOOKS, BUDGETS, BY_HAND, CLOCKS, JOURNAL, MONTHS, SECOND, SETTLING, SUSPENSE, Mutant, of

WAYS = of("purchasing/states", "every_way")
AGAIN = of("purchasing/absent_orders", "day or after_all")
HAND = "studio/ledger/by_hand.py"
SETTLED_BY_HAND = "studio/execution/settle_by_hand.py"
RECONCILING = "studio/execution/reconciliation.py"
SHARED = "studio/ledger/budgets.py"
BUYING = "studio/execution/steps.py"
RUN = "studio/execution/run.py"
SESSION = "studio/execution/session.py"
CHECKED = of("purchasing/states", "only_what_can_be")

KEPT = (
    Mutant(
        SUSPENSE,
        "it counts no more",
        BOOKS,
        '"absent", amount=-row.price, suspense=row.price,',
        '"absent", amount=-row.price,',
    ),
    Mutant(
        SUSPENSE,
        "no cap counts it",
        "studio/ledger/admission.py",
        "entries.c.amount), 0), func.coalesce(func.sum(entries.c.suspense), 0)",
        "entries.c.amount), 0),",
    ),
    Mutant(
        SUSPENSE,
        "a cap on creates has room for it",
        "studio/ledger/admission.py",
        'in_(("released", "settled"))',
        'in_(("released", "settled", "absent"))',
        ("tests/purchasing/test_states.py", "tests/ledger/test_admission.py", "-k", "undone or number_of_creates"),
    ),
    Mutant(
        SUSPENSE,
        "found after all, it counts twice",
        BOOKS,
        "suspense=-back, generation_id=generation_id, note=note, by_hand=by_hand,",
        "generation_id=generation_id, note=note, by_hand=by_hand,",
        WAYS,
    ),
    Mutant(
        SUSPENSE,
        "answered late, it counts twice",
        BOOKS,
        'OrderState.SUBMITTED, "submitted", amount=amount, suspense=-back,',
        'OrderState.SUBMITTED, "submitted", amount=amount,',
        WAYS,
    ),
    Mutant(
        SUSPENSE,
        "sent again and answered late, it counts thrice",
        BOOKS,
        "if begun is None else begun.amount, suspense=-suspense,",
        "if begun is None else begun.amount,",
        of("purchasing/states", "second"),
    ),
    Mutant(
        SECOND,
        "a second generation that was paid for is not used",
        BOOKS,
        "if self._take_up(connection, row):",
        "if False:",
        of("ledger/books", "second"),
    ),
    Mutant(
        SECOND,
        "a second generation that failed is taken up for ever",
        BOOKS,
        'if line.kind == "adopted"), None)',
        "if True), None)",
        of("ledger/books", "second"),
    ),
    Mutant(
        SECOND,
        "a second generation's refund goes to the wrong attempt",
        JOURNAL,
        "if line.generation_id == row.generation_id), row.attempt)",
        "if line.generation_id == row.generation_id and False), row.attempt)",
        of("ledger/books", "second"),
    ),
    Mutant(
        SUSPENSE,
        "it is certain at once",
        SETTLING,
        "if now - doubted < CERTAIN_AFTER or in_the_way:",
        "if in_the_way:",
        AGAIN,
    ),
    Mutant(
        SUSPENSE,
        "it is certain though something is in the way",
        SETTLING,
        "if now - doubted < CERTAIN_AFTER or in_the_way:",
        "if now - doubted < CERTAIN_AFTER:",
        AGAIN,
    ),
    Mutant(
        SUSPENSE,
        "it is certain without a proof",
        SETTLING,
        'if verdict != "absent":',
        "if False:",
        AGAIN,
    ),
    Mutant(
        MONTHS,
        "it counts in the month in which it is given back",
        JOURNAL,
        '"counted_at": begun.counted_at if begun is not None else at',
        '"counted_at": at',
    ),
    Mutant(
        MONTHS,
        "it counts in the run that ordered again",
        JOURNAL,
        '"run": begun.run if begun is not None else row.run',
        '"run": row.run',
    ),
    Mutant(
        MONTHS,
        "it counts for the film that ordered again",
        JOURNAL,
        '"film": begun.film if begun is not None else row.film',
        '"film": row.film',
    ),
    Mutant(BY_HAND, "fewer than eight characters name an order", RECONCILING, "len(wanted) < LEAST or not", "not"),
    Mutant(
        BY_HAND,
        "any characters name an order",
        RECONCILING,
        'len(wanted) < LEAST or not set(wanted) <= set("0123456789abcdef")',
        "len(wanted) < LEAST",
    ),
    Mutant(BY_HAND, "one of two orders is meant", RECONCILING, "if len(found) != 1:", "if not found:"),
    Mutant(
        BY_HAND,
        "a still is adopted for a clip",
        SETTLED_BY_HAND,
        'if generation.kind and (generation.kind == "image") != picture:',
        "if False:",
        CHECKED,
    ),
    Mutant(
        BY_HAND,
        "what another model made is adopted",
        SETTLED_BY_HAND,
        "if model and ordered and model != ordered:",
        "if False:",
        CHECKED,
    ),
    Mutant(
        BY_HAND,
        "what names another order is adopted",
        SETTLED_BY_HAND,
        "if token is not None and token != row.token:",
        "if False:",
        CHECKED,
    ),
    Mutant(
        BY_HAND,
        "an order that stands is given another generation",
        BOOKS,
        "if row.state is not OrderState.IN_DOUBT and not (row.state is OrderState.RELEASED and back):",
        "if False:",
    ),
    Mutant(
        BY_HAND,
        "what stands is released",
        HAND,
        "if not unsure:",
        "if False:",
    ),
    Mutant(
        BY_HAND,
        "what no person did is undone",
        HAND,
        'not last.by_hand or last.kind == "undone"',
        'last.kind == "undone"',
    ),
    Mutant(
        BY_HAND,
        "what was undone is undone again",
        HAND,
        'not last.by_hand or last.kind == "undone":',
        "not last.by_hand:",
    ),
    Mutant(BY_HAND, "an adoption whose clip is here is undone", HAND, "if row.clip is not None:", "if False:"),
    Mutant(BY_HAND, "an adoption that others are made from is undone", HAND, "if child is not None:", "if False:"),
    Mutant(
        BY_HAND,
        "a release of what is gone, undone, is in doubt",
        HAND,
        'was_gone = last.kind == "released" and last.amount == ZERO',
        "was_gone = False",
    ),
    Mutant(
        BY_HAND,
        "an adoption of what was absent, undone, is free",
        HAND,
        "amount, suspense = ZERO, ZERO  # it had",
        "pass  # it had",
    ),
    Mutant(
        BY_HAND,
        "what an adoption gave back is nobody else's",
        "studio/ledger/queries.py",
        '(entries.c.kind == "undone", -1)',
        '(entries.c.kind == "undone", 0)',
    ),
    Mutant(
        BY_HAND,
        "what is undone is no create",
        "studio/ledger/admission.py",
        "return sent - unsent + undone",
        "return sent - unsent",
    ),
    Mutant(
        BUDGETS,
        "a version has a budget of its own",
        SESSION,
        'Cap("production", written.budget_name,',
        'Cap("production", written.slug,',
    ),
    Mutant(
        BUDGETS,
        "an order counts for its version alone",
        BUYING,
        "account, film=run.plan.production.budget_name), price=price)",
        "account), price=price)",
    ),
    Mutant(
        BUDGETS,
        "a changed title begins a budget",
        SHARED,
        "if name != film and count and count * 2 >= len(set(keys)):",
        "if False:",
    ),
    Mutant(
        BUDGETS,
        "one shot in common joins two films",
        SHARED,
        "count * 2 >= len(set(keys))",
        "count > 0",
    ),
    Mutant(
        BUDGETS, "a film that was parted is joined again", SHARED, "if is_settled(ledger, film, realm):", "if False:"
    ),
    Mutant(
        BUDGETS,
        "what the other films spent is not counted",
        "studio/ledger/admission.py",
        "entries.c.film.in_((cap.scope_id, *cap.others))",
        "entries.c.film == cap.scope_id",
    ),
    Mutant(
        BUDGETS,
        "that films were joined is forgotten",
        RUN,
        "share(ledger, film, plan.budgeting.made_out_of, realm)",
        "pass",
    ),
    Mutant(BUDGETS, "that a film was parted is forgotten", RUN, "part(ledger, film, realm)", "pass"),
    Mutant(
        CLOCKS, "a host that is minutes off may buy", "studio/ledger/clock.py", "if abs(ahead) > REFUSED:", "if False:"
    ),
    Mutant(CLOCKS, "a session does not check its clock", SESSION, "    check_clock(ledger)\n", "", postgres=True),
    Mutant(
        CLOCKS,
        "leases go by this host's clock",
        "studio/ledger/clock.py",
        'if connection.dialect.name == "sqlite":',
        "if True:",
        postgres=True,
    ),
    Mutant(
        CLOCKS,
        "a database that serialises by default is left so",
        "studio/ledger/engine.py",
        'isolation_level="READ COMMITTED", ',
        "",
        postgres=True,
        seconds=60,
    ),
)
