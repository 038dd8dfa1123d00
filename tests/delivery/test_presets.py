"""Each preset, encoded by the real ffmpeg: what the file is, and that it shows and lets hear the film."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from studio.atomic import digest
from studio.delivery.making import Finished, deliver
from studio.delivery.values import DeliveryRecord
from studio.production.deliveries import PRESETS
from studio.storage.kept import Kept
from tests.delivery.films import PQ, film, with_captions

WHOLE = ("web", "hevc", "av1", "prores", "dnxhr")
PREVIEWS = ("gif", "webp")
#: By preset: codec, profile, tag, pixels and sound, as a player finds them.
FORMS = {
    "web": ("h264", "High", "avc1", "yuv420p", "aac"),
    "hevc": ("hevc", "Main", "hvc1", "yuv420p", "aac"),
    "av1": ("av1", "Main", "av01", "yuv420p", "aac"),
    "prores": ("prores", "HQ", "apch", "yuv422p10le", "pcm_s24le"),
    "dnxhr": ("dnxhd", "DNXHR HQ", "AVdh", "yuv422p", "pcm_s24le"),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Finished, dict[str, DeliveryRecord]]:
    """A film, and all of its deliveries."""
    folder = tmp_path_factory.mktemp("film")
    finished = film(folder / "film.mp4")
    records = deliver(finished, tuple(PRESETS), folder / "deliveries", "quay", kept=Kept())
    return finished, {record.preset: record for record in records}


def path_of(record: DeliveryRecord) -> Path:
    assert record.error is None, record.error
    assert record.path is not None
    return record.path


def pictures(path: Path) -> list[NDArray[Any]]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def likeness(one: NDArray[Any], other: NDArray[Any]) -> float:
    """PSNR in dB."""
    error = np.mean((one.astype(float) - other.astype(float)) ** 2)
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


@pytest.mark.parametrize("preset", WHOLE)
def test_what_a_file_is(made: tuple[Finished, dict[str, DeliveryRecord]], preset: str) -> None:
    """Its name, codec, profile, tag, pixels, rate, length, colours and sound; what is recorded is the file."""
    record = made[1][preset]
    path = path_of(record)
    assert path.name == f"quay.{preset}.{'mov' if preset in ('prores', 'dnxhr') else 'mp4'}"
    assert (record.sha256, record.bytes) == (digest(path), path.stat().st_size)
    with av.open(str(path)) as container:
        picture, sound = container.streams.video[0], container.streams.audio[0]
        context = picture.codec_context
        assert (
            context.codec.canonical_name, picture.profile, context.codec_tag, context.pix_fmt,
            sound.codec_context.codec.canonical_name,
        ) == FORMS[preset]  # fmt: skip
        assert (context.width, context.height, picture.average_rate) == (320, 180, 24)
        assert (int(context.color_primaries), int(context.color_trc), int(context.colorspace)) == (1, 1, 1)
        assert (sound.rate, sound.duration * sound.time_base) == (48_000, Fraction(3, 2))


@pytest.mark.parametrize("preset", WHOLE)
def test_every_frame_is_the_film_s(made: tuple[Finished, dict[str, DeliveryRecord]], preset: str) -> None:
    """Frame for frame: each is like that frame of the film, and less like the one before it."""
    finished, records = made
    film_frames, frames = pictures(finished.path), pictures(path_of(records[preset]))
    assert len(frames) == len(film_frames) == 36
    for n, (own, shown) in enumerate(zip(film_frames, frames, strict=True)):
        assert likeness(own, shown) > 30
        assert n == 0 or likeness(own, shown) > likeness(film_frames[n - 1], shown)


@pytest.mark.parametrize("preset", WHOLE)
def test_its_sound_is_the_film_s(made: tuple[Finished, dict[str, DeliveryRecord]], preset: str) -> None:
    """The tone of the film, from its first tenth of a second to its last, without a shift that one would hear."""
    finished, records = made
    heard = [samples(path) for path in (finished.path, path_of(records[preset]))]
    for start in (4800, 36_000, 62_000):
        one, other = (track[start : start + 4800] for track in heard)
        assert np.corrcoef(one, other)[0, 1] > 0.98


def samples(path: Path) -> NDArray[Any]:
    """The left channel at 48 kHz."""
    resampler = av.AudioResampler(format="fltp", layout="mono", rate=48_000)
    with av.open(str(path)) as container:
        parts = [part.to_ndarray()[0] for frame in container.decode(audio=0) for part in resampler.resample(frame)]
    return np.concatenate(parts)


@pytest.mark.parametrize("preset", PREVIEWS)
def test_a_preview(made: tuple[Finished, dict[str, DeliveryRecord]], preset: str) -> None:
    """It loops without end, is as long as the film, and its colours are the film's."""
    finished, records = made
    with Image.open(path_of(records[preset])) as picture:
        assert (picture.format, picture.size, picture.info["loop"]) == (preset.upper(), (320, 180), 0)
        lasts = 0
        for number in range(picture.n_frames):
            picture.seek(number)
            picture.load()
            lasts += picture.info["duration"]
        picture.seek(0)
        first = np.asarray(picture.convert("RGB"))
    assert abs(lasts - 1500) <= 80
    assert likeness(first, pictures(finished.path)[0]) > 24


