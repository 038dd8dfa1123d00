"""The letters that a font has: by its own table, as Pillow draws them."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import ImageFont

from studio.lettering.fonts import OWN, Fonts, bad_font, cannot_be_set
from studio.lettering.letters import BadFont, letters_in

OWN_FONT = ImageFont.load_default(size=40).font_bytes  # type: ignore[union-attr]
#: Tables of letters of each form: A and B have glyphs 5 and 6, C has none.
FORMS = {
    0: struct.pack(">HHH", 0, 262, 0) + bytes(65) + bytes((5, 6)) + bytes(189),
    4: struct.pack(">7H", 4, 40, 0, 4, 4, 1, 0) + struct.pack(">9H", 67, 65535, 0, 65, 65535, 0, 1, 4, 0)
    + struct.pack(">3H", 5, 6, 0),
    6: struct.pack(">HHHHH3H", 6, 16, 0, 65, 3, 5, 6, 0),
    12: struct.pack(">HHIIIIII", 12, 0, 28, 0, 1, 65, 66, 5),
}  # fmt: skip


def font(cmap: bytes, *, outlines: bytes = b"glyf") -> bytes:
    """A font of that table alone."""
    whole = struct.pack(">HHHHI", 0, 1, 3, 1, 12) + cmap
    head = b"\x00\x01\x00\x00" + struct.pack(">HHHH", 2, 0, 0, 0)
    tables = struct.pack(">4sIII", b"cmap", 0, 44, len(whole)) + struct.pack(">4sIII", outlines, 0, 44, 0)
    return head + tables + whole


def test_the_letters_are_those_that_pillow_draws() -> None:
    """A letter that the table has is drawn otherwise than one that is in no font; of the others none is."""
    letters, sized = letters_in(OWN_FONT), ImageFont.load_default(size=40)
    none = bytes(sized.getmask("\U0010fffd"))
    drawn = {code for code in range(0x21, 0x2200) if bytes(sized.getmask(chr(code))) != none}
    there = {code for code in range(0x21, 0x2200) if letters.has(code)}
    assert there >= set(range(0x21, 0x7F))
    assert there - {0xA0} == drawn - {0xA0}


@pytest.mark.parametrize("form", FORMS)
def test_each_form_of_the_table_is_read(form: int) -> None:
    """Bytes, segments, a range, groups: what glyph 0 stands for is a letter that is missing."""
    letters = letters_in(font(FORMS[form]))
    assert [letters.has(ord(letter)) for letter in "@ABCDé日"] == [False, True, True, False, False, False, False]


def test_a_collection_is_its_first_font() -> None:
    """The tables of a font in a collection are counted from the file's start."""
    plain = font(FORMS[6])
    moved = plain[:12] + b"".join(
        tag + struct.pack(">III", a, offset + 16, length)
        for tag, a, offset, length in (struct.unpack_from(">4sIII", plain, 12 + 16 * n) for n in range(2))
    )
    letters = letters_in(struct.pack(">4sIII", b"ttcf", 0x10000, 1, 16) + moved + plain[44:])
    assert (letters.has(65), letters.has(67)) == (True, False)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "is no TrueType or OpenType font"),
        (b"not a font at all", "is no TrueType or OpenType font"),
        (b"wOF2" + bytes(60), "is a web font"),
        (OWN_FONT[:200], "is a damaged font"),
        (font(FORMS[6], outlines=b"CBDT"), "outlines are needed"),
        (font(struct.pack(">HH", 14, 0)), "no table of Unicode letters"),
    ],
)  # fmt: skip
def test_what_is_no_font(data: bytes, told: str) -> None:
    """A file that is none, or none that texts can be set in, is refused in words."""
    with pytest.raises(BadFont, match=told):
        letters_in(data)


def test_a_font_that_freetype_refuses(tmp_path: Path) -> None:
    """A table of letters does not make a font."""
    path = tmp_path / "half.ttf"
    path.write_bytes(font(FORMS[6]))
    assert "cannot be read" in bad_font(path)
    path.write_bytes(OWN_FONT)
    assert bad_font(path) == ""


