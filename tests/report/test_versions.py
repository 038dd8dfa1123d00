"""Reports of more than plain clips: stills, finished versions, takes to choose from, clips that are stale."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from studio.report import cost_rows, markdown_summary, write_costs, write_manifest, write_report, write_timeline
from studio.report.graph import graph
from studio.report.records import RunRecord, ShotRecord
from studio.report.run_json import run_summary
from studio.report.scenes import Scene, scenes
from studio.report.seams import meetings
from studio.report.thumbnails import Thumbnails
from studio.wording import Surface, asked_from
from tests.support.pages import Page
from tests.support.reports import finished, shot, with_bookings


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> RunRecord:
    """The sample with a still, a finished clip, takes and a stale scene; its pictures painted once."""
    return finished(tmp_path_factory.mktemp("film"))


def with_shot(record: RunRecord, name: str, **changed: object) -> RunRecord:
    """The record with one of its shots changed."""
    return replace(
        record,
        shots=tuple(replace(s, **changed) if s.id == name else s for s in record.shots),  # type: ignore[arg-type]
    )


def page(record: RunRecord, surface: Surface = Surface.COMMAND) -> str:
    """The written page of a run, as one surface words it."""
    with asked_from(surface):
        return write_report(record, record.out).read_text(encoding="utf-8")


def card(record: RunRecord, scene: str) -> str:
    """One scene's card as HTML."""
    text = page(record)
    start = text.index(f'data-scene="{scene}"')
    end = text.find("data-scene=", start + 1)
    return text[start : end if end > 0 else text.index("</ol>\n</section>", start)]


def words(html: str) -> str:
    """A piece of a page as it reads, its blocks set apart."""
    return " ".join(Page(html.replace("</", " </")).words.split())


def scene(record: RunRecord, name: str) -> Scene:
    """One scene of the run."""
    return next(s for s in scenes(record) if s.id == name)


def test_a_still_is_shown_as_the_picture_it_is(record: RunRecord) -> None:
    """Its picture, model and price stand in the card; it is no strip of film, and no clip is missed."""
    html = card(record, "harbour")
    assert html.count('class="strip"') == 1
    assert "photon-1 · still · 16:9 $0.015" in words(html)
    assert "The keeper on the quay." in words(html)
    pictures = [tag for name, tag in Page(html).tags if name == "img"]
    assert [tag["alt"] for tag in pictures][-1] == "The still harbour.still"
    assert str(pictures[-1]["src"]).startswith("data:image/jpeg;base64,")
    assert "no clip" not in words(html)


def test_a_still_that_failed_is_missed(record: RunRecord) -> None:
    """Its card says so in its place, and the scene is among what is missing, with the still's own reason."""
    failed = with_shot(record, "harbour.still", outcome="failed", still=None, error="no picture of a keeper")
    failed = with_shot(failed, "harbour", outcome="not started", clip=None, first_frame=None, last_frame=None)
    assert scene(failed, "harbour").missing
    html = card(failed, "harbour")
    assert "The still harbour.still: no picture" in html
    text = page(failed)
    assert "no picture of a keeper" in text[text.index('id="missing"') : text.index('id="storyboard"')]


def test_a_finished_clip_is_one_strip_and_a_line_of_steps(record: RunRecord) -> None:
    """The film's version is shown once; what was done to it stands beneath, each step at its price."""
    html = card(record, "climb")
    assert html.count('class="strip"') == 1
    assert "120 f · 3840×2160" in words(html)
    steps = html[html.index('<ol class="steps"') : html.index("</ol>")]
    assert words(steps) == "1080p $0.54 4k upscale $0.71 sound: gulls and water, the keeper's breath $0.10"
    assert words(html).count("The path up to the tower") == 1


def test_a_failed_step_shows_the_version_that_there_is(record: RunRecord) -> None:
    """The clip before it is on the strip, and the step that failed is marked."""
    failed = with_shot(record, "climb.large.sound", outcome="failed", clip=None, error="no sound", cost=Decimal(0))
    failed = with_shot(failed, "climb", outcome="reused")
    html = card(failed, "climb")
    assert "120 f · 3840×2160" in words(html)
    assert "4k upscale $0.71 new" in words(html)
    assert "First frame of climb.large" in html


def test_a_scene_lasts_as_long_as_its_last_versions(record: RunRecord, tmp_path: Path) -> None:
    """Five seconds stay five, with a still before them and two finishing steps behind; two clips are counted both."""
    assert scene(record, "harbour").seconds == scene(record, "climb").seconds == 5
    more = shot(tmp_path, "climb.2", scene="climb", look="climb", seconds=Fraction(9), resolution="1080p")
    longer = replace(record, shots=(*record.shots, more))
    assert scene(longer, "climb").seconds == 14
    assert "ray-2 · 1080p · 16:9 · 5 + 9 s, 5 s in the film" in words(card(longer, "climb"))


