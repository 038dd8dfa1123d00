"""The plan on the screen: the film it makes, rows in the film's order, within 80 columns, each note once."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from studio.planning.plan import Plan, ShotState
from studio.report.plan_json import film_json, plan_json
from studio.report.records import FilmCut, FilmRecord, RunRecord
from studio_cli.console import Screen, show_end
from studio_cli.plan_screen import show_plan
from tests.support.planned import MAYA, PARENT, PICTURE, film, plan, scene
from tests.support.running import command

LONG = "the-lighthouse-keeper-climbs-the-stairs-at-night"


def shown(drawn: Plan, *, width: int = 120, terminal: bool = False) -> list[str]:
    out = StringIO()
    console = Console(file=out, width=width, force_terminal=terminal, color_system=None, highlight=False)
    show_plan(console, drawn, service="the sandbox")
    return out.getvalue().splitlines()


def mixed(**fields: Any) -> Plan:
    return plan(film(
        scene("gate", lead_into="hall"), scene("hall", duration=12), scene(LONG, duration=7, continue_from="hall"),
        scene("maya", character="maya", take=2, upscale="1080p"), scene("end", model="ray-3", continue_from=LONG),
        characters=[MAYA], resolution="540p", **fields,
    ))  # fmt: skip


def test_the_film_is_told_before_its_shots() -> None:
    """Its length in seconds and frames against the one wished, its shape, models and tiers, its seams by kind."""
    lines = shown(mixed(length=35))
    assert lines[0] == "A Film"
    assert (
        lines[1]
        == "34 s (816 frames) of 35 s wished · 16:9 · ray-flash-2 540p, ray-flash-2 1080p, ray-3 540p · 5 scenes"
    )
    assert lines[2] == "seams: 1 from the frame of a cut, 1 bridged, 2 cuts"
    assert shown(mixed(length=34))[1].startswith("34 s (816 frames), as wished · ")
    assert (
        shown(plan(film(scene("a", generation=PARENT))))[1]
        == "about 5 s (120 frames) · 16:9 · ray-flash-2 720p · 1 scene"
    )


def test_rows_are_in_the_film_s_order_and_purchases_are_numbered() -> None:
    """The first scene leads into the second, and is bought after it; a shot that is there has no number."""
    drawn = mixed()
    drawn = replace(drawn, shots=tuple(
        replace(s, state=ShotState.CACHED) if s.id == "hall.1" else s for s in drawn.shots
    ))  # fmt: skip
    told = [line.split() for line in shown(drawn, width=200)[4:12]]
    assert [words[0] for words in told] == [
        "gate", "hall.1", "hall.2", LONG, "maya.still", "maya", "maya.large", "end",
    ]  # fmt: skip
    numbers = {shot["id"]: shot["buy"] for shot in _json(drawn)}
    assert numbers == {
        "gate": 2, "hall.1": None, "hall.2": 1, LONG: 3, "maya.still": 4, "maya": 5, "end": 6, "maya.large": 7,
    }  # fmt: skip
    assert all(str(numbers[words[0]]) in words for words in told if numbers[words[0]] is not None)


def _json(drawn: Plan) -> list[dict[str, Any]]:
    return list(plan_json(drawn)["shots"])


@pytest.mark.parametrize("width", [60, 80, 100, 120])
def test_it_fits_the_terminal(width: int) -> None:
    """No line is wider, words are not broken, and what matters is there: shot, state, what is to be paid."""
    lines = shown(mixed(length=40), width=width, terminal=True)
    assert max(map(cell_len, lines)) <= width
    text = "\n".join(lines)
    assert text.count("new") >= 8
    assert "to pay" in text
    assert "the-lighthouse" in text


def test_elsewhere_a_line_is_a_line() -> None:
    """In a pipe, notes and totals are not broken, so that they can be searched."""
    drawn = plan(film(scene("a"), scene("b", duration=7, continue_from="a"), scene("c", continue_from="b")))
    lines = shown(drawn, width=60)
    assert any(line.startswith("note: scene 'c' goes on from the frame") and line.endswith("longer") for line in lines)


def test_each_note_once() -> None:
    """A note that two parts of the planning made is shown once; after a run that showed its plan, not again."""
    drawn = plan(film(scene("a")))
    drawn = replace(drawn, notes=("look at this", "look at this"))
    assert [line for line in shown(drawn) if line.startswith("note")] == ["note: look at this"]
    now = datetime(2026, 11, 27, tzinfo=UTC)
    record = RunRecord(
        "A Film", "a-film", "r", Path("out"), now, now, "sandbox", billed=True, shots=(),
        notes=("look at this", "and this", "and this"),
    )  # fmt: skip
    out = StringIO()
    show_end(Console(file=out, width=120), record, told=("look at this",))
    assert [line for line in out.getvalue().splitlines() if line.startswith("note")] == ["note     and this"]


def test_the_end_names_scenes_that_are_missing() -> None:
    """Scenes whose slate stands in the film are named at the end of a run."""
    now = datetime(2026, 11, 27, tzinfo=UTC)
    film_file = FilmRecord(Path("film.mp4"), 240, Fraction(24), 960, 540, 1, "0" * 64, has_audio=False, method="copy")
    cuts = (FilmCut("a", ("a",), 0, 120), FilmCut("b", ("b",), 120, 120, slate=True))
    record = RunRecord(
        "A Film", "a-film", "r", Path("out"), now, now, "sandbox", billed=True, shots=(), cuts=cuts, film=film_file
    )
    out = StringIO()
    show_end(Console(file=out, width=120), record)
    assert "missing  b: slates stand in the film, and in what is made of it" in out.getvalue().splitlines()


def test_a_warning_is_not_repeated() -> None:
    """What the screen has shown as a warning before a run is known to it, so that it is no note at the end."""
    out = StringIO()
    screen = Screen(out, live=False)
    screen.note("warning: this run brings the production to $0.28 of $0.30 (93%)")
    screen.note("all is well")
    assert screen.warned == ("this run brings the production to $0.28 of $0.30 (93%)",)
    assert len(out.getvalue().splitlines()) == 2


def test_alternatives_stand_below_the_price() -> None:
    """Each with its price, what it is instead of, and what to write; as JSON, too."""
    from studio.planning.plan import Alternative
    from tests.support.planned import PRICES

    drawn = plan(film(scene("a")))
    price = PRICES.of("dream-machine").quote("ray-flash-2", "540p", 5).usd
    drawn = replace(drawn, alternatives=(Alternative("'a' as a bridge", price, 2 * price, 240),))
    assert "or $0.14 instead of $0.28: 'a' as a bridge" in shown(drawn)
    assert film_json(drawn)["alternatives"] == [
        {"what": "'a' as a bridge", "to_pay_usd": "0.14", "instead_of_usd": "0.28", "frames": 240}
    ]


def test_the_film_as_json() -> None:
    """``--plan --json`` has the film with every scene's place and seam, beside all that it had before."""
    drawn = plan(film(scene("a", start_image=PICTURE, duration=4), scene("b", continue_from="a"), length=10))
    assert film_json(drawn)["film"] == {
        "frames": 216, "seconds": 9.0, "exact": True, "wished_frames": 240, "wished_seconds": 10.0,
        "aspect_ratio": "16:9", "forms": ["ray-flash-2 720p"],
        "scenes": [
            {"id": "a", "start_frame": 0, "frames": 96, "clip_frames": 120, "seam": None},
            {"id": "b", "start_frame": 96, "frames": 120, "clip_frames": 120, "seam": "frame"},
        ],
        "titles": [],
        "seams": {"frame": 1},
        "sound": {"language": "en", "loudness_lufs": None, "narration": [], "captions": [], "music": []},
    }  # fmt: skip


def test_the_command_tells_the_film(workplace: Path) -> None:
    """``--plan`` and ``--plan --json`` of a production file have length, seams and the difference to what is wished."""
    (workplace / "film.yaml").write_text(
        "title: Two\nmodel: ray-flash-2\nresolution: 540p\nlength: 12\nscenes:\n"
        "  - {id: a, prompt: a harbour}\n  - {id: b, prompt: a boat leaves, continue_from: a}\n"
    )
    done = command(workplace, "film.yaml", "--plan")
    assert done.returncode == 0, done.stderr
    assert "10 s (240 frames) of 12 s wished · 16:9 · ray-flash-2 540p · 2 scenes" in done.stdout
    assert "met by this duration: 'b' 5 → 7 (to pay then: $0.39)" in done.stdout
    told = json.loads(command(workplace, "film.yaml", "--plan", "--json").stdout)
    assert told["film"]["seams"] == {"continued": 1}
    assert [shot["buy"] for shot in told["shots"]] == [1, 2]
