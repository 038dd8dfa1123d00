"""A film that speaks: in two languages, with music, at its loudness; changed words buy nothing."""

from __future__ import annotations

import json
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import av
import opentimelineio as otio
import pytest

from studio.errors import BadInput
from studio.media.clip import examine
from studio.media.loudness import loudness
from tests.media.clips import ffmpeg
from tests.support.running import Sandbox, booked, charged

FILM = """\
title: The Tower
model: ray-flash-2
resolution: 540p
language: en
translations: words.csv
film: {{music: theme.wav, transition: crossfade 0.5}}
scenes:
  - {{id: dusk, prompt: a tower at dusk, duration: auto, narration: "{said}"}}
  - {{id: door, prompt: a door opens, duration: auto, narration: Then a light., continue_from: dusk}}
  - {{id: sea, prompt: the sea at night, captions: Nobody is there.}}
"""
WORDS = """\
text,de
dusk.narration,"Es wird Nacht, und noch immer hat niemand die Lampe angezündet. Wer ist da?"
door.narration,Dann ein Licht.
sea.captions,Niemand ist da.
"""
needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")


def written(said: str) -> str:
    """The production, whose first scene says this; beside it its words in German, and its music."""
    if not Path("theme.wav").exists():
        ffmpeg("-f", "lavfi", "-i", "sine=220:sample_rate=48000:duration=4", "theme.wav")
    Path("words.csv").write_text(WORDS, "utf-8")
    Path("film.yaml").write_text(FILM.format(said=said), "utf-8")
    return str(Path("film.yaml").absolute())


def tracks(told: dict[str, Any]) -> dict[str, list[tuple[str, int, int]]]:
    """The sounds of each track of the timeline beside a film: name, first frame and frames."""
    read = otio.adapters.read_from_file(str(Path(told["film"]).parent / "timeline.otio"))
    return {
        track.name: [
            (clip.name, int(track.range_of_child(clip).start_time.value), int(clip.duration().value))
            for clip in track.find_clips()
        ]
        for track in read.audio_tracks()
    }


@pytest.mark.long
@needs_espeak
@pytest.mark.timeout(600)
async def test_a_film_that_speaks(studio: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its scenes are as long as their voices in both languages; a changed word and the second language cost nothing."""
    from flows.produce import produce

    monkeypatch.chdir(studio)
    first = await produce(production_file=written("Night falls, and nobody has lit the lamp. Who is there?"), out="one")
    cost, creates = booked(studio), len(sandbox.books()["creates"])
    plan = await produce(production_file=written("Night falls, and nobody has lit the lamp."), plan_only=True)
    changed = await produce(production_file=written("Night falls, and nobody has lit the lamp."), out="two")
    german = await produce(production_file="film.yaml", language="de", out="three")

    assert plan["to_pay_usd"] == "0.00"
    assert [told["cost_usd"] for told in (changed, german)] == ["0.00", "0.00"]
    assert booked(studio) == charged(sandbox) == cost
    assert len(sandbox.books()["creates"]) == creates == 3
    for told in (first, changed, german):
        found = loudness(Path(told["film"]))
        assert found is not None
        assert abs(found.integrated + 14) <= 0.5
        assert found.peak <= -1
        film = examine(Path(told["film"]))
        lanes = tracks(told)
        assert [name for name, _, _ in lanes["Voice"]] == ["dusk", "door"]
        music = [place for name, lane in lanes.items() if name.startswith("Music") for place in lane]
        assert (min(start for _, start, _ in music), max(s + n for _, s, n in music)) == (0, film.frames)
    manifests = {name: json.loads((studio / name / "manifest.json").read_text()) for name in ("one", "two", "three")}
    assert [one["slug"] for one in manifests.values()] == ["the-tower", "the-tower", "the-tower-de"]
    assert manifests["one"]["sound"]["loudness_lufs"] == -14
    english = (studio / "two" / "film.en.srt").read_text("utf-8")
    assert [english.index(said) for said in ("Night falls,", "Then a light.", "Nobody is there.")]
    assert "Niemand ist da." in (studio / "three" / "film.de.srt").read_text("utf-8")
    assert "Niemand ist da." in (studio / "one" / "film.de.vtt").read_text("utf-8")
    with av.open(str(studio / "one" / "film.mp4")) as film_file:
        assert [stream.language for stream in film_file.streams.subtitles] == ["eng", "deu"]
        assert [chapter["metadata"]["title"] for chapter in film_file.chapters()] == ["dusk", "door", "sea"]


@pytest.mark.long
@needs_espeak
async def test_what_cannot_be_spoken_is_found_before_money(studio: Path, sandbox: Sandbox) -> None:
    """A narration that is too long for its scene, or in other letters, is one error, and nothing is bought."""
    from flows.produce import produce

    scene = {"id": "dusk", "prompt": "a tower at dusk", "narration": "Night falls. " * 12}
    film = {"title": "A Film", "model": "ray-flash-2", "resolution": "540p", "scenes": [scene]}
    for said, told in (
        ("Night falls. " * 12, "and the scene lasts 5 s"),
        ("Наступает ночь.", "cannot speak Н"),
    ):
        scene["narration"] = said
        with pytest.raises(BadInput, match=told) as refused:
            await produce(production=film)
        assert refused.value.where == "scene 'dusk', field 'narration'"
    assert booked(studio) == charged(sandbox) == Decimal(0)
