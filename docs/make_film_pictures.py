"""Make the pictures of ``docs/film.md``: transitions, titles, colours, the timeline and the report of the trailer.

    python docs/make_film_pictures.py

``productions/examples/trailer.yaml`` is made in the sandbox, in a temporary folder, by the command that a user would
type, with colours that drift (``STUDIO_SANDBOX_DRIFT=1``) and with a second take of one scene. Nothing is billed.
Needs Chromium for the picture of the report.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import opentimelineio as otio
from make_pictures import ARGUMENTS, BROWSERS, PATIENCE, PICTURES, QUALITY, ROOT, made
from PIL import Image, ImageDraw, ImageFont

TRAILER = ROOT / "productions" / "examples" / "trailer.yaml"
TAKEN_AGAIN, CROSSED_INTO = "home", "storm"
WIDTH, GAP, LINE = 360, 6, 24  # pixels of a frame, between frames, of the line under it
PAPER, INK = (255, 255, 255), (60, 60, 60)
SHOWN = 5  # frames of a transition
TRACK, TALL = 1200, 64  # pixels of the timeline's length, and of a track
FILLS = {"Clip": (98, 134, 164), "Title": (196, 146, 78), "Gap": (224, 224, 224), "Transition": (150, 96, 150)}
REPORT_WIDTH, REPORT_HEIGHT = 1180, 900


def main() -> None:
    """Make the film, and its pictures."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise SystemExit("error: pictures of a page need Chromium: install it, so that `chromium` is found")
    with tempfile.TemporaryDirectory(prefix="pictures-", ignore_cleanup_errors=True) as folder:
        made(Path(folder), TRAILER, drift=1)
        out = made(Path(folder), TRAILER, "--retake", TAKEN_AGAIN, drift=1)
        manifest = json.loads((out / "manifest.json").read_text())
        film = frames_of(out / "film.mp4")
        save(transitions(manifest, film), "film-transitions.jpg")
        save(titles(manifest, film), "film-titles.jpg")
        save(colors(manifest, film, out), "film-colors.jpg")
        save(timeline(out / "timeline.otio"), "film-timeline.jpg")
        photograph(out / "report.html", browser)


def save(picture: Image.Image, name: str) -> None:
    """Write a picture of the documents."""
    picture.save(PICTURES / name, "JPEG", quality=QUALITY)


def frames_of(path: Path) -> list[Image.Image]:
    """All frames of a film or clip, small."""
    with av.open(str(path), format="mp4") as container:
        return [
            frame.to_image(width=WIDTH, height=round(WIDTH * frame.height / frame.width))
            for frame in container.decode(video=0)
        ]


def sheet(rows: Sequence[Sequence[tuple[Image.Image, str]]]) -> Image.Image:
    """Frames beside and below each other, each with a line of words."""
    height = rows[0][0][0].height + LINE
    found = Image.new("RGB", (max(map(len, rows)) * (WIDTH + GAP) - GAP, len(rows) * (height + GAP) - GAP), PAPER)
    draw, font = ImageDraw.Draw(found), ImageFont.load_default(14)
    for down, row in enumerate(rows):
        for across, (picture, words) in enumerate(row):
            left, top = across * (WIDTH + GAP), down * (height + GAP)
            found.paste(picture, (left, top))
            draw.text((left + 2, top + picture.height + 4), words, fill=INK, font=font)
    return found


def transitions(manifest: dict[str, Any], film: list[Image.Image]) -> Image.Image:
    """Frames of a crossfade between scenes, and of a fade through black into a card: from just before to just after."""
    (between,) = (cut for cut in manifest["cuts"] if cut["scene"] == CROSSED_INTO)
    rows = []
    for place in (between, manifest["titles"]["cards"][1]):
        start, blend = place["start_frame"], place["transition"]
        steps = [round(start - 1 + n * (blend["frames"] + 1) / (SHOWN - 1)) for n in range(SHOWN)]
        rows.append([(film[at], f"{blend['kind']}, frame {at}") for at in steps])
    return sheet(rows)


def titles(manifest: dict[str, Any], film: list[Image.Image]) -> Image.Image:
    """The opening card, a lower third, the closing card, and the credits."""
    opening, closing, credits_ = manifest["titles"]["cards"]
    (text,) = manifest["titles"]["lower_thirds"]
    told = (
        (opening, "opening"), (text, "lower_third"), (closing, "closing"), (credits_, "credits")
    )  # fmt: skip
    middles = [(film[one["start_frame"] + one["frames"] // 2], words) for one, words in told]
    return sheet([middles[:2], middles[2:]])


def colors(manifest: dict[str, Any], film: list[Image.Image], out: Path) -> Image.Image:
    """At each seam of a chain: the last picture before it, the first after it as the clip was made, and as shown."""
    starts = {cut["scene"]: cut["start_frame"] for cut in manifest["cuts"]}
    clips = {shot["id"]: shot["clip"] for shot in manifest["shots"]}
    rows = []
    for seam in manifest["colors"]:
        at = starts[seam["scene"]]
        as_made, shown = (f"difference {seam[name]:.1f}" for name in ("delta_e_as_made", "delta_e_shown"))
        rows.append([
            (film[at - 1], f"the last of {seam['before']}"),
            (frames_of(out / clips[seam["after"]]["path"])[0], f"the first of {seam['after']}, as made: {as_made}"),
            (film[at], f"as the film shows it: {shown}"),
        ])  # fmt: skip
    return sheet(rows)


def timeline(path: Path) -> Image.Image:
    """The tracks of a timeline, as an editing program draws them."""
    read = otio.adapters.read_from_file(str(path))
    tracks = list(read.tracks)
    picture = Image.new("RGB", (TRACK, len(tracks) * (TALL + GAP) + LINE), PAPER)
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(13)
    whole = read.duration().to_seconds()
    for row, track in enumerate(tracks):
        top = row * (TALL + GAP)
        for item in sorted(track, key=lambda item: isinstance(item, otio.schema.Transition)):  # they lie over clips
            span = track.range_of_child(item)
            left = round(span.start_time.to_seconds() / whole * TRACK)
            right = round(span.end_time_exclusive().to_seconds() / whole * TRACK)
            sort = item.schema_name()
            if sort == "Clip" and "title" in item.metadata.get("studio_producer", {}):
                sort = "Title"
            inset = TALL // 2 if sort == "Transition" else 0
            draw.rectangle((left, top + inset, right - 2, top + TALL), fill=FILLS[sort])
            if sort in ("Clip", "Title"):
                draw.text((left + 4, top + 6), item.name.removeprefix("title-"), fill=PAPER, font=font)
    for second in range(0, int(whole) + 1, 5):
        draw.text((round(second / whole * TRACK), picture.height - LINE + 4), f"{second} s", fill=INK, font=font)
    return picture


def photograph(page_file: Path, browser: str) -> None:
    """Save the parts of a report that show takes and seams, as a browser shows them."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        window = playwright.chromium.launch(executable_path=browser, args=ARGUMENTS)
        page = window.new_page(viewport={"width": REPORT_WIDTH, "height": REPORT_HEIGHT}, color_scheme="light")
        page.set_default_timeout(PATIENCE)
        page.goto(page_file.as_uri())
        page.locator("#continuity").screenshot(
            path=PICTURES / "film-report.jpg", type="jpeg", quality=QUALITY, animations="disabled", caret="hide"
        )
        window.close()


if __name__ == "__main__":
    main()
