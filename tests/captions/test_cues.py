"""Cues of captions: their lines, their times, and what cannot be read."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.captions.cues import GAP, LONGEST, cues_of, unreadable
from studio.captions.letters import columns, plain
from studio.captions.values import Cue, Said

FPS = Fraction(24)
MINUTE = 24 * 60
KEEPER = "The keeper climbed the stairs every evening, lit the lamp, and wrote the weather into a book nobody has read."


def said(text: str, start: float | Fraction = 0, seconds: float | Fraction = 4, scene: str = "lamp") -> Said:
    return Said(text, Fraction(start), Fraction(seconds), scene)


def cues(*sentences: Said, language: str = "en", frames: int = MINUTE) -> tuple[Cue, ...]:
    return cues_of(sentences, FPS, language, film_frames=frames)


def test_a_short_sentence_is_one_cue_of_one_line_with_the_time_of_its_voice() -> None:
    assert cues(said("The lamp is lit.", 1, 2)) == (Cue(24, 48, ("The lamp is lit.",), "lamp"),)


def test_two_lines_break_at_a_clause_and_the_lower_is_the_longer() -> None:
    (cue,) = cues(said("He lit the lamp, and then he wrote the weather down."))
    assert cue.lines == ("He lit the lamp,", "and then he wrote the weather down.")


def test_a_line_does_not_end_with_an_article() -> None:
    (cue,) = cues(said("Nobody on the island remembers what the keeper was called"))
    assert len(cue.lines) == 2
    assert cue.lines[0].split()[-1] not in ("the", "on", "what")


def test_a_long_sentence_becomes_several_cues_that_share_its_time() -> None:
    first, second = cues(said(KEEPER, 1, 9))
    assert first.start == 24
    assert first.lines[-1].endswith(",")
    assert second.start - first.end == GAP
    assert second.end == 24 * 10
    assert " ".join((*first.lines, *second.lines)) == KEEPER


def test_a_cue_stays_on_in_the_silence_after_it_until_it_can_be_read() -> None:
    (alone,) = cues(said("The sea was quite calm that night.", 1, 1))
    assert alone.frames == 48  # 34 letters, 17 a second
    before, after = cues(said("The sea was quite calm that night.", 1, 1), said("And then?", 2.5, 1, "storm"))
    assert before.end == after.start - GAP == 58


def test_a_cue_ends_with_the_film() -> None:
    (cue,) = cues(said("The sea was quite calm that night.", 1, 1), frames=50)
    assert cue.end == 50
    assert cues(said("Too late.", 3, 1), frames=50) == ()


def test_a_word_that_is_over_too_soon_is_shown_with_the_next_sentence_of_its_scene() -> None:
    (cue,) = cues(said("Oh.", 1, 0.25), said("It was him.", 1.3, 1.5))
    assert cue.lines == ("Oh. It was him.",)
    assert len(cues(said("Oh.", 1, 0.25, "lamp"), said("It was him.", 1.3, 1.5, "storm"))) == 2


def test_japanese_has_sixteen_letters_a_line_and_no_line_begins_with_a_full_stop() -> None:
    text = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。何でも薄暗いじめじめした所で泣いていた。"
    found = cues(said(text, 0, 12), language="ja")
    assert "".join(line for cue in found for line in cue.lines) == text
    for line in (line for cue in found for line in cue.lines):
        assert columns(line) <= 32
        assert line[0] not in "、。"


def test_arabic_keeps_the_order_of_its_letters() -> None:
    text = "في البدء كان الكلمة، وكان الكلمة عند الله، وكان الكلمة الله."
    found = cues(said(text, 0, 6), language="ar")
    assert " ".join(line for cue in found for line in cue.lines) == text


def test_a_word_longer_than_a_line_is_cut_and_no_letter_is_lost() -> None:
    word = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
    (cue,) = cues(said(word, 0, 6), language="de")
    assert "".join(cue.lines) == word


def test_braces_that_players_take_for_commands_become_parentheses() -> None:
    assert plain(" {\\an8}a\tb\nc\x07 ") == "(/an8)a b c"


def test_a_sentence_that_cannot_be_read_is_told_with_the_seconds_that_it_needs() -> None:
    sentences = said(KEEPER, 1, 2), said("More.", 3, 1, "storm")
    (found,) = unreadable(sentences, FPS, "en", film_frames=MINUTE)
    assert (found.scene, found.text, int(found.characters)) == ("lamp", KEEPER, len(KEEPER) - 1)
    assert found.seconds < 2
    assert found.needs >= Fraction(len(KEEPER) - 2, 20)


def test_silence_after_a_sentence_makes_it_readable() -> None:
    assert unreadable([said(KEEPER, 1, 2), said("More.", 9, 1)], FPS, "en", film_frames=MINUTE) != ()
    assert unreadable([said("The sea was quite calm that night.", 1, 1)], FPS, "en", film_frames=MINUTE) == ()


def test_twelve_japanese_letters_a_second_can_be_read_and_thirteen_cannot() -> None:
    text = "あ" * 12
    assert unreadable([said(text, 0, 1)], FPS, "ja", film_frames=24) == ()
    assert unreadable([said(text + "い", 0, 1)], FPS, "ja", film_frames=24) != ()


def test_captions_whose_times_are_written_stay_apart() -> None:
    """Sentences that follow each other quickly are one cue; captions that a person timed are not joined."""
    first, second = said("First line here", 3, Fraction(1, 2)), said("Second", Fraction(7, 2), Fraction(1, 2))
    assert [cue.lines for cue in cues(first, second)] == [("First line here Second",)]
    timed = [replace(one, timed=True) for one in (first, second)]
    assert [(cue.lines, cue.start) for cue in cues(*timed)] == [(("First line here",), 72), (("Second",), 84)]
    (short,) = unreadable(timed, FPS, "en", film_frames=MINUTE)
    assert short.text == "First line here"


words = st.text(alphabet="abcé,. 猫あ！-\u0301", min_size=0, max_size=160)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(words, st.fractions(0, 60), st.fractions(0, 20)), max_size=6), st.sampled_from(["en", "ja"]))
def test_cues_are_in_order_apart_and_within_the_film(rows: list[tuple[str, Fraction, Fraction]], language: str) -> None:
    found = cues(
        *(Said(text, start, seconds, str(n)) for n, (text, start, seconds) in enumerate(rows)), language=language
    )
    for cue in found:
        assert 0 < cue.frames <= LONGEST * FPS
        assert cue.end <= MINUTE
        assert 1 <= len(cue.lines) <= 2
        assert all(0 < columns(line) <= 42 or not columns(line) for line in cue.lines)
    assert all(after.start - before.end >= GAP for before, after in pairwise(found))


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_no_text_is_no_cue(text: str) -> None:
    assert cues(said(text)) == ()
