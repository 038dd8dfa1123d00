"""Sentences, and the letters that voices can speak."""

from __future__ import annotations

import pytest

from studio.voice.letters import unspeakable
from studio.voice.sentences import sentences


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("The sea is calm. A ship comes.", "en", ["The sea is calm.", "A ship comes."]),
        ("Dr. Smith met Mr. J. Doe. They spoke.", "en", ["Dr. Smith met Mr. J. Doe.", "They spoke."]),
        ("It is 3.5 miles, e.g. by car. Go!", "en", ["It is 3.5 miles, e.g. by car.", "Go!"]),
        ("He said no. Then No. 5 came.", "en", ["He said no.", "Then No. 5 came."]),
        ("Wait… what? Yes!", "en", ["Wait… what?", "Yes!"]),
        ("Wait... Then go.", "en", ["Wait...", "Then go."]),
        ("“Is it?” she asks. “It is.” He left.", "en", ["“Is it?” she asks.", "“It is.”", "He left."]),
        ("She said “Go.” Then he went.", "en", ["She said “Go.”", "Then he went."]),
        ("Am 3. Oktober, z.B. in Bonn. Ende.", "de", ["Am 3. Oktober, z.B. in Bonn.", "Ende."]),
        ("We have 3. Oktober follows.", "en", ["We have 3.", "Oktober follows."]),
        ("海は静かだ。船が来る！「本当？」はい。", "ja", ["海は静かだ。", "船が来る！", "「本当？」", "はい。"]),
        ("One line\nAnother line", "en", ["One line", "Another line"]),
        ("Go. ... Now!", "en", ["Go. ...", "Now!"]),
        ("He runs, etc. and stops. Ships, etc. Then more.", "en",
         ["He runs, etc. and stops.", "Ships, etc.", "Then more."]),
        ("  ", "en", []),
    ],
)  # fmt: skip
def test_a_text_in_sentences(text: str, language: str, expected: list[str]) -> None:
    """A sentence ends at its mark, not at an abbreviation, a number or an initial; and at the end of a line."""
    assert [sentence.text for sentence in sentences(text, language)] == expected


def test_the_end_of_a_paragraph_is_marked() -> None:
    """The last sentence of a line is the last of its paragraph; blank lines make no sentence."""
    assert [sentence.last for sentence in sentences("One. Two.\n\nThree.")] == [False, True, True]


def test_no_word_is_lost() -> None:
    """All words of a text are in its sentences, in their order."""
    text = 'So "he" (Dr. K.) said: no. 5!? … - "Oh." \n * \n And then, at 3 p.m. Friday; done'
    assert "".join(s.text for s in sentences(text)).replace(" ", "") == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Hello, Zoë: 3 × 4 = 12 €, 50 % © “so”!", "en", None),
        ("Hello 🙂", "en", (6, "🙂")),
        ("Grüße ☀ aus", "de", (6, "☀")),
        ("The word Привет", "en", (9, "П")),
        ("Привет, world", "ru", None),
        ("海は静かだ", "ja", None),
        ("海は静かだ", "en-US", (0, "海")),
        ("海は静かだ", "zh-CN", (1, "は")),
        ("Ａｂｃ", "en", None),
        ("γειά", "el", None),
        ("... !", "en", (0, ".")),
    ],
)
def test_letters_that_a_voice_cannot_speak(text: str, language: str, expected: tuple[int, str] | None) -> None:
    """The first letter of another script, or the first emoji, is told with its place."""
    assert unspeakable(text, language) == expected
