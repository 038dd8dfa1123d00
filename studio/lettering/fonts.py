"""A chain of fonts: each letter is set in the first one that has it.

It is made of the fonts that a production names, of Pillow's own, which has few letters, and of fonts of the system for
letters that none of these has.
"""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from studio.lettering.letters import BadFont, Letters, letters_in

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

OWN = "Pillow's own font"
MOST_BYTES = 64 << 20  # of a font's file; the largest in use, for all of Chinese, have some 20 MB
RIGHT_TO_LEFT = ("R", "AL")  # letters, by their direction in Unicode
#: Scripts whose letters are reordered or joined, which takes a shaping library: Devanagari to Sinhala, Khmer, Myanmar.
SHAPED = ((0x0900, 0x0DFF), (0x1000, 0x109F), (0x1780, 0x17FF))
#: Folders of the system's fonts.
FOLDERS = (
    "/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts", "/System/Library/Fonts",
    "/Library/Fonts", "C:/Windows/Fonts",
)  # fmt: skip
MOST_TRIED = 300
PLAIN = ("sans-regular", "sans", "regular")  # ends of names that a font for all texts has


@dataclass(frozen=True)
class FontFile:
    """One font: its bytes, and its letters. ``name`` is that of its file."""

    name: str
    data: bytes = field(repr=False)
    letters: Letters = field(repr=False)

    @classmethod
    def read(cls, path: Path) -> FontFile:
        """The font in a file. Raises BadFont for a file that is none, OSError for one that cannot be read."""
        if path.stat().st_size > MOST_BYTES:
            raise BadFont(f"has more than {MOST_BYTES >> 20} MB")
        data = path.read_bytes()
        return cls(path.name, data, letters_in(data))

    @property
    def sha256(self) -> str:
        """The digest of its content."""
        return sha256(self.data).hexdigest()

    def has(self, letter: str) -> bool:
        """True if it has a picture of a letter."""
        return self.letters.has(ord(letter))

    def sized(self, pixels: float) -> FreeTypeFont:
        """The font at a size, as Pillow draws it. Raises OSError for a file that FreeType does not take."""
        return _sized(self.data, round(max(4.0, pixels), 2))


@cache
def _own() -> FontFile:
    from PIL import ImageFont  # loaded where a text is set

    found = ImageFont.load_default(size=10)
    assert isinstance(found, ImageFont.FreeTypeFont)  # noqa: S101 - so it is, since a size is given
    return FontFile(OWN, found.font_bytes, letters_in(found.font_bytes))


@lru_cache(maxsize=64)
def _sized(data: bytes, pixels: float) -> FreeTypeFont:
    from io import BytesIO

    from PIL import ImageFont

    return ImageFont.truetype(BytesIO(data), pixels)


@dataclass(frozen=True)
class Fonts:
    """The fonts of a film's titles, in the order in which letters are looked for in them. ``others``: those of the
    system among them."""

    files: tuple[FontFile, ...]
    others: tuple[FontFile, ...] = ()

    @classmethod
    def of(cls, paths: Iterable[Path]) -> Fonts:
        """The fonts of these files, and Pillow's own. Raises BadFont and OSError, as ``FontFile.read``."""
        return cls((*map(FontFile.read, paths), _own()))

    def with_system(self, texts: Sequence[str], folders: tuple[str, ...] = FOLDERS) -> Fonts:
        """These fonts, with fonts of the system for letters of the texts that none of them has, where it has any.

        Looked for are a font that has all such letters, else one for each; and for a line whose letters are joined or
        set from right to left, one that has the whole line.
        """
        found = self
        if (missing := self.missing("".join(texts))) and (whole := font_with(missing, folders)):
            found = found._and(whole)
        for letter in found.missing(missing):
            if found.missing(letter) and (one := font_with(letter, folders)):
                found = found._and(one)
        for line in (line for text in texts for line in text.splitlines() if needs_shaping(line)):
            if all(Fonts((font,)).missing(line) for font in found.files) and (one := font_with(line, folders)):
                found = found._and(one)
        return found

    def _and(self, other: FontFile) -> Fonts:
        return Fonts((*self.files, other), (*self.others, other))

    @property
    def made_from(self) -> tuple[str, ...]:
        """The digests of the fonts."""
        return tuple(font.sha256 for font in self.files)

    def missing(self, text: str) -> str:
        """The letters of a text that no font has, each once."""
        found = dict.fromkeys(c for c in settled(text) if not c.isspace() and not is_silent(c))
        return "".join(c for c in found if not any(font.has(c) for font in self.files))

    def runs(self, line: str) -> list[tuple[FontFile, str]]:
        """The line in parts, each with the font that it is set in. Spaces and marks stay with the letters before."""
        if needs_shaping(line):
            whole = next((f for f in self.files if not Fonts((f,)).missing(line)), None)
            if whole is not None:
                return [(whole, line)]
        found = list[tuple[FontFile, str]]()
        for letter in settled(line):
            stays = found and (letter.isspace() or is_silent(letter) or unicodedata.combining(letter))
            font = found[-1][0] if stays else next((f for f in self.files if f.has(letter)), self.files[-1])
            if is_silent(letter) and not font.has(letter):
                continue  # it would be drawn as a box
            if found and font is found[-1][0]:
                found[-1] = (font, found[-1][1] + letter)
            else:
                found.append((font, letter))
        return found


