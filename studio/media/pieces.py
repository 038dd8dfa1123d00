"""Pieces of a film: clips in the film's own form, each encoded separately and kept, so that none is encoded twice."""

from __future__ import annotations

import hashlib
import json
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg as build

from studio.atomic import atomic, write_atomic
from studio.digests import Digests
from studio.errors import FilmMismatch
from studio.media import ffmpeg
from studio.media.clip import digest
from studio.media.color_match import CUBE_VERSION, cube
from studio.media.correction import Correction
from studio.media.covering import covered, covering
from studio.media.encoding import VERSION, h264, plain_mp4, rate_text, tagged
from studio.media.form import BT709, LATE, UNSPECIFIED, guess_is_bt709
from studio.media.packets import Track, scan
from studio.media.segments import Blend, Body, Element, Part, Segment, Target

WORKERS = 2
BATCH = 12  # clips per ffmpeg where they are only copied: starting ffmpeg takes longest
STALE = 24 * 3600.0
SEEK = 24  # frames from which on a clip is searched instead of decoded up to there


@dataclass
class Progress:
    """A counter that adds up the frames done by several encodings, and reports each new sum."""

    report: Callable[[int], None] | None
    done: dict[int, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def part(self, number: int) -> Callable[[int], None]:
        """The callback for one encoding."""

        def update(frames: int) -> None:
            with self.lock:
                self.done[number] = max(frames, self.done.get(number, 0))
                if self.report:
                    self.report(sum(self.done.values()))

        return update


def normalised(
    elements: Sequence[Element],
    target: Target,
    folder: Path,
    *,
    on_frames: Callable[[int], None] | None = None,
    stop: ffmpeg.Stop | None = None,
    digests: Digests | None = None,
) -> list[Part]:
    """Bring every element into the target's form: take its piece from `folder`, or encode it into it.

    Two are encoded at a time. The first error ends the others. `on_frames` is called from other threads, one at a
    time, with the number of frames that are ready. Raises FfmpegError, or FilmMismatch for a piece whose frames are not
    as planned.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _sweep(folder)
    progress, known = Progress(on_frames), digests or Digests()
    failed = threading.Event()
    keys = [_key(element, target) for element in elements]
    jobs: dict[str, Future[Part]] = {}

    def stopped() -> bool:
        return failed.is_set() or (stop is not None and stop())

    with ThreadPoolExecutor(WORKERS, thread_name_prefix="piece") as pool:
        try:
            for number, (key, element) in enumerate(zip(keys, elements, strict=True)):
                if key not in jobs:
                    jobs[key] = pool.submit(_piece, element, target, folder, key, progress.part(number), stopped, known)
            wait(jobs.values(), return_when=FIRST_EXCEPTION)
            broken = [job for job in jobs.values() if job.done() and job.exception()]
            if broken:
                broken[0].result()
        except BaseException:
            failed.set()
            pool.shutdown(cancel_futures=True)
            raise
    return [jobs[key].result() for key in keys]


def remuxed(segments: Sequence[Segment], tick: Fraction, work: Path, *, stop: ffmpeg.Stop | None = None) -> list[Path]:
    """Copy the segments' clips without sound and with times in `tick`s of a second into `work`; the pictures are the
    same."""
    outs = [work / f"remux-{number:04d}.mp4" for number in range(len(segments))]

    def copy(first: int) -> None:
        streams = []
        for segment, out in zip(segments[first : first + BATCH], outs[first : first + BATCH], strict=True):
            source = ffmpeg.clip_input(segment.path)[str(segment.clip.form.stream)]
            options = {**plain_mp4(segment.clip.fps), "video_track_timescale": 1 / tick}
            streams.append(source.output(_file(out), vcodec="copy", an=None, **options))
        ffmpeg.run(build.merge_outputs(*streams), timeout=600, stop=stop)

    with ThreadPoolExecutor(WORKERS, thread_name_prefix="remux") as pool:
        list(pool.map(copy, range(0, len(segments), BATCH)))
    return outs


def _piece(
    element: Element,
    target: Target,
    folder: Path,
    key: str,
    on_frames: Callable[[int], None],
    stop: ffmpeg.Stop,
    digests: Digests,
) -> Part:
    path, note = folder / f"{key}.mp4", folder / f"{key}.json"
    kept = _kept(path, note, digests)
    if kept is None:
        for segment in element.segments:
            segment.see_unchanged(digests)
        with atomic(path) as part:
            _encode(element, target, part, on_frames, stop)
            track = scan(part)
            _check_piece(track, target, element)
            kept = Part(path, element.frames, track.fingerprint(), track.setup)
            seal = {"sha256": digest(part), "frames": kept.frames, "packets": kept.packets, "setup": kept.setup}
        write_atomic(note, json.dumps(seal).encode())
    on_frames(kept.frames)
    return kept


def _kept(path: Path, note: Path, digests: Digests) -> Part | None:
    """The piece, if it is there and its bytes are still those that were checked."""
    try:
        seal = json.loads(note.read_text())
        if digests.of(path) == seal.pop("sha256"):
            return Part(path, **seal)
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return None


def _encode(element: Element, target: Target, out: Path, on_frames: Callable[[int], None], stop: ffmpeg.Stop) -> None:
    if isinstance(element, Body):
        picture = _picture(element, target)
    else:
        both = [
            tagged(_picture(side, target, queue=queue), target.fps, target.colors)
            for queue, side in ((8, element.before), (16, element.after))
        ]
        lasts = f"{float(element.frames / target.fps):.6f}"
        picture = (
            build.filter(both, "xfade", transition=element.kind, duration=lasts, offset=0)
            .filter("tpad", stop=2, stop_mode="clone")
            .filter("trim", end_frame=element.frames)
        )
    beside = {"x264-params": f"sps-id={target.set_id}", "bf": target.delay} if target.set_id else {}
    output = tagged(picture, target.fps, target.colors).output(_file(out), **(h264(target.fps, target.colors) | beside))
    used = {segment.colors for segment in element.segments if segment.colors is not None}
    with tempfile.TemporaryDirectory(prefix="cubes-") if used else nullcontext() as folder:
        for colors in used:
            (Path(str(folder)) / _cube_name(colors)).write_text(cube(colors))
        work = Path(folder) if folder else None
        ffmpeg.run(output, timeout=120 + 2 * element.frames, on_frames=on_frames, stop=stop, cwd=work)


def _picture(body: Body, target: Target, queue: int | None = None) -> Any:
    """The frames of a body, in the film's size and rate. ``queue``: of its input, by which ffmpeg-python tells two
    inputs of one file apart."""
    segment, width, height = body.segment, target.width, target.height
    clip, first, length = segment.clip, segment.start_frame, segment.length
    frame_by_frame = _is_exact(body, target)
    if frame_by_frame:
        first, length = first + body.start, body.frames
    options: dict[str, Any] = {} if queue is None else {"thread_queue_size": queue}
    if frame_by_frame and not clip.irregular and first >= SEEK:
        # Between two frames, so that rounding cannot choose another one; what comes before need not be decoded.
        options["ss"], first = f"{float((first - Fraction(1, 2)) / clip.fps):.6f}", 0
    picture = ffmpeg.clip_input(segment.path, **options)[str(clip.form.stream)]
    if length < clip.frames:
        picture = picture.filter("trim", start_frame=first, end_frame=first + length)
    picture = picture.filter("setpts", "PTS-STARTPTS")
    if clip.form.sample_aspect != 1:
        picture = picture.filter("scale", w="max(2,trunc(iw*sar/2)*2)", h="ih").filter("setsar", 1)
    colors = {"out_color_matrix": target.colors.values, "out_range": "tv"}
    if clip.form.colors[3] == UNSPECIFIED:
        colors["in_color_matrix"] = "bt709" if guess_is_bt709(clip.width, clip.height) else "bt601"
    crop = segment.fit == "crop"
    picture = picture.filter(
        "scale",
        w=width,
        h=height,
        force_original_aspect_ratio="increase" if crop else "decrease",
        force_divisible_by=2,
        flags="bicubic",
        **colors,
    )
    if segment.colors is not None:
        picture = _corrected(picture, segment.colors, target)
    framed = ("crop", width, height) if crop else ("pad", width, height, "(ow-iw)/2", "(oh-ih)/2", "black")
    picture = (
        picture.filter(*framed)
        .filter("fps", fps=rate_text(target.fps), round="near")
        .filter("tpad", stop=max(2, round(target.fps)), stop_mode="clone")
    )
    if frame_by_frame or not body.start:
        return covered(picture.filter("trim", end_frame=body.frames), body, target, queue)
    window = picture.filter("trim", start_frame=body.start, end_frame=body.start + body.frames)
    return covered(window.filter("setpts", "PTS-STARTPTS"), body, target, queue)


def _corrected(picture: Any, colors: Correction, target: Target) -> Any:
    """The picture with its colours corrected, in R'G'B' of 16 bits, so that nothing is rounded twice; then as before.

    Bars that are added to it later stay black.
    """
    matrix = target.colors.values
    exact = "bicubic+accurate_rnd+full_chroma_int+full_chroma_inp"
    return (
        picture.filter("scale", in_color_matrix=matrix, in_range="tv", out_range="pc", flags=exact)
        .filter("format", "gbrp16le")
        .filter("lut3d", file=_cube_name(colors), interp="tetrahedral")
        .filter("scale", in_range="pc", out_color_matrix=matrix, out_range="tv", flags=exact)
        .filter("format", "yuv420p")
    )


def _cube_name(colors: Correction) -> str:
    """The name of a correction's look-up table, in the folder in which ffmpeg works."""
    return f"{hashlib.sha256(json.dumps(colors.numbers).encode()).hexdigest()[:32]}.cube"


def _is_exact(body: Body, target: Target) -> bool:
    """True if each frame of the segment's clip is one of the film's."""
    clip = body.segment.clip
    return clip.fps == target.fps and clip.irregular in ("", LATE)


def _check_piece(track: Track, target: Target, element: Element) -> None:
    found = len(track.shown), track.width, track.height, track.rate or target.fps
    wanted = element.frames, target.width, target.height, target.fps
    if found != wanted or track.irregular():
        raise FilmMismatch(
            f"its piece came out as {_told(*found)} instead of {_told(*wanted)} {track.irregular()}".strip(),
            where=element.title,
        )


def _told(frames: int, width: int, height: int, fps: Fraction) -> str:
    return f"{frames} frames of {width}x{height} at {fps}"


def _key(element: Element, target: Target) -> str:
    """The name of a piece: a digest of everything it is made from."""
    if isinstance(element, Blend):
        parts = [_made_from(element.before, target), _made_from(element.after, target)]
        made_from: list[Any] = ["blend", element.kind, element.frames, *parts]
    else:
        made_from = _made_from(element, target)
    return hashlib.sha256(json.dumps(made_from).encode()).hexdigest()[:32]


def _made_from(body: Body, target: Target) -> list[Any]:
    segment = body.segment
    exact = _is_exact(body, target) and not body.whole
    start, length = (segment.start_frame + body.start, body.frames) if exact else (segment.start_frame, segment.length)
    return [
        segment.clip.sha256,
        start,
        length,
        target.width,
        target.height,
        str(target.fps),
        VERSION,
        ffmpeg.identity(),
        *(["crop"] if segment.fit == "crop" else []),
        *(["colors", CUBE_VERSION, *segment.colors.numbers] if segment.colors else []),
        *([f"sets {target.set_id}", target.delay] if target.set_id else []),
        *([str(target.colors)] if target.colors != BT709 else []),
        *(["window", body.start, body.frames] if not (exact or body.whole) else []),
        *covering(body, target),
    ]


def _sweep(folder: Path) -> None:
    """Remove partly written files of killed processes that are more than a day old."""
    for part in folder.glob(".*.part*"):
        with suppress(OSError):
            if time.time() - part.stat().st_mtime > STALE:
                part.unlink()


def _file(path: Path) -> str:
    return f"file:{path.absolute()}"
