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
from pathlib import Path
from typing import Any, Literal

import ffmpeg as build

from studio.atomic import atomic
from studio.digests import Digests
from studio.disk import disk_errors
from studio.errors import BadClip, FfmpegError, FilmMismatch
from studio.media import ffmpeg
from studio.media.boxes import check_boxes
from studio.media.clip import digest
from studio.media.encoding import decoded_before, plain_mp4, timescale
from studio.media.film_check import check_film
from studio.media.film_sound import FilmSound
from studio.media.form import cannot_be_joined, names_in_words, rate_in_words
from studio.media.loudness import Loudness
from studio.media.mix_values import Mix
from studio.media.mixed import copied_of, mixed, see_alike
from studio.media.packets import Track, scan
from studio.media.pieces import WORKERS, normalised, remuxed
from studio.media.segments import Part, Segment, Target, elements_of
from studio.media.sound import ENCODED, raw_input
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
    encoded ones, or by encoding every clip. `loudness` is that of the finished file, where one was asked for.
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
    loudness: Loudness | None = None


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
    mix: Mix | None = None,
) -> Film:
    """Join segments into one MP4 at `out`, which appears only when it is complete and as planned.

    Clips that are alike are joined by copy; where only time bases differ, or there is sound, by a lossless remux;
    otherwise every clip becomes a piece of the film's form, kept in the folder `pieces` for the next time. Without a
    `spec`, the film has the most common size and rate among the clips. `on_frames` gets the number of frames that
    are ready (perhaps from other threads), and `stop` ends the work when it becomes true. `before_named` gets `out` and
    the SHA-256 of the complete film just before the film is moved to `out`. A clip or piece that did not change, by
    `digests`, is not read again to be hashed. `finish` may add to the complete file, such as its signature, before it
    is hashed; its pictures stay as they are. `mix` is what is heard beside the clips, and the loudness of all.

    Raises BadClip for a clip that changed since it was measured, FfmpegError, CannotWrite where the disk is full, and
    FilmMismatch where the film is not what was planned: frame for frame, size, rate, sound. Then `out` holds no
    file, or the film that was there before.
    """
    if not segments:
        raise FilmMismatch("a film needs at least one clip")
    out = out.absolute()
    with disk_errors("the film", out.parent, pieces):
        return _joined(segments, out, spec, pieces, on_frames, stop, before_named, digests or Digests(), finish, mix)


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
    mix: Mix | None,
) -> Film:
    for folder in (out.parent, pieces):
        folder.mkdir(parents=True, exist_ok=True)
    target = _target(segments, spec)
    method, why = _method(segments, target)
    notes: list[str] = []
    with tempfile.TemporaryDirectory(dir=pieces, prefix=".work-") as scratch, atomic(out) as part:
        work = Path(scratch)
        heard = spec is None or spec.audio == "keep"
        sound = FilmSound(segments if heard else (), segments, target, mix, work, stop, digests)
        film: Film | None = None
        if method != "normalise":
            try:
                parts = _as_they_are(segments, target, work, stop)
                film = _made(parts, sound, target, part, work, stop)
            except (FilmMismatch, FfmpegError) as error:
                _see_unchanged(segments, digests)
                why = f"joining them as they are came out wrong: {error.message}"
        elements = elements_of(segments, target) if film is None else []
        if film is None and 0 < len(copied := copied_of(elements, target)) < len(elements):
            try:
                found = mixed(elements, target, copied, pieces, work, on_frames=on_frames, stop=stop, digests=digests)
                film = _made(found.parts, sound, target, part, work, stop, setup=found.setup)
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
            sound = replace(sound, target=target)
            parts = normalised(elements, target, pieces, on_frames=on_frames, stop=stop, digests=digests)
            film = _made(parts, sound, target, part, work, stop)
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
    sound: FilmSound,
    target: Target,
    out: Path,
    work: Path,
    stop: ffmpeg.Stop | None,
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

    def write(heard: Path | None, **times: str) -> Track:
        streams = [pictures] if heard is None else [pictures, raw_input(heard)["a:0"]]
        sounds: dict[str, Any] = {"an": None} if heard is None else ENCODED
        stream = build.output(*streams, f"file:{out}", vcodec="copy", **sounds, **plain_mp4(target.fps), **times)
        ffmpeg.run(stream, timeout=600 + sum(frames) / 10, stop=stop, cwd=work)
        return scan(out)

    heard = sound.made()
    times = dict[str, str]()
    track = write(heard)
    if not track.even:  # its parts are decoded at other distances from when they are shown
        times = {"bsf:v": decoded_before(target.fps, track.delay)}
        track = write(heard, **times)
    while (corrected := sound.corrected(out)) is not None:
        track = write(corrected, **times)
    with ThreadPoolExecutor(1) as pool:
        sha256 = pool.submit(digest, out)
        check_film(out, track, parts, target, sound.any, setup)
        return Film(
            path=out,
            frames=sum(frames),
            fps=target.fps,
            width=target.width,
            height=target.height,
            bytes=out.stat().st_size,
            sha256=sha256.result(),
            has_audio=sound.any,
            method="copy",
            notes=(),
            loudness=sound.loudness,
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
