"""Languages of captions: the codes that MP4 files have for them (ISO 639-2), and their own names."""

from __future__ import annotations

UNKNOWN = "und"
_LANGUAGES = {
    "ar": ("ara", "العربية"), "bg": ("bul", "Български"), "bn": ("ben", "বাংলা"), "ca": ("cat", "Català"),
    "cs": ("ces", "Čeština"), "cy": ("cym", "Cymraeg"), "da": ("dan", "Dansk"), "de": ("deu", "Deutsch"),
    "el": ("ell", "Ελληνικά"), "en": ("eng", "English"), "es": ("spa", "Español"), "et": ("est", "Eesti"),
    "eu": ("eus", "Euskara"), "fa": ("fas", "فارسی"), "fi": ("fin", "Suomi"), "fr": ("fra", "Français"),
    "ga": ("gle", "Gaeilge"), "he": ("heb", "עברית"), "hi": ("hin", "हिन्दी"), "hr": ("hrv", "Hrvatski"),
    "hu": ("hun", "Magyar"), "id": ("ind", "Bahasa Indonesia"), "is": ("isl", "Íslenska"), "it": ("ita", "Italiano"),
    "ja": ("jpn", "日本語"), "ko": ("kor", "한국어"), "lt": ("lit", "Lietuvių"), "lv": ("lav", "Latviešu"),
    "ms": ("msa", "Bahasa Melayu"), "nb": ("nob", "Norsk bokmål"), "nl": ("nld", "Nederlands"), "no": ("nor", "Norsk"),
    "pl": ("pol", "Polski"), "pt": ("por", "Português"), "ro": ("ron", "Română"), "ru": ("rus", "Русский"),
    "sk": ("slk", "Slovenčina"), "sl": ("slv", "Slovenščina"), "sr": ("srp", "Српски"), "sv": ("swe", "Svenska"),
    "sw": ("swa", "Kiswahili"), "ta": ("tam", "தமிழ்"), "te": ("tel", "తెలుగు"), "th": ("tha", "ไทย"),
    "tr": ("tur", "Türkçe"), "uk": ("ukr", "Українська"), "ur": ("urd", "اردو"), "vi": ("vie", "Tiếng Việt"),
    "zh": ("zho", "中文"),
}  # fmt: skip


def code_of(language: str) -> str:
    """The code of three letters: ``eng`` for ``en`` and ``en-GB``; ``und`` for a language that is not listed here."""
    first = _first(language)
    if first in _LANGUAGES:
        return _LANGUAGES[first][0]
    return first if len(first) == 3 and first.isascii() and first.isalpha() else UNKNOWN


def name_of(language: str) -> str:
    """The name of a language in itself, with its region: ``Português (BR)``."""
    known = _LANGUAGES.get(_first(language))
    _, _, region = language.partition("-")
    return language if known is None else f"{known[1]} ({region})" if region else known[1]


def _first(language: str) -> str:
    return language.partition("-")[0].lower()
