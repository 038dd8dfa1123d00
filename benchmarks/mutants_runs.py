"""Mutants of runs: new takes, a restored or lost ledger, and reconciliation."""

from __future__ import annotations

from mutants_pieces import BOOKS, DOOR, RECONCILED, RESTORED, RETAKES, VALUES, Mutant, of

RECONCILING = "studio/execution/reconciliation.py"
TAKES = "studio/planning/takes.py"
ASKED = "studio/ledger/new_takes.py"
BUYING = "studio/execution/steps.py"
RUN = "studio/execution/run.py"
SESSION = "studio/execution/session.py"
MARK = "studio/ledger/mark.py"
FLOW_RESTORED = of("integration/restored", "lacks_is_adopted_from")

RUNS = (
    Mutant(
        RETAKES,
        "the same command means another take",
        TAKES,
        "r for r in still_open if r.command == command",
        "r for r in still_open if False",
    ),
    Mutant(
        RETAKES,
        "a take that a film has is what another command means",
        TAKES,
        "r for r in still_open if r.take not in filmed",
        "r for r in still_open",
    ),
    Mutant(
        RETAKES,
        "a take that no film has is bought anew",
        TAKES,
        "r for r in still_open if r.take not in filmed",
        "r for r in still_open if False",
    ),
    Mutant(
        RETAKES,
        "a take that moderation refused is gone on with",
        TAKES,
        "moderated = {row.take for row in latest if row.moderated}",
        "moderated = set()",
    ),
    Mutant(
        RETAKES,
        "a take that moderation refused stays open",
        TAKES,
        "refused = [r.id for r in asked if r.ended_at is None and r.take in moderated]",
        "refused = []",
    ),
    Mutant(
        RETAKES,
        "a run that is retried means another take",
        TAKES,
        'if request.run == run and run and request.outcome == "film":',
        "if False:",
    ),
    Mutant(
        RETAKES,
        "a take that was begun before takes were written down is bought anew",
        TAKES,
        "if (begun and highest.take not in {r.take for r in asked}) or (run and highest.run == run):",
        "if False:",
        of("execution/session", "take"),
    ),
    Mutant(
        RETAKES,
        "a take that is gone is gone on with",
        TAKES,
        " and highest.state is not OrderState.GONE",
        "",
    ),
    Mutant(
        RETAKES,
        "two runs of one command make two takes",
        ASKED,
        "if same is not None and same.take != take:",
        "if False:",
    ),
    Mutant(
        RETAKES,
        "a run that is retried asks for its take once more",
        ASKED,
        'r.ended_at is None or (r.run == run and r.outcome == "film")',
        "r.ended_at is None",
    ),
    Mutant(
        RETAKES,
        "a film ends retakes that it does not show",
        ASKED,
        '_end(ledger, "film", retakes.c.run == run, retakes.c.scene.in_(scenes))',
        '_end(ledger, "film", retakes.c.run == run)',
    ),
    Mutant(
        RETAKES,
        "a run without a film ends them",
        RUN,
        "if film and self.plan.retaking is not None:",
        "if self.plan.retaking is not None:",
    ),
    Mutant(
        RETAKES,
        "withdrawing one withdraws all",
        ASKED,
        "retakes.c.production == production, retakes.c.scene == scene\n    )",
        "retakes.c.production == production\n    )",
    ),
    Mutant(RETAKES, "nothing is written down", RUN, "if plan.retaking is not None:", "if False:"),
    Mutant(
        RESTORED,
        "a recorded result is trusted",
        BUYING,
        "if row is not None and row.generation_id == generation_id:\n        return True",
        "if True:\n        return True",
    ),
    Mutant(
        RESTORED,
        "a result that the service lacks is booked",
        BUYING,
        "except NotFound:\n        return False\n    note",
        "except NotFound:\n        pass\n    note",
    ),
    Mutant(
        RESTORED,
        "an order in doubt is not settled by its result",
        BUYING,
        "if row is not None and row.state is OrderState.IN_DOUBT:\n        await",
        "if False:\n        await",
    ),
    Mutant(
        RESTORED,
        "another order's generation is booked",
        BOOKS,
        "owner = self.owner(connection, intent.realm, intent.provider, generation_id)\n",
        "owner = None\n",
    ),
    Mutant(
        RESTORED,
        "it costs nothing",
        BOOKS,
        'self.note(connection, begun, "reserved", amount=intent.price, text=note)',
        'self.note(connection, begun, "reserved", text=note)',
    ),
    Mutant(
        RESTORED,
        "in a flow, a recorded order is trusted",
        "flows/shooting.py",
        "if made.is_completed() and not await in_the_books(run, shot, await made.aresult()):",
        "if False:",
        FLOW_RESTORED,
        seconds=200,
    ),
    Mutant(
        RESTORED,
        "the log beside the ledger is not read",
        BUYING,
        "if session.restored:",
        "if False:",
        of("integration/restored", "log_beside_it"),
        seconds=120,
    ),
    Mutant(
        VALUES,
        "a shot is ordered on top of a clip of any measures",
        BUYING,
        "if odd(ordered, seen.width, seen.height, seen.seconds) is None:",
        "if True:",
        of("execution/odd_clips", "kept_and_not_used"),
        seconds=300,
    ),
    Mutant(
        VALUES,
        "a clip of any measures is used again",
        "studio/execution/kept.py",
        "if said is not None and not run.allow_odd:",
        "if False:",
        of("execution/odd_clips", "kept_and_not_used"),
        seconds=300,
    ),
    Mutant(RESTORED, "nothing is looked for before sending", DOOR, "if self._restored:", "if False:"),
    Mutant(
        RESTORED,
        "a list that cannot be read is no reason to wait",
        DOOR,
        "raise NotSent(error.message, hint=error.hint_text) from error",
        "return",
    ),
    Mutant(
        RESTORED,
        "a session does not notice",
        SESSION,
        "self.restored = self.mark.restored(ledger)",
        "self.restored = False",
    ),
    Mutant(
        RESTORED,
        "the door is not told",
        SESSION,
        "restored=self.restored,",
        "restored=False,",
        of("integration/restored", "without_recorded"),
        seconds=120,
    ),
    Mutant(
        RESTORED, "a session leaves no mark", SESSION, "await asyncio.to_thread(self.mark.set, self.ledger)", "pass"
    ),
    Mutant(
        RESTORED,
        "a run begins empty books all the same",
        RUN,
        "await asyncio.to_thread(check_ledger, self.session, self.plan)",
        "pass",
    ),
    Mutant(
        RESTORED,
        "clips are no sign of a lost ledger",
        RUN,
        'if any(session.store.root.glob("',
        'if False and any(session.store.root.glob("',
    ),
    Mutant(
        RESTORED,
        "films are no sign of it",
        RUN,
        "if any(session.settings.films.glob(",
        "if False and any(session.settings.films.glob(",
    ),
    Mutant(
        RESTORED, "another ledger is no sign of it", RUN, "if session.mark.knows_another(session.ledger):", "if False:"
    ),
    Mutant(RESTORED, "a copy replaces an older one", "studio/ledger/copies.py", "if path.exists():", "if False:"),
    Mutant(
        RECONCILED,
        "an order that cannot be looked for drops all others",
        RECONCILING,
        "            unread = error\n",
        "            raise\n",
    ),
    Mutant(
        RECONCILED,
        "an absent one that cannot be looked for drops all others",
        RECONCILING,
        'settled.unread.append(f"order {row.key[:12]}: {error.message}")\n        if outcome',
        "raise\n        if outcome",
    ),
    Mutant(
        RECONCILED,
        "a clip that cannot be fetched drops all others",
        RECONCILING,
        "except (DownloadError, MediaError, ServiceError):",
        "except (DownloadError, MediaError, ServiceError):\n            raise",
    ),
    Mutant(
        RECONCILED,
        "another account's list is believed",
        RECONCILING,
        "if row.account != session.service.access(api).account:",
        "if False:",
    ),
    Mutant(
        RECONCILED,
        "balance and books are of two moments",
        RECONCILING,
        "if held.under_way or await asyncio.to_thread(account_books, ledger, account) != held:",
        "if False:",
    ),
)
