"""The files beside a film for machines: costs.csv, manifest.json, timeline.otio, and Prefect's two forms."""

from __future__ import annotations

import csv
import hashlib
import json
import math
import shutil
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

import opentimelineio as otio
import pytest

from studio.editing.values import Heard
from studio.money import plain, usd
from studio.report import (
    cost_rows,
    markdown_summary,
    write_all,
    write_costs,
    write_manifest,
    write_report,
    write_timeline,
)
from studio.report.costs import COLUMNS
from studio.report.formats import clean, span, timecode, told
from studio.report.gantt import lanes
from studio.report.graph import graph
from studio.report.records import FilmCut, RunRecord, SeamRecord
from studio.report.run_json import run_summary
from studio.report.scenes import scenes
from studio.report.seams import grade
from tests.support.reports import booking, cut_of, cuts_of, large, part_of, sample, shot, with_bookings


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> RunRecord:
    """The sample of six scenes, its frames painted once."""
    return sample(tmp_path_factory.mktemp("film"))


def rows(path: Path) -> list[dict[str, str]]:
    """A CSV file as a spreadsheet reads it."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_everything_is_written_whole_and_nothing_else(record: RunRecord, tmp_path: Path) -> None:
    """Five files appear under the names that are told, with the clips that one links to, and no half-written one."""
    made = write_all(record, tmp_path / "new" / "folder")
    assert {name: path.name for name, path in made.items()} == {
        "contact_sheet": "contact-sheet.jpg",
        "contact_page": "contact-sheet.html",
        "report": "report.html",
        "costs": "costs.csv",
        "timeline": "timeline.otio",
        "manifest": "manifest.json",
    }
    names = [path.name for path in (tmp_path / "new" / "folder").iterdir()]
    beside = ["clips", "timeline.fcpxml", "timeline.edl"]
    assert sorted(names) == sorted([*beside, *(path.name for path in made.values())])
    clips = [path.name for path in (tmp_path / "new" / "folder" / "clips").iterdir()]
    assert sorted(name.partition("-")[0] for name in clips) == ["climb", "harbour", "lamp", "stair"]


def test_the_same_record_gives_the_same_bytes(record: RunRecord, tmp_path: Path) -> None:
    """Nothing of the moment or the place of writing gets into the files."""
    first = {name: path.read_bytes() for name, path in write_all(record, tmp_path).items()}
    assert first == {name: path.read_bytes() for name, path in write_all(record, tmp_path).items()}


def test_costs_read_back_and_add_up(record: RunRecord, tmp_path: Path) -> None:
    """A row a booking, refunds as their own negative rows, no total: the column adds up to what the run was billed."""
    found = rows(write_costs(with_bookings(record, realm="luma"), tmp_path))
    assert tuple(found[0]) == COLUMNS
    assert {row["entry"] for row in found} == {"purchase", "refund"}
    assert sum(Decimal(row["amount"]) for row in found) == record.cost > 0
    refunds = [Decimal(row["amount"]) for row in found if row["entry"] == "refund"]
    assert -sum(refunds) == record.refunded > 0
    assert {(row["billing"], row["currency"], row["sandbox_amount"]) for row in found} == {("billed", "USD", "0.00")}
    assert all(row["date"].endswith("Z") for row in found)


def test_sandbox_money_is_in_a_column_of_its_own(record: RunRecord, tmp_path: Path) -> None:
    """A sandbox booking adds nothing to the amount: a sum over the column is what was really billed."""
    found = rows(write_costs(with_bookings(record), tmp_path))
    assert {(row["billing"], row["amount"]) for row in found} == {("sandbox", "0.00")}
    assert sum(Decimal(row["sandbox_amount"]) for row in found) == record.cost


def test_a_second_run_in_the_same_folder_keeps_the_first_one_s_rows(record: RunRecord, tmp_path: Path) -> None:
    """With --out, runs share a folder: the file has the bookings of each, once, also when it is written again."""
    first = with_bookings(record, realm="luma")
    second = replace(first, bookings=(booking(99, record.shots[0], Decimal("0.71"), "reserved", realm="luma"),))
    write_costs(first, tmp_path)
    for _ in range(2):
        found = rows(write_costs(second, tmp_path))
    assert [row["booking"] for row in found] == [*(b.id for b in first.bookings), "b00c-99"]
    (tmp_path / "costs.csv").write_text("scene,shot,new_usd\nTOTAL,,5.00\n")  # of an earlier version
    assert [row["booking"] for row in rows(write_costs(second, tmp_path))] == ["b00c-99"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n=", "  =", "＝"])
def test_a_cell_never_starts_a_formula(record: RunRecord, tmp_path: Path, start: str) -> None:
    """Whatever a spreadsheet would run gets an apostrophe before it; amounts stay numbers, negative ones too."""
    shot_ = replace(record.shots[0], generation_id=f"{start}HYPERLINK(1)", model=f"{start}cmd|' /C calc'!A0")
    evil = replace(booking(1, shot_, Decimal("-0.40"), "failed", realm="luma"), production=f"{start}1+1")
    row = rows(write_costs(replace(record, bookings=(evil,)), tmp_path))[0]
    assert all(row[name].startswith("'") for name in ("generation_id", "model", "production"))
    assert row["amount"] == "-0.40"


def test_the_manifest_reads_back(record: RunRecord, tmp_path: Path) -> None:
    """Orders, generation ids, hashes, requests and amounts come back as they were; paths are relative where inside."""
    found = json.loads(write_manifest(record, record.out).read_text(encoding="utf-8"))
    assert found["schema_version"] == 1
    assert found["service"] == {"name": "sandbox", "billed": False}
    assert found["film"]["path"] == "film.mp4"
    assert found["run"]["started_at"] == "2025-11-22T10:42:05Z"
    assert found["cost"]["new_usd"] == str(record.cost)
    for told_of, known in zip(found["shots"], record.shots, strict=True):
        assert told_of["order"] == known.order
        assert told_of["generation_id"] == known.generation_id
        assert told_of["request"] == known.request
        assert told_of["prompt"] == known.prompt
        assert Decimal(told_of["cost"]["new_usd"]) == known.cost
    assert found["shots"][0]["clip"]["path"] == "clips/harbour.mp4"
    elsewhere = json.loads(write_manifest(record, tmp_path).read_text(encoding="utf-8"))
    assert Path(elsewhere["shots"][0]["clip"]["path"]).is_absolute()


def test_identical_pictures_have_no_infinite_number(record: RunRecord, tmp_path: Path) -> None:
    """JSON has no infinity: an infinite PSNR is null, and the seam is said to be identical."""
    seam = SeamRecord("harbour", "climb", True, 1.0, math.inf)
    text = write_manifest(replace(record, seams=(seam,)), tmp_path).read_text(encoding="utf-8")
    found = json.loads(text, parse_constant=lambda word: pytest.fail(word))["seams"][0]
    assert (found["psnr"], found["identical"], found["grade"]) == (None, True, "good")


def test_a_cut_that_was_not_measured_is_a_plain_cut(record: RunRecord, tmp_path: Path) -> None:
    """Nobody asked for its likeness: page, manifest, summary and JSON say that it is a cut, and no number."""
    plain = replace(record, seams=(SeamRecord("harbour", "climb", False),))
    found = json.loads(write_manifest(plain, tmp_path).read_text(encoding="utf-8"))["seams"][0]
    assert (found["grade"], found["ssim"], found["psnr"], found["identical"]) == ("cut", None, None, False)
    assert run_summary(plain)["seams"] == [
        {"before": "harbour", "after": "climb", "continued": False, "ssim": None, "expected": ""}
    ]  # fmt: skip
    assert "| new | cut |" in markdown_summary(plain)
    page = write_report(plain, tmp_path).read_text(encoding="utf-8")
    assert 'harbour → climb: cut"' in page
    assert "1 cut." in page
    assert "None" not in page
    assert "SSIM <b>" not in page


def test_text_that_no_encoding_holds_does_not_stop_a_report(record: RunRecord, tmp_path: Path) -> None:
    """Half a surrogate pair or a NUL in a prompt or title is written somehow by every writer."""
    odd = replace(record.shots[0], prompt="a\ud800b\x00c", error="\udfff")
    made = write_all(replace(record, title="\ud800\x00", shots=(odd,), notes=("\ud800",)), tmp_path)
    assert json.loads(made["manifest"].read_text(encoding="utf-8"))["shots"][0]["prompt"] == "a\ud800b\x00c"
    assert "a\ufffdb\ufffdc" in made["report"].read_text(encoding="utf-8")


def test_the_timeline_reads_back(record: RunRecord) -> None:
    """One track as long as the film: a clip a cut with its file and its order, a gap a slate, in rational time."""
    timeline = otio.adapters.read_from_file(str(write_timeline(record, record.out)))
    (track,) = timeline.video_tracks()
    assert track.duration() == otio.opentime.RationalTime(720, 24)
    clips = list(track.find_clips())
    assert [clip.name for clip in clips] == ["harbour", "climb", "stair", "lamp"]
    for clip in clips:
        assert (record.out / clip.media_reference.target_url).is_file()
        assert clip.media_reference.available_range.duration == otio.opentime.RationalTime(120, 24)
        assert clip.metadata["studio_producer"]["order"]
        assert clip.metadata["studio_producer"]["generation_id"]
    assert [type(item).__name__ for item in track][-2:] == ["Gap", "Gap"]


def links(out: Path) -> list[str]:
    """The target URLs of a timeline's clips."""
    timeline = otio.adapters.read_from_file(str(out / "timeline.otio"))
    return [clip.media_reference.target_url for clip in timeline.find_clips()]


