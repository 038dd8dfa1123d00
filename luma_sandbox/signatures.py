"""Signed asset URLs, each valid for a limited time and one asset, like those of the service's own storage."""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import urlencode


class Signer:
    """A signer of asset paths that verifies its own signatures."""

    def __init__(self, key: bytes, lifetime: float) -> None:
        self._key = key
        self._lifetime = lifetime

    def url(self, base: str, path: str, now: float) -> str:
        """A full URL for ``path`` that expires after this signer's lifetime."""
        expires = int(now + self._lifetime)
        query = urlencode({"expires": expires, "sig": self._sign(path, expires)})
        return f"{base.rstrip('/')}{path}?{query}"

    def holds(self, path: str, expires: str, sig: str, now: float) -> bool:
        """True if this signature is this signer's, for that path, and has not expired."""
        if not expires.isascii() or not expires.isdigit() or len(expires) > 12:
            return False
        return hmac.compare_digest(self._sign(path, int(expires)).encode(), sig.encode()) and now < int(expires)

    def _sign(self, path: str, expires: int) -> str:
        return hmac.new(self._key, f"{path}\n{expires}".encode(), hashlib.sha256).hexdigest()
