"""The joining of clips into a film, and the check of the film against the plan."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from studio.errors import BadClip, FfmpegError, FilmMismatch
from studio.media import film as films
from studio.media import pieces as parts
from studio.media.clip import Clip, digest, examine
from studio.media.ffmpeg import binary
from studio.media.film import Film, FilmSpec, Segment, concatenate
from studio.media.frames import frame_at, luma, picture
from studio.media.seam import compare
from tests.media.clips import make

Shelf = Callable[..., Clip]
SMALL = FilmSpec(320, 180)


class Bench:
    """A place to join clips in."""

    def __init__(self, folder: Path) -> None:
        self.out = folder / "films" / "film.mp4"
        self.pieces = folder / "pieces"
        self.frames: list[int] = []

    def join(self, *clips: Clip | Segment, spec: FilmSpec | None = None, **more: object) -> Film:
        """Join clips, and examine the film."""
        segments = [c if isinstance(c, Segment) else Segment(c.path, c, name=c.path.stem) for c in clips]
        made = concatenate(
            segments,
            self.out,
            spec=spec,
            pieces=self.pieces,
            on_frames=self.frames.append,
            **more,  # type: ignore[arg-type]
        )
        seen = examine(made.path)
        assert (seen.frames, seen.fps, seen.width, seen.height) == (made.frames, made.fps, made.width, made.height)
        assert (seen.sha256, seen.bytes, seen.has_audio) == (made.sha256, made.bytes, made.has_audio)
        assert seen.irregular == ""
        assert seen.duration == made.frames / made.fps
        data = made.path.read_bytes()
        assert data.index(b"moov") < data.index(b"mdat")
        assert not [p for p in self.out.parent.iterdir() if p != self.out]
        assert not list(self.pieces.glob(".*"))
        return made


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def pixels(path: Path) -> list[str]:
    """A checksum of every decoded frame."""
    command = [binary(), "-v", "error", "-i", path, "-map", "0:v:0", "-f", "framemd5", "-"]
    rows = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return [row.split(",")[-1].strip() for row in rows if not row.startswith("#")]


def shot(path: Path, index: int) -> NDArray[np.uint8]:
    """A frame as it is shown."""
    return np.asarray(picture(frame_at(path, index)))


def test_equal_clips_are_copied(bench: Bench, shelf: Shelf, plain: Clip) -> None:
    """Clips of one form are joined without encoding: every frame of the film is a clip's own, bit for bit."""
    other = shelf("other", frames=36, look="hue=h=90")
    film = bench.join(plain, other, plain)
    assert film.method == "copy"
    assert film.notes == ()
    assert film.frames == 84
    assert pixels(film.path) == [*pixels(plain.path), *pixels(other.path), *pixels(plain.path)]
    assert bench.frames[-1] == 84


def test_other_time_base_is_remuxed(bench: Bench, shelf: Shelf, plain: Clip) -> None:
    """Clips that differ in their ticks alone are not encoded again."""
    ticks = shelf("ticks24", options=("-video_track_timescale", "90000"))
    film = bench.join(plain, ticks)
    assert film.method == "remux"
    assert pixels(film.path) == pixels(plain.path) * 2


def test_late_first_frame_is_remuxed(bench: Bench, shelf: Shelf, plain: Clip) -> None:
    """Frames that only begin late are moved to 0 without being encoded again."""
    late = shelf("late", options=("-output_ts_offset", "0.5"))
    assert late.irregular == "its first frame is not at 0"
    assert late.duration == 1
    film = bench.join(plain, late, plain)
    assert film.method == "remux"
    assert pixels(film.path) == pixels(plain.path) * 3


def test_hevc_is_copied_too(bench: Bench, shelf: Shelf) -> None:
    """Copying does not depend on the codec, only on its being the same."""
    hevc = shelf("hevc24", encode=("-c:v", "libx265", "-x265-params", "log-level=none", "-tag:v", "hvc1"))
    assert bench.join(hevc, hevc).method == "copy"