def test_a_folder_that_is_moved_still_links(record: RunRecord, tmp_path: Path) -> None:
    """Clips that lie elsewhere are copied beside the timeline, which names no folder above its own."""
    out = tmp_path / "my film"
    store = tmp_path / "home of somebody" / "clips"
    store.mkdir(parents=True)
    shots = []
    for part in record.shots:
        kept = store / f"{part.id}.mp4"
        kept.write_bytes(part.id.encode())
        sha256 = hashlib.sha256(part.id.encode()).hexdigest()
        shots.append(replace(part, clip=kept, sha256=sha256) if part.clip else part)
    cuts = cuts_of(shots, [cut.scene for cut in record.cuts])
    write_all(replace(record, shots=tuple(shots), cuts=cuts, out=out), out)
    text = (out / "timeline.otio").read_text(encoding="utf-8")
    assert "file:" not in text
    assert str(tmp_path) not in text
    (tmp_path / "elsewhere").mkdir()
    moved = out.rename(tmp_path / "elsewhere" / "renamed ü")
    shutil.rmtree(store.parent)
    found = links(moved)
    assert found
    for url in found:
        assert not PurePosixPath(unquote(url)).is_absolute()
        assert (moved / unquote(url)).read_bytes().decode() in url
    assert len(list((moved / "clips").iterdir())) == len(found)


