"""Faults of a bucket, told in one line each: what is wrong, and what to set. Shared by all that is kept in one.

No text of a service is repeated, since it may hold the request: only its error code is.
"""

from __future__ import annotations

import importlib.util
import logging
import os
from dataclasses import dataclass

from studio.cleaning import clean
from studio.connections import trouble_of

CONFIG = {
    "signature_version": "s3v4",  # newer regions refuse the older signatures
    "connect_timeout": 10,
    "read_timeout": 60,
    "retries": {"max_attempts": 2},
}
PIP = "pip install 'studio-producer[s3]'"

# At debug level they log every signature, and the headers that hold it.
for _logger in ("botocore.auth", "botocore.endpoint"):
    logging.getLogger(_logger).addFilter(lambda _: False)


@dataclass(frozen=True)
class Fault:
    """A fault of a bucket. ``lasting``: another try would end the same; ``untrusted``: its certificate is not
    trusted."""

    said: str
    hint: str = ""
    lasting: bool = False
    untrusted: bool = False


def is_installed() -> bool:
    """True if buckets of S3 can be reached: the extra ``s3`` is installed."""
    return importlib.util.find_spec("s3fs") is not None


def client_options() -> dict[str, str]:
    """``SSL_CERT_FILE``, for a client that reads only ``AWS_CA_BUNDLE``, which takes precedence."""
    named = os.environ.get("SSL_CERT_FILE")
    return {"verify": named} if named and not os.environ.get("AWS_CA_BUNDLE") else {}


def client_errors() -> tuple[type[Exception], ...]:
    """The errors that a client of buckets raises."""
    known: tuple[type[Exception], ...] = (OSError, ValueError)
    if is_installed():
        from aiohttp import ClientError as Broken
        from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]

        known += (BotoCoreError, ClientError, Broken)
    return known


def fault_of(error: Exception, bucket: str, *, does: str = "written to", needs: str = "s3:PutObject and s3:GetObject",
             mends: str = "are AWS_ENDPOINT_URL and AWS_DEFAULT_REGION right?") -> Fault:  # fmt: skip
    """The fault behind an error of the client. ``does`` is what was tried with the bucket, ``needs`` the rights for it,
    ``mends`` what to look at where it cannot be reached."""
    if type(error).__name__ in ("NoCredentialsError", "PartialCredentialsError"):
        return Fault(
            "no credentials for S3 were found", "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE", True
        )
    if isinstance(error, FileNotFoundError):
        return Fault(f"there is no bucket '{bucket}'", "create it, or correct its name", True)
    code = code_of(error)
    if isinstance(error, PermissionError):
        return Fault(
            f"the bucket '{bucket}' may not be {does} with these credentials{code}", f"they need {needs} on it", True
        )
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or "https://"
    if isinstance(error, ValueError) and not endpoint.startswith(("http://", "https://")):
        return Fault("AWS_ENDPOINT_URL is no http or https address", "such as https://s3.example.com", True)
    trouble = trouble_of(error)
    # The client does not name the host it asked, and uses a file of authorities only if it is given one.
    said = trouble.said.replace("the server", "its endpoint") if trouble and not code else type(error).__name__
    untrusted = trouble is not None and trouble.untrusted
    return Fault(
        f"the bucket '{bucket}' cannot be reached: {said}{code}",
        trouble.hint if trouble is not None and untrusted else mends,
        lasting=untrusted or isinstance(error, ValueError),
        untrusted=untrusted,
    )


def code_of(error: Exception) -> str:
    """The service's own code for an error, in brackets; its message may repeat the request."""
    answer = getattr(error, "response", None) or getattr(error.__cause__, "response", None) or {}
    code = clean(str(answer.get("Error", {}).get("Code", "")), limit=60)
    return f" ({code})" if code else ""
