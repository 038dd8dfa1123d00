"""report.html: what it says, what it refuses to be broken by, and how it looks to a browser."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from PIL import Image

from studio.media.frames import thumbnail_of
from studio.remedies import option
from studio.report import write_report, write_timeline
from studio.report.records import RunRecord
from studio.report.seams import seams_line
from studio.storage.kept import Kept
from studio.wording import Surface, asked_from
from tests.support.pages import Page
from tests.support.reports import ERROR, large, paint, sample, shot, takes_of

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
HOSTILE = (
    "</p><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7*7 }}\n\n\n"
    "\u202eright to left\u2066 مرحبا بالعالم \"'`&amp;]]> \x00\x1b[31m " + "verylongwordwithoutaspace" * 200
)[:5000]


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> RunRecord:
    """The sample of six scenes, its frames painted once."""
    return sample(tmp_path_factory.mktemp("film"))


def page(record: RunRecord, out: Path | None = None) -> tuple[Page, str]:
    """The written page, parsed and as text."""
    with asked_from(Surface.COMMAND):
        text = write_report(record, out or record.out).read_text(encoding="utf-8")
    return Page(text), text


def test_the_page_tells_the_whole_run(record: RunRecord) -> None:
    """Title, prompts, states, costs, seams, the failure in full, notes and orders are all on it."""
    words = page(record)[0].words
    for known in record.shots:
        assert known.prompt in words
        assert known.outcome in words
        assert known.order[:12] in words
    for expected in (
        record.title,
        "$0.9055",
        "$1.18",
        "0.951",
        "43.1 dB",
        ERROR,
        record.notes[0],
        "$4.0945 of $5.00 left",
    ):
        assert expected in words


def test_the_page_needs_nothing_from_elsewhere(record: RunRecord) -> None:
    """No reference leaves the folder: pictures are inside, the film and the files lie beside it."""
    parsed, text = page(record)
    for tag, attributes in parsed.tags:
        for name in ("src", "href", "poster", "srcset"):
            value = attributes.get(name)
            if value:
                assert re.match(r"data:image/jpeg;base64,|#|(clips/)?[\w.-]+(#t=[\d.]+|/)?$", value), (tag, value[:80])
    assert not re.search(r"@import|url\((?!\"data:|#)", text)
    assert ("video", "film.mp4") in [(tag, attributes.get("src")) for tag, attributes in parsed.tags]


def test_hostile_words_stay_words(record: RunRecord) -> None:
    """Markup in any field that a user or a service fills adds no tag, no attribute and no script to the page."""
    calm, _ = page(record)
    evil = replace(
        record,
        title=HOSTILE,
        run_id=HOSTILE,
        service=HOSTILE,
        notes=(HOSTILE,),
        shots=tuple(
            replace(known, prompt=HOSTILE, camera=(HOSTILE,), model=HOSTILE, error=HOSTILE if known.error else None)
            for known in record.shots
        ),
    )
    parsed, text = page(evil)
    assert sum(tag == "script" for tag, _ in parsed.tags) == sum(tag == "script" for tag, _ in calm.tags) == 1
    assert not [name for _, attributes in parsed.tags for name in attributes if name.startswith("on")]
    assert "{{ 7*7 }}" in parsed.words
    assert "\x00" not in text
    assert "\x1b" not in text


def test_a_long_prompt_is_folded_and_kept(record: RunRecord) -> None:
    """Five thousand characters take a few lines of a card, and all of them are there to unfold."""
    prompt = "A boat. " * 625
    parsed, _ = page(replace(record, shots=(replace(record.shots[0], prompt=prompt), *record.shots[1:])))
    assert "details" in [tag for tag, _ in parsed.tags]
    assert prompt.strip() in parsed.words


def test_signed_urls_in_errors_lose_their_signature(record: RunRecord) -> None:
    """The query of a URL is never shown, whoever put it into an error."""
    error = "could not fetch https://cdn.example/clip.mp4?X-Amz-Signature=deadbeef&key=abc"
    _, text = page(replace(record, shots=(replace(record.shots[0], error=error, outcome="failed"),)))
    assert "deadbeef" not in text
    assert "cdn.example/clip.mp4?…" in text


def test_missing_and_broken_frames_leave_a_placeholder(record: RunRecord, tmp_path: Path) -> None:
    """A frame that is not on disk, is not a picture or is absurdly large is drawn as leader, and the page is made."""
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n" + b"nonsense" * 40)
    huge = tmp_path / "huge.png"
    Image.new("1", (9000, 9000)).save(huge)
    first = replace(record.shots[0], first_frame=tmp_path / "nowhere.png", last_frame=broken)
    second = replace(record.shots[1], first_frame=huge, last_frame=None)
    parsed, _ = page(replace(record, shots=(first, second), seams=(), cuts=()), tmp_path)
    assert sum(attributes.get("class") == "leader" for _, attributes in parsed.tags) == 4


def test_a_run_without_a_film_says_so(record: RunRecord, tmp_path: Path) -> None:
    """There is no video to play, and the page says what is missing and that it was kept."""
    parsed, _ = page(replace(record, film=None, cuts=(), seams=()), tmp_path)
    assert "video" not in [tag for tag, _ in parsed.tags]
    assert "No film was made." in parsed.words
    nothing, _ = page(replace(record, film=None, cuts=(), seams=(), shots=()), tmp_path)
    assert "0 scenes" in nothing.words


def test_a_billed_run_does_not_claim_the_sandbox(record: RunRecord) -> None:
    """The banner stands on a page whose run was not billed, and on no other."""
    assert "Nothing was billed" in page(record)[0].words
    assert "Nothing was billed" not in page(replace(record, billed=True, service="dream_machine"))[0].words


def test_an_order_in_doubt_brings_the_commands_that_settle_it(record: RunRecord) -> None:
    """The two commands are on the page with the order's full key."""
    doubtful = replace(record.shots[3], outcome="in doubt")
    words = page(replace(record, shots=(*record.shots[:3], doubtful, *record.shots[4:])))[0].words
    assert f"python -m flows.reconcile --adopt {doubtful.order} GENERATION" in words
    assert f"python -m flows.reconcile --release {doubtful.order}" in words