@pytest.mark.parametrize(
    ("name", "how", "told"),
    [
        ("hevc24", {"encode": ("-c:v", "libx265", "-x265-params", "log-level=none", "-tag:v", "hvc1")}, "codec"),
        ("main24", {"encode": ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-profile:v", "main")}, "encoder settings"),
        ("yuv444", {"look": "format=yuv444p", "encode": ("-c:v", "libx264")}, "colour depth"),
        ("anamorphic", {"look": "setsar=4/3"}, "shape of its pixels"),
    ],
)
def test_other_forms_are_normalised(bench: Bench, shelf: Shelf, plain: Clip, name: str, how: dict, told: str) -> None:
    """A clip that copy would spoil makes every clip a piece of the film's form, and the notes say why."""
    film = bench.join(plain, shelf(name, **how))
    assert film.method == "normalise"
    assert film.frames == 48
    assert told in film.notes[-1]
    assert name in film.notes[-1]


def test_other_size_is_fitted_with_bars_and_told(bench: Bench, shelf: Shelf, plain: Clip) -> None:
    """An unexpected ratio is fitted into the film's frame with black bars, not stretched and not refused."""
    odd = shelf("arrival", size="180x180")
    film = bench.join(plain, odd, spec=SMALL)
    assert film.notes == ("arrival is 180x180, fitted to 320x180 with bars",)
    shown = luma(frame_at(film.path, 30))
    assert shown[:, :66].max() < 24
    assert shown[:, -66:].max() < 24
    inside = picture(frame_at(film.path, 30)).crop((70, 0, 250, 180))
    assert compare(np.asarray(inside), shot(odd.path, 6)).ssim > 0.97


def test_same_ratio_is_scaled_without_bars(bench: Bench, shelf: Shelf, plain: Clip) -> None:
    """A clip of the film's ratio in another size fills the frame."""
    film = bench.join(shelf("double", size="640x360"), plain, spec=SMALL)
    assert film.notes == ("double is 640x360, scaled to 320x180",)


def test_most_common_size_without_a_spec(bench: Bench, shelf: Shelf, plain: Clip) -> None:
    """Without a spec, or with sizes of 0, the film has the size that most clips have."""
    odd = shelf("arrival", size="180x180")
    assert (bench.join(odd, plain, plain).width, bench.out.exists()) == (320, True)
    film = bench.join(odd, plain, odd, spec=FilmSpec(0, 0))
    assert (film.width, film.height) == (180, 180)


def test_odd_sizes_become_even(bench: Bench, plain: Clip) -> None:
    """A film's sides are even, as its pixel format needs."""
    film = bench.join(plain, spec=FilmSpec(241, 135))
    assert (film.width, film.height) == (240, 134)


@pytest.mark.parametrize(
    ("rate", "frames", "film_rate", "expected"),
    [
        ("30", 30, Fraction(24), 24),
        ("25", 30, Fraction(24), 29),
        ("12", 12, Fraction(24), 24),
        ("30000/1001", 45, Fraction(24), 36),
        ("24", 24, Fraction(30000, 1001), 30),
    ],
)
def test_other_rates_keep_their_duration(
    bench: Bench, shelf: Shelf, rate: str, frames: int, film_rate: Fraction, expected: int
) -> None:
    """A clip of another rate lasts as long as before, to the nearest frame of the film."""
    clip = shelf(f"r{rate.replace('/', '-')}-{frames}", rate=rate, frames=frames)
    film = bench.join(clip, clip, spec=FilmSpec(320, 180, film_rate))
    assert film.frames == 2 * expected
    assert film.fps == film_rate
    assert "converted to" in film.notes[0]


def test_uneven_clip_keeps_its_duration(bench: Bench, shelf: Shelf, plain: Clip) -> None:
    """A clip of changing rate becomes an even one of the same duration."""
    uneven = shelf("uneven", look="select='not(mod(n,3))+gt(n,12)'", options=("-fps_mode", "vfr"))
    film = bench.join(plain, uneven, spec=SMALL)
    assert film.frames == 48
    assert "not evenly spaced" in film.notes[-1]


def test_parts_of_clips(bench: Bench, shelf: Shelf) -> None:
    """Trimmed segments hold exactly the frames that were asked for, counted in the clip's own frames."""
    counted = shelf("counted", frames=40, source="color=black:s=320x180:r=24,geq=lum='16+5*N':cb=128:cr=128")
    film = bench.join(
        Segment(counted.path, counted, start_frame=10, frames=5),
        Segment(counted.path, counted, start_frame=30),
        Segment(counted.path, counted, frames=1),
    )
    assert film.frames == 16
    found = [float(luma(frame_at(film.path, n)).mean()) for n in range(16)]
    assert found == pytest.approx([16 + 5 * n for n in [10, 11, 12, 13, 14, *range(30, 40), 0]], abs=1.5)


def test_segment_outside_of_its_clip_is_refused(plain: Clip) -> None:
    """Frames that the clip does not have are an error before anything is encoded."""
    with pytest.raises(BadClip, match="has 24 frames: frames 20 to 30"):
        Segment(plain.path, plain, start_frame=20, frames=10)
    with pytest.raises(BadClip):
        Segment(plain.path, plain, start_frame=24)


def test_hidden_frames_stay_hidden(bench: Bench, shelf: Shelf, plain: Clip, tmp_path: Path) -> None:
    """A clip cut by an edit list shows in the film what it shows in a player."""
    long = make(tmp_path / "long.mp4", frames=48, options=("-bf", "0"))
    cut = tmp_path / "cut.mp4"
    subprocess.run([binary(), "-v", "error", "-ss", "0.5", "-i", long, "-c", "copy", cut], check=True)
    film = bench.join(plain, examine(cut))
    assert film.frames == 24 + 36
    assert compare(shot(film.path, 24), shot(long, 12)).ssim > 0.97


def test_rotated_clip_stands_upright(bench: Bench, plain: Clip, tmp_path: Path) -> None:
    """A clip that is to be shown turned is turned."""
    turned = tmp_path / "turned.mp4"
    subprocess.run(
        [binary(), "-v", "error", "-display_rotation", "180", "-i", plain.path, "-c", "copy", turned], check=True
    )
    film = bench.join(examine(turned), spec=SMALL)
    upside_down = np.rot90(shot(plain.path, 5), 2)
    assert compare(shot(film.path, 5), np.ascontiguousarray(upside_down)).ssim > 0.97


def test_colors_survive_normalising(bench: Bench, shelf: Shelf) -> None:
    """A clip that names no matrix keeps its colours when it is encoded again, and is tagged bt709 after that."""
    red = shelf(
        "red",
        frames=6,
        source="color=red:s=1280x720:r=24,format=rgb24",
        look="scale=out_color_matrix=bt709,format=yuv420p",
    )
    film = bench.join(red, spec=FilmSpec(320, 180))
    before, after = frame_at(red.path, 3).to_ndarray(), frame_at(film.path, 3).to_ndarray()
    assert abs(int(before[100, 100]) - int(after[100, 100])) <= 2
    assert abs(int(before[800, 100]) - int(after[200, 100])) <= 2
    assert examine(film.path).form.colors == (1, 1, 1, 1)


def test_pieces_are_encoded_once(bench: Bench, shelf: Shelf, plain: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    """Changing one of three scenes encodes one piece; changing none encodes none, and gives the same bytes."""
    made: list[str] = []
    encode = parts._encode

    def counted(segment: Segment, *rest: object) -> None:
        made.append(segment.title)
        encode(segment, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(parts, "_encode", counted)
    odd, other = shelf("arrival", size="180x180"), shelf("other", frames=36, look="hue=h=90")
    first = bench.join(plain, odd, plain, spec=SMALL)
    assert sorted(made) == ["arrival", "plain"]
    made.clear()
    assert bench.join(plain, odd, plain, spec=SMALL).sha256 == first.sha256
    assert made == []
    bench.join(plain, odd, other, spec=SMALL)
    assert made == ["other"]


@pytest.mark.parametrize("harm", ["cut", "flip", "unsealed", "gone"])
def test_damaged_piece_is_made_again(bench: Bench, shelf: Shelf, plain: Clip, harm: str) -> None:
    """A kept piece that is not what was once checked is not used."""
    odd = shelf("arrival", size="180x180")
    first = bench.join(plain, odd, spec=SMALL)
    piece = next(bench.pieces.glob("*.mp4"))
    data = bytearray(piece.read_bytes())
    if harm == "cut":
        piece.write_bytes(data[:-100])
    elif harm == "flip":
        data[-500] ^= 0xFF
        piece.write_bytes(data)
    elif harm == "unsealed":
        piece.with_suffix(".json").write_text("{")
    else:
        piece.unlink()
    assert bench.join(plain, odd, spec=SMALL).sha256 == first.sha256


def test_changed_clip_is_refused(bench: Bench, shelf: Shelf, plain: Clip, tmp_path: Path) -> None:
    """A file that is no longer the clip that was measured is told by the scene's name, and no film is made."""
    path = tmp_path / "changed.mp4"
    data = bytearray(plain.path.read_bytes())
    data[-50] ^= 1
    path.write_bytes(data)
    with pytest.raises(BadClip, match="arrival: is not the clip that was measured"):
        bench.join(Segment(path, plain, name="arrival"))
    with pytest.raises(BadClip, match="arrival: is not the clip"):
        bench.join(Segment(path, plain, name="arrival"), spec=FilmSpec(160, 90))
    path.unlink()
    with pytest.raises(BadClip, match="arrival: cannot be read"):
        bench.join(Segment(path, plain, name="arrival"))
    assert not bench.out.exists()


def test_copy_that_comes_out_wrong_is_normalised(bench: Bench, plain: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    """Should equal clips still join badly, they are encoded instead, and the notes say so."""
    listing = films._list_of

    def wrong(paths: list[Path], frames: list[int], fps: Fraction, work: Path) -> Path:
        listed = listing(paths, frames, fps, work)
        if paths[0] == plain.path:
            listed.write_text(listed.read_text().replace("duration 1.000000", "duration 1.500000"))
        return listed

    monkeypatch.setattr(films, "_list_of", wrong)
    film = bench.join(plain, plain)
    assert film.method == "normalise"
    assert film.frames == 48
    assert "came out wrong" in film.notes[-1]


def test_film_that_differs_from_the_plan_is_not_kept(
    bench: Bench, plain: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A film that differs from the plan even after normalising is refused, and an earlier film stays as it was."""
    before = bench.join(plain)
    listing = films._list_of
    monkeypatch.setattr(films, "_list_of", lambda paths, *rest: listing(paths[:1], *rest[:0], [rest[0][0]], *rest[1:]))
    with pytest.raises(FilmMismatch, match="24 frames instead of 48"):
        bench.join(plain, plain)
    assert digest(bench.out) == before.sha256
    assert [p.name for p in bench.out.parent.iterdir()] == ["film.mp4"]


def test_swapped_clips_are_noticed(bench: Bench, shelf: Shelf, plain: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    """A film with the right length and the wrong order is refused."""
    listing = films._list_of
    monkeypatch.setattr(films, "_list_of", lambda paths, *rest: listing(paths[::-1], *rest))
    with pytest.raises(FilmMismatch, match="order"):
        bench.join(plain, shelf("green", look="hue=h=180"))


def test_broken_encode_leaves_nothing(bench: Bench, shelf: Shelf, plain: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    """When ffmpeg fails on a piece, the error has its log, and neither film nor half a piece is left."""
    monkeypatch.setattr(parts, "h264", lambda *_: {"vcodec": "nonsense", "f": "mp4"})
    with pytest.raises(FfmpegError, match="status"):
        bench.join(plain, shelf("arrival", size="180x180"), spec=SMALL)
    assert not bench.out.exists()
    assert list(bench.pieces.iterdir()) == []


def test_stop_ends_the_work(bench: Bench, plain: Clip) -> None:
    """A caller that is cancelled ends the encodings, and nothing is left behind."""
    event = threading.Event()
    event.set()
    with pytest.raises(FfmpegError, match="stopped"):
        bench.join(plain, spec=FilmSpec(640, 360), stop=event.is_set)
    assert not bench.out.exists()
    assert not list(bench.pieces.iterdir())


def test_no_clips_no_film(bench: Bench) -> None:
    """A film of nothing is an error."""
    with pytest.raises(FilmMismatch, match="at least one"):
        bench.join()


def test_progress_grows_to_the_whole(bench: Bench, shelf: Shelf, plain: Clip) -> None:
    """Frames are reported in sum over all pieces, never fewer than before, up to the film's."""
    film = bench.join(plain, shelf("arrival", size="180x180"), spec=SMALL)
    assert bench.frames == sorted(bench.frames)
    assert bench.frames[-1] == film.frames


def test_hundred_clips_have_no_drift(bench: Bench, shelf: Shelf) -> None:
    """The last of a hundred clips of a broadcast rate begins exactly where it should."""
    short = shelf("ntsc", frames=7, rate="30000/1001")
    film = bench.join(*[short] * 100)
    assert film.method == "copy"
    with av.open(str(film.path)) as container:
        times = sorted(p.pts * p.time_base for p in container.demux(video=0) if p.pts is not None)
    assert times == [n * Fraction(1001, 30000) for n in range(700)]


def test_odd_names_of_folders(shelf: Shelf, plain: Clip, tmp_path: Path) -> None:
    """Names that ffmpeg could take for options, protocols, patterns or quotes are only names."""
    odd = Bench(tmp_path / "-a:b %03d 'q' #é")
    odd.out.parent.mkdir(parents=True)
    path = odd.out.parent.parent / "-x:%02d's.mp4"
    path.write_bytes(plain.path.read_bytes())
    clip = examine(path)
    assert odd.join(clip, clip).method == "copy"
    assert odd.join(clip, shelf("sound", sound=True)).method == "remux"
    assert odd.join(clip, spec=FilmSpec(160, 90)).method == "normalise"