def test_a_copy_beside_the_timeline_is_made_once(record: RunRecord, tmp_path: Path) -> None:
    """A whole copy is left alone, a damaged one is made anew; what an editor writes into it never reaches the store."""
    kept = tmp_path / "kept.mp4"
    kept.write_bytes(b"the clip")
    part = replace(shot(tmp_path, "a"), clip=kept, sha256=hashlib.sha256(b"the clip").hexdigest())
    run, out = replace(record, shots=(part,), cuts=(cut_of(part, 0),)), tmp_path / "out"
    write_timeline(run, out)
    (copy,) = (out / "clips").iterdir()
    made = copy.stat().st_ino
    write_timeline(run, out)
    assert copy.stat().st_ino == made
    with copy.open("r+b") as file:
        file.write(b"XMP")
    assert kept.read_bytes() == b"the clip"
    write_timeline(run, out)
    assert copy.read_bytes() == b"the clip"


def test_a_clip_that_is_gone_is_missing_in_the_timeline(record: RunRecord, tmp_path: Path) -> None:
    """The timeline keeps the length of a clip whose file is no longer there, and links to nothing."""
    part = replace(shot(tmp_path, "a"), clip=tmp_path / "gone.mp4")
    run, out = replace(record, shots=(part,), cuts=(cut_of(part, 0),)), tmp_path / "out"
    timeline = otio.adapters.read_from_file(str(write_timeline(run, out)))
    (clip,) = timeline.find_clips()
    assert clip.media_reference.is_missing_reference
    assert int(clip.duration().value) == 120


