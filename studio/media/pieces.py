"""Pieces of a film: clips in the film's own form, each encoded separately and kept, so that none is encoded twice."""

from __future__ import annotations

import hashlib
import json
import math
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Literal

import ffmpeg as build

from studio.atomic import atomic, write_atomic
from studio.digests import Digests
from studio.errors import BadClip, FilmMismatch
from studio.media import ffmpeg
from studio.media.clip import Clip, digest
from studio.media.encoding import VERSION, h264, plain_mp4, rate_text, tagged
from studio.media.form import BT709, UNSPECIFIED, Candidate, Colors, Wanted, guess_is_bt709
from studio.media.packets import Track, scan

WORKERS = 2
BATCH = 12  # clips per ffmpeg where they are only copied: starting ffmpeg takes longest
STALE = 24 * 3600.0


@dataclass(frozen=True)
class Underlay:
    """A file whose first sound track is heard under another file's pictures, and its SHA-256."""

    path: Path
    sha256: str


@dataclass(frozen=True)
class Segment:
    """A stretch of a clip in a film: `frames` frames from `start_frame` on, in the clip's own frames (None: all).

    `path` is where the clip's bytes are, `name` what the film's notes call it (default: the file's name). `fit` is how
    a picture of another shape is brought into the film's frame: whole, with bars (pad), or filling it (crop). `under`
    is the sound that is heard with it instead of the clip's own, at the same moments; `silent`: none is heard.
    `keep`: its frames stay as they are, where a film of its form can be made; `file` is the producer's name for it.
    """

    path: Path
    clip: Clip
    start_frame: int = 0
    frames: int | None = None
    name: str = ""
    fit: Literal["pad", "crop"] = "pad"
    under: Underlay | None = None
    silent: bool = False
    keep: bool = False
    file: str = ""

    def __post_init__(self) -> None:
        if self.start_frame < 0 or self.length < 1 or self.start_frame + self.length > self.clip.frames:
            end = self.start_frame + self.length
            raise BadClip(
                f"has {self.clip.frames} frames: frames {self.start_frame} to {end} cannot be used", path=str(self.path)
            )

    @property
    def length(self) -> int:
        """The number of the clip's own frames that are used."""
        return self.clip.frames - self.start_frame if self.frames is None else self.frames

    @property
    def whole(self) -> bool:
        """True if the clip is used from its first frame to its last."""
        return self.length == self.clip.frames

    @property
    def heard(self) -> Path | None:
        """The file whose sound is heard with it; None where none is."""
        if self.silent:
            return None
        if self.under is not None:
            return self.under.path
        return self.path if self.clip.has_audio else None

    @property
    def candidate(self) -> Candidate:
        """The segment, as it is asked whether a film can copy it."""
        clip = self.clip
        return Candidate(
            clip.form, clip.width, clip.height, clip.fps, self.length, self.whole, clip.irregular, self.keep
        )

    @property
    def title(self) -> str:
        """The name in notes and errors."""
        return self.name or self.path.stem

    def see_unchanged(self, digests: Digests) -> None:
        """Raise BadClip where the bytes of the file, or of the sound under it, are no longer those that were
        measured."""
        files = {self.path: self.clip.sha256} | ({self.under.path: self.under.sha256} if self.under else {})
        for path, sha256 in files.items():
            try:
                same = digests.of(path) == sha256
            except OSError as error:
                raise BadClip(f"cannot be read: {error.strerror}", path=str(path), where=self.title) from None
            if not same:
                raise BadClip("is not the clip that was measured", path=str(path), where=self.title)

    def offset(self) -> Fraction:
        """Seconds of the clip before the segment."""
        return self._span(0, self.start_frame)

    def duration(self) -> Fraction:
        """Seconds of the segment."""
        return self._span(self.start_frame, self.start_frame + self.length)

    def _span(self, start: int, end: int) -> Fraction:
        if not self.clip.irregular:
            return (end - start) / self.clip.fps
        track = scan(self.path)
        if track.rate:
            return (end - start) / track.rate
        times = [(time - track.shown[0]) * track.tick for time in track.shown] + [track.duration]
        return times[end] - times[start]


@dataclass(frozen=True)
class Part:
    """A file that goes into a film by copy.

    `frames` is its number of frames, `packets` their fingerprint, `setup` the SHA-256 of the decoder's set-up.
    """

    path: Path
    frames: int
    packets: str
    setup: str


