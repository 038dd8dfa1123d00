"""Errors of an order: they say what happened to it, where, and what a person can do."""

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
from studio.planning.plan import Shot
from studio.providers.registry import find_spec, provider_of
from studio.remedies import AGAIN, IN_TERMINAL, Reconcile, Settling, option, text_of

PINNED = (
    "nothing was bought for it: name a generation that is completed, or take the field out, and the scene is made from "
    "its prompt"
)


def in_doubt(row: OrderRow, why: str = "") -> InDoubt:
    """The error for an order whose outcome is unknown, with the two commands that settle it."""
    order = row.key[:12]
    return InDoubt(
        f"nobody knows whether order {order} was accepted ({row.reason or 'its sender ended before the answer came'}"
        f"{'; ' + why if why else ''}); it is not sent again, so that it cannot be bought twice",
        order=row.key,
        where=f"scene '{row.scene}'",
        hint=text_of(
            AGAIN, " later: it is looked for again. Or look at the generations of the account around "
            f"{row.reserved_at:%Y-%m-%d %H:%M:%S} UTC, then", IN_TERMINAL, " either\n"
            "      ", Reconcile(Settling.ADOPT, order), "    it is there: use it\n"
            "      ", Reconcile(Settling.RELEASE, order), "             it is not: it may be sent again"
            + (f"\n      {_vendor_of(row)}'s support can look for it: {said}" if (said := traced(row)) else ""),
        ),
    )  # fmt: skip


def _vendor_of(row: OrderRow) -> str:
    spec = find_spec(provider_of(row))
    return spec.vendor if spec is not None else "the service"


def traced(row: OrderRow) -> str:
    """The names under which the service's support finds an order's create; empty where it was sent without one."""
    if row.request_id is None:
        return ""
    told = "" if row.request_id == row.token else f", sent as {row.token}"
    return f"X-Request-Id {row.request_id}{told}"


def gone(row: OrderRow) -> GenerationGone:
    """The error for a generation that was paid for and that the service no longer has."""
    order = row.key[:12]
    return GenerationGone(
        f"generation {row.generation_id} of order {order} was paid for, and is no longer at the service",
        where=f"scene '{row.scene}'",
        hint=text_of(
            "it is not bought again by itself. If it was deleted, have it made once more, for its price", IN_TERMINAL,
            ":\n      ", Reconcile(Settling.RELEASE, order), "    the same take again\n"
            "      or another take: ", option("retake", row.scene),
        ),
    )  # fmt: skip


def generation_failed(reason: str | None, kind: FailureClass | None, shot: Shot) -> GenerationFailed:
    """The error for a generation that the service failed: final where its content was refused, else worth another."""
    told = reason or "no reason given"
    where = f"scene '{shot.scene}'"
    if kind is FailureClass.MODERATION:
        part = _part(told, shot)
        change = " or ".join({**_words(shot), **_pictures(shot)}.values()) or "the scene"
        hint = text_of(
            f"change {change}; or, as the verdict is not always the same, try another take: ",
            option("retake", shot.scene),
        )
        return Moderated(f"the service refused {part}: {told} (refunded)", reason=told, where=where, hint=hint)
    if kind is FailureClass.INPUT:
        hint = text_of(
            "the service must be able to read and use the image or footage: check what it is, and that its URL is "
            "public and still valid"
        )
        return GenerationFailed(f"generation failed: {told} (refunded)", reason=told, where=where, hint=hint)
    if kind is FailureClass.ACCOUNT:
        hint = text_of("add credit to the account, then ", AGAIN)
        return GenerationFailed(f"generation failed: {told} (refunded)", reason=told, where=where, hint=hint)
    hint = text_of("the failure is the service's own, and nothing was charged: ", AGAIN)
    return ServiceFailed(f"generation failed: {told} (refunded)", reason=told, where=where, hint=hint)


def refused_before(row: OrderRow) -> Moderated:
    """The error for an order whose very input moderation refused earlier: nothing is sent, and nothing is charged."""
    told = row.reason or "no reason given"
    return Moderated(
        f"the service refused this order before: {told} (refunded)", reason=told, where=f"scene '{row.scene}'",
        hint=text_of(
            "change the scene; or, as the verdict is not always the same, try another take: ",
            option("retake", row.scene),
        ),
    )  # fmt: skip


def _part(reason: str, shot: Shot) -> str:
    """The part of an order that its moderation speaks of, by the services' own words and what the order has."""
    said = reason.lower()
    words, pictures = list(_words(shot)), list(_pictures(shot))
    if "output" in said:
        meant = []
    elif said.startswith("content_moderated"):
        meant = [*words, *pictures]
    elif "frame" in said or "image" in said:
        meant = pictures
    else:
        meant = words or pictures
    return " or ".join(meant) or "what came of it"


def _words(shot: Shot) -> dict[str, str]:
    """The prompt of an order that has one, as a refusal and as a remedy names it."""
    return {"the prompt": "its prompt"} if shot.prompt else {}


def _pictures(shot: Shot) -> dict[str, str]:
    """The pictures and footage of an order, as refusals and remedies name them; none where it is made from text."""
    named = {
        "start image": shot.start, "end image": shot.end, "footage": shot.source,
        "reference picture": next(iter(shot.references), None),
        "guide picture": next((source for _, source in shot.guides), None),
    }  # fmt: skip
    found = {}
    for name, source in named.items():
        if source is not None and source.kind in ("image", "footage"):
            found[f"the {name}"] = f"its {name}"
        elif source is not None:
            found[f"what it is made from ('{source.ref}')"] = f"'{source.ref}', which it is made from"
    return found


def held_back(scene: str, seconds: float) -> RateLimited:
    """The error for an order that is not sent, as the service takes no creates for longer than the longest wait."""
    error = RateLimited(f"the service takes no creates for {seconds:.0f} s more", retry_after=seconds, status=None)
    error.where = f"scene '{scene}'"
    error.hint = text_of("nothing was bought for this scene: ", AGAIN, " later")
    return error


def pinned_failed(generation_id: str, reason: str | None, *, scene: str) -> GenerationFailed:
    """The error for a generation that a scene names and that the service failed: nothing of ours, and never ordered."""
    told = reason or "no reason given"
    return GenerationFailed(
        f"generation {generation_id} failed at the service: {told}", reason=told, where=_pin(scene), hint=PINNED
    )


def pinned_missing(generation_id: str, *, scene: str) -> NotFound:
    """The error for a generation that a scene names and that the account does not have."""
    error = NotFound(f"the account has no generation {generation_id}", status=404)
    error.where, error.hint = _pin(scene), PINNED
    return error


def _pin(scene: str) -> str:
    return f"scene '{scene}', field 'generation'"
