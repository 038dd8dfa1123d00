"""Joining clips into one film: by copy where they are alike, by encoding them piece by piece where they are not.

Stream copy does not fail on clips that do not fit; the result is just wrong. So the method is chosen by comparing
measurements, and the film is compared with the plan, packet by packet, before it gets its name.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, Literal

import ffmpeg as build
from av.container import InputContainer

from studio.atomic import atomic
from studio.digests import Digests
from studio.disk import disk_errors
from studio.errors import BadClip, FfmpegError, FilmMismatch
from studio.media import ffmpeg
from studio.media.boxes import check_boxes
from studio.media.clip import digest
from studio.media.container import opened
from studio.media.encoding import decoded_before, plain_mp4, timescale
from studio.media.form import cannot_be_joined, names_in_words, rate_in_words
from studio.media.mixed import copied_of, mixed, see_alike
from studio.media.packets import Track, scan
from studio.media.pieces import WORKERS, normalised, remuxed
from studio.media.segments import Part, Segment, Target, elements_of
from studio.media.sound import ENCODED, raw_input, soundtrack
from studio.media.unchanged import FinishedClip, encoded_again

__all__ = ["Film", "FilmSpec", "Segment", "concatenate"]

Method = Literal["copy", "remux", "mixed", "normalise"]
FPS = Fraction(24)


@dataclass(frozen=True)
class FilmSpec:
    """The wanted form of a film: pixels (0: the most common size among the clips), frames per second, sound or none."""

    width: int
    height: int
    fps: Fraction = FPS
    audio: Literal["keep", "none"] = "keep"


@dataclass(frozen=True)
class Film:
    """A finished film, as measured. `bytes` is its size, `notes` say what was done to clips that did not fit.

    `method` is how it was joined: by plain copy, by copy after a lossless remux, by copy of finished clips between
    encoded ones, or by encoding every clip.
    """

    path: Path
    frames: int
    fps: Fraction
    width: int
    height: int
    bytes: int
    sha256: str
    has_audio: bool
    method: Method
    notes: tuple[str, ...]


def concatenate(
    segments: Sequence[Segment],
    out: Path,
    *,
    spec: FilmSpec | None,
    pieces: Path,
    on_frames: Callable[[int], None] | None = None,
    stop: ffmpeg.Stop | None = None,
    before_named: Callable[[Path, str], None] | None = None,
    digests: Digests | None = None,
    finish: Callable[[Path], None] | None = None,
) -> Film:
    """Join segments into one MP4 at `out`, which appears only when it is complete and as planned.

    Clips that are alike are joined by copy; where only time bases differ, or there is sound, by a lossless remux;
    otherwise every clip becomes a piece of the film's form, kept in the folder `pieces` for the next time. Without a
    `spec`, the film has the most common size and rate among the clips. `on_frames` gets the number of frames that
    are ready (perhaps from other threads), and `stop` ends the work when it becomes true. `before_named` gets `out` and
    the SHA-256 of the complete film just before the film is moved to `out`. A clip or piece that did not change, by
    `digests`, is not read again to be hashed. `finish` may add to the complete file, such as its signature, before it
    is hashed; its pictures stay as they are.

    Raises BadClip for a clip that changed since it was measured, FfmpegError, CannotWrite where the disk is full, and
    FilmMismatch where the film is not what was planned: frame for frame, size, rate, sound. Then `out` holds no
    file, or the film that was there before.
    """
    if not segments:
        raise FilmMismatch("a film needs at least one clip")
    out = out.absolute()
    with disk_errors("the film", out.parent, pieces):
        return _joined(segments, out, spec, pieces, on_frames, stop, before_named, digests or Digests(), finish)


def _joined(
    segments: Sequence[Segment],
    out: Path,
    spec: FilmSpec | None,
    pieces: Path,
    on_frames: Callable[[int], None] | None,
    stop: ffmpeg.Stop | None,
    before_named: Callable[[Path, str], None] | None,
    digests: Digests,
    finish: Callable[[Path], None] | None,
) -> Film:
    for folder in (out.parent, pieces):
        folder.mkdir(parents=True, exist_ok=True)
    target = _target(segments, spec)
    method, why = _method(segments, target)
    notes: list[str] = []
    with tempfile.TemporaryDirectory(dir=pieces, prefix=".work-") as scratch, atomic(out) as part:
        work = Path(scratch)
        has_sound = (spec is None or spec.audio == "keep") and any(s.heard for s in segments)
        film: Film | None = None
        if method != "normalise":
            try:
                parts = _as_they_are(segments, target, work, stop)
                film = _made(parts, segments, target, has_sound, part, work, stop, digests)
            except (FilmMismatch, FfmpegError) as error:
                _see_unchanged(segments, digests)
                why = f"joining them as they are came out wrong: {error.message}"
        elements = elements_of(segments, target) if film is None else []
        if film is None and 0 < len(copied := copied_of(elements, target)) < len(elements):
            try:
                found = mixed(elements, target, copied, pieces, work, on_frames=on_frames, stop=stop, digests=digests)
                film = _made(found.parts, segments, target, has_sound, part, work, stop, digests, setup=found.setup)
                see_alike(part, found)
                copies = {id(s) for n in copied for s in elements[n].segments}
                others = [s for s in segments if id(s) not in copies]
                names = names_in_words(list(dict.fromkeys(elements[n].title for n in sorted(copied))))
                notes = [
                    *_notes(others, target, ""),
                    *encoded_again(_finished(segments), target.wanted),
                    f"{names} copied, frame for frame; all else is encoded to fit",
                ]
                method = "mixed"
            except (FilmMismatch, FfmpegError, BadClip) as error:
                film, why = None, f"finished clips could not be copied: {error.message}"
        if film is None:
            method = "normalise"
            target = Target(target.width // 2 * 2, target.height // 2 * 2, target.fps)
            notes = [*_notes(segments, target, why), *encoded_again(_finished(segments), target.wanted)]
            elements = elements_of(segments, target)  # of an even size
            parts = normalised(elements, target, pieces, on_frames=on_frames, stop=stop, digests=digests)
            film = _made(parts, segments, target, has_sound, part, work, stop, digests)
        if finish is not None:
            film = _finished_by(finish, film)
        if before_named is not None:
            before_named(out, film.sha256)
    if on_frames:
        on_frames(film.frames)
    return replace(film, path=out, method=method, notes=tuple(notes))


def _finished_by(finish: Callable[[Path], None], film: Film) -> Film:
    """The film with what was added to its file, and its pictures as they were. Raises FilmMismatch."""
    before = scan(film.path).fingerprint()
    finish(film.path)
    check_boxes(film.path)
    if scan(film.path).fingerprint() != before:
        raise FilmMismatch("the film's pictures changed when it was signed", hint="this is a fault: report it")
    return replace(film, sha256=digest(film.path), bytes=film.path.stat().st_size)


def _see_unchanged(segments: Sequence[Segment], digests: Digests) -> None:
    """Check that every clip's bytes are still those that were measured."""
    with ThreadPoolExecutor(WORKERS) as pool:
        list(
            pool.map(lambda segment: segment.see_unchanged(digests), {(s.path, s.heard): s for s in segments}.values())
        )