def test_a_preview_of_a_long_film_is_short_and_small(tmp_path: Path) -> None:
    """Six seconds, 480 pixels on the longer side, 12.5 frames a second."""
    finished = film(tmp_path / "film.mp4", frames=240, size="960x540", sound=False)
    for record in deliver(finished, PREVIEWS, tmp_path / "deliveries", "quay", kept=Kept()):
        with Image.open(path_of(record)) as picture:
            assert (picture.size, picture.n_frames) == ((480, 270), 75)
        assert "12.5 fps, 6.0 s, silent" in record.form


def test_ten_bits_stay_ten(tmp_path: Path) -> None:
    """Of a film of ten bits, HEVC is Main 10 and DNxHR is HQX; for the web it has eight."""
    ten = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le")
    finished = film(tmp_path / "film.mp4", sound=False, encode=ten)
    records = deliver(finished, ("web", "hevc", "av1", "dnxhr"), tmp_path / "deliveries", "quay", kept=Kept())
    found = {}
    for record in records:
        with av.open(str(path_of(record))) as container:
            stream = container.streams.video[0]
            found[record.preset] = stream.profile, stream.codec_context.pix_fmt
            assert not container.streams.audio
    assert found == {
        "web": ("High", "yuv420p"), "hevc": ("Main 10", "yuv420p10le"), "av1": ("Main", "yuv420p10le"),
        "dnxhr": ("DNXHR HQX", "yuv422p10le"),
    }  # fmt: skip


def test_high_dynamic_range_is_refused_where_it_would_be_lost(tmp_path: Path) -> None:
    """Eight bits for the web would show other colours: the error says which presets keep them, and these do."""
    encode = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le")
    finished = film(tmp_path / "film.mp4", sound=False, encode=encode, tags=PQ)
    records = deliver(finished, ("web", "hevc", "prores", "gif"), tmp_path / "deliveries", "quay", kept=Kept())
    assert [record.error is None for record in records] == [False, True, True, False]
    assert str(records[0].error) == (
        "delivery 'web': the film is in high dynamic range (PQ), which web does not show\n"
        "  → ask for hevc, av1, prores or dnxhr"
    )
    for record in records[1:3]:
        with av.open(str(path_of(record))) as container:
            context = container.streams.video[0].codec_context
            assert (int(context.color_primaries), int(context.color_trc), int(context.colorspace)) == (9, 16, 9)


def test_an_odd_size_becomes_even(tmp_path: Path) -> None:
    """Codecs that share colours between two pixels take even sizes: a row is added, and no picture is scaled."""
    encode = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv444p")
    finished = film(tmp_path / "film.mp4", size="321x181", sound=False, encode=encode)
    records = deliver(finished, ("web", "prores"), tmp_path / "deliveries", "quay", kept=Kept())
    for record in records:
        with av.open(str(path_of(record))) as container:
            assert (container.streams.video[0].width, container.streams.video[0].height) == (322, 182)


def test_full_range_becomes_that_of_video(tmp_path: Path) -> None:
    """A film in full range looks the same, and says that its values are those of video."""
    encode = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuvj420p", "-crf", "8")
    full = "range=pc:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
    finished = film(tmp_path / "film.mp4", sound=False, encode=encode, tags=full, look="scale=out_range=pc")
    for record in deliver(finished, ("web", "prores"), tmp_path / "deliveries", "quay", kept=Kept()):
        assert likeness(pictures(finished.path)[20], pictures(path_of(record))[20]) > 30


def test_a_film_too_small_for_dnxhr(tmp_path: Path) -> None:
    """The preset has no form for it: one line, and the other delivery is made."""
    finished = film(tmp_path / "film.mp4", size="192x108", sound=False)
    refused, done = deliver(finished, ("dnxhr", "prores"), tmp_path / "deliveries", "quay", kept=Kept())
    assert "192×108 pixels, and DNxHR begins at 256×120" in str(refused.error)
    assert path_of(done).is_file()
    assert [path.name for path in (tmp_path / "deliveries").iterdir()] == ["quay.prores.mov"]


@pytest.mark.long
@pytest.mark.parametrize("preset", ["web", "hevc", "av1", "prores", "dnxhr"])
def test_chapters_soft_captions_and_the_title_are_kept(tmp_path: Path, preset: str) -> None:
    """They have the film's times, languages and names in every container that holds them."""
    captioned = with_captions(film(tmp_path / "film.mp4", frames=72))
    (made,) = deliver(captioned, [preset], tmp_path / "out", "film", kept=Kept())
    assert made.path is not None, made.error
    with av.open(str(made.path)) as container:
        (texts,) = container.streams.subtitles
        told = [(float((p.pts or 0) / 10**6), bytes(p)[2:].decode()) for p in container.demux(texts) if p.size > 2]
        marks = [(float(c["start"] * (c["time_base"] or 1)), c["metadata"]["title"]) for c in container.chapters()]
        assert container.metadata["title"] == "A Film"
    assert told == [(0.25, "Licht\nan"), (1.25, "Aus")]
    assert marks == [(0.0, "eins"), (1.25, "zwei")]
    assert preset in ("prores", "dnxhr") or texts.metadata["language"] == "deu"
