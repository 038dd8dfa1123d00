"""Names of films for folders and the ledger, made from titles so that no two titles get the same name by accident.

A slug keeps a-z and 0-9. Where that loses letters, digits or pictures of the title, or cuts it, the slug ends in a
digest of the title. Where it only loses signs (``C++``, ``C#``) or marks within words (``A/B``), the slug has no
digest, and the budget's name has one. Earlier versions had no digests, so the ledger may have a film under the slug
that they made: ``earlier_slugs``.
"""

from __future__ import annotations

import re
import unicodedata
from hashlib import sha256

MOST = 64
_KEPT = 47  # characters before a digest: a version's slug keeps 56 of its film's
#: ASCII characters that separate words, and do not make two titles different.
_PARTING = frozenset(" \t\r\n-_.,:;!?'\"()[]{}/\\")

#: A mark within a word or number, which makes titles different: A/B and A-B, 1.5 and 1-5, 1–2 and 12.
_WITHIN = re.compile(r"(?<=[^\W_])(?:_|[^\w\s'\u2019\-\u200b\ufeff])(?=[^\W_])")
_ARTICLES = ("a", "an", "the")
#: Names that Windows reserves for devices: no file or folder can have one.
RESERVED = re.compile(r"(?i)con|prn|aux|nul|com[0-9]|lpt[0-9]")


def slugify(title: str) -> str:
    """A title as a folder name: a-z, 0-9 and -, at most 64 characters."""
    bare = _letters(title)
    if not bare:
        return f"film-{_digest(title)}"
    lost = any(
        not c.isascii() and unicodedata.category(c)[0] in "LMNSC" and c not in "\u200b\ufeff" for c in _nfc(title)
    )
    lost = lost or any(not mark[0].isascii() for mark in _WITHIN.finditer(title))  # else 1–2 becomes 12
    if not lost and len(bare) <= MOST and not RESERVED.fullmatch(bare):
        return bare
    return f"{bare[:_KEPT].strip('-')}-{_digest(title)}"


def short_name(text: str, *, words: int = 3, most: int = 32) -> str:
    """A name of a text's first words, without the article before them; empty where it has no letter of a-z."""
    parts = _letters(text[:400]).split("-")
    if parts[0] in _ARTICLES and len(parts) > 1:
        del parts[0]
    found = "-".join(parts[:words])[:most].strip("-")
    return "" if not re.search("[a-z]", found) or RESERVED.fullmatch(found) else found


def film_name(title: str) -> str:
    """The name under which a film of this title keeps its budget: its slug, with a digest where signs were lost."""
    slug = slugify(title)
    signs = any(c.isascii() and not c.isalnum() and c not in _PARTING for c in title)
    told_apart = slug.endswith(_digest(title)) or not (signs or _WITHIN.search(title))
    return slug if told_apart else f"{slug}~{_digest(title)}"


def earlier_slugs(title: str) -> tuple[str, ...]:
    """The slugs that earlier versions made of this title, unless they are the present ones. The likeliest first."""
    made = []
    for text in (title, *filter(None, [earlier_text(title)])):
        slug = _letters(text)[:MOST].strip("-") or f"film-{sha256(text.encode('utf-8', 'replace')).hexdigest()[:8]}"
        made.append(slug)
    return tuple(slug for slug in dict.fromkeys(made) if slug != film_name(title))


def earlier_text(text: str) -> str:
    """The text that earlier versions made of unquoted digits, where it differs: 7 for 007; else empty."""
    return str(int(text)) if text.isascii() and text.isdecimal() and text[0] == "0" and len(text) > 1 else ""


def _letters(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title.replace("ß", "ss")).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.replace("'", "").lower()).strip("-")


def _digest(title: str) -> str:
    return sha256(_nfc(title).encode("utf-8", "replace")).hexdigest()[:8]


def _nfc(title: str) -> str:
    return unicodedata.normalize("NFC", title)