def _target(segments: Sequence[Segment], spec: FilmSpec | None) -> Target:
    width, height = Counter((s.clip.width, s.clip.height) for s in segments).most_common(1)[0][0]
    rates = Counter(s.clip.fps for s in segments if not s.clip.irregular)
    fps = rates.most_common(1)[0][0] if rates else FPS
    if spec is not None:
        fps = spec.fps
        if spec.width > 0 and spec.height > 0:
            width, height = spec.width, spec.height
    return Target(width, height, fps)


def _method(segments: Sequence[Segment], target: Target) -> tuple[Method, str]:
    """The method of joining, and, where pictures must be encoded, the reason."""
    if any(s.into or s.covered or s.drawn for s in segments):
        return "normalise", ""  # the plan tells of transitions and titles
    why = cannot_be_joined([(s.title, s.candidate) for s in segments], target.wanted)
    if why is not None:
        return "normalise", why
    first = segments[0].clip.form
    alike = all(s.clip.form == first and not s.clip.has_audio and not s.clip.irregular for s in segments)
    return ("copy" if alike else "remux"), ""


def _finished(segments: Sequence[Segment]) -> dict[int, FinishedClip]:
    """The segments whose frames are to stay as they are."""
    found = {}
    for n, (segment, after) in enumerate(zip(segments, [*segments[1:], None], strict=True)):
        if segment.keep:
            overlaps = bool(segment.into or (after is not None and after.into))
            candidate = replace(segment.candidate, overlaps=overlaps)
            found[n] = FinishedClip(segment.title, segment.file or segment.title, candidate)
    return found


