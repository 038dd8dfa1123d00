"""The makers of the Luma Agents API's images and clips, from the sandbox's pictures, looks and films.

Each maker takes a score (see ``renderer.py``), writes its file and returns a picture of it for the page. The scores are
those of ``order.py``; their inputs are named as in the request: ``source``, ``image_ref.N``, ``keyframes.N``,
``edit.keyframes.N``.
"""

from __future__ import annotations

import subprocess
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from luma_sandbox import ffmpeg, footage, renderer, stills
from luma_sandbox.agents import guide_frames
from luma_sandbox.atomic import atomic
from luma_sandbox.data_dir import archive_of
from luma_sandbox.encoder import QUIET, encode, watched
from luma_sandbox.errors import FfmpegError
from luma_sandbox.picture.look import Look, look, strength
from luma_sandbox.picture.outpaint import Outpaint, place
from luma_sandbox.picture.planes import Picture

Score = Mapping[str, Any]
Heard = Callable[[], None]
SOURCE_WEIGHT = 0.5  # share of an edited image that stays
HELD = 0.6  # share of an edit's change that the controls undo, all of them in full
TURN = 12  # frames in which an edit blends from one guide frame's look to the next
HDR = "zscale=t=linear:npl=203,format=gbrpf32le,zscale=p=2020:t=arib-std-b67:m=2020_ncl:r=limited,format=yuv420p10le"
X265 = (
    "-c:v", "libx265", "-preset", "ultrafast", "-crf", "17", "-tag:v", "hvc1", "-video_track_timescale", "12288",
    "-x265-params", "log-level=none:pools=1:frame-threads=1:info=0",
    "-color_primaries", "bt2020", "-color_trc", "arib-std-b67", "-colorspace", "bt2020nc",
)  # fmt: skip
LINEAR = "zscale=t=linear:npl=203,format=gbrpf32le"
PLAIN = ["-fflags", "+bitexact", "-flags:v", "+bitexact", "-map_metadata", "-1", "-threads", "1"]


def image(score: Score, out: Path, on_frame: Heard) -> Picture:
    """A still from text and references."""
    return stills.make({**score, "make": "image"}, out, on_frame)


def image_edit(score: Score, out: Path, on_frame: Heard) -> Picture:
    """A still restyled from another."""
    inputs = dict(score["inputs"])
    inputs["modify_image_ref.0"] = inputs.pop("source") | {"weight": SOURCE_WEIGHT}
    return stills.make({**score, "make": "image", "inputs": inputs}, out, on_frame)


def video(score: Score, out: Path, on_frame: Heard) -> Picture:
    """A new clip, with its guide frames, if any, at their places."""
    if score["indexes"]:
        size, ground = (score["width"], score["height"]), stills.ground_of(score)
        guides = [stills.opened(score["inputs"][f"keyframes.{n}"], ground) for n in range(len(score["indexes"]))]
        work = guide_frames.film_of(score, size, list(zip(score["indexes"], guides, strict=True)))
        on_frame()
        encode(watched(work.run(), on_frame), size, size, out)
        poster = work.frame(round(work.frames * 0.6), captioned=False)
    else:
        poster = renderer.clip(score, out, on_frame)
    _finish(score, out)
    return poster


def video_edit(score: Score, out: Path, on_frame: Heard) -> Picture:
    """A clip restyled: its motion stays."""
    size = (score["width"], score["height"])
    poster: list[Picture] = []
    encode(watched(_kept(_restyled(score, size), poster), on_frame), size, size, out)
    _finish(score, out)
    return poster[0]


def video_reframe(score: Score, out: Path, on_frame: Heard) -> Picture:
    """A clip in another shape, painted on beyond its edges."""
    size, source = (score["width"], score["height"]), Path(score["inputs"]["source"]["path"])
    facts = footage.examine(source)
    whole = footage.even(facts.width, facts.height)
    around = Outpaint(
        size, place(whole, size, _position(score["position"], size)), score["prompt"], take=stills.take_of(score)
    )
    poster: list[Picture] = []
    made = (around.over(picture) for picture in footage.pictures(source))
    encode(watched(_kept(made, poster), on_frame), size, size, out)
    return poster[0]


