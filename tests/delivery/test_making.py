"""Deliveries that are kept, fail, are stopped, or meet a full disk."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from studio.atomic import digest
from studio.delivery import presets
from studio.delivery.making import Finished, deliver, undelivered
from studio.delivery.measuring import check, master_of
from studio.delivery.presets import form_of
from studio.errors import FfmpegError, FilmMismatch, SettingsError
from studio.media import ffmpeg
from studio.storage.kept import Kept
from tests.delivery.films import film
from tests.media.clips import ffmpeg as encode


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """A film of a second and a half."""
    return film(tmp_path_factory.mktemp("film") / "film.mp4")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_was_made_before_is_copied(finished: Finished, tmp_path: Path) -> None:
    """A rerun has the same bytes without an encode; of another film, or where the file was changed, it is encoded."""
    kept = Kept(tmp_path / "kept")
    (first,) = deliver(finished, ("web",), tmp_path / "one", "quay", kept=kept)
    assert first.path is not None
    (again,) = deliver(finished, ("web",), tmp_path / "two", "quay", kept=kept)
    assert (again.kept, again.sha256, again.form, first.kept) == (True, first.sha256, first.form, False)
    assert again.path is not None
    assert digest(again.path) == first.sha256
    assert again.path.stat().st_ino != first.path.stat().st_ino
    (same,) = deliver(finished, ("web",), tmp_path / "two", "quay", kept=kept)
    assert (same.kept, same.path) == (True, again.path)
    again.path.write_bytes(b"edited")
    (mended,) = deliver(finished, ("web",), tmp_path / "three", "quay", kept=kept)
    assert not mended.kept
    other = film(tmp_path / "other.mp4", frames=30)
    (another,) = deliver(other, ("web",), tmp_path / "four", "quay", kept=kept)
    assert not another.kept


def test_a_version_of_the_presets_is_made_anew(
    finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an earlier version encoded is not taken for what this one would."""
    kept = Kept(tmp_path / "kept")
    deliver(finished, ("gif",), tmp_path / "one", "quay", kept=kept)
    monkeypatch.setattr("studio.delivery.making.VERSION", presets.VERSION + 1)
    (record,) = deliver(finished, ("gif",), tmp_path / "two", "quay", kept=kept)
    assert not record.kept


def test_a_file_that_is_not_what_was_asked_is_refused_by_name(finished: Finished, tmp_path: Path) -> None:
    """Every measure is compared: each fault is named, and nothing else."""
    master = master_of(finished.path, finished.sha256, frames=finished.frames, fps=finished.fps)
    form = form_of("web", master)
    (record,) = deliver(finished, ("web",), tmp_path, "quay", kept=Kept())
    assert record.path is not None
    check(record.path, form)
    for changed, told in (
        ({"codec": "hevc"}, "codec 'h264' instead of 'hevc'"),
        ({"profile": "Main"}, "profile 'High' instead of 'Main'"),
        ({"tag": "hvc1"}, "tag 'avc1' instead of 'hvc1'"),
        ({"pix_fmt": "yuv422p"}, "pixels 'yuv420p' instead of 'yuv422p'"),
        ({"width": 640}, "320x180 pixels instead of 640x180"),
        ({"colors": (1, 9, 1, 1)}, "colour primaries 1 instead of 9"),
        ({"sound": ""}, "1 sound tracks instead of 0"),
        ({"sound": "pcm_s24le"}, "sound in aac instead of pcm_s24le"),
    ):
        with pytest.raises(FilmMismatch) as wrong:
            check(record.path, replace(form, **changed))
        assert wrong.value.message == f"came out with {told}"
    with pytest.raises(FilmMismatch, match="36 frames instead of 35; 24 frames a second instead of 25"):
        check(record.path, replace(form, frames=35, fps=25))
    late = tmp_path / "late.mp4"
    encode("-i", record.path, "-c", "copy", "-f", "mp4", late)
    with pytest.raises(FilmMismatch, match="came out with its index at its end"):
        check(late, form)


