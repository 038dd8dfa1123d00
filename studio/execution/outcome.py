"""The outcome of a run: whether its film can be made, and the error that it ends with."""

from __future__ import annotations

from collections.abc import Mapping

from studio.errors import (
    BadInput,
    GenerationFailed,
    GenerationGone,
    Incomplete,
    InDoubt,
    OddClip,
    OutOfCredit,
    OverBudget,
    Refused,
    ServiceFailed,
    StudioError,
    Unauthorized,
)
from studio.execution.record import ShotResult
from studio.execution.run import Run
from studio.remedies import AGAIN, joined, text_of

# Errors after which the same order fails again until something is changed; NOT_FINAL are the exceptions among them.
FINAL = (BadInput, GenerationFailed, GenerationGone, OddClip, Refused)
NOT_FINAL = (OutOfCredit, ServiceFailed, Unauthorized)


def film_is_due(run: Run, results: Mapping[str, ShotResult], *, allow_missing: bool) -> bool:
    """True if every scene has its clips, or gaps are allowed and there is at least one clip."""
    there = {shot for shot, result in results.items() if result.clip is not None}
    complete = all(shot in there for cut in run.plan.cuts for shot in cut.shots)
    return bool(there) and (complete or allow_missing)


def failure_of(results: Mapping[str, ShotResult], *, film: bool, allow_missing: bool) -> StudioError | None:
    """The error that the run ends with: an order in doubt or a cap takes precedence over a failed scene."""
    failed = {i: r.error for i, r in results.items() if r.error is not None}
    for kind in (InDoubt, OverBudget):
        for error in failed.values():
            if isinstance(error, kind):
                return error
    missing = tuple(dict.fromkeys(r.shot.scene for r in results.values() if not r.made))
    if not missing or (allow_missing and film):
        return None
    reasons = joined("\n", dict.fromkeys(e.text if isinstance(e, StudioError) else str(e) for e in failed.values()))
    final = all(isinstance(error, FINAL) and not isinstance(error, NOT_FINAL) for error in failed.values())
    return Incomplete(
        text_of(f"without a clip: {', '.join(missing)}\n", reasons),
        missing=missing,
        hint=text_of(
            "what was made is kept: ",
            *(("once that is put right, ",) if final else (AGAIN, ", and ")),
            "only what is missing is paid for",
        ),
    )
