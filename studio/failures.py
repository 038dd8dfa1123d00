"""Why a generation failed: whose fault it was, and so whether another try can help.

Read once, where a service's answer is; from then on the class is what is kept and decided by. The Agents API tells a
code beside its text, which alone counts then; Dream Machine has nothing but its text.
"""

from __future__ import annotations

from enum import StrEnum


class FailureClass(StrEnum):
    """Whose failure it was."""

    MODERATION = "moderation"  # a verdict on prompt or pictures: final for that input
    INPUT = "input"  # something that we sent cannot be used as it is
    ACCOUNT = "account"  # no money left, which is the same for the next try
    SERVICE = "service"  # the service's own: may be ordered again


#: ``failure_code`` of the Agents API.
CODES = {
    "content_moderated": FailureClass.MODERATION,
    "image_too_large": FailureClass.INPUT,
    "unsupported_format": FailureClass.INPUT,
    "corrupt_input": FailureClass.INPUT,
    "invalid_request": FailureClass.INPUT,
    "budget_exhausted": FailureClass.ACCOUNT,
    "generation_failed": FailureClass.SERVICE,
    "output_not_found": FailureClass.SERVICE,
    "rate_limited": FailureClass.SERVICE,
}
#: These, and the texts of Dream Machine, as far as Luma lists them.
KNOWN = CODES | {
    "contains blacklisted words": FailureClass.MODERATION,
    "frame moderation failed": FailureClass.MODERATION,
    "advanced prompt moderation failed": FailureClass.MODERATION,
    "failed to read user input frames": FailureClass.INPUT,
    "prompt processing failed": FailureClass.SERVICE,
    "error dispatching job": FailureClass.SERVICE,
    "job failed": FailureClass.SERVICE,
    "error processing callback": FailureClass.SERVICE,
}
_VERDICTS = ("moderation", "moderated", "blacklisted")


def failure_of_code(code: str) -> FailureClass:
    """The class of a failure code. One that nobody knows is the service's own, unless it names moderation."""
    known = CODES.get(code.strip().lower())
    if known is not None:
        return known
    return FailureClass.MODERATION if "moderat" in code.lower() else FailureClass.SERVICE


def failure_class(reason: str | None) -> FailureClass:
    """The class of a failure that is told in words alone.

    Words that nobody knows are the service's own, unless they speak of moderation.
    """
    text = " ".join((reason or "").lower().split())
    known = KNOWN.get(text.partition(":")[0].strip(". "))
    if known is not None:
        return known
    if any(word in text for word in _VERDICTS):
        return FailureClass.MODERATION
    return FailureClass.INPUT if text.startswith("failed to read user input") else FailureClass.SERVICE
