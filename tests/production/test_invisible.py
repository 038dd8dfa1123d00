"""Characters that nobody sees in a production file, and quotes that are none: each is told by line and code point."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.errors import ProductionError
from studio.production import load_production
from studio.production.field_types import shown
from studio.production.invisible import called
from tests.support.written import GOOD, load, problems


@pytest.mark.parametrize("hidden", ["\u00a0", "\u200b", "\ufeff", "\u3000", "\u2003", "\u00ad", "\u2060"])
def test_an_invisible_indentation_is_named(tmp_path: Path, hidden: str) -> None:
    """A line that is indented with it is told by number and code point, and nothing that follows from it is."""
    for indent in (hidden * 4, "  " + hidden, "    " + hidden):
        (found,) = problems(tmp_path, GOOD.replace("    prompt", indent + "prompt"))
        assert str(found) == f"film.yaml:4: line 4 is indented with {called(hidden)}\n  → use plain spaces"
    assert f"U+{ord(hidden):04X}" in called(hidden)


def test_an_invisible_character_within_a_text_is_the_text_s(tmp_path: Path) -> None:
    """Lines of a block or a quoted text may begin with an ideographic space, and an emoji may have a joiner."""
    block = GOOD.replace("A boat in fog.", "|\n      \u3000\u3000春が来た。\n      \u3000夏も来た。")
    assert load(tmp_path, block).scenes[0].prompt == "春が来た。 夏も来た。"
    quoted = GOOD.replace("A boat in fog.", '"A boat\n      \u3000in fog with 👩\u200d🚀❤\ufe0f"')
    assert load(tmp_path, quoted).scenes[0].prompt == "A boat in fog with 👩\u200d🚀❤\ufe0f"
    assert load(tmp_path, quoted).notes == ()


@pytest.mark.parametrize("hidden", ["\u00a0", "\u200b", "\ufeff", "\u00ad"])
@pytest.mark.parametrize("key", ["title", "scenes", "id", "prompt"])
def test_an_invisible_character_in_a_field_s_name_is_named(tmp_path: Path, hidden: str, key: str) -> None:
    """The name is told as it is written, with what was meant, and the field is not said to be missing as well."""
    for odd in (key + hidden, key[:2] + hidden + key[2:]):
        (found,) = problems(tmp_path, GOOD.replace(f"{key}:", f"{odd}:"))
        assert called(hidden) in found.message
        assert f"<U+{ord(hidden):04X}>" in found.message
        assert found.hint == f"write '{key}'"


@pytest.mark.parametrize("hidden", ["\u00a0", "\u200b", "\ufeff", "\u00ad"])
@pytest.mark.parametrize(
    "text",
    [GOOD + "    resolution: 540p", GOOD + "    duration: 5", GOOD + "    loop: true", GOOD + "    camera: orbit"],
)
def test_an_invisible_character_at_a_value_is_named(tmp_path: Path, hidden: str, text: str) -> None:
    """A name, a choice or a number with it is refused once, by code point; prose is taken, and told."""
    (found,) = problems(tmp_path, f"{text}{hidden}\n")
    assert called(hidden) in found.message
    assert f"<U+{ord(hidden):04X}>" in found.message
    (note,) = load(tmp_path, GOOD.replace("fog.", f"fog.{hidden}")).notes
    assert called(hidden) in note


@pytest.mark.parametrize(
    "text", ["title:\u00a0T\n", "title:\u00a0T\nscenes: []\n", "title: T\nscenes:\u00a0\n  - id: a\n"]
)
def test_a_file_that_an_invisible_character_breaks_says_so(tmp_path: Path, text: str) -> None:
    """A character that breaks the file is named in the hint."""
    (found,) = problems(tmp_path, text)
    assert "a no-break space (U+00A0)" in found.hint


@pytest.mark.parametrize("odd", ["\u2028", "\u2029", "\x85"])
def test_a_line_break_that_no_editor_shows_is_named(tmp_path: Path, odd: str) -> None:
    """It would move the line numbers of every error after it, and cut a comment in two."""
    for text in (GOOD.replace("boat", f"bo{odd}at"), GOOD.replace("title", f"# a{odd}comment\ntitle")):
        (found,) = problems(tmp_path, text)
        assert f"(U+{ord(odd):04X})" in found.message


def test_json_with_an_invisible_character_names_it(tmp_path: Path) -> None:
    """A space of a web page, or a curly quote, is what JSON stumbles upon: it is named."""
    file = tmp_path / "film.json"
    for text, name in (('{\u00a0"title": "T"}', "U+00A0"), ("{“title”: “T”}", "U+201C")):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(ProductionError) as caught:
            load_production(file)
        assert name in caught.value.problems[0].hint


@pytest.mark.parametrize("quotes", ["“{}”", "„{}“", "‘{}’", "”{}”", "‚{}‘"])
def test_curly_quotes_around_a_value_are_told(tmp_path: Path, quotes: str) -> None:
    """They would be sent with the prompt, and are no part of a choice; around a field's name they hide it."""
    (found,) = problems(tmp_path, GOOD.replace("A boat in fog.", quotes.format("A boat in fog.")))
    assert f"U+{ord(quotes[0]):04X}" in found.message
    assert "put plain ones around it" in found.hint
    assert len(problems(tmp_path, GOOD + f"    resolution: {quotes.format('540p')}\n")) == 1
    assert len(problems(tmp_path, GOOD.replace("prompt", quotes.format("prompt")))) == 1
    kept = load(tmp_path, GOOD.replace("A boat in fog.", f"'{quotes.format('Ahoy!')}'"))
    assert kept.scenes[0].prompt == quotes.format("Ahoy!")


def test_an_error_shows_what_is_not_seen() -> None:
    """Quoted text is never stripped of what is wrong with it."""
    assert shown("\u00a0a\u200bb\u2028") == "'<U+00A0>a<U+200B>b<U+2028>'"
    assert shown(" a \n b ") == "'a b'"