def test_a_timeline_has_the_parts_of_the_film_where_they_are(record: RunRecord, tmp_path: Path) -> None:
    """A clip that is cut at its head begins where the film does, one that is played again comes again, holes become
    gaps, and sounds have a track of their own."""
    one, two = (shot(tmp_path, f"long-{n}", look="harbour", scene="long") for n in (1, 2))
    sound = tmp_path / "rain.wav"
    sound.write_bytes(b"rain")
    heard = Heard(sound, hashlib.sha256(b"rain").hexdigest(), Fraction(2))
    again = (part_of(one, 300, start=48, frames=72, heard=heard), part_of(one, 372, frames=30))
    assert record.film is not None
    run = replace(
        record,
        shots=(one, two),
        cuts=(
            FilmCut("long", ("long-1", "long-2"), 24, 200,
                    parts=(part_of(one, 24), part_of(two, 144, start=40, frames=80))),
            FilmCut("again", ("long-1",), 300, 102, parts=again),
        ),
    )  # fmt: skip
    timeline = otio.adapters.read_from_file(str(write_timeline(run, tmp_path)))
    (track,), (sounds,) = timeline.video_tracks(), timeline.audio_tracks()
    assert items(track) == [
        ("Gap", 24, 0), ("Clip", 120, 0), ("Clip", 80, 40), ("Gap", 76, 0), ("Clip", 72, 48), ("Clip", 30, 0),
    ]  # fmt: skip
    assert items(sounds) == [("Gap", 300, 0), ("Clip", 72, 48), ("Gap", 30, 0)]
    assert unquote(next(iter(sounds.find_clips())).media_reference.target_url) == "rain.wav"
    assert timeline.metadata["studio_producer"]["fps"] == "24"


def test_a_run_without_a_film_has_empty_timelines(record: RunRecord, tmp_path: Path) -> None:
    """Nothing was joined, since a scene failed: what is beside the film is written all the same."""
    made = write_all(replace(record, cuts=(), film=None), tmp_path)
    timeline = otio.adapters.read_from_file(str(made["timeline"]))
    assert list(timeline.find_clips()) == []
    assert "<spine" in (tmp_path / "timeline.fcpxml").read_text()
    assert (tmp_path / "timeline.edl").read_text().startswith("TITLE: ")


def items(track: otio.schema.Track) -> list[tuple[str, int, int]]:
    """The kind of each item of a track, its frames, and the first of them in its file."""
    return [
        (type(item).__name__, int(item.duration().value), round(item.source_range.start_time.value)) for item in track
    ]


def test_the_cost_table_of_the_ui_adds_up(record: RunRecord) -> None:
    """Every row has the same columns, and the last one is the record's total in dollars."""
    found = cost_rows(record)
    assert len(found) == 7
    assert len({tuple(row) for row in found}) == 1
    assert [found[-1][key] for key in ("scene", "new", "reused", "refunded")] == ["total", "$0.9055", "$0.32", "$1.18"]


def test_the_summary_is_markdown_that_nobody_else_can_write(record: RunRecord) -> None:
    """HTML, table bars and headings in titles and errors are shown as text, on their own line."""
    evil = replace(record.shots[0], error="<script>x</script>\n# big | bar https://cdn.example/a.mp4?Signature=s3cret")
    text = markdown_summary(replace(record, title="A <b>| film", shots=(evil, *record.shots[1:])))
    assert "Nothing was billed" in text
    assert "<script>" not in text
    assert "\\# big \\| bar" in text
    assert "s3cret" not in text
    assert text.splitlines()[0] == "# A &lt;b&gt;\\| film"


def test_scenes_stand_in_the_order_of_the_film(record: RunRecord) -> None:
    """Shots come in the order they are made; the report tells them as the film shows them, or as the script does."""
    assert [scene.id for scene in scenes(record)] == ["harbour", "climb", "stair", "lamp", "storm", "rescue"]
    unmade = replace(record, cuts=tuple(cut for cut in record.cuts if not cut.slate))
    assert [scene.id for scene in scenes(unmade)][-2:] == ["storm", "rescue"]
    blind = replace(record, cuts=(), production={})
    assert [scene.id for scene in scenes(blind)] == [shot.id for shot in record.shots]


