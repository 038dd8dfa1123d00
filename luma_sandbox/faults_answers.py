"""Answers that faults give instead of the real one."""

from __future__ import annotations

import json
import random
import struct
import zlib
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, replace
from typing import Any

from luma_sandbox.agents import refusal as agents
from luma_sandbox.faults import Fault

HTML = b"<!doctype html><html><head><title>Just a moment...</title></head><body><h1>Please wait</h1></body></html>"
PLAYLIST = b"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:5\n#EXTINF:5.0,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n"
TOO_MANY = "Rate limit exceeded"
A_MINUTE = 60  # stated by a 429 of the Agents API if neither the plan nor the account has a limit
TOO_MANY_AT_ONCE = "Concurrency limit exceeded"
NO_CREDIT = "Insufficient credits"
INVALID_KEY = "Invalid API key is provided"
EXPIRED = "Request has expired or its signature does not match"


@dataclass(frozen=True)
class Answer:
    """One HTTP answer."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    @classmethod
    def error(cls, status: int, detail: str, **headers: str) -> Answer:
        """A refusal in the service's form."""
        told = [(name.replace("_", "-").lower().encode(), value.encode()) for name, value in headers.items()]
        return cls(status, [(b"content-type", b"application/json"), *told], b"").with_body(
            json.dumps({"detail": detail}).encode()
        )

    @classmethod
    def page(cls) -> Answer:
        """An HTML page, where a client expects JSON."""
        return cls(200, [(b"content-type", b"text/html; charset=utf-8")], b"").with_body(HTML)

    def start(self) -> MutableMapping[str, Any]:
        """The first ASGI message."""
        return {"type": "http.response.start", "status": self.status, "headers": self.headers}

    def without(self, *names: str) -> Answer:
        """A copy without those headers."""
        gone = {name.encode() for name in names}
        return replace(self, headers=[header for header in self.headers if header[0].lower() not in gone])

    def with_body(self, body: bytes) -> Answer:
        """A copy with another body, and its right length."""
        shorter = self.without("content-length")
        return replace(shorter, headers=[*shorter.headers, (b"content-length", str(len(body)).encode())], body=body)

    def also(self, headers: Mapping[str, str]) -> Answer:
        """A copy with those headers added, replacing any of the same name."""
        bare = self.without(*(name.lower() for name in headers))
        return replace(bare, headers=[*bare.headers, *((n.lower().encode(), v.encode()) for n, v in headers.items())])

    def typed(self, content_type: str) -> Answer:
        """A copy with another content type."""
        bare = self.without("content-type")
        return replace(bare, headers=[*bare.headers, (b"content-type", content_type.encode())])

    def half(self) -> bytes:
        """A copy with the first half of its body."""
        return self.body[: len(self.body) // 2]


def instead(fault: Fault, *, prefixed: bool) -> Answer | None:
    """The answer of a fault that prevents the call, or None for a fault that lets it happen."""
    match fault.kind:
        case "error_before":
            return Answer.error(fault.status or 503, "Service Unavailable")
        case "rate_limited":
            text = TOO_MANY_AT_ONCE if fault.at_once else TOO_MANY
            return Answer.error(429, _worded(429, text, prefixed), **_later(fault))
        case "no_credit":
            return Answer.error(402, _worded(402, NO_CREDIT, prefixed))
        case "unauthorized":
            return Answer.error(401, _worded(401, INVALID_KEY, prefixed))
        case "html" if not fault.accepted:
            return Answer.page()
    return None


def declined(fault: Fault, a_minute: int | None) -> Answer | None:
    """The same for the Agents API, in its form. ``a_minute``: how many creates a minute the account may send."""
    match fault.kind:
        case "rate_limited" if fault.at_once:
            return Answer.error(429, agents.TOO_MANY_JOBS, **_later(fault))
        case "rate_limited":
            most = str(fault.a_minute or a_minute or A_MINUTE)
            return Answer.error(429, agents.RATE_LIMITED, **_later(fault), **{agents.RATE_LIMIT: most})
        case "no_credit":
            return Answer.error(402, agents.NO_BALANCE)
        case "unauthorized":
            return Answer.error(401, agents.INVALID_KEY)
    return instead(fault, prefixed=False)


def broken_download(fault: Fault, answer: Answer, chance: random.Random, *, prefixed: bool) -> Answer:
    """The answer that replaces a file."""
    bare = answer.without("etag", "last-modified", "content-range", "accept-ranges")
    match fault.kind:
        case "expired_url":
            return Answer.error(403, _worded(403, EXPIRED, prefixed))
        case "truncated":
            return replace(bare, status=200).with_body(answer.half())
        case "bit_flipped":
            return answer.with_body(_flipped(answer.body, fault.bits or 1, chance))
        case "wrong_type":
            png = replace(bare, status=200).with_body(_png())
            return png if fault.disguised else png.typed("image/png")
        case "playlist":
            return replace(bare, status=200).with_body(PLAYLIST)
        case unknown:
            raise RuntimeError(f"no way to do {unknown}")


def _later(fault: Fault) -> dict[str, str]:
    """The Retry-After header, if the fault sets it."""
    return {} if fault.retry_after is None else {"retry_after": f"{fault.retry_after:g}"}


def _worded(status: int, text: str, prefixed: bool) -> str:
    return f"{status}: {text}" if prefixed else text


def _flipped(body: bytes, bits: int, chance: random.Random) -> bytes:
    """The bytes with that many bits flipped, each a different one."""
    changed = bytearray(body)
    for place in chance.sample(range(len(body) * 8), min(bits, len(body) * 8)):
        changed[place // 8] ^= 1 << place % 8
    return bytes(changed)


def _png() -> bytes:
    """A grey picture of 16 × 16."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = b"".join(b"\0" + b"\x80" * 16 for _ in range(16))
    head = struct.pack(">IIBBBBB", 16, 16, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
