"""From a score to a file: the pictures are gathered, the film is drawn, and ffmpeg makes an MP4 of it.

A score is a plain dictionary: ``prompt, model, resolution, width, height, frames, concepts, loop``, the keyframes
``start`` and ``end`` (``{kind: image | clip, path}`` or None), and where to write, ``out`` and ``poster``. The same
score makes the same bytes; ids and URLs are not in it.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import ffmpeg as graph
from PIL import Image

from studio.errors import BadClip, FfmpegError
from studio.media import ffmpeg
from studio.sandbox.picture import film, motion, planes, scenery, stage
from studio.sandbox.picture.caption import caption
from studio.sandbox.picture.planes import Picture
from studio.sandbox.reader import FORMATS

FPS = 24
DRAWN_AT_MOST = 2560 * 1440  # pixels; a larger clip is drawn at half its size and enlarged
POSTER_WIDTH = 640
QUIET = ["-hide_banner", "-nostdin", "-v", "error", "-y"]
LOG_TAIL = 4000


def render(score: Mapping[str, Any], on_frame: Callable[[], None] = lambda: None) -> str:
    """Make the clip of a score; the SHA-256 of its file. ``on_frame`` is called before each frame and may raise."""
    out, poster = Path(score["out"]), Path(score["poster"])
    if not out.exists():
        work = compose(score)
        on_frame()
        part = out.with_suffix(f".{os.getpid()}.part.mp4")
        try:
            encode(_watched(work.run(), on_frame), work.acts[0].stage.size, (score["width"], score["height"]), part)
            _keep_poster(work.frame(round(work.frames * 0.6), captioned=False), poster)
            part.replace(out)
        finally:
            part.unlink(missing_ok=True)
    return hashlib.sha256(out.read_bytes()).hexdigest()


def compose(score: Mapping[str, Any]) -> film.Film:
    """Everything that the clip will show, ready to be drawn."""
    width, height = score["width"], score["height"]
    size = (width // 2, height // 2) if width * height > DRAWN_AT_MOST else (width, height)
    start = _keyframe(score["start"], size, last=True)
    end = _keyframe(score["end"], size, last=False)
    # An image that is asked to move stays the picture; a continuation goes on to a scene of its own.
    painted = score["start"] is None or (score["start"]["kind"] == "clip" and score["end"] is None)
    scene = scenery.paint(score["prompt"], size, loop=score["loop"]) if painted and not (start and end) else None
    facts = " · ".join([score["model"], score["resolution"], *(key.replace("_", " ") for key in score["concepts"])])
    return film.Film(
        acts=film.acts(start, scene, end, loop=score["loop"]),
        move=motion.combine(score["concepts"]),
        frames=score["frames"],
        loop=score["loop"],
        caption=caption(size, score["prompt"], facts.upper()),
        wash=film.wash(size),
    )


def encode(pictures: Iterable[Picture], drawn: tuple[int, int], size: tuple[int, int], out: Path) -> None:
    """H.264 as editors like it. One thread and no version strings, so that the bytes depend on the pictures alone."""
    source = graph.input("pipe:", format="rawvideo", pix_fmt="yuv420p", s=f"{drawn[0]}x{drawn[1]}", framerate=FPS)
    if drawn != size:
        source = source.filter("scale", *size, flags="bicubic+accurate_rnd+bitexact")
    source = source.filter(
        "setparams", range="tv", color_primaries="bt709", color_trc="bt709", colorspace="bt709"
    ).filter("setsar", 1)
    command: list[str] = source.output(
        str(out),
        format="mp4",
        vcodec="libx264",
        preset="superfast" if size[0] * size[1] <= 1920 * 1080 else "ultrafast",
        crf=17,
        pix_fmt="yuv420p",
        r=FPS,
        g=2 * FPS,
        bf=2,
        threads=1,
        video_track_timescale=12288,
        movflags="+faststart",
        fflags="+bitexact",
        map_metadata=-1,
        **{"profile:v": "high", "flags:v": "+bitexact"},
    ).compile(cmd=[ffmpeg.binary(), *QUIET])
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=log)
        if process.stdin is None:
            raise RuntimeError("ffmpeg without a pipe")
        try:
            with process.stdin as pipe:
                for picture in pictures:
                    pipe.write(picture.to_bytes())
        except BrokenPipeError:
            pass  # its log, below, says why it went
        except BaseException:
            process.kill()
            process.wait()
            raise
        if process.wait():
            log.seek(0)
            text = log.read().decode("utf-8", "replace")[-LOG_TAIL:]
            raise FfmpegError(f"ffmpeg ended with status {process.returncode}", log=text)


def edge_frame(clip: Path, *, last: bool) -> Picture:
    """The first or the last frame of a clip, exactly as it is stored."""
    command = [ffmpeg.binary(), *QUIET, *(["-sseof", "-0.5"] if last else []), "-f", "mp4", "-i", str(clip)]
    width, height = _clip_size(clip)
    command += ["-map", "0:v:0", *([] if last else ["-frames:v", "1"]), "-f", "rawvideo", "-pix_fmt", "yuv420p", "-"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    length = width * height * 3 // 2
    if done.returncode or len(done.stdout) < length:
        raise BadClip("no frame can be read from it", path=str(clip), log=done.stderr.decode("utf-8", "replace"))
    raw = done.stdout[-length:] if last else done.stdout[:length]
    return Picture.from_bytes(raw, width, height)


def _clip_size(clip: Path) -> tuple[int, int]:
    import av

    with av.open(str(clip), format="mp4") as container:
        stream = container.streams.video[0]
        return stream.width, stream.height


def _keyframe(frame: Mapping[str, Any] | None, size: tuple[int, int], *, last: bool) -> stage.Stage | None:
    if frame is None:
        return None
    path = Path(frame["path"])
    if frame["kind"] == "image":
        with Image.open(path, formats=FORMATS) as image:
            return stage.flat(Picture.from_rgb(planes.cover(image, size)))
    picture = edge_frame(path, last=last)
    if picture.size != size:
        picture = _fitted(picture, size)
    return stage.flat(picture)


def _fitted(picture: Picture, size: tuple[int, int]) -> Picture:
    """A frame of another size, filling this one; what stands over is cut off."""
    width, height = picture.size
    scale = min(width / size[0], height / size[1])
    left, top = (width - size[0] * scale) / 2, (height - size[1] * scale) / 2
    return picture.view((left, top, left + size[0] * scale, top + size[1] * scale), size)


def _watched(pictures: Iterable[Picture], on_frame: Callable[[], None]) -> Iterable[Picture]:
    for picture in pictures:
        on_frame()
        yield picture


def _keep_poster(picture: Picture, place: Path) -> None:
    image = picture.to_rgb()
    image.thumbnail((POSTER_WIDTH, POSTER_WIDTH))
    part = place.with_suffix(".part.jpg")
    image.save(part, "JPEG", quality=86)
    part.replace(place)