def test_a_scene_of_several_shots_shows_them_all(record: RunRecord, tmp_path: Path) -> None:
    """One card with a strip for each shot, and the scene's cost is their sum."""
    parts = tuple(
        shot(tmp_path, f"long-{n}", look="climb", moved=n / 4, scene="long", cost=Decimal("0.32")) for n in range(3)
    )
    parsed, _ = page(replace(record, shots=parts, cuts=(), seams=()), tmp_path)
    assert sum(attributes.get("class") == "strip" for _, attributes in parsed.tags) == 3
    assert sum("data-scene" in attributes for _, attributes in parsed.tags) == 1
    assert "$0.96" in parsed.words


@pytest.mark.long
def test_a_hundred_shots_stay_under_five_megabytes(tmp_path: Path) -> None:
    """Even frames of pure noise, which compress worst, leave a page that can be sent by mail."""
    made = write_report(large(tmp_path), tmp_path)
    assert made.stat().st_size < 5_000_000
    assert made.read_text(encoding="utf-8").count('data-scene="') == 100


def test_a_thumbnail_is_made_once(record: RunRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second report decodes no picture; a frame that changed, or a kept one that is damaged, is made anew."""
    frame = paint(tmp_path / "first.png", "lamp", 0.2)
    told = replace(record, shots=(replace(record.shots[0], first_frame=frame), *record.shots[1:]))

    def shown() -> list[str]:
        text = write_report(told, tmp_path / "out", Kept(tmp_path / "kept")).read_text(encoding="utf-8")
        return re.findall(r'data:image/jpeg;base64,[^"]+', text)

    first = shown()
    with monkeypatch.context() as without:
        without.setattr("PIL.Image.open", None)
        assert shown() == first
    notes = list((tmp_path / "kept" / "thumbnails").rglob("*"))
    for note in (note for note in notes if note.is_file()):
        note.write_bytes(bytes(note.stat().st_size))
    assert shown() == first
    paint(frame, "stair", 0.3)
    second = shown()
    assert len({*second} - {*first}) == 1
    # the thumbnail that measuring the clip wrote beside the frame is used where it is there
    paint(thumbnail_of(frame), "climb", 0.1)
    assert len({*shown()} - {*second}) == 1


@pytest.mark.long
def test_many_cuts_are_told_and_not_shown_twice(tmp_path: Path) -> None:
    """Of more than 24 scenes, a cut that was not measured has no pair of pictures; continued seams have."""
    record = large(tmp_path, 30)
    seams = tuple(seam if seam.continued else replace(seam, ssim=None, psnr=None) for seam in record.seams)
    text = page(replace(record, seams=seams), tmp_path)[1]
    assert text.count('<li class="meeting is-good">') == 24
    assert '<li class="meeting is-cut">' not in text
    assert "24 continued: 24 good; 5 cuts." in text
    few = page(replace(large(tmp_path, 6), seams=seams[:5]), tmp_path)[1]
    assert few.count('<li class="meeting is-cut">') == 1


def test_upright_pictures_keep_their_shape(record: RunRecord, tmp_path: Path) -> None:
    """A portrait film's frames are shown upright."""
    upright = replace(
        record.shots[0], width=720, height=1280, first_frame=paint(tmp_path / "up.png", "climb", 0, size=(360, 640))
    )
    assert "aspect-ratio: 720 / 1280" in page(replace(record, shots=(upright,), seams=(), cuts=()), tmp_path)[1]


def dom(path: Path, folder: Path) -> str:
    """The page as Chromium has built it, its scripts run."""
    return subprocess.run(
        [
            CHROMIUM, "--headless", "--no-sandbox", "--window-size=1200,900", "--disable-gpu", "--disable-quic",
            "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
            f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=2000", "--dump-dom", path.as_uri(),
        ],
        capture_output=True, text=True, timeout=240, check=True,
    ).stdout  # fmt: skip


@pytest.mark.long
@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="needs Chromium")
def test_a_browser_shows_every_scene(record: RunRecord, tmp_path: Path) -> None:
    """Chromium builds the page, hostile prompts and all: every scene has its card, and the page's script has run."""
    shots = (replace(record.shots[0], prompt=HOSTILE), *record.shots[1:])
    path = write_report(replace(record, shots=shots, title=f"{HOSTILE} end"), tmp_path)
    shown = dom(path, tmp_path)
    for known in record.shots:
        assert f'data-scene="{known.scene}"' in shown
    assert "<img src=x" not in shown.lower()
    assert shown.count("<script") == 1


