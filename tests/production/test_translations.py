"""Translations: a table of texts, and the film that it makes in another language."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.errors import BadInput, ProductionError
from studio.planning.variants import derived, options_of
from studio.production import Production, load_production
from studio.production.translations import translations_of

FILM = """\
title: The Tower
language: en
budget: 20
translations: words.csv
film: {titles: {opening: The Tower, closing: The End}}
scenes:
  - {id: dusk, prompt: a tower at dusk, narration: {text: Night falls., from: 1}, lower_third: Ann, take: 2}
  - {id: door, prompt: a door opens, captions: [{text: Hello?, from: 1}, Who is it?], card: {text: Later, seconds: 2}}
"""
WORDS = """\
text,de,pt-br,x-note
title,Der Turm,,for the cover
opening,Der Turm,A torre,
dusk.narration,Es wird Nacht.,stimme/dusk.wav,
dusk.lower_third,Anna,,
door.captions.1,Hallo?,,
door.captions.2,Wer ist da?,,
door.card,Später,,
"""


SOUND = b"RIFF\x24\0\0\0WAVEfmt " + bytes(32)


def written(folder: Path, words: str = WORDS) -> Production:
    (folder / "words.csv").write_text(words, "utf-8")
    (folder / "stimme").mkdir(exist_ok=True)
    (folder / "stimme" / "dusk.wav").write_bytes(SOUND)
    (folder / "film.yaml").write_text(FILM, "utf-8")
    return load_production(folder / "film.yaml")


def test_a_table_that_is_not_there(tmp_path: Path) -> None:
    """It is told where it is named."""
    (tmp_path / "film.yaml").write_text(FILM, "utf-8")
    with pytest.raises(ProductionError, match=r"^film.yaml:4, field 'translations': there is no file "):
        load_production(tmp_path / "film.yaml")


def test_a_film_in_another_language(tmp_path: Path) -> None:
    """Its texts are another language's, with all else that is written with them; scenes, takes and budget are one."""
    film = written(tmp_path)
    german = derived(film, language="de")

    dusk, door = german.scenes
    assert (german.title, german.slug, german.version, german.language) == ("Der Turm", "the-tower-de", "de", "de")
    assert german.film.titles is not None
    assert german.film.titles.opening is not None
    assert german.film.titles.opening.text == "Der Turm"
    assert dusk.narration is not None
    assert dusk.lower_third is not None
    assert door.captions
    assert door.card is not None
    assert (dusk.narration.text, dusk.narration.from_, dusk.lower_third.text) == ("Es wird Nacht.", 1, "Anna")
    assert [(one.text, one.from_) for one in door.captions] == [("Hallo?", 1), ("Wer ist da?", None)]
    assert (door.card.text, door.card.seconds) == ("Später", 2)
    assert (german.budget_name, german.film_slug, german.budget) == (film.budget_name, film.slug, film.budget)
    assert [scene.prompt for scene in german.scenes] == [scene.prompt for scene in film.scenes]
    assert german.take_of(dusk) == 2
    assert german.notes == (
        "the film in de shows the clips of the film in en: they are bought once for both",
        "texts without a translation into de stay as they are: closing",
    )
    assert [(one.name, one.values) for one in options_of(german)] == [("language", ("de",))]


def test_its_own_language_is_the_film_itself(tmp_path: Path) -> None:
    """Asked for by its name, nothing is another."""
    film = written(tmp_path)
    assert derived(film, language="en") is film


def test_a_recording_in_another_language(tmp_path: Path) -> None:
    """A cell may name a sound file, relative to the table; a column that begins with x- is for people."""
    film = derived(written(tmp_path), language="pt_BR")
    narration = film.scenes[0].narration
    assert narration is not None
    assert (narration.file, narration.text) == (str(tmp_path / "stimme" / "dusk.wav"), None)
    assert film.language == "pt-BR"


def test_another_shape_in_another_language(tmp_path: Path) -> None:
    """The two options go together."""
    film = derived(written(tmp_path), language="de", reframe="9:16")
    assert (film.slug, film.version, film.film_slug) == ("the-tower-de-9x16", "9:16 de", "the-tower")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("text,de\ntitel,Der Turm\n", "words.csv:2: there is no text 'titel'\n  → did you mean 'title'?"),
        ("text,de\ndusk.card,Nacht\n", "words.csv:2: scene 'dusk' has no card"),
        ("text,de\ndusk.narration.1,Nacht\n", "there is no text 'dusk.narration.1'"),
        ("text,german words\ntitle,Der Turm\n", "'german words' is no language"),
        ("text,de\ndusk.narration,stimme/none.wav\n", "words.csv:2, column 'de': there is no file"),
        ("texts,de\ntitle,Der Turm\n", "has no column 'text'"),
        ("text\ntitle\n", "has no column of a language"),
        ("", "words.csv: is empty"),
    ],
)
def test_a_table_that_cannot_be_used(words: str, told: str, tmp_path: Path) -> None:
    """Found when the production is read, with file and line."""
    with pytest.raises(ProductionError) as refused:
        written(tmp_path, words)
    assert told in str(refused.value)


def test_a_language_without_a_column(tmp_path: Path) -> None:
    """Those that there are, are named."""
    with pytest.raises(BadInput, match="there are no texts in 'es'") as refused:
        derived(written(tmp_path), language="es")
    assert refused.value.hint == "words.csv has de, pt-BR"
    assert (
        translations_of(Production.model_validate({"title": "x", "scenes": [{"id": "a", "prompt": "abc"}]})).file == ""
    )
