"""Sound in a plan: scenes as long as their voice, voices that fit, captions in their time, and music under scenes."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from studio.errors import BadInput
from studio.planning.plan import Plan
from studio.planning.sound import with_lengths_of
from studio.planning.sound_edits import CaptionEdit, Heard, SaidText, Sounds
from tests.support.planned import film, plan, scene


def spoken(seconds: float, *said: str) -> Heard:
    """A speech of so many seconds, whose sentences share them."""
    share = Fraction(str(seconds)) / max(1, len(said))
    texts = tuple(SaidText(text, n * share, share) for n, text in enumerate(said))
    return Heard(Path("voice.wav"), "ab" * 32, "wav", 0, Fraction(str(seconds)), texts, "espeak-ng en")


def music(seconds: float) -> Heard:
    return Heard(Path("theme.flac"), "cd" * 32, "flac", 0, Fraction(str(seconds)), (), "theme.flac")


def drawn(
    *scenes: dict[str, Any], speech: Mapping[str, Heard] | None = None, themes: Mapping[str, Heard] | None = None,
    held: Any = lambda _: False, **fields: Any,
) -> Plan:  # fmt: skip
    sounds = Sounds(speech or {}, themes or {})
    return plan(with_lengths_of(film(*scenes, **fields), sounds), sounds=sounds, held=held)


def keys(found: Plan) -> list[str]:
    return [shot.key for shot in found.shots]


AUTO = {"duration": "auto", "narration": "Night falls."}


def test_a_scene_is_as_long_as_its_voice() -> None:
    """A quarter of a second before it and after it; its clip is the shortest that has room for that."""
    short = drawn(scene("a", **AUTO), speech={"a": spoken(3.2, "Night falls.")})
    long = drawn(scene("a", **AUTO), speech={"a": spoken(7.5, "Night falls.")})

    assert short.cuts[0].frames == 89  # 3.7 s, in whole frames
    assert [shot.seconds for shot in short.shots] == [5]
    assert [shot.seconds for shot in long.shots] == [9]
    said = short.sound.speech["a"]
    assert (said.start, said.frames) == (6, 77)
    assert short.sound.loudness == -14


def test_changed_words_buy_nothing_anew() -> None:
    """Another length of the voice changes no purchase, while the clip has room: also of what goes on from the scene,
    and where a shorter clip would do."""

    def told(seconds: float, held: Any = lambda _: False) -> Plan:
        voices = {"a": spoken(seconds, "Night falls.")}
        scenes = scene("a", **AUTO), scene("b", continue_from="a")
        return drawn(scene("start"), *scenes, chain=True, speech=voices, held=held)

    before, after, longer = told(3.2), told(4.1), told(7)
    assert keys(before) == keys(after)
    assert before.cuts[1].frames is None  # shown whole, since another scene goes on from its end
    assert keys(longer) != keys(before)
    bought = set(keys(longer))
    assert keys(told(3.2, held=bought.__contains__)) == keys(longer)
    assert keys(told(3.2)) == keys(before)


@pytest.mark.parametrize(
    ("words", "fewer", "more"),
    [
        (12, 8, {}),  # the first clip would be enough, and what follows goes on from the second
        (48, 20, {}),  # far more is bought than is needed
        (25, 17.5, {"clips": "longest"}),
        (25, 17.5, {"film": {"transition": "crossfade 0.5"}}),
    ],
)
@pytest.mark.parametrize("follows", [True, False], ids=["with a scene that goes on from it", "alone"])
def test_fewer_words_keep_all_that_is_bought(words: float, fewer: float, more: dict[str, Any], follows: bool) -> None:
    """A chain of clips that was bought for more words stays, of any length."""

    def told(seconds: float, held: Any = lambda _: False) -> Plan:
        scenes = [scene("start"), scene("a", **AUTO), *([scene("b", continue_from="a")] if follows else [])]
        return drawn(*scenes, chain=True, speech={"a": spoken(seconds, "Night falls.")}, held=held, **more)

    bought = set(keys(told(words)))
    found = keys(told(fewer, bought.__contains__))
    assert set(found) <= bought
    if follows:
        assert set(found) == bought


def test_a_voice_begins_when_its_scene_is_seen_alone() -> None:
    """Two voices are not heard at once: the scene is longer by the transition into it."""
    voices = {"a": spoken(4, "One."), "b": spoken(3, "Two.")}
    found = drawn(scene("a", **AUTO), scene("b", **AUTO), speech=voices, film={"transition": "crossfade 1"})

    alone = drawn(scene("b", **AUTO), speech={"b": spoken(3, "Two.")})
    assert found.production.scene("b").duration == alone.production.scene("b").duration + 1
    assert (alone.sound.speech["b"].start, found.sound.speech["b"].start) == (6, 24 + 6)


def test_a_voice_that_is_longer_than_its_scene() -> None:
    """It is refused, with what to write."""
    with pytest.raises(BadInput, match=r"lasts 6 s from 0\.25 s on, and the scene lasts 5 s") as refused:
        drawn(scene("a", narration="Night falls."), speech={"a": spoken(6, "Night falls.")})

    assert refused.value.where == "scene 'a', field 'narration'"
    assert refused.value.hint == "write duration: auto, or 6.25, or say less; nothing was ordered"


def test_two_voices_at_once_are_refused() -> None:
    """A transition that is longer than the silence between two voices is told at the second."""
    scenes = scene("a", narration={"text": "One.", "from": 0.5}), scene("b", narration={"text": "Two.", "from": 0})
    with pytest.raises(BadInput, match=r"begins 0\.5 s before that of 'a' has ended") as refused:
        drawn(*scenes, speech={"a": spoken(4, "One."), "b": spoken(1, "Two.")}, film={"transition": "crossfade 1"})
    assert refused.value.where == "scene 'b', field 'narration'"


def test_captions_are_the_sentences_that_are_said() -> None:
    """Each has the time in which it is said; captions that are written win, and none has none."""
    voice = spoken(4, "Night falls.", "The lamp is lit.")
    found = drawn(scene("a", narration="x"), scene("b", narration="x", captions="none"),
                  scene("c", captions=[{"text": "Hello", "from": 1}, "Who is it?"]),
                  speech={"a": voice, "b": voice})  # fmt: skip

    captions = found.sound.captions
    assert captions["a"] == (CaptionEdit("Night falls.", 6, 48), CaptionEdit("The lamp is lit.", 54, 48))
    assert "b" not in captions
    assert captions["c"] == (CaptionEdit("Hello", 24, 32, timed=True), CaptionEdit("Who is it?", 56, 64))


def test_a_caption_after_its_scene_is_refused() -> None:
    """It would never be seen."""
    with pytest.raises(BadInput, match="comes at 7 s, and the scene lasts 5 s"):
        drawn(scene("a", captions=[{"text": "Late", "from": 7}]))


def test_music_lies_under_its_scenes() -> None:
    """Of a film of which only some scenes are made, it has those that are there."""
    themes = {"/m/a.flac": music(60), "/m/b.flac": music(90)}
    written = {"music": ["/m/a.flac", {"file": "/m/b.flac", "from": "b", "to": "c", "level": -12, "start": 5}]}
    found = drawn(scene("a"), scene("b"), scene("c"), themes=themes, film=written)

    first, second = found.sound.music
    assert (first.first, first.last, first.level, first.duck, first.fade_in, first.fade_out) == ("", "", -8, 10, 24, 72)
    assert (second.first, second.last, second.level, second.begins) == ("b", "c", Decimal("-12"), 5)


def test_music_that_starts_after_its_end_is_refused() -> None:
    """There is nothing left of it."""
    with pytest.raises(BadInput, match=r"starts at 61 s, and the file lasts 60.0 s"):
        drawn(scene("a"), themes={"/m/a.flac": music(60)}, film={"music": {"file": "/m/a.flac", "start": 61}})


@pytest.mark.parametrize("written", [{"file": "/m/a.flac"}, {"file": "/m/a.flac", "from": "b", "to": "b"},
                                     {"file": "/m/a.flac", "start": 58}])  # fmt: skip
def test_music_that_is_too_short_to_be_played_again_is_refused(written: dict[str, Any]) -> None:
    """A sound of two seconds, a thousand times, is none that anybody wants: it is found before anything is bought."""
    themes = {"/m/a.flac": music(60 if "start" in written else 2)}
    with pytest.raises(BadInput, match=r"has 2\.0 s, which is too short to be played again") as refused:
        drawn(scene("a"), scene("b"), themes=themes, film={"music": written})
    assert refused.value.where == "field 'film.music'"

    (once,) = drawn(scene("a"), scene("b"), themes=themes, film={"music": written | {"loop": False}}).sound.music
    assert not once.loop


def test_a_film_without_them_keeps_its_sound() -> None:
    """Clips alone are heard as they are, unless a loudness is written."""
    assert drawn(scene("a")).sound.loudness is None
    assert drawn(scene("a"), film={"loudness": "-23 LUFS"}).sound.loudness == -23
    assert (
        drawn(scene("a", narration="x"), speech={"a": spoken(2, "x")}, film={"loudness": "none"}).sound.loudness is None
    )