def settled(text: str) -> str:
    """The text with marks joined to their letters where Unicode has such letters: an e and its accent are é."""
    return unicodedata.normalize("NFC", text)


def is_silent(letter: str) -> bool:
    """True for a letter that has no picture: a joiner, a direction, a selector of another form."""
    return unicodedata.category(letter) == "Cf" or 0xFE00 <= ord(letter) <= 0xFE0F


def is_right_to_left(text: str) -> bool:
    """True if any of a text is written from right to left."""
    return any(unicodedata.bidirectional(c) in RIGHT_TO_LEFT for c in text)


def needs_shaping(text: str) -> bool:
    """True if a text's letters are not simply set one after the other, from left to right."""
    return is_right_to_left(text) or any(first <= ord(c) <= last for c in text for first, last in SHAPED)


def can_shape() -> bool:
    """True if this Pillow sets texts that need shaping: it has Raqm, and found FriBiDi."""
    from PIL import features

    return bool(features.check("raqm") and features.check("fribidi"))


def cannot_be_set(text: str, fonts: Fonts) -> tuple[str, str]:
    """The reason why a text cannot be set in these fonts, and what to do; both empty where it can."""
    if letters := fonts.missing(text):
        names = ", ".join(f"'{c}' (U+{ord(c):04X})" for c in letters[:6])
        more = f" and {len(letters) - 6} more" if len(letters) > 6 else ""
        return f"no font here has {names}{more}", "name a font that has all letters as font under film, titles"
    if not needs_shaping(text):
        return "", ""
    if not can_shape():
        told = "has letters that are joined or set from right to left, which this Pillow cannot do"
        return told, "install Pillow with Raqm and FriBiDi (libfribidi0), or leave them out"
    for line in text.splitlines():
        if needs_shaping(line) and all(Fonts((font,)).missing(line) for font in fonts.files):
            told = "has a line with letters that are joined or set from right to left, and no one font has all of it"
            return told, "name a font that has all letters of the line, or put the others into a line of their own"
    return "", ""


@lru_cache(maxsize=256)
def font_with(letters: str, folders: tuple[str, ...] = FOLDERS) -> FontFile | None:
    """A font of the system that has these letters, a plain one first; None where there is none."""
    for path in _system_fonts(folders):
        try:
            font = FontFile.read(path)
            if not Fonts((font,)).missing(letters):
                font.sized(20)
                return font
        except (BadFont, OSError):
            continue
    return None


@lru_cache(maxsize=8)
def _system_fonts(folders: tuple[str, ...]) -> tuple[Path, ...]:
    found = list[Path]()
    if sys.platform == "win32":
        folders = (*folders, os.environ.get("WINDIR", "C:/Windows") + "/Fonts")
    for folder in folders:
        for root, _, names in os.walk(Path(folder).expanduser()):
            found += [Path(root, name) for name in sorted(names) if name.lower().endswith((".ttf", ".otf", ".ttc"))]
    return tuple(sorted(found, key=_plainness)[:MOST_TRIED])


def _plainness(path: Path) -> tuple[int, str]:
    name = path.stem.lower()
    return next((n for n, end in enumerate(PLAIN) if name.endswith(end)), len(PLAIN)), str(path)


def bad_font(path: Path) -> str:
    """The fault of a file as a font, in words that follow its name; empty for a font."""
    try:
        FontFile.read(path).sized(20)
    except BadFont as error:
        return str(error)
    except OSError as error:
        return f"cannot be read: {error.strerror or 'it is damaged'}"
    return ""


def measured(line: str, fonts: Fonts, pixels: float) -> float:
    """The width of a line in pixels."""
    return sum(font.sized(pixels).getlength(part) for font, part in fonts.runs(line))
