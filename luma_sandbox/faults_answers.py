"""The answers that faults give in place of the true one."""

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
A_MINUTE = 60  # what a 429 of the Agents API says where neither the plan nor the account has a limit
TOO_MANY_AT_ONCE = "Concurrency limit exceeded"
NO_CREDIT = "Insufficient credits"
INVALID_KEY = "Invalid API key is provided"
EXPIRED = "Request has expired or its signature does not match"


@dataclass(frozen=True)
class Answer:
    """One answer as it goes over the wire."""

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
        """A page for people, where a client expects JSON."""
        return cls(200, [(b"content-type", b"text/html; charset=utf-8")], b"").with_body(HTML)

    def start(self) -> MutableMapping[str, Any]:
        """Its first message."""
        return {"type": "http.response.start", "status": self.status, "headers": self.headers}

    def without(self, *names: str) -> Answer:
        """The same, without those headers."""
        gone = {name.encode() for name in names}
        return replace(self, headers=[header for header in self.headers if header[0].lower() not in gone])

    def with_body(self, body: bytes) -> Answer:
        """The same with another body, and its right length."""
        shorter = self.without("content-length")
        return replace(shorter, headers=[*shorter.headers, (b"content-length", str(len(body)).encode())], body=body)

    def also(self, headers: Mapping[str, str]) -> Answer:
        """The same with those headers besides, in place of any of the same name."""
        bare = self.without(*(name.lower() for name in headers))
        return replace(bare, headers=[*bare.headers, *((n.lower().encode(), v.encode()) for n, v in headers.items())])

    def typed(self, content_type: str) -> Answer:
        """The same with another type."""
        bare = self.without("content-type")
        return replace(bare, headers=[*bare.headers, (b"content-type", content_type.encode())])

    def half(self) -> bytes:
        """The first half of its body."""
        return self.body[: len(self.body) // 2]


def instead(fault: Fault, *, prefixed: bool) -> Answer | None:
    """What is answered without letting the call happen, or None for a fault that lets it."""
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
    """The same from the Agents API, in its own words. ``a_minute``: how many creates a minute the account may send."""
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
    """What comes in place of a file."""
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
    """When to come again, where the fault says it."""
    return {} if fault.retry_after is None else {"retry_after": f"{fault.retry_after:g}"}


def _worded(status: int, text: str, prefixed: bool) -> str:
    return f"{status}: {text}" if prefixed else text


def _flipped(body: bytes, bits: int, chance: random.Random) -> bytes:
    """The same bytes with that many bits turned over, each another one."""
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