@pytest.mark.long
@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="needs Chromium")
def test_a_short_title_has_no_scroll_bar(record: RunRecord, tmp_path: Path) -> None:
    """Only a title of many lines is scrolled; one of a line is as high as its letters."""
    path = write_report(replace(record, title="The Keeper's Light"), tmp_path)
    asks = (
        "const h = document.querySelector('h1'); document.title = h.scrollHeight > h.clientHeight ? 'scrolls' : 'fits'"
    )
    text = path.read_text("utf-8").replace("</body>", f"<script>{asks}</script></body>")
    text = text.replace('http-equiv="Content-Security-Policy"', "")  # which lets the page's own script run alone
    path.write_text(text, "utf-8")
    assert "<title>fits</title>" in dom(path, tmp_path)


def test_the_commands_of_a_report_are_accepted(record: RunRecord) -> None:
    """No take is asked of a scene that shows a finished file or a generation; a draft's commands make the draft."""
    own, pinned = record.shots[0], record.shots[2]
    there = replace(own, outcome="own clip", cost=Decimal(0))
    named = replace(pinned, outcome="pinned", cost=Decimal(0), takes=takes_of(record.out, pinned, 2, used=2))
    changed = replace(
        record, shots=(there, record.shots[1], named, *record.shots[3:]), version="draft",
        version_options=(option("draft"),),
    )  # fmt: skip
    _, text = page(changed)
    commands = [line for line in text.splitlines() if line.startswith("python -m flows.produce")]
    assert "python -m flows.produce YOUR_PRODUCTION --draft --retake stair" in commands
    assert all("YOUR_PRODUCTION --draft" in line for line in commands)
    assert not re.search(r"--(retake|take) (harbour|climb)", text)
    assert "<code>draft_take: N</code>" in text


def test_a_scene_that_was_there_has_words(record: RunRecord) -> None:
    """A generation or a finished file without a prompt is told as what it is; one with words keeps them."""
    first, second = record.shots[:2]
    there = replace(first, outcome="pinned", prompt="", cost=Decimal(0))
    own = replace(second, outcome="own clip", prompt="", reused=Decimal(0))
    words = page(replace(record, shots=(there, own, *record.shots[2:])))[0].words
    assert f"Generation {first.generation_id}, as it is." in words
    assert "A finished clip, as it is." in words
    assert "as it is." not in page(record)[0].words


def test_the_foot_names_the_folder_of_clips(record: RunRecord, tmp_path: Path) -> None:
    """The copies that timeline and players use are beside the page; without a clip there is no such folder."""
    foot = page(record, tmp_path)[0].words.split("Beside this page:")[1]
    assert "timeline.edl, clips/" in foot
    write_timeline(record, tmp_path)
    assert (tmp_path / "clips").is_dir()
    shots = tuple(replace(s, clip=None) for s in record.shots)
    bare = replace(record, shots=shots, cuts=tuple(replace(cut, parts=()) for cut in record.cuts))
    assert "clips/" not in page(bare, tmp_path)[0].words.split("Beside this page:")[1]


def test_seams_are_counted_as_the_plan_counts_them(record: RunRecord) -> None:
    """A bridge is no continuation, on the page and at the end of the command; the worst has its grade."""
    first, second, third, cut = record.seams
    seams = (
        replace(first, expected="continued"), replace(second, expected="bridged"), replace(third, expected="bridged"),
        replace(cut, expected="cut"),
    )  # fmt: skip
    words = page(replace(record, seams=seams))[0].words
    assert "1 continued, 2 bridged: 1 good, 1 fair, 1 poor; 1 cut." in words
    assert seams_line(seams) == "1 continued, 2 bridged; the worst stair → lamp: poor, SSIM 0.864"
    assert seams_line(record.seams).startswith("3 continued; the worst")
    assert seams_line((cut,)) == ""


def test_a_producer_s_notes_are_shown_with_their_scene(record: RunRecord) -> None:
    """Notes are text beside the scene, and are nothing else: markup in them is shown as it is written."""
    scenes = [{"id": shot.scene} for shot in record.shots]
    scenes[0] |= {"notes": ("Ask Ana <b>today</b>", "Scarf?")}
    parsed, text = page(replace(record, production={"scenes": scenes}))
    assert "Ask Ana <b>today</b>" in parsed.words
    assert "Ask Ana &lt;b&gt;today" in text
    assert text.count('class="note"') == 2
