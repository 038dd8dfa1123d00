"""The lifetime of a signed URL, read from the URL itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

from studio.errors import AssetError


def expires_at(url: str) -> datetime | None:
    """The time at which a signed URL expires (S3, Google, CloudFront, Azure); None where it does not say."""
    said = {name.lower(): value for name, value in parse_qsl(urlsplit(url).query)}
    try:
        for vendor in ("x-amz", "x-goog"):
            if f"{vendor}-date" in said and f"{vendor}-expires" in said:
                signed = datetime.strptime(said[f"{vendor}-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
                return signed + timedelta(seconds=int(said[f"{vendor}-expires"]))
        if "expires" in said and ("signature" in said or "hdnea" in said):
            return datetime.fromtimestamp(int(said["expires"]), UTC)
        if "se" in said and "sig" in said:
            end = datetime.fromisoformat(said["se"])
            return end if end.tzinfo else end.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        return None  # looks like a time, and is none
    return None


def check_lifetime(url: str, name: str, seconds: float, now: datetime) -> None:
    """Raise AssetError for a signed URL that expires within ``seconds`` from ``now``."""
    end = expires_at(url)
    if end is None:
        return
    left = (end - now).total_seconds()
    if left <= 0:
        raise AssetError("its signed URL has expired", where=f"asset '{name}'", hint="sign it anew")
    if left < seconds:
        raise AssetError(
            f"its signed URL ends in {span(left)}, and a run may wait for {span(seconds)}",
            where=f"asset '{name}'",
            hint="sign it for longer",
        )


def span(seconds: float) -> str:
    """Format a length of time: ``45 s``, ``30 min``, ``24 h``."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
