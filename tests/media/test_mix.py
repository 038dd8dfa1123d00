"""The mix of a film: every voice at its frame, music that gives way, and the loudness that was asked for."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from fractions import Fraction
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from studio.editing.mixing import rounds
from studio.errors import BadClip
from studio.media.clip import Clip, examine
from studio.media.film import Film, FilmSpec, Segment, concatenate
from studio.media.loudness import loudness
from studio.media.mix_values import Ducked, Laid, Mix
from studio.planning.sound_edits import MusicEdit
from tests.media.clips import H264, ffmpeg

RATE = 48_000
FRAME = RATE // 24
FLASH = 6  # the frame at which each clip flashes
SPEC = FilmSpec(160, 90)


@pytest.fixture(scope="module")
def flash(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    """One second without sound; white in its frames 6 and 7."""
    path = tmp_path_factory.mktemp("flash") / "flash.mp4"
    light = f"geq=lum='if(between(N,{FLASH},{FLASH + 1}),235,16)':cb=128:cr=128"
    ffmpeg("-f", "lavfi", "-i", f"color=black:s=160x90:r=24:d=1,{light}", *H264, path)
    return examine(path)


def written(path: Path, samples: NDArray[np.float64]) -> Laid:
    """A WAV file of one channel, as it is laid into a film from its frame 0 on."""
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes((np.clip(samples, -1, 1) * 32767).astype(np.int16).tobytes())
    frames = -(-len(samples) // FRAME)
    return Laid(path, sha256(path.read_bytes()).hexdigest(), "wav", 0, 0, frames, name=path.stem)


def tone(seconds: float, hertz: float = 1000, level: float = 0.5) -> NDArray[np.float64]:
    """A sine."""
    return level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)


def noise(seconds: float, level: float = 0.1) -> NDArray[np.float64]:
    """Noise of even power."""
    return level * np.random.default_rng(7).standard_normal(round(seconds * RATE))


def made(tmp_path: Path, segments: Sequence[Segment], mix: Mix) -> Film:
    return concatenate(segments, tmp_path / "film.mp4", spec=SPEC, pieces=tmp_path / "pieces", mix=mix)


def heard(film: Path) -> NDArray[np.float32]:
    """The film's sound as a player hears it: one channel, 48 kHz, from time 0."""
    found = list[NDArray[np.float32]]()
    with av.open(str(film)) as container:
        resampler = av.AudioResampler("fltp", "mono", RATE)
        for frame in container.decode(audio=0):
            for part in resampler.resample(frame):
                start = round(float(part.pts * part.time_base) * RATE)
                found.append(part.to_ndarray()[0][max(0, -start) :])
    return np.concatenate(found)


def flashes(film: Path) -> list[int]:
    """The frames at which the picture turns white."""
    with av.open(str(film)) as container:
        light = [float(np.mean(f.to_ndarray(format="gray"))) > 128 for f in container.decode(video=0)]
    return [n for n, (before, now) in enumerate(pairwise([False, *light])) if now and not before]


def power(sound: NDArray[np.float32], start: float, end: float) -> float:
    """Its level between two seconds, in dB of full scale."""
    return float(10 * np.log10(np.mean(sound[round(start * RATE) : round(end * RATE)] ** 2) + 1e-12))


@pytest.mark.long
def test_a_hundred_beeps_are_heard_with_their_flashes(flash: Clip, tmp_path: Path) -> None:
    """Over a hundred scenes, with music under them, every beep begins within a frame of its flash."""
    beep = written(tmp_path / "beep.wav", tone(0.1, level=0.8))
    music = written(tmp_path / "music.wav", noise(30, 0.02))
    laid = tuple(Laid(beep.path, beep.sha256, "wav", 0, 24 * n + FLASH, beep.frames) for n in range(100))
    under = tuple(Laid(music.path, music.sha256, "wav", 0, 720 * n, min(720, 2400 - 720 * n)) for n in range(4))
    mix = Mix(laid, (Ducked(under, 12),), loudness=-16)

    film = made(tmp_path, [Segment(flash.path, flash, name=f"s{n}") for n in range(100)], mix)

    sound, seen = np.abs(heard(film.path)), flashes(film.path)
    assert seen == [24 * n + FLASH for n in range(100)]
    loud = 0.5 * float(np.max(sound))
    for frame in seen:
        place = frame * FRAME
        begins = place - FRAME * 3 + int(np.argmax(sound[place - FRAME * 3 : place + FRAME * 6] > loud))
        assert abs(begins - place) <= FRAME, f"the beep of frame {frame} begins {begins - place} samples later"


