"""Mutants of limits that the service states, of traces of creates, and of decisions by values."""

from __future__ import annotations

from mutants_pieces import (
    ADMISSION,
    AGAIN,
    ANSWERS,
    BOOKS,
    DOOR,
    PINNED,
    TOLD,
    TRACED,
    VALUES,
    WHOM,
    WORDED,
    Mutant,
    of,
)

HOLDS, BOOKED = "studio/ledger/limits.py", "studio/ledger/values.py"
AGENTS, DREAM_MACHINE = "studio/providers/luma/agents.py", "studio/providers/luma/dream_machine.py"
SESSION, BUYING = "studio/execution/session.py", "studio/execution/steps.py"

LIMITED = (
    Mutant(TOLD, "any number is a limit", ANSWERS, " and len(value) <= MOST_DIGITS", ""),
    Mutant(TOLD, "none a minute is a limit", ANSWERS, "int(value) or None if believed", "int(value) if believed"),
    Mutant(TOLD, "no limit is read", AGENTS, "tells_limits=True", "tells_limits=False"),
    Mutant(TOLD, "a limit of nobody knows what", DREAM_MACHINE, "tells_limits=False", "tells_limits=True"),
    Mutant(TOLD, "one kind of 429", ANSWERS, "LimitKind.RATE if rate else LimitKind.JOBS", "LimitKind.RATE"),
    Mutant(TOLD, "it raises what the user set", BOOKED, "min(learnt, self.per_minute)", "learnt"),
    Mutant(
        TOLD,
        "without it there is none",
        BOOKED,
        "own = self.usual_per_minute if self.per_minute is None else self.per_minute",
        "own = self.per_minute",
    ),
    Mutant(TOLD, "the tier's is the user's", SESSION, "self.settings.per_minute, tier", "tier.per_minute, tier"),
    Mutant(TOLD, "not kept after a create", DOOR, "await self._learn(row.account, row.pool, generation", "(generation"),
    Mutant(
        TOLD,
        "not kept after a 429",
        DOOR,
        "self._learn(intent.account, intent.pool, limited.",
        "asyncio.sleep(0, limited.",
    ),
    Mutant(
        TOLD, "not gone by", ADMISSION, "limits.with_learnt(learnt(connection, intent.account, intent.pool))", "limits"
    ),
    Mutant(TOLD, "nobody is held back", DOOR, "await self._hold_back(intent, limited, pause)", "pass"),
    Mutant(TOLD, "an hour's wait is a minute", DOOR, "max(asked, SHORTEST_WAIT)", "min(asked, LONGEST_WAIT)"),
    Mutant(TOLD, "waited for beyond patience", DOOR, "if reservation.limited and rest > self._patience:", "if False:"),
    Mutant(
        TOLD,
        "a job's end is not waited for",
        DOOR,
        "SHORTEST_WAIT if limited.kind is LimitKind.JOBS else pause",
        "pause",
    ),
    Mutant(
        TOLD, "a job's end frees nobody", ADMISSION, "is LimitKind.JOBS and each.freed is None", "is LimitKind.JOBS"
    ),
    Mutant(
        TOLD,
        "a job's end frees everybody",
        ADMISSION,
        "use_freed(connection, intent.account, intent.pool, each.freed)",
        "pass",
    ),
    Mutant(TOLD, "what was never made frees a place", HOLDS, "orders.c.state.in_(DONE)", "orders.c.state.is_not(None)"),
    Mutant(TOLD, "what ended long ago frees a place", HOLDS, "orders.c.finished_at > since", "orders.c.key != ''"),
    Mutant(TOLD, "the shorter hold counts", HOLDS, "until if before is None else max(until, before)", "until"),
    Mutant(TOLD, "a hold never ends", HOLDS, ", holds.c.until > now)", ")"),
    Mutant(
        TOLD,
        "another pool for stills",
        "studio/planning/plan.py",
        "(still_models()[self.model] if self.is_still else video_models()[self.model]).pool",
        '("uni" if self.api == "agents" else "photon") if self.is_still else video_models()[self.model].pool',
    ),
    Mutant(TOLD, "earlier names do not count", BOOKED, '("agents", "ray-3", "uni")', '("agents",)'),
    Mutant(TRACED, "a create is sent without", DOOR, "request_id=row.token", 'request_id=""'),
    Mutant(
        TRACED, "no header carries it", ANSWERS, "return {TRACE: request_id} if request_id else None", "return None"
    ),
    Mutant(TRACED, "it is not kept", BOOKS, '"request_id": token,', '"request_id": None,'),
    Mutant(TRACED, "an error's is not read", ANSWERS, "error.request_id = request_id(headers)", "pass"),
    Mutant(TRACED, "a create's is not read", ANSWERS, "made, request_id=request_id(answer), ", "made, "),
    Mutant(TRACED, "a lost one's is not kept", DOOR, "error.message, kind, request_id=name", "error.message, kind"),
    Mutant(TRACED, "anything is a name", ANSWERS, "if _REQUEST_ID.fullmatch(value)", "if value"),
    Mutant(TRACED, "an attempt loses it", "studio/ledger/queries.py", "request_id=named, ", ""),
    Mutant(TRACED, "who has lost one is not told", WORDED, "if (said := traced(row)) else", "if False else"),
    Mutant(
        TRACED,
        "reconciling does not tell",
        "studio/execution/reconciliation_lines.py",
        'return f" ({said})" if said else ""',
        'return ""',
    ),
    Mutant(WHOM, "it is not sent", AGENTS, 'sent["user_id"] = user_id', "pass"),
    Mutant(WHOM, "a title can be tried out against it", SESSION, "hmac.new(ledger.encode(), ", 'hmac.new(b"", '),
    Mutant(
        WHOM,
        "it cannot be turned off",
        SESSION,
        ' if settings.user_id else ""',
        "",
        of("purchasing/traces", "setting"),
        seconds=200,
    ),
    Mutant(
        PINNED,
        "it is ordered again",
        AGAIN,
        "if pinned or failed >=",
        "if failed >=",
        of("execution/retries", "what_is_ordered"),
    ),
    Mutant(
        PINNED,
        "it failed like any other",
        BUYING,
        "raise pinned_failed(generation_id, reason, scene=shot.scene)",
        "pass",
        of("execution/retries", "pinned_generation_that_failed"),
        seconds=200,
    ),
    Mutant(
        PINNED,
        "it is missing like any other",
        BUYING,
        "raise pinned_missing(generation_id, scene=shot.scene) from None",
        "raise",
        of("execution/retries", "not_there"),
        seconds=200,
    ),
    Mutant(VALUES, "a code's text is its verdict", AGENTS, "failure_of_code(code) if code else failure", "failure"),
    Mutant(VALUES, "a new verdict is none", "studio/failures.py", 'if "moderat" in code.lower()', "if False"),
    Mutant(
        VALUES,
        "a refusal is tried again",
        AGAIN,
        " and not isinstance(error, Refused | Untrusted | Ambiguous | StoreRefused)",
        "",
    ),
    Mutant(VALUES, "moderation is tried for ever", AGAIN, "return attempt <= self.moderated", "return True"),
    Mutant(VALUES, "the library has rules of its own", AGAIN, "if not self.worth(error):", "if False:"),
)
