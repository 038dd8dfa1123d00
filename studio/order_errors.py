"""Errors of an order, in words: what happened to it, where, and what a person can do."""

from __future__ import annotations

from studio.errors import (
    GenerationFailed,
    GenerationGone,
    InDoubt,
    Moderated,
    NotFound,
    RateLimited,
    ServiceFailed,
)
from studio.failures import FailureClass
from studio.ledger import OrderRow

PINNED = (
    "nothing was bought for it: name a generation that is completed, or take the field out, and the scene is made from "
    "its prompt"
)


def in_doubt(row: OrderRow, why: str = "") -> InDoubt:
    """The error for an order that nobody knows the end of, with the two commands that settle it."""
    order = row.key[:12]
    return InDoubt(
        f"nobody knows whether order {order} was accepted ({row.reason or 'its sender ended before the answer came'}"
        f"{'; ' + why if why else ''}); it is not sent again, so that it cannot be bought twice",
        order=row.key,
        where=f"scene '{row.scene}'",
        hint="run the same command again later: it is looked for again. Or "
        f"look at the generations of the account around {row.reserved_at:%Y-%m-%d %H:%M:%S} UTC, then either\n"
        f"      python -m flows.reconcile --adopt {order} GENERATION    it is there: use it\n"
        f"      python -m flows.reconcile --release {order}             it is not: it may be sent again"
        + (f"\n      Luma's support can look for it: {said}" if (said := traced(row)) else ""),
    )


def traced(row: OrderRow) -> str:
    """The names under which the service's support finds an order's create; empty where it was sent without one."""
    if row.request_id is None:
        return ""
    told = "" if row.request_id == row.token else f", sent as {row.token}"
    return f"X-Request-Id {row.request_id}{told}"


def gone(row: OrderRow) -> GenerationGone:
    """The error for a generation that was paid for and that the service does not have any more."""
    order = row.key[:12]
    return GenerationGone(
        f"generation {row.generation_id} of order {order} was paid for, and is no longer at the service",
        where=f"scene '{row.scene}'",
        hint="it is not bought again by itself. If it was deleted, have it made once more, for its price:\n"
        f"      python -m flows.reconcile --release {order}    the same take again\n"
        f"      --retake {row.scene}                           another take",
    )


def generation_failed(reason: str | None, kind: FailureClass | None, *, scene: str) -> GenerationFailed:
    """The error for a generation that the service failed: final where its content was refused, else worth another."""
    text = reason or "no reason given"
    where = f"scene '{scene}'"
    if kind is FailureClass.MODERATION:
        part = _part(text)
        hint = f"change its {part}; or, as the verdict is not always the same, try another take: --retake {scene}"
        return Moderated(f"the service refused the {part}: {text} (refunded)", reason=text, where=where, hint=hint)
    if kind is FailureClass.INPUT:
        hint = (
            "the service must be able to read and use the image or footage: check what it is, and that its URL is "
            "public and still valid"
        )
        return GenerationFailed(f"generation failed: {text} (refunded)", reason=text, where=where, hint=hint)
    if kind is FailureClass.ACCOUNT:
        hint = "add credit to the account, then run the same command again"
        return GenerationFailed(f"generation failed: {text} (refunded)", reason=text, where=where, hint=hint)
    hint = "the failure is the service's own, and nothing was charged: run the same command again"
    return ServiceFailed(f"generation failed: {text} (refunded)", reason=text, where=where, hint=hint)


def _part(reason: str) -> str:
    """Which part of an order its moderation speaks of, by the services' own words."""
    text = reason.lower()
    if text.startswith("content_moderated"):
        return "output" if "output" in text else "prompt or a picture"
    return "start or end image" if "frame" in text else "output" if "output" in text else "prompt"


def held_back(scene: str, seconds: float) -> RateLimited:
    """The error for an order that is not sent, because the service takes no creates for longer than is waited."""
    error = RateLimited(f"the service takes no creates for {seconds:.0f} s more", retry_after=seconds, status=None)
    error.where = f"scene '{scene}'"
    error.hint = "nothing was bought for this scene: run the same command again later"
    return error


def pinned_failed(generation_id: str, reason: str | None, *, scene: str) -> GenerationFailed:
    """The error for a generation that a scene names and that the service failed: nothing of ours, and never ordered."""
    text = reason or "no reason given"
    return GenerationFailed(
        f"generation {generation_id} failed at the service: {text}", reason=text, where=_pin(scene), hint=PINNED
    )


def pinned_missing(generation_id: str, *, scene: str) -> NotFound:
    """The error for a generation that a scene names and that the account does not have."""
    error = NotFound(f"the account has no generation {generation_id}", status=404)
    error.where, error.hint = _pin(scene), PINNED
    return error


def _pin(scene: str) -> str:
    return f"scene '{scene}', field 'generation'"
