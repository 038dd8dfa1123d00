"""The mix of a film's sound: voices, music that gives way to them, and the clips' own, at one loudness.

Every sound is laid at its frame, counted in samples of the whole film, and ffmpeg mixes the tracks in one pass. The mix
is measured (EBU R 128), brought to the loudness that is wanted, and limited where its peaks would be too high.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeAlias

import ffmpeg as build
import numpy as np

from studio.errors import BadClip
from studio.media import ffmpeg
from studio.media.loudness import Loudness, printed, read_loudness
from studio.media.mix_values import Laid, Mix
from studio.media.pieces import BATCH, WORKERS
from studio.media.sound import RATE, RAW, SAMPLE, Place, blocks, empty_track

CEILING = -1.0  # dBTP in the finished film
ROOM = 1.0  # dB below it that a mix is limited to: encoding to AAC raises peaks
NEAR = 0.15  # LU by which a mix may be off before it is made again
TRIES = 4
LIMITED_AT = 96_000  # Hz: peaks between samples are seen
#: The voice that lowers music: louder than this, as a share of full scale; its attack and release in milliseconds.
THRESHOLD, ATTACK, RELEASE = 0.004, 60, 700
FLOAT = {"f": "f32le", "ar": RATE, "ac": 2}
TIMEOUT = 3600.0
#: The places of one stretch of a file in the film.
Uses: TypeAlias = list[tuple[Laid, Place]]


@dataclass(frozen=True)
class Mixed:
    """A film's sound as samples (48 kHz, stereo, 16 bit), and its loudness; None for silence."""

    track: Path
    loudness: Loudness | None


class Mixer:
    """The sound of one film, mixed once into the folder ``work``, and brought to its loudness as often as needed.

    ``clips`` is the track of the clips' own sound, None where none has any; ``frames`` are the film's. In ``fades`` of
    them it comes out of silence, and goes to it.
    """

    def __init__(
        self, mix: Mix, clips: Path | None, frames: int, fps: Fraction, work: Path, stop: ffmpeg.Stop | None = None,
        *, fades: tuple[int, int] = (0, 0),
    ) -> None:  # fmt: skip
        self.mix, self.work, self.stop, self.fades = mix, work, stop, fades
        self.samples, self.fps = _samples(frames, fps), fps
        self._whole = work / "mix.f32"
        self._measured = self._mixed(clips)

    def made(self, *, ceiling: float = CEILING - ROOM, offset: float = 0.0) -> Mixed:
        """The mix at its loudness and ``offset`` LU more, with no peak above ``ceiling`` dBTP before it is encoded.

        Raises FfmpegError.
        """
        track, found, wanted = self.work / "mix.pcm", self._measured, self.mix.loudness
        wanted = None if wanted is None else wanted + offset
        if found is None:
            return Mixed(self._written(track, 0.0, limit=None)[0], None)
        gain = 0.0 if wanted is None else wanted - found.integrated
        told: Loudness | None = found
        for _ in range(TRIES):
            limit = ceiling if found.peak + gain > ceiling else None
            _, told = self._written(track, gain, limit=limit)
            if wanted is None or told is None or limit is None or abs(told.integrated - wanted) <= NEAR:
                break
            gain += wanted - told.integrated  # what the limiter took
        return Mixed(track, told)

    def _written(self, track: Path, gain: float, *, limit: float | None) -> tuple[Path, Loudness | None]:
        sound = build.input(f"file:{self._whole.absolute()}", **FLOAT)["a:0"]
        if gain:
            sound = sound.filter("volume", f"{gain:.3f}dB", precision="float")
        if limit is not None:
            sound = (
                sound.filter("aresample", LIMITED_AT)
                .filter("alimiter", limit=f"{10 ** (limit / 20):.5f}", attack=5, release=80, level=0)
                .filter("aresample", RATE)
            )
        return track, self._both(sound, track, RAW)

    def _mixed(self, clips: Path | None) -> Loudness | None:
        """Mix all tracks into one of floating point, and measure it."""
        tracks, mix = [], self.mix
        if clips is not None:
            tracks.append(_raw(clips).filter("volume", f"{mix.clips_gain:.3f}dB", precision="float"))
        keys: list[Any] = []
        if mix.voice:
            split = _raw(self._laid("voice", mix.voice)).filter("aformat", sample_fmts="flt").filter_multi_output(
                "asplit", 1 + len(mix.music)
            )  # fmt: skip
            tracks.append(split[0])
            keys = [split[n + 1] for n in range(len(mix.music))]
        for n, ducked in enumerate(mix.music):
            track = _raw(self._laid(f"music-{n}", ducked.laid)).filter("aformat", sample_fmts="flt")
            if keys and ducked.duck:
                track = build.filter(
                    [track, keys[n]], "sidechaincompress", threshold=THRESHOLD, ratio=20, attack=ATTACK,
                    release=RELEASE, mix=f"{1 - 10 ** (-ducked.duck / 20):.4f}",
                )  # fmt: skip
            elif keys:
                track = build.filter([track, keys[n].filter("volume", 0)], "amix", inputs=2, normalize=0)
            tracks.append(track)
        whole = tracks[0] if len(tracks) == 1 else build.filter(tracks, "amix", inputs=len(tracks), normalize=0)
        comes, goes = (_samples(frames, self.fps) for frames in self.fades)
        if comes:
            whole = whole.filter("afade", type="in", start_sample=0, nb_samples=comes, curve="qsin")
        if goes:
            start = self.samples - goes
            whole = whole.filter("afade", type="out", start_sample=start, nb_samples=goes, curve="qsin")
        return self._both(whole, self._whole, FLOAT)

    def _both(self, sound: Any, track: Path, form: dict[str, Any]) -> Loudness | None:
        """Write a sound, and measure it in the same pass."""
        split = sound.filter_multi_output("asplit", 2)
        outs = build.merge_outputs(
            split[0].output(f"file:{track.absolute()}", **form), printed(split[1]).output("-", f="null")
        )
        return read_loudness(ffmpeg.capture(outs.overwrite_output(), timeout=TIMEOUT, stop=self.stop))

    def _laid(self, name: str, sounds: Sequence[Laid]) -> Path:
        """A track as long as the film, with the sounds at their places, faded."""
        track = empty_track(self.work / f"{name}.pcm", self.samples)
        # a stretch that is heard more than once is decoded once
        wanted: dict[tuple[Path, Fraction, float], Uses] = {}
        for sound in sounds:
            place = self._place(sound)
            if place.samples > 0:
                wanted.setdefault((sound.path, sound.begins, sound.gain), []).append((sound, place))
        batches = _batches(list(wanted.values()))

        def decoded(number: int) -> list[Path]:
            batch = batches[number]
            outs = [self.work / f"{name}-{number}-{n}.pcm" for n in range(len(batch))]
            most = [max(place.samples for _, place in uses) for uses in batch]
            _decode([(uses[0][0], count, out) for uses, count, out in zip(batch, most, outs, strict=True)], self.stop)
            return outs

        with ThreadPoolExecutor(WORKERS, thread_name_prefix="mix") as pool:
            for batch, outs in zip(batches, pool.map(decoded, range(len(batches))), strict=True):
                for uses, out in zip(batch, outs, strict=True):
                    if not out.stat().st_size:
                        told = "has no sound where the film takes it"
                        raise BadClip(told, path=str(uses[0][0].path), where=uses[0][0].name)
                    for _, place in uses:
                        _add(out, track, place)
                    out.unlink()
        return track

    def _place(self, sound: Laid) -> Place:
        start, end = _samples(sound.start, self.fps), min(self.samples, _samples(sound.end, self.fps))
        return Place(start, end, start + _samples(sound.fade_in, self.fps), end - _samples(sound.fade_out, self.fps))


