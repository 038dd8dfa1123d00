"""The tree of every error of Studio Producer. The exit status of the command stands on the right.

StudioError                           1
├── BadInput                          2   what the user wrote; nothing was spent
│   ├── ProductionError               2   the production file: one or many Problems
│   ├── AssetError                    2   a seed asset that is missing, unreadable or unreachable
│   ├── SettingsError                 2   an environment variable, an option, a price book
│   ├── SpeechError                   2   a text that cannot be spoken: its letters, its length, its voice or engine
│   │   └── NoEngine                  2   the program that speaks is not installed
│   └── NotConfirmed                  2   a billed run that nobody agreed to
│       └── NotApproved               2   a plan or film that a person was asked about, and rejected
├── OverBudget                        3   a cap of run, production or month would be exceeded
├── InDoubt                           4   a create was sent, and it is not known whether it was accepted
├── ServiceError                      1   the service's answer to one call
│   ├── NotSent                       1   the request never reached it: safe to send again
│   │   ├── RateLimited               1   429: sent, refused, not billed; carries retry_after and a LimitKind
│   │   └── Untrusted                 1   the server's certificate is not trusted: another try would bring the same
│   ├── Refused                       1   400, 401, 402, 403, 404, 413, 422: final, nothing billed
│   │   ├── Unauthorized              1   401, 403
│   │   ├── OutOfCredit               1   402
│   │   └── NotFound                  1   404
│   └── Ambiguous                     1   time-out, reset, 5xx, any status that is no documented refusal, unreadable:
│                                         it may have been accepted
├── GenerationFailed                  1   the service accepted the order and then failed it (refunded)
│   ├── Moderated                     1   final for this input
│   └── ServiceFailed                 1   the service's own failure: may be ordered again
├── GenerationGone                    1   paid for, and no longer at the service
├── NoSlot                            1   no slot of the account came free, and nothing moved
├── StillRunning                      1   not finished in time; the next run goes on waiting
├── DownloadError                     1   a clip that could not be fetched
│   └── AssetExpired                  1   its signed URL is no longer valid: ask for a fresh one
├── MediaError                        1   a clip or film that is not what it should be
│   ├── BadClip                       1   truncated, damaged, of the wrong kind or hostile
│   │   └── Undecoded                 1   its picture has a codec that cannot be decoded here
│   ├── OddClip                       1   another size or length than ordered: kept, and used only where that is allowed
│   ├── FfmpegError                   1   ffmpeg ended with an error; carries its log
│   └── FilmMismatch                  1   the film differs from the plan, and is not kept
├── CannotWrite                       1   a file of ours cannot be written: a full or read-only disk
├── StoreError                        1   the store of films or clips that machines share fails for now
│   └── StoreRefused                  1   it refuses: no such bucket, no rights; another try would bring the same
├── LedgerError                       1   the ledger cannot be read or written
├── PrefectBusy                       1   Prefect's server let no task begin; what was ordered is kept
├── Incomplete                        1   the run ended without some scenes; what was made is kept
├── NotDelivered                      1   the film is made, and some of its deliveries are not
└── RowsFailed                    1 to 4   some films of a table were not made; the status is the worst of theirs

An error's text says what happened, where, and what to do next. It never holds an API key or a signed URL, nor
anything that a terminal would obey: file names, logs and services' texts are printed with it. Remedies are values
(``studio/remedies.py``); the front-end that shows the error words them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from studio.cleaning import printable
from studio.remedies import Text, Wording, Words, current, joined, text_of


class StudioError(Exception):
    """Base of all. ``where`` names file, scene and field; ``hint`` says what to do next.

    Each may hold remedies. Read as strings, they have the words of the front-end whose block the error has left, else
    of the one in whose block they are read, else neutral ones.
    """

    exit_status = 1

    def __init__(self, message: Words, *, where: Words = "", hint: Words = "") -> None:
        self._wording: Wording | None = None
        self._message, self._where, self._hint = (text_of(part).printable() for part in (message, where, hint))
        super().__init__(self.message)

    @property
    def message(self) -> str:
        return self._shown(self._message)

    @property
    def where(self) -> str:
        return self._shown(self._where)

    @where.setter
    def where(self, where: Words) -> None:
        self._where = text_of(where).printable()

    @property
    def hint(self) -> str:
        return self._shown(self._hint)

    @hint.setter
    def hint(self, hint: Words) -> None:
        self._hint = text_of(hint).printable()

    @property
    def hint_text(self) -> Text:
        """The hint with its remedies as values, for another error."""
        return self._hint

    @property
    def text(self) -> Text:
        """All of it with its remedies as values."""
        return _told(self._where, self._message, self._hint)

    def worded(self, wording: Wording | None) -> str:
        """All of it in the words of one front-end; in neutral ones for None."""
        return self.text.worded(wording)

    def shown_by(self, wording: Wording | None) -> None:
        """Keep the words of a front-end for wherever it is shown from now on. The first one counts."""
        self._wording = self._wording or wording

    def __str__(self) -> str:
        return self._shown(self.text)

    def _shown(self, part: Text) -> str:
        return part.worded(self._wording or current())


def _told(where: Words, message: Words, hint: Words) -> Text:
    """``where: message``, and the hint in a line of its own, as far as each is there."""
    where, message, hint = text_of(where), text_of(message), text_of(hint)
    told = text_of(where, ": ", message) if where.parts else message
    return text_of(told, "\n  → ", hint) if hint.parts else told


class BadInput(StudioError):
    """The user's input cannot be used. Nothing was spent."""

    exit_status = 2


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a production file.

    ``where`` reads ``coffee.yaml:12, scene 'arrival', field 'duration'`` as far as each is known.
    """

    where: str
    message: str
    hint: Words = ""

    @property
    def text(self) -> Text:
        """All of it with its remedies as values."""
        return _told(self.where, self.message, self.hint)

    def __str__(self) -> str:
        return str(self.text)


class ProductionError(BadInput):
    """The production file has one or more problems; all that could be found are listed."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(joined("\n", (p.text for p in self.problems)))