@pytest.mark.long
@pytest.mark.parametrize("wanted", [-14, -16, -23])
def test_a_film_has_the_loudness_that_is_asked_for(wanted: int, flash: Clip, tmp_path: Path) -> None:
    """Within half a unit, and with no true peak above -1 dBTP, though the voice has peaks far above its loudness."""
    words = noise(20, 0.03)
    words[:: RATE // 3] = 0.9  # clicks: peaks that only a limiter brings down
    voice = written(tmp_path / "voice.wav", words * (np.sin(np.arange(len(words)) / 9000) > -0.3))
    mix = Mix((voice,), (Ducked((written(tmp_path / "m.wav", noise(20, 0.02)),), 10),), loudness=wanted)

    film = made(tmp_path, [Segment(flash.path, flash)] * 20, mix)

    found = loudness(film.path)
    assert found is not None
    assert found == film.loudness
    assert abs(found.integrated - wanted) <= 0.5
    assert found.peak <= -1.0


def test_music_gives_way_by_as_much_as_is_written(flash: Clip, tmp_path: Path) -> None:
    """While the voice is heard the music is 12 dB softer, and as before when it has ended."""
    voice = written(tmp_path / "voice.wav", tone(6, 300, 0.4))
    laid = Laid(voice.path, voice.sha256, "wav", 0, 24 * 5, voice.frames)
    music = written(tmp_path / "music.wav", tone(16, 3000, 0.1))

    film = made(tmp_path, [Segment(flash.path, flash)] * 16, Mix((laid,), (Ducked((music,), 12),)))

    sound = heard(film.path)
    high = np.fft.irfft(_only(np.fft.rfft(sound), len(sound), 2500, 3500), len(sound)).astype(np.float32)
    before, during, after = power(high, 2, 4), power(high, 6.5, 10.5), power(high, 14, 15.5)
    assert before - during == pytest.approx(12, abs=1)
    assert after == pytest.approx(before, abs=0.5)


def _only(spectrum: NDArray[np.complex128], count: int, low: float, high: float) -> NDArray[np.complex128]:
    hertz = np.fft.rfftfreq(count, 1 / RATE)
    return np.where((hertz >= low) & (hertz <= high), spectrum, 0)


def test_clips_are_heard_under_it_at_their_own_level(flash: Clip, tmp_path: Path) -> None:
    """A clip's own sound is softer by what is written, and a silent one has none."""
    loud = tmp_path / "loud.mp4"
    ffmpeg("-i", flash.path, "-f", "lavfi", "-i", "sine=500:sample_rate=48000:duration=1", "-shortest",
           "-c:v", "copy", "-c:a", "aac", loud)  # fmt: skip
    clip = examine(loud)
    segments = [Segment(clip.path, clip)] * 4
    plain = heard(concatenate(segments, tmp_path / "plain.mp4", spec=SPEC, pieces=tmp_path / "p").path)

    softer = heard(made(tmp_path, segments, Mix(clips_gain=-9)).path)
    mute = made(tmp_path, [Segment(clip.path, clip, silent=True)] * 4, Mix(clips_gain=-9))

    assert power(plain, 1, 3) - power(softer, 1, 3) == pytest.approx(9, abs=0.3)
    assert not mute.has_audio


def test_a_mix_comes_and_goes_with_the_pictures(flash: Clip, tmp_path: Path) -> None:
    """Voice and music come with the film out of black."""
    music = written(tmp_path / "music.wav", noise(6))
    segments = [Segment(flash.path, flash, fade_in=24, fade_out=0), *[Segment(flash.path, flash)] * 4,
                Segment(flash.path, flash, fade_out=24)]  # fmt: skip

    sound = heard(made(tmp_path, segments, Mix(music=(Ducked((music,), 0),))).path)

    whole = power(sound, 2, 4)
    assert power(sound, 0, 0.1) < whole - 15
    assert power(sound, 5.9, 6) < whole - 15
    assert power(sound, 1.05, 1.5) == pytest.approx(whole, abs=0.5)


def test_a_silent_mix_stays_silent(flash: Clip, tmp_path: Path) -> None:
    """Nothing is made louder where there is nothing."""
    nothing = written(tmp_path / "nothing.wav", np.zeros(RATE * 2))

    film = made(tmp_path, [Segment(flash.path, flash)] * 2, Mix((nothing,), loudness=-14))

    assert film.has_audio
    assert float(np.max(np.abs(heard(film.path)))) < 1e-3


def test_a_sound_that_changed_is_refused(flash: Clip, tmp_path: Path) -> None:
    """Only the bytes that were measured are mixed."""
    voice = written(tmp_path / "voice.wav", tone(0.5))
    (tmp_path / "voice.wav").write_bytes((tmp_path / "voice.wav").read_bytes()[:-2] + b"\1\1")

    with pytest.raises(BadClip, match="is not the sound that was measured"):
        made(tmp_path, [Segment(flash.path, flash)], Mix((voice,)))
    assert not (tmp_path / "film.mp4").exists()


def music_of(seconds: int, **more: object) -> MusicEdit:
    return MusicEdit(Path("m.wav"), "0" * 64, "wav", 0, Fraction(seconds), fade_in=24, fade_out=72, **more)  # type: ignore[arg-type]


def test_music_is_played_again_and_fades_into_itself(flash: Clip, tmp_path: Path) -> None:
    """Its rounds overlap, cover the whole stretch, and their powers add up to one: no seam is heard."""
    music = written(tmp_path / "music.wav", noise(8))
    end = 24 * 30
    found = list(rounds(music, music_of(8), end))

    film = made(tmp_path, [Segment(flash.path, flash)] * 30, Mix(music=(Ducked(tuple(found), 0),)))

    assert found[0].start == 0
    assert found[-1].end == end
    assert all(b.start == a.end - 48 and a.fade_out == b.fade_in == 48 for a, b in pairwise(found))
    sound = heard(film.path)
    levels = [power(sound, n / 4, n / 4 + 0.5) for n in range(8, 26 * 4)]
    assert max(levels) - min(levels) < 1.5


def test_music_is_cut_where_it_is_long_enough() -> None:
    """It fades at both ends, of what is heard of it."""
    whole = Laid(Path("m.wav"), "0" * 64, "wav", 0, 48, 1)

    (cut,) = rounds(whole, music_of(60, begins=Fraction(5)), 48 + 240)
    (once,) = rounds(whole, music_of(2, loop=False), 24 * 60)

    assert (cut.start, cut.frames, cut.begins, cut.fade_in, cut.fade_out) == (48, 240, 5, 24, 72)
    assert (once.frames, once.fade_in, once.fade_out) == (48, 12, 36)