def test_seams_are_shown_by_the_last_versions(record: RunRecord) -> None:
    """A still has no first frame: the pictures of a seam are those of the clips that the film shows."""
    shots = (*record.shots[1:], replace(record.shots[0], scene="climb"))
    told = scenes(replace(record, shots=shots))
    met = meetings(record, told, Thumbnails(s.first_frame for s in shots))
    assert met["climb"].left is not None
    assert met["climb"].right is not None


def test_takes_stand_side_by_side(record: RunRecord) -> None:
    """Each with its pictures, price and generation; one is in the film, the others bring the command that uses them."""
    text = page(record)
    takes = text[text.index('<section id="takes">') : text.index('<section id="continuity">')]
    assert takes.count('class="take used"') == 2
    assert takes.count("<video") == 2  # of those in use, whose clips are there; they have a picture of their ends
    assert takes.count("<img") == 2 * 1 + 3 * 2
    said = words(takes)
    assert said.count("in this film") == 2
    assert "Take 2 $2.30 --take lamp=2 pin it: generation: take-2-of-lamp" in said
    assert "--take lamp=1" not in said


def test_a_finished_clips_takes_are_shown_once_at_their_whole_price(record: RunRecord) -> None:
    """Versions that lead to another have no takes of their own there, and no pin: they would be finished anew."""
    text = page(record)
    takes = words(text[text.index('<section id="takes">') : text.index('<section id="continuity">')])
    assert "climb 2 takes" not in takes
    assert "Take 1 $2.60 --take climb=1 generation take-1-of-climb.large.sound" in takes
    assert "pin it: generation: take-1-of-climb" not in takes


def test_two_takes_of_one_number_have_no_command(record: RunRecord) -> None:
    """A take that was renewed is there twice: no number names it, its generation does."""
    lamp = next(s for s in record.shots if s.id == "lamp")
    twice = with_shot(record, "lamp", takes=tuple(replace(t, take=1) for t in lamp.takes))
    text = page(twice)
    assert "--take lamp=" not in text
    assert "generation: take-2-of-lamp" in text


def test_a_stale_scene_says_why_and_how_to_renew_it(record: RunRecord) -> None:
    """The badge, the reason and the command stand in the card; the graph marks it too, and nothing else is stale."""
    html = card(record, "stair")
    assert "reused stale" in words(html)
    assert "what it was made from has another take now. To buy it anew: --renew stair" in words(html)
    assert "stale" not in words(card(record, "climb"))
    text = page(record)
    assert text.count("edge-line is-stale") == 2
    assert [node.id for node in graph(record.shots).nodes if node.stale] == ["stair"]
    assert "python -m flows.produce YOUR_PRODUCTION --renew stair" in text
    assert [row["state"] for row in cost_rows(record) if row["shot"] == "stair"] == ["reused, stale"]
    assert "| stair | reused, stale |" in markdown_summary(record)


def test_stills_and_steps_have_nodes_of_their_own(record: RunRecord) -> None:
    """A still is a still by its shape, a later version is called what was done to it."""
    nodes = {node.id: node for node in graph(record.shots).nodes}
    assert {name: node.kind for name, node in nodes.items() if node.kind != "clip"} == {
        "harbour.still": "still", "climb.large": "upscale", "climb.large.sound": "sound",
    }  # fmt: skip
    assert [nodes[name].label for name in ("climb.large", "climb.large.sound")] == ["4k upscale", "sound"]


def test_tags_say_where_a_shot_is_from(record: RunRecord) -> None:
    """The API where there are two, HDR, and that the camera is told in words."""
    assert "Luma Agents ray-3 · 720p" in words(card(record, "lamp"))
    assert "push_in HDR camera told in the prompt" in words(card(record, "lamp"))
    assert "Dream Machine ray-2" in words(card(record, "harbour"))
    alone = replace(record, shots=tuple(s for s in record.shots if s.api == "dream-machine"))
    assert 'class="api"' not in page(alone)


def test_costs_name_the_kind(record: RunRecord, tmp_path: Path) -> None:
    """Every booking says what was bought."""
    with write_costs(with_bookings(record), tmp_path).open(newline="", encoding="utf-8") as file:
        found = {row["shot"]: row["kind"] for row in csv.DictReader(file)}
    assert (found["harbour"], found["climb.large"], found["climb.large.sound"]) == ("clip", "upscale", "sound")


@pytest.mark.parametrize(
    ("api", "endpoint", "kind"),
    [
        ("dream-machine", "video", "clip"), ("dream-machine", "image", "still"), ("dream-machine", "modify", "modify"),
        ("dream-machine", "reframe", "reframe"), ("dream-machine", "upscale", "upscale"),
        ("dream-machine", "audio", "sound"), ("agents", "video", "clip"), ("agents", "image_edit", "still"),
        ("agents", "video_edit", "modify"), ("agents", "video_reframe", "reframe"), ("no longer there", "x", "clip"),
    ],
)  # fmt: skip
def test_every_endpoint_has_its_kind(record: RunRecord, tmp_path: Path, api: str, endpoint: str, kind: str) -> None:
    """Both APIs' words for one thing are one kind."""
    one = replace(record, shots=(replace(record.shots[1], api=api, endpoint=endpoint),), cuts=())
    with write_costs(with_bookings(one), tmp_path).open(newline="", encoding="utf-8") as file:
        assert next(csv.DictReader(file))["kind"] == kind


