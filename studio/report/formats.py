"""Formatting of values: money, times, lengths, and texts from outside."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

from studio.money import usd
from studio.remedies import Words

FIGURE_SPACE = "\u2007"  # as wide as a digit
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_MARKS = re.compile(r"([\\`*_\[\]|~#])")
_URL_TAIL = re.compile(r"(https?://[^\s?#\"'<>]+)[?#][^\s\"'<>]*", re.IGNORECASE)


def decimals(amounts: Iterable[Decimal]) -> int:
    """The number of decimals that the longest of these amounts in dollars needs."""
    return max((len(usd(amount).partition(".")[2]) for amount in amounts), default=2)


def usd_in(amount: Decimal, places: int) -> str:
    """``usd``, padded to its column's decimals, so that decimal points are aligned."""
    text = usd(amount)
    return text + FIGURE_SPACE * (places - len(text.partition(".")[2]))


def seconds(value: Fraction) -> str:
    """A length in seconds without needless zeros: ``5``, ``4.5``, ``3.333``."""
    return f"{float(value):.3f}".rstrip("0").rstrip(".")


def span(value: float) -> str:
    """Format a length of time: ``41 s``, ``2 min 14 s``, ``1 h 05 min``."""
    total = max(0, round(value))
    if 0 < value < 1:
        return "under 1 s"
    if total < 60:
        return f"{total} s"
    if total < 3600:
        return f"{total // 60} min {total % 60:02d} s"
    return f"{total // 3600} h {total % 3600 // 60:02d} min"


def timecode(frame: int, fps: Fraction) -> str:
    """Hours, minutes, seconds, frames; non-drop, as a slate or an edit list shows it."""
    rate = max(1, round(fps))
    whole, rest = divmod(frame, rate)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}:{rest:02d}"


def rate(fps: Fraction) -> str:
    """Frames a second: ``24``, ``23.976``."""
    return seconds(fps)


def size(count: int) -> str:
    """Format a number of bytes for people."""
    if count < 1000:
        return f"{count} B"
    if count < 999_950:
        return f"{count / 1e3:.1f} kB"
    return f"{count / 1e6:.1f} MB" if count < 999_950_000 else f"{count / 1e9:.1f} GB"


def utc(moment: datetime) -> str:
    """Format a time for people, in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def iso(moment: datetime | None) -> str:
    """Format a time as ISO 8601, in UTC; empty where there is none."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else ""


def ssim(value: float) -> str:
    """``0.993``; a dash where it was not measured."""
    return f"{value:.3f}" if math.isfinite(value) else "–"


def psnr(value: float) -> str:
    """``43.1 dB``, or ``identical``."""
    if math.isnan(value):
        return "–"
    return f"{value:.1f} dB" if math.isfinite(value) else "identical"


def short(digest: str) -> str:
    """The first characters of a digest, enough to identify it."""
    return digest.rpartition(":")[2][:12]


def opening(text: str, letters: int) -> str:
    """The first line of a text, or as much of it as fits."""
    first = text.strip().partition("\n")[0].strip()
    return first if len(first) <= letters else first[: letters - 1].rstrip() + "…"


def clean(text: str) -> str:
    """Text that any file can hold: control characters and halves of surrogate pairs become U+FFFD."""
    return _CONTROL.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


def told(text: Words) -> str:
    """A text from outside (an error, a note), safe to show: the query of a URL is removed, since it may hold a
    signature."""
    return _URL_TAIL.sub(r"\1?…", clean(str(text)))


def in_markdown(text: Words) -> str:
    """A text escaped for Markdown, on one line."""
    flat = " ".join(told(text).split())
    return _MARKS.sub(r"\\\1", html.escape(flat, quote=False))