MAKERS: dict[str, renderer.Maker] = {
    "agents_image": image,
    "agents_image_edit": image_edit,
    "agents_video": video,
    "agents_video_edit": video_edit,
    "agents_video_reframe": video_reframe,
}


def _restyled(score: Score, size: tuple[int, int]) -> Iterator[Picture]:
    """The source in the looks of its guide frames, one after another, or in the prompt's look."""
    how_far = strength(score["mode"]) * (1 - HELD * score.get("held", 0.0))
    ground = stills.ground_of(score)
    anchors: list[tuple[int, Image.Image | None]] = [
        (index, stills.opened(score["inputs"][f"edit.keyframes.{number}"], ground))
        for number, index in enumerate(score["indexes"])
    ]
    if score["start"] is not None:
        anchors = [(0, stills.opened(score["start"], ground))]
    anchors = sorted(anchors, key=lambda anchor: anchor[0]) or [(0, None)]
    current = _look(score, how_far, size, anchors.pop(0)[1])
    coming: Look | None = None
    for number, frame in enumerate(footage.pictures(Path(score["inputs"]["source"]["path"]), size)):
        if coming is not None and number >= anchors[0][0]:
            current, coming = coming, None
            anchors.pop(0)
        if coming is None and anchors and number > anchors[0][0] - TURN:
            coming = _look(score, how_far, size, anchors[0][1])
        made = current.over(frame)
        if coming is not None and anchors:
            share = min(1.0, max(0.0, 1 - (anchors[0][0] - number) / TURN))
            mask = Image.new("L", size, round(255 * share))
            made = made.blend(coming.over(frame), mask, mask.reduce(2))
        yield made


def _look(score: Score, how_far: float, size: tuple[int, int], model: Image.Image | None) -> Look:
    return look(score["prompt"], how_far, size, model, take=stills.take_of(score))


def _kept(pictures: Iterator[Picture], first: list[Picture]) -> Iterator[Picture]:
    """Pass the pictures on, and keep the first for the page."""
    for picture in pictures:
        if not first:
            first.append(picture)
        yield picture


def _position(given: Mapping[str, float] | None, size: tuple[int, int]) -> dict[str, int]:
    """A position in shares of the canvas, converted to pixels."""
    if given is None:
        return {}
    return {
        "grid_position_x": round(given["x_norm"] * size[0]),
        "grid_position_y": round(given["y_norm"] * size[1]),
        "resized_width": max(2, round(given["w_norm"] * size[0])),
        "resized_height": max(2, round(given["h_norm"] * size[1])),
    }


def _finish(score: Score, out: Path) -> None:
    """Add what was requested to a finished clip: high dynamic range, and an archive of its frames in EXR."""
    if score.get("exr"):
        _archive(out, archive_of(Path(score["out"])), score["exr_every"])
    if score.get("hdr"):
        with atomic(out) as wide:
            _run(out, HDR, *PLAIN, *X265, "-movflags", "+faststart", "-f", "mp4", str(wide))


def _archive(clip: Path, place: Path, every: int) -> None:
    """Write linear half-float frames to an archive, stored without further compression."""
    with tempfile.TemporaryDirectory() as folder, atomic(place) as part:
        name = str(Path(folder) / "%05d.exr")
        picked = f"select=not(mod(n\\,{every})),{LINEAR}"
        _run(clip, picked, *PLAIN, "-fps_mode", "passthrough", "-c:v", "exr", "-compression", "zip16", "-format",
             "half", name)  # fmt: skip
        with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as packed:
            for number, frame in enumerate(sorted(Path(folder).iterdir())):
                packed.writestr(zipfile.ZipInfo(f"{number * every:05d}.exr"), frame.read_bytes())


def _run(clip: Path, filters: str, *options: str) -> None:
    command = [ffmpeg.binary(), *QUIET, "-f", "mp4", "-i", str(clip), "-vf", filters, *options]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode:
        text = done.stderr.decode("utf-8", "replace")[-4000:]
        raise FfmpegError(f"ffmpeg ended with status {done.returncode}", log=text)
