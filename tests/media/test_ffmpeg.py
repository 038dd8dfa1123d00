"""Which ffmpeg is used, and how it is run."""

import os
import stat
import subprocess
import threading
import types
from pathlib import Path

import ffmpeg as build
import pytest

from studio.errors import FfmpegError, SettingsError
from studio.media import ffmpeg

FOREVER = "testsrc2=s=64x64:r=24"


@pytest.fixture
def resolve(monkeypatch: pytest.MonkeyPatch):
    """Choose the binary anew."""
    monkeypatch.delenv("STUDIO_FFMPEG", raising=False)
    ffmpeg._resolve.cache_clear()
    yield ffmpeg.binary
    ffmpeg._resolve.cache_clear()


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_binary_can_do_all_that_films_need() -> None:
    """The binary that is chosen without any setting exists and lacks nothing."""
    assert os.access(ffmpeg.binary(), os.X_OK)
    assert ffmpeg._lacks(ffmpeg.binary()) == ""


def test_setting_comes_first(resolve, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A binary named in STUDIO_FFMPEG is used before the packaged one."""
    link = tmp_path / "mine"
    link.symlink_to(ffmpeg.binary())
    ffmpeg._resolve.cache_clear()
    monkeypatch.setenv("STUDIO_FFMPEG", str(link))
    assert resolve() == str(link)


@pytest.mark.parametrize("text", ["exit 3", "echo ' ... scale V->V'"])
def test_setting_that_does_not_fit_is_an_error(resolve, monkeypatch, tmp_path: Path, text: str) -> None:
    """A setting is never silently passed over: it is refused, and the error names it."""
    monkeypatch.setenv("STUDIO_FFMPEG", str(script(tmp_path / "odd", text)))
    with pytest.raises(SettingsError, match="STUDIO_FFMPEG"):
        resolve()


def test_missing_setting_is_an_error(resolve, monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting that names nothing is refused."""
    monkeypatch.setenv("STUDIO_FFMPEG", "/nowhere/ffmpeg")
    with pytest.raises(SettingsError, match="no such program"):
        resolve()


def test_path_is_the_last_resort(resolve, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without a packaged binary the one on PATH is used, if it can do all."""
    whole = ffmpeg.binary()
    ffmpeg._resolve.cache_clear()
    (tmp_path / "ffmpeg").symlink_to(whole)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(ffmpeg, "_packaged", lambda: None)
    assert resolve() == str(tmp_path / "ffmpeg")


def test_no_binary_at_all_says_what_to_install(resolve, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The error says why every binary was refused, and what to do."""
    script(tmp_path / "ffmpeg", "echo '... scale V->V'")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(ffmpeg, "_packaged", lambda: None)
    with pytest.raises(FfmpegError, match=r"lacks filter pad.*\n.*pip install --upgrade imageio-ffmpeg") as caught:
        resolve()
    assert "encoder libx264" in str(caught.value)


def test_another_package_in_the_place_of_ffmpeg_python_is_told(resolve, monkeypatch: pytest.MonkeyPatch) -> None:
    """A foreign module of the name `ffmpeg` gives an error that says how to remove it."""
    monkeypatch.setattr(ffmpeg, "ffmpeg", types.SimpleNamespace(__file__="/site/ffmpeg/__init__.py"))
    monkeypatch.setattr(
        "importlib.metadata.packages_distributions", lambda: {"ffmpeg": ["typed-ffmpeg", "ffmpeg-python"]}
    )
    with pytest.raises(FfmpegError, match="pip uninstall typed-ffmpeg,"):
        resolve()


def test_run_reports_frames(tmp_path: Path) -> None:
    """`on_frames` hears of the last frame at the end."""
    seen: list[int] = []
    source = build.input("testsrc2=s=64x64:r=24:d=1", f="lavfi")
    ffmpeg.run(source.output(str(tmp_path / "a.mp4"), vcodec="libx264"), on_frames=seen.append)
    assert seen[-1] == 24


def test_failure_carries_the_log(tmp_path: Path) -> None:
    """The error holds ffmpeg's log, and its text the last line."""
    with pytest.raises(FfmpegError, match="No such file") as caught:
        ffmpeg.run(build.input(str(tmp_path / "none.mp4")).output(str(tmp_path / "a.mp4")))
    assert "none.mp4" in caught.value.log


def test_timeout_ends_ffmpeg(tmp_path: Path) -> None:
    """A command that does not end is ended, and the error says after how long."""
    with pytest.raises(FfmpegError, match=r"not finished after 0\.3 s"):
        ffmpeg.run(build.input(FOREVER, f="lavfi").output("-", f="null"), timeout=0.3)


def test_process_that_ignores_sigterm_is_killed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A process that ignores the stop is killed after the grace period."""
    pid = tmp_path / "pid"
    deaf = script(
        tmp_path / "deaf", f"trap '' TERM\necho $$ > {pid}.new\nmv {pid}.new {pid}\nwhile :; do sleep 0.05; done"
    )
    monkeypatch.setattr(ffmpeg, "binary", lambda: str(deaf))
    monkeypatch.setattr(ffmpeg, "GRACE", 0.2)
    with pytest.raises(FfmpegError, match="stopped"):
        ffmpeg.run(build.input("a").output("b"), stop=pid.exists, timeout=120)
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


def test_stop_from_another_thread_ends_ffmpeg() -> None:
    """Once the event is set, the run ends with an error within a moment."""
    event = threading.Event()
    threading.Timer(0.3, event.set).start()
    with pytest.raises(FfmpegError, match="stopped"):
        ffmpeg.run(build.input(FOREVER, f="lavfi").output("-", f="null"), stop=event.is_set, timeout=120)


def test_error_in_the_callback_ends_ffmpeg(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupt that arrives while ffmpeg runs is passed on, and no process stays behind."""
    started: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def remember(*args: object, **kwargs: object) -> subprocess.Popen[bytes]:
        started.append(popen(*args, **kwargs))  # type: ignore[call-overload]
        return started[-1]

    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess, "Popen", remember)
    with pytest.raises(KeyboardInterrupt):
        ffmpeg.run(build.input(FOREVER, f="lavfi").output("-", f="null"), on_frames=interrupt, timeout=120)
    assert started[-1].poll() is not None


def test_capture_returns_raw_frames() -> None:
    """The output of ffmpeg comes back byte for byte, also where it is more than a pipe holds."""
    source = build.input("color=white:s=640x360:r=24", f="lavfi")
    raw = ffmpeg.capture(source.output("pipe:1", f="rawvideo", pix_fmt="gray", **{"frames:v": 10}))
    assert raw == b"\xff" * (640 * 360 * 10)