@dataclass(frozen=True)
class Target:
    """The form of the film's pieces: pixels, and frames per second."""

    width: int
    height: int
    fps: Fraction
    set_id: int = 0  # of the parameter sets, where pieces stand beside copied clips that have others
    delay: int = 2  # frames between decoding and showing, which those clips have, too
    colors: Colors = BT709  # those of such clips

    @property
    def wanted(self) -> Wanted:
        """The form that it asks of a clip that is copied."""
        return Wanted(self.width, self.height, self.fps)

    def frames(self, segment: Segment) -> int:
        """The number of frames the segment has in the film: its duration, rounded to whole frames, and at least one."""
        return max(1, math.floor(segment.duration() * self.fps + Fraction(1, 2)))


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
    segments: Sequence[Segment],
    target: Target,
    folder: Path,
    *,
    on_frames: Callable[[int], None] | None = None,
    stop: ffmpeg.Stop | None = None,
    digests: Digests | None = None,
) -> list[Part]:
    """Bring every segment into the target's form: take its piece from `folder`, or encode it into it.

    Two are encoded at a time. The first error ends the others. `on_frames` is called from other threads, one at a
    time, with the number of frames that are ready. Raises FfmpegError, or FilmMismatch for a piece whose frames are not
    as planned.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _sweep(folder)
    progress, known = Progress(on_frames), digests or Digests()
    failed = threading.Event()
    keys = [_key(segment, target) for segment in segments]
    jobs: dict[str, Future[Part]] = {}

    def stopped() -> bool:
        return failed.is_set() or (stop is not None and stop())

    with ThreadPoolExecutor(WORKERS, thread_name_prefix="piece") as pool:
        try:
            for number, (key, segment) in enumerate(zip(keys, segments, strict=True)):
                if key not in jobs:
                    jobs[key] = pool.submit(_piece, segment, target, folder, key, progress.part(number), stopped, known)
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
    segment: Segment,
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
        segment.see_unchanged(digests)
        frames = target.frames(segment)
        with atomic(path) as part:
            _encode(segment, target, frames, part, on_frames, stop)
            track = scan(part)
            _check_piece(track, target, frames, segment)
            kept = Part(path, frames, track.fingerprint(), track.setup)
            seal = {"sha256": digest(part), "frames": frames, "packets": kept.packets, "setup": kept.setup}
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


def _encode(
    segment: Segment,
    target: Target,
    frames: int,
    out: Path,
    on_frames: Callable[[int], None],
    stop: ffmpeg.Stop,
) -> None:
    clip, width, height = segment.clip, target.width, target.height
    picture = ffmpeg.clip_input(segment.path)[str(clip.form.stream)]
    if not segment.whole:
        first = segment.start_frame
        picture = picture.filter("trim", start_frame=first, end_frame=first + segment.length)
    picture = picture.filter("setpts", "PTS-STARTPTS")
    if clip.form.sample_aspect != 1:
        picture = picture.filter("scale", w="max(2,trunc(iw*sar/2)*2)", h="ih").filter("setsar", 1)
    colors = {"out_color_matrix": target.colors.values, "out_range": "tv"}
    if clip.form.colors[3] == UNSPECIFIED:
        colors["in_color_matrix"] = "bt709" if guess_is_bt709(clip.width, clip.height) else "bt601"
    crop = segment.fit == "crop"
    picture = (
        picture.filter(
            "scale",
            w=width,
            h=height,
            force_original_aspect_ratio="increase" if crop else "decrease",
            force_divisible_by=2,
            flags="bicubic",
            **colors,
        )
        .filter(*(("crop", width, height) if crop else ("pad", width, height, "(ow-iw)/2", "(oh-ih)/2", "black")))
        .filter("fps", fps=rate_text(target.fps), round="near")
        .filter("tpad", stop=max(2, round(target.fps)), stop_mode="clone")
        .filter("trim", end_frame=frames)
    )
    beside = {"x264-params": f"sps-id={target.set_id}", "bf": target.delay} if target.set_id else {}
    output = tagged(picture, target.fps, target.colors).output(_file(out), **(h264(target.fps, target.colors) | beside))
    ffmpeg.run(output, timeout=120 + 2 * frames, on_frames=on_frames, stop=stop)


def _check_piece(track: Track, target: Target, frames: int, segment: Segment) -> None:
    found = len(track.shown), track.width, track.height, track.rate or target.fps
    wanted = frames, target.width, target.height, target.fps
    if found != wanted or track.irregular():
        raise FilmMismatch(
            f"its piece came out as {_told(*found)} instead of {_told(*wanted)} {track.irregular()}".strip(),
            where=segment.title,
        )


def _told(frames: int, width: int, height: int, fps: Fraction) -> str:
    return f"{frames} frames of {width}x{height} at {fps}"


def _key(segment: Segment, target: Target) -> str:
    """The name of a piece: a digest of everything it is made from."""
    made_from = [
        segment.clip.sha256,
        segment.start_frame,
        segment.length,
        target.width,
        target.height,
        str(target.fps),
        VERSION,
        ffmpeg.identity(),
        *(["crop"] if segment.fit == "crop" else []),
        *([f"sets {target.set_id}", target.delay] if target.set_id else []),
        *([str(target.colors)] if target.colors != BT709 else []),
    ]
    return hashlib.sha256(json.dumps(made_from).encode()).hexdigest()[:32]


def _sweep(folder: Path) -> None:
    """Remove partly written files of killed processes that are more than a day old."""
    for part in folder.glob(".*.part*"):
        with suppress(OSError):
            if time.time() - part.stat().st_mtime > STALE:
                part.unlink()


def _file(path: Path) -> str:
    return f"file:{path.absolute()}"