class AssetError(BadInput):
    """A seed asset is missing, is not what it says, or cannot be read by the service."""


class SettingsError(BadInput):
    """An environment variable, option or price book cannot be used."""


class SpeechError(BadInput):
    """A text that cannot be spoken: no such voice, letters that it has not, or a program that failed."""


class NoEngine(SpeechError):
    """The program that speaks is not installed. The hint is the command that installs it."""


class NotConfirmed(BadInput):
    """A run that would be billed was not agreed to."""


class NotApproved(NotConfirmed):
    """A plan, a draft or a film that a person rejected when asked; what was bought before is kept."""


class OverBudget(StudioError):
    """A cap would be exceeded. ``cap`` and ``needed`` in USD; nothing was bought beyond the cap."""

    exit_status = 3

    def __init__(self, message: Words, *, cap: Decimal, needed: Decimal, where: Words = "", hint: Words = "") -> None:
        super().__init__(message, where=where, hint=hint)
        self.cap = cap
        self.needed = needed


class InDoubt(StudioError):
    """A create was sent and its answer lost. The order is kept, and not sent again, until it is settled."""

    exit_status = 4

    def __init__(self, message: Words, *, order: str, where: Words = "", hint: Words = "") -> None:
        super().__init__(message, where=where, hint=hint)
        self.order = order


class ServiceError(StudioError):
    """The service's answer to one call. ``status`` is the HTTP status, where there was one.

    ``request_id``: the service's name for the request, in the answer to a create that had one.
    """

    def __init__(self, message: Words, *, status: int | None = None, where: Words = "", hint: Words = "") -> None:
        super().__init__(message, where=where, hint=hint)
        self.status = status
        self.request_id: str | None = None


class NotSent(ServiceError):
    """The request did not reach the service. Nothing was bought."""


class LimitKind(StrEnum):
    """The limit that a 429 is about, as far as the answer's values tell."""

    RATE = "rate"  # requests a minute
    JOBS = "jobs"  # generations at once
    UNTOLD = "untold"  # the service does not say which of the two


class RateLimited(NotSent):
    """The service refused for now. ``retry_after`` in seconds, where it said so.

    ``kind``: the limit that is reached. ``per_minute``: how many creates a minute it allows, where the answer told it.
    """

    def __init__(
        self,
        message: Words,
        *,
        retry_after: float | None = None,
        status: int | None = 429,
        kind: LimitKind = LimitKind.UNTOLD,
        per_minute: int | None = None,
    ) -> None:
        super().__init__(message, status=status)
        self.retry_after, self.kind, self.per_minute = retry_after, kind, per_minute


