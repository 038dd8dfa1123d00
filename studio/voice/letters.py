"""Letters that a voice can speak, by the scripts in which its language is written."""

from __future__ import annotations

import unicodedata

LATIN = "LATIN"
_CJK = ("CJK", "IDEOGRAPHIC", "BOPOMOFO")
#: The scripts of languages that are not written in Latin letters alone, as Unicode begins the names of their letters.
SCRIPTS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("ru", "uk", "bg", "be", "mk", "kk", "ky", "tt", "ba", "cv", "mn"), ("CYRILLIC",)),
    "sr": ("CYRILLIC",), "bs": ("CYRILLIC",), "uz": ("CYRILLIC",), "az": ("CYRILLIC", "ARABIC"), "el": ("GREEK",),
    "grc": ("GREEK",), **dict.fromkeys(("ar", "fa", "ur", "ug", "sd"), ("ARABIC",)), "ku": ("ARABIC",),
    **dict.fromkeys(("he", "yi"), ("HEBREW",)), **dict.fromkeys(("hi", "mr", "ne", "kok", "sa"), ("DEVANAGARI",)),
    **dict.fromkeys(("bn", "as", "bpy"), ("BENGALI",)), "pa": ("GURMUKHI",), "gu": ("GUJARATI",), "or": ("ORIYA",),
    "ta": ("TAMIL",), "te": ("TELUGU",), "kn": ("KANNADA",), "ml": ("MALAYALAM",), "si": ("SINHALA",),
    "th": ("THAI",), "my": ("MYANMAR",), "ka": ("GEORGIAN",), "hy": ("ARMENIAN",), "hyw": ("ARMENIAN",),
    **dict.fromkeys(("am", "ti"), ("ETHIOPIC",)), "ko": ("HANGUL", *_CJK),
    "ja": ("HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", *_CJK), "chr": ("CHEROKEE",), "shn": ("MYANMAR",),
    **dict.fromkeys(("zh", "cmn", "yue", "hak"), _CJK),
}  # fmt: skip
_KNOWN = {
    LATIN,
    *(script for scripts in SCRIPTS.values() for script in scripts),
    "KHMER",
    "LAO",
    "TIBETAN",
    "MONGOLIAN",
}
_PLAIN_SYMBOLS = set("©®°™№℃℉§¶¦")


def unspeakable(text: str, language: str) -> tuple[int, str] | None:
    """The first letter of a text that a voice of this language cannot speak: its place, from 0, and the letter.

    Latin letters, digits, punctuation and signs of money and of sums are spoken in every language; pictures of
    letters (emoji) in none. Of a text without letter or digit, it is the first character. None: all can be spoken.
    """
    scripts = {LATIN, *SCRIPTS.get(language.replace("_", "-").split("-")[0].lower(), ())}
    for place, letter in enumerate(text):
        kind = unicodedata.category(letter)
        if (kind in ("So", "Cs", "Co") and letter not in _PLAIN_SYMBOLS) or (
            kind[0] == "L" and _other(letter, scripts)
        ):
            return place, letter
    if not any(letter.isalnum() for letter in text):
        return next(((n, letter) for n, letter in enumerate(text) if not letter.isspace()), (0, ""))
    return None


def _other(letter: str, scripts: set[str]) -> bool:
    """True for a letter of a script that is known, and not among these."""
    words = unicodedata.name(letter, "").split()
    script = next((word for word in words if word not in ("FULLWIDTH", "HALFWIDTH", "MODIFIER", "LETTER")), "")
    return script in _KNOWN and script not in scripts
