"""Titles in a production file: several ways to write them, and errors at their lines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import ImageFont

from studio.errors import ProductionError
from studio.production import Production, load_production, parse_production

FILM = "title: T\nmodel: ray-flash-2\n"
SCENE = "scenes:\n  - id: a\n    prompt: a harbour at dawn\n"


def written(film: dict[str, Any] | None = None, **scene: Any) -> Production:
    first = {"id": "a", "prompt": "a harbour at dawn", **scene}
    return parse_production({"title": "T", "model": "ray-flash-2", "film": film or {}, "scenes": [first]})


def problems(tmp_path: Path, text: str) -> str:
    (tmp_path / "film.yaml").write_text(text, "utf-8")
    with pytest.raises(ProductionError) as refused:
        load_production(tmp_path / "film.yaml")
    return str(refused.value)


def test_a_text_alone_is_a_card() -> None:
    """A text, its lines, or a mapping say the same; the written form is read again."""
    cards = [
        written(card=said).scenes[0].card for said in ("A\nb", ["A", "b"], {"text": "A\n b "}, {"text": ["A", "b"]})
    ]
    assert len(set(cards)) == 1
    assert cards[0] is not None
    assert (cards[0].text, cards[0].lasts) == ("A\nb", 3)
    film = {
        "titles": {"opening": 1984, "credits": ["Filmed at sea", "", {"role": "Music", "name": "Ann"}]},
        "fade_in": 0,
    }
    found = written(film, lower_third={"text": "Ann", "from": 2})
    assert found.film.titles is not None
    assert found.film.titles.credits is not None
    assert found.film.titles.credits.rows == (("", "Filmed at sea"), ("", ""), ("Music", "Ann"))
    assert float(found.film.titles.credits.lasts) == 3.8
    assert Production.model_validate(found.model_dump(mode="json")) == found


def test_a_text_is_what_is_written(tmp_path: Path) -> None:
    """Words that YAML reads as something else are texts here, and a comment that cuts one is told."""
    titles = (
        "film:\n  titles:\n    opening: 1984\n    closing: No\n    credits: [2001, 'Yes', {role: 007, name: Bond}]\n"
    )
    (tmp_path / "film.yaml").write_text(FILM + titles + SCENE + "    card: 1.50\n    lower_third: {text: on}\n")
    found = load_production(tmp_path / "film.yaml")
    assert found.film.titles is not None
    assert found.film.titles.opening is not None
    assert found.film.titles.closing is not None
    assert found.film.titles.credits is not None
    assert (found.film.titles.opening.text, found.film.titles.closing.text) == ("1984", "No")
    assert found.film.titles.credits.rows == (("", "2001"), ("", "Yes"), ("007", "Bond"))
    scene = found.scenes[0]
    assert scene.card is not None
    assert scene.lower_third is not None
    assert (scene.card.text, scene.lower_third.text) == ("1.50", "on")
    assert "is a comment to YAML" in problems(tmp_path, FILM + SCENE + "    card: Take #2\n")


@pytest.mark.parametrize("empty", ["", None, {}, {"text": "", "seconds": None}])
def test_what_is_left_empty_is_no_card(empty: Any) -> None:
    """As the form sends it."""
    found = written({"titles": {"opening": empty, "credits": empty}}, card=empty, lower_third=empty)
    assert (found.scenes[0].card, found.scenes[0].lower_third) == (None, None)
    assert found.film.titles is not None
    assert (found.film.titles.opening, found.film.titles.credits) == (None, None)


def test_a_font_is_found_beside_the_file(tmp_path: Path) -> None:
    """Its path is relative to the production."""
    (tmp_path / "own.ttf").write_bytes(ImageFont.load_default(size=10).font_bytes)  # type: ignore[union-attr]
    (tmp_path / "film.yaml").write_text(FILM + "film: {titles: {font: own.ttf, closing: The End}}\n" + SCENE)
    titles = load_production(tmp_path / "film.yaml").film.titles
    assert titles is not None
    assert titles.font == (str(tmp_path / "own.ttf"),)


NOBODY_S = "\U0010fffd"  # a letter that belongs to nobody


def test_letters_that_no_font_has(tmp_path: Path) -> None:
    """The error is at the line of the text, and names the letters and the setting that helps."""
    told = problems(
        tmp_path, FILM + "film:\n  titles:\n    closing: Fin\n" + SCENE + f"    card: |\n      F{NOBODY_S}r\n"
    )
    assert f"film.yaml:9, scene 'a', field 'card': no font here has '{NOBODY_S}' (U+10FFFD)" in told
    assert "font under film, titles" in told
    credits = f"film:\n  titles:\n    credits:\n      - Ann\n      - {{role: Musik, name: J{NOBODY_S}rg}}\n"
    assert "film.yaml:7, field 'film.titles.credits[2].name': " in problems(tmp_path, FILM + credits + SCENE)


@pytest.mark.parametrize(
    ("said", "place", "told"),
    [
        ("font: gone.ttf", "film.yaml:5, field 'film.titles.font'", "'gone.ttf' is not there"),
        ("font: film.yaml", "film.yaml:5, field 'film.titles.font'", "is no TrueType or OpenType font"),
        ("font: [., film.yaml]", "film.yaml:5, field 'film.titles.font[1]'", "is a folder"),
        ("opening: {txt: A}", "film.yaml:5, field 'film.titles.opening'", "did you mean 'text'?"),
        ("credits: [{role: Music, nam: A}]", "film.yaml:5, field 'film.titles.credits[1]'", "did you mean 'name'?"),
        ("opening: {text: A, transition: crossfade 1}", "film.yaml:5, field 'film.titles.opening.transition'",
         "there is nothing before this card"),
        ("closing: [[A]]", "film.yaml:5, field 'film.titles.closing'", "expected text, found a list"),
        ("credits: ['']", "film.yaml:5, field 'film.titles.credits'", "no line with anything in it"),
        ("credits: {roll: true, lines: [" + "a, " * 121 + "]}", "film.yaml:5, field 'film.titles.credits'",
         "121 lines are more than 120, which is the most that can roll"),
        ("closing: {text: A, seconds: -1}", "film.yaml:5, field 'film.titles.closing.seconds'", "-1 seconds"),
        (f"closing: {'Word' * 30}", "film.yaml:5, field 'film.titles.closing'", "is wider than the safe area (16:9)"),
    ],
)  # fmt: skip
def test_faulty_titles(tmp_path: Path, said: str, place: str, told: str) -> None:
    """One clear error at the line."""
    found = problems(tmp_path, f"{FILM}film:\n  titles:\n    {said}\n{SCENE}")
    assert place in found
    assert told in found


def test_faulty_titles_of_a_scene(tmp_path: Path) -> None:
    """A lower third of three lines, and a transition before which nothing is seen."""
    found = problems(
        tmp_path, f"{FILM}{SCENE}    lower_third: [A, b, c]\n    card: {{text: A, transition: crossfade 1}}\n"
    )
    assert "film.yaml:6, scene 'a', field 'lower_third'" in found
    assert "has one or two lines, and this one has 3" in found
    found = problems(tmp_path, f"{FILM}{SCENE}    card: {{text: A, transition: crossfade 1}}\n")
    assert "field 'card.transition': there is nothing before this card" in found


def test_a_text_is_tried_in_the_shape_of_the_film() -> None:
    """What fits a wide film may be too long for an upright one, also where it is reframed."""
    third = "Ann Smith, keeper of the old lighthouse at sea"
    written(lower_third=third)
    with pytest.raises(ProductionError, match="9:16"):
        parse_production(written(lower_third=third * 2).model_dump(mode="json") | {"reframe": "9:16"})


def test_after_a_card_the_first_scene_may_have_a_transition() -> None:
    """There is something before it then."""
    assert written(card="One", transition="crossfade 0.5").scenes[0].transition
    with pytest.raises(ProductionError, match="no scene before the first one"):
        written(transition="crossfade 0.5")