def test_one_that_fails_leaves_the_others(finished: Finished, tmp_path: Path) -> None:
    """A folder in the way of one: its error is recorded, the others and the film are there."""
    (tmp_path / "quay.web.mp4").mkdir()
    broken, done = deliver(finished, ("web", "gif"), tmp_path, "quay", kept=Kept())
    assert broken.path is None
    assert "a delivery cannot be written" in str(broken.error)
    assert done.error is None
    assert names(tmp_path) == ["quay.gif.gif", "quay.web.mp4"]
    error = undelivered((broken, done), finished.path)
    assert error is not None
    assert (error.exit_status, str(error).startswith("the film is made, and not delivered as web\n")) == (1, True)
    assert str(error).endswith(f"nothing is lost: the film is {finished.path}")
    assert undelivered((done,), finished.path) is None


@pytest.mark.long
def test_a_stop_ends_the_encodes(tmp_path: Path) -> None:
    """Ctrl-C: ffmpeg is told to stop, no part of a file stays, and the error is raised, not recorded."""
    long = film(tmp_path / "film.mp4", frames=480, size="1280x720", sound=False)
    stopped, folder = threading.Event(), tmp_path / "deliveries"
    folder.mkdir()

    def stop() -> bool:
        if not stopped.is_set() and len(list(folder.glob(".*.part"))) == 2:
            stopped.set()
        return stopped.is_set()

    with pytest.raises(FfmpegError, match="stopped"):
        deliver(long, ("av1", "prores", "hevc", "web"), folder, "quay", kept=Kept(), stop=stop)
    assert stopped.is_set()
    assert names(folder) == []


@pytest.fixture
def another_ffmpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Path]]:
    """The real ffmpeg, started by a script of these words; ``$REAL`` is its path."""

    def made(words: str) -> Path:
        script = tmp_path / "ffmpeg"
        script.write_text(f"#!/bin/sh\nREAL='{real}'\n{words}\n")
        script.chmod(0o755)
        monkeypatch.setenv("STUDIO_FFMPEG", str(script))
        ffmpeg.encoders.cache_clear()
        return script

    real = ffmpeg.binary()
    yield made
    monkeypatch.undo()
    ffmpeg.encoders.cache_clear()


def test_a_full_disk_is_told_once(finished: Finished, tmp_path: Path, another_ffmpeg: Callable[[str], Path]) -> None:
    """No room for two of three: one line for both, no part of a file stays, and what has room is there."""
    another_ffmpeg('trap \'\' XFSZ; ulimit -f 800; exec "$REAL" "$@"')
    made = deliver(finished, ("prores", "dnxhr", "gif"), tmp_path / "deliveries", "quay", kept=Kept())
    told = str(undelivered(made, finished.path))
    assert told.startswith(
        f"the film is made, and not delivered as prores, dnxhr\na delivery cannot be written to "
        f"{tmp_path / 'deliveries'}: File too large\n"
    )
    assert told.count("cannot be written") == 1
    assert names(tmp_path / "deliveries") == ["quay.gif.gif"]


def test_an_ffmpeg_that_cannot_encode_it(another_ffmpeg: Callable[[str], Path]) -> None:
    """The encoder that is missing is named with the preset, before anything is made."""
    presets.check_encoders(("web", "prores"))
    lesser = another_ffmpeg('"$REAL" "$@" | grep -v prores_ks')
    with pytest.raises(SettingsError) as refused:
        presets.check_encoders(("web", "prores"))
    assert str(refused.value).startswith(f"delivery 'prores': {lesser} has no prores_ks, which it is encoded with")


def test_a_kept_one_that_was_removed_is_made_again(finished: Finished, tmp_path: Path) -> None:
    """Only its facts are kept, and no second copy of it."""
    kept = Kept(tmp_path / "kept")
    deliver(finished, ("gif",), tmp_path / "one", "quay", kept=kept)
    shutil.rmtree(tmp_path / "one")
    (record,) = deliver(finished, ("gif",), tmp_path / "two", "quay", kept=kept)
    assert (record.kept, record.error) == (False, None)