def _batches(wanted: Sequence[Uses]) -> list[list[Uses]]:
    """What each process decodes: a few files, none of them twice, since a graph has one node for what is equal."""
    batches = list[list[Uses]]()
    for uses in wanted:
        path = uses[0][0].path
        fits = (b for b in batches if len(b) < BATCH and all(path != other[0][0].path for other in b))
        batch = next(fits, None)
        if batch is None:
            batches.append([uses])
        else:
            batch.append(uses)
    return batches


def sound_input(path: Path, format_: str) -> Any:
    """A sound file as an input of ffmpeg-python: in its own format, from a local file alone."""
    return build.input(f"file:{path.absolute()}", f=format_, protocol_whitelist="file")


def loudness_of_sound(path: Path, format_: str, track: int) -> Loudness | None:
    """The loudness of a sound file, heard in both channels; None for silence. Raises FfmpegError."""
    heard = (
        sound_input(path, format_)[f"a:{track}"].filter("aresample", RATE).filter("aformat", channel_layouts="stereo")
    )
    return read_loudness(ffmpeg.capture(printed(heard).output("-", f="null"), timeout=TIMEOUT))


def _decode(wanted: Sequence[tuple[Laid, int, Path]], stop: ffmpeg.Stop | None) -> None:
    """Decode stretches of sound files, each at its gain, into at most so many samples, by one process."""
    ffmpeg.run(build.merge_outputs(*(_stretch(*what) for what in wanted)), timeout=TIMEOUT, stop=stop)


def _stretch(sound: Laid, samples: int, out: Path) -> Any:
    return (
        sound_input(sound.path, sound.format)[f"a:{sound.track}"]
        .filter("aresample", RATE, **{"async": 1000, "first_pts": 0})
        .filter("aformat", sample_fmts="flt", channel_layouts="stereo")
        .filter("atrim", start=f"{float(sound.begins):.6f}")
        .filter("asetpts", "PTS-STARTPTS")
        .filter("atrim", end_sample=samples)
        .filter("volume", f"{sound.gain:.3f}dB", precision="float")
        .filter("alimiter", limit=0.98, level=0)
        .output(f"file:{out.absolute()}", **RAW)
    )


def _add(decoded: Path, track: Path, place: Place) -> None:
    """Add a decoded sound to a track, block by block: only a block of each is in memory."""
    has = decoded.stat().st_size // SAMPLE
    with decoded.open("rb") as source, track.open("r+b") as out:
        for begin, count in blocks(min(place.samples, has)):
            heard = np.frombuffer(source.read(count * SAMPLE), np.int16).reshape(-1, 2)
            gains = place.gains(place.start + begin, place.start + begin + count)
            out.seek((place.start + begin) * SAMPLE)
            there = np.frombuffer(out.read(count * SAMPLE), np.int16).reshape(-1, 2)
            added = there + np.rint(heard if gains is None else heard * gains)
            out.seek((place.start + begin) * SAMPLE)
            out.write(np.clip(added, -32768, 32767).astype(np.int16).tobytes())


def _raw(track: Path) -> Any:
    return build.input(f"file:{track.absolute()}", **RAW)["a:0"]


def _samples(frames: int, fps: Fraction) -> int:
    return math.floor(frames * RATE / fps + Fraction(1, 2))
