"""The mix of a film's sound: voices, music that gives way to them, and the clips' own, at one loudness.

Every sound is laid at its frame, counted in samples of the whole film, and ffmpeg mixes the tracks in one pass. The mix
is measured (EBU R 128), brought to the loudness that is wanted, and limited where its peaks would be too high.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeAlias

import ffmpeg as build

from studio.errors import BadClip
from studio.media import ffmpeg
from studio.media.loudness import Loudness, printed, read_loudness
from studio.media.mix_values import Laid, Mix
from studio.media.pieces import BATCH, WORKERS
from studio.media.sound import RATE, RAW, Place, add, empty_track, raw_input, sample

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
        self.samples, self.fps = sample(frames, fps), fps
        self._whole = work / "mix.f32"
        self._measured = self._mixed(clips)

    def made(self, *, ceiling: float = CEILING - ROOM, offset: float = 0.0) -> Path:
        """The track of the mix at its loudness and ``offset`` LU more (48 kHz, stereo, 16 bit), with no peak above
        ``ceiling`` dBTP before it is encoded. Raises FfmpegError.
        """
        track, found = self.work / "mix.pcm", self._measured
        if found is None or self.mix.loudness is None:
            over = found is not None and found.peak > ceiling
            self._write(track, 0.0, limit=ceiling if over else None)
            return track
        wanted = self.mix.loudness + offset
        gain = wanted - found.integrated
        for _ in range(TRIES):
            limit = ceiling if found.peak + gain > ceiling else None
            told = self._write(track, gain, limit=limit)
            if told is None or limit is None or abs(told.integrated - wanted) <= NEAR:
                break
            gain += wanted - told.integrated  # what the limiter took
        return track

    def _write(self, track: Path, gain: float, *, limit: float | None) -> Loudness | None:
        """Write the mix with a gain and a limit, and measure it."""
        sound = build.input(f"file:{self._whole.absolute()}", **FLOAT)["a:0"]
        if gain:
            sound = sound.filter("volume", f"{gain:.3f}dB", precision="float")
        if limit is not None:
            sound = (
                sound.filter("aresample", LIMITED_AT)
                .filter("alimiter", limit=f"{10 ** (limit / 20):.5f}", attack=5, release=80, level=0)
                .filter("aresample", RATE)
            )
        return self._both(sound, track, RAW)

    def _mixed(self, clips: Path | None) -> Loudness | None:
        """Mix all tracks into one of floating point, and measure it."""
        tracks, mix = [], self.mix
        if clips is not None:
            tracks.append(raw_input(clips)["a:0"].filter("volume", f"{mix.clips_gain:.3f}dB", precision="float"))
        keys: list[Any] = []
        if mix.voice:
            voice = raw_input(self._laid("voice", mix.voice))["a:0"].filter("aformat", sample_fmts="flt")
            split = voice.filter_multi_output("asplit", 1 + len(mix.music))
            tracks.append(split[0])
            keys = [split[n + 1] for n in range(len(mix.music))]
        for n, ducked in enumerate(mix.music):
            track = raw_input(self._laid(f"music-{n}", ducked.laid))["a:0"].filter("aformat", sample_fmts="flt")
            if keys and ducked.duck:
                track = build.filter(
                    [track, keys[n]], "sidechaincompress", threshold=THRESHOLD, ratio=20, attack=ATTACK,
                    release=RELEASE, mix=f"{1 - 10 ** (-ducked.duck / 20):.4f}",
                )  # fmt: skip
            elif keys:
                track = build.filter([track, keys[n].filter("volume", 0)], "amix", inputs=2, normalize=0)
            tracks.append(track)
        whole = tracks[0] if len(tracks) == 1 else build.filter(tracks, "amix", inputs=len(tracks), normalize=0)
        comes, goes = (sample(frames, self.fps) for frames in self.fades)
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
                        add(out, track, place)
                    out.unlink()
        return track

    def _place(self, sound: Laid) -> Place:
        start, end = sample(sound.start, self.fps), min(self.samples, sample(sound.end, self.fps))
        return Place(start, end, start + sample(sound.fade_in, self.fps), end - sample(sound.fade_out, self.fps))


def _batches(wanted: Sequence[Uses]) -> list[list[Uses]]:
    """The files that each process decodes: a few, none of them twice, since a graph has one node for equal filters."""
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