def test_the_manifest_holds_stills_takes_and_versions(record: RunRecord) -> None:
    """API, endpoint, what a shot finishes, the still with its hash, why it is stale, all takes."""
    found = {s["id"]: s for s in json.loads(write_manifest(record, record.out).read_text(encoding="utf-8"))["shots"]}
    assert found["harbour.still"]["still"] == {"path": "stills/keeper.jpg", "sha256": "cd" * 32}
    assert found["harbour.still"]["clip"] is None
    assert found["climb.large"]["finishes"] == "climb"
    assert (found["lamp"]["api"], found["climb.large.sound"]["endpoint"]) == ("agents", "audio")
    assert found["stair"]["stale"] == "what it was made from has another take now"
    assert found["harbour"]["stale"] is None
    takes = found["lamp"]["takes"]
    assert [(t["take"], t["used"], t["price_usd"], t["clip"]) for t in takes] == [
        (1, True, "0.32", "clips/lamp.mp4"), (2, False, "2.30", "lamp-2.mp4"), (3, False, "3.30", "lamp-3.mp4"),
    ]  # fmt: skip


def test_the_timeline_has_the_last_versions_and_no_still(record: RunRecord) -> None:
    """One clip a cut: the finished one, and never a picture."""
    timeline = otio.adapters.read_from_file(str(write_timeline(record, record.out)))
    names = [clip.name for clip in timeline.video_tracks()[0].find_clips()]
    assert names == ["harbour", "climb.large.sound", "stair", "lamp"]


def summary(record: RunRecord, name: str) -> dict[str, object]:
    """One scene as ``--json`` tells it."""
    (found,) = (s for s in run_summary(record)["scenes"] if s["id"] == name)
    return dict(found)


def test_json_tells_a_scene_by_its_last_version(record: RunRecord) -> None:
    """Clip, hash and generation are the film's; the cost is that of all the scene's shots; these follow in detail."""
    last = next(s for s in record.shots if s.id == "climb.large.sound")
    found = summary(record, "climb")
    assert (found["clip"], found["generation_id"], found["order"]) == (str(last.clip), last.generation_id, last.order)
    assert (found["cost_usd"], found["state"], found["cached"], found["error"]) == ("1.35", "new", False, None)
    assert [s["kind"] for s in found["shots"]] == ["clip", "upscale", "sound"]  # type: ignore[attr-defined]
    harbour = next(s for s in record.shots if s.id == "harbour")
    found = summary(record, "harbour")
    assert (found["clip"], found["state"], found["reused_usd"]) == (str(harbour.clip), "new", "0.015")
    assert found["shots"][0]["still"] is not None  # type: ignore[index]
    assert summary(record, "stair")["stale"] is True


def test_json_tells_a_scene_by_what_it_lacks(record: RunRecord) -> None:
    """The gravest of its shots gives the state and the reason, wherever in the chain it is."""
    lost = {"clip": None, "sha256": None, "generation_id": None}
    broken = with_shot(record, "climb.large", outcome="in doubt", error="no answer", cost=Decimal(0), **lost)
    broken = with_shot(broken, "climb.large.sound", outcome="not started", cost=Decimal(0), **lost)
    large = next(s for s in broken.shots if s.id == "climb.large")
    found = summary(broken, "climb")
    assert (found["state"], found["error"], found["order"]) == ("in doubt", "no answer", large.order)
    assert (found["clip"], found["cost_usd"]) == (None, "0.54")


def test_hostile_words_of_new_fields_stay_words(record: RunRecord) -> None:
    """Names, reasons and ids of takes and stills add no tag to the page."""
    evil = "</p><script>alert(1)</script>"

    def spoilt(known: ShotRecord) -> ShotRecord:
        takes = tuple(replace(take, generation_id=evil) for take in known.takes)
        stale, finishes = evil if known.stale else "", known.finishes
        return replace(known, prompt=evil, stale=stale, finishes=finishes, takes=takes, model=evil, api=evil)

    text = page(replace(record, shots=tuple(map(spoilt, record.shots))))
    assert sum(tag == "script" for tag, _ in Page(text).tags) == 1


def test_a_run_of_the_form_is_told_of_its_fields(record: RunRecord) -> None:
    """The page of a run that Prefect's form started names the form's fields, and no command that was not typed."""
    text = page(record, Surface.FORM)
    said = words(text)
    for told in ("→ Run", "'stair' in the field 'renew'", "in the field 'takes'", "in the field 'retake'"):
        assert told in said
    assert "flows.produce" not in said
    assert not re.search(r"--(plan|take|retake|renew)\b", said)