class Untrusted(NotSent):
    """The certificate of the service, of a clip's host or of a bucket is not trusted. Nothing was sent; a retry is
    useless."""


class Refused(ServiceError):
    """The service refused the request for good. Nothing was bought."""


class Unauthorized(Refused):
    """The API key is missing, wrong, or not allowed to do this."""


class OutOfCredit(Refused):
    """The account's balance does not cover the request."""


class NotFound(Refused):
    """No such generation in this account."""


class Ambiguous(ServiceError):
    """The request may or may not have been accepted. ``answered``: the service did answer, but without an id."""

    def __init__(self, message: Words, *, status: int | None = None, answered: bool = False) -> None:
        super().__init__(message, status=status)
        self.answered = answered


class GenerationFailed(StudioError):
    """The service accepted an order and then failed it; it refunds what it charged. ``reason`` is its own text."""

    def __init__(self, message: Words, *, reason: str, where: Words = "", hint: Words = "") -> None:
        super().__init__(message, where=where, hint=hint)
        self.reason = reason


class Moderated(GenerationFailed):
    """The service refused the input for its content: final for this input."""


class ServiceFailed(GenerationFailed):
    """The generation failed through the service's own fault: the same order may be sent again."""


class GenerationGone(StudioError):
    """A paid generation is no longer at the service. Only a person can release its order to be sent again."""


class NoSlot(StudioError):
    """All slots of the account stayed taken for too long. Nothing was bought for this scene."""


class StillRunning(StudioError):
    """The generation was not finished in time. It is paid for; the next run goes on waiting for it."""


class DownloadError(StudioError):
    """A clip could not be fetched. It is paid for and can be fetched again."""


class AssetExpired(DownloadError):
    """The signed URL is no longer valid."""


class MediaError(StudioError):
    """A clip or film is not what it should be. ``path`` is the file, ``log`` what ffmpeg said."""

    def __init__(self, message: Words, *, path: str = "", log: str = "", where: Words = "", hint: Words = "") -> None:
        super().__init__(message, where=where or path, hint=hint)
        self.path = path
        self.log = printable(log)


class BadClip(MediaError):
    """A clip is truncated, damaged, of the wrong kind, or hostile."""


class Undecoded(BadClip):
    """The picture of a clip has a codec that cannot be decoded here."""


class OddClip(MediaError):
    """A clip or still of another size or length than was ordered. It is paid for, booked and kept."""


class FfmpegError(MediaError):
    """ffmpeg ended with an error."""


class FilmMismatch(MediaError):
    """The film differs from the plan in frames, size or duration. It is not kept."""


class CannotWrite(StudioError):
    """A film or a file beside it cannot be written: the disk is full or read-only. What was bought is kept.

    ``place`` is the file or folder; empty where only the disk's answer is known. ``answer`` is the system's, in words.
    """

    def __init__(
        self, message: Words, *, place: str = "", answer: str = "", where: Words = "", hint: Words = ""
    ) -> None:
        super().__init__(message, where=where, hint=hint)
        self.place, self.answer = place, answer


class StoreError(StudioError):
    """The store of films or clips that machines share cannot be read or written now. What was made is kept here."""


class StoreRefused(StoreError):
    """The store refuses, by its rights or because there is no such bucket: another try would bring the same."""


class LedgerError(StudioError):
    """The ledger cannot be read or written. Nothing is bought without it."""


class PrefectBusy(StudioError):
    """Prefect's server is too busy to let a task begin. What was ordered is kept."""


class Incomplete(StudioError):
    """The run ended without some scenes. ``missing`` lists their ids; what was made is kept."""

    def __init__(self, message: Words, *, missing: Sequence[str], where: Words = "", hint: Words = "") -> None:
        super().__init__(message, where=where, hint=hint)
        self.missing = tuple(missing)


class NotDelivered(StudioError):
    """Some deliveries of a film were not made. The film, its records and the other deliveries are there."""


class RowsFailed(StudioError):
    """Some films of a table were not made; the others were. ``rows``: what became of each, as in the summary.

    ``exit_status`` is the highest of those of the films that failed.
    """

    def __init__(
        self, message: Words, *, rows: Sequence[Mapping[str, Any]], exit_status: int, where: Words = "",
        hint: Words = "",
    ) -> None:  # fmt: skip
        super().__init__(message, where=where, hint=hint)
        self.rows = tuple(rows)
        self.exit_status = exit_status