def _notes(segments: Sequence[Segment], target: Target, why: str) -> list[str]:
    """The notes on clips that do not fit the film: one line for all that differ in the same way."""
    found: dict[str, list[str]] = {}
    for segment in segments:
        clip = segment.clip
        if (clip.width, clip.height) != (target.width, target.height):
            bars = "fitted to" if _bars(clip.width, clip.height, target) else "scaled to"
            if segment.fit == "crop" and bars == "fitted to":
                bars = "cropped to"
            end = " with bars" if bars == "fitted to" else ""
            text = f"{clip.width}x{clip.height}, {bars} {target.width}x{target.height}{end}"
            found.setdefault(text, []).append(segment.title)
        if clip.fps != target.fps:
            text = f"shot at {rate_in_words(clip.fps)} frames a second, converted to {rate_in_words(target.fps)}"
            found.setdefault(text, []).append(segment.title)
    notes = [f"{_listed(list(dict.fromkeys(titles)))} {text}" for text, titles in found.items()]
    if why:
        notes.append(f"all clips were encoded again: {why}")
    return notes


def _bars(width: int, height: int, target: Target) -> bool:
    """True if a picture of this size leaves two pixels or more of the film's frame empty."""
    scale = min(Fraction(target.width, width), Fraction(target.height, height))
    return target.width - width * scale >= 2 or target.height - height * scale >= 2


def _listed(titles: Sequence[str]) -> str:
    if len(titles) == 1:
        return f"{titles[0]} is"
    rest = f" and {len(titles) - 3} more" if len(titles) > 4 else f" and {titles[-1]}"
    return f"{', '.join(titles[:3] if len(titles) > 4 else titles[:-1])}{rest} are"


def _as_they_are(segments: Sequence[Segment], target: Target, work: Path, stop: ffmpeg.Stop | None) -> list[Part]:
    """The clips' own files; for a clip with sound or with other ticks, a losslessly remuxed copy without sound.

    Their contents are known from measuring the clips; the check of the finished film shows if they have changed since.
    """
    ticks = {s.clip.form.time_base for s in segments}
    common = ticks.pop() if len(ticks) == 1 else Fraction(1, timescale(target.fps))
    unfit = {s.path: s for s in segments if s.clip.has_audio or s.clip.form.stream or s.clip.form.time_base != common}
    copies = remuxed(list(unfit.values()), common, work, stop=stop)
    paths = dict(zip(unfit, copies, strict=True))
    return [
        Part(
            path=paths.get(s.path, s.path),
            frames=s.clip.frames,
            packets=s.clip.packets or scan(s.path).fingerprint(),
            setup=s.clip.form.extradata,
        )
        for s in segments
    ]


def _made(
    parts: Sequence[Part],
    segments: Sequence[Segment],
    target: Target,
    has_sound: bool,
    out: Path,
    work: Path,
    stop: ffmpeg.Stop | None,
    digests: Digests,
    *,
    setup: str = "",
) -> Film:
    """Join the parts by copy, add the sound, and check the film against the plan.

    ``setup`` is the film's, where its parts differ in theirs.
    """
    frames = [part.frames for part in parts]
    listed = _list_of([part.path for part in parts], frames, target.fps, work)
    # named without its folder: after # or ? the rest of a path would be lost when the parts are looked up; auto_convert
    # would rewrite H.264 packets, which parts of one set-up do not need
    pictures = build.input(listed.name, f="concat", protocol_whitelist="file", auto_convert=0)["0"]
    streams, sounds = [pictures], dict[str, Any](an=None)
    if has_sound:
        # pictures are verified in the film; sound is not, since it is encoded
        _see_unchanged([s for s in segments if s.heard], digests)
        streams.append(raw_input(soundtrack(segments, target, work, stop=stop))["a:0"])
        sounds = ENCODED

    def write(**times: str) -> Track:
        stream = build.output(*streams, f"file:{out}", vcodec="copy", **sounds, **plain_mp4(target.fps), **times)
        ffmpeg.run(stream, timeout=600 + sum(frames) / 10, stop=stop, cwd=work)
        return scan(out)

    track = write()
    if not track.even:  # its parts are decoded at other distances from when they are shown
        track = write(**{"bsf:v": decoded_before(target.fps, track.delay)})
    with ThreadPoolExecutor(1) as pool:
        sha256 = pool.submit(digest, out)
        _check(out, track, parts, target, has_sound, setup)
        return Film(
            path=out,
            frames=sum(frames),
            fps=target.fps,
            width=target.width,
            height=target.height,
            bytes=out.stat().st_size,
            sha256=sha256.result(),
            has_audio=has_sound,
            method="copy",
            notes=(),
        )