@pytest.mark.parametrize(
    ("continued", "ssim", "psnr", "expected"),
    [
        (True, 0.993, 43.0, "good"),
        (True, 1.0, math.inf, "good"),
        (True, 0.99, 25.0, "fair"),
        (True, 0.93, 24.0, "fair"),
        (True, 0.83, 12.8, "poor"),
        (True, math.nan, math.nan, "poor"),
        (False, 0.1, 5.0, "cut"),
    ],
)
def test_a_seam_is_judged_only_where_it_was_meant(continued: bool, ssim: float, psnr: float, expected: str) -> None:
    """Both values must reach the bar; a cut is never poor."""
    assert grade(SeamRecord("a", "b", continued, ssim, psnr)) == expected


def test_no_shot_of_the_graph_covers_another(record: RunRecord, tmp_path: Path) -> None:
    """Children stand right of their parents and no two shots overlap, for six as for a hundred."""
    for shots in (record.shots, large(tmp_path, painted=False).shots):
        made = graph(shots)
        at = {node.id: node for node in made.nodes}
        assert len(at) == len(shots)
        for found in shots:
            for parent in found.parents:
                assert at[parent].x + made.node_width < at[found.id].x
        nodes = list(made.nodes)
        for index, one in enumerate(nodes):
            for other in nodes[index + 1 :]:
                apart = abs(one.x - other.x) >= made.node_width or abs(one.y - other.y) >= made.node_height
                assert apart, (one.id, other.id)


def test_a_graph_is_drawn_even_of_nonsense(record: RunRecord) -> None:
    """A cycle, a parent that is not in the run, and no shots at all do not stop a report."""
    first, second, *_ = record.shots
    tied = (replace(first, parents=(second.id, "nobody")), replace(second, parents=(first.id,)))
    assert len(graph(tied).nodes) == 2
    assert graph(()).nodes == ()


def test_time_bars_stay_within_the_run(record: RunRecord) -> None:
    """Bars lie inside the axis; what was bought long before this run has none."""
    old = replace(
        record.shots[1],
        submitted_at=record.started_at.replace(year=2024),
        completed_at=record.started_at.replace(year=2024),
    )
    made = lanes(replace(record, shots=(record.shots[0], old, *record.shots[2:])))
    for row in made.rows:
        for bar in row.bars:
            assert 0 <= bar.left <= bar.left + bar.width <= 100.001
    assert next(row for row in made.rows if row.label == "lamp").bars == ()


def test_what_was_made_before_the_run_has_no_bar(record: RunRecord) -> None:
    """A clip that the run only looked up took none of its time, whenever that was."""
    old = replace(
        record.shots[1],
        submitted_at=record.started_at.replace(year=2024),
        completed_at=record.started_at.replace(year=2024),
        downloaded_at=record.shots[0].downloaded_at,
    )
    row = next(row for row in lanes(replace(record, shots=(old,))).rows if row.label == old.id)
    assert (row.bars, row.took, row.note) == ((), "", "made before this run")


def test_values_read_well() -> None:
    """Money in cents, or in hundredths of them where there are such; times and lengths as people say them."""
    assert [usd(Decimal(text)) for text in ("0", "0.32", "1234.5", "0.0455", "-0.1")] == [
        "$0.00", "$0.32", "$1,234.50", "$0.0455", "-$0.10",
    ]  # fmt: skip
    assert [plain(Decimal(text)) for text in ("0", "1E+2", "0.0455", "0.5")] == ["0.00", "100.00", "0.0455", "0.50"]
    assert [span(value) for value in (0, 0.4, 41, 134, 3900)] == [
        "0 s",
        "under 1 s",
        "41 s",
        "2 min 14 s",
        "1 h 05 min",
    ]
    assert timecode(24 * 65 + 7, Fraction(24)) == "00:01:05:07"
    assert clean("a\x00b\r\nc\ud800") == "a\ufffdb\nc\ufffd"
    assert told("get https://x.example/v.mp4?X-Amz-Signature=abc now") == "get https://x.example/v.mp4?… now"
