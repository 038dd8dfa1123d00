"""Letters that a voice cannot speak: those of scripts in which its language is not written."""

from __future__ import annotations

import unicodedata

#: The script of each language that is not written in Latin letters, as Unicode names its letters.
SCRIPTS = {
    "ru": "CYRILLIC", "uk": "CYRILLIC", "bg": "CYRILLIC", "be": "CYRILLIC", "mk": "CYRILLIC", "kk": "CYRILLIC",
    "ky": "CYRILLIC", "tt": "CYRILLIC", "ba": "CYRILLIC", "cv": "CYRILLIC", "mn": "CYRILLIC", "el": "GREEK",
    "grc": "GREEK", "ar": "ARABIC", "fa": "ARABIC", "ur": "ARABIC", "sd": "ARABIC", "ug": "ARABIC", "he": "HEBREW",
    "hi": "DEVANAGARI", "mr": "DEVANAGARI", "ne": "DEVANAGARI", "kok": "DEVANAGARI", "bn": "BENGALI", "as": "BENGALI",
    "bpy": "BENGALI", "pa": "GURMUKHI", "gu": "GUJARATI", "or": "ORIYA", "ta": "TAMIL", "te": "TELUGU",
    "kn": "KANNADA", "ml": "MALAYALAM", "si": "SINHALA", "th": "THAI", "my": "MYANMAR", "shn": "MYANMAR",
    "ka": "GEORGIAN", "hy": "ARMENIAN", "hyw": "ARMENIAN", "am": "ETHIOPIC", "ko": "HANGUL", "ja": "CJK",
    "zh": "CJK", "cmn": "CJK", "yue": "CJK", "hak": "CJK", "chr": "CHEROKEE",
}  # fmt: skip
#: Further scripts of a language, beside its own and Latin letters, which every voice spells or reads.
ALSO = {
    "ja": ("HIRAGANA", "KATAKANA"), "ko": ("CJK",), "sr": ("CYRILLIC",), "bs": ("CYRILLIC",), "az": ("CYRILLIC",),
    "uz": ("CYRILLIC",), "tk": ("CYRILLIC",), "zh": ("BOPOMOFO",), "cmn": ("BOPOMOFO",),
}  # fmt: skip
#: The names of scripts for people; of any other, its name in small letters.
_CALLED = {"CJK": "Chinese characters", "HANGUL": "Korean letters"}


def cannot_speak(text: str, language: str) -> tuple[str, str]:
    """The first letter of a text that a voice of a language does not speak, and its script in words; empty: it speaks
    all. Figures, marks and symbols are not looked at."""
    base = language.split("-")[0].lower()
    known = {"LATIN", SCRIPTS.get(base, "LATIN"), *ALSO.get(base, ())}
    for letter in text:
        if not unicodedata.category(letter).startswith("L") or letter in "\u00aa\u00ba":
            continue
        name = unicodedata.name(letter, "").removeprefix("FULLWIDTH ").removeprefix("HALFWIDTH ")
        script = name.split(" ")[0].split("-")[0]
        if script not in known and script not in ("MODIFIER", "MICRO"):
            return letter, _CALLED.get(script, f"{script.capitalize()} letters")
    return "", ""


def nothing_to_speak(text: str) -> bool:
    """True for a text without a letter or a figure, such as signs and emoji alone."""
    return not any(unicodedata.category(c)[0] in "LN" for c in text)