def _list_of(paths: Sequence[Path], frames: Sequence[int], fps: Fraction, work: Path) -> Path:
    """Write the list for ffmpeg's concat demuxer: plain relative names, and each part's end as precisely as it can
    state."""
    lines = ["ffconcat version 1.0"]
    ends = [round(1_000_000 * sum(frames[: n + 1]) / fps) for n in range(len(frames))]
    for number, (path, start, end) in enumerate(zip(paths, [0, *ends[:-1]], ends, strict=True)):
        link = work / f"{number:04d}.mp4"
        link.unlink(missing_ok=True)
        try:
            link.symlink_to(path.absolute())
        except OSError:  # where links are not allowed
            shutil.copyfile(path, link)
        seconds, rest = divmod(end - start, 1_000_000)
        lines += [f"file {link.name}", f"duration {seconds}.{rest:06d}"]
    listed = work / "parts.ffconcat"
    listed.write_text("\n".join(lines) + "\n")
    return listed


def _check(film: Path, track: Track, parts: Sequence[Part], target: Target, has_sound: bool, setup: str) -> None:
    """Check a film against its plan.

    Its packets must be those of its parts, byte for byte and in order, and each part's decoder set-up must be the
    film's, and it is decoded as evenly as it is shown. Every frame of the parts was decoded once, so every frame of
    the film can be decoded.
    """
    frames = sum(part.frames for part in parts)
    check_boxes(film)
    with opened(film) as (container, _):
        faults = [track.irregular(), _sound_fault(container, track.duration, 1 / target.fps, has_sound)]
    if not track.even:
        faults.append("frames that are not decoded evenly")
    if len(track.shown) != frames:
        faults.append(f"{len(track.shown)} frames instead of {frames}")
    if (track.width, track.height) != (target.width, target.height):
        faults.append(f"{track.width}x{track.height} pixels instead of {target.width}x{target.height}")
    if frames > 1 and track.rate not in (None, target.fps):
        faults.append(f"{track.rate} frames a second instead of {target.fps}")
    if track.duration != frames / target.fps:
        faults.append(f"{float(track.duration):.3f} s instead of {float(frames / target.fps):.3f} s")
    if track.setup != setup if setup else any(part.setup != track.setup for part in parts):
        faults.append("parts that were encoded differently")
    if any(
        track.fingerprint(start, part.frames) != part.packets
        for part, start in zip(parts, accumulate((p.frames for p in parts), initial=0), strict=False)
    ):
        faults.append("frames that are not its parts', or not in their order")
    if told := [fault for fault in faults if fault]:
        raise FilmMismatch(f"the film has {'; '.join(told)}", hint="this is a fault of Studio Producer: report it")


def _sound_fault(container: InputContainer, duration: Fraction, frame: Fraction, has_sound: bool) -> str:
    sounds = container.streams.audio
    if len(sounds) != has_sound:
        return f"{len(sounds)} sound tracks instead of {int(has_sound)}"
    if not has_sound:
        return ""
    sound = sounds[0]
    tick = sound.time_base or Fraction(1, sound.rate)
    start = (sound.start_time or 0) * tick
    end = start + (sound.duration or 0) * tick
    if abs(start) > frame or abs(end - duration) > frame:
        return f"sound from {float(start):.3f} to {float(end):.3f} s under {float(duration):.3f} s of pictures"
    container.seek(0)
    times = [p.dts for p in container.demux(sound) if p.size and p.dts is not None]
    return "sound whose times do not grow" if any(b <= a for a, b in pairwise(times)) else ""