def test_letters_are_set_in_the_first_font_that_has_them(tmp_path: Path) -> None:
    """Each letter in the first; spaces stay with what is before them; the error names what none has."""
    (tmp_path / "ab.ttf").write_bytes(font(FORMS[6]))
    fonts = Fonts.of([tmp_path / "ab.ttf"])
    assert [(one.name, part) for one, part in fonts.runs("AB cd A")] == [
        ("ab.ttf", "AB "), (OWN, "cd "), ("ab.ttf", "A"),
    ]  # fmt: skip
    assert fonts.missing("A bird, é 日 e\u0301 日\u200d") == "é日"
    wrong, remedy = cannot_be_set("Café 日", fonts)
    assert wrong == "no font here has 'é' (U+00E9), '日' (U+65E5)"
    assert "font under film, titles" in remedy
    assert cannot_be_set("Cafe", fonts) == ("", "")


def of_letters(*letters: str) -> bytes:
    """Pillow's own font, with pictures for these letters alone."""
    groups = b"".join(struct.pack(">III", ord(one), ord(one), 5) for one in sorted(letters))
    table = struct.pack(">HHIII", 12, 0, 16 + len(groups), 0, len(letters)) + groups
    whole = struct.pack(">HHHHI", 0, 1, 3, 10, 12) + table
    (count,) = struct.unpack_from(">H", OWN_FONT, 4)
    made = bytearray(OWN_FONT)
    entry = next(12 + 16 * n for n in range(count) if OWN_FONT[12 + 16 * n : 16 + 16 * n] == b"cmap")
    struct.pack_into(">II", made, entry + 8, len(made), len(whole))
    return bytes(made) + whole


def test_a_font_of_the_system_has_what_the_others_have_not(tmp_path: Path) -> None:
    """One that has all missing letters is taken, a plain one before others; else one for each; else they are missing.
    Where the film's fonts have all letters, none is."""
    fonts, folders = Fonts.of([]), (str(tmp_path / "none"), str(tmp_path))
    assert fonts.with_system(["Cafe"], folders).others == ()
    assert fonts.with_system(["Café 日"], folders).missing("Café 日") == "é日"
    (tmp_path / "a.ttf").write_bytes(of_letters("日"))
    (tmp_path / "broken.ttf").write_bytes(b"not a font")
    (tmp_path / "z-regular.ttf").write_bytes(of_letters("é"))
    for missing, names, one_folder in (
        ("é日", ["z-regular.ttf", "a.ttf"], tmp_path), ("日ø", ["a.ttf"], tmp_path),
    ):  # fmt: skip
        found = fonts.with_system([f"Caf{missing}"], (str(one_folder), str(tmp_path / str(names))))
        assert [font.name for font in found.others] == names
        assert found.missing(missing) == "".join(set(missing) & {"ø"})
        assert [font.name for font, _ in found.runs("Caf" + missing[0])] == [OWN, found.others[0].name]
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "both.ttf").write_bytes(of_letters("é", "日"))
    assert [one.name for one in fonts.with_system(["é日"], (str(tmp_path), "again")).others] == ["both.ttf"]


@pytest.mark.parametrize("able", [True, False])
def test_letters_that_are_joined_need_raqm(able: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Text from right to left is refused where this Pillow would set it wrongly, and where one font does not do."""
    from PIL import features

    monkeypatch.setattr(features, "check", lambda name: able)
    whole = Fonts((with_letters("one", lambda code: code > 0x600),))
    assert (cannot_be_set("سفينة", whole) == ("", "")) is able
    parts = Fonts((with_letters("a", lambda code: code == ord("س")), with_letters("b", lambda code: code != ord("س"))))
    assert ("no one font has all of it" in cannot_be_set("سفينة", parts)[0]) is able
    assert "Raqm" in cannot_be_set("سفينة", whole)[1] or able


def with_letters(name: str, has: Callable[[int], bool]):  # type: ignore[no-untyped-def]
    from studio.lettering.fonts import FontFile
    from studio.lettering.letters import Letters

    return FontFile(name, b"", Letters(has))
