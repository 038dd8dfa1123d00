"""Classes of failed generations: whose fault a failure was, and so whether another try can help.

The class is set once, where the service's answer is read; only the class is stored and decided by. The Agents API gives
a code beside its text, and then the code alone counts; Dream Machine gives only a text.
"""

from __future__ import annotations

from enum import StrEnum


class FailureClass(StrEnum):
    """The party that caused a failure."""

    MODERATION = "moderation"  # a verdict on the prompt or pictures: final for that input
    INPUT = "input"  # something that we sent is not usable as it is
    ACCOUNT = "account"  # the account has no money left: another try fails, too
    SERVICE = "service"  # the service's own fault: may be ordered again


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
#: The texts of failures, of Dream Machine and the Agents API, that Luma documents.
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
    """The class of a failure code. An unknown code is the service's own failure, unless it names moderation."""
    known = CODES.get(code.strip().lower())
    if known is not None:
        return known
    return FailureClass.MODERATION if "moderat" in code.lower() else FailureClass.SERVICE


def failure_class(reason: str | None) -> FailureClass:
    """The class of a failure that has only a text.

    An unknown text is the service's own failure, unless it speaks of moderation.
    """
    text = " ".join((reason or "").lower().split())
    known = KNOWN.get(text.partition(":")[0].strip(". "))
    if known is not None:
        return known
    if any(word in text for word in _VERDICTS):
        return FailureClass.MODERATION
    return FailureClass.INPUT if text.startswith("failed to read user input") else FailureClass.SERVICE
